/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "web/deliver/vapid.h"
#include "webauthn/b64url.h"

static const store_time now = (store_time)1790000000 * 1000;
static const store_time hour = 3600 * 1000;
static const char subject[] = "mailto:security@example.org";

/* The key of RFC 8292's own example is not published; ours is 1. */
static const uint8_t key_one[P256_PRIVATE] = { [31] = 1 };

static struct vapid *
open_one(void)
{
	struct vapid *v = NULL;

	assert_int_equal(
	    vapid_open((struct slice){ key_one, sizeof(key_one) }, subject, &v),
	    VAPID_OK);
	return v;
}

struct token {
	char text[VAPID_HEADER_MAX + 1];
	struct slice signed_part, claims, signature;
	uint8_t key[P256_PUBLIC];
};

/* "vapid t=<header>.<claims>.<signature>, k=<key>" */
static void
take_apart(const char *header, struct token *t)
{
	char *p, *dot1, *dot2, *comma;
	size_t n = 0;

	assert_int_equal(strncmp(header, "vapid t=", 8), 0);
	snprintf(t->text, sizeof(t->text), "%s", header + 8);
	p = t->text;
	assert_non_null(dot1 = strchr(p, '.'));
	assert_non_null(dot2 = strchr(dot1 + 1, '.'));
	assert_non_null(comma = strstr(dot2, ", k="));
	t->signed_part = (struct slice){ (uint8_t *)p, (size_t)(dot2 - p) };
	t->claims =
	    (struct slice){ (uint8_t *)dot1 + 1, (size_t)(dot2 - dot1 - 1) };
	t->signature =
	    (struct slice){ (uint8_t *)dot2 + 1, (size_t)(comma - dot2 - 1) };
	assert_true(
	    wa_b64url_decode(slice_of(comma + 4), t->key, sizeof(t->key), &n));
	assert_int_equal(n, P256_PUBLIC);
}

static json_t *
claims_of(const struct token *t)
{
	uint8_t text[1024];
	size_t n = 0;
	json_t *claims;

	assert_true(wa_b64url_decode(t->claims, text, sizeof(text), &n));
	claims =
	    json_loadb((const char *)text, n, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(claims);
	return claims;
}

/* With OpenSSL alone, from the key that the header itself names. */
static bool
verifies(const struct token *t)
{
	uint8_t raw[P256_SIGNATURE], *der = NULL;
	size_t n = 0;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY *key = NULL;
	char group[] = "P-256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 5),
		OSSL_PARAM_octet_string(
		    OSSL_PKEY_PARAM_PUB_KEY, (void *)t->key, P256_PUBLIC),
		OSSL_PARAM_END,
	};
	int der_n;
	bool good;

	assert_true(wa_b64url_decode(t->signature, raw, sizeof(raw), &n));
	assert_int_equal(n, P256_SIGNATURE);
	assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(raw, 32, NULL),
			     BN_bin2bn(raw + 32, 32, NULL)),
	    1);
	der_n = i2d_ECDSA_SIG(sig, &der);
	assert_true(der_n > 0);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	assert_int_equal(
	    EVP_DigestVerifyInit_ex(md, NULL, "SHA256", NULL, NULL, key, NULL),
	    1);
	good = EVP_DigestVerify(md, der, (size_t)der_n, t->signed_part.p,
		   t->signed_part.n) == 1;
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

