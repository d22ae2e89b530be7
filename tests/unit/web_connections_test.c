/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web/server/connections.h"

enum { LIMIT = 8, LONG = 3600 * 1000 };

static struct address
at(const char *text)
{
	struct address a;

	assert_true(address_parse(slice_of(text), &a));
	return a;
}

static bool
may(struct connections *c, const char *from)
{
	struct address a = at(from);

	return connections_may(c, &a, LIMIT);
}

static struct connection *
add(struct connections *c, const char *from)
{
	struct address a = at(from);

	return connections_add(c, &a, -1);
}

static void
an_address_has_its_share(void **state)
{
	struct connections *c = connections_new(LONG);
	struct connection *held[LIMIT];

	(void)state;
	for (int i = 0; i < LIMIT; i++) {
		assert_true(may(c, "192.0.2.1"));
		held[i] = add(c, "192.0.2.1");
	}
	assert_false(may(c, "192.0.2.1"));
	assert_true(may(c, "192.0.2.2"));
	connections_remove(held[3]);
	assert_true(may(c, "192.0.2.1"));
	held[3] = add(c, "192.0.2.1");
	assert_false(may(c, "192.0.2.1"));
	for (int i = 0; i < LIMIT; i++)
		connections_remove(held[i]);
	assert_true(may(c, "192.0.2.1"));
	connections_free(c);
}

/* Whoever has a /64 has all its addresses; who has a /48, all its /64s. */
static void
a_network_of_ipv6_has_one_share(void **state)
{
	struct connections *c = connections_new(LONG);
	struct connection *held[4 * LIMIT];
	char text[64];
	int n = 0;

	(void)state;
	for (; n < LIMIT; n++) {
		snprintf(text, sizeof(text), "2001:db8:1:1::%x", n);
		assert_true(may(c, text));
		held[n] = add(c, text);
	}
	assert_false(may(c, "2001:db8:1:1:ffff::1"));
	assert_true(may(c, "2001:db8:1:2::1"));
	for (; n < 4 * LIMIT; n++) {
		snprintf(text, sizeof(text), "2001:db8:1:%x::1", n);
		assert_true(may(c, text));
		held[n] = add(c, text);
	}
	assert_false(may(c, "2001:db8:1:ffff::1"));
	assert_true(may(c, "2001:db8:2:1::1"));
	for (int i = 0; i < n; i++)
		connections_remove(held[i]);
	assert_true(may(c, "2001:db8:1:1::1"));
	connections_free(c);
}

/* Whether the other end of a pair of sockets was shut. */
static bool
shut(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Within a millisecond, and what the machine takes. */
static void
cuts_one(struct connections *c)
{
	unsigned n;

	while ((n = connections_turn(c)) == 0)
		;
	assert_int_equal(n, 1);
}

static void
who_keeps_us_waiting_is_cut_off(void **state)
{
	struct connections *c = connections_new(1), *patient;
	struct connection *slow, *working;
	int a[2], b[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	slow = connections_add(c, NULL, a[0]);
	working = connections_add(c, NULL, b[0]);
	connection_rest(working);
	cuts_one(c);
	assert_true(shut(a[1]));
	assert_false(shut(b[1]));
	/* Once, not each second. */
	assert_int_equal(connections_turn(c), 0);
	/* Its answer has as long again. */
	connection_await(working);
	cuts_one(c);
	assert_true(shut(b[1]));
	connections_remove(slow);
	connections_remove(working);
	connections_free(c);
	for (int i = 0; i < 2; i++) {
		patient = connections_new(i == 0 ? LONG : 0);
		slow = connections_add(patient, NULL, a[0]);
		assert_int_equal(connections_turn(patient), 0);
		connections_remove(slow);
		connections_free(patient);
	}
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_its_share),
		cmocka_unit_test(a_network_of_ipv6_has_one_share),
		cmocka_unit_test(who_keeps_us_waiting_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
