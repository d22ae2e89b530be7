/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softseed.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/softsign.h"
#include "tests/softstatement.h"

/* 32 bytes that the seed and a letter decide. */
static void
derive(uint64_t seed, char what, uint8_t out[32])
{
	char text[48];

	snprintf(text, sizeof(text), "itsumo test passkey %c %llu", what,
	    (unsigned long long)seed);
	soft_sha256(slice_of(text), out);
}

/* Below the order of the curve, since its first bit is none. */
static BIGNUM *
private_of(uint64_t seed)
{
	uint8_t hash[32];
	BIGNUM *b;

	derive(seed, 'k', hash);
	hash[0] &= 0x7f;
	if ((b = BN_bin2bn(hash, sizeof(hash), NULL)) == NULL)
		abort();
	return b;
}

static void
public_of(const BIGNUM *k, uint8_t point[65])
{
	static _Thread_local EC_GROUP *group;
	static _Thread_local BN_CTX *ctx;
	EC_POINT *p;

	if (group == NULL) {
		group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
		ctx = BN_CTX_new();
	}
	if (group == NULL || ctx == NULL || (p = EC_POINT_new(group)) == NULL ||
	    EC_POINT_mul(group, p, k, NULL, NULL, ctx) != 1 ||
	    EC_POINT_point2oct(
		group, p, POINT_CONVERSION_UNCOMPRESSED, point, 65, ctx) != 65)
		abort();
	EC_POINT_free(p);
}

void
softseed_outline(uint64_t seed, struct softseed *out)
{
	/* {1: 2, 3: -7, -1: 1, -2: x, -3: y} */
	static const uint8_t before_x[] = { 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21,
		0x58, 32 };
	static const uint8_t before_y[] = { 0x22, 0x58, 32 };
	BIGNUM *k = private_of(seed);
	uint8_t point[65];

	public_of(k, point);
	BN_free(k);
	derive(seed, 'i', out->id);
	derive(seed, 'u', out->user_handle);
	memcpy(out->cose, before_x, 10);
	memcpy(out->cose + 10, point + 1, 32);
	memcpy(out->cose + 42, before_y, 3);
	memcpy(out->cose + 45, point + 33, 32);
}

static EVP_PKEY *
key_of(uint64_t seed)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	BIGNUM *k = private_of(seed);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;
	uint8_t point[65];

	public_of(k, point);
	if (b == NULL || c == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(
		b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(
		b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, k) != 1 ||
	    (params = OSSL_PARAM_BLD_to_param(b)) == NULL ||
	    EVP_PKEY_fromdata_init(c) != 1 ||
	    EVP_PKEY_fromdata(c, &key, EVP_PKEY_KEYPAIR, params) != 1)
		abort();
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(c);
	BN_free(k);
	return key;
}

struct softkey *
softseed_key(uint64_t seed)
{
	struct softkey *k = calloc(1, sizeof(*k));
	struct softseed outline;

	if (k == NULL || (k->algorithm = wa_algorithm_find(-7)) == NULL)
		abort();
	k->key = key_of(seed);
	softseed_outline(seed, &outline);
	soft_put(&k->cose, outline.cose, sizeof(outline.cose));
	soft_put(&k->id, outline.id, sizeof(outline.id));
	return k;
}
