/* SPDX-License-Identifier: Apache-2.0 */
#include "store/accounts.h"

#include "store/approval_codec.h"

void
account_encode(struct writer *w, const struct store_account *a)
{
	writer_be(w, 1, 1);
	writer_bytes(w, a->user_handle, sizeof(a->user_handle));
	writer_be(w, a->state, 1);
	writer_time(w, a->created);
	writer_time(w, a->changed);
	writer_text(w, a->name, sizeof(a->name));
	writer_text(w, a->name_key, sizeof(a->name_key));
	writer_text(w, a->display_name, sizeof(a->display_name));
	writer_text(w, a->locale, sizeof(a->locale));
}

bool
account_decode(struct slice value, struct store_account *a)
{
	struct cursor c = record_open(value, 1);

	cursor_copy(&c, a->user_handle, sizeof(a->user_handle));
	a->state =
	    (enum store_account_state)cursor_upto(&c, 1, STORE_ACCOUNT_LOCKED);
	a->created = cursor_time(&c);
	a->changed = cursor_time(&c);
	cursor_text(&c, a->name, sizeof(a->name));
	cursor_text(&c, a->name_key, sizeof(a->name_key));
	cursor_text(&c, a->display_name, sizeof(a->display_name));
	cursor_text(&c, a->locale, sizeof(a->locale));
	return cursor_finished(&c) && a->state != 0;
}

void
owner_encode(struct writer *w, const struct account_id *id)
{
	writer_be(w, 1, 1);
	writer_bytes(w, id->b, sizeof(id->b));
}

bool
owner_decode(struct slice value, struct account_id *id)
{
	struct cursor c = record_open(value, 1);

	cursor_copy(&c, id->b, sizeof(id->b));
	return cursor_finished(&c);
}

static enum store_rc
account_write(
    struct store_txn *t, const struct store_account *a, enum engine_put how)
{
	struct cluster_key k =
	    cluster_key(&a->id, CLUSTER_ACCOUNT, (struct slice){ 0 });
	uint8_t bytes[ACCOUNT_RECORD_MAX];
	struct writer w = WRITER(bytes);

	account_encode(&w, a);
	if (w.bad || a->name_key[0] == '\0')
		return store_misused(t, "account");
	return engine_put(
	    t, TABLE_ACCOUNTS, cluster_slice(&k), writer_done(&w), how);
}

enum store_rc
store_account_add(struct store_txn *t, const struct store_account *a)
{
	uint8_t owner[OWNER_RECORD_MAX];
	struct writer w = WRITER(owner);
	struct cluster_key k =
	    cluster_key(&a->id, CLUSTER_ACCOUNT, (struct slice){ 0 });
	struct slice v;
	enum store_rc rc;

	/* Looks at both keys before it writes either. */
	rc = engine_get(t, TABLE_NAMES, slice_of(a->name_key), &v);
	if (rc == STORE_ABSENT)
		rc = engine_get(t, TABLE_ACCOUNTS, cluster_slice(&k), &v);
	if (rc != STORE_ABSENT)
		return rc == STORE_OK ? STORE_TAKEN : rc;
	owner_encode(&w, &a->id);
	if ((rc = account_write(t, a, ENGINE_LAST)) != STORE_OK ||
	    (rc = heads_put(t, &a->id, &(struct heads){ 0 })) != STORE_OK)
		return rc;
	return engine_put(t, TABLE_NAMES, slice_of(a->name_key),
	    writer_done(&w), ENGINE_INSERT);
}

enum store_rc
store_account_get(
    struct store_txn *t, const struct account_id *id, struct store_account *a)
{
	struct cluster_key k =
	    cluster_key(id, CLUSTER_ACCOUNT, (struct slice){ 0 });
	struct store_account got = { .id = *id };
	struct slice v;
	enum store_rc rc;

	rc = engine_get(t, TABLE_ACCOUNTS, cluster_slice(&k), &v);
	if (rc != STORE_OK)
		return rc;
	if (!account_decode(v, &got))
		return store_damaged(t, TABLE_ACCOUNTS, cluster_slice(&k));
	*a = got;
	return STORE_OK;
}

enum store_rc
store_account_by_name(
    struct store_txn *t, const char *name_key, struct account_id *id)
{
	struct slice v, key = slice_of(name_key);
	struct account_id got;
	enum store_rc rc;

	/* No account has such a name, and no key is so long, or empty. */
	if (key.n == 0 || key.n > STORE_NAME_MAX)
		return STORE_ABSENT;
	if ((rc = engine_get(t, TABLE_NAMES, key, &v)) != STORE_OK)
		return rc;
	if (!owner_decode(v, &got))
		return store_damaged(t, TABLE_NAMES, key);
	*id = got;
	return STORE_OK;
}

