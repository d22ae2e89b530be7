/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/softcbor.h"
#include "webauthn/cbor.h"
#include "webauthn/utf8.h"

#define SLICE(s)                                                               \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}

enum outcome { WHOLE, SHORT, MALFORMED };

static const struct {
	const char *name;
	struct slice bytes;
	enum outcome want;
} items[] = {
	{ "zero", SLICE("\x00"), WHOLE },
	{ "23", SLICE("\x17"), WHOLE },
	{ "24", SLICE("\x18\x18"), WHOLE },
	{ "23 in two bytes", SLICE("\x18\x17"), MALFORMED },
	{ "256", SLICE("\x19\x01\x00"), WHOLE },
	{ "255 in three bytes", SLICE("\x19\x00\xff"), MALFORMED },
	{ "65535 in five bytes", SLICE("\x1a\x00\x00\xff\xff"), MALFORMED },
	{ "65536", SLICE("\x1a\x00\x01\x00\x00"), WHOLE },
	{ "2^32 - 1 in nine", SLICE("\x1b\0\0\0\0\xff\xff\xff\xff"),
	    MALFORMED },
	{ "2^32", SLICE("\x1b\0\0\0\1\0\0\0\0"), WHOLE },
	{ "a number cut short", SLICE("\x19\x01"), SHORT },
	{ "nothing", SLICE(""), SHORT },
	{ "reserved", SLICE("\x1c"), MALFORMED },
	{ "indefinite bytes", SLICE("\x5f\x41\x00\xff"), MALFORMED },
	{ "an indefinite array", SLICE("\x9f\xff"), MALFORMED },
	{ "an indefinite map", SLICE("\xbf\xff"), MALFORMED },
	{ "a break", SLICE("\xff"), MALFORMED },
	{ "a tag", SLICE("\xc0\x00"), MALFORMED },
	{ "false", SLICE("\xf4"), WHOLE },
	{ "undefined", SLICE("\xf7"), WHOLE },
	{ "simple 19", SLICE("\xf3"), MALFORMED },
	{ "simple 32", SLICE("\xf8\x20"), MALFORMED },
	{ "half a float", SLICE("\xf9\x3c\x00"), MALFORMED },
	{ "a float", SLICE("\xfa\x3f\x80\0\0"), MALFORMED },
	{ "bytes",
	    SLICE("\x42"
		  "ab"),
	    WHOLE },
	{ "bytes cut short",
	    SLICE("\x42"
		  "a"),
	    SHORT },
	{ "bytes, 2^64 - 1 of them",
	    SLICE("\x5b\xff\xff\xff\xff\xff\xff\xff\xff"), SHORT },
	{ "text", SLICE("\x63\xe6\x97\xa5"), WHOLE },
	{ "text that is none", SLICE("\x62\xc0\xaf"), MALFORMED },
	{ "an array", SLICE("\x82\x01\x02"), WHOLE },
	{ "an array cut short", SLICE("\x82\x01"), SHORT },
	{ "an array of 2^28", SLICE("\x9a\x10\0\0\0"), SHORT },
	{ "an array of 2^64 - 1", SLICE("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"),
	    SHORT },
	{ "a map of 2^63", SLICE("\xbb\x80\0\0\0\0\0\0\0"), SHORT },
	/* Each fits on its own; together they claim more than there is. */
	{ "arrays that share bytes", SLICE("\x83\x83\x00\x00\x00"), SHORT },
	{ "a map", SLICE("\xa2\x01\x02\x03\x04"), WHOLE },
	{ "a key twice", SLICE("\xa2\x01\x02\x01\x03"), MALFORMED },
	{ "a key twice, apart", SLICE("\xa3\x01\0\x02\0\x01\0"), MALFORMED },
	{ "a key twice, late", SLICE("\xa4\x05\0\x01\0\x02\0\x05\0"),
	    MALFORMED },
	{ "keys out of order", SLICE("\xa3\x03\0\x01\0\x02\0"), WHOLE },
	{ "keys of all kinds",
	    SLICE("\xa4\x01\0\x20\0\x41"
		  "a\0\x61"
		  "a\0"),
	    WHOLE },
	{ "eight deep", SLICE("\x81\x81\x81\x81\x81\x81\x81\x81\x00"), WHOLE },
	{ "nine deep", SLICE("\x81\x81\x81\x81\x81\x81\x81\x81\x81\x00"),
	    MALFORMED },
};

