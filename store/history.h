/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "store/sessions.h"

enum { STORE_EVENT_MAX = 31, STORE_REASON_MAX = 47 };

/* Where an entry stands; begins with its time. */
struct history_id {
	uint8_t b[16];
};

/* One line of what an account's owner reads in the history. */
struct store_history {
	struct history_id id;
	struct account_id account;
	store_time at;
	store_time expires; /* when it may be forgotten */
	bool ok; /* done, or refused */
	bool notice; /* shown until its owner has seen it */
	enum store_method method; /* 0: not a sign-in */
	char event[STORE_EVENT_MAX + 1]; /* "sign-in", "passkey-added" … */
	char reason[STORE_REASON_MAX + 1]; /* of a refusal; else "" */
	char passkey[STORE_PASSKEY_NAME_MAX + 1]; /* its name then */
	struct store_client client;
};

/*
 * Appends, and gives h->id its value.  STORE_ABSENT when there is no such
 * account.  An entry is kept at least as long as those before it of its
 * account: h->expires is moved if need be.
 */
enum store_rc store_history_add(struct store_txn *t, struct store_history *h);
/*
 * An account's, newest first, from the first one before *before (all zero:
 * from the newest).  At most max; *n of them.  One that cannot be read is the
 * end.
 */
enum store_rc store_history_of(struct store_txn *t,
    const struct account_id *account, const struct history_id *before,
    struct store_history *out, size_t max, size_t *n);
/* Takes the notice off an entry of that account. */
enum store_rc store_history_seen(struct store_txn *t,
    const struct account_id *account, const struct history_id *id);

#endif
