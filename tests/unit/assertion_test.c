/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/softkey.h"
#include "tests/softsign.h"
#include "tests/softstatement.h"
#include "webauthn/algorithm.h"

#define TEN "0,0,0,0,0,0,0,0,0,0,"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

#define UP_UV (WA_FLAG_UP | WA_FLAG_UV)

static const uint8_t challenge[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16 };
static const char *const origins[] = { SOFTKEY_ORIGIN,
	"android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck",
	NULL };
static const char *const top_origins[] = { "https://shop.example", NULL };
static const struct wa_assertion_expectation want = {
	.common = {
		.challenge = { challenge, sizeof(challenge) },
		.rp_id = "example.org",
		.origins = origins,
		.need_uv = true,
	},
};

#define SLICE(s)                                                               \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}

/* One lie a row; what the relying party asks for and knows is the same. */
static const struct {
	const char *name;
	struct softkey_script lie;
	enum wa_verdict want;
} lies[] = {
	{ "the truth", { 0 }, WA_OK },
	{ "the truth, after white space", { .more = " \n" }, WA_OK },
	{ "a member of tomorrow", { .more = ",\"hint\":{\"a\":[1,2.5,null]}" },
	    WA_OK },
	{ "a native app",
	    { .origin = "android:apk-key-hash:"
			"pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck" },
	    WA_OK },
	{ "another native app",
	    { .origin = "android:apk-key-hash:"
			"pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLcl" },
	    WA_ORIGIN },
	{ "a registration's type", { .type = "webauthn.create" }, WA_TYPE },
	{ "a type of another case", { .type = "WebAuthn.get" }, WA_TYPE },
	{ "another challenge", { .challenge = "AQIDBAUGBwgJCgsMDQ4PEQ" },
	    WA_CHALLENGE },
	{ "the challenge, padded", { .challenge = "AQIDBAUGBwgJCgsMDQ4PEA==" },
	    WA_CHALLENGE },
	{ "the challenge, shorter", { .challenge = "AQIDBAUGBwgJCgsMDQ4P" },
	    WA_CHALLENGE },
	{ "the challenge, idle bits set",
	    { .challenge = "AQIDBAUGBwgJCgsMDQ4PEB" }, WA_CHALLENGE },
	{ "no challenge",
	    { .client_data = "{\"type\":\"webauthn.get\","
			     "\"origin\":\"https://example.org\"}" },
	    WA_CHALLENGE },
	{ "a longer origin", { .origin = "https://example.org.evil.com" },
	    WA_ORIGIN },
	{ "an origin in capitals", { .origin = "https://EXAMPLE.org" },
	    WA_ORIGIN },
	{ "http", { .origin = "http://example.org" }, WA_ORIGIN },
	{ "a port", { .origin = "https://example.org:443" }, WA_ORIGIN },
	{ "no origin",
	    { .client_data = "{\"type\":\"webauthn.get\","
			     "\"challenge\":\"" SOFTKEY_CHALLENGE "\"}" },
	    WA_ORIGIN },
	{ "an iframe", { .cross_origin = "true" }, WA_CROSS_ORIGIN },
	{ "an iframe in words", { .cross_origin = "\"yes\"" },
	    WA_CLIENT_DATA_FORM },
	{ "framed by a stranger", { .top_origin = "https://evil.example" },
	    WA_CROSS_ORIGIN },
	{ "a hundred numbers", { .more = ",\"a\":[" HUNDRED "0]" }, WA_OK },
	{ "three hundred numbers",
	    { .more = ",\"a\":[" HUNDRED HUNDRED HUNDRED "0]" },
	    WA_CLIENT_DATA_FORM },
	{ "a type twice", { .more = ",\"type\":\"webauthn.get\"" },
	    WA_CLIENT_DATA_FORM },
	{ "no JSON", { .client_data = "webauthn.get" }, WA_CLIENT_DATA_FORM },
	{ "an array", { .client_data = "[]" }, WA_CLIENT_DATA_FORM },
	{ "nothing", { .client_data = "" }, WA_CLIENT_DATA_FORM },
	{ "a NUL inside", { .more = ",\"a\":\"\\u0000\"" },
	    WA_CLIENT_DATA_FORM },
	{ "no UTF-8", { .more = ",\"a\":\"\xc0\xaf\"" }, WA_CLIENT_DATA_FORM },
	{ "half a surrogate", { .more = ",\"a\":\"\\ud800\"" },
	    WA_CLIENT_DATA_FORM },
	{ "more behind the object", { .more = "}{" }, WA_CLIENT_DATA_FORM },
	{ "token binding, not used",
	    { .more = ",\"tokenBinding\":{\"status\":\"supported\"}" }, WA_OK },
	{ "token binding, used",
	    { .more = ",\"tokenBinding\":"
		      "{\"status\":\"present\",\"id\":\"AQ\"}" },
	    WA_OK },
	{ "token binding without its id",
	    { .more = ",\"tokenBinding\":"
		      "{\"status\":\"present\"}" },
	    WA_TOKEN_BINDING },
	{ "token binding of no known status",
	    { .more = ",\"tokenBinding\":"
		      "{\"status\":\"maybe\"}" },
	    WA_TOKEN_BINDING },
	{ "token binding as the first drafts had it",
	    { .more = ",\"tokenBinding\":\"unused\"" }, WA_OK },
	{ "token binding as a number", { .more = ",\"tokenBinding\":1" },
	    WA_TOKEN_BINDING },
	{ "another rp", { .rp_id = "evil.com" }, WA_RP_ID_HASH },
	{ "nobody there", { .flags = WA_FLAG_UV }, WA_USER_ABSENT },
	{ "no PIN", { .flags = WA_FLAG_UP }, WA_USER_UNVERIFIED },
	{ "a backup of nothing", { .flags = UP_UV | WA_FLAG_BS },
	    WA_BACKUP_FLAGS },
	{ "eligible since", { .flags = UP_UV | WA_FLAG_BE }, WA_OK },
	{ "synced since", { .flags = UP_UV | WA_FLAG_BE | WA_FLAG_BS }, WA_OK },
	{ "another credential", { .raw_id = SLICE("another") },
	    WA_CREDENTIAL_ID },
	{ "its owner", { .user_handle = SLICE("user-1") }, WA_OK },
	{ "another owner", { .user_handle = SLICE("user-2") }, WA_USER_HANDLE },
	{ "a counter that counts", { .sign_count = 8 }, WA_OK },
	{ "extensions nobody asked for",
	    { .extensions = SLICE("\xa1\x63"
				  "abc\xf5") },
	    WA_OK },
	{ "a byte behind", { .trailing = SLICE("\0") }, WA_AUTHDATA_FORM },
	{ "extensions without the flag", { .trailing = SLICE("\xa0") },
	    WA_AUTHDATA_FORM },
	{ "extensions that are no map", { .extensions = SLICE("\x80") },
	    WA_AUTHDATA_FORM },
	{ "extensions cut short",
	    { .extensions = SLICE("\xa1\x63"
				  "ab") },
	    WA_AUTHDATA_FORM },
	{ "an extension twice",
	    { .extensions = SLICE("\xa2\x61"
				  "a\xf5\x61"
				  "a\xf5") },
	    WA_CBOR_FORM },
	{ "no authenticator data", { .authdata = SLICE("") },
	    WA_AUTHDATA_FORM },
	{ "no signature", { .signature = SLICE("") }, WA_SIGNATURE },
	{ "a signature that is none", { .signature = SLICE("signature") },
	    WA_SIGNATURE },
	{ "the signature of zeros",
	    { .signature = SLICE("\x30\x06\x02\x01\x00\x02\x01\x00") },
	    WA_SIGNATURE },
};