/* A copy to the exact size, so that ASan sees a byte too far. */
static struct slice
copy_of(struct slice s)
{
	uint8_t *p = malloc(s.n + (s.n == 0));

	assert_non_null(p);
	memcpy(p, s.p, s.n);
	return (struct slice){ p, s.n };
}

static void
drop(struct slice s)
{
	free((void *)(uintptr_t)s.p);
}

static enum outcome
walk(struct slice bytes)
{
	struct cursor c = cursor_over(bytes);
	const struct slice s = cursor_cbor(&c);

	if (!c.bad) {
		assert_int_equal(s.n + c.rest.n, bytes.n);
		return WHOLE;
	}
	return c.malformed ? MALFORMED : SHORT;
}

static void
walks_one_item(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		const struct slice s = copy_of(items[i].bytes);
		const enum outcome got = walk(s);

		if (got != items[i].want)
			fail_msg("%s: %d", items[i].name, got);
		drop(s);
	}
}

static void
stops_behind_the_item(void **state)
{
	const struct slice two = SLICE("\x82\x01\x02\x03");
	struct cursor c = cursor_over(two);

	(void)state;
	assert_int_equal(cursor_cbor(&c).n, 3);
	assert_int_equal(cursor_cbor(&c).n, 1);
	assert_true(cursor_finished(&c));
}

/* Whatever the lengths of the maps, a key twice is found. */
static void
finds_every_key_twice(void **state)
{
	struct soft_bytes b = { 0 };

	(void)state;
	for (int64_t pairs = 2; pairs <= 40; pairs++) {
		for (int64_t twice = 0; twice < pairs - 1; twice++) {
			soft_clear(&b);
			soft_map(&b, (size_t)pairs);
			for (int64_t i = 0; i < pairs; i++) {
				soft_int(&b, i == pairs - 1 ? twice : i);
				soft_int(&b, 0);
			}
			assert_int_equal(walk(soft_slice(&b)), MALFORMED);
		}
	}
	soft_free(&b);
}

static void
bounds_the_count_of_items(void **state)
{
	struct soft_bytes b = { 0 };

	(void)state;
	for (size_t n = WA_CBOR_ITEMS_MAX - 2; n <= WA_CBOR_ITEMS_MAX; n++) {
		soft_clear(&b);
		soft_array(&b, n);
		for (size_t i = 0; i < n; i++)
			soft_int(&b, 0);
		assert_int_equal(walk(soft_slice(&b)),
		    n < WA_CBOR_ITEMS_MAX ? WHOLE : MALFORMED);
	}
	soft_free(&b);
}

static void
bounds_the_cost_of_disorder(void **state)
{
	struct soft_bytes b = { 0 };

	(void)state;
	for (int64_t pairs = 2; pairs <= 64; pairs++) {
		soft_clear(&b);
		soft_map(&b, (size_t)pairs);
		for (int64_t i = 0; i < pairs; i++) {
			soft_int(&b, pairs - i);
			soft_int(&b, 0);
		}
		assert_int_equal(
		    walk(soft_slice(&b)), pairs <= 32 ? WHOLE : MALFORMED);
	}
	soft_free(&b);
}

