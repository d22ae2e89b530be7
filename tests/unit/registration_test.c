/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/softkey.h"
#include "webauthn/algorithm.h"

#define UP_UV (WA_FLAG_UP | WA_FLAG_UV)
#define SLICE(s)                                                               \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}

static const uint8_t challenge[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16 };
static const char *const origins[] = { SOFTKEY_ORIGIN, NULL };
static const int32_t offered[] = { -7, -8, -257, -35 };
static const struct wa_registration_expectation want = {
	.common = {
		.challenge = { challenge, sizeof(challenge) },
		.rp_id = "example.org",
		.origins = origins,
		.need_uv = true,
	},
	.algorithms = offered,
	.algorithm_count = sizeof(offered) / sizeof(offered[0]),
	.attestation = { .at = SOFTCA_NOW },
};

static const char long_id[1025] = { 1 };

static const struct {
	const char *name;
	struct softkey_script lie;
	enum wa_verdict want;
} lies[] = {
	{ "the truth", { 0 }, WA_OK },
	{ "the truth, packed", { .format = "packed" }, WA_OK },
	{ "the truth, packed by itself", { .format = "packed-self" }, WA_OK },
	{ "an assertion's type", { .type = "webauthn.get" }, WA_TYPE },
	{ "another challenge", { .challenge = "AQIDBAUGBwgJCgsMDQ4PEQ" },
	    WA_CHALLENGE },
	{ "another origin", { .origin = "https://example.org.evil.com" },
	    WA_ORIGIN },
	{ "an iframe", { .cross_origin = "true" }, WA_CROSS_ORIGIN },
	{ "no JSON", { .client_data = "{" }, WA_CLIENT_DATA_FORM },
	{ "another rp", { .rp_id = "evil.com" }, WA_RP_ID_HASH },
	{ "nobody there", { .flags = WA_FLAG_UV }, WA_USER_ABSENT },
	{ "no PIN", { .flags = WA_FLAG_UP }, WA_USER_UNVERIFIED },
	{ "a backup of nothing", { .flags = UP_UV | WA_FLAG_BS },
	    WA_BACKUP_FLAGS },
	{ "eligible", { .flags = UP_UV | WA_FLAG_BE }, WA_OK },
	{ "another credential", { .raw_id = SLICE("another") },
	    WA_CREDENTIAL_ID },
	{ "an id of 1023 bytes",
	    { .credential_id = { (const uint8_t *)long_id, 1023 },
		.raw_id = { (const uint8_t *)long_id, 1023 } },
	    WA_OK },
	{ "an id of 1024 bytes",
	    { .credential_id = { (const uint8_t *)long_id, 1024 },
		.raw_id = { (const uint8_t *)long_id, 1024 } },
	    WA_AUTHDATA_FORM },
	{ "an id of no bytes",
	    { .credential_id = SLICE(""), .raw_id = SLICE("") },
	    WA_AUTHDATA_FORM },
	{ "no authenticator data", { .authdata = SLICE("") },
	    WA_AUTHDATA_FORM },
	{ "a byte behind", { .trailing = SLICE("\0") }, WA_AUTHDATA_FORM },
	{ "a format of another case", { .format_sent = "None" }, WA_FORMAT },
	{ "a format cut by a NUL", { .format_sent = "non" }, WA_FORMAT },
	{ "none with something",
	    { .statement = SLICE("\xa1\x61"
				 "a\x01") },
	    WA_STATEMENT_FORM },
	{ "none as an array", { .statement = SLICE("\x80") },
	    WA_STATEMENT_FORM },
	{ "a statement of tags", { .statement = SLICE("\xc0\xa0") },
	    WA_CBOR_FORM },
	{ "a statement that claims 2^28 items",
	    { .statement = SLICE("\x9a\x10\0\0\0") },
	    WA_ATTESTATION_OBJECT_FORM },

	{ "no statement at all",
	    { .format = "packed", .statement = SLICE("\xa0") },
	    WA_STATEMENT_FORM },
	{ "no signature", { .format = "packed", .lie = SOFTKEY_NO_SIG },
	    WA_STATEMENT_FORM },
	{ "no algorithm", { .format = "packed", .lie = SOFTKEY_NO_ALG },
	    WA_STATEMENT_FORM },
	{ "something more", { .format = "packed", .lie = SOFTKEY_EXTRA_MEMBER },
	    WA_STATEMENT_FORM },
	{ "a bit of the signature",
	    { .format = "packed", .lie = SOFTKEY_SIG_BIT },
	    WA_STATEMENT_SIGNATURE },
	{ "an empty signature",
	    { .format = "packed", .lie = SOFTKEY_SIG_EMPTY },
	    WA_STATEMENT_SIGNATURE },
	{ "a stranger's signature",
	    { .format = "packed", .lie = SOFTKEY_SIG_OTHER_KEY },
	    WA_STATEMENT_SIGNATURE },
	{ "half of it signed",
	    { .format = "packed", .lie = SOFTKEY_SIG_HASH_ONLY },
	    WA_STATEMENT_SIGNATURE },
	{ "RSA over a curve", { .format = "packed", .statement_alg = -257 },
	    WA_STATEMENT_SIGNATURE },
	{ "an algorithm of nobody's",
	    { .format = "packed", .statement_alg = -999 },
	    WA_STATEMENT_ALGORITHM },
	{ "RS1", { .format = "packed", .statement_alg = -65535 },
	    WA_STATEMENT_ALGORITHM },
	{ "signed by RSA", { .format = "packed", .attestation_alg = -257 },
	    WA_OK },
	{ "signed by Ed25519", { .format = "packed", .attestation_alg = -8 },
	    WA_OK },
	{ "x5c of nothing", { .format = "packed", .lie = SOFTKEY_X5C_EMPTY },
	    WA_STATEMENT_FORM },
	{ "x5c in words", { .format = "packed", .lie = SOFTKEY_X5C_TEXT },
	    WA_STATEMENT_FORM },
	{ "seven certificates", { .format = "packed", .lie = SOFTKEY_X5C_LONG },
	    WA_STATEMENT_FORM },
	{ "no certificate", { .format = "packed", .lie = SOFTKEY_X5C_GARBAGE },
	    WA_CERTIFICATE_FORM },
	{ "a byte behind the certificate",
	    { .format = "packed", .lie = SOFTKEY_X5C_TRAILING },
	    WA_CERTIFICATE_FORM },

	{ "itself, another algorithm",
	    { .format = "packed-self", .statement_alg = -8 },
	    WA_STATEMENT_ALGORITHM },
	{ "itself, a bit", { .format = "packed-self", .lie = SOFTKEY_SIG_BIT },
	    WA_STATEMENT_SIGNATURE },
	{ "itself, a stranger",
	    { .format = "packed-self", .lie = SOFTKEY_SIG_OTHER_KEY },
	    WA_STATEMENT_SIGNATURE },
	{ "itself, with a member more",
	    { .format = "packed-self", .lie = SOFTKEY_EXTRA_MEMBER },
	    WA_STATEMENT_FORM },
};

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

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const struct wa_registration got =
		    softkey_register(k, &lies[i].lie);
		struct wa_registration_result r;

		expect(lies[i].name, wa_registration_verify(&want, &got, &r),
		    lies[i].want);
	}
}

