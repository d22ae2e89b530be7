/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/softkey.h"

#define SLICE(s)                                                               \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Every format but none and packed, which registration_test.c has. */

static const uint8_t challenge[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16 };
static const char *const origins[] = { SOFTKEY_ORIGIN, NULL };
static const int32_t offered[] = { -7, -8, -257, -35, -36, -9 };
static const char *const makers[] = { "id:FFFFF1D0", NULL };
static const struct wa_registration_expectation want = {
	.common = {
		.challenge = { challenge, sizeof(challenge) },
		.rp_id = "example.org",
		.origins = origins,
	},
	.algorithms = offered,
	.algorithm_count = COUNT(offered),
	.attestation = { .at = SOFTCA_NOW, .tpm_manufacturers = makers },
};

/* One lie a row, told by a key of the algorithm (0: ES256). */
struct lie {
	const char *name;
	struct softkey_script script;
	enum wa_verdict want;
	int32_t algorithm;
	struct wa_attestation_policy policy; /* beside the time and makers */
};

#define U2F .format = "fido-u2f", .flags = WA_FLAG_UP
#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static const struct lie u2f[] = {
	{ .name = "the truth", .script = { U2F }, .want = WA_OK },
	{ .name = "two certificates",
	    .script = { U2F, .lie = SOFTKEY_X5C_TWICE },
	    .want = WA_CERTIFICATE_COUNT },
	{ .name = "no certificate",
	    .script = { U2F, .lie = SOFTKEY_X5C_EMPTY },
	    .want = WA_CERTIFICATE_COUNT },
	{ .name = "x5c in words",
	    .script = { U2F, .lie = SOFTKEY_X5C_TEXT },
	    .want = WA_STATEMENT_FORM },
	{ .name = "no x5c",
	    .script = { U2F, .lie = SOFTKEY_NO_X5C },
	    .want = WA_STATEMENT_FORM },
	{ .name = "no signature",
	    .script = { U2F, .lie = SOFTKEY_NO_SIG },
	    .want = WA_STATEMENT_FORM },
	{ .name = "a member more",
	    .script = { U2F, .lie = SOFTKEY_EXTRA_MEMBER },
	    .want = WA_STATEMENT_FORM },
	{ .name = "garbage",
	    .script = { U2F, .lie = SOFTKEY_X5C_GARBAGE },
	    .want = WA_CERTIFICATE_FORM },
	{ .name = "a bit of the signature",
	    .script = { U2F, .lie = SOFTKEY_SIG_BIT },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "a stranger's signature",
	    .script = { U2F, .lie = SOFTKEY_SIG_OTHER_KEY },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "nothing signed",
	    .script = { U2F, .lie = SOFTKEY_SIG_HASH_ONLY },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "a certificate of P-384",
	    .script = { U2F, .attestation_alg = -35 },
	    .want = WA_CERTIFICATE_KEY },
	{ .name = "a certificate of RSA",
	    .script = { U2F, .attestation_alg = -257 },
	    .want = WA_CERTIFICATE_KEY },
	{ .name = "a credential of Ed25519",
	    .script = { U2F },
	    .want = WA_STATEMENT_ALGORITHM,
	    .algorithm = -8 },
	{ .name = "a credential of P-384",
	    .script = { U2F },
	    .want = WA_STATEMENT_ALGORITHM,
	    .algorithm = -35 },
	{ .name = "a credential of ESP256",
	    .script = { U2F },
	    .want = WA_STATEMENT_ALGORITHM,
	    .algorithm = -9 },
	{ .name = "verified, it says",
	    .script = { .format = "fido-u2f",
		.flags = WA_FLAG_UP | WA_FLAG_UV },
	    .want = WA_U2F_FLAGS },
	{ .name = "backed up, it says",
	    .script = { .format = "fido-u2f",
		.flags = WA_FLAG_UP | WA_FLAG_BE },
	    .want = WA_U2F_FLAGS },
	{ .name = "extended, it says",
	    .script = { U2F, .extensions = SLICE("\xa1\x61"
						 "a\xf5") },
	    .want = WA_U2F_FLAGS },
	{ .name = "a model, to conformance tests",
	    .script = { U2F },
	    .policy.u2f_require_zero_aaguid = true,
	    .want = WA_U2F_AAGUID },
	{ .name = "no model, to conformance tests",
	    .script = { U2F, .aaguid = ZEROS },
	    .policy.u2f_require_zero_aaguid = true,
	    .want = WA_OK },
};

#define TPM .format = "tpm"
#define DECRYPT 0x00020000 /* of its attributes */
#define SIGNS_ALONE(by) .tpm = { .scheme = (by), .attributes_off = DECRYPT }

