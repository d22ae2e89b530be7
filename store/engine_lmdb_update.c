/* SPDX-License-Identifier: Apache-2.0 */
#include "store/engine_lmdb.h"

#include <errno.h>
#include <sys/stat.h>

#include "store/folder.h"

enum { RERUNS = 4 }; /* of a batch, before each runs alone */

/* Holds the map from here to writer_forget(): it must not move meanwhile. */
static int
writer_begin(struct engine *e)
{
	struct txn *t = &e->writer;
	int rc = 0;

	t->trouble = 0;
	for (int i = 0; i < MAP_ADOPTIONS; i++) {
		pthread_rwlock_rdlock(&e->map);
		if ((rc = mdb_txn_begin(e->env, NULL, 0, &t->txn)) == 0)
			return 0;
		pthread_rwlock_unlock(&e->map);
		if (rc != MDB_MAP_RESIZED || (rc = lmdb_map_adopt(e)) != 0)
			return rc;
	}
	return MDB_MAP_RESIZED;
}

/* LMDB frees a writer's cursors with its transaction. */
static void
writer_forget(struct engine *e)
{
	e->writer.txn = NULL;
	memset(e->writer.cursors, 0, sizeof(e->writer.cursors));
	pthread_rwlock_unlock(&e->map);
}

static void
writer_abort(struct engine *e)
{
	mdb_txn_abort(e->writer.txn);
	writer_forget(e);
}

/* LMDB calls a write that was cut short EIO; a full disk does that too. */
static int
commit_error(struct engine *e, int error)
{
	struct stat st;
	int fd, room;

	if (error != EIO || mdb_env_get_fd(e->env, &fd) != 0 ||
	    fstat(fd, &st) == -1)
		return error;
	room = folder_room(e->dir, (uint64_t)st.st_size);
	if (room == ENOSPC || room == EDQUOT || room == EFBIG)
		return room;
	return error;
}

static void
settle(struct update *u, enum store_rc rc)
{
	u->rc = rc;
	u->state = UPDATE_SETTLED;
}

static void
settle_all(struct update **batch, size_t n, enum store_rc rc)
{
	for (size_t i = 0; i < n; i++)
		if (batch[i]->state == UPDATE_WAITS)
			settle(batch[i], rc);
}

/* Commits what the batch wrote; false: it has to be run again. */
static bool
batch_commit(struct engine *e, struct update **batch, size_t n)
{
	const size_t mapped = lmdb_mapped(e);
	enum store_rc rc;
	int error;

	error = mdb_txn_commit(e->writer.txn);
	writer_forget(e);
	if (error == MDB_MAP_FULL && lmdb_map_grow(e, mapped) == 0)
		return false;
	rc = lmdb_rc(e, "commit", commit_error(e, error));
	if (rc == STORE_OK)
		atomic_fetch_add_explicit(&e->commits, 1, memory_order_relaxed);
	for (size_t i = 0; i < n; i++) {
		if (batch[i]->state != UPDATE_WAITS)
			continue;
		/* An answer that leaned on what was not kept is none. */
		if (rc != STORE_OK &&
		    (batch[i]->rc == STORE_OK || batch[i]->leaned))
			batch[i]->rc = rc;
		batch[i]->state = UPDATE_SETTLED;
	}
	return true;
}

/* The transaction is spoiled: makes room if that was it. */
static void
batch_trouble(struct engine *e, struct update *u)
{
	const size_t mapped = lmdb_mapped(e);
	int error = e->writer.trouble;

	writer_abort(e);
	if (error == MDB_MAP_FULL && (error = lmdb_map_grow(e, mapped)) == 0)
		return;
	settle(u, lmdb_rc(e, "update", commit_error(e, error)));
}

/* Runs those that wait; false: they have to be run again. */
static bool
batch_try(struct engine *e, struct update **batch, size_t n)
{
	struct txn *t = &e->writer;
	bool dirty = false;
	int error;

	if ((error = writer_begin(e)) != 0) {
		settle_all(batch, n, lmdb_rc(e, "begin", error));
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		struct update *u = batch[i];

		if (u->state != UPDATE_WAITS)
			continue;
		t->base.wrote = false;
		u->leaned = dirty;
		u->rc = u->fn(&t->base, u->arg);
		if (t->trouble != 0) {
			batch_trouble(e, u);
			return false;
		}
		if (u->rc != STORE_OK && t->base.wrote) {
			/* What it wrote can only be undone with the rest. */
			writer_abort(e);
			u->state = dirty ? UPDATE_ALONE : UPDATE_SETTLED;
			return false;
		}
		dirty |= t->base.wrote;
	}
	if (dirty)
		return batch_commit(e, batch, n);
	writer_abort(e);
	for (size_t i = 0; i < n; i++)
		if (batch[i]->state == UPDATE_WAITS)
			batch[i]->state = UPDATE_SETTLED;
	return true;
}

static bool
is_settled(struct update **batch, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (batch[i]->state == UPDATE_WAITS)
			return false;
	return true;
}

static void
batch_run(struct engine *e, struct update **batch, size_t n)
{
	for (int runs = 0; runs < RERUNS && !is_settled(batch, n); runs++)
		if (batch_try(e, batch, n))
			break;
	/*
	 * Who refused after having written may have leaned on what others had
	 * not committed.  It is asked again, on what they have.  Nobody is run
	 * with others for ever.
	 */
	for (size_t i = 0; i < n; i++) {
		if (batch[i]->state == UPDATE_ALONE)
			batch[i]->state = UPDATE_WAITS;
		while (batch[i]->state == UPDATE_WAITS)
			batch_try(e, &batch[i], 1);
	}
}

enum store_rc
engine_update(struct engine *e, store_fn *fn, void *arg)
{
	struct update u = { .fn = fn, .arg = arg };
	struct update *batch[GROUP_MAX];
	size_t n;

	if (lmdb_busy == e) {
		store_logf(&e->log, LOG_FAULT,
		    "store=misused why=\"an update inside a view\"");
		return STORE_FAULT;
	}
	if ((n = group_join(&e->group, &u, batch)) > 0) {
		lmdb_busy = e;
		batch_run(e, batch, n);
		lmdb_busy = NULL;
		group_leave(&e->group, batch, n);
	}
	atomic_fetch_add_explicit(&e->updates, 1, memory_order_relaxed);
	return u.rc;
}
