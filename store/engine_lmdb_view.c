/* SPDX-License-Identifier: Apache-2.0 */
#include "store/engine_lmdb.h"

#include <errno.h>
#include <stdlib.h>

_Thread_local const struct engine *lmdb_busy;

/* ---- views ---- */

static struct txn *
pool_take(struct engine *e)
{
	struct txn *t;

	pthread_mutex_lock(&e->pool_lock);
	if ((t = e->pool) != NULL)
		e->pool = t->next;
	pthread_mutex_unlock(&e->pool_lock);
	return t;
}

static void
pool_give(struct engine *e, struct txn *t)
{
	pthread_mutex_lock(&e->pool_lock);
	t->next = e->pool;
	e->pool = t;
	e->has_slot = true;
	pthread_cond_signal(&e->pool_more);
	pthread_mutex_unlock(&e->pool_lock);
}

/*
 * No slot is left for one more view: waits until one of ours has ended, which
 * takes it a moment.  Who opened a store has had one, so this is no answer to
 * a request.
 */
static int
pool_wait(struct engine *e)
{
	int rc = 0;

	pthread_mutex_lock(&e->pool_lock);
	if (!e->has_slot)
		rc = MDB_READERS_FULL;
	while (rc == 0 && e->pool == NULL)
		pthread_cond_wait(&e->pool_more, &e->pool_lock);
	pthread_mutex_unlock(&e->pool_lock);
	return rc;
}

static int
view_new(struct engine *e, struct txn **view)
{
	struct txn *t = calloc(1, sizeof(*t));
	int rc;

	if (t == NULL)
		return ENOMEM;
	if ((rc = mdb_txn_begin(e->env, NULL, MDB_RDONLY, &t->txn)) == 0)
		*view = t;
	else
		free(t);
	return rc;
}

/* With the map held: gives a view, or an error and nothing. */
static int
view_try(struct engine *e, struct txn **view)
{
	struct txn *t = pool_take(e);
	int rc;

	if (t == NULL)
		return view_new(e, view);
	if ((rc = mdb_txn_renew(t->txn)) == 0)
		*view = t;
	else
		pool_give(e, t);
	return rc;
}

/* Holds the map from here to engine_read_end(). */
static int
view_begin(struct engine *e, struct txn **view)
{
	int rc = 0, dead, adoptions = 0;
	bool checked = false;

	for (;;) {
		pthread_rwlock_rdlock(&e->map);
		if ((rc = view_try(e, view)) == 0)
			return 0;
		pthread_rwlock_unlock(&e->map);
		if (rc == MDB_MAP_RESIZED && adoptions++ < MAP_ADOPTIONS)
			rc = lmdb_map_adopt(e);
		else if (rc == MDB_READERS_FULL && !checked) {
			checked = true;
			rc = mdb_reader_check(e->env, &dead);
		} else if (rc == MDB_READERS_FULL)
			rc = pool_wait(e);
		if (rc != 0)
			return rc;
	}
}

enum store_rc
engine_read_begin(struct engine *e, struct store_txn **out)
{
	struct txn *t = NULL;
	int rc;

	if (lmdb_busy == e) {
		store_logf(&e->log, LOG_FAULT,
		    "store=misused why=\"a view inside another\"");
		return STORE_FAULT;
	}
	if ((rc = view_begin(e, &t)) != 0)
		return lmdb_rc(e, "read", rc);
	t->base = (struct store_txn){ .store = e->writer.base.store };
	t->e = e;
	t->trouble = 0;
	lmdb_busy = e;
	*out = &t->base;
	return STORE_OK;
}

void
engine_read_end(struct store_txn *t)
{
	struct txn *x = (struct txn *)t;
	struct engine *e = x->e;

	mdb_txn_reset(x->txn);
	pool_give(e, x);
	pthread_rwlock_unlock(&e->map);
	lmdb_busy = NULL;
}

static MDB_val
val_of(struct slice s)
{
	return (MDB_val){ .mv_size = s.n, .mv_data = (void *)s.p };
}

static struct slice
slice_of_val(const MDB_val *v)
{
	return (struct slice){ v->mv_data, v->mv_size };
}

/* ---- records ---- */

/* Remembers what spoils the transaction; the leader decides what follows. */
static enum store_rc
txn_trouble(struct txn *t, const char *what, int rc)
{
	t->trouble = rc;
	if (rc == MDB_MAP_FULL)
		return STORE_FAULT;
	return lmdb_rc(t->e, what, rc);
}