static const struct lie tpm[] = {
	{ .name = "the truth", .script = { TPM }, .want = WA_OK },
	{ .name = "the truth of RSA",
	    .script = { TPM },
	    .algorithm = -257,
	    .want = WA_OK },
	{ .name = "the truth of P-384",
	    .script = { TPM },
	    .algorithm = -35,
	    .want = WA_OK },
	{ .name = "the truth of P-521",
	    .script = { TPM },
	    .algorithm = -36,
	    .want = WA_OK },
	{ .name = "signed with RS1",
	    .script = { TPM, .attestation_alg = -65535 },
	    .want = WA_OK },
	{ .name = "signed with RS1, of RSA",
	    .script = { TPM, .attestation_alg = -65535 },
	    .algorithm = -257,
	    .want = WA_OK },
	{ .name = "signed with RS256",
	    .script = { TPM, .attestation_alg = -257 },
	    .want = WA_OK },
	{ .name = "signed with PS256",
	    .script = { TPM, .attestation_alg = -37 },
	    .want = WA_OK },
	{ .name = "signed with ES384",
	    .script = { TPM, .attestation_alg = -35 },
	    .want = WA_OK },
	{ .name = "signed with RS512",
	    .script = { TPM, .attestation_alg = -259 },
	    .want = WA_OK },
	{ .name = "signed with Ed25519",
	    .script = { TPM, .attestation_alg = -8 },
	    .want = WA_STATEMENT_ALGORITHM },
	{ .name = "names of SHA-1",
	    .script = { TPM, .tpm.name_algorithm = 0x0004 },
	    .want = WA_OK },
	{ .name = "names of SHA-384",
	    .script = { TPM, .tpm.name_algorithm = 0x000c },
	    .want = WA_OK },
	{ .name = "names of SHA-512",
	    .script = { TPM, .tpm.name_algorithm = 0x000d },
	    .want = WA_OK },
	{ .name = "a name made with another hash",
	    .script = { TPM, .tpm.name_made_with = 0x0004 },
	    .want = WA_OK },
	{ .name = "names of SM3",
	    .script = { TPM, .tpm.name_algorithm = 0x0012 },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "a name of SM3",
	    .script = { TPM, .tpm.name_made_with = 0x0012 },
	    .want = WA_TPM_NAME },
	{ .name = "the exponent as it is",
	    .script = { TPM, .tpm.exponent = 65537 },
	    .algorithm = -257,
	    .want = WA_OK },
	{ .name = "another exponent",
	    .script = { TPM, .tpm.exponent = 3 },
	    .algorithm = -257,
	    .want = WA_TPM_KEY },
	{ .name = "a scheme",
	    .script = { TPM, SIGNS_ALONE(0x0018) },
	    .want = WA_OK },
	{ .name = "a scheme of RSA",
	    .script = { TPM, SIGNS_ALONE(0x0014) },
	    .algorithm = -257,
	    .want = WA_OK },
	{ .name = "a scheme of PSS",
	    .script = { TPM, SIGNS_ALONE(0x0016) },
	    .algorithm = -257,
	    .want = WA_TPM_KEY },
	{ .name = "a scheme of RSA on a curve",
	    .script = { TPM, SIGNS_ALONE(0x0014) },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "a scheme of a curve for RSA",
	    .script = { TPM, SIGNS_ALONE(0x0018) },
	    .algorithm = -257,
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "RSA that decrypts",
	    .script = { TPM, SIGNS_ALONE(0x0017) },
	    .algorithm = -257,
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "RSA that decrypts, of old",
	    .script = { TPM, SIGNS_ALONE(0x0015) },
	    .algorithm = -257,
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "a curve that agrees on keys",
	    .script = { TPM, SIGNS_ALONE(0x0019) },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "ECDAA",
	    .script = { TPM, SIGNS_ALONE(0x001a) },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "a scheme of another hash",
	    .script = { TPM, .tpm = { .scheme = 0x0018,
				 .scheme_hash = 0x000c,
				 .attributes_off = DECRYPT } },
	    .want = WA_TPM_KEY },
	{ .name = "a scheme of no hash",
	    .script = { TPM, .tpm = { .scheme = 0x0018,
				 .scheme_hash = 0x0010,
				 .attributes_off = DECRYPT } },
	    .want = WA_TPM_KEY },
	{ .name = "a scheme for two uses",
	    .script = { TPM, .tpm.scheme = 0x0018 },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "a key derivation",
	    .script = { TPM, .tpm.kdf = 0x0020 },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "another curve",
	    .script = { TPM, .tpm.curve = 0x0004 },
	    .want = WA_TPM_KEY },
	{ .name = "a key that signs, and no more",
	    .script = { TPM, .tpm.attributes_off = 0x00020472 },
	    .want = WA_OK },
	{ .name = "a key that does not sign",
	    .script = { TPM, .tpm.attributes_off = 0x00040000 },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "a key for what its TPM made",
	    .script = { TPM, .tpm = { .attributes = 0x00010000,
				 .attributes_off = DECRYPT } },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "a key for certificates",
	    .script = { TPM, .tpm = { .attributes = 0x00080000,
				 .attributes_off = DECRYPT } },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "fixed to its TPM, and not to its parent",
	    .script = { TPM, .tpm.attributes_off = 0x00000010 },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "no policy",
	    .script = { TPM, .tpm.no_policy = true },
	    .want = WA_OK },
	{ .name = "a policy too long",
	    .script = { TPM, .tpm.long_policy = true },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "no name",
	    .script = { TPM,
		.tpm = { .name_algorithm = 0x0010, .no_policy = true } },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "a name of nobody's hash",
	    .script = { TPM, .tpm = { .name_algorithm = 0xffff,
				 .name_made_with = 0x000b,
				 .no_policy = true } },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "TPM 1.2",
	    .script = { TPM, .tpm.ver = "1.2" },
	    .want = WA_TPM_VERSION },
	{ .name = "a cipher",
	    .script = { TPM, .tpm.symmetric = 0x0006 },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "bits that are not there",
	    .script = { TPM, .tpm.key_bits = 1024 },
	    .algorithm = -257,
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "a reserved attribute",
	    .script = { TPM, .tpm.attributes = 1 },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "an area cut short",
	    .script = { TPM, .tpm.area_cut = 1 },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "a byte behind the area",
	    .script = { TPM, .tpm.area_long = true },
	    .want = WA_TPM_PUBLIC_AREA },
	{ .name = "another key",
	    .script = { TPM, .tpm.other_key = true },
	    .want = WA_TPM_KEY },
	{ .name = "another key of RSA",
	    .script = { TPM, .tpm.other_key = true },
	    .algorithm = -257,
	    .want = WA_TPM_KEY },
	{ .name = "not made by a TPM",
	    .script = { TPM, .tpm.magic = 0xff544348u },
	    .want = WA_TPM_CERT_INFO },
	{ .name = "a quote",
	    .script = { TPM, .tpm.type = 0x8018 },
	    .want = WA_TPM_CERT_INFO },
	{ .name = "a byte behind the info",
	    .script = { TPM, .tpm.info_long = true },
	    .want = WA_TPM_CERT_INFO },
	{ .name = "another ceremony",
	    .script = { TPM, .tpm.other_extra_data = true },
	    .want = WA_TPM_EXTRA_DATA },
	{ .name = "another name",
	    .script = { TPM, .tpm.other_name = true },
	    .want = WA_TPM_NAME },
	{ .name = "a bit of the signature",
	    .script = { TPM, .lie = SOFTKEY_SIG_BIT },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "a stranger's signature",
	    .script = { TPM, .lie = SOFTKEY_SIG_OTHER_KEY },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "another key's certificate",
	    .script = { TPM, .lie = SOFTKEY_X5C_OTHER_KEY },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "an algorithm of nobody's",
	    .script = { TPM, .statement_alg = -999 },
	    .want = WA_STATEMENT_ALGORITHM },
	{ .name = "no x5c",
	    .script = { TPM, .lie = SOFTKEY_NO_X5C },
	    .want = WA_STATEMENT_FORM },
	{ .name = "no algorithm",
	    .script = { TPM, .lie = SOFTKEY_NO_ALG },
	    .want = WA_STATEMENT_FORM },
	{ .name = "no signature",
	    .script = { TPM, .lie = SOFTKEY_NO_SIG },
	    .want = WA_STATEMENT_FORM },
	{ .name = "a member more",
	    .script = { TPM, .lie = SOFTKEY_EXTRA_MEMBER },
	    .want = WA_STATEMENT_FORM },
	{ .name = "nothing",
	    .script = { TPM, .statement = SLICE("\xa0") },
	    .want = WA_STATEMENT_FORM },
	{ .name = "a subject",
	    .script = { TPM, .tpm.subject = true },
	    .want = WA_TPM_CERTIFICATE },
	{ .name = "an authority",
	    .script = { TPM, .tpm.authority = true },
	    .want = WA_TPM_CERTIFICATE },
	{ .name = "no other name",
	    .script = { TPM, .tpm.no_san = true },
	    .want = WA_TPM_CERTIFICATE },
	{ .name = "a host for a name",
	    .script = { TPM, .tpm.san_text = true },
	    .want = WA_TPM_CERTIFICATE },
	{ .name = "no use",
	    .script = { TPM, .tpm.no_use = true },
	    .want = WA_TPM_CERTIFICATE },
	{ .name = "another use",
	    .script = { TPM, .tpm.other_use = true },
	    .want = WA_TPM_CERTIFICATE },
	{ .name = "no manufacturer",
	    .script = { TPM, .tpm.manufacturer = "" },
	    .want = WA_TPM_CERTIFICATE },
	{ .name = "no model",
	    .script = { TPM, .tpm.model = "" },
	    .want = WA_TPM_CERTIFICATE },
	{ .name = "no version",
	    .script = { TPM, .tpm.version = "" },
	    .want = WA_TPM_CERTIFICATE },
	{ .name = "a manufacturer of nobody's",
	    .script = { TPM, .tpm.manufacturer = "id:00000000" },
	    .want = WA_TPM_MANUFACTURER },
	{ .name = "a manufacturer of ours",
	    .script = { TPM, .tpm.manufacturer = "id:FFFFF1D0" },
	    .want = WA_OK },
	{ .name = "another model",
	    .script = { TPM, .tpm.model_aaguid = "another model..." },
	    .want = WA_CERTIFICATE_AAGUID },
	{ .name = "this model",
	    .script = { TPM, .tpm.model_aaguid = softkey_aaguid },
	    .want = WA_OK },
};

