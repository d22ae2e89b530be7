/* SPDX-License-Identifier: Apache-2.0 */
#include "store/credentials.h"

#include "store/codec.h"
#include "webauthn/hash.h"

/*
 * Version 2 has what extensions said behind it, where they said something, so
 * that there is one form of each record.
 */
static bool
is_second(const struct store_credential *c)
{
	return c->traits != 0 || c->protection != 0 || c->min_pin != 0;
}

void
credential_encode(struct writer *w, const struct store_credential *c)
{
	writer_be(w, is_second(c) ? 2 : 1, 1);
	writer_time(w, c->created);
	writer_time(w, c->last_used);
	writer_time(w, c->counter_went_back);
	writer_be(w, c->sign_count, 4);
	writer_be(w, c->flags, 1);
	writer_be(w, c->transports, 1);
	writer_be(w, c->attestation, 1);
	writer_be(w, (uint32_t)c->algorithm, 4);
	writer_bytes(w, c->aaguid, sizeof(c->aaguid));
	writer_text(w, c->format, sizeof(c->format));
	writer_text(w, c->name, sizeof(c->name));
	if (c->id_n == 0 || c->id_n > sizeof(c->id) ||
	    c->cose_key_n > sizeof(c->cose_key)) {
		w->bad = true;
		return;
	}
	writer_long(w, (struct slice){ c->id, c->id_n });
	writer_long(w, (struct slice){ c->cose_key, c->cose_key_n });
	if (!is_second(c))
		return;
	writer_be(w, c->traits, 1);
	writer_be(w, c->protection, 1);
	writer_be(w, c->min_pin, 1);
}

bool
credential_decode(struct slice value, struct store_credential *c)
{
	const bool second = value.n > 0 && value.p[0] == 2;
	struct cursor r = record_open(value, second ? 2 : 1);

	c->created = cursor_time(&r);
	c->last_used = cursor_time(&r);
	c->counter_went_back = cursor_time(&r);
	c->sign_count = (uint32_t)cursor_be(&r, 4);
	c->flags = (uint8_t)cursor_be(&r, 1);
	c->transports = (uint8_t)cursor_be(&r, 1);
	c->attestation = (uint8_t)cursor_be(&r, 1);
	c->algorithm = (int32_t)(uint32_t)cursor_be(&r, 4);
	cursor_copy(&r, c->aaguid, sizeof(c->aaguid));
	cursor_text(&r, c->format, sizeof(c->format));
	cursor_text(&r, c->name, sizeof(c->name));
	c->id_n = (uint16_t)cursor_long(&r, c->id, sizeof(c->id));
	c->cose_key_n =
	    (uint16_t)cursor_long(&r, c->cose_key, sizeof(c->cose_key));
	c->traits = second ? (uint8_t)cursor_be(&r, 1) : 0;
	c->protection = second ? (uint8_t)cursor_be(&r, 1) : 0;
	c->min_pin = second ? (uint8_t)cursor_be(&r, 1) : 0;
	return cursor_finished(&r) && c->id_n > 0 && is_second(c) == second;
}

struct credential_ref
store_credential_ref(struct slice id)
{
	struct credential_ref ref = { 0 };
	uint8_t hash[32] = { 0 };

	/* Without memory there is no digest, and all zero is nobody's. */
	if (wa_sha256(id, hash))
		memcpy(ref.b, hash, sizeof(ref.b));
	return ref;
}

/* Empty when it is longer than it may be, which encoding refuses. */
static struct slice
id_of(const struct store_credential *c)
{
	if (c->id_n > sizeof(c->id))
		return (struct slice){ 0 };
	return (struct slice){ c->id, c->id_n };
}

static enum store_rc
credential_write(struct store_txn *t, const struct store_credential *c,
    const struct credential_ref *ref, enum engine_put how)
{
	struct cluster_key k =
	    cluster_key(&c->account, CLUSTER_CREDENTIAL, SLICE(ref->b));
	uint8_t bytes[CREDENTIAL_RECORD_MAX];
	struct writer w = WRITER(bytes);

	credential_encode(&w, c);
	if (w.bad)
		return store_misused(t, "credential");
	return engine_put(
	    t, TABLE_ACCOUNTS, cluster_slice(&k), writer_done(&w), how);
}

/* Keys of an account's passkeys begin with this. */
static struct cluster_key
credentials_prefix(const struct account_id *account)
{
	return cluster_key(account, CLUSTER_CREDENTIAL, (struct slice){ 0 });
}

static bool
credential_count(struct slice key, struct slice value, void *arg)
{
	size_t *n = arg;

	(void)key;
	(void)value;
	return ++*n < STORE_CREDENTIALS_MAX;
}