enum store_rc
store_account_put(struct store_txn *t, const struct store_account *a)
{
	struct store_account old;
	enum store_rc rc;

	if ((rc = store_account_get(t, &a->id, &old)) != STORE_OK)
		return rc;
	if (!slice_equal(SLICE(old.user_handle), SLICE(a->user_handle)) ||
	    old.created != a->created || strcmp(old.name_key, a->name_key) != 0)
		return store_misused(t, "account: what never changes");
	return account_write(t, a, ENGINE_REPLACE);
}

/* ---- removal ---- */

enum { REMOVED_AT_ONCE = 64 };

struct cluster_keys {
	struct cluster_key keys[REMOVED_AT_ONCE];
	size_t n;
};

static bool
cluster_collect(struct slice key, struct slice value, void *arg)
{
	struct cluster_keys *found = arg;
	struct cluster_key *k = &found->keys[found->n];

	(void)value;
	if (key.n > sizeof(k->b))
		return true;
	memcpy(k->b, key.p, key.n);
	k->n = key.n;
	return ++found->n < REMOVED_AT_ONCE;
}

static struct account_id
cluster_owner(const struct cluster_key *k)
{
	struct account_id id;

	memcpy(id.b, k->b, sizeof(id.b));
	return id;
}

/* A record of the cluster, and what points to it from elsewhere. */
static enum store_rc
cluster_drop(struct store_txn *t, const struct cluster_key *k)
{
	struct slice suffix = { k->b + 17, k->n - 17 };
	struct account_id owner = cluster_owner(k);
	enum store_rc rc = STORE_OK;

	if (k->b[16] == CLUSTER_CREDENTIAL)
		rc = engine_delete(t, TABLE_CREDENTIALS, suffix);
	else if (k->b[16] == CLUSTER_INVITATION)
		rc = invitation_forget(t, suffix);
	else if (k->b[16] == CLUSTER_PHONE)
		rc = phone_forget(t, suffix);
	else if (k->b[16] == CLUSTER_BROWSER)
		rc = trust_forget(t, &owner, suffix);
	if (rc != STORE_OK && rc != STORE_ABSENT)
		return rc;
	return engine_delete(t, TABLE_ACCOUNTS, cluster_slice(k));
}

static enum store_rc
cluster_remove(struct store_txn *t, const struct account_id *id)
{
	struct cluster_keys found;
	enum store_rc rc;

	do {
		found.n = 0;
		rc = engine_range(t, TABLE_ACCOUNTS, (struct slice){ 0 },
		    SLICE(id->b), cluster_collect, &found);
		for (size_t i = 0; rc == STORE_OK && i < found.n; i++)
			rc = cluster_drop(t, &found.keys[i]);
	} while (rc == STORE_OK && found.n == REMOVED_AT_ONCE);
	return rc;
}

enum store_rc
store_account_remove(struct store_txn *t, const struct account_id *id)
{
	struct store_account a;
	struct heads h;
	enum store_rc rc;
	size_t n;

	if ((rc = store_account_get(t, id, &a)) != STORE_OK ||
	    (rc = heads_get(t, id, &h)) != STORE_OK ||
	    (rc = store_sessions_end(t, id, NULL, &n)) != STORE_OK ||
	    (rc = history_remove_all(t, id, &h)) != STORE_OK ||
	    (rc = guard_forget(t, id)) != STORE_OK ||
	    (rc = engine_delete(t, TABLE_NAMES, slice_of(a.name_key))) !=
		STORE_OK)
		return rc;
	return cluster_remove(t, id);
}

/* ---- lists ---- */

struct account_list {
	struct store_txn *t;
	const struct account_id *after;
	struct store_account *out;
	size_t max, n;
};

static bool
account_collect(struct slice key, struct slice value, void *arg)
{
	struct account_list *l = arg;
	struct store_account *a;

	if (key.n != 17 || key.p[16] != CLUSTER_ACCOUNT ||
	    memcmp(key.p, l->after->b, 16) == 0)
		return true;
	if (l->n == l->max)
		return false;
	a = &l->out[l->n];
	memcpy(a->id.b, key.p, 16);
	/* Is no reason to hide those behind it. */
	if (!account_decode(value, a)) {
		store_damaged(l->t, TABLE_ACCOUNTS, key);
		return true;
	}
	return ++l->n < l->max;
}

enum store_rc
store_accounts_list(struct store_txn *t, const struct account_id *after,
    struct store_account *out, size_t max, size_t *n)
{
	struct account_list l = {
		.t = t,
		.after = after,
		.out = out,
		.max = max,
	};
	enum store_rc rc;

	rc = engine_range(t, TABLE_ACCOUNTS, SLICE(after->b),
	    (struct slice){ 0 }, account_collect, &l);
	if (rc == STORE_OK)
		*n = l.n;
	return rc;
}
