/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/softkey.h"
#include "webauthn/algorithm.h"
#include "webauthn/attestation.h"
#include "webauthn/hash.h"
#include "webauthn/policy.h"
#include "webauthn/second_opinion.h"

#define SLICE(s)                                                               \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UP_UV (WA_FLAG_UP | WA_FLAG_UV)

/* What a relying party wishes beyond the steps: policy, extensions, metadata.
 */

static const uint8_t challenge[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16 };
static const char *const origins[] = { SOFTKEY_ORIGIN, NULL };
static const uint8_t mine[1][16] = { "itsumo test key." };
static const uint8_t others[2][16] = { { 1 }, { 2 } };
static const struct wa_models only_mine = { mine, 1 };
static const struct wa_models only_others = { others, 2 };
static const char *const packed_alone[] = { "packed", NULL };

static struct wa_registration_expectation
under(const struct wa_policy *policy)
{
	struct wa_registration_expectation w =
	    wa_policy_registration(policy, SOFTCA_NOW);

	w.common.challenge = (struct slice){ challenge, sizeof(challenge) };
	w.common.rp_id = "example.org";
	w.common.origins = origins;
	return w;
}

static enum wa_verdict
verify(struct softkey *k, const struct wa_registration_expectation *w,
    const struct softkey_script *script, struct wa_registration_result *r)
{
	const struct wa_registration got = softkey_register(k, script);

	return wa_registration_verify(w, &got, r);
}

static void
expect(const char *name, enum wa_verdict got, enum wa_verdict wanted)
{
	if (got != wanted)
		fail_msg("%s: got %s, want %s", name, wa_verdict_name(got),
		    wa_verdict_name(wanted));
}

static void
offers_what_openssl_has(void **state)
{
	int32_t ids[32];
	const size_t n =
	    wa_policy_algorithms(&wa_policy_consumer, ids, COUNT(ids));

	(void)state;
	assert_true(n >= 12 && ids[0] == -7);
	for (size_t i = 0; i < n; i++)
		assert_true(wa_algorithm_usable(ids[i]));
	assert_int_equal(wa_policy_algorithms(&wa_policy_consumer, ids, 2), 2);
	assert_false(wa_algorithm_usable(-65535));
}

static void
heeds_formats_and_models(void **state)
{
	struct softkey *k = *state;
	const struct softkey_script packed = { .format = "packed" },
				    none = { 0 },
				    tomorrow = { .format_sent = "tomorrow" };
	struct wa_registration_expectation w = under(&wa_policy_consumer);
	struct wa_registration_result r;

	w.attestation.formats = packed_alone;
	expect("packed", verify(k, &w, &packed, &r), WA_OK);
	expect("none", verify(k, &w, &none, &r), WA_FORMAT_REFUSED);

	w = under(&wa_policy_consumer);
	expect("tomorrow", verify(k, &w, &tomorrow, &r), WA_OK);
	assert_string_equal(r.format, "none");
	assert_int_equal(r.attestation, WA_ATTESTATION_NONE);
	assert_true(slice_equal(r.unknown_format, slice_of("tomorrow")));
	w.attestation.refuse_none = true;
	expect("tomorrow", verify(k, &w, &tomorrow, &r), WA_NONE_REFUSED);
	w.attestation.accept_unknown_formats = false;
	expect("tomorrow", verify(k, &w, &tomorrow, &r), WA_FORMAT);

	w = under(&wa_policy_consumer);
	w.attestation.models_allowed = &only_mine;
	expect("mine", verify(k, &w, &packed, &r), WA_OK);
	w.attestation.models_allowed = &only_others;
	expect("others", verify(k, &w, &packed, &r), WA_MODEL_REFUSED);
	w.attestation.models_allowed = NULL;
	w.attestation.models_refused = &only_others;
	expect("not others", verify(k, &w, &packed, &r), WA_OK);
	w.attestation.models_refused = &only_mine;
	expect("not mine", verify(k, &w, &packed, &r), WA_MODEL_REFUSED);

	w = under(&wa_policy_consumer);
	w.backup = WA_BACKUP_ALWAYS;
	expect("one device", verify(k, &w, &none, &r), WA_BACKUP_REQUIRED);
	expect("synced",
	    verify(k, &w,
		&(struct softkey_script){ .flags = UP_UV | WA_FLAG_BE }, &r),
	    WA_OK);
}