#define ANDROID .format = "android-key"

static const struct lie android[] = {
	{ .name = "the truth", .script = { ANDROID }, .want = WA_OK },
	{ .name = "the truth of RSA",
	    .script = { ANDROID },
	    .algorithm = -257,
	    .want = WA_OK },
	{ .name = "in software",
	    .script = { ANDROID, .android.in_software = true },
	    .want = WA_OK },
	{ .name = "in both",
	    .script = { ANDROID, .android.split = true },
	    .want = WA_OK },
	{ .name = "in hardware, to a stern reader",
	    .script = { ANDROID },
	    .policy.android_require_tee = true,
	    .want = WA_OK },
	{ .name = "in software, to a stern reader",
	    .script = { ANDROID, .android.in_software = true },
	    .policy.android_require_tee = true,
	    .want = WA_ANDROID_ORIGIN },
	{ .name = "in both, to a stern reader",
	    .script = { ANDROID, .android.split = true },
	    .policy.android_require_tee = true,
	    .want = WA_ANDROID_PURPOSE },
	{ .name = "for all applications",
	    .script = { ANDROID, .android.all_in_tee = true },
	    .want = WA_ANDROID_ALL_APPLICATIONS },
	{ .name = "for all, in software",
	    .script = { ANDROID, .android.all_in_software = true },
	    .want = WA_ANDROID_ALL_APPLICATIONS },
	{ .name = "for all, in software, to a stern reader",
	    .script = { ANDROID, .android.all_in_software = true },
	    .policy.android_require_tee = true,
	    .want = WA_ANDROID_ALL_APPLICATIONS },
	{ .name = "imported",
	    .script = { ANDROID, .android.imported = true },
	    .want = WA_ANDROID_ORIGIN },
	{ .name = "of two origins",
	    .script = { ANDROID, .android.origin_differs = true },
	    .want = WA_ANDROID_ORIGIN },
	{ .name = "of no origin",
	    .script = { ANDROID, .android.no_origin = true },
	    .want = WA_ANDROID_ORIGIN },
	{ .name = "of no origin, to a mild reader",
	    .script = { ANDROID, .android.no_origin = true },
	    .policy.android_lists_optional = true,
	    .want = WA_OK },
	{ .name = "imported, to a mild reader",
	    .script = { ANDROID, .android.imported = true },
	    .policy.android_lists_optional = true,
	    .want = WA_ANDROID_ORIGIN },
	{ .name = "encrypts",
	    .script = { ANDROID, .android.encrypts = true },
	    .want = WA_ANDROID_PURPOSE },
	{ .name = "of no purpose",
	    .script = { ANDROID, .android.no_purpose = true },
	    .want = WA_ANDROID_PURPOSE },
	{ .name = "another ceremony",
	    .script = { ANDROID, .android.other_challenge = true },
	    .want = WA_ANDROID_CHALLENGE },
	{ .name = "no extension",
	    .script = { ANDROID, .android.no_extension = true },
	    .want = WA_ANDROID_EXTENSION },
	{ .name = "garbage",
	    .script = { ANDROID, .android.garbage = true },
	    .want = WA_ANDROID_EXTENSION },
	{ .name = "an origin twice",
	    .script = { ANDROID, .android.origin_twice = true },
	    .want = WA_ANDROID_EXTENSION },
	{ .name = "a purpose twice",
	    .script = { ANDROID, .android.purpose_twice = true },
	    .want = WA_ANDROID_EXTENSION },
	{ .name = "more behind the lists",
	    .script = { ANDROID, .android.more_behind = true },
	    .want = WA_ANDROID_EXTENSION },
	{ .name = "a list missing",
	    .script = { ANDROID, .android.cut = true },
	    .want = WA_ANDROID_EXTENSION },
	{ .name = "another key's certificate",
	    .script = { ANDROID, .lie = SOFTKEY_X5C_OTHER_KEY },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "a bit of the signature",
	    .script = { ANDROID, .lie = SOFTKEY_SIG_BIT },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "half of it signed",
	    .script = { ANDROID, .lie = SOFTKEY_SIG_HASH_ONLY },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "an algorithm of nobody's",
	    .script = { ANDROID, .statement_alg = -999 },
	    .want = WA_STATEMENT_ALGORITHM },
	{ .name = "RS1",
	    .script = { ANDROID, .statement_alg = -65535 },
	    .want = WA_STATEMENT_ALGORITHM },
	{ .name = "no certificate",
	    .script = { ANDROID, .lie = SOFTKEY_X5C_EMPTY },
	    .want = WA_STATEMENT_FORM },
	{ .name = "no x5c",
	    .script = { ANDROID, .lie = SOFTKEY_NO_X5C },
	    .want = WA_STATEMENT_FORM },
	{ .name = "no algorithm",
	    .script = { ANDROID, .lie = SOFTKEY_NO_ALG },
	    .want = WA_STATEMENT_FORM },
	{ .name = "no signature",
	    .script = { ANDROID, .lie = SOFTKEY_NO_SIG },
	    .want = WA_STATEMENT_FORM },
	{ .name = "a member more",
	    .script = { ANDROID, .lie = SOFTKEY_EXTRA_MEMBER },
	    .want = WA_STATEMENT_FORM },
};

