/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "webauthn/b64url.h"

static const struct {
	const char *text;
	const char *bytes; /* NULL: refused */
} texts[] = {
	{ "", "" },
	{ "Zg", "f" },
	{ "Zm8", "fo" },
	{ "Zm9v", "foo" },
	{ "Zm9vYg", "foob" },
	{ "Zm9vYmE", "fooba" },
	{ "Zm9vYmFy", "foobar" },
	{ "-_-_", "\xfb\xff\xbf" },
	{ "Zg==", NULL },
	{ "Zm8=", NULL },
	{ "Zg=", NULL },
	{ "=", NULL },
	{ "Z", NULL },
	{ "Zm9vY", NULL },
	{ "Zh", NULL },
	{ "Zm9", NULL }, /* idle bits set */
	{ "+/+/", NULL },
	{ "Zm 9v", NULL },
	{ "Zm9v\n", NULL },
	{ " Zm9v", NULL },
	{ "Zm9\x80", NULL },
	{ "Zm.v", NULL },
};

static void
decodes_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint8_t out[16];
		size_t n = 99;
		const bool ok = wa_b64url_decode(
		    slice_of(texts[i].text), out, sizeof(out), &n);

		if (ok != (texts[i].bytes != NULL))
			fail_msg("%s", texts[i].text);
		if (!ok)
			assert_int_equal(n, 99);
		else
			assert_true(slice_equal((struct slice){ out, n },
			    slice_of(texts[i].bytes)));
	}
}

static void
encodes_what_it_decodes(void **state)
{
	uint8_t in[67], out[67];
	char text[WA_B64URL_SIZE(sizeof(in))];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 151 + 7);
	for (size_t len = 0; len <= sizeof(in); len++) {
		assert_true(wa_b64url_encode(
		    (struct slice){ in, len }, text, WA_B64URL_SIZE(len)));
		assert_int_equal(strlen(text) + 1, WA_B64URL_SIZE(len));
		assert_int_equal(WA_B64URL_BYTES(strlen(text)), len);
		assert_true(wa_b64url_decode(slice_of(text), out, len, &n));
		assert_true(slice_equal(
		    (struct slice){ out, n }, (struct slice){ in, len }));
	}
}

static void
never_writes_too_far(void **state)
{
	char text[8];
	uint8_t out[3];
	size_t n;

	(void)state;
	assert_false(wa_b64url_encode(slice_of("foobar"), text, sizeof(text)));
	assert_false(
	    wa_b64url_decode(slice_of("Zm9vYg"), out, sizeof(out), &n));
	assert_true(wa_b64url_decode(slice_of("Zm9v"), out, sizeof(out), &n));
}

/* No two texts decode to the same bytes. */
static void
has_one_text_for_each(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 256; a++) {
		unsigned good = 0;

		for (unsigned b = 0; b < 256; b++) {
			const uint8_t text[2] = { (uint8_t)a, (uint8_t)b };
			uint8_t out[1];
			size_t n;

			good += wa_b64url_decode(
			    (struct slice){ text, 2 }, out, 1, &n);
		}
		assert_true(good == 0 || good == 4); /* 2 bits of 6 count */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_strictly),
		cmocka_unit_test(encodes_what_it_decodes),
		cmocka_unit_test(never_writes_too_far),
		cmocka_unit_test(has_one_text_for_each),
	};

	return cmocka_run_group_tests_name("b64url", tests, NULL, NULL);
}
