/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill DIR FROM TO: writes the accounts "load-FROM" to "load-(TO - 1)" into a
 * store, each with one passkey that tests/bench/load --seeded knows.  Straight
 * through store/, in large commits, since a million sign-ups take an hour.
 */
#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "store/credentials.h"
#include "tests/softseed.h"
#include "webauthn/authdata.h"

enum { BATCH = 20000, HELPERS = 2 };

struct batch {
	uint64_t from;
	size_t n;
	store_time now;
	struct softseed passkeys[BATCH];
};

struct share {
	struct batch *batch;
	size_t first, end;
};

/* The slow part, a point multiplication for each, on every core. */
static void *
outline(void *arg)
{
	struct share *s = arg;

	for (size_t i = s->first; i < s->end; i++)
		softseed_outline(s->batch->from + i, &s->batch->passkeys[i]);
	return NULL;
}

static void
outline_all(struct batch *b)
{
	pthread_t threads[HELPERS];
	struct share shares[HELPERS];

	for (size_t i = 0; i < HELPERS; i++) {
		shares[i] = (struct share){ b, b->n * i / HELPERS,
			b->n * (i + 1) / HELPERS };
		assert(pthread_create(&threads[i], NULL, outline, &shares[i]) ==
		       0);
	}
	for (size_t i = 0; i < HELPERS; i++)
		pthread_join(threads[i], NULL);
}

/* Begins with the time, as the ids of real accounts do. */
static struct account_id
account_id_of(const struct softseed *d, store_time now)
{
	struct account_id id;

	memcpy(id.b, d->user_handle, sizeof(id.b));
	for (unsigned i = 0; i < 8; i++)
		id.b[i] = (uint8_t)((uint64_t)now >> (56 - 8 * i));
	return id;
}

static enum store_rc
add_one(struct store_txn *t, const struct batch *b, size_t i)
{
	const struct softseed *d = &b->passkeys[i];
	struct store_account a = {
		.state = STORE_ACCOUNT_ACTIVE,
		.created = b->now,
		.changed = b->now,
		.locale = "en",
	};
	static struct store_credential c;
	enum store_rc rc;

	a.id = account_id_of(d, b->now + (store_time)i / 16);
	memcpy(a.user_handle, d->user_handle, sizeof(a.user_handle));
	snprintf(a.name, sizeof(a.name), "load-%" PRIu64, b->from + i);
	memcpy(a.name_key, a.name, sizeof(a.name_key));
	memcpy(a.display_name, a.name, sizeof(a.name));
	if ((rc = store_account_add(t, &a)) != STORE_OK)
		return rc;
	c = (struct store_credential){
		.account = a.id,
		.id_n = sizeof(d->id),
		.cose_key_n = SOFTSEED_COSE,
		.flags = WA_FLAG_UV,
		.transports = STORE_TRANSPORT_INTERNAL,
		.algorithm = -7,
		.created = b->now,
		.format = "none",
		.name = "Passkey",
	};
	memcpy(c.id, d->id, sizeof(d->id));
	memcpy(c.cose_key, d->cose, sizeof(d->cose));
	return store_credential_add(t, &c);
}

static enum store_rc
add_batch(struct store_txn *t, void *arg)
{
	struct batch *b = arg;
	enum store_rc rc = STORE_OK;

	for (size_t i = 0; i < b->n && rc == STORE_OK; i++)
		rc = add_one(t, b, i);
	return rc;
}

int
main(int argc, char **argv)
{
	struct store_options o = { .readers = 4 };
	struct batch *b = malloc(sizeof(*b));
	struct store *s;
	uint64_t to;

	if (argc != 4 || b == NULL) {
		fputs("usage: fill DIR FROM TO\n", stderr);
		return 2;
	}
	o.dir = argv[1];
	b->from = strtoull(argv[2], NULL, 10);
	to = strtoull(argv[3], NULL, 10);
	if (store_open(&o, &s) != STORE_OK)
		return 1;
	for (; b->from < to; b->from += b->n) {
		enum store_rc rc;

		b->n = to - b->from < BATCH ? (size_t)(to - b->from) : BATCH;
		b->now = (store_time)time(NULL) * 1000;
		outline_all(b);
		if ((rc = store_update(s, add_batch, b)) != STORE_OK) {
			fprintf(stderr, "fill: at %" PRIu64 ": %d\n", b->from,
			    (int)rc);
			store_close(s);
			return 1;
		}
	}
	store_close(s);
	free(b);
	return 0;
}
