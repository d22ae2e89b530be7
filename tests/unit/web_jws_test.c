/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/softproof.h"
#include "web/server/jws.h"
#include "webauthn/b64url.h"

static struct softproof_key key;
static struct arena arena;

static int
setup(void **state)
{
	(void)state;
	softproof_key_make(&key);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	softproof_key_free(&key);
	return 0;
}

/* Texts and hashes point into the arena, which the caller frees. */
static bool
reads(const struct softproof_script *s, struct rp_claims *c)
{
	char *text = softproof_make(&key, s);
	bool good;

	arena_init(&arena, NULL, 0);
	/* An exact copy, so that a sanitizer sees what lies behind. */
	good = jws_read(slice_of(text), "itsumo-device+jwt", &arena, c) &&
	       rp_es256_verify(key.xy, c->signing_input, c->signature) == RP_OK;
	free(text);
	return good;
}

static bool
reads_text(const char *text)
{
	struct rp_claims c;
	char *copy = strdup(text);
	bool good;

	arena_init(&arena, NULL, 0);
	good = jws_read((struct slice){ (uint8_t *)copy, strlen(copy) },
	    "itsumo-device+jwt", &arena, &c);
	arena_free(&arena);
	free(copy);
	return good;
}

static const struct softproof_script truth = { .phone = "phn_x",
	.htm = "POST",
	.htu = "https://a.example/b",
	.jti = "0123456789abcdef",
	.iat = 1767225600 };

static void
reads_what_phones_send(void **state)
{
	struct softproof_script s = truth;
	struct rp_claims c;
	uint8_t hash[32];

	(void)state;
	s.body = slice_of("{}");
	s.approval = "apr_y";
	s.more = ",\"new\":{\"a\":[1]}";
	assert_true(reads(&s, &c));
	assert_string_equal(c.typ, "itsumo-device+jwt");
	assert_string_equal(c.alg, "ES256");
	assert_string_equal(c.phone, "phn_x");
	assert_string_equal(c.approval, "apr_y");
	assert_string_equal(c.htm, "POST");
	assert_string_equal(c.htu, "https://a.example/b");
	assert_string_equal(c.jti, "0123456789abcdef");
	assert_true(c.has_iat);
	assert_int_equal(c.iat, 1767225600);
	assert_true(c.has_ath);
	assert_true(wa_b64url_decode(
	    slice_of("RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o"), hash, 32,
	    &(size_t){ 0 }));
	assert_memory_equal(c.ath, hash, 32);
	arena_free(&arena);
}

static void
what_is_left_out_is_not_there(void **state)
{
	struct softproof_script s = { .jti = "", .claims = "{}" };
	struct rp_claims c;

	(void)state;
	assert_true(reads(&s, &c));
	assert_null(c.phone);
	assert_null(c.approval);
	assert_null(c.htm);
	assert_null(c.htu);
	assert_null(c.jti);
	assert_false(c.has_iat);
	assert_false(c.has_ath);
	arena_free(&arena);
}

static void
refuses_other_headers(void **state)
{
	static const char *const headers[] = {
		"{\"typ\":\"itsumo-device+jwt\"}",
		"{\"alg\":\"ES256\"}",
		"{\"typ\":\"itsumo-device+jwt\",\"alg\":\"none\"}",
		"{\"typ\":\"itsumo-device+jwt\",\"alg\":\"HS256\"}",
		"{\"typ\":\"itsumo-device+jwt\",\"alg\":\"es256\"}",
		"{\"typ\":\"itsumo-device+jwt\",\"alg\":[\"ES256\"]}",
		"{\"typ\":\"itsumo-collect+jwt\",\"alg\":\"ES256\"}",
		"{\"typ\":\"JWT\",\"alg\":\"ES256\"}",
		"{\"typ\":7,\"alg\":\"ES256\"}",
		"{\"typ\":\"itsumo-device+jwt\",\"alg\":\"ES256\","
		"\"kid\":\"1\"}",
		"{\"typ\":\"itsumo-device+jwt\",\"alg\":\"ES256\","
		"\"jwk\":{\"kty\":\"EC\"}}",
		"{\"typ\":\"itsumo-device+jwt\",\"alg\":\"ES256\","
		"\"crit\":[\"b64\"],\"b64\":false}",
		"{\"typ\":\"itsumo-device+jwt\",\"alg\":\"none\","
		"\"alg\":\"ES256\"}",
		"[\"itsumo-device+jwt\",\"ES256\"]",
		"\"itsumo-device+jwt\"",
		"null",
		"{\"typ\":\"itsumo-device+jwt\",\"alg\":\"ES256\"} x",
		"{\"typ\":\"itsumo-device+jwt\\u0000\",\"alg\":\"ES256\"}",
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct softproof_script s = truth;
		struct rp_claims c;

		s.header = headers[i];
		if (reads(&s, &c))
			fail_msg("took %s", headers[i]);
		arena_free(&arena);
	}
}

