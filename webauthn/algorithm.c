/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/algorithm.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

/* COSE curves, RFC 9053 section 7.1 and RFC 8812. */
enum { P_256 = 1, P_384 = 2, P_521 = 3, ED25519 = 6, ED448 = 7, P_256K = 8 };

#define EC(id, name, crv, group, size, hash)                                   \
	{                                                                      \
		id, name, WA_KEY_EC2, crv, group, size, hash, false, false     \
	}
#define ED(id, name, crv, type, size)                                          \
	{                                                                      \
		id, name, WA_KEY_OKP, crv, type, size, WA_HASH_NONE, false,    \
		    false                                                      \
	}
#define RSA(id, name, hash, pss, old)                                          \
	{                                                                      \
		id, name, WA_KEY_RSA, 0, "RSA", 0, hash, pss, old              \
	}
#define ML(id, name, size)                                                     \
	{                                                                      \
		id, name, WA_KEY_AKP, 0, name, size, WA_HASH_NONE, false,      \
		    false                                                      \
	}

/*
 * RFC 9053, RFC 8812 (RS, ES256K), RFC 8230 (PS), RFC 9864 (-9, -19, -51,
 * -52, -53: curve and hash fixed by the number), FIPS 204 for the key sizes of
 * ML-DSA.  The commonest stands first: the search is linear.
 */
static const struct wa_algorithm algorithms[] = {
	EC(-7, "ES256", P_256, "prime256v1", 32, WA_SHA256),
	ED(-8, "EdDSA", ED25519, "ED25519", 32),
	RSA(-257, "RS256", WA_SHA256, false, false),
	EC(-35, "ES384", P_384, "secp384r1", 48, WA_SHA384),
	EC(-36, "ES512", P_521, "secp521r1", 66, WA_SHA512),
	EC(-47, "ES256K", P_256K, "secp256k1", 32, WA_SHA256),
	EC(-9, "ESP256", P_256, "prime256v1", 32, WA_SHA256),
	EC(-51, "ESP384", P_384, "secp384r1", 48, WA_SHA384),
	EC(-52, "ESP512", P_521, "secp521r1", 66, WA_SHA512),
	ED(-19, "Ed25519", ED25519, "ED25519", 32),
	ED(-53, "Ed448", ED448, "ED448", 57),
	RSA(-258, "RS384", WA_SHA384, false, false),
	RSA(-259, "RS512", WA_SHA512, false, false),
	RSA(-37, "PS256", WA_SHA256, true, false),
	RSA(-38, "PS384", WA_SHA384, true, false),
	RSA(-39, "PS512", WA_SHA512, true, false),
	RSA(-65535, "RS1", WA_SHA1, false, true),
	ML(-48, "ML-DSA-44", 1312),
	ML(-49, "ML-DSA-65", 1952),
	ML(-50, "ML-DSA-87", 2592),
};

const struct wa_algorithm *
wa_algorithm_find(int64_t id)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]);
	     i++) {
		if (algorithms[i].id == id)
			return &algorithms[i];
	}
	return NULL;
}

/* A group is asked for by making a key of it that has no point yet. */
static bool
has_group(const char *group)
{
	OSSL_PARAM params[2] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	const bool has =
	    make != NULL && EVP_PKEY_fromdata_init(make) == 1 &&
	    EVP_PKEY_fromdata(make, &key, EVP_PKEY_KEY_PARAMETERS, params) == 1;

	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(make);
	return has;
}

static bool
has_type(const char *name)
{
	EVP_KEYMGMT *type = EVP_KEYMGMT_fetch(NULL, name, NULL);

	EVP_KEYMGMT_free(type);
	return type != NULL;
}

bool
wa_algorithm_usable(int64_t id)
{
	const struct wa_algorithm *a = wa_algorithm_find(id);
	bool has;

	if (a == NULL || a->attestation_only)
		return false;
	/* Asked at run time: ML-DSA came with OpenSSL 3.5, and distributions
	 * leave curves out. */
	has = a->key_type == WA_KEY_EC2 ? has_group(a->openssl)
					: has_type(a->openssl);
	ERR_clear_error();
	return has;
}
