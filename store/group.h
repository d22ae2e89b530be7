/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include <pthread.h>
#include <semaphore.h>

#include "store/store.h"

/*
 * Group commit without a thread of its own.  Who finds nobody at work leads:
 * takes everybody who waits, does their updates and its own, wakes them, and
 * hands the lead to the first of those who came meanwhile.
 */
enum { GROUP_MAX = 256 }; /* updates in one batch */

/* One call of store_update(); lives on its caller's stack. */
struct update {
	store_fn *fn;
	void *arg;
	enum store_rc rc; /* the answer, once it is settled */
	enum { UPDATE_WAITS, UPDATE_ALONE, UPDATE_SETTLED } state;
	bool leaned; /* its view had others' uncommitted writes */

	struct update *next;
	bool leads;
	sem_t woken;
};

struct group {
	pthread_mutex_t lock;
	struct update *first, **end; /* who waits */
	bool led;
};

void group_init(struct group *g);
void group_end(struct group *g);

/*
 * Waits until u is settled by another's batch, and returns 0, or until it is
 * the caller's turn to lead: returns how many of batch[GROUP_MAX] are to be
 * settled by the caller, u the first of them, before group_leave().
 */
size_t group_join(struct group *g, struct update *u, struct update **batch);
void group_leave(struct group *g, struct update **batch, size_t n);

#endif
