/* SPDX-License-Identifier: Apache-2.0 */
#include "store/approvals.h"

#include "store/approval_codec.h"

/*
 * Three kinds of keys: 'a' and the id for the record; 'o', when it expires and
 * the id for those still open, so that the overdue are found from the front;
 * 'y', the account and the id for those approved and not collected.
 */
struct approval_key {
	uint8_t b[1 + 16 + 16];
	size_t n;
};

static struct approval_key
record_key(const struct approval_id *id)
{
	struct approval_key k = { .b = { 'a' }, .n = 1 + sizeof(id->b) };

	memcpy(k.b + 1, id->b, sizeof(id->b));
	return k;
}

static struct approval_key
open_key(const struct store_approval *a)
{
	struct approval_key k;
	struct writer w = WRITER(k.b);

	writer_be(&w, 'o', 1);
	writer_time(&w, a->expires);
	writer_bytes(&w, a->id.b, sizeof(a->id.b));
	k.n = w.n;
	return k;
}

static struct approval_key
approved_key(const struct store_approval *a)
{
	struct approval_key k;
	struct writer w = WRITER(k.b);

	writer_be(&w, 'y', 1);
	writer_bytes(&w, a->account.b, sizeof(a->account.b));
	writer_bytes(&w, a->id.b, sizeof(a->id.b));
	k.n = w.n;
	return k;
}

static struct slice
key_slice(const struct approval_key *k)
{
	return (struct slice){ k->b, k->n };
}

/* So long after it expired its outcome can still be asked for. */
#define KEEP_MS ((store_time)24 * 60 * 60 * 1000)

static bool
is_open(const struct store_approval *a)
{
	return a->state == STORE_APPROVAL_PENDING ||
	       a->state == STORE_APPROVAL_CHOSEN ||
	       a->state == STORE_APPROVAL_REPLACED ||
	       a->state == STORE_APPROVAL_DISPLACED;
}

void
approval_encode(struct writer *w, const struct store_approval *a)
{
	writer_be(w, 1, 1);
	writer_bytes(w, a->account.b, sizeof(a->account.b));
	writer_be(w, a->decoy, 1);
	writer_be(w, a->state, 1);
	writer_be(w, a->match, 1);
	writer_time(w, a->created);
	writer_time(w, a->expires);
	writer_time(w, a->decided);
	writer_bytes(w, a->nonce, sizeof(a->nonce));
	writer_bytes(w, a->secret, sizeof(a->secret));
	writer_text(w, a->number, sizeof(a->number));
	for (size_t i = 0; i < STORE_SHOWN; i++)
		writer_text(w, a->shown[i], sizeof(a->shown[i]));
	writer_text(w, a->app, sizeof(a->app));
	writer_text(w, a->binding, sizeof(a->binding));
	writer_bytes(w, a->cookie, sizeof(a->cookie));
	writer_bytes(w, a->key, sizeof(a->key));
	writer_bytes(w, a->network, sizeof(a->network));
	client_encode(w, &a->client);
	writer_text(w, a->network_name, sizeof(a->network_name));
	writer_bytes(w, a->kept.b, sizeof(a->kept.b));
	writer_bytes(w, a->phone.b, sizeof(a->phone.b));
	writer_be(w, a->same_network, 1);
	writer_text(w, a->choice, sizeof(a->choice));
	writer_bytes(w, a->credential.b, sizeof(a->credential.b));
}

bool
approval_decode(struct slice value, struct store_approval *a)
{
	struct cursor c = record_open(value, 1);

	cursor_copy(&c, a->account.b, sizeof(a->account.b));
	a->decoy = cursor_bool(&c);
	a->state = (enum store_approval_state)cursor_upto(
	    &c, 1, STORE_APPROVAL_DISPLACED);
	a->match = (enum store_match)cursor_upto(&c, 1, STORE_MATCH_TYPE6);
	a->created = cursor_time(&c);
	a->expires = cursor_time(&c);
	a->decided = cursor_time(&c);
	cursor_copy(&c, a->nonce, sizeof(a->nonce));
	cursor_copy(&c, a->secret, sizeof(a->secret));
	cursor_text(&c, a->number, sizeof(a->number));
	for (size_t i = 0; i < STORE_SHOWN; i++)
		cursor_text(&c, a->shown[i], sizeof(a->shown[i]));
	cursor_text(&c, a->app, sizeof(a->app));
	cursor_text(&c, a->binding, sizeof(a->binding));
	cursor_copy(&c, a->cookie, sizeof(a->cookie));
	cursor_copy(&c, a->key, sizeof(a->key));
	cursor_copy(&c, a->network, sizeof(a->network));
	client_decode(&c, &a->client);
	cursor_text(&c, a->network_name, sizeof(a->network_name));
	cursor_copy(&c, a->kept.b, sizeof(a->kept.b));
	cursor_copy(&c, a->phone.b, sizeof(a->phone.b));
	a->same_network = cursor_bool(&c);
	cursor_text(&c, a->choice, sizeof(a->choice));
	cursor_copy(&c, a->credential.b, sizeof(a->credential.b));
	return cursor_finished(&c) && a->state != 0 && a->match != 0;
}

