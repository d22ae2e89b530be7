/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/limits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "rp/secret.h"
#include "rp/siphash.h"

/*
 * A bucket is one number, the time at which it will be full again: taking one
 * moves that time on by what one costs.  So an unused bucket and a full one
 * are the same thing, nothing has to be refilled or cleaned up, and the bucket
 * nearest to full is the one with the smallest number.
 *
 * Buckets live in sets of eight, found by a keyed hash of kind and who, since
 * strangers choose what is hashed and must not be able to aim at a set.
 */
enum { WAYS = 8, SHARDS = 64 };

struct bucket {
	uint64_t tag;
	store_time full_at;
};

struct set {
	struct bucket ways[WAYS];
};

struct rp_limits {
	_Atomic unsigned refs;
	uint64_t key[2];
	size_t sets; /* a power of two, at least SHARDS */
	struct rate {
		store_time each_ms; /* one comes back after so long */
		store_time burst; /* and so many may be had at once */
	} rates[RP_LIMIT_KINDS];
	pthread_mutex_t locks[SHARDS];
	struct set table[];
};

#define SECONDS(n) ((store_time)(n)*1000)
#define MINUTES(n) SECONDS((n)*60)

/*
 * A network may be one person's line, a school, or the few thousand customers
 * whom their carrier gives one address: what they do in a busy hour passes,
 * what a script can do does not.
 */
static const struct rate usual[RP_LIMIT_KINDS] = {
	[RP_LIMIT_OPTIONS_NETWORK] = { SECONDS(1) / 50, 3000 },
	[RP_LIMIT_REFUSED_NETWORK] = { SECONDS(2), 300 },
	[RP_LIMIT_NAME_TAKEN_NETWORK] = { SECONDS(15), 100 },
	[RP_LIMIT_SIGN_UP_NETWORK] = { SECONDS(15), 200 },
	[RP_LIMIT_INVITATION_NETWORK] = { SECONDS(10), 100 },
	[RP_LIMIT_APPROVALS_NETWORK] = { SECONDS(5), 120 },
	[RP_LIMIT_DEVICE_NETWORK] = { SECONDS(2), 300 },
	[RP_LIMIT_SIGN_UP_WIDE] = { SECONDS(2), 1600 },
	[RP_LIMIT_APPROVALS_WIDE] = { SECONDS(1), 1000 },
	[RP_LIMIT_APPROVALS_NAME] = { MINUTES(1), 60 },
	[RP_LIMIT_DEVICE_ONE] = { MINUTES(2), 30 },
	[RP_LIMIT_REFUSED_PASSKEY] = { MINUTES(2), 30 },
	[RP_LIMIT_NAME_TAKEN_INVITATION] = { MINUTES(3), 20 },
	[RP_LIMIT_OPTIONS_ACCOUNT] = { SECONDS(1), 120 },
	[RP_LIMIT_SIGN_IN_ACCOUNT] = { SECONDS(30), 120 },
	[RP_LIMIT_CHANGES_ACCOUNT] = { SECONDS(30), 60 },
};

static void
rates_fill(struct rp_limits *l, unsigned factor)
{
	memcpy(l->rates, usual, sizeof(usual));
	/* The networks stand first. */
	for (int i = 0; i <= RP_LIMIT_APPROVALS_WIDE && factor > 1; i++) {
		struct rate *r = &l->rates[i];

		r->burst *= factor;
		r->each_ms /= factor;
		if (r->each_ms == 0)
			r->each_ms = 1;
	}
}

struct rp_limits *
rp_limits_new(size_t buckets, unsigned factor)
{
	struct rp_limits *l;
	size_t sets = SHARDS;

	while (
	    sets * WAYS < buckets && sets < SIZE_MAX / 2 / sizeof(struct set))
		sets *= 2;
	if ((l = calloc(1, sizeof(*l) + sets * sizeof(struct set))) == NULL)
		return NULL;
	atomic_init(&l->refs, 1);
	l->sets = sets;
	rates_fill(l, factor);
	if (!rp_secret_random(l->key, sizeof(l->key))) {
		free(l);
		return NULL;
	}
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&l->locks[i], NULL);
	return l;
}

struct rp_limits *
rp_limits_take(struct rp_limits *l)
{
	atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
	return l;
}

void
rp_limits_free(struct rp_limits *l)
{
	if (l == NULL || atomic_fetch_sub(&l->refs, 1) > 1)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_destroy(&l->locks[i]);
	free(l);
}

/* The bucket of that tag, or the one to give up for it. */
static struct bucket *
bucket_find(struct set *set, uint64_t tag)
{
	struct bucket *least = &set->ways[0];

	for (int i = 0; i < WAYS; i++) {
		if (set->ways[i].tag == tag)
			return &set->ways[i];
		if (set->ways[i].full_at < least->full_at)
			least = &set->ways[i];
	}
	return least;
}

/*
 * When it will be full again.  A bucket that would take longer than an empty
 * one saw the clock go back; how much was in it is unknown, and one is left.
 */
static store_time
full_at(
    const struct bucket *b, uint64_t tag, const struct rate *r, store_time now)
{
	if (b->tag != tag || b->full_at <= now)
		return now;
	if (b->full_at - now > r->burst * r->each_ms)
		return now + (r->burst - 1) * r->each_ms;
	return b->full_at;
}

/* Kinds have tables of their own by having keys of their own. */
static uint64_t
tag_of(const struct rp_limits *l, enum rp_limit kind, struct slice who)
{
	return rp_siphash(
	    (uint64_t[]){ l->key[0] + (uint64_t)kind, l->key[1] }, who);
}

static bool
take_or_ask(struct rp_limits *l, enum rp_limit kind, struct slice who,
    store_time now, bool take, store_time *retry_ms)
{
	const struct rate *r = &l->rates[kind];
	uint64_t tag = tag_of(l, kind, who);
	size_t at = (size_t)(tag >> 32) & (l->sets - 1);
	pthread_mutex_t *lock = &l->locks[at % SHARDS];
	struct bucket *b;
	store_time then, late;

	pthread_mutex_lock(lock);
	b = bucket_find(&l->table[at], tag);
	then = full_at(b, tag, r, now) + r->each_ms;
	late = then - now - r->burst * r->each_ms;
	if (late <= 0 && take)
		*b = (struct bucket){ tag, then };
	pthread_mutex_unlock(lock);
	if (late > 0)
		*retry_ms = late;
	return late <= 0;
}

bool
rp_limit_take(struct rp_limits *l, enum rp_limit kind, struct slice who,
    store_time now, store_time *retry_ms)
{
	return take_or_ask(l, kind, who, now, true, retry_ms);
}

bool
rp_limit_ask(struct rp_limits *l, enum rp_limit kind, struct slice who,
    store_time now, store_time *retry_ms)
{
	return take_or_ask(l, kind, who, now, false, retry_ms);
}

bool
rp_limit_full(
    struct rp_limits *l, enum rp_limit kind, struct slice who, store_time now)
{
	uint64_t tag = tag_of(l, kind, who);
	size_t at = (size_t)(tag >> 32) & (l->sets - 1);
	pthread_mutex_t *lock = &l->locks[at % SHARDS];
	store_time then;

	pthread_mutex_lock(lock);
	then =
	    full_at(bucket_find(&l->table[at], tag), tag, &l->rates[kind], now);
	pthread_mutex_unlock(lock);
	return then <= now;
}
