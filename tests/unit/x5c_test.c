/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>

#include "tests/softca.h"
#include "webauthn/x5c.h"

#define SLICE(s)                                                               \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Certificates: their keys, sizes and extensions, and lists over them. */

static void
expect(const char *name, enum wa_verdict got, enum wa_verdict wanted)
{
	if (got != wanted)
		fail_msg("%s: got %s, want %s", name, wa_verdict_name(got),
		    wa_verdict_name(wanted));
}

static enum wa_verdict
parse(struct slice der)
{
	struct wa_x5c *path = NULL;
	const enum wa_verdict v = wa_x5c_parse_der(&der, 1, &path);

	assert_int_equal(ERR_peek_error(), 0);
	if (v == WA_OK)
		wa_x5c_free(path);
	return v;
}

/* A certificate for the key, parsed. */
static enum wa_verdict
judge_key(struct softca *ca, EVP_PKEY *key)
{
	struct soft_bytes der = { 0 };
	enum wa_verdict v;

	softca_issue(ca, key, &(struct softca_script){ 0 }, &der);
	v = parse(soft_slice(&der));
	soft_free(&der);
	return v;
}

/* A public key alone: nobody has the other half, and nobody needs it here. */
static EVP_PKEY *
rsa_of(int bits, uint64_t e_word)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_new(), *e = BN_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	BN_zero(n);
	assert_true(BN_set_bit(n, bits - 1) == 1 && BN_set_bit(n, 0) == 1 &&
		    BN_set_word(e, e_word) == 1 &&
		    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
		    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) == 1);
	params = OSSL_PARAM_BLD_to_param(b);
	assert_true(
	    EVP_PKEY_fromdata_init(make) == 1 &&
	    EVP_PKEY_fromdata(make, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(make);
	BN_free(n);
	BN_free(e);
	return key;
}

static void
bounds_rsa_keys(void **state)
{
	static const struct {
		const char *name;
		int bits;
		uint64_t e;
		enum wa_verdict want;
	} keys[] = {
		{ "2048 bits", 2048, 65537, WA_OK },
		{ "2047 bits", 2047, 65537, WA_CERTIFICATE_FORM },
		{ "4096 bits", 4096, 65537, WA_OK },
		{ "4097 bits", 4097, 65537, WA_CERTIFICATE_FORM },
		{ "16384 bits", 16384, 65537, WA_CERTIFICATE_FORM },
		{ "exponent 3", 2048, 3, WA_OK },
		{ "exponent 1", 2048, 1, WA_CERTIFICATE_FORM },
		{ "an even exponent", 2048, 65536, WA_CERTIFICATE_FORM },
		{ "32 bits of exponent", 2048, 0xffffffff, WA_OK },
		{ "33 bits of exponent", 2048, 0x100000001,
		    WA_CERTIFICATE_FORM },
	};

	for (size_t i = 0; i < COUNT(keys); i++) {
		EVP_PKEY *key = rsa_of(keys[i].bits, keys[i].e);

		expect(keys[i].name, judge_key(*state, key), keys[i].want);
		EVP_PKEY_free(key);
	}
}

static void
knows_its_curves_by_name(void **state)
{
	static const struct {
		const char *group;
		bool spelled_out;
		enum wa_verdict want;
	} keys[] = {
		{ "P-256", false, WA_OK },
		{ "P-384", false, WA_OK },
		{ "P-521", false, WA_OK },
		{ "secp256k1", false, WA_OK },
		{ "brainpoolP256r1", false, WA_CERTIFICATE_FORM },
		{ "P-224", false, WA_CERTIFICATE_FORM },
		{ "P-256", true, WA_CERTIFICATE_FORM },
		{ "P-384", true, WA_CERTIFICATE_FORM },
	};

	for (size_t i = 0; i < COUNT(keys); i++) {
		EVP_PKEY *key = EVP_EC_gen(keys[i].group);

		assert_non_null(key);
		if (keys[i].spelled_out)
			assert_int_equal(
			    EVP_PKEY_set_utf8_string_param(
				key, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"),
			    1);
		expect(keys[i].group, judge_key(*state, key), keys[i].want);
		EVP_PKEY_free(key);
	}
}

static void
takes_edwards_keys_and_no_others(void **state)
{
	static const struct {
		const char *type;
		enum wa_verdict want;
	} keys[] = {
		{ "ED25519", WA_OK },
		{ "ED448", WA_OK },
		{ "X25519", WA_CERTIFICATE_FORM },
	};

	for (size_t i = 0; i < COUNT(keys); i++) {
		EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, keys[i].type);

		assert_non_null(key);
		expect(keys[i].type, judge_key(*state, key), keys[i].want);
		EVP_PKEY_free(key);
	}
}

/* A certificate of exactly that many bytes. */
static void
make_long(struct softca *ca, EVP_PKEY *key, size_t n, struct soft_bytes *der)
{
	static const uint8_t filling[9000];
	struct softca_extension e = { "1.3.6.1.4.1.99999.1",
		{ filling, n - 600 }, false };

	do {
		soft_clear(der);
		softca_issue(ca, key,
		    &(struct softca_script){
			.extensions = &e, .extension_count = 1 },
		    der);
		e.value.n += n - der->n;
	} while (der->n != n);
}

static void
bounds_sizes(void **state)
{
	struct softca *ca = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct soft_bytes der = { 0 }, rest = { 0 };
	struct wa_x5c *path;
	struct slice three[3];

	make_long(ca, key, WA_CERTIFICATE_MAX, &der);
	expect("8192 bytes", parse(soft_slice(&der)), WA_OK);
	make_long(ca, key, WA_CERTIFICATE_MAX + 1, &der);
	expect("8193 bytes", parse(soft_slice(&der)), WA_CERTIFICATE_FORM);

	make_long(ca, key, 8000, &der);
	make_long(ca, key, 384, &rest);
	three[0] = three[1] = soft_slice(&der);
	three[2] = soft_slice(&rest);
	expect("16384 together", wa_x5c_parse_der(three, 3, &path), WA_OK);
	wa_x5c_free(path);
	make_long(ca, key, 385, &rest);
	three[2] = soft_slice(&rest);
	expect("16385 together", wa_x5c_parse_der(three, 3, &path),
	    WA_CERTIFICATE_FORM);
	soft_free(&der);
	soft_free(&rest);
	EVP_PKEY_free(key);
}

#define OID_AAGUID "1.3.6.1.4.1.45724.1.1.4"
#define OID_SERIAL "1.3.6.1.4.1.45724.1.1.2"
#define RIGHT SLICE("\x04\x10itsumo test key.")
#define WRONG SLICE("\x04\x10itsumo test kez.")
#define SERIAL SLICE("\x04\x04\x01\x02\x03\x04")

static void
judges_what_fido_puts_into_certificates(void **state)
{
	static const struct {
		const char *name;
		struct softca_extension e[2];
		size_t count;
		enum wa_verdict aaguid;
		bool serial;
	} cases[] = {
		{ "none", { { 0 } }, 0, WA_OK, true },
		{ "an AAGUID", { { OID_AAGUID, RIGHT, false } }, 1, WA_OK,
		    true },
		{ "another", { { OID_AAGUID, WRONG, false } }, 1,
		    WA_CERTIFICATE_AAGUID, true },
		{ "a critical one", { { OID_AAGUID, RIGHT, true } }, 1,
		    WA_CERTIFICATE_AAGUID, true },
		{ "a bare one",
		    { { OID_AAGUID, SLICE("itsumo test key."), false } }, 1,
		    WA_CERTIFICATE_AAGUID, true },
		{ "one with more behind",
		    { { OID_AAGUID, SLICE("\x04\x10itsumo test key.\x00"),
			false } },
		    1, WA_CERTIFICATE_AAGUID, true },
		{ "one cut short",
		    { { OID_AAGUID, SLICE("\x04\x10itsumo"), false } }, 1,
		    WA_CERTIFICATE_AAGUID, true },
		{ "the same twice",
		    { { OID_AAGUID, RIGHT, false },
			{ OID_AAGUID, RIGHT, false } },
		    2, WA_CERTIFICATE_AAGUID, true },
		{ "another and then the right one",
		    { { OID_AAGUID, WRONG, false },
			{ OID_AAGUID, RIGHT, false } },
		    2, WA_CERTIFICATE_AAGUID, true },
		{ "a serial number", { { OID_SERIAL, SERIAL, false } }, 1,
		    WA_OK, true },
		{ "a critical one", { { OID_SERIAL, SERIAL, true } }, 1, WA_OK,
		    false },
		{ "two of them",
		    { { OID_SERIAL, SERIAL, false },
			{ OID_SERIAL, SERIAL, false } },
		    2, WA_OK, false },
		{ "an empty one", { { OID_SERIAL, SLICE("\x04\x00"), false } },
		    1, WA_OK, false },
		{ "one as a number",
		    { { OID_SERIAL, SLICE("\x02\x01\x07"), false } }, 1, WA_OK,
		    false },
		{ "one with more behind",
		    { { OID_SERIAL, SLICE("\x04\x01\x07\x00"), false } }, 1,
		    WA_OK, false },
	};
	struct softca *ca = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct softca_script script = { .extensions = cases[i].e,
			.extension_count = cases[i].count };
		struct soft_bytes der = { 0 };
		struct wa_x5c *path;
		struct slice s;

		softca_issue(ca, key, &script, &der);
		s = soft_slice(&der);
		expect(cases[i].name, wa_x5c_parse_der(&s, 1, &path), WA_OK);
		expect(cases[i].name,
		    wa_certificate_judge_aaguid(
			path->certs[0], slice_of("itsumo test key.")),
		    cases[i].aaguid);
		if (wa_certificate_serial_is_good(path->certs[0]) !=
		    cases[i].serial)
			fail_msg("serial: %s", cases[i].name);
		wa_x5c_free(path);
		soft_free(&der);
	}
	EVP_PKEY_free(key);
}

