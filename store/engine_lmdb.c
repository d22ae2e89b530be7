/* SPDX-License-Identifier: Apache-2.0 */
#include "store/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/folder.h"
#include "store/group.h"

enum {
	MAP_FIRST = 64 << 20,
	/* Room for other processes and threads too: 64 bytes a slot. */
	READERS_LEAST = 512,
	ADOPTIONS = 8,		/* of a grown map, before it is a fault */
	RERUNS = 4,		/* of a batch, before each runs alone */
};

static const char *const table_names[STORE_TABLES] = {
	[TABLE_SETTINGS] = "settings",
	[TABLE_ACCOUNTS] = "accounts",
	[TABLE_NAMES] = "names",
	[TABLE_CREDENTIALS] = "credentials",
	[TABLE_SESSIONS] = "sessions",
	[TABLE_HISTORY] = "history",
	[TABLE_SPENT] = "spent",
	[TABLE_INVITATIONS] = "invitations",
	[TABLE_EXPIRY] = "expiry",
	[TABLE_AUDIT] = "audit",
	[TABLE_HEADS] = "heads",
	[TABLE_PHONES] = "phones",
	[TABLE_OFFERS] = "offers",
	[TABLE_BROWSERS] = "browsers",
	[TABLE_APPROVALS] = "approvals",
	[TABLE_GUARDS] = "guards",
	[TABLE_OUTBOX] = "outbox",
	[TABLE_CHANGES] = "changes",
};

struct txn {
	struct store_txn base;
	struct engine *e;
	MDB_txn *txn;
	MDB_cursor *cursors[STORE_TABLES];	/* the writer's, as needed */
	int trouble;		/* what spoiled it; sticks until it ends */
	struct txn *next;	/* in the pool */
};

struct engine {
	MDB_env *env;
	MDB_dbi tables[STORE_TABLES];
	struct store_log log;
	char *dir;
	struct group group;
	struct txn writer;	/* the leader's */

	/*
	 * Shared while a view or a copy is open, alone to move the map: LMDB
	 * leaves it to us that nobody looks while it does.
	 */
	pthread_rwlock_t map;

	/* Views that have ended keep their reader slot: a new one is cheap. */
	pthread_mutex_t pool_lock;
	struct txn *pool;

	atomic_uint_fast64_t updates, commits;
	dev_t device;		/* which folder it is, for open_folders */
	ino_t inode;
	struct engine *next_open;
};

/*
 * LMDB must not open a folder twice in a process: closing either would drop
 * the file locks of both.
 */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct engine *open_folders;

/*
 * Whose view this thread has open, or whose updates it runs: until that ends
 * it may neither update nor view, for it would wait for itself.
 */
static _Thread_local const struct engine *viewing;

static enum store_rc
engine_rc(struct engine *e, const char *what, int rc)
{
	if (rc == 0)
		return STORE_OK;
	store_logf(&e->log, LOG_FAULT, "store=%s error=%d why=\"%s\"", what,
	    rc, mdb_strerror(rc));
	if (rc == ENOSPC || rc == EDQUOT || rc == EFBIG)
		return STORE_FULL;
	if (rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND)
		return STORE_DAMAGED;
	return STORE_FAULT;
}

static MDB_val
val_of(struct slice s)
{
	return (MDB_val){ .mv_size = s.n, .mv_data = (void *)(uintptr_t)s.p };
}

static struct slice
slice_of_val(const MDB_val *v)
{
	return (struct slice){ v->mv_data, v->mv_size };
}

/* ---- the map ---- */

static int
map_adopt(struct engine *e)
{
	int rc;

	pthread_rwlock_wrlock(&e->map);
	rc = mdb_env_set_mapsize(e->env, 0);
	pthread_rwlock_unlock(&e->map);
	return rc;
}

/* No transaction of this thread is open. */
static int
map_grow(struct engine *e)
{
	MDB_envinfo info;
	int rc, dead;

	/* A process that died in a view keeps pages from being used again. */
	mdb_reader_check(e->env, &dead);
	pthread_rwlock_wrlock(&e->map);
	if ((rc = mdb_env_info(e->env, &info)) == 0)
		rc = mdb_env_set_mapsize(e->env, info.me_mapsize * 2);
	pthread_rwlock_unlock(&e->map);
	if (rc == 0)
		store_logf(&e->log, LOG_TOLD, "store=grown mapped=%zu",
		    info.me_mapsize * 2);
	return rc;
}

