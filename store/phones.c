/* SPDX-License-Identifier: Apache-2.0 */
#include "store/phones.h"

#include "store/approval_codec.h"

void
writer_long_text(struct writer *w, const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	if (n == size)
		w->bad = true;
	writer_long(w, (struct slice){ (const uint8_t *)s, n });
}

void
cursor_long_text(struct cursor *c, char *dst, size_t size)
{
	struct slice s = cursor_take(c, cursor_be(c, 2));

	memset(dst, 0, size);
	if (s.n >= size || (s.n > 0 && memchr(s.p, 0, s.n) != NULL)) {
		c->bad = true;
		return;
	}
	if (s.n > 0)
		memcpy(dst, s.p, s.n);
}

void
phone_encode(struct writer *w, const struct store_phone *p)
{
	writer_be(w, 1, 1);
	writer_bytes(w, p->credential.b, sizeof(p->credential.b));
	writer_bytes(w, p->key, sizeof(p->key));
	writer_text(w, p->name, sizeof(p->name));
	writer_text(w, p->platform, sizeof(p->platform));
	writer_long_text(w, p->push.endpoint, sizeof(p->push.endpoint));
	writer_bytes(w, p->push.p256dh, sizeof(p->push.p256dh));
	writer_bytes(w, p->push.auth, sizeof(p->push.auth));
	writer_time(w, p->push_changed);
	writer_time(w, p->created);
	writer_time(w, p->last_seen);
	writer_time(w, p->muted_until);
}

bool
phone_decode(struct slice value, struct store_phone *p)
{
	struct cursor c = record_open(value, 1);

	cursor_copy(&c, p->credential.b, sizeof(p->credential.b));
	cursor_copy(&c, p->key, sizeof(p->key));
	cursor_text(&c, p->name, sizeof(p->name));
	cursor_text(&c, p->platform, sizeof(p->platform));
	cursor_long_text(&c, p->push.endpoint, sizeof(p->push.endpoint));
	cursor_copy(&c, p->push.p256dh, sizeof(p->push.p256dh));
	cursor_copy(&c, p->push.auth, sizeof(p->push.auth));
	p->push_changed = cursor_time(&c);
	p->created = cursor_time(&c);
	p->last_seen = cursor_time(&c);
	p->muted_until = cursor_time(&c);
	return cursor_finished(&c);
}

static struct cluster_key
phone_key(const struct account_id *account, const struct phone_id *id)
{
	return cluster_key(account, CLUSTER_PHONE, SLICE(id->b));
}

static struct cluster_key
phones_prefix(const struct account_id *account)
{
	return cluster_key(account, CLUSTER_PHONE, (struct slice){ 0 });
}

static enum store_rc
phone_write(
    struct store_txn *t, const struct store_phone *p, enum engine_put how)
{
	struct cluster_key k = phone_key(&p->account, &p->id);
	uint8_t bytes[PHONE_RECORD_MAX];
	struct writer w = WRITER(bytes);

	phone_encode(&w, p);
	if (w.bad)
		return store_misused(t, "phone");
	return engine_put(
	    t, TABLE_ACCOUNTS, cluster_slice(&k), writer_done(&w), how);
}

static bool
phone_count(struct slice key, struct slice value, void *arg)
{
	size_t *n = arg;

	(void)key;
	(void)value;
	return ++*n < STORE_PHONES_MAX;
}

enum store_rc
store_phone_add(struct store_txn *t, const struct store_phone *p)
{
	struct cluster_key prefix = phones_prefix(&p->account);
	uint8_t owner[OWNER_RECORD_MAX];
	struct writer w = WRITER(owner);
	struct heads h;
	struct slice v;
	enum store_rc rc;
	size_t n = 0;

	if ((rc = heads_get(t, &p->account, &h)) != STORE_OK)
		return rc;
	rc = engine_get(t, TABLE_PHONES, SLICE(p->id.b), &v);
	if (rc != STORE_ABSENT)
		return rc == STORE_OK ? STORE_TAKEN : rc;
	rc = engine_range(t, TABLE_ACCOUNTS, (struct slice){ 0 },
	    cluster_slice(&prefix), phone_count, &n);
	if (rc != STORE_OK)
		return rc;
	if (n >= STORE_PHONES_MAX)
		return STORE_REFUSED;
	owner_encode(&w, &p->account);
	if ((rc = phone_write(t, p, ENGINE_INSERT)) != STORE_OK)
		return rc;
	return engine_put(
	    t, TABLE_PHONES, SLICE(p->id.b), writer_done(&w), ENGINE_INSERT);
}

