/* SPDX-License-Identifier: Apache-2.0 */
#include "store/history.h"

#include "store/codec.h"

void
history_encode(struct writer *w, const struct history_record *r)
{
	const struct store_history *h = &r->h;

	writer_be(w, 1, 1);
	writer_bytes(w, h->account.b, sizeof(h->account.b));
	writer_bytes(w, r->previous.b, sizeof(r->previous.b));
	writer_time(w, h->at);
	writer_time(w, h->expires);
	writer_be(w, h->ok, 1);
	writer_be(w, h->notice, 1);
	writer_be(w, h->method, 1);
	writer_text(w, h->event, sizeof(h->event));
	writer_text(w, h->reason, sizeof(h->reason));
	writer_text(w, h->passkey, sizeof(h->passkey));
	client_encode(w, &h->client);
}

bool
history_decode(struct slice value, struct history_record *r)
{
	struct cursor c = record_open(value, 1);
	struct store_history *h = &r->h;

	cursor_copy(&c, h->account.b, sizeof(h->account.b));
	cursor_copy(&c, r->previous.b, sizeof(r->previous.b));
	h->at = cursor_time(&c);
	h->expires = cursor_time(&c);
	h->ok = cursor_bool(&c);
	h->notice = cursor_bool(&c);
	h->method = (enum store_method)cursor_upto(&c, 1, STORE_METHOD_CODE);
	cursor_text(&c, h->event, sizeof(h->event));
	cursor_text(&c, h->reason, sizeof(h->reason));
	cursor_text(&c, h->passkey, sizeof(h->passkey));
	client_decode(&c, &h->client);
	return cursor_finished(&c);
}

static bool
is_none(const struct history_id *id)
{
	static const struct history_id none;

	return memcmp(id, &none, sizeof(none)) == 0;
}

/* STORE_ABSENT also for another account's: links lead to one's own. */
static enum store_rc
history_read(struct store_txn *t, const struct account_id *account,
    const struct history_id *id, struct history_record *r)
{
	struct slice v;
	enum store_rc rc;

	if (is_none(id))
		return STORE_ABSENT;
	rc = engine_get(t, TABLE_HISTORY, SLICE(id->b), &v);
	if (rc != STORE_OK)
		return rc;
	r->h.id = *id;
	if (!history_decode(v, r))
		return store_damaged(t, TABLE_HISTORY, SLICE(id->b));
	if (memcmp(&r->h.account, account, sizeof(*account)) != 0)
		return STORE_ABSENT;
	return STORE_OK;
}

static enum store_rc
history_write(
    struct store_txn *t, const struct history_record *r, enum engine_put how)
{
	uint8_t bytes[HISTORY_RECORD_MAX];
	struct writer w = WRITER(bytes);

	history_encode(&w, r);
	if (w.bad)
		return store_misused(t, "history");
	return engine_put(
	    t, TABLE_HISTORY, SLICE(r->h.id.b), writer_done(&w), how);
}

/* The time, and a number that no other process is likely to come by. */
static struct history_id
history_name(struct store_txn *t, store_time at)
{
	struct history_id id = { 0 };
	struct writer w = WRITER(id.b);

	writer_time(&w, at);
	writer_be(&w, t->store->serial++, 8);
	return id;
}

enum store_rc
store_history_add(struct store_txn *t, struct store_history *h)
{
	struct history_record r = { .h = *h };
	struct heads heads;
	enum store_rc rc;

	if (h->at < 0 || h->expires < 0)
		return store_misused(t, "history");
	if ((rc = heads_get(t, &h->account, &heads)) != STORE_OK)
		return rc;
	/* The links are followed from the newest: it is not forgotten first. */
	if (r.h.expires < heads.newest_expires)
		r.h.expires = heads.newest_expires;
	r.previous = heads.newest;
	r.h.id = history_name(t, h->at);
	heads.newest = r.h.id;
	heads.newest_expires = r.h.expires;
	if ((rc = history_write(t, &r, ENGINE_LAST)) != STORE_OK ||
	    (rc = expiry_add(t, r.h.expires, TABLE_HISTORY, SLICE(r.h.id.b))) !=
		STORE_OK ||
	    (rc = heads_put(t, &h->account, &heads)) != STORE_OK)
		return rc;
	*h = r.h;
	return STORE_OK;
}

/* Where a list begins: the newest, or the one that `before` links to. */
static enum store_rc
history_start(struct store_txn *t, const struct account_id *account,
    const struct history_id *before, struct history_id *start)
{
	struct history_record r;
	struct heads heads;
	enum store_rc rc;

	if (is_none(before)) {
		if ((rc = heads_get(t, account, &heads)) == STORE_OK)
			*start = heads.newest;
		return rc;
	}
	if ((rc = history_read(t, account, before, &r)) == STORE_OK)
		*start = r.previous;
	return rc;
}

enum store_rc
store_history_of(struct store_txn *t, const struct account_id *account,
    const struct history_id *before, struct store_history *out, size_t max,
    size_t *n)
{
	struct history_record r;
	struct history_id at;
	enum store_rc rc;
	size_t got = 0;

	rc = history_start(t, account, before, &at);
	while (rc == STORE_OK && got < max &&
	       (rc = history_read(t, account, &at, &r)) == STORE_OK) {
		out[got++] = r.h;
		at = r.previous;
	}
	/* A link to what was forgotten is the end, or to what is unreadable. */
	if (rc != STORE_OK && rc != STORE_ABSENT && rc != STORE_DAMAGED)
		return rc;
	*n = got;
	return STORE_OK;
}

enum store_rc
store_history_seen(struct store_txn *t, const struct account_id *account,
    const struct history_id *id)
{
	struct history_record r;
	enum store_rc rc;

	if ((rc = history_read(t, account, id, &r)) != STORE_OK || !r.h.notice)
		return rc;
	r.h.notice = false;
	return history_write(t, &r, ENGINE_REPLACE);
}

enum store_rc
history_expire(struct store_txn *t, struct slice key)
{
	enum store_rc rc = engine_delete(t, TABLE_HISTORY, key);

	return rc == STORE_ABSENT ? STORE_OK : rc;
}

enum store_rc
history_remove_all(struct store_txn *t, const struct account_id *account,
    const struct heads *heads)
{
	struct history_id at = heads->newest;
	struct history_record r;
	enum store_rc rc;

	while ((rc = history_read(t, account, &at, &r)) == STORE_OK) {
		rc = expiry_remove(t, r.h.expires, TABLE_HISTORY, SLICE(at.b));
		if (rc == STORE_OK)
			rc = engine_delete(t, TABLE_HISTORY, SLICE(at.b));
		if (rc != STORE_OK)
			return rc;
		at = r.previous;
	}
	/* Those behind it, if any, end in their time like this one's entry. */
	if (rc == STORE_DAMAGED)
		return engine_delete(t, TABLE_HISTORY, SLICE(at.b));
	return rc == STORE_ABSENT ? STORE_OK : rc;
}
