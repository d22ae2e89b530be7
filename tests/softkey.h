/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTKEY_H
#define TESTS_SOFTKEY_H

#include "tests/softca.h"
#include "webauthn/assertion.h"
#include "webauthn/registration.h"

/*
 * An authenticator with a browser in front of it, in memory, which tells the
 * truth unless its script says otherwise.  One thread a key at a time.  Ends
 * the program where the machine fails: this is for tests.
 */
struct softkey;

/* Flags in a script where all of them are to be off: a reserved bit. */
#define SOFTKEY_NO_FLAGS (1 << 1)

/* How a statement lies; the members of a script say the rest. */
enum softkey_lie {
	SOFTKEY_TRUE,
	SOFTKEY_SIG_BIT, /* one bit of the signature turned */
	SOFTKEY_SIG_EMPTY,
	SOFTKEY_SIG_OTHER_KEY, /* made by another key of the same kind */
	SOFTKEY_SIG_HASH_ONLY, /* over the client data's hash alone */
	SOFTKEY_NO_SIG, /* the member is missing */
	SOFTKEY_NO_ALG,
	SOFTKEY_NO_X5C,
	SOFTKEY_X5C_EMPTY,
	SOFTKEY_X5C_TEXT, /* is no array */
	SOFTKEY_X5C_GARBAGE, /* holds no certificate */
	SOFTKEY_X5C_TRAILING, /* a byte behind the first certificate */
	SOFTKEY_X5C_LONG, /* seven certificates */
	SOFTKEY_X5C_LEAF_ONLY, /* the intermediate is left out */
	SOFTKEY_X5C_WITH_ROOT, /* the root comes along */
	SOFTKEY_X5C_TWICE, /* the first certificate is there twice */
	SOFTKEY_X5C_OTHER_KEY, /* and is for another key than signed */
	SOFTKEY_EXTRA_MEMBER,
};

/* What a TPM's statement says; zero is the truth, in Windows' way. */
struct softkey_tpm {
	const char *ver;
	uint32_t magic;
	uint16_t type; /* of the attest */
	uint16_t name_algorithm; /* nameAlg of the area: TPM_ALG_ID */
	uint16_t name_made_with; /* in the name, where that differs */
	uint16_t symmetric, scheme, key_bits, curve, kdf;
	uint16_t scheme_hash; /* 0: SHA-256 */
	uint32_t exponent; /* as it stands */
	uint32_t attributes; /* beside the true ones */
	uint32_t attributes_off; /* of the true ones */
	bool no_policy, long_policy;
	size_t area_cut; /* bytes that the area lacks at its end */
	bool area_long, info_long; /* a byte behind */
	bool other_key; /* the area holds another, and the name is its */
	bool other_name, other_extra_data;
	bool subject, no_san, san_text, authority; /* certificate */
	bool no_use, other_use;
	const char *manufacturer, *model, *version; /* "": left out */
	const char *model_aaguid; /* 16 bytes: id-fido-gen-ce-aaguid */
};

/* What Android's extension says; zero is the truth, in hardware. */
struct softkey_android {
	bool no_extension, garbage, cut, other_challenge;
	bool all_in_software, all_in_tee; /* allApplications */
	bool no_origin, no_purpose, imported, encrypts;
	bool in_software; /* origin and purpose, and not in hardware */
	bool split; /* origin in hardware, purpose in software */
	bool origin_differs; /* another origin in software */
	bool origin_twice, purpose_twice; /* the lie before the truth */
	bool more_behind; /* the lists */
};

struct softkey_apple {
	bool no_nonce, other_nonce, bare_nonce, sends_alg;
};

struct softkey_safetynet {
	const char *ver; /* NULL: "1" */
	const char *response; /* instead of the whole JWS */
	const char *alg, *host;
	bool elliptic; /* signed with ES256 */
	bool other_nonce, failed_device, critical, no_x5c, garbage_payload;
	bool long_header, long_signature; /* of 300 members; a byte behind */
	size_t certificates; /* 0: two */
	int64_t late_ms; /* after SOFTCA_NOW */
};

struct softkey_compound {
	const char *const *formats; /* NULL: packed and android-key */
	bool as_map, member_more;
};

struct softkey_script {
	/* Client data; NULL and 0 are the truth. */
	const char *type, *challenge, *origin; /* as they stand in the JSON */
	const char *cross_origin; /* "true", "null", …; NULL: "false" */
	const char *top_origin;
	const char *more; /* put before the last brace: ",\"a\":1" */
	const char *client_data; /* instead of all of it */

	/* Authenticator data. */
	const char *rp_id; /* NULL: "example.org" */
	uint8_t flags; /* 0: UP and UV */
	uint32_t sign_count;
	const char *aaguid; /* 16 bytes; NULL: softkey_aaguid */
	struct slice extensions; /* a CBOR map; sets ED */
	struct slice credential_id; /* in it; empty: the key's own */
	struct slice cose_key; /* in it; empty: the key's own */
	struct slice authdata; /* instead of all of it, and signed */
	struct slice trailing; /* behind it, and signed */

	/* What stands around it. */
	struct slice raw_id; /* empty: the key's own */
	struct slice user_handle; /* assertion; empty: none is sent */
	struct slice signature; /* assertion: instead of the truth */
	const char *outputs; /* clientExtensionResults; NULL: "{}" */

	/* Registration. */
	/* NULL: "none".  "packed" is with x5c, "packed-self" without. */
	const char *format;
	const char *format_sent; /* NULL: the format's name */
	enum softkey_lie lie;
	int32_t statement_alg; /* 0: of the key that signs */
	int32_t attestation_alg; /* of the attestation key; 0: ES256 */
	const struct softca_script *certificate; /* NULL: one by the rules */
	struct slice certificate_behind; /* in x5c; empty: none more */
	struct slice statement; /* instead of all of it */
	struct softkey_tpm tpm;
	struct softkey_android android;
	struct softkey_apple apple;
	struct softkey_safetynet safetynet;
	struct softkey_compound compound;
};

/* The truth where a script says nothing. */
#define SOFTKEY_ORIGIN "https://example.org"
#define SOFTKEY_CHALLENGE "AQIDBAUGBwgJCgsMDQ4PEA" /* bytes 1 to 16 */
extern const char softkey_aaguid[17];

/* A key of a COSE algorithm; NULL where this OpenSSL has none such. */
struct softkey *softkey_new(int32_t algorithm);
void softkey_free(struct softkey *k);

/* The credential id is 32 random bytes until set. */
void softkey_set_id(struct softkey *k, struct slice id);
struct slice softkey_id(const struct softkey *k);
struct slice softkey_cose(const struct softkey *k);

/* Who signs its attestations; made at the first use. */
struct softca *softkey_ca(struct softkey *k);

/* Slices stay good until the next call with the same key. */
struct wa_registration softkey_register(
    struct softkey *k, const struct softkey_script *script);
struct wa_assertion softkey_assert(
    struct softkey *k, const struct softkey_script *script);

#endif