static enum store_rc
approval_write(
    struct store_txn *t, const struct store_approval *a, enum engine_put how)
{
	struct approval_key k = record_key(&a->id);
	uint8_t bytes[APPROVAL_RECORD_MAX];
	struct writer w = WRITER(bytes);

	approval_encode(&w, a);
	if (w.bad || a->state == 0 || a->match == 0)
		return store_misused(t, "approval");
	return engine_put(
	    t, TABLE_APPROVALS, key_slice(&k), writer_done(&w), how);
}

/* The index that a record of that state stands in; false: in none. */
static bool
index_key(const struct store_approval *a, struct approval_key *k)
{
	if (is_open(a))
		*k = open_key(a);
	else if (a->state == STORE_APPROVAL_APPROVED)
		*k = approved_key(a);
	else
		return false;
	return true;
}

static enum store_rc
index_add(struct store_txn *t, const struct store_approval *a)
{
	static const uint8_t version[] = { 1 };
	struct approval_key k;

	return !index_key(a, &k) ? STORE_OK
				 : engine_put(t, TABLE_APPROVALS, key_slice(&k),
				       SLICE(version), ENGINE_REPLACE);
}

static enum store_rc
index_remove(struct store_txn *t, const struct store_approval *a)
{
	struct approval_key k;
	enum store_rc rc;

	if (!index_key(a, &k))
		return STORE_OK;
	rc = engine_delete(t, TABLE_APPROVALS, key_slice(&k));
	return rc == STORE_ABSENT ? STORE_OK : rc;
}

enum store_rc
store_approval_add(struct store_txn *t, const struct store_approval *a)
{
	struct approval_key k = record_key(&a->id);
	enum store_rc rc;

	if (a->expires > INT64_MAX - KEEP_MS)
		return store_misused(t, "approval");
	if ((rc = approval_write(t, a, ENGINE_INSERT)) != STORE_OK ||
	    (rc = index_add(t, a)) != STORE_OK)
		return rc;
	return expiry_add(
	    t, a->expires + KEEP_MS, TABLE_APPROVALS, key_slice(&k));
}

enum store_rc
store_approval_get(
    struct store_txn *t, const struct approval_id *id, struct store_approval *a)
{
	struct approval_key k = record_key(id);
	struct store_approval got = { .id = *id };
	struct slice v;
	enum store_rc rc;

	rc = engine_get(t, TABLE_APPROVALS, key_slice(&k), &v);
	if (rc != STORE_OK)
		return rc;
	if (!approval_decode(v, &got))
		return store_damaged(t, TABLE_APPROVALS, key_slice(&k));
	*a = got;
	return STORE_OK;
}

enum store_rc
store_approval_put(struct store_txn *t, const struct store_approval *a)
{
	struct store_approval old = { .state = 0 };
	enum store_rc rc;

	if ((rc = store_approval_get(t, &a->id, &old)) != STORE_OK)
		return rc;
	if (memcmp(&old.account, &a->account, sizeof(a->account)) != 0 ||
	    old.created != a->created || old.expires != a->expires)
		return store_misused(t, "approval: what never changes");
	if (!is_open(&old) && is_open(a))
		return store_misused(t, "approval: opened again");
	if ((rc = index_remove(t, &old)) != STORE_OK ||
	    (rc = index_add(t, a)) != STORE_OK)
		return rc;
	return approval_write(t, a, ENGINE_REPLACE);
}

struct overdue {
	store_time now;
	struct approval_key key; /* .n 0: there is none */
	struct approval_id id;
};

