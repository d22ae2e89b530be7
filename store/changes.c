/* SPDX-License-Identifier: Apache-2.0 */
#include "store/changes.h"

#include "store/approval_codec.h"

/* Who has not looked for so long looks at everything. */
#define CHANGE_KEEP_MS ((store_time)10 * 60 * 1000)

struct change_key {
	uint8_t b[8];
};

static struct change_key
change_key(uint64_t number)
{
	struct change_key k = { { 0 } };
	struct writer w = WRITER(k.b);

	writer_be(&w, number, 8);
	return k;
}

/* Number 0 is no change: its record has the number of the last one. */
enum store_rc
store_changes_last(struct store_txn *t, uint64_t *number)
{
	struct change_key k = change_key(0);
	struct slice v;
	struct cursor c;
	uint64_t got;
	enum store_rc rc;

	rc = engine_get(t, TABLE_CHANGES, SLICE(k.b), &v);
	if (rc == STORE_ABSENT) {
		*number = 0;
		return STORE_OK;
	}
	if (rc != STORE_OK)
		return rc;
	c = record_open(v, 1);
	got = cursor_be(&c, 8);
	if (!cursor_finished(&c))
		return store_damaged(t, TABLE_CHANGES, SLICE(k.b));
	*number = got;
	return STORE_OK;
}

static enum store_rc
last_put(struct store_txn *t, uint64_t number)
{
	struct change_key k = change_key(0);
	uint8_t bytes[1 + 8];
	struct writer w = WRITER(bytes);

	writer_be(&w, 1, 1);
	writer_be(&w, number, 8);
	return engine_put(
	    t, TABLE_CHANGES, SLICE(k.b), writer_done(&w), ENGINE_REPLACE);
}

struct oldest {
	store_time now;
	struct change_key keys[2];
	size_t n;
};

static bool
oldest_collect(struct slice key, struct slice value, void *arg)
{
	struct oldest *o = arg;
	struct cursor c = record_open(value, 1);
	store_time at = cursor_time(&c);

	/* One from the future says that the clock was wrong, and goes too. */
	if ((at >= o->now - CHANGE_KEEP_MS && at <= o->now + CHANGE_KEEP_MS) ||
	    key.n != sizeof(o->keys[0].b))
		return false;
	memcpy(o->keys[o->n].b, key.p, key.n);
	return ++o->n < 2;
}

/* Two go for each that comes, so there are never many. */
static enum store_rc
oldest_drop(struct store_txn *t, store_time now)
{
	struct oldest o = { .now = now };
	struct change_key first = change_key(1);
	enum store_rc rc;

	rc = engine_range(t, TABLE_CHANGES, SLICE(first.b), (struct slice){ 0 },
	    oldest_collect, &o);
	for (size_t i = 0; rc == STORE_OK && i < o.n; i++)
		rc = engine_delete(t, TABLE_CHANGES, SLICE(o.keys[i].b));
	return rc;
}

enum store_rc
store_change_note(struct store_txn *t, enum store_change_kind kind,
    const uint8_t id[16], store_time now)
{
	uint8_t bytes[1 + 8 + 1 + 16];
	struct writer w = WRITER(bytes);
	struct change_key k;
	uint64_t last = 0;
	enum store_rc rc;

	writer_be(&w, 1, 1);
	writer_time(&w, now);
	writer_be(&w, kind, 1);
	writer_bytes(&w, id, 16);
	if (w.bad)
		return store_misused(t, "change");
	if ((rc = store_changes_last(t, &last)) != STORE_OK ||
	    (rc = last_put(t, last + 1)) != STORE_OK)
		return rc;
	k = change_key(last + 1);
	rc = engine_put(
	    t, TABLE_CHANGES, SLICE(k.b), writer_done(&w), ENGINE_LAST);
	return rc != STORE_OK ? rc : oldest_drop(t, now);
}

struct change_list {
	struct store_change *out;
	size_t max, n;
};

static bool
change_collect(struct slice key, struct slice value, void *arg)
{
	struct change_list *l = arg;
	struct store_change *to = &l->out[l->n];
	struct cursor k = cursor_over(key), c = record_open(value, 1);

	to->number = cursor_be(&k, 8);
	cursor_time(&c);
	to->kind = (enum store_change_kind)cursor_be(&c, 1);
	cursor_copy(&c, to->id, sizeof(to->id));
	/* What a later version notes is not for us, but takes its number. */
	return ++l->n < l->max;
}

enum store_rc
store_changes_since(struct store_txn *t, uint64_t after,
    struct store_change *out, size_t max, size_t *n, bool *missed)
{
	struct change_key from = change_key(after + 1);
	struct change_list l = { .out = out, .max = max };
	uint64_t last = 0;
	enum store_rc rc;

	if ((rc = store_changes_last(t, &last)) != STORE_OK)
		return rc;
	if (after < last && max > 0)
		rc = engine_range(t, TABLE_CHANGES, SLICE(from.b),
		    (struct slice){ 0 }, change_collect, &l);
	if (rc != STORE_OK)
		return rc;
	*n = l.n;
	/* More than there ever were: another store was put in its place. */
	*missed = after > last ||
		  (after < last && (l.n == 0 || out[0].number != after + 1));
	return STORE_OK;
}