static struct wa_credential
record(const struct softkey *k)
{
	return (struct wa_credential){
		.credential_id = softkey_id(k),
		.cose_key = softkey_cose(k),
		.user_handle = slice_of("user-1"),
	};
}

static void
expect(const char *name, enum wa_verdict got, enum wa_verdict wanted)
{
	if (got != wanted)
		fail_msg("%s: got %s, want %s", name, wa_verdict_name(got),
		    wa_verdict_name(wanted));
}

static void
names_each_lie(void **state)
{
	struct softkey *k = *state;
	const struct wa_credential cred = record(k);
	struct wa_assertion_result r;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const struct wa_assertion a = softkey_assert(k, &lies[i].lie);

		expect(lies[i].name, wa_assertion_verify(&want, &a, &cred, &r),
		    lies[i].want);
	}
}

static void
strips_a_byte_order_mark(void **state)
{
	const struct wa_credential cred = record(*state);
	const struct wa_assertion a = softkey_assert(*state,
	    &(struct softkey_script){
		.client_data = "\xef\xbb\xbf{\"type\":\"webauthn.get\","
			       "\"challenge\":\"" SOFTKEY_CHALLENGE
			       "\",\"origin\":\"https://example.org\"}" });
	struct wa_assertion_result r;

	expect("BOM", wa_assertion_verify(&want, &a, &cred, &r), WA_OK);
}