static void
refuses_claims_of_other_types(void **state)
{
	static const char *const claims[] = {
		"[]",
		"7",
		"",
		"{",
		"{\"iat\":\"1767225600\"}",
		"{\"iat\":1767225600.5}",
		"{\"iat\":-1}",
		"{\"iat\":1e9}",
		"{\"iat\":1234567890123456}",
		"{\"iat\":null}",
		"{\"iat\":1,\"iat\":2}",
		"{\"phone\":7}",
		"{\"phone\":null}",
		"{\"approval\":[]}",
		"{\"htm\":true}",
		"{\"htu\":{}}",
		"{\"htu\":\"a\\u0000b\"}",
		"{\"jti\":1}",
		"{\"jti\":\"a\",\"jti\":\"b\"}",
		"{\"ath\":\"\"}",
		"{\"ath\":\"AAAA\"}",
		"{\"ath\":7}",
		"{\"ath\":\"RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o=\"}",
		"{\"ath\":\"RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4p\"}",
		"{\"jti\":\"\xff\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		struct softproof_script s = truth;
		struct rp_claims c;

		s.claims = claims[i];
		if (reads(&s, &c))
			fail_msg("took %s", claims[i]);
		arena_free(&arena);
	}
}

static void
refuses_other_forms(void **state)
{
	char *good = softproof_make(&key, &truth), *p, text[JWS_MAX + 64];
	static const uint8_t der[70] = { 0x30 };
	struct softproof_script s = truth;
	struct rp_claims c;
	size_t n = strlen(good);

	(void)state;
	assert_true(reads_text(good));
	assert_false(reads_text(""));
	assert_false(reads_text("."));
	assert_false(reads_text(".."));
	assert_false(reads_text("..."));
	/* Each part cut off, and each with something more. */
	snprintf(text, sizeof(text), "%s", good);
	*strchr(text, '.') = '\0';
	assert_false(reads_text(text));
	snprintf(text, sizeof(text), "%s", good);
	*strrchr(text, '.') = '\0';
	assert_false(reads_text(text));
	snprintf(text, sizeof(text), "%s.", good);
	assert_false(reads_text(text));
	snprintf(text, sizeof(text), "%s.AAAA", good);
	assert_false(reads_text(text));
	snprintf(text, sizeof(text), "%s=", good);
	assert_false(reads_text(text));
	snprintf(text, sizeof(text), " %s", good);
	assert_false(reads_text(text));
	snprintf(text, sizeof(text), "%s\n", good);
	assert_false(reads_text(text));
	snprintf(text, sizeof(text), "%s", strchr(good, '.'));
	assert_false(reads_text(text));
	/* Every character but the dots replaced by one of no base64url. */
	for (p = good; *p != '\0'; p++) {
		char was = *p;

		*p = '+';
		assert_false(reads_text(good));
		*p = was;
	}
	assert_true(reads_text(good));
	/* A signature of another length, or as ASN.1 has it. */
	s.signature = (struct slice){ (const uint8_t *)good, 63 };
	assert_false(reads(&s, &c));
	arena_free(&arena);
	s.signature = (struct slice){ (const uint8_t *)good, 65 };
	assert_false(reads(&s, &c));
	arena_free(&arena);
	s.signature = (struct slice){ der, sizeof(der) };
	assert_false(reads(&s, &c));
	arena_free(&arena);
	/* Too long, though true. */
	s = truth;
	memset(text, 'a', sizeof(text));
	memcpy(text, ",\"x\":\"", 6);
	text[JWS_MAX - n] = '"';
	text[JWS_MAX - n + 1] = '\0';
	s.more = text;
	assert_false(reads(&s, &c));
	arena_free(&arena);
	free(good);
}

