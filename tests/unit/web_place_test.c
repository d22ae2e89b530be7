/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/softmmdb.h"
#include "web/server/place.h"

static char file[] = "/tmp/itsumo-place-XXXXXX";

static int
begin(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd == -1 ? -1 : close(fd);
}

static int
end(void **state)
{
	(void)state;
	return unlink(file);
}

/* {"city": {"names": {"en": …, "ja": …}}, "country": {"iso_code": …}} */
static size_t
put_city(
    struct softmmdb *m, const char *en, const char *ja, const char *country)
{
	size_t at = softmmdb_here(m);

	softmmdb_map(m, (en != NULL ? 1u : 0u) + (country != NULL ? 1u : 0u));
	if (en != NULL) {
		softmmdb_text(m, "city");
		softmmdb_map(m, 1);
		softmmdb_text(m, "names");
		softmmdb_map(m, 2);
		softmmdb_text(m, "ja");
		softmmdb_text(m, ja);
		softmmdb_text(m, "en");
		softmmdb_text(m, en);
	}
	if (country != NULL) {
		softmmdb_text(m, "country");
		softmmdb_map(m, 1);
		softmmdb_text(m, "iso_code");
		softmmdb_text(m, country);
	}
	return at;
}

static size_t
put_network(struct softmmdb *m, uint32_t number, const char *name)
{
	size_t at = softmmdb_here(m);

	softmmdb_map(m, (number != 0 ? 1u : 0u) + (name != NULL ? 1u : 0u));
	if (number != 0) {
		softmmdb_text(m, "autonomous_system_number");
		softmmdb_number(m, number);
	}
	if (name != NULL) {
		softmmdb_text(m, "autonomous_system_organization");
		softmmdb_text(m, name);
	}
	return at;
}

static struct place *
opened(const struct softmmdb *m)
{
	const char *why = "";
	struct place *p;

	softmmdb_write(m, file);
	p = place_open(file, &why);
	if (p == NULL)
		fail_msg("%s", why);
	return p;
}

static struct address
address(const char *text)
{
	struct address a;

	assert_true(address_parse(slice_of(text), &a));
	return a;
}

static void
assert_place(const struct place *p, const char *from, const char *want)
{
	struct address a = address(from);
	char got[STORE_PLACE_MAX + 1];

	memset(got, 'x', sizeof(got));
	place_find(p, &a, got);
	assert_string_equal(got, want);
}

static void
assert_network(const struct place *p, const char *from, const char *want)
{
	struct address a = address(from);
	char got[STORE_NETWORK_NAME_MAX + 1];

	memset(got, 'x', sizeof(got));
	place_network(p, &a, got);
	assert_string_equal(got, want);
}

#define THIRTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
an_address_has_a_place(void **state)
{
	struct softmmdb m = { .nodes_n = 0 };
	struct place *p;

	(void)state;
	softmmdb_put(&m, "192.0.2.0", 24, put_city(&m, "Kyoto", "京都", "JP"));
	softmmdb_put(&m, "192.0.3.128", 25, put_city(&m, NULL, NULL, "JP"));
	softmmdb_put(&m, "198.51.100.7", 32, put_city(&m, "Nowhere", "", NULL));
	softmmdb_put(
	    &m, "2001:db8::", 32, put_city(&m, "Zürich", "チューリッヒ", "CH"));
	p = opened(&m);
	assert_place(p, "192.0.2.0", "Kyoto, JP");
	assert_place(p, "192.0.2.255", "Kyoto, JP");
	assert_place(p, "::ffff:192.0.2.1", "Kyoto, JP");
	assert_place(p, "192.0.3.128", "JP");
	assert_place(p, "192.0.3.127", "");
	assert_place(p, "198.51.100.7", "Nowhere");
	assert_place(p, "198.51.100.8", "");
	assert_place(p, "2001:db8:ffff::1", "Zürich, CH");
	assert_place(p, "2001:db9::1", "");
	/* A database of places knows no networks. */
	assert_network(p, "192.0.2.1", "");
	place_close(p);
}