/* ---- views ---- */

static struct txn *
pool_take(struct engine *e)
{
	struct txn *t;

	pthread_mutex_lock(&e->pool_lock);
	if ((t = e->pool) != NULL)
		e->pool = t->next;
	pthread_mutex_unlock(&e->pool_lock);
	return t != NULL ? t : calloc(1, sizeof(*t));
}

static void
pool_give(struct engine *e, struct txn *t)
{
	pthread_mutex_lock(&e->pool_lock);
	t->next = e->pool;
	e->pool = t;
	pthread_mutex_unlock(&e->pool_lock);
}

/* With the map held: gives a view, or an error and nothing. */
static int
view_try(struct engine *e, struct txn **view)
{
	struct txn *t = pool_take(e);
	int rc;

	if (t == NULL)
		return ENOMEM;
	if (t->txn != NULL)
		rc = mdb_txn_renew(t->txn);
	else
		rc = mdb_txn_begin(e->env, NULL, MDB_RDONLY, &t->txn);
	if (rc == 0)
		*view = t;
	else
		pool_give(e, t);
	return rc;
}

enum store_rc
engine_read_begin(struct engine *e, struct store_txn **out)
{
	struct txn *t = NULL;
	int rc = 0, dead;

	if (viewing == e) {
		store_logf(&e->log, LOG_FAULT,
		    "store=misused why=\"a view inside another\"");
		return STORE_FAULT;
	}
	for (int tries = 0; tries < ADOPTIONS; tries++) {
		pthread_rwlock_rdlock(&e->map);
		if ((rc = view_try(e, &t)) == 0)
			break;
		pthread_rwlock_unlock(&e->map);
		if (rc == MDB_MAP_RESIZED)
			rc = map_adopt(e);
		else if (rc == MDB_READERS_FULL && tries == 0)
			rc = mdb_reader_check(e->env, &dead);
		if (rc != 0)
			break;
	}
	if (t == NULL)
		return engine_rc(e, "read", rc == 0 ? MDB_MAP_RESIZED : rc);
	t->base = (struct store_txn){ .store = e->writer.base.store };
	t->e = e;
	t->trouble = 0;
	viewing = e;
	*out = &t->base;
	return STORE_OK;
}

void
engine_read_end(struct store_txn *base)
{
	struct txn *t = (struct txn *)base;
	struct engine *e = t->e;

	mdb_txn_reset(t->txn);
	pool_give(e, t);
	pthread_rwlock_unlock(&e->map);
	viewing = NULL;
}

/* ---- records ---- */

/* Remembers what spoils the transaction; the leader decides what follows. */
static enum store_rc
txn_trouble(struct txn *t, const char *what, int rc)
{
	t->trouble = rc;
	if (rc == MDB_MAP_FULL)
		return STORE_FAULT;
	return engine_rc(t->e, what, rc);
}

