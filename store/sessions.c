/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sessions.h"

#include "store/codec.h"

/* Lists at least this long are cleaned of what is over. */
enum { PRUNE_FROM = 8 };

void
client_encode(struct writer *w, const struct store_client *c)
{
	writer_text(w, c->browser, sizeof(c->browser));
	writer_text(w, c->address, sizeof(c->address));
	writer_text(w, c->place, sizeof(c->place));
}

void
client_decode(struct cursor *c, struct store_client *client)
{
	cursor_text(c, client->browser, sizeof(client->browser));
	cursor_text(c, client->address, sizeof(client->address));
	cursor_text(c, client->place, sizeof(client->place));
}

void
session_encode(struct writer *w, const struct session_record *r)
{
	const struct store_session *s = &r->s;

	writer_be(w, 1, 1);
	writer_bytes(w, s->token_hash, sizeof(s->token_hash));
	writer_bytes(w, s->account.b, sizeof(s->account.b));
	writer_bytes(w, s->credential.b, sizeof(s->credential.b));
	writer_bytes(w, s->browser.b, sizeof(s->browser.b));
	writer_be(w, s->method, 1);
	writer_time(w, s->created);
	writer_time(w, s->proved);
	writer_time(w, s->last_seen);
	writer_time(w, s->idle_ms);
	writer_time(w, s->ends);
	writer_time(w, r->entered);
	client_encode(w, &s->client);
}

bool
session_decode(struct slice value, struct session_record *r)
{
	struct cursor c = record_open(value, 1);
	struct store_session *s = &r->s;

	cursor_copy(&c, s->token_hash, sizeof(s->token_hash));
	cursor_copy(&c, s->account.b, sizeof(s->account.b));
	cursor_copy(&c, s->credential.b, sizeof(s->credential.b));
	cursor_copy(&c, s->browser.b, sizeof(s->browser.b));
	s->method = (enum store_method)cursor_upto(&c, 1, STORE_METHOD_CODE);
	s->created = cursor_time(&c);
	s->proved = cursor_time(&c);
	s->last_seen = cursor_time(&c);
	s->idle_ms = cursor_time(&c);
	s->ends = cursor_time(&c);
	r->entered = cursor_time(&c);
	client_decode(&c, &s->client);
	return cursor_finished(&c) && s->method != 0;
}

store_time
store_session_expires(const struct store_session *s)
{
	/* Not last_seen + idle_ms, which might be more than there is. */
	if (s->idle_ms < s->ends - s->last_seen)
		return s->last_seen + s->idle_ms;
	return s->ends;
}

static enum store_rc
session_read(
    struct store_txn *t, const struct session_id *id, struct session_record *r)
{
	struct slice v;
	enum store_rc rc;

	rc = engine_get(t, TABLE_SESSIONS, SLICE(id->b), &v);
	if (rc != STORE_OK)
		return rc;
	r->s.id = *id;
	if (!session_decode(v, r))
		return store_damaged(t, TABLE_SESSIONS, SLICE(id->b));
	return STORE_OK;
}

static enum store_rc
session_write(
    struct store_txn *t, const struct session_record *r, enum engine_put how)
{
	uint8_t bytes[SESSION_RECORD_MAX];
	struct writer w = WRITER(bytes);

	session_encode(&w, r);
	if (w.bad)
		return store_misused(t, "session");
	return engine_put(
	    t, TABLE_SESSIONS, SLICE(r->s.id.b), writer_done(&w), how);
}

/* The record and its entry in the expiry index; not its place in the list. */
static enum store_rc
session_drop(struct store_txn *t, const struct session_record *r)
{
	enum store_rc rc;

	rc = expiry_remove(t, r->entered, TABLE_SESSIONS, SLICE(r->s.id.b));
	if (rc != STORE_OK)
		return rc;
	return engine_delete(t, TABLE_SESSIONS, SLICE(r->s.id.b));
}

/*
 * Ends what session_read() has answered rc to.  What nobody can read opens
 * nothing, and goes all the same; its entry in the index leads nowhere then,
 * which the sweeper is used to.
 */
static enum store_rc
session_end_read(struct store_txn *t, const struct session_id *id,
    enum store_rc rc, const struct session_record *r)
{
	if (rc == STORE_DAMAGED)
		return engine_delete(t, TABLE_SESSIONS, SLICE(id->b));
	return rc == STORE_OK ? session_drop(t, r) : rc;
}

static enum store_rc
session_end(struct store_txn *t, const struct session_id *id)
{
	struct session_record r;

	return session_end_read(t, id, session_read(t, id, &r), &r);
}

static void
list_cut(struct heads *h, size_t i)
{
	memmove(&h->sessions[i], &h->sessions[i + 1],
	    (--h->session_count - i) * sizeof(h->sessions[0]));
}

/*
 * The sweeper leaves the lists alone, for that would dirty a page for each
 * session that ends.  What it took is cut out here, when the first of those
 * seen the last time may have ended.
 */
static enum store_rc
list_prune(struct store_txn *t, struct heads *h, store_time now)
{
	store_time first_end = INT64_MAX;
	struct session_record r;
	enum store_rc rc;

	for (size_t i = 0; i < h->session_count;) {
		rc = session_read(t, &h->sessions[i], &r);
		if (rc == STORE_OK && store_session_expires(&r.s) > now) {
			if (store_session_expires(&r.s) < first_end)
				first_end = store_session_expires(&r.s);
			i++;
			continue;
		}
		rc = session_end_read(t, &h->sessions[i], rc, &r);
		if (rc != STORE_OK && rc != STORE_ABSENT)
			return rc;
		list_cut(h, i);
	}
	h->prune_at = h->session_count > 0 ? first_end : 0;
	return STORE_OK;
}