#define APPLE .format = "apple"

static const struct lie apple[] = {
	{ .name = "the truth", .script = { APPLE }, .want = WA_OK },
	{ .name = "the truth of P-384",
	    .script = { APPLE },
	    .algorithm = -35,
	    .want = WA_OK },
	{ .name = "with its algorithm",
	    .script = { APPLE, .apple.sends_alg = true },
	    .want = WA_OK },
	{ .name = "another ceremony",
	    .script = { APPLE, .apple.other_nonce = true },
	    .want = WA_APPLE_NONCE },
	{ .name = "no nonce",
	    .script = { APPLE, .apple.no_nonce = true },
	    .want = WA_APPLE_NONCE },
	{ .name = "a bare nonce",
	    .script = { APPLE, .apple.bare_nonce = true },
	    .want = WA_APPLE_NONCE },
	{ .name = "another key's certificate",
	    .script = { APPLE, .lie = SOFTKEY_X5C_OTHER_KEY },
	    .want = WA_CERTIFICATE_KEY },
	{ .name = "no certificate",
	    .script = { APPLE, .lie = SOFTKEY_X5C_EMPTY },
	    .want = WA_STATEMENT_FORM },
	{ .name = "no x5c",
	    .script = { APPLE, .statement = SLICE("\xa0") },
	    .want = WA_STATEMENT_FORM },
	{ .name = "a member more",
	    .script = { APPLE, .lie = SOFTKEY_EXTRA_MEMBER },
	    .want = WA_STATEMENT_FORM },
};