static enum store_rc
phone_owner(
    struct store_txn *t, const struct phone_id *id, struct account_id *account)
{
	struct slice v;
	enum store_rc rc;

	if ((rc = engine_get(t, TABLE_PHONES, SLICE(id->b), &v)) != STORE_OK)
		return rc;
	return owner_decode(v, account)
		   ? STORE_OK
		   : store_damaged(t, TABLE_PHONES, SLICE(id->b));
}

enum store_rc
store_phone_get(
    struct store_txn *t, const struct phone_id *id, struct store_phone *p)
{
	struct store_phone got = { .id = *id };
	struct cluster_key k;
	struct slice v;
	enum store_rc rc;

	if ((rc = phone_owner(t, id, &got.account)) != STORE_OK)
		return rc;
	k = phone_key(&got.account, id);
	rc = engine_get(t, TABLE_ACCOUNTS, cluster_slice(&k), &v);
	if (rc != STORE_OK)
		return rc;
	if (!phone_decode(v, &got))
		return store_damaged(t, TABLE_ACCOUNTS, cluster_slice(&k));
	*p = got;
	return STORE_OK;
}

enum store_rc
store_phone_put(struct store_txn *t, const struct store_phone *p)
{
	struct store_phone old = { .created = 0 };
	enum store_rc rc;

	if ((rc = store_phone_get(t, &p->id, &old)) != STORE_OK)
		return rc;
	if (memcmp(&old.account, &p->account, sizeof(p->account)) != 0 ||
	    memcmp(old.key, p->key, sizeof(p->key)) != 0 ||
	    old.created != p->created)
		return store_misused(t, "phone: what never changes");
	return phone_write(t, p, ENGINE_REPLACE);
}

enum store_rc
store_phone_remove(struct store_txn *t, const struct phone_id *id)
{
	struct account_id account = { { 0 } };
	struct cluster_key k;
	enum store_rc rc;

	if ((rc = phone_owner(t, id, &account)) != STORE_OK)
		return rc;
	k = phone_key(&account, id);
	if ((rc = engine_delete(t, TABLE_ACCOUNTS, cluster_slice(&k))) !=
	    STORE_OK)
		return rc;
	return phone_forget(t, SLICE(id->b));
}

enum store_rc
phone_forget(struct store_txn *t, struct slice phone)
{
	return engine_delete(t, TABLE_PHONES, phone);
}

/* ---- an account's ---- */

struct phone_list {
	struct store_txn *t;
	const struct account_id *account;
	struct store_phone *out;
	size_t n;
};

/* Ids begin with a time, so the order of the keys is that of their making. */
static bool
phone_collect(struct slice key, struct slice value, void *arg)
{
	struct phone_list *l = arg;
	struct store_phone *p = &l->out[l->n];
	struct cursor c = cursor_over(key);

	p->account = *l->account;
	cursor_take(&c, 17);
	cursor_copy(&c, p->id.b, sizeof(p->id.b));
	if (!cursor_finished(&c) || !phone_decode(value, p)) {
		store_damaged(l->t, TABLE_ACCOUNTS, key);
		return true;
	}
	return ++l->n < STORE_PHONES_MAX;
}

enum store_rc
store_phones_of(struct store_txn *t, const struct account_id *account,
    struct store_phone *out, size_t *n)
{
	struct cluster_key prefix = phones_prefix(account);
	struct phone_list l = { .t = t, .account = account, .out = out };
	enum store_rc rc;

	rc = engine_range(t, TABLE_ACCOUNTS, (struct slice){ 0 },
	    cluster_slice(&prefix), phone_collect, &l);
	if (rc == STORE_OK)
		*n = l.n;
	return rc;
}
