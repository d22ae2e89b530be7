/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audit.h"

#include "store/audit_chain.h"
#include "webauthn/hash.h"

void
audit_encode(
    struct writer *w, const struct store_audit_entry *e, const uint8_t hash[32])
{
	writer_be(w, 1, 1);
	writer_time(w, e->at);
	writer_bytes(w, e->account.b, sizeof(e->account.b));
	if (e->event.n == 0 || e->event.n > STORE_AUDIT_EVENT_MAX ||
	    e->detail.n > STORE_AUDIT_DETAIL_MAX)
		w->bad = true;
	writer_be(w, e->event.n, 1);
	writer_bytes(w, e->event.p, e->event.n);
	writer_long(w, e->detail);
	writer_bytes(w, hash, 32);
}

bool
audit_decode(struct slice value, struct audit_record *r)
{
	struct cursor c = record_open(value, 1);

	r->e.at = cursor_time(&c);
	cursor_copy(&c, r->e.account.b, sizeof(r->e.account.b));
	r->e.event = cursor_take(&c, cursor_be(&c, 1));
	r->e.detail = cursor_take(&c, cursor_be(&c, 2));
	r->hash = cursor_take(&c, 32);
	return cursor_finished(&c);
}

void
audit_head_encode(struct writer *w, const struct audit_head *h)
{
	writer_be(w, 1, 1);
	writer_be(w, h->number, 8);
	writer_bytes(w, h->hash, sizeof(h->hash));
}

bool
audit_head_decode(struct slice value, struct audit_head *h)
{
	struct cursor c = record_open(value, 1);

	h->number = cursor_be(&c, 8);
	cursor_copy(&c, h->hash, sizeof(h->hash));
	return cursor_finished(&c);
}

struct audit_key
audit_key(const uint8_t chain[AUDIT_CHAIN], uint64_t number)
{
	struct audit_key k = { 0 };
	struct writer w = WRITER(k.b);

	writer_bytes(&w, chain, AUDIT_CHAIN);
	writer_be(&w, number, 8);
	return k;
}

struct audit_head_key
audit_head_key(const uint8_t chain[AUDIT_CHAIN], bool named)
{
	struct audit_head_key k = { .b = { named } };

	memcpy(k.b + 1, chain, AUDIT_CHAIN);
	return k;
}

bool
audit_hash(const struct audit_key *place, const uint8_t previous[32],
    const struct store_audit_entry *e, uint8_t hash[32])
{
	static const char label[] = "itsumo audit v1";
	uint8_t fixed[sizeof(label) + AUDIT_KEY + 32 + 8 + 16 + 1 + 2];
	struct writer w = WRITER(fixed);

	/* All that is of one length, then the lengths of the rest, the rest. */
	writer_bytes(&w, label, sizeof(label));
	writer_bytes(&w, place->b, sizeof(place->b));
	writer_bytes(&w, previous, 32);
	writer_time(&w, e->at);
	writer_bytes(&w, e->account.b, sizeof(e->account.b));
	writer_be(&w, e->event.n, 1);
	writer_be(&w, e->detail.n, 2);
	return !w.bad &&
	       wa_hash_parts(WA_SHA256,
		   (struct slice[]){ writer_done(&w), e->event, e->detail }, 3,
		   hash);
}

/* ---- append ---- */

static enum store_rc
entry_write(struct store_txn *t, uint64_t number, const uint8_t previous[32],
    const struct store_audit_entry *e, struct audit_head *head)
{
	struct audit_key key = audit_key(t->store->chain, number);
	uint8_t bytes[AUDIT_RECORD_MAX];
	struct writer w = WRITER(bytes);

	head->number = number;
	if (!audit_hash(&key, previous, e, head->hash))
		return store_misused(t, "audit hash");
	audit_encode(&w, e, head->hash);
	if (w.bad)
		return store_misused(t, "audit entry");
	return engine_put(
	    t, TABLE_AUDIT, SLICE(key.b), writer_done(&w), ENGINE_LAST);
}

static enum store_rc
head_write(struct store_txn *t, const struct audit_head_key *key,
    const struct audit_head *head)
{
	uint8_t bytes[AUDIT_HEAD_RECORD_MAX];
	struct writer w = WRITER(bytes);

	audit_head_encode(&w, head);
	return engine_put(
	    t, TABLE_HEADS, SLICE(key->b), writer_done(&w), ENGINE_REPLACE);
}

static enum store_rc
head_read(struct store_txn *t, const struct audit_head_key *key,
    struct audit_head *head)
{
	struct slice v;
	enum store_rc rc;

	if ((rc = engine_get(t, TABLE_HEADS, SLICE(key->b), &v)) != STORE_OK)
		return rc;
	if (!audit_head_decode(v, head))
		return store_damaged(t, TABLE_HEADS, SLICE(key->b));
	return STORE_OK;
}

