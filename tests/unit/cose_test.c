/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/softkey.h"
#include "webauthn/cose.h"
#include "webauthn/signature.h"

#define SLICE(s)                                                               \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}

/* A key as its members, so that one of them can lie. */
struct member {
	int64_t label;
	int64_t number; /* where bytes is NULL */
	const uint8_t *bytes;
	size_t n;
};

enum { MEMBERS_MAX = 7 };

static void
put_key(struct soft_bytes *b, const struct member *m, size_t count)
{
	soft_clear(b);
	soft_map(b, count);
	for (size_t i = 0; i < count; i++) {
		soft_int(b, m[i].label);
		if (m[i].bytes != NULL)
			soft_bstr(b, (struct slice){ m[i].bytes, m[i].n });
		else
			soft_int(b, m[i].number);
	}
}

static enum wa_verdict
judge(struct slice raw)
{
	uint8_t *p = malloc(raw.n + (raw.n == 0)); /* to the exact size */
	struct wa_cose key;
	enum wa_verdict v;

	assert_non_null(p);
	memcpy(p, raw.p, raw.n);
	v = wa_cose_parse((struct slice){ p, raw.n }, &key);
	if (v == WA_OK)
		v = wa_key_judge(&key);
	free(p);
	return v;
}

/* The point of P-256 whose private key is 1, and what stands near it. */
static const uint8_t gx[32] = { 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47,
	0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81,
	0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
	0x96 };
static const uint8_t gy[32] = { 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b,
	0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57,
	0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51,
	0xf5 };
#define FF 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
static const uint8_t zeros[66], ones[60] = { FF, FF, FF, FF, FF, FF };

#define I(label, number)                                                       \
	{                                                                      \
		label, number, NULL, 0                                         \
	}
#define B(label, bytes, n)                                                     \
	{                                                                      \
		label, 0, bytes, n                                             \
	}

#define X B(-2, gx, 32)
#define Y B(-3, gy, 32)

static const struct {
	const char *name;
	struct member m[MEMBERS_MAX];
	size_t count;
	enum wa_verdict want;
} ec[] = {
	{ "as it should be", { I(1, 2), I(3, -7), I(-1, 1), X, Y }, 5, WA_OK },
	{ "out of order", { Y, X, I(-1, 1), I(3, -7), I(1, 2) }, 5, WA_OK },
	{ "no type", { I(3, -7), I(-1, 1), X, Y }, 4, WA_KEY_FORM },
	{ "no algorithm", { I(1, 2), I(-1, 1), X, Y }, 4, WA_KEY_FORM },
	{ "no curve", { I(1, 2), I(3, -7), X, Y }, 4, WA_KEY_FORM },
	{ "no x", { I(1, 2), I(3, -7), I(-1, 1), Y }, 4, WA_KEY_FORM },
	{ "no y", { I(1, 2), I(3, -7), I(-1, 1), X }, 4, WA_KEY_FORM },
	{ "a key id", { I(1, 2), B(2, gx, 4), I(3, -7), I(-1, 1), X, Y }, 6,
	    WA_KEY_FORM },
	{ "a private key", { I(1, 2), I(3, -7), I(-1, 1), X, Y, B(-4, gx, 32) },
	    6, WA_KEY_FORM },
	{ "type OKP", { I(1, 1), I(3, -7), I(-1, 1), X, Y }, 5, WA_KEY_FORM },
	{ "curve P-384", { I(1, 2), I(3, -7), I(-1, 2), X, Y }, 5,
	    WA_KEY_FORM },
	{ "curve secp256k1", { I(1, 2), I(3, -7), I(-1, 8), X, Y }, 5,
	    WA_KEY_FORM },
	{ "an algorithm of nobody's",
	    { I(1, 2), I(3, -999999), I(-1, 1), X, Y }, 5,
	    WA_ALGORITHM_UNSUPPORTED },
	{ "y as a sign", { I(1, 2), I(3, -7), I(-1, 1), X, I(-3, 1) }, 5,
	    WA_KEY_FORM },
	{ "a short x", { I(1, 2), I(3, -7), I(-1, 1), B(-2, gx, 31), Y }, 5,
	    WA_KEY_FORM },
	{ "a long x", { I(1, 2), I(3, -7), I(-1, 1), B(-2, ones, 33), Y }, 5,
	    WA_KEY_FORM },
	{ "x and y exchanged",
	    { I(1, 2), I(3, -7), I(-1, 1), B(-2, gy, 32), B(-3, gx, 32) }, 5,
	    WA_KEY_FORM },
	{ "the point zero",
	    { I(1, 2), I(3, -7), I(-1, 1), B(-2, zeros, 32), B(-3, zeros, 32) },
	    5, WA_KEY_FORM },
	{ "beyond the field",
	    { I(1, 2), I(3, -7), I(-1, 1), B(-2, ones, 32), Y }, 5,
	    WA_KEY_FORM },
	{ "the same point on secp256k1", { I(1, 2), I(3, -47), I(-1, 8), X, Y },
	    5, WA_KEY_FORM },
	{ "fully specified", { I(1, 2), I(3, -9), I(-1, 1), X, Y }, 5, WA_OK },
	{ "fully specified, another curve",
	    { I(1, 2), I(3, -9), I(-1, 2), X, Y }, 5, WA_KEY_FORM },
	{ "Ed25519 as EC2", { I(1, 2), I(3, -8), I(-1, 6), X }, 4,
	    WA_KEY_FORM },
	{ "EdDSA on Ed448", { I(1, 1), I(3, -8), I(-1, 7), B(-2, ones, 57) }, 4,
	    WA_KEY_FORM },
	{ "EdDSA with a y", { I(1, 1), I(3, -8), I(-1, 6), X, Y }, 5,
	    WA_KEY_FORM },
	{ "EdDSA", { I(1, 1), I(3, -8), I(-1, 6), X }, 4, WA_OK },
	{ "EdDSA, 31 bytes", { I(1, 1), I(3, -8), I(-1, 6), B(-2, gx, 31) }, 4,
	    WA_KEY_FORM },
};