/* What could disturb a page or a terminal is left out, and so is what is cut.
 */
static void
a_name_is_whole_and_harmless(void **state)
{
	static const char *const bad[] = { "a\x1b[2J", "a\nb", "a\x7f",
		"a\xc2\x9b"
		"2J", /* CSI as C1 */
		"a\xff", "a\xe4\xba", THIRTY "a" };
	char from[] = "192.0.2.0";
	struct softmmdb m = { .nodes_n = 0 };
	struct place *p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		from[8] = (char)('0' + i);
		softmmdb_put(&m, from, 32, put_city(&m, bad[i], "", "JP"));
	}
	softmmdb_put(&m, "192.0.2.8", 32, put_city(&m, THIRTY, "", THIRTY));
	p = opened(&m);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		from[8] = (char)('0' + i);
		assert_place(p, from, "JP");
	}
	assert_place(p, "192.0.2.8", THIRTY ", " THIRTY);
	place_close(p);
}

static void
an_address_is_of_a_network(void **state)
{
	struct softmmdb m = { .nodes_n = 0 };
	struct place *p;

	(void)state;
	softmmdb_put(
	    &m, "192.0.2.0", 24, put_network(&m, 64496, "Example Net"));
	softmmdb_put(&m, "192.0.3.0", 24, put_network(&m, 4294967295, NULL));
	softmmdb_put(&m, "192.0.4.0", 24, put_network(&m, 0, "No Number"));
	softmmdb_put(&m, "2001:db8::", 32, put_network(&m, 64511, THIRTY "a"));
	p = opened(&m);
	assert_network(p, "192.0.2.9", "AS64496 Example Net");
	assert_network(p, "192.0.3.9", "AS4294967295");
	assert_network(p, "192.0.4.9", "No Number");
	assert_network(p, "2001:db8::9", "AS64511");
	assert_network(p, "203.0.113.9", "");
	assert_place(p, "192.0.2.9", "");
	place_close(p);
}

static void
without_a_file_nothing_is_known(void **state)
{
	(void)state;
	assert_place(NULL, "192.0.2.1", "");
	assert_network(NULL, "192.0.2.1", "");
	place_close(NULL);
}

/* Cut anywhere: not opened, or nothing found, and no byte read beyond. */
static void
a_broken_file_is_survived(void **state)
{
	struct softmmdb m = { .nodes_n = 0 };
	struct address a = address("192.0.2.1");
	char got[STORE_PLACE_MAX + 1];
	const char *why = NULL;
	struct place *p;
	size_t whole;

	(void)state;
	assert_null(place_open("/nonexistent", &why));
	assert_non_null(why);
	softmmdb_put(&m, "192.0.2.0", 24, put_city(&m, "Kyoto", "京都", "JP"));
	/* To data that is not there. */
	softmmdb_put(&m, "192.0.3.0", 24, 4000000);
	p = opened(&m);
	assert_place(p, "192.0.3.1", "");
	assert_place(p, "192.0.2.1", "Kyoto, JP");
	place_close(p);
	whole = m.nodes_n * 6 + 16 + m.data_n + 200;
	for (size_t n = whole; n-- > 0;) {
		why = NULL;
		if (truncate(file, (off_t)n) != 0)
			fail();
		if ((p = place_open(file, &why)) == NULL) {
			assert_non_null(why);
			continue;
		}
		place_find(p, &a, got);
		place_network(p, &a, got);
		place_close(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_a_place),
		cmocka_unit_test(a_name_is_whole_and_harmless),
		cmocka_unit_test(an_address_is_of_a_network),
		cmocka_unit_test(without_a_file_nothing_is_known),
		cmocka_unit_test(a_broken_file_is_survived),
	};

	return cmocka_run_group_tests_name("web_place", tests, begin, end);
}
