/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_SOURCE_H
#define WEB_DELIVER_SOURCE_H

#include "web/deliver/message.h"

/* What became of a message that was taken. */
struct deliver_settlement {
	struct deliver_message message;
	enum deliver_reason reason;
	enum deliver_end end; /* the reason's, or GIVEN_UP for lack of time */
	unsigned status;
	store_time at;
	store_time again; /* AGAIN: due then */
};

/*
 * Where messages come from.  Called by the outbox's thread alone, which may
 * wait for the disk.
 */
struct deliver_source {
	void *arg;
	/*
	 * Takes up to max messages of `kinds` (bit 1 << kind) that are due, so
	 * that nobody else gets them before now + lease_ms.  *n is how many;
	 * *next is when another will be due, INT64_MAX for never, and of no
	 * meaning when *n is max.  False: the store cannot, now.
	 */
	bool (*take)(void *arg, unsigned kinds, store_time now,
	    store_time lease_ms, struct deliver_message *list, size_t max,
	    size_t *n, store_time *next);
	/*
	 * Keeps what became of them, all of them or none.  False: the store
	 * cannot, now.  One that was taken by somebody else since is skipped.
	 */
	bool (*settle)(
	    void *arg, const struct deliver_settlement *list, size_t n);
};

/* The store's outbox.  Messages given up are kept to be seen for 7 days. */
struct deliver_source deliver_source_of_store(struct store *s);

#endif