static void
judges_curves(void **state)
{
	struct soft_bytes b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(ec) / sizeof(ec[0]); i++) {
		enum wa_verdict v;

		put_key(&b, ec[i].m, ec[i].count);
		v = judge(soft_slice(&b));
		if (v != ec[i].want)
			fail_msg("%s: got %s, want %s", ec[i].name,
			    wa_verdict_name(v), wa_verdict_name(ec[i].want));
	}
	soft_free(&b);
}

/* A bad point leaves nothing behind for the key that comes next. */
static void
forgets_a_bad_point(void **state)
{
	struct soft_bytes b = { 0 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		put_key(&b, ec[i % 2 == 0 ? 0 : 16].m, 5);
		assert_int_equal(
		    judge(soft_slice(&b)), i % 2 == 0 ? WA_OK : WA_KEY_FORM);
	}
	soft_free(&b);
}

/* n of that many bits, e as given. */
static enum wa_verdict
judge_rsa(int64_t alg, size_t bits, uint8_t last, struct slice e)
{
	uint8_t n[1100] = { 0 };
	const size_t len = (bits + 7) / 8;
	struct member m[] = { I(1, 3), I(3, alg), B(-1, n, len),
		B(-2, e.p, e.n) };
	struct soft_bytes b = { 0 };
	enum wa_verdict v;

	for (size_t i = 0; i < len; i++)
		n[i] = 0xa5;
	n[0] = (uint8_t)(1u << (bits - 1) % 8);
	n[len - 1] = last;
	put_key(&b, m, 4);
	v = judge(soft_slice(&b));
	soft_free(&b);
	return v;
}

static void
judges_rsa(void **state)
{
	static const struct slice f4 = SLICE("\x01\x00\x01"),
				  three = SLICE("\x03"),
				  even = SLICE("\x01\x00\x00"),
				  padded = SLICE("\x00\x01\x00\x01"),
				  none = SLICE(""),
				  wide = SLICE("\xff\xff\xff\xff"),
				  wider = SLICE("\x01\0\0\0\x01");
	static const struct {
		const char *name;
		int64_t alg;
		size_t bits;
		uint8_t last;
		const struct slice *e;
		enum wa_verdict want;
	} keys[] = {
		{ "2048 bits", -257, 2048, 1, &f4, WA_OK },
		{ "2047 bits", -257, 2047, 1, &f4, WA_KEY_FORM },
		{ "1024 bits", -257, 1024, 1, &f4, WA_KEY_FORM },
		{ "3482 bits", -257, 3482, 1, &f4, WA_OK },
		{ "8192 bits", -257, 8192, 1, &f4, WA_OK },
		{ "8193 bits", -257, 8193, 1, &f4, WA_KEY_FORM },
		{ "an even modulus", -257, 2048, 2, &f4, WA_KEY_FORM },
		{ "exponent 3", -257, 2048, 1, &three, WA_KEY_FORM },
		{ "an even exponent", -257, 2048, 1, &even, WA_KEY_FORM },
		{ "a padded exponent", -257, 2048, 1, &padded, WA_KEY_FORM },
		{ "no exponent", -257, 2048, 1, &none, WA_KEY_FORM },
		{ "32 bits of exponent", -257, 2048, 1, &wide, WA_OK },
		{ "33 bits of exponent", -257, 2048, 1, &wider, WA_KEY_FORM },
		{ "PSS", -37, 2048, 1, &f4, WA_OK },
		{ "RS1", -65535, 2048, 1, &f4, WA_ALGORITHM_UNSUPPORTED },
		{ "ES256", -7, 2048, 1, &f4, WA_KEY_FORM },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const enum wa_verdict v = judge_rsa(
		    keys[i].alg, keys[i].bits, keys[i].last, *keys[i].e);

		if (v != keys[i].want)
			fail_msg("%s: got %s, want %s", keys[i].name,
			    wa_verdict_name(v), wa_verdict_name(keys[i].want));
	}
}

