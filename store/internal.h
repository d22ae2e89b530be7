/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <stdatomic.h>

#include "store/engine.h"
#include "store/history.h"

/* What the files of this floor share. */

struct store {
	struct engine *engine;
	struct store_log log;
	char *dir;
	/*
	 * This process's audit chain: the time of its first entry, then random
	 * bytes.  Set by the first append, inside an update.
	 */
	uint8_t chain[16];
	bool chain_named;
	uint64_t serial; /* for history ids; inside updates alone */
	atomic_uint_fast64_t damaged; /* met since it opened */
	atomic_int signal; /* the file of store_signal(); -1: not yet */
};

/*
 * Opens the file of store_signal() ahead, so that news do not wait for a
 * descriptor when there is none to be had.  The store's file, or -1.
 */
int signal_ready(struct store *s);

/*
 * Logs, and counts, that the record under key cannot be read.  Returns
 * STORE_DAMAGED.
 */
enum store_rc store_damaged(
    struct store_txn *t, enum store_table table, struct slice key);

/* What cannot be written because the caller broke the contract. */
enum store_rc store_misused(struct store_txn *t, const char *what);

#define SLICE(array) ((struct slice){ (array), sizeof(array) })

/*
 * The account cluster: an account, its passkeys, and the ends of its lists
 * have neighbouring keys, so that a sign-in dirties one page of theirs.
 */
enum cluster_kind {
	CLUSTER_ACCOUNT = 1,
	CLUSTER_HEADS = 2,
	CLUSTER_CREDENTIAL = 3, /* suffix: its ref */
	CLUSTER_INVITATION = 4, /* suffix: its token's hash */
	CLUSTER_PHONE = 5, /* suffix: its id */
	CLUSTER_BROWSER = 6, /* suffix: the id of one it keeps */
};

struct cluster_key {
	uint8_t b[16 + 1 + 32];
	size_t n;
};

struct cluster_key cluster_key(
    const struct account_id *id, enum cluster_kind kind, struct slice suffix);

static inline struct slice
cluster_slice(const struct cluster_key *k)
{
	return (struct slice){ k->b, k->n };
}

/* Where an account's lists begin. */
struct heads {
	struct history_id newest; /* all zero: none */
	store_time newest_expires;
	store_time prune_at; /* no session listed ends before, or 0 */
	struct session_id sessions[STORE_SESSIONS_MAX]; /* oldest first */
	size_t session_count;
};

/* STORE_ABSENT: there is no such account. */
enum store_rc heads_get(
    struct store_txn *t, const struct account_id *id, struct heads *h);
enum store_rc heads_put(
    struct store_txn *t, const struct account_id *id, const struct heads *h);

/*
 * The expiry index: time, table, key.  A record has exactly one entry, at the
 * time that it keeps with itself.
 */
enum { EXPIRY_KEY_MAX = 8 + 1 + 32 };

enum store_rc expiry_add(struct store_txn *t, store_time when,
    enum store_table table, struct slice key);
enum store_rc expiry_remove(struct store_txn *t, store_time when,
    enum store_table table, struct slice key);

/*
 * What the sweeper does with a record whose entry has come up; the entry is
 * gone already.  An absent record is STORE_OK.
 */
enum store_rc session_expire(
    struct store_txn *t, struct slice key, store_time now);
enum store_rc history_expire(struct store_txn *t, struct slice key);
enum store_rc invitation_expire(struct store_txn *t, struct slice key);
/* At most limit of those spent whose time has come. */
enum store_rc spent_expire(
    struct store_txn *t, store_time now, size_t limit, size_t *n);

/* What goes with an account. */
enum store_rc history_remove_all(struct store_txn *t,
    const struct account_id *account, const struct heads *heads);
enum store_rc invitation_forget(struct store_txn *t, struct slice token_hash);

#endif
