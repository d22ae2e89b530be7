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
