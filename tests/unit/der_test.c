/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "webauthn/der.h"

#define SLICE(s)                                                               \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One item a row: what is read of it, or that it is none. */
static const struct {
	const char *name;
	struct slice der;
	bool good;
	enum wa_der_class class;
	bool constructed;
	uint32_t tag;
	size_t n;
} items[] = {
	{ "an integer", SLICE("\x02\x01\x05"), true, WA_DER_UNIVERSAL, false, 2,
	    1 },
	{ "nothing in it", SLICE("\x05\x00"), true, WA_DER_UNIVERSAL, false, 5,
	    0 },
	{ "a sequence", SLICE("\x30\x02\x05\x00"), true, WA_DER_UNIVERSAL, true,
	    16, 2 },
	{ "[1]", SLICE("\xa1\x00"), true, WA_DER_CONTEXT, true, 1, 0 },
	{ "[APPLICATION 3]", SLICE("\x43\x00"), true, WA_DER_APPLICATION, false,
	    3, 0 },
	{ "[PRIVATE 3]", SLICE("\xc3\x00"), true, WA_DER_PRIVATE, false, 3, 0 },
	{ "[30]", SLICE("\xbe\x00"), true, WA_DER_CONTEXT, true, 30, 0 },
	{ "[31]", SLICE("\xbf\x1f\x00"), true, WA_DER_CONTEXT, true, 31, 0 },
	{ "[127]", SLICE("\xbf\x7f\x00"), true, WA_DER_CONTEXT, true, 127, 0 },
	{ "[128]", SLICE("\xbf\x81\x00\x00"), true, WA_DER_CONTEXT, true, 128,
	    0 },
	{ "[600]", SLICE("\xbf\x84\x58\x00"), true, WA_DER_CONTEXT, true, 600,
	    0 },
	{ "the highest tag", SLICE("\xbf\xff\xff\xff\x7f\x00"), true,
	    WA_DER_CONTEXT, true, 0x0fffffff, 0 },
	{ "a higher one", SLICE("\xbf\x81\x80\x80\x80\x00\x00"), false, 0,
	    false, 0, 0 },
	{ "[30], the long way", SLICE("\xbf\x1e\x00"), false, 0, false, 0, 0 },
	{ "[0], the long way", SLICE("\xbf\x00\x00"), false, 0, false, 0, 0 },
	{ "[31], a zero in front", SLICE("\xbf\x80\x1f\x00"), false, 0, false,
	    0, 0 },
	{ "[128], a zero in front", SLICE("\xbf\x80\x81\x00\x00"), false, 0,
	    false, 0, 0 },
	{ "a tag cut short", SLICE("\xbf\x84"), false, 0, false, 0, 0 },
	{ "no length", SLICE("\x02"), false, 0, false, 0, 0 },
	{ "no content", SLICE("\x02\x01"), false, 0, false, 0, 0 },
	{ "nothing", SLICE(""), false, 0, false, 0, 0 },
	{ "an indefinite length", SLICE("\x30\x80\x00\x00"), false, 0, false, 0,
	    0 },
	{ "a length of five bytes", SLICE("\x04\x85\0\0\0\0\x01\0"), false, 0,
	    false, 0, 0 },
	{ "the reserved length", SLICE("\x04\xff\x01\0"), false, 0, false, 0,
	    0 },
	{ "1, the long way", SLICE("\x04\x81\x01\0"), false, 0, false, 0, 0 },
	{ "1, longer", SLICE("\x04\x82\0\x01\0"), false, 0, false, 0, 0 },
	{ "4 GB", SLICE("\x04\x84\xff\xff\xff\xff\0"), false, 0, false, 0, 0 },
};

