/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/softjws.h"
#include "tests/softkey.h"
#include "tests/softstatement.h"
#include "webauthn/b64.h"
#include "webauthn/policy.h"
#include "webauthn/x5c.h"

#define UP_UV (WA_FLAG_UP | WA_FLAG_UV)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Models, by metadata and by lists: who is one, who says so, and which anchor
 * speaks for it. */

static const uint8_t challenge[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16 };
static const char *const origins[] = { SOFTKEY_ORIGIN, NULL };

static struct wa_registration_expectation
as_preset(const struct wa_policy *policy)
{
	struct wa_registration_expectation w =
	    wa_policy_registration(policy, SOFTCA_NOW);

	w.common.challenge = (struct slice){ challenge, sizeof(challenge) };
	w.common.rp_id = "example.org";
	w.common.origins = origins;
	return w;
}

/* The same, where each test says itself what it asks of metadata. */
static struct wa_registration_expectation
under(const struct wa_policy *policy)
{
	struct wa_registration_expectation w = as_preset(policy);

	w.common.need_uv = false; /* U2F has none */
	w.attestation.require_metadata = false;
	w.attestation.refuse_expired_metadata = false;
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

/* What a BLOB says of one model. */
struct known {
	const char *as; /* "aaguid":… or "attestationCertificate…":[…] */
	const char *name, *statuses;
	struct slice root; /* empty: it names none */
};

static void
put_entry(const struct known *known, struct soft_bytes *out)
{
	char text[8192], root[4096] = "";
	int n;

	if (known->root.n > 0)
		assert_true(wa_b64_encode(known->root, root, sizeof(root)));
	n = snprintf(text, sizeof(text),
	    "%s{%s,\"timeOfLastStatusChange\":\"2026-01-01\","
	    "\"statusReports\":[%s],\"metadataStatement\":{\"description\":"
	    "\"%s\",\"attestationRootCertificates\":[%s%s%s]}}",
	    out->p[out->n - 1] == '[' ? "" : ",", known->as, known->statuses,
	    known->name, *root ? "\"" : "", root, *root ? "\"" : "");
	soft_put(out, text, (size_t)n);
}

static struct wa_mds *
metadata_of(const struct known *known, size_t count)
{
	static const char head[] = "{\"no\":1,\"nextUpdate\":\"2026-06-30\","
				   "\"entries\":[";
	struct softca *service = softca_new();
	const struct slice service_root = softca_root(service);
	const struct wa_mds_terms terms = { .anchors = { &service_root, 1 },
		.at = SOFTCA_NOW };
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct soft_bytes text = { 0 }, blob = { 0 };
	struct wa_mds *mds = NULL;

	soft_put(&text, head, sizeof(head) - 1);
	for (size_t i = 0; i < count; i++)
		put_entry(&known[i], &text);
	soft_put(&text, "]}", 2);
	softjws_make(service, key, &(struct softjws_script){ .host = "mds" },
	    soft_slice(&text), &blob);
	expect("metadata", wa_mds_load(soft_slice(&blob), &terms, &mds), WA_OK);
	assert_int_equal(wa_mds_info(mds).entry_count, count);
	soft_free(&text);
	soft_free(&blob);
	EVP_PKEY_free(key);
	softca_free(service);
	return mds;
}

#define GOOD "{\"status\":\"FIDO_CERTIFIED_L1\"}"
#define REVOKED GOOD ",{\"status\":\"REVOKED\"}"

static const char *
by_aaguid(const char *aaguid)
{
	static char text[64];
	const uint8_t *a = (const uint8_t *)aaguid;

	snprintf(text, sizeof(text),
	    "\"aaguid\":\"%02x%02x%02x%02x-%02x%02x-"
	    "%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\"",
	    a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10],
	    a[11], a[12], a[13], a[14], a[15]);
	return text;
}

/* By the identifier of a certificate's key. */
static void
by_key(struct slice der, char text[128])
{
	struct wa_x5c *path;
	uint8_t id[20];
	int n;

	assert_int_equal(wa_x5c_parse_der(&der, 1, &path), WA_OK);
	assert_true(wa_certificate_key_id(path->certs[0], id));
	wa_x5c_free(path);
	n = snprintf(text, 128, "\"attestationCertificateKeyIdentifiers\":[\"");
	for (size_t i = 0; i < sizeof(id); i++)
		n += snprintf(text + n, 128 - (size_t)n, "%02x", id[i]);
	snprintf(text + n, 128 - (size_t)n, "\"]");
}

static const struct softca_script u2f_certificate = { .common_name = "U2F",
	.under_root = true };
