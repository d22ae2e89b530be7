/* SPDX-License-Identifier: Apache-2.0 */
#include "store/spent.h"

#include "store/codec.h"

/*
 * Begins with the time at which the mark may go, so that marks land together
 * and are swept from the front; half of a random challenge tells it from any
 * other of that millisecond.
 */
struct spent_key {
	uint8_t b[8 + 16];
};

static struct spent_key
spent_key(const uint8_t challenge[32], store_time expires)
{
	struct spent_key k = { 0 };
	struct writer w = WRITER(k.b);

	writer_be(&w, (uint64_t)expires, 8);
	writer_bytes(&w, challenge, 16);
	return k;
}

enum store_rc
store_spend(
    struct store_txn *t, const uint8_t challenge[32], store_time expires)
{
	struct spent_key k = spent_key(challenge, expires);
	static const uint8_t version[] = { 1 };

	if (expires < 0)
		return store_misused(t, "spent");
	return engine_put(
	    t, TABLE_SPENT, SLICE(k.b), SLICE(version), ENGINE_LAST);
}

enum store_rc
store_spent(
    struct store_txn *t, const uint8_t challenge[32], store_time expires)
{
	struct spent_key k = spent_key(challenge, expires);
	struct slice v;

	return engine_get(t, TABLE_SPENT, SLICE(k.b), &v);
}

/* ---- sweep ---- */

enum { SPENT_AT_ONCE = 128 };

struct spent_list {
	store_time now;
	struct spent_key keys[SPENT_AT_ONCE];
	size_t n, max;
};

static bool
spent_collect(struct slice key, struct slice value, void *arg)
{
	struct spent_list *l = arg;
	struct cursor c = cursor_over(key);

	(void)value;
	if (cursor_be(&c, 8) > (uint64_t)l->now || l->n == l->max)
		return false;
	cursor_copy(&c, l->keys[l->n].b + 8, 16);
	memcpy(l->keys[l->n++].b, key.p, 8);
	return l->n < l->max;
}

enum store_rc
spent_expire(struct store_txn *t, store_time now, size_t limit, size_t *n)
{
	struct spent_list l = { .now = now };
	size_t done = 0;
	enum store_rc rc;

	do {
		l.n = 0;
		l.max =
		    limit - done < SPENT_AT_ONCE ? limit - done : SPENT_AT_ONCE;
		rc = engine_range(t, TABLE_SPENT, (struct slice){ 0 },
		    (struct slice){ 0 }, spent_collect, &l);
		for (size_t i = 0; rc == STORE_OK && i < l.n; i++)
			rc = engine_delete(t, TABLE_SPENT, SLICE(l.keys[i].b));
		done += l.n;
	} while (rc == STORE_OK && l.n == SPENT_AT_ONCE && done < limit);
	if (rc == STORE_OK)
		*n = done;
	return rc;
}
