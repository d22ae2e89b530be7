/* SPDX-License-Identifier: Apache-2.0 */
#include "store/approval_codec.h"

enum { EXPIRED_AT_ONCE = 128 };

struct expiry_key {
	uint8_t b[EXPIRY_KEY_MAX];
	size_t n;
};

static struct expiry_key
expiry_key(store_time when, enum store_table table, struct slice key)
{
	struct expiry_key k;
	struct writer w = WRITER(k.b);

	/* Before 1970 is as good as 1970. */
	writer_be(&w, when < 0 ? 0 : (uint64_t)when, 8);
	writer_be(&w, table, 1);
	writer_bytes(&w, key.p, key.n);
	k.n = w.n;
	return k;
}

enum store_rc
expiry_add(struct store_txn *t, store_time when, enum store_table table,
    struct slice key)
{
	struct expiry_key k = expiry_key(when, table, key);
	static const uint8_t version[] = { 1 };

	return engine_put(t, TABLE_EXPIRY, (struct slice){ k.b, k.n },
	    SLICE(version), ENGINE_REPLACE);
}

enum store_rc
expiry_remove(struct store_txn *t, store_time when, enum store_table table,
    struct slice key)
{
	struct expiry_key k = expiry_key(when, table, key);
	enum store_rc rc;

	rc = engine_delete(t, TABLE_EXPIRY, (struct slice){ k.b, k.n });
	return rc == STORE_ABSENT ? STORE_OK : rc;
}

/* ---- sweep ---- */

struct expiry_list {
	store_time now;
	struct expiry_key keys[EXPIRED_AT_ONCE];
	size_t n, max;
};

static bool
expiry_collect(struct slice key, struct slice value, void *arg)
{
	struct expiry_list *l = arg;
	struct expiry_key *k = &l->keys[l->n];
	struct cursor c = cursor_over(key);

	(void)value;
	if (cursor_be(&c, 8) > (uint64_t)l->now || l->n == l->max)
		return false;
	k->n = key.n < sizeof(k->b) ? key.n : sizeof(k->b);
	memcpy(k->b, key.p, k->n);
	return ++l->n < l->max;
}

static enum store_rc
expire(struct store_txn *t, const struct expiry_key *k, store_time now)
{
	struct slice key = { k->b + 9, k->n - 9 };
	enum store_rc rc;

	rc = engine_delete(t, TABLE_EXPIRY, (struct slice){ k->b, k->n });
	if (rc != STORE_OK || k->n <= 9)
		return rc;
	switch (k->b[8]) {
	case TABLE_SESSIONS:
		return session_expire(t, key, now);
	case TABLE_HISTORY:
		return history_expire(t, key);
	case TABLE_INVITATIONS:
		return invitation_expire(t, key);
	case TABLE_OFFERS:
		return offer_expire(t, key);
	case TABLE_BROWSERS:
		return browser_expire(t, key, now);
	case TABLE_APPROVALS:
		return approval_expire(t, key);
	case TABLE_GUARDS:
		return guard_expire(t, key, now);
	case TABLE_OUTBOX:
		return message_expire(t, key);
	default:
		/* Logged and dropped, so that it does not block the rest. */
		store_damaged(t, TABLE_EXPIRY, (struct slice){ k->b, k->n });
		return STORE_OK;
	}
}

static enum store_rc
index_expire(struct store_txn *t, store_time now, size_t limit, size_t *n)
{
	struct expiry_list l = { .now = now };
	size_t done = 0;
	enum store_rc rc;

	do {
		l.n = 0;
		l.max = limit - done < EXPIRED_AT_ONCE ? limit - done
						       : EXPIRED_AT_ONCE;
		rc = engine_range(t, TABLE_EXPIRY, (struct slice){ 0 },
		    (struct slice){ 0 }, expiry_collect, &l);
		for (size_t i = 0; rc == STORE_OK && i < l.n; i++)
			rc = expire(t, &l.keys[i], now);
		done += l.n;
	} while (rc == STORE_OK && l.n == EXPIRED_AT_ONCE && done < limit);
	if (rc == STORE_OK)
		*n = done;
	return rc;
}

struct sweep {
	store_time now;
	size_t limit, swept;
};

static enum store_rc
sweep(struct store_txn *t, void *arg)
{
	struct sweep *s = arg;
	size_t spent = 0, indexed = 0;
	enum store_rc rc;

	rc = spent_expire(t, s->now, s->limit, &spent);
	if (rc == STORE_OK && spent < s->limit)
		rc = index_expire(t, s->now, s->limit - spent, &indexed);
	s->swept = spent + indexed;
	return rc;
}

enum store_rc
store_sweep(
    struct store *store, store_time now, unsigned limit, unsigned *swept)
{
	struct sweep s = { .now = now < 0 ? 0 : now, .limit = limit };
	enum store_rc rc = STORE_OK;

	if (limit > 0)
		rc = store_update(store, sweep, &s);
	if (rc == STORE_OK)
		*swept = (unsigned)s.swept;
	return rc;
}
