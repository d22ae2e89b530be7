/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "webauthn/edwards.h"
#include "webauthn/evp.h"
#include "webauthn/key.h"

enum wa_verdict
wa_key_judge(const struct wa_cose *key)
{
	struct wa_ready_key ready;
	enum wa_verdict v;

	if (key->algorithm->attestation_only)
		return WA_ALGORITHM_UNSUPPORTED;
	v = wa_key_ready(key, &ready);
	return v == WA_OK && key->algorithm->key_type == WA_KEY_OKP
		   ? wa_edwards_judge(key)
		   : v;
}

/* For algorithms that hash first: one pass, then the primitive itself. */
static enum wa_verdict
verify_digest(EVP_PKEY_CTX *verify, const struct wa_algorithm *a,
    const struct slice parts[2], struct slice sig)
{
	uint8_t digest[WA_HASH_MAX];

	if (!wa_hash_parts(a->hash, parts, 2, digest))
		return WA_FAULT;
	/* 0 is a wrong signature, less than 0 one that is no signature. */
	if (EVP_PKEY_verify(
		verify, sig.p, sig.n, digest, wa_hash_size(a->hash)) == 1)
		return WA_OK;
	return wa_openssl_starved() ? WA_FAULT : WA_SIGNATURE;
}

/* For algorithms that take the message whole: EdDSA, ML-DSA. */
static enum wa_verdict
verify_message(EVP_PKEY *key, const struct slice parts[2], struct slice sig)
{
	const size_t n = parts[0].n + parts[1].n;
	enum wa_verdict v = WA_FAULT;
	uint8_t *message = malloc(n + 1); /* never of no bytes */
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (message == NULL || ctx == NULL ||
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
		goto out;
	if (parts[0].n > 0)
		memcpy(message, parts[0].p, parts[0].n);
	if (parts[1].n > 0)
		memcpy(message + parts[0].n, parts[1].p, parts[1].n);
	if (EVP_DigestVerify(ctx, sig.p, sig.n, message, n) == 1)
		v = WA_OK;
	else
		v = wa_openssl_starved() ? WA_FAULT : WA_SIGNATURE;
out:
	EVP_MD_CTX_free(ctx);
	free(message);
	return v;
}

enum wa_verdict
wa_signature_verify(
    const struct wa_cose *key, struct slice a, struct slice b, struct slice sig)
{
	const struct slice parts[2] = { a, b };
	struct wa_ready_key ready;
	enum wa_verdict v;

	if (key->algorithm->attestation_only)
		return WA_ALGORITHM_UNSUPPORTED;
	if (sig.n == 0)
		return WA_SIGNATURE;
	if ((v = wa_key_ready(key, &ready)) != WA_OK)
		return v;
	v = ready.verify != NULL
		? verify_digest(ready.verify, key->algorithm, parts, sig)
		: verify_message(ready.key, parts, sig);
	if (v != WA_OK)
		ERR_clear_error();
	return v;
}

static bool
rsa_is_welcome(EVP_PKEY *key)
{
	const int bits = EVP_PKEY_get_bits(key);
	BIGNUM *e = NULL;
	bool good;

	good = bits >= WA_RSA_BITS_MIN && bits <= WA_CERTIFICATE_RSA_BITS_MAX &&
	       EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
	       BN_num_bits(e) <= WA_RSA_EXPONENT_BITS_MAX && BN_is_odd(e) &&
	       !BN_is_one(e);
	BN_free(e);
	return good;
}

/* Its curve is named, and is one of our algorithms'. */
static bool
curve_is_welcome(EVP_PKEY *key)
{
	static const int32_t curves[] = { -7, -35, -36, -47 };
	char encoding[16];
	size_t n;

	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING,
		encoding, sizeof(encoding), &n) != 1 ||
	    strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) != 0)
		return false;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (wa_evp_goes_with(key, wa_algorithm_find(curves[i])))
			return true;
	}
	return false;
}

bool
wa_evp_is_welcome(EVP_PKEY *key)
{
	static const int32_t others[] = { -8, -53, -48, -49, -50 };

	if (EVP_PKEY_is_a(key, "RSA") == 1)
		return rsa_is_welcome(key);
	if (EVP_PKEY_is_a(key, "EC") == 1)
		return curve_is_welcome(key);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (wa_evp_goes_with(key, wa_algorithm_find(others[i])))
			return true;
	}
	return false;
}

bool
wa_evp_goes_with(EVP_PKEY *key, const struct wa_algorithm *a)
{
	char group[80];
	size_t n;

	if (a->key_type != WA_KEY_EC2)
		return EVP_PKEY_is_a(key, a->openssl) == 1;
	return EVP_PKEY_is_a(key, "EC") == 1 &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), &n) == 1 &&
	       strcmp(group, a->openssl) == 0;
}

enum wa_verdict
wa_evp_verify(EVP_PKEY *key, const struct wa_algorithm *a,
    const struct slice parts[2], struct slice sig)
{
	enum wa_verdict v = WA_FAULT;
	EVP_PKEY_CTX *verify = NULL;

	if (!wa_evp_goes_with(key, a) || sig.n == 0) {
		v = WA_SIGNATURE;
		goto out;
	}
	if (a->hash == WA_HASH_NONE) {
		v = verify_message(key, parts, sig);
		goto out;
	}
	if ((verify = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL)) == NULL ||
	    !wa_key_verify_init(verify, a))
		goto out;
	v = verify_digest(verify, a, parts, sig);
out:
	ERR_clear_error();
	EVP_PKEY_CTX_free(verify);
	return v;
}

enum wa_verdict
wa_evp_same_key(EVP_PKEY *key, const struct wa_cose *cose)
{
	struct wa_ready_key ready;
	enum wa_verdict v = wa_key_ready(cose, &ready);

	if (v == WA_OK && EVP_PKEY_eq(key, ready.key) != 1)
		v = wa_openssl_starved() ? WA_FAULT : WA_CERTIFICATE_KEY;
	ERR_clear_error();
	return v;
}