/* What the relying party asks for decides as much as what came. */
static const struct {
	const char *name;
	struct softkey_script script;
	struct wa_assertion_expectation want;
	bool eligible;
	uint32_t count;
	enum wa_verdict verdict;
} wishes[] = {
	{ .name = "no verification asked for",
	    .script = { .flags = WA_FLAG_UP },
	    .want.common.need_uv = false,
	    .verdict = WA_OK },
	{ .name = "an iframe of ours",
	    .script = { .cross_origin = "true" },
	    .want.common.allow_cross_origin = true,
	    .verdict = WA_OK },
	{ .name = "framed by a friend",
	    .script = { .cross_origin = "true",
		.top_origin = "https://shop.example" },
	    .want.common = { .allow_cross_origin = true,
		.top_origins = top_origins },
	    .verdict = WA_OK },
	{ .name = "framed by a stranger",
	    .script = { .cross_origin = "true",
		.top_origin = "https://evil.example" },
	    .want.common = { .allow_cross_origin = true,
		.top_origins = top_origins },
	    .verdict = WA_TOP_ORIGIN },
	{ .name = "framed, and nobody may",
	    .script = { .cross_origin = "true",
		.top_origin = "https://shop.example" },
	    .want.common.allow_cross_origin = true,
	    .verdict = WA_TOP_ORIGIN },
	{ .name = "nobody was named, nor says who",
	    .want.need_user_handle = true,
	    .verdict = WA_USER_HANDLE_MISSING },
	{ .name = "nobody was named, and says who",
	    .script.user_handle = SLICE("user-1"),
	    .want.need_user_handle = true,
	    .verdict = WA_OK },
	{ .name = "no more eligible",
	    .eligible = true,
	    .verdict = WA_BACKUP_CHANGED },
	{ .name = "still eligible",
	    .script.flags = UP_UV | WA_FLAG_BE,
	    .eligible = true,
	    .verdict = WA_OK },
	{ .name = "eligible since, to a stern reader",
	    .script.flags = UP_UV | WA_FLAG_BE,
	    .want.refuse_backup_upgrade = true,
	    .verdict = WA_BACKUP_CHANGED },
	{ .name = "counted on",
	    .script.sign_count = 8,
	    .count = 7,
	    .verdict = WA_OK },
	{ .name = "counter stood still",
	    .script.sign_count = 7,
	    .count = 7,
	    .verdict = WA_SIGN_COUNT },
	{ .name = "counter went back",
	    .script.sign_count = 6,
	    .count = 7,
	    .verdict = WA_SIGN_COUNT },
	{ .name = "counter went to zero",
	    .count = 7,
	    .verdict = WA_SIGN_COUNT },
	{ .name = "counter went back, who cares",
	    .script.sign_count = 6,
	    .count = 7,
	    .want.ignore_sign_count = true,
	    .verdict = WA_OK },
};

static void
heeds_each_wish(void **state)
{
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		struct wa_assertion_expectation w = wishes[i].want;
		struct wa_credential cred = record(*state);
		struct wa_assertion_result r;
		struct wa_assertion a;

		w.common.challenge = want.common.challenge;
		w.common.rp_id = want.common.rp_id;
		w.common.origins = origins;
		cred.backup_eligible = wishes[i].eligible;
		cred.sign_count = wishes[i].count;
		a = softkey_assert(*state, &wishes[i].script);
		expect(wishes[i].name, wa_assertion_verify(&w, &a, &cred, &r),
		    wishes[i].verdict);
	}
}

static void
tells_what_it_learned(void **state)
{
	struct wa_assertion_expectation w = want;
	struct wa_credential cred = record(*state);
	struct wa_assertion_result r = { .sign_count = 99 };
	struct wa_assertion a = softkey_assert(*state,
	    &(struct softkey_script){
		.flags = UP_UV | WA_FLAG_BE | WA_FLAG_BS, .sign_count = 5 });

	cred.sign_count = 9;
	expect("back", wa_assertion_verify(&w, &a, &cred, &r), WA_SIGN_COUNT);
	assert_int_equal(r.sign_count, 99); /* left alone */
	w.ignore_sign_count = true;
	expect("let", wa_assertion_verify(&w, &a, &cred, &r), WA_OK);
	assert_int_equal(r.sign_count, 5);
	assert_int_equal(r.flags, UP_UV | WA_FLAG_BE | WA_FLAG_BS);
	assert_true(r.became_backup_eligible);
	assert_true(r.sign_count_went_back);
	cred.backup_eligible = true;
	cred.sign_count = 4;
	expect("on", wa_assertion_verify(&w, &a, &cred, &r), WA_OK);
	assert_false(r.became_backup_eligible);
	assert_false(r.sign_count_went_back);
}

