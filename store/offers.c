/* SPDX-License-Identifier: Apache-2.0 */
#include "store/phones.h"

#include "store/approval_codec.h"

/* A record inside another one, behind its length. */
static void
writer_phone(struct writer *w, const struct store_phone *p)
{
	uint8_t bytes[PHONE_RECORD_MAX];
	struct writer inner = WRITER(bytes);

	phone_encode(&inner, p);
	w->bad |= inner.bad;
	writer_bytes(w, p->id.b, sizeof(p->id.b));
	writer_long(w, writer_done(&inner));
}

static void
writer_passkey(struct writer *w, const struct store_credential *c)
{
	uint8_t bytes[CREDENTIAL_RECORD_MAX];
	struct writer inner = WRITER(bytes);

	/* None yet: an empty one is none. */
	if (c->id_n > 0)
		credential_encode(&inner, c);
	w->bad |= inner.bad;
	writer_long(w, writer_done(&inner));
}

void
offer_encode(struct writer *w, const struct store_offer *o)
{
	writer_be(w, 1, 1);
	writer_bytes(w, o->token_hash, sizeof(o->token_hash));
	writer_bytes(w, o->account.b, sizeof(o->account.b));
	writer_bytes(w, o->session.b, sizeof(o->session.b));
	writer_be(w, o->state, 1);
	writer_time(w, o->created);
	writer_time(w, o->expires);
	writer_phone(w, &o->phone);
	writer_passkey(w, &o->passkey);
	client_encode(w, &o->client);
}

bool
offer_decode(struct slice value, struct store_offer *o)
{
	struct cursor c = record_open(value, 1);
	struct slice passkey;
	bool good;

	cursor_copy(&c, o->token_hash, sizeof(o->token_hash));
	cursor_copy(&c, o->account.b, sizeof(o->account.b));
	cursor_copy(&c, o->session.b, sizeof(o->session.b));
	o->state =
	    (enum store_offer_state)cursor_upto(&c, 1, STORE_OFFER_REFUSED);
	o->created = cursor_time(&c);
	o->expires = cursor_time(&c);
	cursor_copy(&c, o->phone.id.b, sizeof(o->phone.id.b));
	good = phone_decode(cursor_take(&c, cursor_be(&c, 2)), &o->phone);
	passkey = cursor_take(&c, cursor_be(&c, 2));
	if (passkey.n > 0)
		good &= credential_decode(passkey, &o->passkey);
	client_decode(&c, &o->client);
	o->phone.account = o->account;
	if (passkey.n > 0)
		o->passkey.account = o->account;
	return cursor_finished(&c) && good && o->state != 0;
}

static enum store_rc
offer_write(
    struct store_txn *t, const struct store_offer *o, enum engine_put how)
{
	uint8_t bytes[OFFER_RECORD_MAX];
	struct writer w = WRITER(bytes);

	offer_encode(&w, o);
	if (w.bad)
		return store_misused(t, "offer");
	return engine_put(
	    t, TABLE_OFFERS, SLICE(o->id.b), writer_done(&w), how);
}

enum store_rc
store_offer_add(struct store_txn *t, const struct store_offer *o)
{
	struct heads h;
	enum store_rc rc;

	if ((rc = heads_get(t, &o->account, &h)) != STORE_OK ||
	    (rc = offer_write(t, o, ENGINE_LAST)) != STORE_OK)
		return rc;
	return expiry_add(t, o->expires, TABLE_OFFERS, SLICE(o->id.b));
}

enum store_rc
store_offer_get(struct store_txn *t, const struct offer_id *id, store_time now,
    struct store_offer *o)
{
	struct slice v;
	enum store_rc rc;

	if ((rc = engine_get(t, TABLE_OFFERS, SLICE(id->b), &v)) != STORE_OK)
		return rc;
	memset(o, 0, sizeof(*o));
	o->id = *id;
	if (!offer_decode(v, o))
		return store_damaged(t, TABLE_OFFERS, SLICE(id->b));
	return o->expires > now ? STORE_OK : STORE_ABSENT;
}

enum store_rc
store_offer_put(struct store_txn *t, const struct store_offer *o)
{
	struct store_offer old = { .state = 0 };
	enum store_rc rc;

	if ((rc = store_offer_get(t, &o->id, 0, &old)) != STORE_OK)
		return rc;
	if (memcmp(&old.account, &o->account, sizeof(o->account)) != 0 ||
	    memcmp(old.token_hash, o->token_hash, sizeof(o->token_hash)) != 0 ||
	    old.created != o->created || old.expires != o->expires)
		return store_misused(t, "offer: what never changes");
	return offer_write(t, o, ENGINE_REPLACE);
}

enum store_rc
offer_expire(struct store_txn *t, struct slice key)
{
	enum store_rc rc = engine_delete(t, TABLE_OFFERS, key);

	return rc == STORE_ABSENT ? STORE_OK : rc;
}