static bool
overdue_first(struct slice key, struct slice value, void *arg)
{
	struct overdue *o = arg;
	struct cursor c = cursor_over(key);

	(void)value;
	cursor_take(&c, 1);
	if (cursor_time(&c) > o->now)
		return false;
	cursor_copy(&c, o->id.b, sizeof(o->id.b));
	/* No key of ours is another one's length. */
	if (!cursor_finished(&c) || key.n > sizeof(o->key.b))
		return true;
	memcpy(o->key.b, key.p, key.n);
	o->key.n = key.n;
	return false;
}

/* What can be read and is open; else the key led nowhere: STORE_ABSENT. */
static enum store_rc
overdue_read(
    struct store_txn *t, const struct overdue *o, struct store_approval *a)
{
	struct store_approval got = { .state = 0 };
	enum store_rc rc = store_approval_get(t, &o->id, &got);

	if (rc == STORE_DAMAGED || (rc == STORE_OK && !is_open(&got)))
		return STORE_ABSENT;
	if (rc == STORE_OK)
		*a = got;
	return rc;
}

enum store_rc
store_approval_overdue(
    struct store_txn *t, store_time now, struct store_approval *a)
{
	static const uint8_t prefix[] = { 'o' };
	uint8_t from[sizeof(((struct approval_key *)0)->b) + 1] = { 'o' };
	struct overdue o = { .now = now };
	size_t n = sizeof(prefix);
	enum store_rc rc;

	for (;;) {
		o.key.n = 0;
		rc = engine_range(t, TABLE_APPROVALS, (struct slice){ from, n },
		    SLICE(prefix), overdue_first, &o);
		if (rc != STORE_OK || o.key.n == 0)
			return rc != STORE_OK ? rc : STORE_ABSENT;
		if ((rc = overdue_read(t, &o, a)) != STORE_ABSENT)
			return rc;
		/* What nobody can end must not hold up the others. */
		if (t->writable && (rc = engine_delete(t, TABLE_APPROVALS,
					key_slice(&o.key))) != STORE_OK)
			return rc;
		/* The first key behind this one has a zero more. */
		memcpy(from, o.key.b, o.key.n);
		from[o.key.n] = 0;
		n = o.key.n + 1;
	}
}

struct approved {
	struct approval_id id;
	bool found;
};

static bool
approved_first(struct slice key, struct slice value, void *arg)
{
	struct approved *x = arg;
	struct cursor c = cursor_over(key);

	(void)value;
	cursor_take(&c, 1 + sizeof(struct account_id));
	cursor_copy(&c, x->id.b, sizeof(x->id.b));
	x->found = cursor_finished(&c);
	return false;
}

enum store_rc
store_approval_approved(struct store_txn *t, const struct account_id *account,
    struct store_approval *a)
{
	const struct store_approval of = { .account = *account };
	struct approval_key k = approved_key(&of);
	enum store_rc rc;

	for (;;) {
		struct store_approval got = { .state = 0 };
		struct approved x = { .found = false };

		k.n = sizeof(k.b) - sizeof(of.id.b);
		rc = engine_range(t, TABLE_APPROVALS, (struct slice){ 0 },
		    key_slice(&k), approved_first, &x);
		if (rc != STORE_OK || !x.found)
			return rc != STORE_OK ? rc : STORE_ABSENT;
		rc = store_approval_get(t, &x.id, &got);
		if (rc == STORE_OK)
			*a = got;
		if (rc != STORE_ABSENT && rc != STORE_DAMAGED)
			return rc;
		/* Nobody can collect it: it must not hold up the others. */
		if (!t->writable)
			return STORE_ABSENT;
		memcpy(k.b + k.n, x.id.b, sizeof(x.id.b));
		k.n += sizeof(x.id.b);
		rc = engine_delete(t, TABLE_APPROVALS, key_slice(&k));
		if (rc != STORE_OK)
			return rc;
	}
}

enum store_rc
approval_expire(struct store_txn *t, struct slice key)
{
	struct store_approval a = { .state = 0 };
	enum store_rc rc;

	if (key.n != 1 + sizeof(a.id.b))
		return STORE_OK;
	memcpy(a.id.b, key.p + 1, sizeof(a.id.b));
	rc = store_approval_get(t, &a.id, &a);
	if (rc == STORE_OK)
		rc = index_remove(t, &a);
	if (rc != STORE_OK && rc != STORE_DAMAGED)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	return engine_delete(t, TABLE_APPROVALS, key);
}