static void
says_who_to_whom_and_until_when(void **state)
{
	static const char jose[] = "{\"typ\":\"JWT\",\"alg\":\"ES256\"}";
	struct vapid *v = open_one();
	char header[VAPID_HEADER_MAX + 1], key[VAPID_KEY_TEXT + 1];
	uint8_t text[64];
	struct token t;
	json_t *claims;
	size_t n = 0;

	(void)state;
	assert_true(vapid_header(v, "https://push.example:8443", now, header));
	take_apart(header, &t);
	assert_true(wa_b64url_decode(
	    (struct slice){ t.signed_part.p, WA_B64URL_SIZE(strlen(jose)) - 1 },
	    text, sizeof(text), &n));
	assert_int_equal(n, strlen(jose));
	assert_memory_equal(text, jose, n);
	claims = claims_of(&t);
	assert_int_equal(json_object_size(claims), 3);
	assert_string_equal(json_string_value(json_object_get(claims, "aud")),
	    "https://push.example:8443");
	assert_string_equal(
	    json_string_value(json_object_get(claims, "sub")), subject);
	assert_int_equal(json_integer_value(json_object_get(claims, "exp")),
	    now / 1000 + 12 * 3600);
	json_decref(claims);
	assert_true(verifies(&t));
	vapid_public_key(v, key);
	assert_int_equal(strlen(key), VAPID_KEY_TEXT);
	assert_string_equal(strstr(header, ", k=") + 4, key);
	vapid_close(v);
}

static void
a_changed_word_does_not_verify(void **state)
{
	struct vapid *v = open_one();
	char header[VAPID_HEADER_MAX + 1];
	struct token t;

	(void)state;
	assert_true(vapid_header(v, "https://push.example", now, header));
	take_apart(header, &t);
	t.text[t.signed_part.n - 1] ^= 1;
	assert_false(verifies(&t));
	vapid_close(v);
}

static void
is_kept_for_half_its_life_and_for_one_origin(void **state)
{
	struct vapid *v = open_one();
	char first[VAPID_HEADER_MAX + 1], again[VAPID_HEADER_MAX + 1];

	(void)state;
	assert_true(vapid_header(v, "https://a.example", now, first));
	assert_true(
	    vapid_header(v, "https://a.example", now + 6 * hour - 1, again));
	assert_string_equal(first, again);
	assert_true(vapid_header(v, "https://b.example", now, again));
	assert_string_not_equal(first, again);
	assert_true(
	    vapid_header(v, "https://a.example", now + 6 * hour, again));
	assert_string_not_equal(first, again);
	/* The clock was set back: a header from the future is made anew. */
	assert_true(vapid_header(v, "https://a.example", now, first));
	assert_string_not_equal(first, again);
	vapid_close(v);
}

static void
remembers_the_origins_that_are_used(void **state)
{
	struct vapid *v = open_one();
	char first[VAPID_HEADER_MAX + 1], other[VAPID_HEADER_MAX + 1];
	char origin[64];

	(void)state;
	assert_true(vapid_header(v, "https://a.example", now, first));
	for (int i = 0; i < 100; i++) {
		snprintf(origin, sizeof(origin), "https://%d.example", i);
		assert_true(vapid_header(v, origin, now, other));
		/* Signatures are random: the same text is the same signature.
		 */
		assert_true(vapid_header(v, "https://a.example", now, other));
		assert_string_equal(first, other);
	}
	vapid_close(v);
}

static void
refuses_origins_that_would_break_the_claims(void **state)
{
	struct vapid *v = open_one();
	char header[VAPID_HEADER_MAX + 1], origin[VAPID_ORIGIN_MAX + 2];

	(void)state;
	assert_false(vapid_header(v, "", now, header));
	assert_false(vapid_header(v, "https://a\",\"x\":\"", now, header));
	assert_false(vapid_header(v, "https://a\\", now, header));
	assert_false(vapid_header(v, "https://a b", now, header));
	memset(origin, 'a', sizeof(origin));
	origin[VAPID_ORIGIN_MAX + 1] = '\0';
	assert_false(vapid_header(v, origin, now, header));
	origin[VAPID_ORIGIN_MAX] = '\0';
	assert_true(vapid_header(v, origin, now, header));
	vapid_close(v);
}