#define OID_AAGUID "1.3.6.1.4.1.45724.1.1.4"
#define OID_KEY_USAGE "2.5.29.15"
#define NAME(c, o, ou, cn)                                                     \
	.country = c, .organization = o, .unit = ou, .common_name = cn
#define UNIT "Authenticator Attestation"
#define GOOD_NAME NAME("JP", "itsumo", UNIT, "Test")
#define AAGUID(s, crit)                                                        \
	.extensions =                                                          \
	    &(struct softca_extension){ OID_AAGUID, SLICE(s), crit },          \
	.extension_count = 1
#define SERIAL(s, crit)                                                        \
	.extensions = &(struct softca_extension){ "1.3.6.1.4.1.45724.1.1.2",   \
		SLICE(s), crit },                                              \
	.extension_count = 1

/* L3 8.2.1 and 8.2.2, one rule broken a row. */
static const struct {
	const char *name;
	struct softca_script certificate;
	enum wa_verdict want;
} certificates[] = {
	{ "by the rules", { GOOD_NAME }, WA_OK },
	{ "without constraints", { GOOD_NAME, .no_constraints = true }, WA_OK },
	{ "an authority", { GOOD_NAME, .authority = true },
	    WA_CERTIFICATE_RULES },
	{ "that may sign",
	    { GOOD_NAME,
		.extensions = &(struct softca_extension){ OID_KEY_USAGE,
		    SLICE("\x03\x02\x07\x80"), true },
		.extension_count = 1 },
	    WA_OK },
	{ "that may only encipher",
	    { GOOD_NAME,
		.extensions = &(struct softca_extension){ OID_KEY_USAGE,
		    SLICE("\x03\x02\x05\x20"), true },
		.extension_count = 1 },
	    WA_CERTIFICATE_RULES },
	{ "of version 1", { GOOD_NAME, .version_1 = true },
	    WA_CERTIFICATE_FORM },
	{ "of no country", { NAME(NULL, "itsumo", UNIT, "Test") },
	    WA_CERTIFICATE_RULES },
	{ "of nobody", { NAME("JP", NULL, UNIT, "Test") },
	    WA_CERTIFICATE_RULES },
	{ "of no name", { NAME("JP", "itsumo", UNIT, NULL) },
	    WA_CERTIFICATE_RULES },
	{ "of another unit",
	    { NAME("JP", "itsumo", "authenticator attestation", "Test") },
	    WA_CERTIFICATE_RULES },
	{ "of two countries", { GOOD_NAME, .more_of = "C", .more = "FR" },
	    WA_CERTIFICATE_RULES },
	{ "of two makers", { GOOD_NAME, .more_of = "O", .more = "other" },
	    WA_CERTIFICATE_RULES },
	{ "of two units", { GOOD_NAME, .more_of = "OU", .more = "another" },
	    WA_CERTIFICATE_RULES },
	{ "of one unit, twice", { GOOD_NAME, .more_of = "OU", .more = UNIT },
	    WA_CERTIFICATE_RULES },
	{ "of two names", { GOOD_NAME, .more_of = "CN", .more = "Other" },
	    WA_CERTIFICATE_RULES },
	{ "of a town", { GOOD_NAME, .more_of = "L", .more = "Kyoto" }, WA_OK },
	{ "for one device of an enterprise",
	    { GOOD_NAME, SERIAL("\x04\x02\x01\x02", false) }, WA_OK },
	{ "for one device, critically",
	    { GOOD_NAME, SERIAL("\x04\x02\x01\x02", true) },
	    WA_CERTIFICATE_RULES },
	{ "for another model",
	    { GOOD_NAME, AAGUID("\x04\x10"
				"another model...",
			     false) },
	    WA_CERTIFICATE_AAGUID },
	{ "for this model",
	    { GOOD_NAME, AAGUID("\x04\x10"
				"itsumo test key.",
			     false) },
	    WA_OK },
	{ "for this model, once wrapped",
	    { GOOD_NAME, AAGUID("itsumo test key.", false) },
	    WA_CERTIFICATE_AAGUID },
	{ "for this model, critically",
	    { GOOD_NAME, AAGUID("\x04\x10"
				"itsumo test key.",
			     true) },
	    WA_CERTIFICATE_AAGUID },
};