static int
txn_cursor(struct txn *t, enum store_table table, MDB_cursor **c)
{
	int rc = 0;

	if (t->cursors[table] == NULL)
		rc = mdb_cursor_open(
		    t->txn, t->e->tables[table], &t->cursors[table]);
	*c = t->cursors[table];
	return rc;
}

/* The writer's cursors remember where they stood: the next step is short. */
static int
txn_find(struct txn *t, enum store_table table, MDB_val *key, MDB_val *value)
{
	MDB_cursor *c;
	int rc;

	if (!t->base.writable)
		return mdb_get(t->txn, t->e->tables[table], key, value);
	if ((rc = txn_cursor(t, table, &c)) != 0)
		return rc;
	return mdb_cursor_get(c, key, value, MDB_SET_KEY);
}

enum store_rc
engine_get(struct store_txn *t, enum store_table table, struct slice key,
    struct slice *value)
{
	struct txn *x = (struct txn *)t;
	MDB_val k = val_of(key), v;
	int rc;

	if (x->trouble != 0)
		return STORE_FAULT;
	rc = txn_find(x, table, &k, &v);
	if (rc == MDB_NOTFOUND)
		return STORE_ABSENT;
	if (rc != 0)
		return txn_trouble(x, "get", rc);
	*value = slice_of_val(&v);
	return STORE_OK;
}

static int
txn_put(MDB_cursor *c, MDB_val *k, MDB_val *v, enum engine_put how)
{
	int rc;

	if (how == ENGINE_REPLACE)
		return mdb_cursor_put(c, k, v, 0);
	if (how == ENGINE_LAST) {
		/* Fills pages to the brim, which a split in half would not. */
		rc = mdb_cursor_put(c, k, v, MDB_APPEND);
		if (rc != MDB_KEYEXIST)
			return rc;
	}
	return mdb_cursor_put(c, k, v, MDB_NOOVERWRITE);
}

enum store_rc
engine_put(struct store_txn *t, enum store_table table, struct slice key,
    struct slice value, enum engine_put how)
{
	struct txn *x = (struct txn *)t;
	MDB_val k = val_of(key), v = val_of(value);
	MDB_cursor *c;
	int rc;

	if (x->trouble != 0 || !x->base.writable)
		return STORE_FAULT;
	if ((rc = txn_cursor(x, table, &c)) == 0)
		rc = txn_put(c, &k, &v, how);
	if (rc == MDB_KEYEXIST)
		return STORE_TAKEN;
	x->base.wrote = true;
	return rc == 0 ? STORE_OK : txn_trouble(x, "put", rc);
}

enum store_rc
engine_delete(struct store_txn *t, enum store_table table, struct slice key)
{
	struct txn *x = (struct txn *)t;
	MDB_val k = val_of(key), v;
	MDB_cursor *c;
	int rc;

	if (x->trouble != 0 || !x->base.writable)
		return STORE_FAULT;
	if ((rc = txn_cursor(x, table, &c)) == 0)
		rc = mdb_cursor_get(c, &k, &v, MDB_SET);
	if (rc == MDB_NOTFOUND)
		return STORE_ABSENT;
	if (rc == 0) {
		x->base.wrote = true;
		rc = mdb_cursor_del(c, 0);
	}
	return rc == 0 ? STORE_OK : txn_trouble(x, "delete", rc);
}

static bool
begins_with(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n &&
	       (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static int
cursor_walk(MDB_cursor *c, struct slice from, struct slice prefix,
    engine_each *each, void *arg)
{
	MDB_val k = val_of(from), v;
	MDB_cursor_op op = from.n > 0 ? MDB_SET_RANGE : MDB_FIRST;
	int rc;

	while ((rc = mdb_cursor_get(c, &k, &v, op)) == 0) {
		if (!begins_with(slice_of_val(&k), prefix) ||
		    !each(slice_of_val(&k), slice_of_val(&v), arg))
			return 0;
		op = MDB_NEXT;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

enum store_rc
engine_range(struct store_txn *t, enum store_table table, struct slice from,
    struct slice prefix, engine_each *each, void *arg)
{
	struct txn *x = (struct txn *)t;
	MDB_cursor *c;
	int rc;

	if (x->trouble != 0)
		return STORE_FAULT;
	if (from.n == 0)
		from = prefix;
	rc = mdb_cursor_open(x->txn, x->e->tables[table], &c);
	if (rc == 0) {
		rc = cursor_walk(c, from, prefix, each, arg);
		mdb_cursor_close(c);
	}
	return rc == 0 ? STORE_OK : txn_trouble(x, "range", rc);
}
