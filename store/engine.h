/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include "store/log.h"
#include "store/store.h"
#include "store/tables.h"

/*
 * What the records need from a database: tables of ordered keys, consistent
 * views, and updates that are whole, durable and committed in groups.  Keys
 * are 1 to ENGINE_KEY_MAX bytes and compared as bytes.  A failure of the
 * machine is logged by the engine; STORE_ABSENT and STORE_TAKEN are answers.
 */
struct engine;

enum { ENGINE_KEY_MAX = 511 };

/* What every engine's transaction begins with. */
struct store_txn {
	struct store *store; /* whose it is */
	bool writable;
	bool wrote; /* since the fn that now runs began */
};

struct engine_options {
	struct store *store; /* what its transactions will name */
	const char *dir;
	unsigned readers;
	size_t map_first;
	struct store_log log;
	bool existing; /* as in struct store_options */
	/*
	 * Only to copy from it: nothing is made or written, and the medium
	 * may be read-only.  STORE_ABSENT when there is no store.
	 */
	bool copy_only;
};

enum store_rc engine_open(const struct engine_options *o, struct engine **out);
void engine_close(struct engine *e);

/* As store_read_begin() and store_read_end(). */
enum store_rc engine_read_begin(struct engine *e, struct store_txn **out);
void engine_read_end(struct store_txn *t);

/* As store_update(). */
enum store_rc engine_update(struct engine *e, store_fn *fn, void *arg);

/*
 * *value points into the store: until the view ends, or until the next write
 * in the same transaction.
 */
enum store_rc engine_get(struct store_txn *t, enum store_table table,
    struct slice key, struct slice *value);

enum engine_put {
	ENGINE_REPLACE = 0,
	ENGINE_INSERT = 1, /* STORE_TAKEN when the key is there */
	ENGINE_LAST = 2, /* an insert, most likely behind all others */
};
enum store_rc engine_put(struct store_txn *t, enum store_table table,
    struct slice key, struct slice value, enum engine_put how);

enum store_rc engine_delete(
    struct store_txn *t, enum store_table table, struct slice key);

/*
 * Calls each, in the order of the keys, for those that are not before `from`
 * and that begin with `prefix` (empty: all), until it returns false.  What it
 * is given lives as long as engine_get()'s value.  It writes nothing.
 */
typedef bool engine_each(struct slice key, struct slice value, void *arg);
enum store_rc engine_range(struct store_txn *t, enum store_table table,
    struct slice from, struct slice prefix, engine_each *each, void *arg);

/* Into an empty folder, synced; nothing is left there on a failure. */
enum store_rc engine_backup(struct engine *e, const char *path);

struct engine_stat {
	uint64_t entries[STORE_TABLES];
	uint64_t bytes_used, bytes_mapped;
	uint64_t updates, commits;
};
enum store_rc engine_stat(struct engine *e, struct engine_stat *st);

#endif