enum store_rc
store_credential_add(struct store_txn *t, const struct store_credential *c)
{
	struct credential_ref ref = store_credential_ref(id_of(c));
	struct cluster_key prefix = credentials_prefix(&c->account);
	uint8_t owner[OWNER_RECORD_MAX];
	struct writer w = WRITER(owner);
	struct heads h;
	struct slice v;
	enum store_rc rc;
	size_t n = 0;

	if ((rc = heads_get(t, &c->account, &h)) != STORE_OK)
		return rc;
	rc = engine_get(t, TABLE_CREDENTIALS, SLICE(ref.b), &v);
	if (rc != STORE_ABSENT)
		return rc == STORE_OK ? STORE_TAKEN : rc;
	rc = engine_range(t, TABLE_ACCOUNTS, (struct slice){ 0 },
	    cluster_slice(&prefix), credential_count, &n);
	if (rc != STORE_OK)
		return rc;
	if (n >= STORE_CREDENTIALS_MAX)
		return STORE_REFUSED;
	owner_encode(&w, &c->account);
	rc = credential_write(t, c, &ref, ENGINE_INSERT);
	if (rc != STORE_OK)
		return rc;
	return engine_put(
	    t, TABLE_CREDENTIALS, SLICE(ref.b), writer_done(&w), ENGINE_INSERT);
}

enum store_rc
store_credential_get(struct store_txn *t, const struct account_id *account,
    const struct credential_ref *ref, struct store_credential *c)
{
	struct cluster_key k =
	    cluster_key(account, CLUSTER_CREDENTIAL, SLICE(ref->b));
	struct store_credential got = { .account = *account };
	struct slice v;
	enum store_rc rc;

	rc = engine_get(t, TABLE_ACCOUNTS, cluster_slice(&k), &v);
	if (rc != STORE_OK)
		return rc;
	if (!credential_decode(v, &got))
		return store_damaged(t, TABLE_ACCOUNTS, cluster_slice(&k));
	*c = got;
	return STORE_OK;
}

enum store_rc
store_credential_find(
    struct store_txn *t, struct slice id, struct store_credential *c)
{
	struct credential_ref ref = store_credential_ref(id);
	struct store_credential got = { .id_n = 0 };
	struct account_id owner;
	struct slice v;
	enum store_rc rc;

	rc = engine_get(t, TABLE_CREDENTIALS, SLICE(ref.b), &v);
	if (rc != STORE_OK)
		return rc;
	if (!owner_decode(v, &owner))
		return store_damaged(t, TABLE_CREDENTIALS, SLICE(ref.b));
	rc = store_credential_get(t, &owner, &ref, &got);
	if (rc != STORE_OK)
		return rc;
	/* The ref is half a hash: the id has the last word. */
	if (!slice_equal(id, id_of(&got)))
		return STORE_ABSENT;
	*c = got;
	return STORE_OK;
}

enum store_rc
store_credential_put(struct store_txn *t, const struct store_credential *c)
{
	struct credential_ref ref = store_credential_ref(id_of(c));
	struct store_credential old = { .id_n = 0 };
	enum store_rc rc;

	rc = store_credential_get(t, &c->account, &ref, &old);
	if (rc != STORE_OK)
		return rc;
	if (!slice_equal(id_of(&old), id_of(c)) ||
	    old.cose_key_n != c->cose_key_n ||
	    memcmp(old.cose_key, c->cose_key, c->cose_key_n) != 0)
		return store_misused(t, "credential: what never changes");
	return credential_write(t, c, &ref, ENGINE_REPLACE);
}

enum store_rc
store_credential_remove(struct store_txn *t, const struct account_id *account,
    const struct credential_ref *ref)
{
	struct cluster_key k =
	    cluster_key(account, CLUSTER_CREDENTIAL, SLICE(ref->b));
	enum store_rc rc;

	rc = engine_delete(t, TABLE_ACCOUNTS, cluster_slice(&k));
	if (rc != STORE_OK)
		return rc;
	return engine_delete(t, TABLE_CREDENTIALS, SLICE(ref->b));
}

/* ---- an account's ---- */

struct credential_list {
	struct {
		struct slice key, value;
		uint64_t created;
	} found[STORE_CREDENTIALS_MAX];
	size_t n;
};

static bool
credential_collect(struct slice key, struct slice value, void *arg)
{
	struct credential_list *l = arg;
	struct cursor c = record_open(value, 1);
	uint64_t created = cursor_be(&c, 8);
	size_t i = l->n;

	/* Oldest first; the records are large, so their places are sorted. */
	for (; i > 0 && l->found[i - 1].created > created; i--)
		l->found[i] = l->found[i - 1];
	l->found[i].key = key;
	l->found[i].value = value;
	l->found[i].created = created;
	return ++l->n < STORE_CREDENTIALS_MAX;
}

enum store_rc
store_credentials_of(struct store_txn *t, const struct account_id *account,
    struct store_credential *out, size_t *n)
{
	struct cluster_key prefix = credentials_prefix(account);
	struct credential_list l = { .n = 0 };
	enum store_rc rc;

	rc = engine_range(t, TABLE_ACCOUNTS, (struct slice){ 0 },
	    cluster_slice(&prefix), credential_collect, &l);
	if (rc != STORE_OK)
		return rc;
	for (size_t i = 0; i < l.n; i++) {
		out[i].account = *account;
		if (!credential_decode(l.found[i].value, &out[i]))
			return store_damaged(t, TABLE_ACCOUNTS, l.found[i].key);
	}
	*n = l.n;
	return STORE_OK;
}