static enum store_rc
list_make_room(struct store_txn *t, struct heads *h, store_time now)
{
	enum store_rc rc;

	if (h->session_count >= PRUNE_FROM && now >= h->prune_at &&
	    (rc = list_prune(t, h, now)) != STORE_OK)
		return rc;
	if (h->session_count < STORE_SESSIONS_MAX)
		return STORE_OK;
	rc = session_end(t, &h->sessions[0]);
	if (rc != STORE_OK && rc != STORE_ABSENT)
		return rc;
	list_cut(h, 0);
	return STORE_OK;
}

enum store_rc
store_session_add(struct store_txn *t, const struct store_session *s)
{
	struct session_record r = {
		.s = *s,
		.entered = store_session_expires(s),
	};
	struct heads h;
	enum store_rc rc;

	if ((rc = heads_get(t, &s->account, &h)) != STORE_OK ||
	    (rc = session_write(t, &r, ENGINE_LAST)) != STORE_OK ||
	    (rc = list_make_room(t, &h, s->created)) != STORE_OK ||
	    (rc = expiry_add(t, r.entered, TABLE_SESSIONS, SLICE(s->id.b))) !=
		STORE_OK)
		return rc;
	h.sessions[h.session_count++] = s->id;
	return heads_put(t, &s->account, &h);
}

enum store_rc
store_session_get(
    struct store_txn *t, const struct session_id *id, struct store_session *s)
{
	struct session_record r;
	enum store_rc rc = session_read(t, id, &r);

	if (rc == STORE_OK)
		*s = r.s;
	return rc;
}

enum store_rc
store_session_put(struct store_txn *t, const struct store_session *s)
{
	struct session_record r;
	enum store_rc rc;
	store_time expires = store_session_expires(s);

	if ((rc = session_read(t, &s->id, &r)) != STORE_OK)
		return rc;
	if (memcmp(&r.s.account, &s->account, sizeof(s->account)) != 0)
		return store_misused(t, "session: another account's");
	/* Later needs no write here: the sweeper will see it and put it off. */
	if (expires < r.entered) {
		rc =
		    expiry_remove(t, r.entered, TABLE_SESSIONS, SLICE(s->id.b));
		if (rc == STORE_OK)
			rc = expiry_add(
			    t, expires, TABLE_SESSIONS, SLICE(s->id.b));
		if (rc != STORE_OK)
			return rc;
		r.entered = expires;
	}
	r.s = *s;
	return session_write(t, &r, ENGINE_REPLACE);
}

enum store_rc
store_session_remove(struct store_txn *t, const struct session_id *id)
{
	struct session_record r;
	struct heads h;
	enum store_rc rc;

	if ((rc = session_read(t, id, &r)) != STORE_OK ||
	    (rc = heads_get(t, &r.s.account, &h)) != STORE_OK ||
	    (rc = session_drop(t, &r)) != STORE_OK)
		return rc;
	for (size_t i = 0; i < h.session_count; i++) {
		if (memcmp(&h.sessions[i], id, sizeof(*id)) != 0)
			continue;
		list_cut(&h, i);
		return heads_put(t, &r.s.account, &h);
	}
	return STORE_OK;
}

enum store_rc
store_sessions_of(struct store_txn *t, const struct account_id *account,
    store_time now, struct store_session *out, size_t *n)
{
	struct session_record r;
	struct heads h;
	enum store_rc rc;
	size_t live = 0;

	if ((rc = heads_get(t, account, &h)) != STORE_OK)
		return rc;
	for (size_t i = h.session_count; i-- > 0;) {
		rc = session_read(t, &h.sessions[i], &r);
		if (rc == STORE_OK && store_session_expires(&r.s) > now)
			out[live++] = r.s;
		if (rc != STORE_OK && rc != STORE_ABSENT && rc != STORE_DAMAGED)
			return rc;
	}
	*n = live;
	return STORE_OK;
}

enum store_rc
store_sessions_end(struct store_txn *t, const struct account_id *account,
    const struct session_id *keep, size_t *n)
{
	struct heads h, left;
	enum store_rc rc;
	size_t ended = 0;

	if ((rc = heads_get(t, account, &h)) != STORE_OK)
		return rc;
	left = h;
	left.session_count = 0;
	for (size_t i = 0; i < h.session_count; i++) {
		const struct session_id *id = &h.sessions[i];

		if (keep != NULL && memcmp(id, keep, sizeof(*id)) == 0) {
			left.sessions[left.session_count++] = *id;
			continue;
		}
		rc = session_end(t, id);
		if (rc != STORE_OK && rc != STORE_ABSENT)
			return rc;
		ended += rc == STORE_OK;
	}
	*n = ended;
	if (h.session_count == left.session_count)
		return STORE_OK;
	return heads_put(t, account, &left);
}

enum store_rc
session_expire(struct store_txn *t, struct slice key, store_time now)
{
	struct session_record r;
	struct session_id id;
	enum store_rc rc;

	if (key.n != sizeof(id.b))
		return STORE_OK;
	memcpy(id.b, key.p, sizeof(id.b));
	rc = session_read(t, &id, &r);
	if (rc == STORE_ABSENT)
		return STORE_OK;
	/* What nobody can read opens nothing. */
	if (rc == STORE_DAMAGED)
		return engine_delete(t, TABLE_SESSIONS, key);
	if (rc != STORE_OK)
		return rc;
	r.entered = store_session_expires(&r.s);
	if (r.entered <= now)
		return engine_delete(t, TABLE_SESSIONS, key);
	rc = expiry_add(t, r.entered, TABLE_SESSIONS, key);
	if (rc != STORE_OK)
		return rc;
	return session_write(t, &r, ENGINE_REPLACE);
}