static void
reads_maps(void **state)
{
	const struct slice s = SLICE("\xa4\x01\x18\x2a\x20\x43"
				     "abc"
				     "\x63"
				     "fmt\x82\xf5\xf6\x63"
				     "fm\0\xa1\x01\x02");
	struct cursor c = cursor_over(s);
	const struct wa_cbor map = cursor_cbor_item(&c);
	struct wa_cbor v, inner;
	struct cursor inside;
	int64_t n;

	(void)state;
	assert_true(cursor_finished(&c));
	assert_int_equal(map.kind, WA_CBOR_MAP);
	assert_int_equal(map.value, 4);
	assert_true(wa_cbor_get_int(&map, 1, &v));
	assert_true(wa_cbor_int(&v, &n));
	assert_int_equal(n, 42);
	assert_true(wa_cbor_get_int(&map, -1, &v));
	assert_int_equal(v.kind, WA_CBOR_BYTES);
	assert_true(slice_equal(v.bytes, slice_of("abc")));
	assert_false(wa_cbor_int(&v, &n));
	assert_false(wa_cbor_get_int(&map, 2, &v));
	assert_false(wa_cbor_get_text(&map, "", &v));
	assert_false(wa_cbor_get_text(&map, "fm", &v)); /* NUL counts */
	assert_true(wa_cbor_get_text(&map, "fmt", &v));
	assert_int_equal(v.kind, WA_CBOR_ARRAY);
	inside = cursor_over(v.inside);
	assert_true(wa_cbor_next(&inside, &inner));
	assert_int_equal(inner.kind, WA_CBOR_SIMPLE);
	assert_int_equal(inner.value, WA_CBOR_TRUE);
	assert_true(wa_cbor_next(&inside, &inner));
	assert_int_equal(inner.value, WA_CBOR_NULL);
	assert_false(wa_cbor_next(&inside, &inner));
}

static void
reads_integers_at_their_ends(void **state)
{
	static const struct {
		struct slice bytes;
		bool fits;
		int64_t value;
	} numbers[] = {
		{ SLICE("\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"), true,
		    INT64_MAX },
		{ SLICE("\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"), true,
		    INT64_MIN },
		{ SLICE("\x1b\x80\0\0\0\0\0\0\0"), false, 0 },
		{ SLICE("\x3b\x80\0\0\0\0\0\0\0"), false, 0 },
		{ SLICE("\x26"), true, -7 },
		{ SLICE("\x39\x01\x00"), true, -257 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct wa_cbor item;
		int64_t value = 0;

		assert_true(wa_cbor_read(numbers[i].bytes, &item));
		assert_int_equal(wa_cbor_int(&item, &value), numbers[i].fits);
		assert_true(value == numbers[i].value);
	}
}

static void
knows_utf8(void **state)
{
	static const struct {
		struct slice bytes;
		bool valid;
	} texts[] = {
		{ SLICE(""), true },
		{ SLICE("ASCII\0 and NUL"), true },
		{ SLICE("eight by eight, 8\xc2\x80 and on and on"), true },
		{ SLICE("eight by eight and bad\x80 and on and on"), false },
		{ SLICE("1234567\xe3\x81\x82"), true },
		{ SLICE("\xc2\x80"), true },
		{ SLICE("\xdf\xbf"), true },
		{ SLICE("\xc1\xbf"), false },
		{ SLICE("\xe0\xa0\x80"), true },
		{ SLICE("\xe0\x9f\xbf"), false },
		{ SLICE("\xed\x9f\xbf"), true },
		{ SLICE("\xed\xa0\x80"), false },
		{ SLICE("\xef\xbf\xbf"), true },
		{ SLICE("\xf0\x90\x80\x80"), true },
		{ SLICE("\xf0\x8f\xbf\xbf"), false },
		{ SLICE("\xf4\x8f\xbf\xbf"), true },
		{ SLICE("\xf4\x90\x80\x80"), false },
		{ SLICE("\xf5\x80\x80\x80"), false },
		{ SLICE("\x80"), false },
		{ SLICE("\xff"), false },
		{ SLICE("\xc2"), false },
		{ SLICE("\xe6\x97"), false },
		{ SLICE("\xf0\x9f\x94"), false },
		{ SLICE("\xc2\x41"), false },
		{ SLICE("\xe6\x97\x41"), false },
		{ SLICE("\xf0\x9f\x94\x41"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct slice s = copy_of(texts[i].bytes);

		if (wa_utf8_valid(s) != texts[i].valid)
			fail_msg("text %zu", i);
		drop(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_one_item),
		cmocka_unit_test(stops_behind_the_item),
		cmocka_unit_test(finds_every_key_twice),
		cmocka_unit_test(bounds_the_count_of_items),
		cmocka_unit_test(bounds_the_cost_of_disorder),
		cmocka_unit_test(reads_maps),
		cmocka_unit_test(reads_integers_at_their_ends),
		cmocka_unit_test(knows_utf8),
	};

	return cmocka_run_group_tests_name("cbor", tests, NULL, NULL);
}