static void
reads_each_certificate(void **state)
{
	for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]);
	     i++) {
		const struct wa_registration got = softkey_register(
		    *state, &(struct softkey_script){ .format = "packed",
				.certificate = &certificates[i].certificate });
		struct wa_registration_result r;

		expect(certificates[i].name,
		    wa_registration_verify(&want, &got, &r),
		    certificates[i].want);
	}
}

/* Where a path leads, and what a policy makes of it. */
static void
trusts_anchors_alone(void **state)
{
	static const struct softca_script expired = { GOOD_NAME,
		.expired = true };
	struct softca *ca = softkey_ca(*state);
	struct softca *other = softca_new();
	const struct slice root = softca_root(ca);
	const struct slice middle = softca_intermediate(ca);
	const struct slice strange = softca_root(other);
	const struct slice two[] = { strange, root };
	const struct {
		const char *name;
		struct softkey_script script;
		struct wa_trust_anchors anchors;
		enum wa_verdict want;
	} paths[] = {
		{ "to the root", { .format = "packed" }, { &root, 1 }, WA_OK },
		{ "to the second anchor", { .format = "packed" }, { two, 2 },
		    WA_OK },
		{ "to the intermediate", { .format = "packed" }, { &middle, 1 },
		    WA_OK },
		{ "to nobody", { .format = "packed" }, { 0 }, WA_TRUST_PATH },
		{ "to a stranger", { .format = "packed" }, { &strange, 1 },
		    WA_TRUST_PATH },
		{ "to a root that came along",
		    { .format = "packed", .lie = SOFTKEY_X5C_WITH_ROOT },
		    { &strange, 1 }, WA_TRUST_PATH },
		{ "a step missing",
		    { .format = "packed", .lie = SOFTKEY_X5C_LEAF_ONLY },
		    { &root, 1 }, WA_TRUST_PATH },
		{ "too late", { .format = "packed", .certificate = &expired },
		    { &root, 1 }, WA_TRUST_PATH },
		{ "by itself", { .format = "packed-self" }, { &root, 1 },
		    WA_TRUST_PATH },
		{ "none", { 0 }, { &root, 1 }, WA_TRUST_PATH },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct wa_registration got =
		    softkey_register(*state, &paths[i].script);
		struct wa_registration_expectation w = want;
		struct wa_registration_result r;

		w.attestation.anchors = paths[i].anchors;
		w.attestation.require_trusted = true;
		expect(paths[i].name, wa_registration_verify(&w, &got, &r),
		    paths[i].want);
		if (paths[i].want == WA_OK)
			assert_int_equal(r.attestation, WA_ATTESTATION_TRUSTED);
		w.attestation.require_trusted = false;
		expect(
		    paths[i].name, wa_registration_verify(&w, &got, &r), WA_OK);
	}
	softca_free(other);
}