static void
the_longest_subject_and_origin_fit(void **state)
{
	char longest[VAPID_SUBJECT_MAX + 1] = "mailto:",
					 origin[VAPID_ORIGIN_MAX + 1];
	char header[VAPID_HEADER_MAX + 1];
	struct vapid *v = NULL;
	struct token t;

	(void)state;
	memset(longest + 7, 'a', sizeof(longest) - 8);
	longest[VAPID_SUBJECT_MAX] = '\0';
	memset(origin, 'a', sizeof(origin));
	origin[VAPID_ORIGIN_MAX] = '\0';
	assert_int_equal(
	    vapid_open((struct slice){ key_one, sizeof(key_one) }, longest, &v),
	    VAPID_OK);
	assert_true(vapid_header(v, origin, now, header));
	take_apart(header, &t);
	assert_true(verifies(&t));
	vapid_close(v);
}

static void
refuses_subjects_that_nobody_can_write_to(void **state)
{
	static const char *const bad[] = { "", "security@example.org",
		"mailto:", "https://", "http://example.org", "mailto:a b",
		"mailto:a\"b", "mailto:a\\b", "mailto:a\n",
		"MAILTO:x@y.example", "mailto:\xe3\x81\x84" };
	struct vapid *v = NULL;
	char text[VAPID_SUBJECT_MAX + 2] = "mailto:";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (vapid_open((struct slice){ key_one, sizeof(key_one) },
			bad[i], &v) != VAPID_SUBJECT)
			fail_msg("%s", bad[i]);
	memset(text + 7, 'a', sizeof(text) - 8);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(
	    vapid_open((struct slice){ key_one, sizeof(key_one) }, text, &v),
	    VAPID_SUBJECT);
	assert_null(v);
}

/* The same key in each of its forms; made by `openssl ecparam -genkey`. */
static const char
    pem[] = "-----BEGIN PRIVATE KEY-----\n"
	    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAGhRANCAARrF9Hy4SxCR/i85uVjpEDydwN9gS3r\n"
	    "M6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3v1H1\n"
	    "-----END PRIVATE KEY-----\n",
    text_key[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",
    other_curve[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
	"-----END PRIVATE KEY-----\n";

static void
the_key_may_come_in_three_forms(void **state)
{
	char with_newline[64], want[VAPID_KEY_TEXT + 1];
	const struct slice forms[] = {
		{ key_one, sizeof(key_one) },
		slice_of(pem),
		slice_of(text_key),
		{ (uint8_t *)with_newline, strlen(text_key) + 1 },
	};
	struct vapid *v = open_one();

	(void)state;
	vapid_public_key(v, want);
	vapid_close(v);
	snprintf(with_newline, sizeof(with_newline), "%s\n", text_key);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char got[VAPID_KEY_TEXT + 1];

		v = NULL;
		if (vapid_open(forms[i], subject, &v) != VAPID_OK)
			fail_msg("form %zu", i);
		vapid_public_key(v, got);
		assert_string_equal(got, want);
		vapid_close(v);
	}
}

static void
refuses_what_is_no_key(void **state)
{
	static const uint8_t zero[P256_PRIVATE] = { 0 };
	const struct slice bad[] = {
		{ zero, sizeof(zero) },
		{ key_one, 31 },
		{ NULL, 0 },
		slice_of("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAF"),
		slice_of("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=E"),
		slice_of(other_curve),
		slice_of("-----BEGIN PRIVATE KEY-----\n"),
	};
	struct vapid *v = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (vapid_open(bad[i], subject, &v) != VAPID_KEY)
			fail_msg("key %zu", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_who_to_whom_and_until_when),
		cmocka_unit_test(a_changed_word_does_not_verify),
		cmocka_unit_test(is_kept_for_half_its_life_and_for_one_origin),
		cmocka_unit_test(remembers_the_origins_that_are_used),
		cmocka_unit_test(refuses_origins_that_would_break_the_claims),
		cmocka_unit_test(the_longest_subject_and_origin_fit),
		cmocka_unit_test(refuses_subjects_that_nobody_can_write_to),
		cmocka_unit_test(the_key_may_come_in_three_forms),
		cmocka_unit_test(refuses_what_is_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