static uint8_t *
copy_of(struct slice *s)
{
	uint8_t *p = malloc(s->n + (s->n == 0));

	assert_non_null(p);
	memcpy(p, s->p, s->n);
	s->p = p;
	return p;
}

/* Whichever bit is turned, it never comes out WA_OK. */
static void
no_bit_of_it_is_idle(int32_t algorithm)
{
	struct softkey *k = softkey_new(algorithm);
	struct wa_assertion a =
	    softkey_assert(k, &(struct softkey_script){ 0 });
	struct wa_credential cred = record(k);
	struct slice *parts[] = { &a.client_data_json, &a.authenticator_data,
		&a.signature, &cred.cose_key };
	struct wa_assertion_result r;

	for (size_t p = 0; p < 4; p++) {
		uint8_t *bytes = copy_of(parts[p]); /* to the exact size */

		for (size_t bit = 0; bit < parts[p]->n * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (wa_assertion_verify(&want, &a, &cred, &r) == WA_OK)
				fail_msg("part %zu, bit %zu", p, bit);
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		expect("turned back", wa_assertion_verify(&want, &a, &cred, &r),
		    WA_OK);
	}
	for (size_t p = 0; p < 4; p++)
		free((void *)(uintptr_t)parts[p]->p);
	softkey_free(k);
}

static void
no_bit_is_idle(void **state)
{
	(void)state;
	no_bit_of_it_is_idle(-7);
	no_bit_of_it_is_idle(-257);
	no_bit_of_it_is_idle(-8);
}

static void
verifies_each_algorithm(void **state)
{
	static const int32_t ids[] = { -7, -35, -36, -47, -8, -53, -257, -258,
		-259, -37, -38, -39, -9, -51, -52, -19, -48, -49, -50 };

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct softkey *k = softkey_new(ids[i]);
		struct softkey *other;
		struct wa_assertion a;
		struct wa_credential cred;
		struct wa_assertion_result r;
		char name[16];

		assert_true((k != NULL) == wa_algorithm_usable(ids[i]));
		if (k == NULL)
			continue;
		snprintf(name, sizeof(name), "%d", ids[i]);
		other = softkey_new(ids[i]);
		a = softkey_assert(k, &(struct softkey_script){ 0 });
		cred = record(k);
		expect(name, wa_assertion_verify(&want, &a, &cred, &r), WA_OK);
		cred.cose_key = softkey_cose(other);
		expect(name, wa_assertion_verify(&want, &a, &cred, &r),
		    WA_SIGNATURE);
		cred.cose_key = softkey_cose(k);
		expect(name, wa_assertion_verify(&want, &a, &cred, &r), WA_OK);
		softkey_free(k);
		softkey_free(other);
	}
}

/* Keys of all kinds in turn, and each signature under its neighbour's key.
 * Tells how often that went wrong: cmocka's own checks are for one thread. */
static void *
mix_keys(void *arg)
{
	enum { KEYS = 6, ROUNDS = 40 };
	static const int32_t ids[KEYS] = { -7, -7, -8, -8, -35, -257 };
	size_t *wrong = arg;
	struct softkey *k[KEYS];

	for (size_t i = 0; i < KEYS; i++)
		k[i] = softkey_new(ids[i]);
	for (size_t i = 0; i < (size_t)ROUNDS * KEYS; i++) {
		struct softkey *mine = k[i * 5 % KEYS];
		struct wa_credential cred = record(mine);
		struct wa_assertion a =
		    softkey_assert(mine, &(struct softkey_script){ 0 });
		struct wa_assertion_result r;

		*wrong += wa_assertion_verify(&want, &a, &cred, &r) != WA_OK;
		cred.cose_key = softkey_cose(k[(i * 5 + 1) % KEYS]);
		*wrong +=
		    wa_assertion_verify(&want, &a, &cred, &r) != WA_SIGNATURE;
	}
	for (size_t i = 0; i < KEYS; i++)
		softkey_free(k[i]);
	return NULL;
}

