/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softsign.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>

EVP_PKEY *
softsign_key(const struct wa_algorithm *a)
{
	EVP_PKEY *key = NULL;

	switch (a->key_type) {
	case WA_KEY_EC2:
		return EVP_EC_gen(a->openssl);
	case WA_KEY_RSA:
		return EVP_RSA_gen(2048);
	case WA_KEY_OKP:
	case WA_KEY_AKP:
		key = EVP_PKEY_Q_keygen(NULL, NULL, a->openssl);
		ERR_clear_error();
		return key;
	}
	return NULL;
}

static struct slice
get_octets(EVP_PKEY *key, const char *name, uint8_t *at, size_t size)
{
	size_t n = 0;

	if (EVP_PKEY_get_octet_string_param(key, name, at, size, &n) != 1)
		abort();
	return (struct slice){ at, n };
}

static void
put_number(EVP_PKEY *key, const char *name, struct soft_bytes *out)
{
	BIGNUM *bn = NULL;
	uint8_t bytes[1024];

	if (EVP_PKEY_get_bn_param(key, name, &bn) != 1 ||
	    BN_num_bytes(bn) > (int)sizeof(bytes))
		abort();
	soft_bstr(out, (struct slice){ bytes, (size_t)BN_bn2bin(bn, bytes) });
	BN_free(bn);
}

void
softsign_cose(
    EVP_PKEY *key, const struct wa_algorithm *a, struct soft_bytes *out)
{
	static const size_t pairs[] = { [WA_KEY_OKP] = 4,
		[WA_KEY_EC2] = 5,
		[WA_KEY_RSA] = 4,
		[WA_KEY_AKP] = 3 };
	uint8_t at[4096];
	struct slice s;

	soft_map(out, pairs[a->key_type]);
	soft_int(out, 1);
	soft_int(out, a->key_type);
	soft_int(out, 3);
	soft_int(out, a->id);
	soft_int(out, -1);
	switch (a->key_type) {
	case WA_KEY_EC2:
		soft_int(out, a->curve);
		s = get_octets(key, OSSL_PKEY_PARAM_PUB_KEY, at, sizeof(at));
		soft_int(out, -2);
		soft_bstr(out, (struct slice){ s.p + 1, a->size });
		soft_int(out, -3);
		soft_bstr(out, (struct slice){ s.p + 1 + a->size, a->size });
		break;
	case WA_KEY_OKP:
		soft_int(out, a->curve);
		soft_int(out, -2);
		soft_bstr(out,
		    get_octets(key, OSSL_PKEY_PARAM_PUB_KEY, at, sizeof(at)));
		break;
	case WA_KEY_RSA:
		put_number(key, OSSL_PKEY_PARAM_RSA_N, out);
		soft_int(out, -2);
		put_number(key, OSSL_PKEY_PARAM_RSA_E, out);
		break;
	case WA_KEY_AKP:
		soft_bstr(out,
		    get_octets(key, OSSL_PKEY_PARAM_PUB_KEY, at, sizeof(at)));
		break;
	}
}

static const EVP_MD *
md_of(enum wa_hash hash)
{
	switch (hash) {
	case WA_SHA1:
		return EVP_sha1();
	case WA_SHA256:
		return EVP_sha256();
	case WA_SHA384:
		return EVP_sha384();
	case WA_SHA512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

void
softsign_sign(EVP_PKEY *key, const struct wa_algorithm *a, struct slice x,
    struct slice y, struct soft_bytes *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	struct soft_bytes message = { 0 };
	uint8_t sig[8192];
	size_t n = sizeof(sig);

	soft_put_slice(&message, x);
	soft_put_slice(&message, y);
	if (md == NULL ||
	    EVP_DigestSignInit(md, &ctx, md_of(a->hash), NULL, key) != 1 ||
	    (a->pss && (EVP_PKEY_CTX_set_rsa_padding(
			    ctx, RSA_PKCS1_PSS_PADDING) != 1 ||
			   EVP_PKEY_CTX_set_rsa_pss_saltlen(
			       ctx, RSA_PSS_SALTLEN_DIGEST) != 1)) ||
	    EVP_DigestSign(md, sig, &n, message.p, message.n) != 1)
		abort();
	soft_put(out, sig, n);
	EVP_MD_CTX_free(md);
	soft_free(&message);
}