static const struct softkey_script u2f = { .format = "fido-u2f",
	.flags = WA_FLAG_UP,
	.certificate = &u2f_certificate };

/* The same of the key that the soft key attests with. */
static void
by_own_key(struct softkey *k, char text[128])
{
	struct soft_bytes leaf = { 0 };

	/* Any certificate of the attestation key has that identifier. */
	softca_issue(
	    softkey_ca(k), softstatement_key(k, &u2f), &u2f_certificate, &leaf);
	by_key(soft_slice(&leaf), text);
	soft_free(&leaf);
}

static void
presets_differ_as_they_say(void **state)
{
	static const struct {
		const char *name;
		struct softkey_script script;
		enum wa_verdict consumer, enterprise;
	} cases[] = {
		{ "none", { 0 }, WA_OK, WA_NONE_REFUSED },
		{ "self", { .format = "packed-self" }, WA_OK, WA_SELF_REFUSED },
		{ "packed", { .format = "packed" }, WA_OK, WA_OK },
		{ "a synced passkey",
		    { .format = "packed",
			.flags = UP_UV | WA_FLAG_BE | WA_FLAG_BS },
		    WA_OK, WA_BACKUP_REFUSED },
		{ "not verified", { .format = "packed", .flags = WA_FLAG_UP },
		    WA_USER_UNVERIFIED, WA_USER_UNVERIFIED },
		{ "a path that ends nowhere",
		    { .format = "packed", .lie = SOFTKEY_X5C_LEAF_ONLY }, WA_OK,
		    WA_TRUST_PATH },
		{ "SafetyNet", { .format = "android-safetynet" }, WA_OK,
		    WA_FORMAT_REFUSED },
		{ "Android's software",
		    { .format = "android-key", .android.in_software = true },
		    WA_OK, WA_ANDROID_ORIGIN },
		{ "Android's hardware", { .format = "android-key" }, WA_OK,
		    WA_OK },
		{ "a format of tomorrow", { .format_sent = "tomorrow" }, WA_OK,
		    WA_FORMAT },
	};
	struct softkey *k = *state;
	const struct softkey_script packed = { .format = "packed" };
	const struct known model = { by_aaguid(softkey_aaguid), "Soft Key",
		GOOD, softca_root(softkey_ca(k)) };
	struct wa_mds *mds = metadata_of(&model, 1);
	struct wa_registration_expectation c = as_preset(&wa_policy_consumer);
	struct wa_registration_expectation e = as_preset(&wa_policy_enterprise);
	struct wa_registration_result r;

	expect("no metadata", verify(k, &e, &packed, &r), WA_MODEL_UNKNOWN);
	e.attestation.metadata = mds;
	for (size_t i = 0; i < COUNT(cases); i++) {
		expect(cases[i].name, verify(k, &c, &cases[i].script, &r),
		    cases[i].consumer);
		expect(cases[i].name, verify(k, &e, &cases[i].script, &r),
		    cases[i].enterprise);
	}
	e.attestation.at = 1782777600 + 86400; /* the day after nextUpdate */
	expect("old metadata", verify(k, &e, &packed, &r), WA_METADATA_EXPIRED);
	wa_mds_unref(mds);
	assert_ptr_equal(wa_policy_find("consumer"), &wa_policy_consumer);
	assert_ptr_equal(wa_policy_find("enterprise"), &wa_policy_enterprise);
	assert_null(wa_policy_find("Consumer"));
}

