/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdint.h>
#include <stdio.h>

#include "webauthn/slice.h"

/*
 * Durable records.  One struct store a process; any number of threads.
 * Several processes may work on one folder at the same time.
 */
struct store;

/* A view of the store: a read transaction, or the writer inside an update. */
struct store_txn;

/* Milliseconds since 1970-01-01T00:00:00Z.  The store knows no clock. */
typedef int64_t store_time;

enum store_rc {
	STORE_OK,
	STORE_ABSENT,	/* no such record */
	STORE_TAKEN,	/* the key belongs to another record */
	STORE_REFUSED,	/* said by an update's fn: keep nothing, arg says why */
	STORE_FULL,	/* no room on the disk; what was there can be read */
	STORE_DAMAGED,	/* a record that this version cannot read; logged */
	STORE_FAULT,	/* the machine failed; logged where it arose */
};

struct store_options {
	const char *dir;	/* made, mode 0700, when absent */
	unsigned readers;	/* threads that read at the same time */
	size_t map_first;	/* bytes mapped at first; 0: 64 MiB; grows */
};

/* STORE_OK and *s, to be ended by store_close(). */
enum store_rc store_open(const struct store_options *o, struct store **s);
void store_close(struct store *s);

/*
 * A consistent view of all that was committed.  Short: copy out and end it;
 * a view kept open keeps every page that has changed since from being used
 * again.  At most one a thread.
 */
enum store_rc store_read_begin(struct store *s, struct store_txn **t);
void store_read_end(struct store_txn *t);

/*
 * What an update does.  It may run more than once (the batch it was in had to
 * be run again, or the engine asks for it), each time on a fresh view, so its
 * only lasting effects are its writes through t and what it leaves in arg,
 * which it must set anew each time.  It looks first and writes afterwards: a
 * refusal before the first write costs the others in its batch nothing.
 * Returns STORE_OK to keep its writes, anything else to keep none of them.
 */
typedef enum store_rc store_fn(struct store_txn *t, void *arg);

/*
 * Runs fn in a write transaction and returns once its writes are on the disk.
 * Group commit: updates that wait together are committed together, each
 * complete or not at all.  Returns what fn returned, or STORE_FULL or
 * STORE_FAULT when nothing was kept because the commit failed.
 */
enum store_rc store_update(struct store *s, store_fn *fn, void *arg);

/*
 * Ends what has expired by `now`, at most `limit` records in one commit.
 * *swept is how many; as many as `limit` means that there may be more.
 */
enum store_rc store_sweep(struct store *s, store_time now, unsigned limit,
    unsigned *swept);

/*
 * Writes a consistent copy of the live store, compacted, into the folder
 * `dir`, which must be absent or empty, and syncs it.
 */
enum store_rc store_backup(struct store *s, const char *dir);

struct store_stat {
	uint64_t accounts, credentials, sessions, history, audit;
	uint64_t bytes_used, bytes_mapped;
	uint64_t updates, commits;	/* by this process since it opened */
};
enum store_rc store_stat(struct store *s, struct store_stat *st);

#endif