static void
reads_items(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(items); i++) {
		struct cursor c = cursor_over(items[i].der);
		struct wa_der it = { 0 };
		const bool good = cursor_der(&c, &it);

		if (good != items[i].good || c.bad == good)
			fail_msg(
			    "%s: %s", items[i].name, good ? "read" : "refused");
		if (good &&
		    (it.class != items[i].class ||
			it.constructed != items[i].constructed ||
			it.tag != items[i].tag || it.content.n != items[i].n ||
			!cursor_finished(&c)))
			fail_msg("%s: another", items[i].name);
	}
}

/* The shortest form of a length, and one byte more. */
static void
reads_lengths_in_their_shortest_form(void **state)
{
	static const struct {
		size_t n;
		const char *head;
		size_t head_n;
		bool good;
	} lengths[] = {
		{ 127, "\x04\x7f", 2, true },
		{ 127, "\x04\x81\x7f", 3, false },
		{ 128, "\x04\x81\x80", 3, true },
		{ 128, "\x04\x82\x00\x80", 4, false },
		{ 255, "\x04\x81\xff", 3, true },
		{ 255, "\x04\x82\x00\xff", 4, false },
		{ 256, "\x04\x82\x01\x00", 4, true },
		{ 256, "\x04\x83\x00\x01\x00", 5, false },
		{ 65536, "\x04\x83\x01\x00\x00", 5, true },
		{ 65536, "\x04\x84\x00\x01\x00\x00", 6, false },
	};
	static uint8_t bytes[65536 + 8];

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct cursor c = cursor_over(
		    (struct slice){ bytes, lengths[i].head_n + lengths[i].n });
		struct slice content;
		bool good;

		memcpy(bytes, lengths[i].head, lengths[i].head_n);
		good = cursor_der_of(&c, WA_DER_OCTETS, &content);
		if (good != lengths[i].good ||
		    (good && content.n != lengths[i].n))
			fail_msg("%zu, row %zu", lengths[i].n, i);
		memset(bytes, 0, lengths[i].head_n);
	}
}

static void
wants_the_form_that_goes_with_the_tag(void **state)
{
	static const struct {
		struct slice der;
		uint32_t tag;
		bool good;
	} rows[] = {
		{ SLICE("\x30\x00"), WA_DER_SEQUENCE, true },
		{ SLICE("\x10\x00"), WA_DER_SEQUENCE, false },
		{ SLICE("\x31\x00"), WA_DER_SET, true },
		{ SLICE("\x11\x00"), WA_DER_SET, false },
		{ SLICE("\x04\x00"), WA_DER_OCTETS, true },
		{ SLICE("\x24\x00"), WA_DER_OCTETS, false },
		{ SLICE("\x84\x00"), WA_DER_OCTETS, false },
		{ SLICE("\x02\x01\x00"), WA_DER_ENUMERATED, false },
		{ SLICE("\x0a\x01\x00"), WA_DER_ENUMERATED, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cursor c = cursor_over(rows[i].der);
		struct slice content;

		if (cursor_der_of(&c, rows[i].tag, &content) != rows[i].good ||
		    c.bad == rows[i].good)
			fail_msg("row %zu", i);
	}
}

static void
reads_numbers(void **state)
{
	static const struct {
		struct slice content;
		int64_t want;
	} rows[] = {
		{ SLICE("\x00"), 0 },
		{ SLICE("\x7f"), 127 },
		{ SLICE("\x00\x80"), 128 },
		{ SLICE("\x7f\xff\xff\xff"), 0x7fffffff },
		{ SLICE(""), -1 },
		{ SLICE("\x80"), -1 },
		{ SLICE("\x00\x7f"), -1 },
		{ SLICE("\x00\x80\x00\x00\x00"), -1 },
		{ SLICE("\x01\x00\x00\x00\x00"), -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (wa_der_number(rows[i].content) != rows[i].want)
			fail_msg("row %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_items),
		cmocka_unit_test(reads_lengths_in_their_shortest_form),
		cmocka_unit_test(wants_the_form_that_goes_with_the_tag),
		cmocka_unit_test(reads_numbers),
	};

	return cmocka_run_group_tests_name("der", tests, NULL, NULL);
}
