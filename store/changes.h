/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include "store/store.h"

/*
 * News for those who wait, in this process and in others on the same store.
 * A change is noted in the transaction that makes it, under the next number;
 * after the commit a signal is raised, by which everybody who watches looks
 * what is new.  The signal may be lost with the process that owed it, so who
 * watches looks now and then anyway.
 */

/* The values are stored. */
enum store_change_kind {
	STORE_CHANGE_APPROVAL = 1, /* id: the approval's */
	STORE_CHANGE_OUTBOX = 2, /* id: the message's */
	STORE_CHANGE_OFFER = 3, /* id: the offer's */
};

struct store_change {
	uint64_t number;
	enum store_change_kind kind;
	uint8_t id[16];
};

/* Notes one, and drops what is older than ten minutes. */
enum store_rc store_change_note(struct store_txn *t,
    enum store_change_kind kind, const uint8_t id[16], store_time now);

/* The number of the last one; 0: there never was one. */
enum store_rc store_changes_last(struct store_txn *t, uint64_t *number);

/*
 * Those after `after`, oldest first, at most max.  *missed: some of them were
 * dropped already, and who waits has to look at everything.
 */
enum store_rc store_changes_since(struct store_txn *t, uint64_t after,
    struct store_change *out, size_t max, size_t *n, bool *missed);

/*
 * A place from which one hears the signal: a descriptor that becomes readable
 * when it was raised, here or elsewhere.  Any number of them, in any process.
 */
struct store_ear;

enum store_rc store_ear_open(struct store *s, struct store_ear **ear);
void store_ear_close(struct store_ear *ear);
int store_ear_fd(const struct store_ear *ear);
/* Makes it unreadable again, to be called before one looks what is new. */
void store_ear_clear(struct store_ear *ear);

/*
 * After the commit.  Needs no descriptor that was not there when the store was
 * opened.  A failure is logged; nothing else comes of it.
 */
void store_signal(struct store *s);

#endif