static void
refuses_what_policy_does(void **state)
{
	struct wa_registration_expectation w = want;
	struct wa_registration_result r;
	struct wa_registration got =
	    softkey_register(*state, &(struct softkey_script){ 0 });

	w.attestation.refuse_none = true;
	expect("none", wa_registration_verify(&w, &got, &r), WA_NONE_REFUSED);
	got = softkey_register(
	    *state, &(struct softkey_script){ .format = "packed-self" });
	expect("self", wa_registration_verify(&w, &got, &r), WA_OK);
	assert_int_equal(r.attestation, WA_ATTESTATION_SELF);
	w.attestation.refuse_self = true;
	expect("self", wa_registration_verify(&w, &got, &r), WA_SELF_REFUSED);

	w = want;
	w.conditional_create = true;
	got = softkey_register(
	    *state, &(struct softkey_script){ .flags = WA_FLAG_UV });
	expect("upgrade", wa_registration_verify(&w, &got, &r), WA_OK);
	w.algorithm_count = 0;
	expect(
	    "not offered", wa_registration_verify(&w, &got, &r), WA_ALGORITHM);
}

/* Where frames are welcome, a top origin is one of the list, and a text. */
static void
wants_a_top_origin_in_words(void **state)
{
	static const char *const tops[] = { "https://shop.example", NULL };
	static const struct {
		const char *more;
		enum wa_verdict want;
	} rows[] = {
		{ ",\"topOrigin\":\"https://shop.example\"", WA_OK },
		{ ",\"topOrigin\":null", WA_OK },
		{ ",\"topOrigin\":7", WA_TOP_ORIGIN },
		{ ",\"topOrigin\":[\"https://shop.example\"]", WA_TOP_ORIGIN },
		{ ",\"topOrigin\":{}", WA_TOP_ORIGIN },
		{ ",\"topOrigin\":false", WA_TOP_ORIGIN },
	};
	struct wa_registration_expectation w = want;

	w.common.allow_cross_origin = true;
	w.common.top_origins = tops;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wa_registration got = softkey_register(
		    *state, &(struct softkey_script){
				.cross_origin = "true", .more = rows[i].more });
		struct wa_registration_result r;

		expect(rows[i].more, wa_registration_verify(&w, &got, &r),
		    rows[i].want);
	}
}

