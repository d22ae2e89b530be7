/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/hash.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

/* Fetched once a process: a fetch takes locks that all threads share. */
static EVP_MD *fetched[WA_HASH_COUNT];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* One context a thread, freed by the key's destructor when it ends. */
static pthread_key_t context_key;
static bool have_key;
static _Thread_local EVP_MD_CTX *context;

static const struct {
	const char *name;
	size_t size;
} hashes[WA_HASH_COUNT] = {
	[WA_SHA1] = { "SHA1", 20 },
	[WA_SHA256] = { "SHA256", 32 },
	[WA_SHA384] = { "SHA384", 48 },
	[WA_SHA512] = { "SHA512", 64 },
};

static void
free_context(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

static void
fetch_all(void)
{
	for (size_t i = 0; i < WA_HASH_COUNT; i++) {
		if (hashes[i].name != NULL)
			fetched[i] = EVP_MD_fetch(NULL, hashes[i].name, NULL);
	}
	have_key = pthread_key_create(&context_key, free_context) == 0;
}

static EVP_MD_CTX *
thread_context(void)
{
	if (context != NULL)
		return context;
	pthread_once(&once, fetch_all);
	if (!have_key || (context = EVP_MD_CTX_new()) == NULL)
		return NULL;
	if (pthread_setspecific(context_key, context) != 0) {
		EVP_MD_CTX_free(context);
		context = NULL;
	}
	return context;
}

size_t
wa_hash_size(enum wa_hash hash)
{
	return hashes[hash].size;
}

bool
wa_hash_parts(
    enum wa_hash hash, const struct slice *parts, size_t count, uint8_t *out)
{
	EVP_MD_CTX *ctx = thread_context();
	bool ok;

	if (ctx == NULL || fetched[hash] == NULL)
		return false;
	ok = EVP_DigestInit_ex2(ctx, fetched[hash], NULL) == 1;
	for (size_t i = 0; i < count && ok; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	if (!ok)
		ERR_clear_error();
	return ok;
}

bool
wa_sha256(struct slice s, uint8_t out[32])
{
	return wa_hash_parts(WA_SHA256, &s, 1, out);
}
