/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/codec.h"
#include "store/folder.h"
#include "store/settings.h"

/* Goes up when an older version could not work on the folder any more. */
enum { STORE_FORMAT = 1 };

enum store_rc
store_damaged(struct store_txn *t, enum store_table table, struct slice key)
{
	char hex[2 * 16 + 1] = "";

	atomic_fetch_add_explicit(&t->store->damaged, 1, memory_order_relaxed);
	for (size_t i = 0; i < key.n && i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", key.p[i]);
	store_logf(&t->store->log, LOG_FAULT, "store=damaged table=%d key=%s",
	    (int)table, hex);
	return STORE_DAMAGED;
}

enum store_rc
store_misused(struct store_txn *t, const char *what)
{
	store_logf(&t->store->log, LOG_FAULT,
	    "store=misused why=\"cannot be kept: %s\"", what);
	return STORE_FAULT;
}

/* ---- open ---- */

struct format {
	uint8_t found[4];
	size_t n;
};

static enum store_rc
format_read(struct store_txn *t, void *arg)
{
	struct format *f = arg;

	return store_setting_get(
	    t, "format", f->found, sizeof(f->found), &f->n);
}

static enum store_rc
format_write(struct store_txn *t, void *arg)
{
	static const uint8_t format[4] = { 0, 0, 0, STORE_FORMAT };
	enum store_rc rc;

	/* Another process may have been faster. */
	if ((rc = format_read(t, arg)) != STORE_ABSENT)
		return rc;
	return store_setting_put(t, "format", SLICE(format));
}

static enum store_rc
format_judge(struct store *s, const struct format *f)
{
	struct cursor c = cursor_over(SLICE(f->found));
	uint64_t found = cursor_be(&c, 4);

	if (f->n == sizeof(f->found) && found <= STORE_FORMAT)
		return STORE_OK;
	store_logf(&s->log, LOG_FAULT, "store=newer-format found=%llu known=%d",
	    (unsigned long long)found, STORE_FORMAT);
	return STORE_NEWER;
}

static enum store_rc
format_check(struct store *s)
{
	struct store_txn *t;
	struct format f = { .n = 0 };
	enum store_rc rc;

	/* Reads first: a store on a full disk must open. */
	if ((rc = store_read_begin(s, &t)) != STORE_OK)
		return rc;
	rc = format_read(t, &f);
	store_read_end(t);
	if (rc == STORE_ABSENT) {
		rc = store_update(s, format_write, &f);
		return rc == STORE_OK && f.n > 0 ? format_judge(s, &f) : rc;
	}
	return rc == STORE_OK ? format_judge(s, &f) : rc;
}

/* What the writer needs besides the engine. */
static bool
writer_ready(struct store *s)
{
	uint8_t serial[8];

	if (RAND_bytes(s->chain, sizeof(s->chain)) != 1 ||
	    RAND_bytes(serial, sizeof(serial)) != 1) {
		ERR_clear_error();
		store_logf(&s->log, LOG_FAULT, "store=open why=libcrypto");
		return false;
	}
	for (size_t i = 0; i < sizeof(serial); i++)
		s->serial = s->serial << 8 | serial[i];
	return true;
}

enum store_rc
store_open(const struct store_options *o, struct store **out)
{
	struct store *s = calloc(1, sizeof(*s));
	enum store_rc rc = STORE_FAULT;

	if (s == NULL)
		return STORE_FAULT;
	atomic_init(&s->signal, -1);
	s->log = store_log_from(o);
	if ((s->dir = strdup(o->dir)) != NULL && writer_ready(s))
		rc = engine_open(
		    &(struct engine_options){
			.store = s,
			.dir = o->dir,
			.existing = o->existing,
			.readers = o->readers,
			.map_first = o->map_first,
			.log = s->log,
		    },
		    &s->engine);
	if (rc == STORE_OK)
		rc = format_check(s);
	if (rc != STORE_OK) {
		store_close(s);
		return rc;
	}
	/* A full disk may have no room for it: then when it is needed. */
	(void)signal_ready(s);
	*out = s;
	return STORE_OK;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	engine_close(s->engine);
	if (atomic_load(&s->signal) != -1)
		(void)close(atomic_load(&s->signal));
	free(s->dir);
	free(s);
}

/* ---- what the engine does ---- */

enum store_rc
store_read_begin(struct store *s, struct store_txn **t)
{
	return engine_read_begin(s->engine, t);
}

void
store_read_end(struct store_txn *t)
{
	engine_read_end(t);
}

enum store_rc
store_update(struct store *s, store_fn *fn, void *arg)
{
	return engine_update(s->engine, fn, arg);
}

enum store_rc
store_stat(struct store *s, struct store_stat *st)
{
	struct engine_stat e;
	enum store_rc rc;

	if ((rc = engine_stat(s->engine, &e)) != STORE_OK)
		return rc;
	*st = (struct store_stat){
		.accounts = e.entries[TABLE_NAMES],
		.credentials = e.entries[TABLE_CREDENTIALS],
		.sessions = e.entries[TABLE_SESSIONS],
		.history = e.entries[TABLE_HISTORY],
		.audit = e.entries[TABLE_AUDIT],
		.bytes_used = e.bytes_used,
		.bytes_mapped = e.bytes_mapped,
		.updates = e.updates,
		.commits = e.commits,
		.damaged =
		    atomic_load_explicit(&s->damaged, memory_order_relaxed),
	};
	return STORE_OK;
}