#define SAFETYNET .format = "android-safetynet"

static const struct lie safetynet[] = {
	{ .name = "the truth", .script = { SAFETYNET }, .want = WA_OK },
	{ .name = "the truth of ES256",
	    .script = { SAFETYNET, .safetynet.elliptic = true },
	    .want = WA_OK },
	{ .name = "no version",
	    .script = { SAFETYNET, .safetynet.ver = "" },
	    .want = WA_STATEMENT_FORM },
	{ .name = "no response",
	    .script = { SAFETYNET, .safetynet.response = "" },
	    .want = WA_SAFETYNET_RESPONSE },
	{ .name = "two parts",
	    .script = { SAFETYNET, .safetynet.response = "e30.e30" },
	    .want = WA_SAFETYNET_RESPONSE },
	{ .name = "four parts",
	    .script = { SAFETYNET, .safetynet.response = "e30.e30.e30.e30" },
	    .want = WA_SAFETYNET_RESPONSE },
	{ .name = "nothing inside",
	    .script = { SAFETYNET, .safetynet.response = "e30.e30.e30" },
	    .want = WA_SAFETYNET_RESPONSE },
	{ .name = "padded",
	    .script = { SAFETYNET, .safetynet.response = "e30=.e30.e30" },
	    .want = WA_SAFETYNET_RESPONSE },
	{ .name = "no certificates",
	    .script = { SAFETYNET, .safetynet.no_x5c = true },
	    .want = WA_SAFETYNET_RESPONSE },
	{ .name = "seven certificates",
	    .script = { SAFETYNET, .safetynet.certificates = 7 },
	    .want = WA_SAFETYNET_RESPONSE },
	{ .name = "six certificates",
	    .script = { SAFETYNET, .safetynet.certificates = 6 },
	    .want = WA_OK },
	{ .name = "a header that does not end",
	    .script = { SAFETYNET, .safetynet.long_header = true },
	    .want = WA_SAFETYNET_RESPONSE },
	{ .name = "r and s, and a byte more",
	    .script = { SAFETYNET,
		.safetynet = { .elliptic = true, .long_signature = true } },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "something critical",
	    .script = { SAFETYNET, .safetynet.critical = true },
	    .want = WA_SAFETYNET_RESPONSE },
	{ .name = "an array inside",
	    .script = { SAFETYNET, .safetynet.garbage_payload = true },
	    .want = WA_SAFETYNET_RESPONSE },
	{ .name = "a bit of the signature",
	    .script = { SAFETYNET, .lie = SOFTKEY_SIG_BIT },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "signed by nobody",
	    .script = { SAFETYNET, .safetynet.alg = "none" },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "signed with a secret",
	    .script = { SAFETYNET, .safetynet.alg = "HS256" },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "RSA, it says",
	    .script = { SAFETYNET,
		.safetynet = { .elliptic = true, .alg = "RS256" } },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "another host",
	    .script = { SAFETYNET, .safetynet.host = "attest.example.org" },
	    .want = WA_SAFETYNET_HOST },
	{ .name = "any host beside it",
	    .script = { SAFETYNET, .safetynet.host = "*.android.com" },
	    .want = WA_SAFETYNET_HOST },
	{ .name = "a host before it",
	    .script = { SAFETYNET,
		.safetynet.host = "attest.android.com.example.org" },
	    .want = WA_SAFETYNET_HOST },
	{ .name = "another ceremony",
	    .script = { SAFETYNET, .safetynet.other_nonce = true },
	    .want = WA_SAFETYNET_NONCE },
	{ .name = "a rooted phone",
	    .script = { SAFETYNET, .safetynet.failed_device = true },
	    .want = WA_SAFETYNET_DEVICE },
	{ .name = "a minute old",
	    .script = { SAFETYNET, .safetynet.late_ms = -60000 },
	    .want = WA_OK },
	{ .name = "older",
	    .script = { SAFETYNET, .safetynet.late_ms = -60001 },
	    .want = WA_SAFETYNET_TIME },
	{ .name = "of tomorrow",
	    .script = { SAFETYNET, .safetynet.late_ms = 86400000 },
	    .want = WA_SAFETYNET_TIME },
	{ .name = "a member more",
	    .script = { SAFETYNET, .lie = SOFTKEY_EXTRA_MEMBER },
	    .want = WA_STATEMENT_FORM },
};