static enum wa_verdict
judge_okp(int64_t alg, int64_t crv, struct slice x)
{
	const struct member m[] = { I(1, 1), I(3, alg), I(-1, crv),
		B(-2, x.p, x.n) };
	struct soft_bytes b = { 0 };
	enum wa_verdict v;

	put_key(&b, m, 4);
	v = judge(soft_slice(&b));
	soft_free(&b);
	return v;
}

/* A point of Edwards curves by its bytes, the lowest first: those that these
 * say and zeros, or 0xff, up to the last. */
static const struct {
	const char *name;
	int64_t alg, crv;
	struct slice first;
	uint8_t fill, last;
	enum wa_verdict want;
} edwards[] = {
	{ "the base point", -8, 6, SLICE("\x58"), 0x66, 0x66, WA_OK },
	{ "its opposite", -8, 6, SLICE("\x58"), 0x66, 0xe6, WA_OK },
	{ "of -19, too", -19, 6, SLICE("\x58"), 0x66, 0x66, WA_OK },
	{ "y = 2, no point", -8, 6, SLICE("\x02"), 0, 0, WA_KEY_FORM },
	{ "y = 3", -8, 6, SLICE("\x03"), 0, 0, WA_OK },
	{ "y = 7, no point", -8, 6, SLICE("\x07"), 0, 0, WA_KEY_FORM },
	{ "the identity", -8, 6, SLICE("\x01"), 0, 0, WA_KEY_FORM },
	{ "the identity, x = -0", -8, 6, SLICE("\x01"), 0, 0x80, WA_KEY_FORM },
	{ "of order 2", -8, 6, SLICE("\xec"), 0xff, 0x7f, WA_KEY_FORM },
	{ "of order 4", -8, 6, SLICE(""), 0, 0, WA_KEY_FORM },
	{ "of order 4, the other", -8, 6, SLICE(""), 0, 0x80, WA_KEY_FORM },
	{ "of order 8", -8, 6,
	    SLICE("\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10"
		  "\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77"
		  "\x92\xac\x03"),
	    0, 0x7a, WA_KEY_FORM },
	{ "of order 8, its opposite", -8, 6,
	    SLICE("\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef"
		  "\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88"
		  "\x6d\x53\xfc"),
	    0, 0x05, WA_KEY_FORM },
	{ "3, as p + 3", -8, 6, SLICE("\xf0"), 0xff, 0x7f, WA_KEY_FORM },
	{ "p", -8, 6, SLICE("\xed"), 0xff, 0x7f, WA_KEY_FORM },
	{ "Ed448, the base point", -53, 7,
	    SLICE("\x14\xfa\x30\xf2\x5b\x79\x08\x98\xad\xc8\xd7\x4e\x2c\x13"
		  "\xbd\xfd\xc4\x39\x7c\xe6\x1c\xff\xd3\x3a\xd7\xc2\xa0\x05"
		  "\x1e\x9c\x78\x87\x40\x98\xa3\x6c\x73\x73\xea\x4b\x62\xc7"
		  "\xc9\x56\x37\x20\x76\x88\x24\xbc\xb6\x6e\x71\x46\x3f\x69"),
	    0, 0, WA_OK },
	{ "Ed448, a bit of it", -53, 7,
	    SLICE("\x15\xfa\x30\xf2\x5b\x79\x08\x98\xad\xc8\xd7\x4e\x2c\x13"
		  "\xbd\xfd\xc4\x39\x7c\xe6\x1c\xff\xd3\x3a\xd7\xc2\xa0\x05"
		  "\x1e\x9c\x78\x87\x40\x98\xa3\x6c\x73\x73\xea\x4b\x62\xc7"
		  "\xc9\x56\x37\x20\x76\x88\x24\xbc\xb6\x6e\x71\x46\x3f\x69"),
	    0, 0x40, WA_KEY_FORM },
	{ "Ed448, the identity", -53, 7, SLICE("\x01"), 0, 0, WA_KEY_FORM },
	{ "Ed448, of order 4", -53, 7, SLICE(""), 0, 0x80, WA_KEY_FORM },
	{ "Ed448, of order 2", -53, 7,
	    SLICE("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		  "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		  "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		  "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
	    0, 0, WA_KEY_FORM },
};

static void
judges_edwards_points(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(edwards) / sizeof(edwards[0]); i++) {
		const size_t n = edwards[i].crv == 6 ? 32 : 57;
		uint8_t x[57];
		enum wa_verdict v;

		memset(x, edwards[i].fill, n);
		memcpy(x, edwards[i].first.p, edwards[i].first.n);
		x[n - 1] = edwards[i].last;
		v = judge_okp(
		    edwards[i].alg, edwards[i].crv, (struct slice){ x, n });
		if (v != edwards[i].want)
			fail_msg("%s: got %s, want %s", edwards[i].name,
			    wa_verdict_name(v),
			    wa_verdict_name(edwards[i].want));
	}
}