/* Constraints that nobody can read are not taken for none. */
static void
wants_constraints_that_can_be_read(void **state)
{
	static const struct softca_extension unreadable = { "2.5.29.19",
		SLICE("\x30\x03\x01\x01"), true };
	struct softca *ca = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct soft_bytes der = { 0 };
	struct wa_x5c *path;
	struct slice s;

	softca_issue(ca, key,
	    &(struct softca_script){ .no_constraints = true,
		.extensions = &unreadable,
		.extension_count = 1 },
	    &der);
	s = soft_slice(&der);
	assert_int_equal(wa_x5c_parse_der(&s, 1, &path), WA_OK);
	assert_false(wa_certificate_is_end_entity(path->certs[0]));
	wa_x5c_free(path);
	soft_free(&der);
	EVP_PKEY_free(key);
}

/* Lists count for each step of the path, not for its first alone. */
static void
heeds_lists_over_authorities(void **state)
{
	struct softca *ca = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct soft_bytes leaf = { 0 }, list = { 0 };
	struct slice der[2], root = softca_root(ca), lists[1];
	struct wa_lead to = { .anchors = { &root, 1 }, .at = SOFTCA_NOW };
	struct wa_x5c *path;

	softca_issue(ca, key, &(struct softca_script){ 0 }, &leaf);
	der[0] = soft_slice(&leaf);
	der[1] = softca_intermediate(ca);
	assert_int_equal(wa_x5c_parse_der(der, 2, &path), WA_OK);
	assert_int_equal(wa_x5c_lead(path, &to), WA_OK);
	softca_revoke_intermediate(ca, &list);
	lists[0] = soft_slice(&list);
	to.revoked = (struct wa_revocation_lists){ lists, 1 };
	expect("the intermediate revoked", wa_x5c_lead(path, &to),
	    WA_CERTIFICATE_REVOKED);
	wa_x5c_free(path);
	soft_free(&leaf);
	soft_free(&list);
	EVP_PKEY_free(key);
}

static int
setup(void **state)
{
	*state = softca_new();
	return 0;
}

static int
teardown(void **state)
{
	softca_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_rsa_keys),
		cmocka_unit_test(knows_its_curves_by_name),
		cmocka_unit_test(takes_edwards_keys_and_no_others),
		cmocka_unit_test(bounds_sizes),
		cmocka_unit_test(judges_what_fido_puts_into_certificates),
		cmocka_unit_test(wants_constraints_that_can_be_read),
		cmocka_unit_test(heeds_lists_over_authorities),
	};

	return cmocka_run_group_tests_name("x5c", tests, setup, teardown);
}