static void
reads_revocation_lists(void **state)
{
	static const struct {
		const char *name;
		size_t revoked;
		bool stale;
		enum wa_verdict want;
	} lists[] = {
		{ "none of them", 0, false, WA_OK },
		{ "none of them, long ago", 0, true, WA_OK },
		{ "this one", 1, false, WA_CERTIFICATE_REVOKED },
		{ "this one, long ago", 1, true, WA_CERTIFICATE_REVOKED },
	};
	struct softkey *k = *state;
	struct softca *ca = softkey_ca(k);
	const struct slice root = softca_root(ca);
	struct wa_registration_expectation w = under(&wa_policy_consumer);

	w.attestation.anchors = (struct wa_trust_anchors){ &root, 1 };
	for (size_t i = 0; i < COUNT(lists); i++) {
		const struct wa_registration got = softkey_register(
		    k, &(struct softkey_script){ .format = "packed" });
		struct soft_bytes der = { 0 };
		struct wa_registration_result r;
		struct slice list;

		softca_revoke(ca, lists[i].revoked, lists[i].stale, &der);
		list = soft_slice(&der);
		w.attestation.revoked =
		    (struct wa_revocation_lists){ &list, 1 };
		for (int required = 0; required < 2; required++) {
			w.attestation.require_trusted = required;
			expect(lists[i].name,
			    wa_registration_verify(&w, &got, &r),
			    lists[i].want);
		}
		soft_free(&der);
	}
}

/* One output a row: what is read, and what is refused when asked for. */
static const struct {
	const char *name;
	struct slice cbor, json;
	unsigned seen;
	bool form; /* is of its form */
} outputs[] = {
	{ "nothing", { 0 }, { 0 }, 0, true },
	{ "credProtect",
	    SLICE("\xa1\x6b"
		  "credProtect\x03"),
	    { 0 }, WA_EXT_CRED_PROTECT, true },
	{ "credProtect 4",
	    SLICE("\xa1\x6b"
		  "credProtect\x04"),
	    { 0 }, WA_EXT_CRED_PROTECT, false },
	{ "credProtect in words",
	    SLICE("\xa1\x6b"
		  "credProtect\x61"
		  "3"),
	    { 0 }, WA_EXT_CRED_PROTECT, false },
	{ "minPinLength",
	    SLICE("\xa1\x6c"
		  "minPinLength\x06"),
	    { 0 }, WA_EXT_MIN_PIN_LENGTH, true },
	{ "minPinLength below zero",
	    SLICE("\xa1\x6c"
		  "minPinLength\x20"),
	    { 0 }, WA_EXT_MIN_PIN_LENGTH, false },
	{ "credBlob stored",
	    SLICE("\xa1\x68"
		  "credBlob\xf5"),
	    { 0 }, WA_EXT_CRED_BLOB, true },
	{ "credBlob",
	    SLICE("\xa1\x68"
		  "credBlob\x43"
		  "abc"),
	    { 0 }, WA_EXT_CRED_BLOB, true },
	{ "credBlob as a number",
	    SLICE("\xa1\x68"
		  "credBlob\x07"),
	    { 0 }, WA_EXT_CRED_BLOB, false },
	{ "hmac-secret",
	    SLICE("\xa1\x6b"
		  "hmac-secret\xf5"),
	    { 0 }, WA_EXT_PRF, true },
	{ "hmac-secret as a number",
	    SLICE("\xa1\x6b"
		  "hmac-secret\x01"),
	    { 0 }, WA_EXT_PRF, false },
	{ "uvm",
	    SLICE("\xa1\x63"
		  "uvm\x82\x83\x02\x04\x02\x83\x18\x20\x04"
		  "\x02"),
	    { 0 }, WA_EXT_UVM, true },
	{ "uvm of two numbers",
	    SLICE("\xa1\x63"
		  "uvm\x81\x82\x02\x04"),
	    { 0 }, WA_EXT_UVM, false },
	{ "uvm of four",
	    SLICE("\xa1\x63"
		  "uvm\x84\x83\1\1\1\x83\1\1\1"
		  "\x83\1\1\1\x83\1\1\1"),
	    { 0 }, WA_EXT_UVM, false },
	{ "uvm of nothing",
	    SLICE("\xa1\x63"
		  "uvm\x80"),
	    { 0 }, WA_EXT_UVM, false },
	{ "one of tomorrow",
	    SLICE("\xa1\x63"
		  "new\xf5"),
	    { 0 }, WA_EXT_OTHER, true },
	{ "credProps", { 0 }, SLICE("{\"credProps\":{\"rk\":true}}"),
	    WA_EXT_CRED_PROPS, true },
	{ "credProps in words", { 0 }, SLICE("{\"credProps\":\"rk\"}"),
	    WA_EXT_CRED_PROPS, false },
	{ "credProps.rk in words", { 0 },
	    SLICE("{\"credProps\":{\"rk\":\"yes\"}}"), WA_EXT_CRED_PROPS,
	    false },
	{ "largeBlob", { 0 }, SLICE("{\"largeBlob\":{\"supported\":true}}"),
	    WA_EXT_LARGE_BLOB, true },
	{ "largeBlob in words", { 0 }, SLICE("{\"largeBlob\":true}"),
	    WA_EXT_LARGE_BLOB, false },
	{ "prf", { 0 }, SLICE("{\"prf\":{\"enabled\":true}}"), WA_EXT_PRF,
	    true },
	{ "prf in words", { 0 }, SLICE("{\"prf\":1}"), WA_EXT_PRF, false },
	{ "appid", { 0 }, SLICE("{\"appid\":true}"), WA_EXT_APPID, true },
	{ "appid in words", { 0 }, SLICE("{\"appid\":\"true\"}"), WA_EXT_APPID,
	    false },
	{ "appidExclude", { 0 }, SLICE("{\"appidExclude\":true}"),
	    WA_EXT_APPID_EXCLUDE, true },
	{ "appidExclude in words", { 0 }, SLICE("{\"appidExclude\":[]}"),
	    WA_EXT_APPID_EXCLUDE, false },
	{ "one of tomorrow's clients", { 0 }, SLICE("{\"new\":{}}"),
	    WA_EXT_OTHER, true },
};

