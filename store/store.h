/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdint.h>
#include <stdio.h>

#include "webauthn/slice.h"

/*
 * Durable records.  One struct store a folder and process; any number of
 * threads.  Several processes may work on one folder at the same time.  A
 * store does not cross fork(): open it after.
 *
 * The process ignores SIGXFSZ, so that a limit on the size of files is an
 * error (STORE_FULL) and not an end.
 */
struct store;

/* A view of the store: a read transaction, or the writer inside an update. */
struct store_txn;

/* Milliseconds since 1970-01-01T00:00:00Z.  The store knows no clock. */
typedef int64_t store_time;

enum store_rc {
	STORE_OK,
	STORE_ABSENT, /* no such record */
	STORE_TAKEN, /* the key belongs to another record */
	STORE_REFUSED, /* said by an update's fn: keep nothing, arg says why */
	STORE_FULL, /* no room on the disk; what was there can be read */
	STORE_DAMAGED, /* a record that this version cannot read; logged */
	STORE_FAULT, /* the machine failed; logged where it arose */
	STORE_NEWER, /* the folder was written by a later itsumo; logged */
	STORE_BUSY, /* more views, of all processes, than there are slots */
};

/*
 * One line of logfmt without a newline: what the machine did wrong (priority
 * 3) or what an operator may want to know (6).  No secret is ever in it.
 */
typedef void store_log_fn(int priority, const char *line, void *arg);

struct store_options {
	const char *dir; /* made, mode 0700, when absent */
	bool existing; /* makes nothing: STORE_ABSENT when there is no store */
	unsigned readers; /* threads that read at the same time */
	size_t map_first; /* bytes mapped at first; 0: 64 MiB; grows */
	store_log_fn *log; /* NULL: stderr, "<3>" before the line */
	void *log_arg;
};

/*
 * STORE_OK and *out, to be ended by store_close(), when no thread is inside a
 * call or a view any more.  STORE_ABSENT, STORE_NEWER, STORE_FULL, STORE_BUSY,
 * STORE_FAULT.
 */
enum store_rc store_open(const struct store_options *o, struct store **out);
void store_close(struct store *s);

/*
 * A consistent view of all that was committed.  Short: copy out and end it;
 * a view kept open keeps every page that has changed since from being used
 * again.  At most one a thread, which also ends it, and which runs
 * no update and makes no backup before that.  Where all slots of the folder are
 * taken it waits until another view of this process has ended.
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
 * Ends what has expired by `now`, at most `limit` records in one commit.  Of a
 * challenge whose mark is gone nobody knows that it was spent: `now` has to be
 * a time before which no clock will fall again (web/sweeper.h).
 * *swept is how many were looked at and removed, or put off because they had
 * been used since; as many as `limit` means that there may be more.
 */
enum store_rc store_sweep(
    struct store *s, store_time now, unsigned limit, unsigned *swept);

/*
 * What has to be beside a copy of a store, or done to it, before the copy is
 * one.  False, having said why: it does not become one.
 */
typedef bool store_also(const char *dir, void *arg);

/*
 * Writes a consistent copy of the live store, compacted, into the folder
 * `dir`, which must be absent or empty, and syncs it.  The copy opens as a
 * store.  also (or NULL) is called with the folder while it is empty.
 * STORE_TAKEN when `dir` has something in it, STORE_REFUSED when also fails,
 * STORE_BUSY when all slots are taken: it needs one of its own.
 */
enum store_rc store_backup(
    struct store *s, const char *dir, store_also *also, void *arg);

/*
 * Makes the store o->dir, which must be absent or empty, out of the backup
 * `from`: copied, opened, its audit log verified, and only then given its
 * name.  also (or NULL) is called just before that with the folder as it is
 * called by then; the store in it is not open.  STORE_TAKEN when o->dir has
 * something in it, STORE_ABSENT when there is no store in `from`,
 * STORE_DAMAGED when it does not verify (logged), STORE_REFUSED when also
 * fails.
 */
enum store_rc store_restore(const char *from, const struct store_options *o,
    store_also *also, void *arg);

struct store_stat {
	uint64_t accounts, credentials, sessions, history, audit;
	uint64_t bytes_used, bytes_mapped;
	/* by this process since it opened */
	uint64_t updates, commits;
	uint64_t damaged; /* records that could not be read when met */
};
enum store_rc store_stat(struct store *s, struct store_stat *st);

#endif
