/* SPDX-License-Identifier: Apache-2.0 */
#include "store/invitations.h"

#include "store/codec.h"

void
invitation_encode(struct writer *w, const struct store_invitation *i)
{
	writer_be(w, 1, 1);
	writer_time(w, i->created);
	writer_time(w, i->expires);
	writer_be(w, i->for_account, 1);
	writer_bytes(w, i->account.b, sizeof(i->account.b));
	writer_text(w, i->name, sizeof(i->name));
}

bool
invitation_decode(struct slice value, struct store_invitation *i)
{
	struct cursor c = record_open(value, 1);

	i->created = cursor_time(&c);
	i->expires = cursor_time(&c);
	i->for_account = cursor_bool(&c);
	cursor_copy(&c, i->account.b, sizeof(i->account.b));
	cursor_text(&c, i->name, sizeof(i->name));
	return cursor_finished(&c);
}

static enum store_rc
invitation_read(
    struct store_txn *t, struct slice hash, struct store_invitation *i)
{
	struct slice v;
	enum store_rc rc;

	if ((rc = engine_get(t, TABLE_INVITATIONS, hash, &v)) != STORE_OK)
		return rc;
	memcpy(i->token_hash, hash.p, sizeof(i->token_hash));
	if (!invitation_decode(v, i))
		return store_damaged(t, TABLE_INVITATIONS, hash);
	return STORE_OK;
}

/* The account keeps a note of each, so that it can take them along. */
static enum store_rc
invitation_note(struct store_txn *t, const struct store_invitation *i)
{
	static const uint8_t version[] = { 1 };
	struct cluster_key k =
	    cluster_key(&i->account, CLUSTER_INVITATION, SLICE(i->token_hash));

	return engine_put(t, TABLE_ACCOUNTS, cluster_slice(&k), SLICE(version),
	    ENGINE_REPLACE);
}

static enum store_rc
invitation_unnote(struct store_txn *t, const struct store_invitation *i)
{
	struct cluster_key k =
	    cluster_key(&i->account, CLUSTER_INVITATION, SLICE(i->token_hash));

	if (!i->for_account)
		return STORE_OK;
	return engine_delete(t, TABLE_ACCOUNTS, cluster_slice(&k));
}

enum store_rc
store_invitation_add(struct store_txn *t, const struct store_invitation *i)
{
	uint8_t bytes[INVITATION_RECORD_MAX];
	struct writer w = WRITER(bytes);
	struct heads h;
	enum store_rc rc;

	if (i->for_account && (rc = heads_get(t, &i->account, &h)) != STORE_OK)
		return rc;
	invitation_encode(&w, i);
	if (w.bad)
		return store_misused(t, "invitation");
	rc = engine_put(t, TABLE_INVITATIONS, SLICE(i->token_hash),
	    writer_done(&w), ENGINE_INSERT);
	if (rc != STORE_OK)
		return rc;
	rc = expiry_add(t, i->expires, TABLE_INVITATIONS, SLICE(i->token_hash));
	if (rc != STORE_OK || !i->for_account)
		return rc;
	return invitation_note(t, i);
}

enum store_rc
store_invitation_get(struct store_txn *t, const uint8_t token_hash[32],
    store_time now, struct store_invitation *i)
{
	struct store_invitation got;
	enum store_rc rc;

	rc = invitation_read(t, (struct slice){ token_hash, 32 }, &got);
	if (rc != STORE_OK)
		return rc;
	if (got.expires <= now)
		return STORE_ABSENT;
	*i = got;
	return STORE_OK;
}

enum store_rc
invitation_forget(struct store_txn *t, struct slice hash)
{
	struct store_invitation i;
	enum store_rc rc;

	rc = invitation_read(t, hash, &i);
	if (rc == STORE_OK)
		rc = expiry_remove(t, i.expires, TABLE_INVITATIONS, hash);
	/* An entry that leads nowhere goes in its time. */
	if (rc != STORE_OK && rc != STORE_DAMAGED)
		return rc;
	return engine_delete(t, TABLE_INVITATIONS, hash);
}