/* The heads that no opening has named yet. */
struct unnamed {
	uint8_t chains[AUDIT_NAMED_MAX][AUDIT_CHAIN];
	struct audit_head heads[AUDIT_NAMED_MAX];
	size_t n;
	bool bad;
};

static bool
unnamed_collect(struct slice key, struct slice value, void *arg)
{
	struct unnamed *u = arg;

	if (key.n != 1 + AUDIT_CHAIN ||
	    !audit_head_decode(value, &u->heads[u->n])) {
		u->bad = true;
		return false;
	}
	memcpy(u->chains[u->n], key.p + 1, AUDIT_CHAIN);
	return ++u->n < AUDIT_NAMED_MAX;
}

static enum store_rc
unnamed_read(struct store_txn *t, struct unnamed *u)
{
	static const uint8_t not_named[] = { 0 };
	enum store_rc rc;

	*u = (struct unnamed){ 0 };
	rc = engine_range(t, TABLE_HEADS, (struct slice){ 0 }, SLICE(not_named),
	    unnamed_collect, u);
	if (rc != STORE_OK || !u->bad)
		return rc;
	return store_damaged(t, TABLE_HEADS, SLICE(not_named));
}

static enum store_rc
unnamed_to_named(struct store_txn *t, const struct unnamed *u)
{
	enum store_rc rc = STORE_OK;

	for (size_t i = 0; rc == STORE_OK && i < u->n; i++) {
		struct audit_head_key from, to;

		from = audit_head_key(u->chains[i], false);
		to = audit_head_key(u->chains[i], true);
		rc = engine_delete(t, TABLE_HEADS, SLICE(from.b));
		if (rc == STORE_OK)
			rc = head_write(t, &to, &u->heads[i]);
	}
	return rc;
}

static struct slice
unnamed_detail(const struct unnamed *u, struct writer *w)
{
	for (size_t i = 0; i < u->n; i++) {
		writer_bytes(w, u->chains[i], AUDIT_CHAIN);
		writer_be(w, u->heads[i].number, 8);
		writer_bytes(w, u->heads[i].hash, 32);
	}
	return writer_done(w);
}

/* Writes as many opening entries as naming all of them takes. */
static enum store_rc
chain_open(struct store_txn *t, store_time at, struct audit_head *head)
{
	uint8_t detail[AUDIT_NAMED * AUDIT_NAMED_MAX], last[32] = { 0 };
	struct unnamed u;
	enum store_rc rc;
	uint64_t number = 0;

	do {
		struct writer w = WRITER(detail);
		struct store_audit_entry e = {
			.at = at,
			.event = slice_of(AUDIT_OPENING),
		};

		if ((rc = unnamed_read(t, &u)) != STORE_OK)
			return rc;
		e.detail = unnamed_detail(&u, &w);
		rc = entry_write(t, number, last, &e, head);
		if (rc != STORE_OK ||
		    (rc = unnamed_to_named(t, &u)) != STORE_OK)
			return rc;
		memcpy(last, head->hash, sizeof(last));
		number++;
	} while (u.n == AUDIT_NAMED_MAX);
	return STORE_OK;
}

static enum store_rc
chain_name(struct store *s, store_time at)
{
	struct writer w = WRITER(s->chain);

	/* Random behind its first 8 bytes since the store was opened. */
	writer_time(&w, at);
	s->chain_named = !w.bad;
	return w.bad ? STORE_FAULT : STORE_OK;
}

/* The head of this process's chain, which is opened if it is not. */
static enum store_rc
chain_head(struct store_txn *t, store_time at, struct audit_head *head)
{
	struct audit_head_key grown, named;
	enum store_rc rc;

	if (!t->store->chain_named && chain_name(t->store, at) != STORE_OK)
		return store_misused(t, "audit entry");
	grown = audit_head_key(t->store->chain, false);
	if ((rc = head_read(t, &grown, head)) != STORE_ABSENT)
		return rc;
	named = audit_head_key(t->store->chain, true);
	if ((rc = head_read(t, &named, head)) == STORE_ABSENT)
		return chain_open(t, at, head);
	if (rc != STORE_OK)
		return rc;
	return engine_delete(t, TABLE_HEADS, SLICE(named.b));
}

enum store_rc
store_audit_append(struct store_txn *t, const struct store_audit_entry *e)
{
	struct audit_head head, last = { 0 };
	struct audit_head_key key;
	enum store_rc rc;

	/* An opening is ours alone to write: verifying believes it. */
	if (slice_equal(e->event, slice_of(AUDIT_OPENING)) || e->event.n == 0 ||
	    e->event.n > STORE_AUDIT_EVENT_MAX ||
	    e->detail.n > STORE_AUDIT_DETAIL_MAX)
		return store_misused(t, "audit entry");
	if ((rc = chain_head(t, e->at, &last)) != STORE_OK)
		return rc;
	rc = entry_write(t, last.number + 1, last.hash, e, &head);
	if (rc != STORE_OK)
		return rc;
	key = audit_head_key(t->store->chain, false);
	return head_write(t, &key, &head);
}
