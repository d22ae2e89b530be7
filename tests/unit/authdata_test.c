/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "webauthn/authdata.h"

/* A registration: UP UV BE AT, a two-byte id, {1: 2} for a key. */
static const uint8_t good[] = {
	[32] = WA_FLAG_UP | WA_FLAG_UV | WA_FLAG_BE | WA_FLAG_AT,
	[36] = 7,
	[53] = 0,
	[54] = 2,
	[55] = 0xaa,
	[56] = 0xbb,
	[57] = 0xa1,
	0x01,
	0x02,
};

static const struct {
	const char *name;
	size_t n; /* 0: all of good */
	struct {
		size_t at;
		uint8_t is;
	} edit;
	enum wa_verdict want;
} cases[] = {
	{ "as recorded", .want = WA_OK },
	{ "one byte", .n = 1, .want = WA_AUTHDATA_FORM },
	{ "cut in the counter", .n = 36, .want = WA_AUTHDATA_FORM },
	{ "cut behind the counter", .n = 37, .want = WA_AUTHDATA_FORM },
	{ "cut in the model", .n = 50, .want = WA_AUTHDATA_FORM },
	{ "cut in the id", .n = 56, .want = WA_AUTHDATA_FORM },
	{ "cut in the key", .n = 59, .want = WA_AUTHDATA_FORM },
	{ "id longer than data", .edit = { 53, 0xff },
	    .want = WA_AUTHDATA_FORM },
	{ "key claims 2^28 items", .edit = { 57, 0x9a },
	    .want = WA_AUTHDATA_FORM },
	{ "key is a tag", .edit = { 57, 0xc1 }, .want = WA_CBOR_FORM },
	{ "key is an array", .edit = { 57, 0x82 }, .want = WA_AUTHDATA_FORM },
	{ "trailing garbage", .edit = { 57, 0xa0 }, .want = WA_AUTHDATA_FORM },
	{ "AT off, and data", .edit = { 32, WA_FLAG_UP },
	    .want = WA_AUTHDATA_FORM },
	{ "ED without data",
	    .edit = { 32, WA_FLAG_UP | WA_FLAG_AT | WA_FLAG_ED },
	    .want = WA_AUTHDATA_FORM },
};

static void
judges_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const size_t n = cases[i].n ? cases[i].n : sizeof(good);
		uint8_t *raw =
		    malloc(n); /* exact size: ASan sees an overread */
		struct wa_authdata ad;
		enum wa_verdict got;

		assert_non_null(raw);
		memcpy(raw, good, n);
		if (cases[i].edit.at > 0)
			raw[cases[i].edit.at] = cases[i].edit.is;
		got = wa_authdata_parse((struct slice){ raw, n }, &ad);
		if (got != cases[i].want)
			fail_msg("%s: got %s, want %s", cases[i].name,
			    wa_verdict_name(got),
			    wa_verdict_name(cases[i].want));
		free(raw);
	}
}

static void
splits_into_fields(void **state)
{
	struct wa_authdata ad;

	(void)state;
	assert_int_equal(
	    wa_authdata_parse((struct slice){ good, sizeof(good) }, &ad),
	    WA_OK);
	assert_ptr_equal(ad.rp_id_hash.p, good);
	assert_int_equal(ad.flags, good[32]);
	assert_int_equal(ad.sign_count, 7);
	assert_ptr_equal(ad.aaguid.p, good + 37);
	assert_int_equal(ad.credential_id.n, 2);
	assert_ptr_equal(ad.cose_key.p, good + 57);
	assert_int_equal(ad.cose_key.n, 3);
	assert_int_equal(ad.extensions.n, 0);
}

static void
leaves_its_result_alone_on_refusal(void **state)
{
	struct wa_authdata ad = { .sign_count = 42 };

	(void)state;
	assert_int_equal(wa_authdata_parse((struct slice){ good, 40 }, &ad),
	    WA_AUTHDATA_FORM);
	assert_int_equal(ad.sign_count, 42);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_form),
		cmocka_unit_test(splits_into_fields),
		cmocka_unit_test(leaves_its_result_alone_on_refusal),
	};

	return cmocka_run_group_tests_name("authdata", tests, NULL, NULL);
}
