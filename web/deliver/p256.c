/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/p256.h"

#include <limits.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

static const char group_name[] = "P-256";

/* NULL when the point is not on the curve, or the machine failed. */
static EVP_PKEY *
key_of(const uint8_t public_key[P256_PUBLIC], const BIGNUM *scalar)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (build == NULL || ctx == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(
		build, OSSL_PKEY_PARAM_GROUP_NAME, group_name, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(
		build, OSSL_PKEY_PARAM_PUB_KEY, public_key, P256_PUBLIC) != 1 ||
	    (scalar != NULL && OSSL_PARAM_BLD_push_BN(build,
				   OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1) ||
	    (params = OSSL_PARAM_BLD_to_param(build)) == NULL ||
	    EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key,
		scalar != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
		params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
key_of_public(const uint8_t public_key[P256_PUBLIC])
{
	/* OpenSSL would take the compressed and the hybrid form as well. */
	if (public_key[0] != POINT_CONVERSION_UNCOMPRESSED)
		return NULL;
	return key_of(public_key, NULL);
}

static EVP_PKEY *
key_of_pair(const struct p256_pair *pair)
{
	BIGNUM *scalar = BN_secure_new();
	EVP_PKEY *key = NULL;

	if (scalar != NULL &&
	    BN_bin2bn(pair->private_key, P256_PRIVATE, scalar) != NULL)
		key = key_of(pair->public_key, scalar);
	BN_clear_free(scalar);
	return key;
}

static bool
pair_of_key(const EVP_PKEY *key, struct p256_pair *pair)
{
	struct p256_pair got;
	char group[32] = "";
	BIGNUM *scalar = NULL;
	size_t n = 0;
	bool good = false;

	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME,
		group, sizeof(group), NULL) == 1 &&
	    strcmp(group, SN_X9_62_prime256v1) == 0 &&
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) ==
		1 &&
	    BN_bn2binpad(scalar, got.private_key, P256_PRIVATE) ==
		P256_PRIVATE &&
	    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
		got.public_key, P256_PUBLIC, &n) == 1 &&
	    n == P256_PUBLIC && got.public_key[0] == 4) {
		*pair = got;
		good = true;
	}
	OPENSSL_cleanse(&got, sizeof(got));
	BN_clear_free(scalar);
	return good;
}

bool
p256_make(struct p256_pair *pair)
{
	EVP_PKEY *key = EVP_EC_gen(group_name);
	bool good = key != NULL && pair_of_key(key, pair);

	EVP_PKEY_free(key);
	ERR_clear_error();
	return good;
}

/* public_key = scalar * G */
static bool
multiply(const BIGNUM *scalar, uint8_t public_key[P256_PUBLIC])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
	bool good =
	    point != NULL && !BN_is_zero(scalar) &&
	    BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0 &&
	    EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED,
		public_key, P256_PUBLIC, NULL) == P256_PUBLIC;

	EC_POINT_free(point);
	EC_GROUP_free(group);
	return good;
}

bool
p256_of_private(const uint8_t private_key[P256_PRIVATE], struct p256_pair *pair)
{
	BIGNUM *scalar = BN_secure_new();
	struct p256_pair got;
	bool good = false;

	memcpy(got.private_key, private_key, P256_PRIVATE);
	if (scalar != NULL &&
	    BN_bin2bn(private_key, P256_PRIVATE, scalar) != NULL &&
	    multiply(scalar, got.public_key)) {
		*pair = got;
		good = true;
	}
	OPENSSL_cleanse(&got, sizeof(got));
	BN_clear_free(scalar);
	ERR_clear_error();
	return good;
}

/* A server has nobody to ask for a password. */
static int
no_password(char *buffer, int size, int writing, void *arg)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

bool
p256_of_pem(struct slice pem, struct p256_pair *pair)
{
	BIO *bio = NULL;
	EVP_PKEY *key = NULL;
	bool good = false;

	if (pem.n > 0 && pem.n <= INT_MAX &&
	    (bio = BIO_new_mem_buf(pem.p, (int)pem.n)) != NULL &&
	    (key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)) !=
		NULL)
		good = pair_of_key(key, pair);
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	return good;
}

bool
p256_is_public(const uint8_t public_key[P256_PUBLIC])
{
	EVP_PKEY *key = key_of_public(public_key);
	bool good = key != NULL;

	EVP_PKEY_free(key);
	ERR_clear_error();
	return good;
}

bool
p256_agree(const struct p256_pair *ours, const uint8_t theirs[P256_PUBLIC],
    uint8_t shared[P256_SHARED])
{
	EVP_PKEY *key = key_of_pair(ours), *peer = key_of_public(theirs);
	EVP_PKEY_CTX *ctx = NULL;
	size_t n = P256_SHARED;
	bool good =
	    key != NULL && peer != NULL &&
	    (ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL)) != NULL &&
	    EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	    EVP_PKEY_derive(ctx, shared, &n) == 1 && n == P256_SHARED;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return good;
}

/* OpenSSL signs in DER; JOSE wants the two numbers side by side. */
static bool
raw_of_der(const uint8_t *der, size_t n, uint8_t signature[P256_SIGNATURE])
{
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)n);
	bool good = s != NULL &&
		    BN_bn2binpad(ECDSA_SIG_get0_r(s), signature, 32) == 32 &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(s), signature + 32, 32) == 32;

	ECDSA_SIG_free(s);
	return good;
}

bool
p256_sign(const struct p256_pair *pair, struct slice text,
    uint8_t signature[P256_SIGNATURE])
{
	EVP_PKEY *key = key_of_pair(pair);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t der[80];
	size_t n = sizeof(der);
	bool good = key != NULL && md != NULL &&
		    EVP_DigestSignInit_ex(
			md, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
		    EVP_DigestSign(md, der, &n, text.p, text.n) == 1 &&
		    raw_of_der(der, n, signature);

	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return good;
}