#define COMPOUND .format = "compound"

static const char *const three[] = { "packed", "packed-self", "apple", NULL };
static const char *const alone[] = { "packed", NULL };
static const char *const nested[] = { "packed", "compound", NULL };
static const char *const empty[] = { "packed-self", "none", NULL };
static const char *const four[] = { "none", "none", "none", "none", NULL };
static const char *const five[] = { "none", "none", "none", "none", "none",
	NULL };
static const char *const four_paths[] = { "packed", "apple", "packed", "apple",
	NULL };
static const char *const three_paths[] = { "packed", "apple", "packed", NULL };

static const struct lie compound[] = {
	{ .name = "the truth", .script = { COMPOUND }, .want = WA_OK },
	{ .name = "three",
	    .script = { COMPOUND, .compound.formats = three },
	    .want = WA_OK },
	{ .name = "one alone",
	    .script = { COMPOUND, .compound.formats = alone },
	    .want = WA_STATEMENT_FORM },
	{ .name = "one inside another",
	    .script = { COMPOUND, .compound.formats = nested },
	    .want = WA_STATEMENT_FORM },
	{ .name = "four",
	    .script = { COMPOUND, .compound.formats = four },
	    .want = WA_OK },
	{ .name = "five",
	    .script = { COMPOUND, .compound.formats = five },
	    .want = WA_STATEMENT_FORM },
	{ .name = "six certificates",
	    .script = { COMPOUND, .compound.formats = three_paths },
	    .want = WA_OK },
	{ .name = "eight certificates",
	    .script = { COMPOUND, .compound.formats = four_paths },
	    .want = WA_STATEMENT_FORM },
	{ .name = "nine certificates",
	    .script = { COMPOUND, .compound.formats = three_paths,
		.lie = SOFTKEY_X5C_WITH_ROOT },
	    .want = WA_STATEMENT_FORM },
	{ .name = "a map",
	    .script = { COMPOUND, .statement = SLICE("\xa2\x01\x02\x03\x04") },
	    .want = WA_STATEMENT_FORM },
	{ .name = "numbers",
	    .script = { COMPOUND, .statement = SLICE("\x82\x01\x02") },
	    .want = WA_STATEMENT_FORM },
	{ .name = "a member more",
	    .script = { COMPOUND, .compound.member_more = true },
	    .want = WA_STATEMENT_FORM },
	{ .name = "a format of nobody's",
	    .script = { COMPOUND, .statement = SLICE("\x82\xa2\x63"
						     "fmt\x64"
						     "none\x67"
						     "attStmt\xa0"
						     "\xa2\x63"
						     "fmt\x64"
						     "nona\x67"
						     "attStmt\xa0") },
	    .want = WA_FORMAT },
	{ .name = "one of them lies",
	    .script = { COMPOUND, .android.imported = true },
	    .want = WA_ANDROID_ORIGIN },
	{ .name = "all of them lie",
	    .script = { COMPOUND, .lie = SOFTKEY_SIG_BIT },
	    .want = WA_STATEMENT_SIGNATURE },
	{ .name = "self, where that is not welcome",
	    .script = { COMPOUND, .compound.formats = three },
	    .policy.refuse_self = true,
	    .want = WA_SELF_REFUSED },
	{ .name = "none, where that is not welcome",
	    .script = { COMPOUND, .compound.formats = empty },
	    .policy.refuse_none = true,
	    .want = WA_NONE_REFUSED },
};