static void
reads_each_extension(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(outputs); i++) {
		const struct wa_extension_policy
		    asked = { .requested = outputs[i].seen },
		    stern = { .refuse_unsolicited = true }, mild = { 0 };
		struct wa_extensions e = { 0 };

		expect(outputs[i].name,
		    wa_extensions_read(
			outputs[i].cbor, outputs[i].json, &asked, &e),
		    outputs[i].form ? WA_OK : WA_EXTENSION_FORM);
		expect(outputs[i].name,
		    wa_extensions_read(
			outputs[i].cbor, outputs[i].json, &mild, &e),
		    WA_OK);
		assert_int_equal(e.seen, outputs[i].seen);
		expect(outputs[i].name,
		    wa_extensions_read(
			outputs[i].cbor, outputs[i].json, &stern, &e),
		    outputs[i].seen != 0 ? WA_EXTENSION_UNSOLICITED : WA_OK);
	}
}

static void
reports_what_extensions_said(void **state)
{
	static const struct slice cbor = SLICE("\xa5\x63"
					       "uvm\x81\x83\x02\x04"
					       "\x02\x68"
					       "credBlob\x43"
					       "abc\x6b"
					       "credProtect\x02\x6b"
					       "hmac-secret\xf5\x6c"
					       "minPinLength\x06");
	static const struct slice json =
	    SLICE("{\"credProps\":{\"rk\":true},"
		  "\"largeBlob\":{\"written\":true},\"prf\":{\"results\":{}},"
		  "\"appid\":true,\"appidExclude\":false}");
	static const struct wa_extension_policy mild = { 0 };
	struct wa_extensions e;

	(void)state;
	expect("all", wa_extensions_read(cbor, json, &mild, &e), WA_OK);
	assert_true(e.resident_key && e.large_blob && e.prf && e.appid);
	assert_false(e.appid_exclude);
	assert_int_equal(e.protection, 2);
	assert_int_equal(e.min_pin_length, 6);
	assert_true(slice_equal(e.cred_blob, slice_of("abc")));
	assert_int_equal(e.uvm_count, 1);
	assert_int_equal(e.uvm[0].method, 2);
	assert_int_equal(e.uvm[0].key_protection, 4);
	assert_int_equal(e.uvm[0].matcher_protection, 2);
}

