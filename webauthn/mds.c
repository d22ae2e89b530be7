/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/mds.h"

#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "webauthn/jws.h"
#include "webauthn/mds_entry.h"

/* FIDO Metadata Service v3.0, of 2021-05-18; sections in comments are its. */

struct wa_mds {
	atomic_size_t users;
	struct wa_mds_info info;
	struct wa_mds_models models;
};

struct wa_mds_shelf {
	pthread_mutex_t lock;
	struct wa_mds *mds;
};

/* 3.1.7, steps 3 to 6: who signed. */
static enum wa_verdict
judge_signer(const struct wa_x5c *path, const struct wa_mds_terms *terms)
{
	const struct wa_lead to = { terms->anchors, terms->revoked, terms->at };

	if (terms->host != NULL &&
	    X509_check_host(path->certs[0], terms->host, strlen(terms->host),
		X509_CHECK_FLAG_NO_WILDCARDS, NULL) != 1)
		return WA_CERTIFICATE_RULES;
	return wa_x5c_lead(path, &to);
}

static struct slice
trim(struct slice s)
{
	while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r' ||
			      s.p[s.n - 1] == ' '))
		s.n--;
	return s;
}

enum wa_verdict
wa_mds_load(
    struct slice blob, const struct wa_mds_terms *terms, struct wa_mds **out)
{
	struct wa_jws jws = { 0 };
	struct wa_mds *mds = NULL;
	enum wa_verdict v = wa_jws_verify(trim(blob), &jws);

	if (v != WA_OK || (v = judge_signer(jws.path, terms)) != WA_OK)
		goto out;
	if ((mds = calloc(1, sizeof(*mds))) == NULL) {
		v = WA_FAULT;
		goto out;
	}
	atomic_init(&mds->users, 1);
	v = wa_mds_payload_read(jws.payload, &mds->models, &mds->info);
	if (v != WA_OK)
		goto out;
	*out = mds;
	mds = NULL; /* now the caller's */
out:
	wa_mds_unref(mds);
	wa_jws_clear(&jws);
	return v;
}

struct wa_mds *
wa_mds_ref(struct wa_mds *mds)
{
	atomic_fetch_add(&mds->users, 1);
	return mds;
}

void
wa_mds_unref(struct wa_mds *mds)
{
	if (mds == NULL || atomic_fetch_sub(&mds->users, 1) > 1)
		return;
	wa_mds_models_free(&mds->models);
	free(mds);
}

struct wa_mds_info
wa_mds_info(const struct wa_mds *mds)
{
	return mds->info;
}

bool
wa_mds_expired(const struct wa_mds *mds, time_t at)
{
	/* nextUpdate is a date: the day itself is still good. */
	return at >= mds->info.next_update + 86400;
}

bool
wa_mds_find(
    const struct wa_mds *mds, struct slice aaguid, struct wa_mds_entry *entry)
{
	static const uint8_t zeros[16];

	return aaguid.n == 16 && memcmp(aaguid.p, zeros, 16) != 0 &&
	       wa_mds_models_find(&mds->models, aaguid, entry);
}

bool
wa_mds_find_key(
    const struct wa_mds *mds, struct slice key_id, struct wa_mds_entry *entry)
{
	return key_id.n == 20 &&
	       wa_mds_models_find(&mds->models, key_id, entry);
}

struct wa_mds_shelf *
wa_mds_shelf_new(void)
{
	struct wa_mds_shelf *shelf = calloc(1, sizeof(*shelf));

	if (shelf != NULL && pthread_mutex_init(&shelf->lock, NULL) != 0) {
		free(shelf);
		shelf = NULL;
	}
	return shelf;
}

void
wa_mds_shelf_free(struct wa_mds_shelf *shelf)
{
	if (shelf == NULL)
		return;
	wa_mds_unref(shelf->mds);
	pthread_mutex_destroy(&shelf->lock);
	free(shelf);
}

bool
wa_mds_shelf_put(struct wa_mds_shelf *shelf, struct wa_mds *mds)
{
	struct wa_mds *before = NULL;
	bool put;

	pthread_mutex_lock(&shelf->lock);
	/* 3.1.7, step 2: the serial never goes back. */
	put = shelf->mds == NULL || mds->info.serial >= shelf->mds->info.serial;
	if (put) {
		before = shelf->mds;
		shelf->mds = wa_mds_ref(mds);
	}
	pthread_mutex_unlock(&shelf->lock);
	wa_mds_unref(before);
	return put;
}

struct wa_mds *
wa_mds_shelf_take(struct wa_mds_shelf *shelf)
{
	struct wa_mds *mds;

	pthread_mutex_lock(&shelf->lock);
	mds = shelf->mds != NULL ? wa_mds_ref(shelf->mds) : NULL;
	pthread_mutex_unlock(&shelf->lock);
	return mds;
}