struct keys {
	struct softkey *of[COUNT(offered)];
};

static struct softkey *
key_of(struct keys *keys, int32_t algorithm)
{
	for (size_t i = 0; i < COUNT(offered); i++) {
		if (offered[i] != (algorithm != 0 ? algorithm : -7))
			continue;
		if (keys->of[i] == NULL)
			keys->of[i] = softkey_new(offered[i]);
		return keys->of[i];
	}
	abort();
}

static struct wa_registration_expectation
expectation(const struct wa_attestation_policy *policy)
{
	struct wa_registration_expectation w = want;

	w.attestation = *policy;
	w.attestation.at = SOFTCA_NOW;
	w.attestation.tpm_manufacturers = makers;
	return w;
}

static void
name_each(struct keys *keys, const struct lie *lies, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct wa_registration_expectation w =
		    expectation(&lies[i].policy);
		struct softkey *k = key_of(keys, lies[i].algorithm);
		const struct wa_registration got =
		    softkey_register(k, &lies[i].script);
		struct wa_registration_result r;
		const enum wa_verdict v = wa_registration_verify(&w, &got, &r);

		if (v != lies[i].want)
			fail_msg("%s: got %s, want %s", lies[i].name,
			    wa_verdict_name(v), wa_verdict_name(lies[i].want));
		if (v == WA_OK)
			assert_string_equal(r.format, lies[i].script.format);
	}
}

#define NAMES_EACH(format)                                                     \
	static void format##_names_each_lie(void **state)                      \
	{                                                                      \
		name_each(*state, format, COUNT(format));                      \
	}
NAMES_EACH(u2f)
NAMES_EACH(tpm)
NAMES_EACH(android)
NAMES_EACH(apple)
NAMES_EACH(safetynet)
NAMES_EACH(compound)

/* What is worth knowing of a format is told even from inside another. */
static void
compound_tells_what_is_inside(void **state)
{
	static const char *const ended[] = { "packed", "android-safetynet",
		NULL };
	static const struct softkey_script unknown = { COMPOUND,
		.statement = SLICE("\x82\xa2\x63"
				   "fmt\x64"
				   "none\x67"
				   "attStmt\xa0"
				   "\xa2\x63"
				   "fmt\x64"
				   "nona\x67"
				   "attStmt\xa0") };
	static const struct softkey_script old = { COMPOUND,
		.compound.formats = ended };
	static const struct softkey_script safe = { SAFETYNET };
	static const struct softkey_script packed = { .format = "packed" };
	struct softkey *k = key_of(*state, 0);
	struct wa_registration_expectation w = want;
	struct wa_registration_result r;
	struct wa_registration got = softkey_register(k, &unknown);

	w.attestation.accept_unknown_formats = true;
	assert_int_equal(wa_registration_verify(&w, &got, &r), WA_OK);
	assert_true(slice_equal(r.unknown_format, slice_of("nona")));
	assert_string_equal(r.format, "compound");
	assert_false(r.legacy);
	got = softkey_register(k, &old);
	assert_int_equal(wa_registration_verify(&w, &got, &r), WA_OK);
	assert_true(r.legacy);
	got = softkey_register(k, &safe);
	assert_int_equal(wa_registration_verify(&w, &got, &r), WA_OK);
	assert_true(r.legacy);
	got = softkey_register(k, &packed);
	assert_int_equal(wa_registration_verify(&w, &got, &r), WA_OK);
	assert_false(r.legacy);
}