static void
refuses_bad_client_outputs(void **state)
{
	static const struct slice bad[] = { SLICE("{"), SLICE("[]"),
		SLICE("{\"appid\":true,\"appid\":false}"), SLICE("\"\xff\"") };
	static const struct wa_extension_policy mild = { 0 };
	struct wa_extensions e;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		expect("bad",
		    wa_extensions_read((struct slice){ 0 }, bad[i], &mild, &e),
		    WA_EXTENSION_FORM);
}

static void
wants_protection(void **state)
{
	static const struct slice two = SLICE("\xa1\x6b"
					      "credProtect\x02");
	struct softkey *k = *state;
	struct wa_registration_expectation w = under(&wa_policy_consumer);
	struct wa_registration_result r;

	w.extensions.min_protection = 2;
	expect("untold", verify(k, &w, &(struct softkey_script){ 0 }, &r),
	    WA_EXTENSION_PROTECTION);
	expect("two",
	    verify(k, &w, &(struct softkey_script){ .extensions = two }, &r),
	    WA_OK);
	assert_int_equal(r.extensions.protection, 2);
	w.extensions.min_protection = 3;
	expect("too little",
	    verify(k, &w, &(struct softkey_script){ .extensions = two }, &r),
	    WA_EXTENSION_PROTECTION);
	w.extensions.min_protection = 0;
	w.extensions.refuse_unsolicited = true;
	expect("unsolicited",
	    verify(k, &w, &(struct softkey_script){ .extensions = two }, &r),
	    WA_EXTENSION_UNSOLICITED);
}

/* L3 10.1.1: a credential of U2F times is scoped to an AppID. */
static void
accepts_an_appid_it_asked_with(void **state)
{
	struct softkey *k = *state;
	const struct wa_credential cred = { .credential_id = softkey_id(k),
		.cose_key = softkey_cose(k) };
	const struct softkey_script script = {
		.rp_id = "https://example.org/app-id.json"
	};
	struct wa_assertion_expectation w =
	    wa_policy_assertion(&wa_policy_consumer);
	struct wa_assertion got = softkey_assert(k, &script);
	struct wa_assertion_result r;

	w.common.challenge = (struct slice){ challenge, sizeof(challenge) };
	w.common.rp_id = "example.org";
	w.common.origins = origins;
	expect("nobody asked", wa_assertion_verify(&w, &got, &cred, &r),
	    WA_RP_ID_HASH);
	got.client_extensions = slice_of("{\"appid\":true}");
	expect("nobody asked, it says",
	    wa_assertion_verify(&w, &got, &cred, &r), WA_RP_ID_HASH);
	w.appid = script.rp_id;
	expect("asked", wa_assertion_verify(&w, &got, &cred, &r), WA_OK);
	assert_true(r.extensions.appid);
	got.client_extensions = slice_of("{\"appid\":false}");
	expect("asked, not used", wa_assertion_verify(&w, &got, &cred, &r),
	    WA_RP_ID_HASH);
	got.appid_used = true;
	expect(
	    "asked, by word", wa_assertion_verify(&w, &got, &cred, &r), WA_OK);
}

/* Linked in front of the library's own: what libfido2 would say. */
static bool disagrees;
enum wa_verdict __real_wa_second_opinion(
    const char *format, const struct wa_statement *st, const char *rp_id);
enum wa_verdict __wrap_wa_second_opinion(
    const char *format, const struct wa_statement *st, const char *rp_id);

enum wa_verdict
__wrap_wa_second_opinion(
    const char *format, const struct wa_statement *st, const char *rp_id)
{
	return disagrees ? WA_SECOND_OPINION
			 : __real_wa_second_opinion(format, st, rp_id);
}

/* Whatever we found good is refused where the other disagrees. */
static void
heeds_a_second_opinion(void **state)
{
	static const char *const formats[] = { "none", "packed", "packed-self",
		"fido-u2f", "compound" };
	struct softkey *k = *state;
	struct wa_registration_expectation w = under(&wa_policy_consumer);
	struct wa_registration_result r;

	w.common.need_uv = false;
	for (size_t i = 0; i < COUNT(formats); i++) {
		const struct softkey_script script = { .format = formats[i],
			.flags = WA_FLAG_UP };

		disagrees = false;
		expect(formats[i], verify(k, &w, &script, &r), WA_OK);
		disagrees = true;
		expect(
		    formats[i], verify(k, &w, &script, &r), WA_SECOND_OPINION);
	}
	disagrees = false;
}

