/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/webpush.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

enum {
	SECRET = 32, /* RFC 8291 section 3.4: IKM */
	CONTENT_KEY = 16,
	NONCE = 12,
	TAG = 16,
	LAST_RECORD = 2, /* RFC 8188 section 2: the delimiter */
};

const char *
webpush_answer_name(enum webpush_answer a)
{
	static const char *const names[] = {
#define X(id, name) [id] = (name),
		WEBPUSH_ANSWERS(X)
#undef X
	};

	return names[a];
}

enum webpush_answer
webpush_keys_judge(
    struct slice p256dh, struct slice auth, struct webpush_keys *keys)
{
	if (p256dh.n != P256_PUBLIC)
		return WEBPUSH_P256DH_LENGTH;
	if (auth.n != WEBPUSH_AUTH)
		return WEBPUSH_AUTH_LENGTH;
	if (!p256_is_public(p256dh.p))
		return WEBPUSH_P256DH_POINT;
	memcpy(keys->p256dh, p256dh.p, P256_PUBLIC);
	memcpy(keys->auth, auth.p, WEBPUSH_AUTH);
	return WEBPUSH_OK;
}

/* HKDF-SHA-256, extract and expand. */
static bool
hkdf(struct slice salt, struct slice secret, struct slice info, uint8_t *out,
    size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, "SHA256", 6),
		OSSL_PARAM_octet_string(
		    OSSL_KDF_PARAM_SALT, (void *)salt.p, salt.n),
		OSSL_PARAM_octet_string(
		    OSSL_KDF_PARAM_KEY, (void *)secret.p, secret.n),
		OSSL_PARAM_octet_string(
		    OSSL_KDF_PARAM_INFO, (void *)info.p, info.n),
		OSSL_PARAM_END,
	};
	bool good = ctx != NULL && EVP_KDF_derive(ctx, out, n, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good;
}

/* RFC 8291 section 3.3 and 3.4: what only this browser and we know. */
static enum webpush_answer
agree(const struct webpush_keys *keys, const struct p256_pair *ours,
    uint8_t secret[SECRET])
{
	static const char label[14] = "WebPush: info"; /* with its NUL */
	uint8_t shared[P256_SHARED],
	    info[sizeof(label) + P256_PUBLIC + P256_PUBLIC];
	bool good;

	if (!p256_agree(ours, keys->p256dh, shared))
		return p256_is_public(keys->p256dh) ? WEBPUSH_FAULT
						    : WEBPUSH_P256DH_POINT;
	memcpy(info, label, sizeof(label));
	memcpy(info + sizeof(label), keys->p256dh, P256_PUBLIC);
	memcpy(
	    info + sizeof(label) + P256_PUBLIC, ours->public_key, P256_PUBLIC);
	good = hkdf((struct slice){ keys->auth, WEBPUSH_AUTH },
	    (struct slice){ shared, sizeof(shared) },
	    (struct slice){ info, sizeof(info) }, secret, SECRET);
	OPENSSL_cleanse(shared, sizeof(shared));
	return good ? WEBPUSH_OK : WEBPUSH_FAULT;
}

/* Appends plain, delimiter and padding, encrypted; then the tag. */
static bool
seal(const uint8_t key[CONTENT_KEY], const uint8_t nonce[NONCE],
    struct slice plain, size_t padded, struct webpush_body *body)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t record[WEBPUSH_PLAIN_MAX + 1] = { 0 };
	uint8_t *out = body->b + body->n;
	int n = 0;
	bool good;

	if (plain.n > 0)
		memcpy(record, plain.p, plain.n);
	record[plain.n] = LAST_RECORD;
	good = ctx != NULL &&
	       EVP_EncryptInit_ex2(ctx, EVP_aes_128_gcm(), key, nonce, NULL) ==
		   1 &&
	       EVP_EncryptUpdate(ctx, out, &n, record, (int)padded + 1) == 1 &&
	       (size_t)n == padded + 1 &&
	       EVP_EncryptFinal_ex(ctx, out + padded + 1, &n) == 1 && n == 0 &&
	       EVP_CIPHER_CTX_ctrl(
		   ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + padded + 1) == 1;
	if (good)
		body->n += padded + 1 + TAG;
	OPENSSL_cleanse(record, sizeof(record));
	EVP_CIPHER_CTX_free(ctx);
	return good;
}

/* RFC 8188 section 2.1: salt, record size, and our key as the key's id. */
static void
put_header(const struct webpush_chance *chance, struct webpush_body *body)
{
	uint8_t *p = body->b;

	memcpy(p, chance->salt, WEBPUSH_SALT);
	p += WEBPUSH_SALT;
	*p++ = 0;
	*p++ = 0;
	*p++ = WEBPUSH_BODY_MAX >> 8;
	*p++ = WEBPUSH_BODY_MAX & 0xff;
	*p++ = P256_PUBLIC;
	memcpy(p, chance->pair.public_key, P256_PUBLIC);
	body->n = (size_t)(p - body->b) + P256_PUBLIC;
}

static enum webpush_answer
encrypt(const struct webpush_keys *keys, struct slice plain, size_t padded,
    const struct webpush_chance *chance, struct webpush_body *body)
{
	/* RFC 8188 sections 2.2 and 2.3; each with its NUL. */
	static const char key_info[28] = "Content-Encoding: aes128gcm";
	static const char nonce_info[24] = "Content-Encoding: nonce";
	const struct slice salt = { chance->salt, WEBPUSH_SALT };
	uint8_t secret[SECRET], key[CONTENT_KEY], nonce[NONCE];
	const struct slice ikm = { secret, sizeof(secret) };
	enum webpush_answer a = agree(keys, &chance->pair, secret);

	put_header(chance, body);
	if (a == WEBPUSH_OK &&
	    (!hkdf(salt, ikm,
		 (struct slice){ (const uint8_t *)key_info, sizeof(key_info) },
		 key, sizeof(key)) ||
		!hkdf(salt, ikm,
		    (struct slice){
			(const uint8_t *)nonce_info, sizeof(nonce_info) },
		    nonce, sizeof(nonce)) ||
		!seal(key, nonce, plain, padded, body)))
		a = WEBPUSH_FAULT;
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(key, sizeof(key));
	return a;
}

enum webpush_answer
webpush_encrypt(const struct webpush_keys *keys, struct slice plain,
    size_t padded, const struct webpush_chance *chance,
    struct webpush_body *body)
{
	struct webpush_chance made;
	enum webpush_answer a = WEBPUSH_FAULT;

	if (padded > WEBPUSH_PLAIN_MAX || plain.n > padded)
		return WEBPUSH_TOO_LONG;
	if (chance != NULL)
		a = encrypt(keys, plain, padded, chance, body);
	else if (p256_make(&made.pair) &&
		 RAND_bytes(made.salt, sizeof(made.salt)) == 1)
		a = encrypt(keys, plain, padded, &made, body);
	OPENSSL_cleanse(&made, sizeof(made));
	ERR_clear_error();
	return a;
}
