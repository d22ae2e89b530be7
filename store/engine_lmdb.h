/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_ENGINE_LMDB_H
#define STORE_ENGINE_LMDB_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "store/engine.h"
#include "store/group.h"

/*
 * The engine over LMDB, in three files that alone speak it: engine_lmdb.c
 * opens, closes and copies, engine_lmdb_view.c reads and writes records,
 * engine_lmdb_update.c commits.
 */

struct txn {
	struct store_txn base;
	struct engine *e;
	MDB_txn *txn;
	MDB_cursor *cursors[STORE_TABLES]; /* the writer's, as needed */
	int trouble; /* what spoiled it; sticks until it ends */
	struct txn *next; /* in the pool */
};

struct engine {
	MDB_env *env;
	MDB_dbi tables[STORE_TABLES];
	struct store_log log;
	char *dir;
	struct group group;
	struct txn writer; /* the leader's */

	/*
	 * Shared from before a transaction of any kind begins, the leader's
	 * too, until it has ended; alone to move the map.  LMDB leaves it to
	 * us that nobody is inside while it does.
	 */
	pthread_rwlock_t map;

	/*
	 * Views that have ended keep their reader slot: a new one is cheap,
	 * and once there was one there is always one to wait for.
	 */
	pthread_mutex_t pool_lock;
	pthread_cond_t pool_more;
	struct txn *pool;
	bool has_slot;

	atomic_uint_fast64_t updates, commits;
	dev_t device; /* which folder it is, for those open in this process */
	ino_t inode;
	struct engine *next_open;
};

/*
 * Whose view this thread has open, or whose updates it runs: until that ends
 * it may neither update nor view, for it would wait for itself.
 */
extern _Thread_local const struct engine *lmdb_busy;

/* Logs an error of LMDB's or the system's and says what it means. */
enum store_rc lmdb_rc(struct engine *e, const char *what, int error);

enum { MAP_ADOPTIONS = 8 }; /* of a grown map, before it is a fault */

/*
 * Move the map, for a thread that holds it in no way: to the size that another
 * process gave it, or to twice what was full.  0 also when another thread was
 * faster.
 */
int lmdb_map_adopt(struct engine *e);
int lmdb_map_grow(struct engine *e, size_t full);

/* Its size in bytes, for who holds it. */
size_t lmdb_mapped(struct engine *e);

#endif
