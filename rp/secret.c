/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/secret.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

/* Fetched by the first call; OpenSSL takes them back at exit. */
static EVP_MAC *hmac;
static EVP_CIPHER *gcm;
static pthread_key_t tools_key;
static bool ready;

enum { KEYS_KNOWN = 2, RANDOM = 256, RANDOM_MOST = 64 };

struct tools {
	/* The keys of late: those of the installation, nearly always. */
	EVP_MAC_CTX *mac[KEYS_KNOWN];
	uint8_t key[KEYS_KNOWN][32];
	bool keyed[KEYS_KNOWN];
	unsigned oldest;
	EVP_CIPHER_CTX *cipher;
	uint8_t random[RANDOM];
	size_t random_n; /* what is left of it */
};

static void
tools_free(void *p)
{
	struct tools *t = p;

	if (t == NULL)
		return;
	for (int i = 0; i < KEYS_KNOWN; i++)
		EVP_MAC_CTX_free(t->mac[i]);
	EVP_CIPHER_CTX_free(t->cipher);
	OPENSSL_cleanse(t, sizeof(*t));
	free(t);
}

static void
fetch(void)
{
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	ready = hmac != NULL && gcm != NULL &&
		pthread_key_create(&tools_key, tools_free) == 0;
	ERR_clear_error();
}

static bool
mac_new(EVP_MAC_CTX **mac)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return (*mac = EVP_MAC_CTX_new(hmac)) != NULL &&
	       EVP_MAC_CTX_set_params(*mac, params) == 1;
}

/* This thread's tools, or NULL. */
static struct tools *
tools_get(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct tools *t = NULL;

	if (pthread_once(&once, fetch) != 0 || !ready)
		return NULL;
	if ((t = pthread_getspecific(tools_key)) != NULL)
		return t;
	if ((t = calloc(1, sizeof(*t))) == NULL || !mac_new(&t->mac[0]) ||
	    !mac_new(&t->mac[1]) ||
	    (t->cipher = EVP_CIPHER_CTX_new()) == NULL ||
	    EVP_CipherInit_ex2(t->cipher, gcm, NULL, NULL, 1, NULL) != 1 ||
	    pthread_setspecific(tools_key, t) != 0) {
		ERR_clear_error();
		tools_free(t);
		return NULL;
	}
	return t;
}

static bool
draw(void *p, size_t n)
{
	if (n <= INT_MAX && RAND_bytes(p, (int)n) == 1)
		return true;
	ERR_clear_error();
	return false;
}

/* A draw costs the same for 8 bytes and for 256: each thread has some ready. */
bool
rp_secret_random(void *p, size_t n)
{
	struct tools *t = n > RANDOM_MOST ? NULL : tools_get();

	if (t == NULL)
		return draw(p, n);
	if (t->random_n < n) {
		t->random_n = 0;
		if (!draw(t->random, RANDOM))
			return false;
		t->random_n = RANDOM;
	}
	t->random_n -= n;
	memcpy(p, t->random + t->random_n, n);
	/* Given out once, and never again. */
	OPENSSL_cleanse(t->random + t->random_n, n);
	return true;
}

/* A context for that key; one that has it already begins anew for less. */
static EVP_MAC_CTX *
mac_with(struct tools *t, const uint8_t key[32])
{
	unsigned i;

	for (i = 0; i < KEYS_KNOWN; i++)
		if (t->keyed[i] && CRYPTO_memcmp(t->key[i], key, 32) == 0)
			return EVP_MAC_init(t->mac[i], NULL, 0, NULL) == 1
				   ? t->mac[i]
				   : NULL;
	i = t->oldest;
	t->oldest = (i + 1) % KEYS_KNOWN;
	t->keyed[i] = false;
	if (EVP_MAC_init(t->mac[i], key, 32, NULL) != 1)
		return NULL;
	memcpy(t->key[i], key, 32);
	t->keyed[i] = true;
	return t->mac[i];
}

bool
rp_secret_mac(const uint8_t key[32], const struct slice *parts, size_t count,
    uint8_t mac[32])
{
	struct tools *t = tools_get();
	EVP_MAC_CTX *with = t == NULL ? NULL : mac_with(t, key);
	bool good = with != NULL;
	size_t n = 0;

	for (size_t i = 0; good && i < count; i++)
		good = EVP_MAC_update(with, parts[i].p, parts[i].n) == 1;
	good = good && EVP_MAC_final(with, mac, &n, 32) == 1 && n == 32;
	if (!good)
		ERR_clear_error();
	return good;
}

bool
rp_secret_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void
rp_secret_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

static const uint8_t nonce[12];

bool
rp_secret_seal(
    const uint8_t key[32], struct slice aad, struct slice plain, uint8_t *out)
{
	struct tools *t = tools_get();
	int n;
	bool good;

	if (t == NULL || aad.n > INT_MAX || plain.n > INT_MAX)
		return false;
	good =
	    EVP_EncryptInit_ex2(t->cipher, NULL, key, nonce, NULL) == 1 &&
	    EVP_EncryptUpdate(t->cipher, NULL, &n, aad.p, (int)aad.n) == 1 &&
	    EVP_EncryptUpdate(t->cipher, out, &n, plain.p, (int)plain.n) == 1 &&
	    EVP_EncryptFinal_ex(t->cipher, out + plain.n, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(t->cipher, EVP_CTRL_AEAD_GET_TAG, RP_SECRET_TAG,
		out + plain.n) == 1;
	if (!good)
		ERR_clear_error();
	return good;
}

bool
rp_secret_open(
    const uint8_t key[32], struct slice aad, struct slice sealed, uint8_t *out)
{
	struct tools *t = tools_get();
	uint8_t tag[RP_SECRET_TAG];
	size_t plain;
	int n;
	bool good;

	if (t == NULL || aad.n > INT_MAX || sealed.n > INT_MAX ||
	    sealed.n < sizeof(tag))
		return false;
	plain = sealed.n - sizeof(tag);
	memcpy(tag, sealed.p + plain, sizeof(tag));
	good =
	    EVP_DecryptInit_ex2(t->cipher, NULL, key, nonce, NULL) == 1 &&
	    EVP_DecryptUpdate(t->cipher, NULL, &n, aad.p, (int)aad.n) == 1 &&
	    EVP_DecryptUpdate(t->cipher, out, &n, sealed.p, (int)plain) == 1 &&
	    EVP_CIPHER_CTX_ctrl(
		t->cipher, EVP_CTRL_AEAD_SET_TAG, RP_SECRET_TAG, tag) == 1 &&
	    EVP_DecryptFinal_ex(t->cipher, out + plain, &n) == 1;
	if (!good)
		ERR_clear_error();
	return good;
}
