/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/hash.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>

/* Fetched once a process: a fetch takes locks that all threads share.  One
 * that failed is tried again, so that a minute's want of memory is not the end
 * of all hashing. */
static EVP_MD *_Atomic fetched[WA_HASH_COUNT];

/* One context a thread, freed by the key's destructor when it ends. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
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

static EVP_MD *
fetch(enum wa_hash hash)
{
	EVP_MD *md = atomic_load_explicit(&fetched[hash], memory_order_acquire);

	if (md != NULL || hashes[hash].name == NULL)
		return md;
	pthread_mutex_lock(&lock);
	md = atomic_load_explicit(&fetched[hash], memory_order_acquire);
	if (md == NULL) {
		md = EVP_MD_fetch(NULL, hashes[hash].name, NULL);
		atomic_store_explicit(&fetched[hash], md, memory_order_release);
	}
	pthread_mutex_unlock(&lock);
	return md;
}

static EVP_MD_CTX *
thread_context(void)
{
	bool have;

	if (context != NULL)
		return context;
	pthread_mutex_lock(&lock);
	have = have_key =
	    have_key || pthread_key_create(&context_key, free_context) == 0;
	pthread_mutex_unlock(&lock);
	if (!have || (context = EVP_MD_CTX_new()) == NULL)
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
	EVP_MD *md = fetch(hash);
	bool ok =
	    ctx != NULL && md != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1;

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