static void
keeps_keys_apart_on_each_thread(void **state)
{
	pthread_t threads[4];
	size_t wrong[4] = { 0 };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, mix_keys, &wrong[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(wrong[i], 0);
	}
}

/* A signature with PSS, of other parameters than the algorithm's own. */
static enum wa_verdict
judge_pss(struct softkey *k, int salt, const EVP_MD *mgf1)
{
	struct wa_assertion_expectation w = want;
	struct wa_assertion got =
	    softkey_assert(k, &(struct softkey_script){ 0 });
	const struct wa_credential cred = { .credential_id = softkey_id(k),
		.cose_key = softkey_cose(k) };
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct soft_bytes message = { 0 };
	struct wa_assertion_result r;
	EVP_PKEY_CTX *ctx = NULL;
	uint8_t sig[512], hash[32];
	size_t n = sizeof(sig);

	soft_sha256(got.client_data_json, hash);
	soft_put_slice(&message, got.authenticator_data);
	soft_put(&message, hash, sizeof(hash));
	assert_true(
	    EVP_DigestSignInit(md, &ctx, EVP_sha256(), NULL, k->key) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf1) == 1 &&
	    EVP_DigestSign(md, sig, &n, message.p, message.n) == 1);
	got.signature = (struct slice){ sig, n };
	EVP_MD_CTX_free(md);
	soft_free(&message);
	return wa_assertion_verify(&w, &got, &cred, &r);
}

/* RFC 8230 section 2: a salt as long as the hash, and one hash for all. */
static void
takes_one_kind_of_pss(void **state)
{
	struct softkey *k = softkey_new(-37);

	(void)state;
	assert_int_equal(judge_pss(k, 32, EVP_sha256()), WA_OK);
	assert_int_equal(judge_pss(k, 20, EVP_sha256()), WA_SIGNATURE);
	assert_int_equal(judge_pss(k, 0, EVP_sha256()), WA_SIGNATURE);
	assert_int_equal(judge_pss(k, 64, EVP_sha256()), WA_SIGNATURE);
	assert_int_equal(judge_pss(k, 32, EVP_sha1()), WA_SIGNATURE);
	softkey_free(k);
}

/* 6.3.3 leaves attested credential data out of assertions, and 7.2 does not
 * ask: what comes along is signed, and read by nobody. */
static void
passes_over_credential_data(void **state)
{
	struct softkey *k = softkey_new(-7);
	struct softkey *other = softkey_new(-7);
	const struct wa_credential cred = { .credential_id = softkey_id(k),
		.cose_key = softkey_cose(k) };
	struct soft_bytes data = { 0 };
	struct wa_assertion_result r;
	struct wa_assertion got;
	uint8_t hash[32];

	(void)state;
	soft_sha256(slice_of("example.org"), hash);
	soft_put(&data, hash, sizeof(hash));
	soft_put_be(&data, WA_FLAG_UP | WA_FLAG_UV | WA_FLAG_AT, 1);
	soft_put_be(&data, 0, 4);
	soft_put(&data, softkey_aaguid, 16);
	soft_put_be(&data, softkey_id(other).n, 2);
	soft_put_slice(&data, softkey_id(other));
	soft_put_slice(&data, softkey_cose(other));
	got = softkey_assert(
	    k, &(struct softkey_script){ .authdata = soft_slice(&data) });
	assert_int_equal(wa_assertion_verify(&want, &got, &cred, &r), WA_OK);
	got = softkey_assert(
	    other, &(struct softkey_script){ .authdata = soft_slice(&data) });
	got.credential_id = softkey_id(k);
	assert_int_equal(
	    wa_assertion_verify(&want, &got, &cred, &r), WA_SIGNATURE);
	soft_free(&data);
	softkey_free(k);
	softkey_free(other);
}

static int
setup(void **state)
{
	*state = softkey_new(-7);
	return 0;
}

static int
teardown(void **state)
{
	softkey_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_each_lie),
		cmocka_unit_test(strips_a_byte_order_mark),
		cmocka_unit_test(heeds_each_wish),
		cmocka_unit_test(tells_what_it_learned),
		cmocka_unit_test(no_bit_is_idle),
		cmocka_unit_test(verifies_each_algorithm),
		cmocka_unit_test(keeps_keys_apart_on_each_thread),
		cmocka_unit_test(takes_one_kind_of_pss),
		cmocka_unit_test(passes_over_credential_data),
	};

	return cmocka_run_group_tests_name("assertion", tests, setup, teardown);
}