/* libfido2 is asked about each shape it can judge, and agrees with lies of
 * ours as little as with those of others. */
static void
hears_a_second_opinion(void **state)
{
	static const struct {
		const char *format;
		int32_t algorithm, attestation;
		bool asked;
	} shapes[] = {
		{ "packed", -7, -7, true },
		{ "packed", -8, -7, true },
		{ "packed", -35, -7, true },
		{ "packed", -257, -7, true },
		{ "packed", -7, -8, true },
		{ "packed", -7, -257, true },
		{ "packed", -7, -35, true },
		{ "packed", -7, -36, false },
		{ "packed", -36, -7, false },
		{ "packed-self", -7, 0, true },
		{ "packed-self", -8, 0, true },
		{ "packed-self", -257, 0, true },
		{ "packed-self", -37, 0, false },
		{ "fido-u2f", -7, -7, true },
		{ "tpm", -7, -65535, true },
		{ "tpm", -257, -65535, true },
		{ "tpm", -7, -7, false },
		{ "tpm", -35, -65535, false },
		{ "apple", -7, 0, false },
		{ "android-key", -7, 0, false },
		{ "none", -7, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct softkey *k = softkey_new(shapes[i].algorithm);
		const struct wa_registration got = softkey_register(
		    k, &(struct softkey_script){ .format = shapes[i].format,
			   .flags = WA_FLAG_UP,
			   .attestation_alg = shapes[i].attestation });
		struct cursor c = cursor_over(got.attestation_object);
		const struct wa_cbor object = cursor_cbor_item(&c);
		struct wa_statement st = { 0 };
		struct wa_cbor fmt, authdata;
		struct wa_authdata ad;
		struct wa_cose key;
		uint8_t hash[32];
		char format[32] = { 0 };

		assert_true(wa_cbor_get_text(&object, "fmt", &fmt) &&
			    wa_cbor_get_text(&object, "attStmt", &st.map) &&
			    wa_cbor_get_text(&object, "authData", &authdata));
		memcpy(format, fmt.bytes.p, fmt.bytes.n);
		st.authdata_raw = authdata.bytes;
		assert_int_equal(wa_authdata_parse(authdata.bytes, &ad), WA_OK);
		assert_int_equal(wa_cose_parse(ad.cose_key, &key), WA_OK);
		assert_true(wa_sha256(got.client_data_json, hash));
		st.authdata = &ad;
		st.key = &key;
		st.client_data_hash = (struct slice){ hash, 32 };
		if (wa_second_opinion_can(format, &st) != shapes[i].asked)
			fail_msg("%s %d %d", shapes[i].format,
			    shapes[i].algorithm, shapes[i].attestation);
		expect(shapes[i].format,
		    wa_second_opinion(format, &st, "example.org"), WA_OK);
		hash[0] ^= 1;
		expect(shapes[i].format,
		    wa_second_opinion(format, &st, "example.org"),
		    shapes[i].asked ? WA_SECOND_OPINION : WA_OK);
		hash[0] ^= 1;
		expect(shapes[i].format,
		    wa_second_opinion(format, &st, "evil.example"),
		    shapes[i].asked ? WA_SECOND_OPINION : WA_OK);
		softkey_free(k);
	}
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
		cmocka_unit_test(offers_what_openssl_has),
		cmocka_unit_test(heeds_formats_and_models),
		cmocka_unit_test(reads_revocation_lists),
		cmocka_unit_test(reads_each_extension),
		cmocka_unit_test(reports_what_extensions_said),
		cmocka_unit_test(refuses_bad_client_outputs),
		cmocka_unit_test(wants_protection),
		cmocka_unit_test(accepts_an_appid_it_asked_with),
		cmocka_unit_test(hears_a_second_opinion),
		cmocka_unit_test(heeds_a_second_opinion),
	};

	return cmocka_run_group_tests_name("policy", tests, setup, teardown);
}