static void
judges_models_by_metadata(void **state)
{
	static const struct {
		const char *name, *statuses;
		unsigned tolerated;
		enum wa_verdict want;
	} cases[] = {
		{ "certified", GOOD, 0, WA_OK },
		{ "of a status of tomorrow", "{\"status\":\"X\"}", 0, WA_OK },
		{ "revoked", REVOKED, 0, WA_MODEL_STATUS },
		{ "with its attestation key out",
		    "{\"status\":\"ATTESTATION_KEY_COMPROMISE\"}", 0,
		    WA_MODEL_STATUS },
		{ "that anybody unlocks",
		    "{\"status\":\"USER_VERIFICATION_BYPASS\"}", 0,
		    WA_MODEL_STATUS },
		{ "read from afar",
		    "{\"status\":\"USER_KEY_REMOTE_COMPROMISE\"}", 0,
		    WA_MODEL_STATUS },
		{ "opened in a laboratory",
		    "{\"status\":\"USER_KEY_PHYSICAL_COMPROMISE\"}", 0,
		    WA_MODEL_STATUS },
		{ "opened, and tolerated",
		    "{\"status\":\"USER_KEY_PHYSICAL_COMPROMISE\"}",
		    WA_MDS_USER_KEY_PHYSICAL_COMPROMISE, WA_OK },
	};
	struct softkey *k = *state;
	const struct softkey_script packed = { .format = "packed" };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct wa_registration_expectation w =
		    under(&wa_policy_enterprise);
		struct wa_registration_result r;
		const struct known model = { by_aaguid(softkey_aaguid),
			"Soft Key", cases[i].statuses,
			softca_root(softkey_ca(k)) };
		struct wa_mds *mds = metadata_of(&model, 1);

		w.attestation.metadata = mds;
		w.attestation.require_metadata = true;
		w.attestation.tolerated_statuses = cases[i].tolerated;
		expect(
		    cases[i].name, verify(k, &w, &packed, &r), cases[i].want);
		if (cases[i].want == WA_OK) {
			/* By the model's own root: we gave no anchor. */
			assert_int_equal(r.attestation, WA_ATTESTATION_TRUSTED);
			assert_string_equal(r.model_name, "Soft Key");
		}
		wa_mds_unref(mds);
	}
}

static void
wants_models_to_be_known(void **state)
{
	struct softkey *k = *state;
	const struct softkey_script packed = { .format = "packed" },
				    other = { .format = "packed",
					    .aaguid = "another model..." };
	const struct slice root = softca_root(softkey_ca(k));
	struct wa_registration_expectation w = under(&wa_policy_enterprise);
	const struct known model = { by_aaguid(softkey_aaguid), "Soft Key",
		GOOD, root };
	struct wa_mds *mds = metadata_of(&model, 1);
	struct wa_registration_result r;

	w.attestation.anchors = (struct wa_trust_anchors){ &root, 1 };
	w.attestation.require_metadata = true;
	expect("no metadata", verify(k, &w, &packed, &r), WA_MODEL_UNKNOWN);
	w.attestation.metadata = mds;
	expect("known", verify(k, &w, &packed, &r), WA_OK);
	expect("unknown", verify(k, &w, &other, &r), WA_MODEL_UNKNOWN);
	w.attestation.require_metadata = false;
	expect("unknown, by our anchor", verify(k, &w, &other, &r), WA_OK);
	assert_null(r.model_name);

	w.attestation.at = 1782777600 + 86400; /* the day after nextUpdate */
	expect("old metadata", verify(k, &w, &packed, &r), WA_OK);
	w.attestation.refuse_expired_metadata = true;
	expect("old metadata, to a stern reader", verify(k, &w, &packed, &r),
	    WA_METADATA_EXPIRED);
	wa_mds_unref(mds);
}

static void
knows_u2f_by_its_certificate(void **state)
{
	struct softkey *k = *state;
	struct wa_registration_expectation w = under(&wa_policy_enterprise);
	struct wa_registration_result r;
	struct wa_mds *mds;
	char own[128];

	by_own_key(k, own);
	mds = metadata_of(&(struct known){ own, "Soft Key", GOOD,
			      softca_root(softkey_ca(k)) },
	    1);
	w.attestation.metadata = mds;
	w.attestation.require_metadata = true;
	expect("u2f", verify(k, &w, &u2f, &r), WA_OK);
	assert_string_equal(r.model_name, "Soft Key");
	wa_mds_unref(mds);
}

/* U2F signs no AAGUID: one that is claimed beside it names no model. */
static void
u2f_names_no_model(void **state)
{
	static const uint8_t mine[1][16] = { "itsumo test key." };
	static const uint8_t none[1][16] = { { 0 } };
	static const struct wa_models only_mine = { mine, 1 };
	static const struct wa_models only_none = { none, 1 };
	struct softkey *k = *state;
	const struct slice root = softca_root(softkey_ca(k));
	struct wa_registration_expectation w = under(&wa_policy_enterprise);
	struct wa_registration_result r;
	struct known models[2];
	struct wa_mds *mds;
	char own[128];

	w.attestation.anchors = (struct wa_trust_anchors){ &root, 1 };
	w.attestation.models_allowed = &only_mine;
	expect("claims one of the list", verify(k, &w, &u2f, &r),
	    WA_MODEL_REFUSED);
	w.attestation.models_allowed = &only_none;
	expect("where none is in it", verify(k, &w, &u2f, &r), WA_OK);
	assert_true(
	    slice_equal(r.aaguid, (struct slice){ none[0], sizeof(none[0]) }));
	w.attestation.models_allowed = NULL;
	w.attestation.models_refused = &only_mine;
	expect("claims one refused", verify(k, &w, &u2f, &r), WA_MODEL_REFUSED);
	w.attestation.models_refused = &only_none;
	expect("is one refused", verify(k, &w, &u2f, &r), WA_MODEL_REFUSED);
	w.attestation.models_refused = NULL;

	by_own_key(k, own);
	models[0] = (struct known){ own, "Old Key", REVOKED, root };
	models[1] =
	    (struct known){ by_aaguid(softkey_aaguid), "Good Key", GOOD, root };
	mds = metadata_of(models, 2);
	w.attestation.metadata = mds;
	expect("a revoked one, as a good one", verify(k, &w, &u2f, &r),
	    WA_MODEL_STATUS);
	wa_mds_unref(mds);
	mds = metadata_of(&models[1], 1);
	w.attestation.metadata = mds;
	expect("an unknown one, as a good one", verify(k, &w, &u2f, &r), WA_OK);
	assert_null(r.model_name);
	w.attestation.require_metadata = true;
	expect("one that must be known", verify(k, &w, &u2f, &r),
	    WA_MODEL_UNKNOWN);
	wa_mds_unref(mds);
}