static int
txn_cursor(struct txn *t, enum store_table table, MDB_cursor **c)
{
	int rc = 0;

	if (t->cursors[table] == NULL)
		rc = mdb_cursor_open(t->txn, t->e->tables[table],
		    &t->cursors[table]);
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
engine_get(struct store_txn *base, enum store_table table, struct slice key,
    struct slice *value)
{
	struct txn *t = (struct txn *)base;
	MDB_val k = val_of(key), v;
	int rc;

	if (t->trouble != 0)
		return STORE_FAULT;
	rc = txn_find(t, table, &k, &v);
	if (rc == MDB_NOTFOUND)
		return STORE_ABSENT;
	if (rc != 0)
		return txn_trouble(t, "get", rc);
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
engine_put(struct store_txn *base, enum store_table table, struct slice key,
    struct slice value, enum engine_put how)
{
	struct txn *t = (struct txn *)base;
	MDB_val k = val_of(key), v = val_of(value);
	MDB_cursor *c;
	int rc;

	if (t->trouble != 0 || !t->base.writable)
		return STORE_FAULT;
	if ((rc = txn_cursor(t, table, &c)) == 0)
		rc = txn_put(c, &k, &v, how);
	if (rc == MDB_KEYEXIST)
		return STORE_TAKEN;
	t->base.wrote = true;
	return rc == 0 ? STORE_OK : txn_trouble(t, "put", rc);
}

enum store_rc
engine_delete(struct store_txn *base, enum store_table table, struct slice key)
{
	struct txn *t = (struct txn *)base;
	MDB_val k = val_of(key), v;
	MDB_cursor *c;
	int rc;

	if (t->trouble != 0 || !t->base.writable)
		return STORE_FAULT;
	if ((rc = txn_cursor(t, table, &c)) == 0)
		rc = mdb_cursor_get(c, &k, &v, MDB_SET);
	if (rc == MDB_NOTFOUND)
		return STORE_ABSENT;
	if (rc == 0) {
		t->base.wrote = true;
		rc = mdb_cursor_del(c, 0);
	}
	return rc == 0 ? STORE_OK : txn_trouble(t, "delete", rc);
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
engine_range(struct store_txn *base, enum store_table table, struct slice from,
    struct slice prefix, engine_each *each, void *arg)
{
	struct txn *t = (struct txn *)base;
	MDB_cursor *c;
	int rc;

	if (t->trouble != 0)
		return STORE_FAULT;
	if (from.n == 0)
		from = prefix;
	rc = mdb_cursor_open(t->txn, t->e->tables[table], &c);
	if (rc == 0) {
		rc = cursor_walk(c, from, prefix, each, arg);
		mdb_cursor_close(c);
	}
	return rc == 0 ? STORE_OK : txn_trouble(t, "range", rc);
}

/* ---- updates ---- */

static int
writer_begin(struct engine *e)
{
	struct txn *t = &e->writer;
	int rc = MDB_MAP_RESIZED;

	for (int i = 0; rc == MDB_MAP_RESIZED && i < ADOPTIONS; i++) {
		rc = mdb_txn_begin(e->env, NULL, 0, &t->txn);
		if (rc == MDB_MAP_RESIZED && map_adopt(e) != 0)
			break;
	}
	t->trouble = 0;
	return rc;
}

/* LMDB frees a writer's cursors with its transaction. */
static void
writer_forget(struct engine *e)
{
	e->writer.txn = NULL;
	memset(e->writer.cursors, 0, sizeof(e->writer.cursors));
}

static void
writer_abort(struct engine *e)
{
	mdb_txn_abort(e->writer.txn);
	writer_forget(e);
}

/* LMDB calls a write that was cut short EIO; a full disk does that too. */
static int
commit_error(struct engine *e, int rc)
{
	struct stat st;
	char path[4096];
	int room;

	if (rc != EIO ||
	    (size_t)snprintf(path, sizeof(path), "%s/data.mdb", e->dir) >=
	    sizeof(path) || stat(path, &st) == -1)
		return rc;
	room = folder_room(e->dir, (uint64_t)st.st_size);
	return room == ENOSPC || room == EDQUOT || room == EFBIG ? room : rc;
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
	enum store_rc rc;
	int error;

	error = mdb_txn_commit(e->writer.txn);
	writer_forget(e);
	if (error == MDB_MAP_FULL && map_grow(e) == 0)
		return false;
	rc = engine_rc(e, "commit", commit_error(e, error));
	if (rc == STORE_OK)
		atomic_fetch_add_explicit(&e->commits, 1,
		    memory_order_relaxed);
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
	int error = e->writer.trouble;

	writer_abort(e);
	if (error == MDB_MAP_FULL && (error = map_grow(e)) == 0)
		return;
	settle(u, engine_rc(e, "update", commit_error(e, error)));
}

/* Runs those that wait; false: they have to be run again. */
static bool
batch_try(struct engine *e, struct update **batch, size_t n)
{
	struct txn *t = &e->writer;
	bool dirty = false;
	int error;

	if ((error = writer_begin(e)) != 0) {
		settle_all(batch, n, engine_rc(e, "begin", error));
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
		batch[i]->state = batch[i]->state == UPDATE_WAITS ?
		    UPDATE_SETTLED : batch[i]->state;
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

	if (viewing == e) {
		store_logf(&e->log, LOG_FAULT,
		    "store=misused why=\"an update inside a view\"");
		return STORE_FAULT;
	}
	if ((n = group_join(&e->group, &u, batch)) > 0) {
		viewing = e;
		batch_run(e, batch, n);
		viewing = NULL;
		group_leave(&e->group, batch, n);
	}
	atomic_fetch_add_explicit(&e->updates, 1, memory_order_relaxed);
	return u.rc;
}

/* ---- copies and figures ---- */

/* So that updates need not move the map, and wait for it, during a copy. */
static int
map_make_ample(struct engine *e)
{
	MDB_envinfo info;
	MDB_stat st;
	int rc;

	if ((rc = mdb_env_info(e->env, &info)) != 0 ||
	    (rc = mdb_env_stat(e->env, &st)) != 0)
		return rc;
	if ((info.me_last_pgno + 1) * st.ms_psize <= info.me_mapsize / 2)
		return 0;
	return map_grow(e);
}

/* A name that is no store until the copy is whole. */
static int
copy_into(struct engine *e, const char *part, const char *name)
{
	int fd, rc;

	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return errno;
	pthread_rwlock_rdlock(&e->map);
	rc = mdb_env_copyfd2(e->env, fd, MDB_CP_COMPACT);
	pthread_rwlock_unlock(&e->map);
	if (rc == 0 && fsync(fd) == -1)
		rc = errno;
	if (close(fd) == -1 && rc == 0)
		rc = errno;
	if (rc == 0 && rename(part, name) == -1)
		rc = errno;
	if (rc != 0)
		unlink(part);
	return rc;
}

enum store_rc
engine_backup(struct engine *e, const char *dir)
{
	char part[4096], name[4096];
	int rc;

	if ((size_t)snprintf(part, sizeof(part), "%s/data.part", dir) >=
	    sizeof(part) ||
	    (size_t)snprintf(name, sizeof(name), "%s/data.mdb", dir) >=
	    sizeof(name))
		return engine_rc(e, "backup", ENAMETOOLONG);
	if ((rc = map_make_ample(e)) != 0 ||
	    (rc = copy_into(e, part, name)) != 0 ||
	    (rc = folder_sync(dir)) != 0)
		return engine_rc(e, "backup", rc);
	return STORE_OK;
}

enum store_rc
engine_stat(struct engine *e, struct engine_stat *st)
{
	struct store_txn *base;
	struct engine_stat got = { 0 };
	MDB_envinfo info;
	MDB_stat table;
	enum store_rc rc;
	int error = 0;

	if ((rc = engine_read_begin(e, &base)) != STORE_OK)
		return rc;
	for (int i = 0; error == 0 && i < STORE_TABLES; i++) {
		error = mdb_stat(((struct txn *)base)->txn, e->tables[i],
		    &table);
		got.entries[i] = error == 0 ? table.ms_entries : 0;
	}
	if (error == 0)
		error = mdb_env_info(e->env, &info);
	engine_read_end(base);
	if (error != 0)
		return engine_rc(e, "stat", error);
	got.bytes_used = (info.me_last_pgno + 1) * (uint64_t)table.ms_psize;
	got.bytes_mapped = info.me_mapsize;
	got.updates = atomic_load(&e->updates);
	got.commits = atomic_load(&e->commits);
	*st = got;
	return STORE_OK;
}

/* ---- open and close ---- */

static int
tables_open(struct engine *e, unsigned txn_flags, unsigned flags)
{
	MDB_txn *txn;
	int rc;

	if ((rc = mdb_txn_begin(e->env, NULL, txn_flags, &txn)) != 0)
		return rc;
	for (int i = 0; rc == 0 && i < STORE_TABLES; i++)
		rc = mdb_dbi_open(txn, table_names[i], flags, &e->tables[i]);
	if (rc == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

/* Takes the folder for this process, or says that it has it already. */
static bool
folder_claim(struct engine *e)
{
	bool ours = true;
	struct stat st;

	if (stat(e->dir, &st) == -1)
		return false;
	e->device = st.st_dev;
	e->inode = st.st_ino;
	pthread_mutex_lock(&open_lock);
	for (struct engine *o = open_folders; o != NULL; o = o->next_open)
		if (o->device == e->device && o->inode == e->inode)
			ours = false;
	if (ours) {
		e->next_open = open_folders;
		open_folders = e;
	}
	pthread_mutex_unlock(&open_lock);
	return ours;
}

static void
folder_yield(struct engine *e)
{
	struct engine **at = &open_folders;

	pthread_mutex_lock(&open_lock);
	while (*at != NULL && *at != e)
		at = &(*at)->next_open;
	if (*at == e)
		*at = e->next_open;
	pthread_mutex_unlock(&open_lock);
}

static int
env_open(struct engine *e, const struct engine_options *o)
{
	unsigned readers = o->readers + 8;
	/* Random reads want no read-ahead; a view is of no thread. */
	unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
	int rc, dead;

	if (readers < READERS_LEAST)
		readers = READERS_LEAST;
	if (o->copy_only) {
		char lock[4096];

		snprintf(lock, sizeof(lock), "%s/lock.mdb", e->dir);
		flags |= MDB_RDONLY;
		/* Without one, nobody has it open. */
		if (access(lock, F_OK) == -1)
			flags |= MDB_NOLOCK;
	}
	if ((rc = mdb_env_create(&e->env)) != 0 ||
	    (rc = mdb_env_set_maxdbs(e->env, STORE_TABLES)) != 0 ||
	    (rc = mdb_env_set_maxreaders(e->env, readers)) != 0 ||
	    (rc = mdb_env_set_mapsize(e->env, o->map_first > 0 ?
	    o->map_first : MAP_FIRST)) != 0 ||
	    (rc = mdb_env_open(e->env, e->dir, flags, 0600)) != 0)
		return rc;
	if (!o->copy_only && (rc = mdb_reader_check(e->env, &dead)) != 0)
		return rc;
	/* Looks first, so that a full disk can still be read. */
	rc = tables_open(e, MDB_RDONLY, 0);
	if (rc == MDB_NOTFOUND && !o->copy_only)
		rc = tables_open(e, 0, MDB_CREATE);
	return rc;
}

static void
locks_init(struct engine *e)
{
	pthread_rwlockattr_t attr;

	/* A steady stream of views must not keep the map from growing. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr,
	    PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&e->map, &attr);
	pthread_rwlockattr_destroy(&attr);
	pthread_mutex_init(&e->pool_lock, NULL);
	group_init(&e->group);
}

enum store_rc
engine_open(const struct engine_options *o, struct engine **out)
{
	struct engine *e = calloc(1, sizeof(*e));
	enum store_rc rc = STORE_FAULT;
	int error;

	if (e == NULL || (e->dir = strdup(o->dir)) == NULL) {
		free(e);
		return STORE_FAULT;
	}
	e->log = o->log;
	e->writer.base.store = o->store;
	e->writer.base.writable = true;
	e->writer.e = e;
	locks_init(e);
	if (!o->copy_only && (error = folder_make(e->dir)) != 0) {
		rc = engine_rc(e, "open", error);
	} else if (!folder_claim(e)) {
		store_logf(&e->log, LOG_FAULT,
		    "store=open why=\"absent, or open in this process\"");
		rc = o->copy_only ? STORE_ABSENT : STORE_FAULT;
	} else if ((error = env_open(e, o)) == 0) {
		*out = e;
		return STORE_OK;
	} else {
		rc = o->copy_only && (error == ENOENT ||
		    error == MDB_NOTFOUND || error == MDB_INVALID) ?
		    STORE_ABSENT : engine_rc(e, "open", error);
	}
	engine_close(e);
	return rc;
}

void
engine_close(struct engine *e)
{
	struct txn *t;

	if (e == NULL)
		return;
	while ((t = e->pool) != NULL) {
		e->pool = t->next;
		mdb_txn_abort(t->txn);
		free(t);
	}
	mdb_env_close(e->env);
	folder_yield(e);
	group_end(&e->group);
	pthread_mutex_destroy(&e->pool_lock);
	pthread_rwlock_destroy(&e->map);
	free(e->dir);
	free(e);
}