/* What OpenSSL said of a lie is not left for whoever asks next. */
static void
leaves_no_errors_behind(void **state)
{
	static const char *const formats[] = { "packed", "packed-self",
		"fido-u2f", "tpm", "android-key", "apple", "android-safetynet",
		"compound" };
	static const enum softkey_lie told[] = { SOFTKEY_TRUE, SOFTKEY_SIG_BIT,
		SOFTKEY_X5C_GARBAGE, SOFTKEY_X5C_OTHER_KEY };
	static const struct softca_extension unreadable = { "2.5.29.19",
		SLICE("\x30\x03\x01\x01"), true };
	static const struct softca_script bad = { GOOD_NAME,
		.no_constraints = true, .extensions = &unreadable,
		.extension_count = 1 };
	struct wa_registration_result r;

	for (size_t i = 0; i < 32; i++) {
		const struct wa_registration got = softkey_register(
		    *state, &(struct softkey_script){ .format = formats[i / 4],
				.flags = UP_UV,
				.lie = told[i % 4] });

		(void)wa_registration_verify(&want, &got, &r);
		if (ERR_peek_error() != 0)
			fail_msg("%s, %zu", formats[i / 4], i % 4);
	}
	for (size_t i = 0; i < 2; i++) {
		const struct wa_registration got = softkey_register(
		    *state, &(struct softkey_script){ .format = "packed",
				.certificate = i == 0 ? &bad : NULL,
				.statement_alg = i == 0 ? 0 : -257 });

		assert_int_not_equal(
		    wa_registration_verify(&want, &got, &r), WA_OK);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

static void
tells_what_it_learned(void **state)
{
	struct softkey *k = *state;
	struct wa_registration_result r;
	struct wa_registration got =
	    softkey_register(k, &(struct softkey_script){ .format = "packed",
				    .sign_count = 7,
				    .flags = UP_UV | WA_FLAG_BE | WA_FLAG_BS,
				    .extensions = SLICE("\xa1\x6b"
							"credProtect\x02") });

	expect("packed", wa_registration_verify(&want, &got, &r), WA_OK);
	assert_true(slice_equal(r.credential_id, softkey_id(k)));
	assert_true(slice_equal(r.cose_key, softkey_cose(k)));
	assert_memory_equal(r.aaguid.p, softkey_aaguid, 16);
	assert_int_equal(r.algorithm, -7);
	assert_int_equal(r.sign_count, 7);
	assert_int_equal(r.flags, UP_UV | WA_FLAG_BE | WA_FLAG_BS);
	assert_string_equal(r.format, "packed");
	assert_int_equal(r.attestation, WA_ATTESTATION_UNCERTAIN);
}

/* Whichever bit is turned, it is no more the registration that was signed. */
static void
turn_each_bit(struct softkey *k, const char *format, bool trusted)
{
	const struct slice root = softca_root(softkey_ca(k));
	struct wa_registration_expectation w = want;
	struct wa_registration got =
	    softkey_register(k, &(struct softkey_script){ .format = format });
	struct slice *parts[] = { &got.client_data_json,
		&got.attestation_object };
	struct wa_registration_result r;

	w.attestation.anchors = (struct wa_trust_anchors){ &root, 1 };
	w.attestation.require_trusted = trusted;
	for (size_t p = 0; p < 2; p++) {
		const struct slice was = *parts[p];
		uint8_t *bytes = malloc(was.n);

		assert_non_null(bytes);
		memcpy(bytes, was.p, was.n);
		parts[p]->p = bytes;
		for (size_t bit = 0; bit < was.n * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (wa_registration_verify(&w, &got, &r) == WA_OK)
				fail_msg("part %zu, bit %zu", p, bit);
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		expect(
		    "turned back", wa_registration_verify(&w, &got, &r), WA_OK);
		free(bytes);
		*parts[p] = was;
	}
}

static void
no_bit_is_idle(void **state)
{
	turn_each_bit(*state, "packed", true);
	turn_each_bit(*state, "packed-self", false);
}

static void
registers_each_algorithm(void **state)
{
	static const int32_t ids[] = { -7, -35, -36, -47, -8, -53, -257, -258,
		-259, -37, -38, -39, -9, -51, -52, -19, -48, -49, -50 };

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct softkey *k = softkey_new(ids[i]);
		struct wa_registration_expectation w = want;
		struct wa_registration_result r;
		struct wa_registration got;
		char name[16];

		if (k == NULL)
			continue;
		snprintf(name, sizeof(name), "%d", ids[i]);
		w.algorithms = &ids[i];
		w.algorithm_count = 1;
		got = softkey_register(
		    k, &(struct softkey_script){ .format = "packed-self" });
		expect(name, wa_registration_verify(&w, &got, &r), WA_OK);
		assert_int_equal(r.algorithm, ids[i]);
		got = softkey_register(
		    k, &(struct softkey_script){ .format = "packed-self",
			   .lie = SOFTKEY_SIG_OTHER_KEY });
		expect(name, wa_registration_verify(&w, &got, &r),
		    WA_STATEMENT_SIGNATURE);
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
		cmocka_unit_test(names_each_lie),
		cmocka_unit_test(reads_each_certificate),
		cmocka_unit_test(trusts_anchors_alone),
		cmocka_unit_test(refuses_what_policy_does),
		cmocka_unit_test(wants_a_top_origin_in_words),
		cmocka_unit_test(leaves_no_errors_behind),
		cmocka_unit_test(tells_what_it_learned),
		cmocka_unit_test(no_bit_is_idle),
		cmocka_unit_test(registers_each_algorithm),
	};

	return cmocka_run_group_tests_name(
	    "registration", tests, setup, teardown);
}