/* What stands in x5c behind the certificate that signed names no model. */
static void
strangers_in_x5c_name_nobody(void **state)
{
	struct softkey *k = *state;
	struct softca *other = softca_new();
	EVP_PKEY *theirs = EVP_EC_gen("P-256");
	const struct slice own_root = softca_root(softkey_ca(k));
	struct wa_registration_expectation w = under(&wa_policy_enterprise);
	struct soft_bytes leaf = { 0 };
	struct softkey_script packed = { .format = "packed" };
	struct wa_registration_result r;
	struct wa_mds *mds;
	char text[128];

	softca_issue(other, theirs, &u2f_certificate, &leaf);
	by_key(soft_slice(&leaf), text);
	mds = metadata_of(&(struct known){ text, "Somebody else's key", GOOD,
			      softca_root(other) },
	    1);
	packed.certificate_behind = soft_slice(&leaf);
	w.attestation.anchors = (struct wa_trust_anchors){ &own_root, 1 };
	w.attestation.metadata = mds;
	expect("by our anchor", verify(k, &w, &packed, &r), WA_OK);
	assert_null(r.model_name);
	w.attestation.require_metadata = true;
	expect("unknown", verify(k, &w, &packed, &r), WA_MODEL_UNKNOWN);
	wa_mds_unref(mds);
	/* One on the path is none either: an authority is no model. */
	by_key(softca_intermediate(softkey_ca(k)), text);
	mds = metadata_of(
	    &(struct known){ text, "An authority", GOOD, own_root }, 1);
	w.attestation.metadata = mds;
	packed.certificate_behind = (struct slice){ 0 };
	expect("an authority", verify(k, &w, &packed, &r), WA_MODEL_UNKNOWN);
	wa_mds_unref(mds);
	soft_free(&leaf);
	EVP_PKEY_free(theirs);
	softca_free(other);
}

/* Known models lead to their own anchors, and to ours only if told. */
static void
each_model_has_its_own_anchors(void **state)
{
	struct softkey *k = *state;
	struct softca *other = softca_new();
	const struct slice ours = softca_root(softkey_ca(k));
	const struct softkey_script packed = { .format = "packed" };
	struct wa_registration_expectation w = under(&wa_policy_enterprise);
	const struct known models[] = {
		{ by_aaguid(softkey_aaguid), "Theirs", GOOD,
		    softca_root(other) },
		{ by_aaguid(softkey_aaguid), "Rootless", GOOD, { 0 } },
	};
	struct wa_registration_result r;

	w.attestation.anchors = (struct wa_trust_anchors){ &ours, 1 };
	for (size_t i = 0; i < COUNT(models); i++) {
		struct wa_mds *mds = metadata_of(&models[i], 1);

		w.attestation.metadata = mds;
		w.attestation.anchors_beside_metadata = false;
		w.attestation.require_trusted = true;
		expect(
		    models[i].name, verify(k, &w, &packed, &r), WA_TRUST_PATH);
		w.attestation.require_trusted = false;
		expect(models[i].name, verify(k, &w, &packed, &r), WA_OK);
		assert_int_equal(r.attestation, WA_ATTESTATION_UNCERTAIN);
		assert_null(r.model_name);
		w.attestation.anchors_beside_metadata = true;
		w.attestation.require_trusted = true;
		expect(models[i].name, verify(k, &w, &packed, &r), WA_OK);
		assert_string_equal(r.model_name, models[i].name);
		wa_mds_unref(mds);
	}
	softca_free(other);
}