/* "" or the member that is refused. */
static const char *
jwk_refused(const char *text, enum problem *p)
{
	static struct json_in in;
	uint8_t xy[64];

	arena_init(&arena, NULL, 0);
	assert_true(json_in_parse(&in, &arena, slice_of(text)));
	in.field[0] = '\0';
	*p = PROBLEM_NONE;
	if (!jwk_read(&in, in.root, "jwk", xy))
		*p = in.problem;
	else
		assert_memory_equal(xy, key.xy, sizeof(xy));
	arena_free(&arena);
	return in.field;
}

static void
reads_public_keys(void **state)
{
	enum problem p;
	char text[512];

	(void)state;
	snprintf(text, sizeof(text),
	    "{\"crv\":\"P-256\",\"ext\":true,\"key_ops\":[\"verify\"],"
	    "\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
	    key.x, key.y);
	assert_string_equal(jwk_refused(text, &p), "");
	snprintf(text, sizeof(text),
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}",
	    key.x, key.y);
	assert_string_equal(jwk_refused(text, &p), "");
}

static void
refuses_other_keys(void **state)
{
	static const struct {
		const char *kty, *crv, *x, *y, *more;
		enum problem problem;
		const char *field;
	} wrong[] = {
		{ "RSA", "P-256", NULL, NULL, "", PROBLEM_FIELD_TYPE,
		    "jwk.kty" },
		{ "EC", "P-384", NULL, NULL, "", PROBLEM_FIELD_TYPE,
		    "jwk.crv" },
		{ "EC", "p-256", NULL, NULL, "", PROBLEM_FIELD_TYPE,
		    "jwk.crv" },
		{ "EC", "P-256", "AAAA", NULL, "", PROBLEM_FIELD_TYPE,
		    "jwk.x" },
		{ "EC", "P-256", NULL, "", "", PROBLEM_FIELD_TYPE, "jwk.y" },
		{ "EC", "P-256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		    NULL, "", PROBLEM_FIELD_TOO_LONG, "jwk.x" },
		{ "EC", "P-256", NULL, "+", "", PROBLEM_BASE64URL_MALFORMED,
		    "jwk.y" },
		{ "EC", "P-256", NULL, NULL, ",\"d\":\"AAAA\"",
		    PROBLEM_FIELD_UNKNOWN, "jwk.d" },
		{ "EC", "P-256", NULL, NULL, ",\"k\":\"AAAA\"",
		    PROBLEM_FIELD_UNKNOWN, "jwk.k" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		enum problem p;
		char text[512];

		snprintf(text, sizeof(text),
		    "{\"kty\":\"%s\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\""
		    "%s}",
		    wrong[i].kty, wrong[i].crv,
		    wrong[i].x != NULL ? wrong[i].x : key.x,
		    wrong[i].y != NULL ? wrong[i].y : key.y, wrong[i].more);
		assert_string_equal(jwk_refused(text, &p), wrong[i].field);
		assert_int_equal(p, wrong[i].problem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_phones_send),
		cmocka_unit_test(what_is_left_out_is_not_there),
		cmocka_unit_test(refuses_other_headers),
		cmocka_unit_test(refuses_claims_of_other_types),
		cmocka_unit_test(refuses_other_forms),
		cmocka_unit_test(reads_public_keys),
		cmocka_unit_test(refuses_other_keys),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