enum store_rc
store_invitation_remove(struct store_txn *t, const uint8_t token_hash[32])
{
	struct slice hash = { token_hash, 32 };
	struct store_invitation i;
	enum store_rc rc;

	if ((rc = invitation_read(t, hash, &i)) != STORE_OK ||
	    (rc = invitation_unnote(t, &i)) != STORE_OK)
		return rc;
	return invitation_forget(t, hash);
}

enum store_rc
invitation_expire(struct store_txn *t, struct slice key)
{
	struct store_invitation i;
	enum store_rc rc;

	if (key.n != sizeof(i.token_hash))
		return STORE_OK;
	rc = invitation_read(t, key, &i);
	if (rc == STORE_ABSENT)
		return STORE_OK;
	if (rc == STORE_OK)
		rc = invitation_unnote(t, &i);
	if (rc != STORE_OK && rc != STORE_DAMAGED)
		return rc;
	return engine_delete(t, TABLE_INVITATIONS, key);
}

/* ---- many ---- */

struct listing {
	struct store_txn *t;
	const uint8_t *after; /* or NULL */
	store_time now;
	struct store_invitation *out;
	size_t max, n;
	enum store_rc rc;
};

static bool
list_one(struct slice key, struct slice value, void *arg)
{
	struct listing *l = arg;
	struct store_invitation *i = &l->out[l->n];

	if (key.n != sizeof(i->token_hash) ||
	    (l->after != NULL && memcmp(key.p, l->after, key.n) == 0))
		return true;
	if (!invitation_decode(value, i)) {
		l->rc = store_damaged(l->t, TABLE_INVITATIONS, key);
		return false;
	}
	memcpy(i->token_hash, key.p, sizeof(i->token_hash));
	return i->expires <= l->now || ++l->n < l->max;
}

enum store_rc
store_invitations_list(struct store_txn *t, const uint8_t after[32],
    store_time now, struct store_invitation *out, size_t max, size_t *n)
{
	struct listing l = {
		.t = t, .after = after, .now = now, .out = out, .max = max
	};
	struct slice from = { after, after != NULL ? 32 : 0 };
	enum store_rc rc;

	*n = 0;
	if (max == 0)
		return STORE_OK;
	rc = engine_range(
	    t, TABLE_INVITATIONS, from, (struct slice){ 0 }, list_one, &l);
	*n = l.n;
	return rc == STORE_OK ? l.rc : rc;
}

enum store_rc
store_invitation_find(struct store_txn *t, const uint8_t half[16],
    store_time now, struct store_invitation *i)
{
	struct slice prefix = { half, 16 };
	struct store_invitation got;
	struct listing l = { .t = t, .now = now, .out = &got, .max = 1 };
	enum store_rc rc;

	rc = engine_range(t, TABLE_INVITATIONS, prefix, prefix, list_one, &l);
	if (rc == STORE_OK)
		rc = l.rc;
	if (rc == STORE_OK && l.n == 0)
		rc = STORE_ABSENT;
	if (rc == STORE_OK)
		*i = got;
	return rc;
}

enum { AT_ONCE = 16 };

struct notes {
	uint8_t hash[AT_ONCE][32];
	size_t n;
};

static bool
note_take(struct slice key, struct slice value, void *arg)
{
	struct notes *notes = arg;

	(void)value;
	if (key.n < 32)
		return true;
	memcpy(notes->hash[notes->n++], key.p + key.n - 32, 32);
	return notes->n < AT_ONCE;
}

enum store_rc
store_invitations_end(
    struct store_txn *t, const struct account_id *account, size_t *n)
{
	struct cluster_key k =
	    cluster_key(account, CLUSTER_INVITATION, (struct slice){ 0 });
	struct slice prefix = cluster_slice(&k);
	struct notes notes;
	enum store_rc rc;

	*n = 0;
	do {
		notes.n = 0;
		rc = engine_range(
		    t, TABLE_ACCOUNTS, prefix, prefix, note_take, &notes);
		for (size_t i = 0; rc == STORE_OK && i < notes.n; i++)
			rc = store_invitation_remove(t, notes.hash[i]);
		*n += notes.n;
	} while (rc == STORE_OK && notes.n == AT_ONCE);
	return rc;
}