/* The path of each format is led to the anchor that it has, and no other. */
static void
each_format_reaches_its_anchor(void **state)
{
	static const char *const formats[] = { "packed", "tpm", "android-key",
		"apple", "android-safetynet", "fido-u2f", "compound" };
	struct softkey *k = key_of(*state, 0);
	struct softca *other = softca_new();
	const struct slice own[2] = { softca_root(softkey_ca(k)),
		softca_intermediate(softkey_ca(k)) };
	const struct slice strange = softca_root(other);

	for (size_t i = 0; i < COUNT(formats); i++) {
		struct wa_registration_expectation w = want;
		struct wa_registration got = softkey_register(
		    k, &(struct softkey_script){
			   .format = formats[i], .flags = WA_FLAG_UP });
		struct wa_registration_result r;

		w.attestation.require_trusted = true;
		w.attestation.anchors = (struct wa_trust_anchors){ own, 2 };
		assert_int_equal(wa_registration_verify(&w, &got, &r), WA_OK);
		assert_int_equal(r.attestation, WA_ATTESTATION_TRUSTED);
		w.attestation.anchors =
		    (struct wa_trust_anchors){ &strange, 1 };
		assert_int_equal(
		    wa_registration_verify(&w, &got, &r), WA_TRUST_PATH);
		w.attestation.require_trusted = false;
		assert_int_equal(wa_registration_verify(&w, &got, &r), WA_OK);
		assert_int_equal(r.attestation, WA_ATTESTATION_UNCERTAIN);
	}
	softca_free(other);
}

/*
 * Bytes that no signature of the format covers.  U2F's is older than flags,
 * counters and models: it covers the rp id, the credential and its key.  The
 * "ver" of SafetyNet stands beside the response.
 */
static bool
is_unsigned(const char *format, struct slice object, size_t at)
{
	const size_t authdata = object.n - (37 + 16 + 2 + 32 + 77);
	const uint8_t *ver = memmem(object.p, object.n, "\x63ver\x61", 5);

	if (strcmp(format, "fido-u2f") == 0)
		return at >= authdata + 32 && at < authdata + 37 + 16;
	return strcmp(format, "android-safetynet") == 0 && ver != NULL &&
	       at == (size_t)(ver - object.p) + 5;
}

/* Whichever signed bit is turned, it is no more attested by our anchor. */
static void
turn_each_bit(struct softkey *k, const char *format)
{
	static const struct softca_script of_u2f = {
		.common_name = "U2F Device", .under_root = true
	};
	const struct slice root = softca_root(softkey_ca(k));
	struct wa_registration_expectation w = want;
	struct wa_registration got = softkey_register(
	    k, &(struct softkey_script){ .format = format,
		   .flags = WA_FLAG_UP,
		   .certificate =
		       strcmp(format, "fido-u2f") == 0 ? &of_u2f : NULL });
	struct slice *parts[] = { &got.client_data_json,
		&got.attestation_object };
	struct wa_registration_result r;

	w.attestation.require_trusted = true;
	w.attestation.anchors = (struct wa_trust_anchors){ &root, 1 };
	for (size_t p = 0; p < 2; p++) {
		const struct slice was = *parts[p];
		uint8_t *bytes = malloc(was.n); /* to the exact size */

		assert_non_null(bytes);
		memcpy(bytes, was.p, was.n);
		parts[p]->p = bytes;
		for (size_t bit = 0; bit < was.n * 8; bit++) {
			if (p == 1 && is_unsigned(format, was, bit / 8))
				continue;
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (wa_registration_verify(&w, &got, &r) == WA_OK)
				fail_msg("%s: part %zu, byte %zu, bit %zu",
				    format, p, bit / 8, bit % 8);
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		assert_int_equal(wa_registration_verify(&w, &got, &r), WA_OK);
		free(bytes);
		*parts[p] = was;
	}
}

#define NO_BIT_IDLE(name, format)                                              \
	static void name##_has_no_idle_bit(void **state)                       \
	{                                                                      \
		turn_each_bit(key_of(*state, 0), format);                      \
	}
NO_BIT_IDLE(u2f, "fido-u2f")
NO_BIT_IDLE(tpm, "tpm")
NO_BIT_IDLE(android, "android-key")
NO_BIT_IDLE(apple, "apple")
NO_BIT_IDLE(safetynet, "android-safetynet")
NO_BIT_IDLE(compound, "compound")

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct keys));
	return *state == NULL;
}

static int
teardown(void **state)
{
	struct keys *keys = *state;

	for (size_t i = 0; i < COUNT(keys->of); i++)
		softkey_free(keys->of[i]);
	free(keys);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u2f_names_each_lie),
		cmocka_unit_test(tpm_names_each_lie),
		cmocka_unit_test(android_names_each_lie),
		cmocka_unit_test(apple_names_each_lie),
		cmocka_unit_test(safetynet_names_each_lie),
		cmocka_unit_test(compound_names_each_lie),
		cmocka_unit_test(compound_tells_what_is_inside),
		cmocka_unit_test(each_format_reaches_its_anchor),
		cmocka_unit_test(u2f_has_no_idle_bit),
		cmocka_unit_test(tpm_has_no_idle_bit),
		cmocka_unit_test(android_has_no_idle_bit),
		cmocka_unit_test(apple_has_no_idle_bit),
		cmocka_unit_test(safetynet_has_no_idle_bit),
		cmocka_unit_test(compound_has_no_idle_bit),
	};

	return cmocka_run_group_tests_name(
	    "attestation", tests, setup, teardown);
}