/* The key that attests is on record, under an AAGUID of good standing. */
static void
reports_of_key_and_aaguid_both_count(void **state)
{
	struct softkey *k = *state;
	const struct slice root = softca_root(softkey_ca(k));
	const struct softkey_script packed = { .format = "packed" };
	struct wa_registration_expectation w = under(&wa_policy_enterprise);
	struct wa_registration_result r;
	struct known models[2];
	struct wa_mds *mds;
	char own[128];

	by_own_key(k, own);
	models[0] = (struct known){ own, "Old Key", REVOKED, root };
	models[1] =
	    (struct known){ by_aaguid(softkey_aaguid), "Good Key", GOOD, root };
	mds = metadata_of(models, 2);
	w.attestation.metadata = mds;
	expect("both", verify(k, &w, &packed, &r), WA_MODEL_STATUS);
	w.attestation.tolerated_statuses = WA_MDS_REVOKED;
	expect("tolerated", verify(k, &w, &packed, &r), WA_OK);
	assert_string_equal(r.model_name, "Good Key");
	wa_mds_unref(mds);
}

/* None and self have only the client's word for a model.  It is taken where it
 * speaks against them. */
static void
metadata_judges_what_is_not_attested(void **state)
{
	static const struct {
		const char *name;
		struct softkey_script script;
	} cases[] = {
		{ "none", { 0 } },
		{ "self", { .format = "packed-self" } },
		{ "a format of tomorrow", { .format_sent = "tomorrow" } },
	};
	struct softkey *k = *state;
	struct wa_registration_expectation w = under(&wa_policy_consumer);
	struct wa_registration_result r;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct softkey_script unknown = cases[i].script;
		struct wa_mds *good =
		    metadata_of(&(struct known){ by_aaguid(softkey_aaguid),
				    "Soft Key", GOOD, { 0 } },
			1);
		struct wa_mds *bad =
		    metadata_of(&(struct known){ by_aaguid(softkey_aaguid),
				    "Soft Key", REVOKED, { 0 } },
			1);

		unknown.aaguid = "another model...";
		w.attestation.metadata = good;
		w.attestation.require_metadata = false;
		expect(
		    cases[i].name, verify(k, &w, &cases[i].script, &r), WA_OK);
		assert_null(r.model_name);
		expect(cases[i].name, verify(k, &w, &unknown, &r), WA_OK);
		w.attestation.require_metadata = true;
		expect(
		    cases[i].name, verify(k, &w, &cases[i].script, &r), WA_OK);
		expect(cases[i].name, verify(k, &w, &unknown, &r),
		    WA_MODEL_UNKNOWN);
		w.attestation.metadata = bad;
		expect(cases[i].name, verify(k, &w, &cases[i].script, &r),
		    WA_MODEL_STATUS);
		wa_mds_unref(good);
		wa_mds_unref(bad);
	}
}

/* Of two inside one that speak as well, the one that signs a model does. */
static void
compound_names_the_model_that_is_signed(void **state)
{
	static const char *const two[] = { "fido-u2f", "packed", NULL };
	static const uint8_t mine[1][16] = { "itsumo test key." };
	static const struct wa_models only_mine = { mine, 1 };
	const struct softkey_script both = { .format = "compound",
		.flags = WA_FLAG_UP,
		.compound.formats = two };
	struct softkey *k = *state;
	struct wa_registration_expectation w = under(&wa_policy_consumer);
	struct wa_registration_result r;

	expect("both", verify(k, &w, &both, &r), WA_OK);
	assert_true(slice_equal(r.aaguid, slice_of(softkey_aaguid)));
	w.attestation.models_allowed = &only_mine;
	expect("both, by list", verify(k, &w, &both, &r), WA_MODEL_REFUSED);
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
		cmocka_unit_test(presets_differ_as_they_say),
		cmocka_unit_test(judges_models_by_metadata),
		cmocka_unit_test(wants_models_to_be_known),
		cmocka_unit_test(knows_u2f_by_its_certificate),
		cmocka_unit_test(u2f_names_no_model),
		cmocka_unit_test(strangers_in_x5c_name_nobody),
		cmocka_unit_test(each_model_has_its_own_anchors),
		cmocka_unit_test(reports_of_key_and_aaguid_both_count),
		cmocka_unit_test(metadata_judges_what_is_not_attested),
		cmocka_unit_test(compound_names_the_model_that_is_signed),
	};

	return cmocka_run_group_tests_name("models", tests, setup, teardown);
}