/* What OpenSSL makes has points, each of them. */
static void
takes_edwards_keys_that_are_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < 40; i++) {
		struct softkey *k = softkey_new(i % 2 == 0 ? -8 : -53);

		assert_int_equal(judge(softkey_cose(k)), WA_OK);
		softkey_free(k);
	}
}

/* Refused by name where OpenSSL lacks it, taken where it has it. */
static void
knows_post_quantum_keys(void **state)
{
	static const struct {
		int64_t id;
		size_t size;
	} kinds[] = { { -48, 1312 }, { -49, 1952 }, { -50, 2592 } };
	uint8_t *bytes = calloc(1, 3000);
	struct soft_bytes b = { 0 };

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < 3; i++) {
		struct member m[] = { I(1, 7), I(3, kinds[i].id),
			B(-1, bytes, kinds[i].size) };

		put_key(&b, m, 3);
		assert_int_equal(
		    judge(soft_slice(&b)), wa_algorithm_usable(kinds[i].id)
					       ? WA_OK
					       : WA_ALGORITHM_UNSUPPORTED);
		m[2].n--;
		put_key(&b, m, 3);
		assert_int_equal(judge(soft_slice(&b)), WA_KEY_FORM);
	}
	soft_free(&b);
	free(bytes);
}

static void
judges_form_first(void **state)
{
	static const struct slice empty = SLICE(""), array = SLICE("\x80"),
				  twice = SLICE("\xa2\x01\x02\x01\x02"),
				  two = SLICE("\xa0\xa0"),
				  huge = SLICE("\xa1\x01\x9a\x10\x00\x00\x00");

	(void)state;
	assert_int_equal(judge(empty), WA_CBOR_FORM);
	assert_int_equal(judge(array), WA_KEY_FORM);
	assert_int_equal(judge(twice), WA_CBOR_FORM);
	assert_int_equal(judge(two), WA_CBOR_FORM);
	assert_int_equal(judge(huge), WA_CBOR_FORM);
}

static void
reads_what_the_soft_key_writes(void **state)
{
	static const int32_t ids[] = { -7, -35, -36, -47, -8, -53, -257 };

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct softkey *k = softkey_new(ids[i]);
		struct wa_cose key;

		assert_non_null(k);
		assert_int_equal(judge(softkey_cose(k)), WA_OK);
		assert_int_equal(wa_cose_parse(softkey_cose(k), &key), WA_OK);
		assert_int_equal(key.algorithm->id, ids[i]);
		softkey_free(k);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_curves),
		cmocka_unit_test(forgets_a_bad_point),
		cmocka_unit_test(judges_rsa),
		cmocka_unit_test(judges_edwards_points),
		cmocka_unit_test(takes_edwards_keys_that_are_made),
		cmocka_unit_test(knows_post_quantum_keys),
		cmocka_unit_test(judges_form_first),
		cmocka_unit_test(reads_what_the_soft_key_writes),
	};

	return cmocka_run_group_tests_name("cose", tests, NULL, NULL);
}
