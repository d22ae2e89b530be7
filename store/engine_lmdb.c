/* SPDX-License-Identifier: Apache-2.0 */
#include "store/engine_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/folder.h"

enum {
	MAP_FIRST = 64 << 20,
	/* Room for other processes and threads too: 64 bytes a slot. */
	READERS_LEAST = 512,
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

/*
 * LMDB must not open a folder twice in a process: closing either would drop
 * the file locks of both.
 */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct engine *open_folders;

enum store_rc
lmdb_rc(struct engine *e, const char *what, int error)
{
	if (error == 0)
		return STORE_OK;
	store_logf(&e->log, LOG_FAULT, "store=%s error=%d why=\"%s\"", what,
	    error, mdb_strerror(error));
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return STORE_FULL;
	if (error == MDB_CORRUPTED || error == MDB_PAGE_NOTFOUND)
		return STORE_DAMAGED;
	if (error == MDB_READERS_FULL)
		return STORE_BUSY;
	return STORE_FAULT;
}

/* ---- the map ---- */

/* Pages in use and pages mapped; needs the map held. */
struct extent {
	size_t used, mapped, page;
};

static int
map_look(struct engine *e, struct extent *x)
{
	MDB_envinfo info;
	MDB_stat st;
	int rc;

	if ((rc = mdb_env_info(e->env, &info)) != 0 ||
	    (rc = mdb_env_stat(e->env, &st)) != 0)
		return rc;
	x->page = st.ms_psize;
	x->used = info.me_last_pgno + 1;
	x->mapped = info.me_mapsize / st.ms_psize;
	return 0;
}

size_t
lmdb_mapped(struct engine *e)
{
	MDB_envinfo info = { 0 };

	/* It fails without an environment alone. */
	(void)mdb_env_info(e->env, &info);
	return info.me_mapsize;
}

int
lmdb_map_adopt(struct engine *e)
{
	struct extent x;
	int rc;

	pthread_rwlock_wrlock(&e->map);
	if ((rc = map_look(e, &x)) == 0 && x.used > x.mapped)
		rc = mdb_env_set_mapsize(e->env, 0);
	pthread_rwlock_unlock(&e->map);
	return rc;
}

int
lmdb_map_grow(struct engine *e, size_t full)
{
	bool grown = false;
	int rc = 0, dead;

	/* A process that died in a view keeps pages from being used again. */
	mdb_reader_check(e->env, &dead);
	pthread_rwlock_wrlock(&e->map);
	if (lmdb_mapped(e) <= full) {
		rc = mdb_env_set_mapsize(e->env, full * 2);
		grown = rc == 0;
	}
	pthread_rwlock_unlock(&e->map);
	if (grown)
		store_logf(
		    &e->log, LOG_TOLD, "store=grown mapped=%zu", full * 2);
	return rc;
}

/* ---- copies and figures ---- */

/* So that updates need not move the map, and wait for it, during a copy. */
static int
map_make_ample(struct engine *e)
{
	struct extent x;
	int rc;

	pthread_rwlock_rdlock(&e->map);
	rc = map_look(e, &x);
	pthread_rwlock_unlock(&e->map);
	if (rc != 0 || x.used <= x.mapped / 2)
		return rc;
	return lmdb_map_grow(e, x.mapped * x.page);
}

static int
copy_to(struct engine *e, int fd)
{
	int rc = MDB_MAP_RESIZED;

	for (int i = 0; rc == MDB_MAP_RESIZED && i < MAP_ADOPTIONS; i++) {
		pthread_rwlock_rdlock(&e->map);
		rc = mdb_env_copyfd2(e->env, fd, MDB_CP_COMPACT);
		pthread_rwlock_unlock(&e->map);
		if (rc == MDB_MAP_RESIZED && (rc = lmdb_map_adopt(e)) == 0)
			rc = MDB_MAP_RESIZED;
	}
	if (rc == 0 && fsync(fd) == -1)
		rc = errno;
	return rc;
}

/* Under a name that is no store until it is whole. */
static int
copy_into(struct engine *e, int dir)
{
	static const char part[] = "data.part";
	int fd, rc;

	fd = openat(dir, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return errno;
	rc = copy_to(e, fd);
	if (close(fd) == -1 && rc == 0)
		rc = errno;
	if (rc == 0 && renameat(dir, part, dir, "data.mdb") == -1)
		rc = errno;
	if (rc == 0 && fsync(dir) == -1 && errno != EINVAL)
		rc = errno;
	if (rc != 0)
		unlinkat(dir, part, 0);
	return rc;
}

enum store_rc
engine_backup(struct engine *e, const char *path)
{
	int dir, rc;

	if (lmdb_busy == e) {
		store_logf(&e->log, LOG_FAULT,
		    "store=misused why=\"a copy inside a view\"");
		return STORE_FAULT;
	}
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return lmdb_rc(e, "backup", errno);
	if ((rc = map_make_ample(e)) == 0)
		rc = copy_into(e, dir);
	close(dir);
	return lmdb_rc(e, "backup", rc);
}

enum store_rc
engine_stat(struct engine *e, struct engine_stat *st)
{
	struct store_txn *view;
	struct engine_stat got = { 0 };
	MDB_stat table = { 0 };
	MDB_envinfo info;
	enum store_rc rc;
	int error;

	if ((rc = engine_read_begin(e, &view)) != STORE_OK)
		return rc;
	error = mdb_env_info(e->env, &info);
	for (int i = 0; error == 0 && i < STORE_TABLES; i++) {
		MDB_txn *txn = ((struct txn *)view)->txn;

		error = mdb_stat(txn, e->tables[i], &table);
		got.entries[i] = table.ms_entries;
	}
	engine_read_end(view);
	if (error != 0)
		return lmdb_rc(e, "stat", error);
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
	int rc = MDB_MAP_RESIZED;

	/* What is larger than asked for is mapped as it was when we looked. */
	for (int i = 0; rc == MDB_MAP_RESIZED && i < MAP_ADOPTIONS; i++) {
		rc = mdb_txn_begin(e->env, NULL, txn_flags, &txn);
		if (rc == MDB_MAP_RESIZED && (rc = lmdb_map_adopt(e)) == 0)
			rc = MDB_MAP_RESIZED;
	}
	if (rc != 0)
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

/* Random reads want no read-ahead; a view is of no thread. */
static unsigned
env_flags(const struct engine *e, const struct engine_options *o)
{
	unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
	char lock[4096];
	int n;

	if (!o->copy_only)
		return flags;
	/* Where there is no lock file, nobody has the folder open. */
	n = snprintf(lock, sizeof(lock), "%s/lock.mdb", e->dir);
	if (n < (int)sizeof(lock) && access(lock, F_OK) == -1)
		flags |= MDB_NOLOCK;
	return flags | MDB_RDONLY;
}

static int
env_open(struct engine *e, const struct engine_options *o)
{
	unsigned readers = o->readers + 8;
	size_t map = o->map_first > 0 ? o->map_first : MAP_FIRST;
	int rc, dead;

	if (readers < READERS_LEAST)
		readers = READERS_LEAST;
	if ((rc = mdb_env_create(&e->env)) != 0 ||
	    (rc = mdb_env_set_maxdbs(e->env, STORE_TABLES)) != 0 ||
	    (rc = mdb_env_set_maxreaders(e->env, readers)) != 0 ||
	    (rc = mdb_env_set_mapsize(e->env, map)) != 0 ||
	    (rc = mdb_env_open(e->env, e->dir, env_flags(e, o), 0600)) != 0)
		return rc;
	if (o->copy_only)
		return tables_open(e, MDB_RDONLY, 0);
	if ((rc = mdb_reader_check(e->env, &dead)) != 0)
		return rc;
	/* Looks first, so that a full disk can still be read. */
	rc = tables_open(e, MDB_RDONLY, 0);
	return rc == MDB_NOTFOUND ? tables_open(e, 0, MDB_CREATE) : rc;
}

static void
locks_init(struct engine *e)
{
	pthread_rwlockattr_t attr;

	/* A steady stream of views must not keep the map from growing. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
	    &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&e->map, &attr);
	pthread_rwlockattr_destroy(&attr);
	pthread_mutex_init(&e->pool_lock, NULL);
	pthread_cond_init(&e->pool_more, NULL);
	group_init(&e->group);
}

/* With a folder that is there. */
static enum store_rc
env_claim(struct engine *e, const struct engine_options *o)
{
	int error;

	if (!folder_claim(e)) {
		store_logf(&e->log, LOG_FAULT,
		    "store=open why=\"absent, or open in this process\"");
		return o->copy_only ? STORE_ABSENT : STORE_FAULT;
	}
	error = env_open(e, o);
	if (o->copy_only &&
	    (error == ENOENT || error == MDB_NOTFOUND || error == MDB_INVALID))
		return STORE_ABSENT;
	return lmdb_rc(e, "open", error);
}

static bool
is_there(const char *dir)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/data.mdb", dir);

	return n < (int)sizeof(path) && access(path, F_OK) == 0;
}

enum store_rc
engine_open(const struct engine_options *o, struct engine **out)
{
	struct engine *e;
	enum store_rc rc = STORE_OK;

	if (o->existing && !is_there(o->dir))
		return STORE_ABSENT;
	e = calloc(1, sizeof(*e));
	if (e == NULL || (e->dir = strdup(o->dir)) == NULL) {
		free(e);
		return STORE_FAULT;
	}
	e->log = o->log;
	e->writer.base.store = o->store;
	e->writer.base.writable = true;
	e->writer.e = e;
	locks_init(e);
	if (!o->copy_only)
		rc = lmdb_rc(e, "open", folder_make(e->dir));
	if (rc == STORE_OK)
		rc = env_claim(e, o);
	if (rc == STORE_OK)
		*out = e;
	else
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
	pthread_cond_destroy(&e->pool_more);
	pthread_mutex_destroy(&e->pool_lock);
	pthread_rwlock_destroy(&e->map);
	free(e->dir);
	free(e);
}
