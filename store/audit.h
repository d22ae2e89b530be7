/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/accounts.h"

/*
 * The audit log: entries that only grow, each with the hash of the one before
 * it.  Every process that writes has a chain of its own, so that none waits
 * for another; a chain opens with the heads of all the chains that it found.
 */
struct store_audit_entry {
	store_time at;
	struct account_id account; /* all zero: of no account */
	struct slice event; /* a word: "sign-in" */
	struct slice detail; /* bytes; what they are is the writer's */
};

enum { STORE_AUDIT_EVENT_MAX = 63, STORE_AUDIT_DETAIL_MAX = 16384 };

enum store_rc store_audit_append(
    struct store_txn *t, const struct store_audit_entry *e);

struct store_audit_report {
	uint64_t chains, entries;
	bool sound;
	char trouble[160]; /* of the first bad entry: where, and what */
};

/*
 * Where a chain ends.  Kept where the machine's owner cannot write, heads show
 * later that nothing before them was changed or cut off: a log that somebody
 * made anew is as sound as any, but has other hashes.
 */
struct store_audit_head {
	uint8_t chain[16];
	uint64_t number; /* of its last entry */
	uint8_t hash[32]; /* and its hash */
};

/* Those that no later chain has named yet; the others hang on them. */
enum store_rc store_audit_heads(struct store *s,
    void (*each)(const struct store_audit_head *h, void *arg), void *arg);
/* STORE_ABSENT: there is no such entry.  STORE_DAMAGED: it is another one. */
enum store_rc store_audit_has(
    struct store *s, const struct store_audit_head *h);

/* Walks every chain from its opening to its head.  each may be NULL. */
enum store_rc store_audit_verify(struct store *s,
    void (*each)(const struct store_audit_entry *e, void *arg), void *arg,
    struct store_audit_report *r);

#endif
