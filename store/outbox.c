/* SPDX-License-Identifier: Apache-2.0 */
#include "store/outbox.h"

#include "store/approval_codec.h"

/*
 * Three kinds of keys: 'm' and the id for the message, 'd' and when it is due,
 * its kind and id for those that wait, 't' and the topic for the one that
 * waits with it.  A lease is nothing but a later time at which it is due.
 */
struct outbox_key {
	uint8_t b[1 + 8 + 1 + 16 + 16];
	size_t n;
};

static struct slice
key_slice(const struct outbox_key *k)
{
	return (struct slice){ k->b, k->n };
}

static struct outbox_key
message_key(const struct message_id *id)
{
	struct outbox_key k = { .b = { 'm' }, .n = 1 + sizeof(id->b) };

	memcpy(k.b + 1, id->b, sizeof(id->b));
	return k;
}

static struct outbox_key
due_key(const struct store_message *m)
{
	struct outbox_key k;
	struct writer w = WRITER(k.b);

	writer_be(&w, 'd', 1);
	writer_time(&w, m->due);
	writer_be(&w, m->kind, 1);
	writer_bytes(&w, m->id.b, sizeof(m->id.b));
	k.n = w.n;
	return k;
}

static struct outbox_key
topic_key(const uint8_t topic[32])
{
	struct outbox_key k = { .b = { 't' }, .n = 1 + 32 };

	memcpy(k.b + 1, topic, 32);
	return k;
}

static bool
has_topic(const struct store_message *m)
{
	static const uint8_t none[32];

	return memcmp(m->topic, none, sizeof(none)) != 0;
}

void
message_encode(struct writer *w, const struct store_message *m)
{
	writer_be(w, 1, 1);
	writer_be(w, m->kind, 1);
	writer_be(w, m->state, 1);
	writer_be(w, m->urgent, 1);
	writer_bytes(w, m->account.b, sizeof(m->account.b));
	if (m->to_n > sizeof(m->to) || m->payload_n > sizeof(m->payload)) {
		w->bad = true;
		return;
	}
	writer_long(w, (struct slice){ m->to, m->to_n });
	writer_long(w, (struct slice){ m->payload, m->payload_n });
	writer_bytes(w, m->topic, sizeof(m->topic));
	writer_time(w, m->created);
	writer_time(w, m->due);
	writer_time(w, m->expires);
	writer_be(w, m->attempts, 4);
	writer_text(w, m->trouble, sizeof(m->trouble));
}

bool
message_decode(struct slice value, struct store_message *m)
{
	struct cursor c = record_open(value, 1);

	m->kind =
	    (enum store_message_kind)cursor_upto(&c, 1, STORE_MESSAGE_MAIL);
	m->state = (enum store_message_state)cursor_upto(
	    &c, 1, STORE_MESSAGE_GIVEN_UP);
	m->urgent = cursor_bool(&c);
	cursor_copy(&c, m->account.b, sizeof(m->account.b));
	m->to_n = (uint16_t)cursor_long(&c, m->to, sizeof(m->to));
	m->payload_n =
	    (uint16_t)cursor_long(&c, m->payload, sizeof(m->payload));
	cursor_copy(&c, m->topic, sizeof(m->topic));
	m->created = cursor_time(&c);
	m->due = cursor_time(&c);
	m->expires = cursor_time(&c);
	m->attempts = (uint32_t)cursor_be(&c, 4);
	cursor_text(&c, m->trouble, sizeof(m->trouble));
	return cursor_finished(&c) && m->kind != 0 && m->state != 0;
}

static enum store_rc
message_write(
    struct store_txn *t, const struct store_message *m, enum engine_put how)
{
	struct outbox_key k = message_key(&m->id);
	uint8_t bytes[MESSAGE_RECORD_MAX];
	struct writer w = WRITER(bytes);

	message_encode(&w, m);
	if (w.bad || m->kind == 0)
		return store_misused(t, "message");
	return engine_put(t, TABLE_OUTBOX, key_slice(&k), writer_done(&w), how);
}

static enum store_rc
due_add(struct store_txn *t, const struct store_message *m)
{
	static const uint8_t version[] = { 1 };
	struct outbox_key k = due_key(m);

	return engine_put(
	    t, TABLE_OUTBOX, key_slice(&k), SLICE(version), ENGINE_REPLACE);
}

static enum store_rc
due_remove(struct store_txn *t, const struct store_message *m)
{
	struct outbox_key k = due_key(m);
	enum store_rc rc;

	rc = engine_delete(t, TABLE_OUTBOX, key_slice(&k));
	return rc == STORE_ABSENT ? STORE_OK : rc;
}

enum store_rc
store_message_get(
    struct store_txn *t, const struct message_id *id, struct store_message *m)
{
	const struct message_id which = *id; /* which may be m's own */
	struct outbox_key k = message_key(&which);
	struct slice v;
	enum store_rc rc;

	rc = engine_get(t, TABLE_OUTBOX, key_slice(&k), &v);
	if (rc != STORE_OK)
		return rc;
	memset(m, 0, sizeof(*m));
	m->id = which;
	return message_decode(v, m)
		   ? STORE_OK
		   : store_damaged(t, TABLE_OUTBOX, key_slice(&k));
}

/* The topic's key, if it still leads to this message. */
static enum store_rc
topic_remove(struct store_txn *t, const struct store_message *m)
{
	struct outbox_key k = topic_key(m->topic);
	struct slice v;
	enum store_rc rc;

	if (!has_topic(m))
		return STORE_OK;
	rc = engine_get(t, TABLE_OUTBOX, key_slice(&k), &v);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	if (!slice_equal(v, SLICE(m->id.b)))
		return STORE_OK;
	return engine_delete(t, TABLE_OUTBOX, key_slice(&k));
}

/* Out of the queue; the record stays. */
static enum store_rc
unqueue(struct store_txn *t, const struct store_message *m)
{
	enum store_rc rc;

	if ((rc = due_remove(t, m)) != STORE_OK)
		return rc;
	return topic_remove(t, m);
}

static enum store_rc
message_remove(struct store_txn *t, const struct store_message *m)
{
	struct outbox_key k = message_key(&m->id);
	enum store_rc rc;

	if ((rc = unqueue(t, m)) != STORE_OK)
		return rc;
	return engine_delete(t, TABLE_OUTBOX, key_slice(&k));
}

/* The one that waits with m's topic gives way, also when it is being sent. */
static enum store_rc
topic_take_over(struct store_txn *t, const struct store_message *m)
{
	struct outbox_key k = topic_key(m->topic);
	struct store_message old = { .kind = 0 };
	struct slice v;
	struct cursor c;
	enum store_rc rc;

	if (!has_topic(m))
		return STORE_OK;
	rc = engine_get(t, TABLE_OUTBOX, key_slice(&k), &v);
	if (rc == STORE_OK) {
		c = cursor_over(v);
		cursor_copy(&c, old.id.b, sizeof(old.id.b));
		rc = store_message_get(t, &old.id, &old);
		if (rc == STORE_OK)
			rc = message_remove(t, &old);
	}
	/* One that cannot be read will not be sent: see unreadable(). */
	if (rc != STORE_OK && rc != STORE_ABSENT && rc != STORE_DAMAGED)
		return rc;
	return engine_put(
	    t, TABLE_OUTBOX, key_slice(&k), SLICE(m->id.b), ENGINE_REPLACE);
}

enum store_rc
store_message_add(struct store_txn *t, const struct store_message *given)
{
	struct store_message m = *given;
	enum store_rc rc;

	m.state = STORE_MESSAGE_WAITS;
	m.attempts = 0;
	if ((rc = message_write(t, &m, ENGINE_INSERT)) != STORE_OK ||
	    (rc = topic_take_over(t, &m)) != STORE_OK)
		return rc;
	return due_add(t, &m);
}

/* ---- taking ---- */

struct due_search {
	unsigned kinds;
	uint8_t key[1 + 8 + 1 + 16];
	size_t key_n;
	struct message_id id;
	store_time due;
	bool found;
};

static bool
due_first(struct slice key, struct slice value, void *arg)
{
	struct due_search *s = arg;
	struct cursor c = cursor_over(key);

	(void)value;
	cursor_take(&c, 1);
	s->due = cursor_time(&c);
	if ((s->kinds >> cursor_be(&c, 1) & 1) == 0)
		return true;
	cursor_copy(&c, s->id.b, sizeof(s->id.b));
	/* No key of ours is another one's length. */
	if (!cursor_finished(&c) || key.n > sizeof(s->key))
		return true;
	s->found = true;
	s->key_n = key.n;
	memcpy(s->key, key.p, s->key_n);
	return false;
}

static enum store_rc
due_find(struct store_txn *t, struct due_search *s)
{
	static const uint8_t prefix[] = { 'd' };
	enum store_rc rc;

	s->found = false;
	rc = engine_range(
	    t, TABLE_OUTBOX, (struct slice){ 0 }, SLICE(prefix), due_first, s);
	if (rc != STORE_OK)
		return rc;
	return s->found ? STORE_OK : STORE_ABSENT;
}

enum store_rc
store_message_next(struct store_txn *t, unsigned kinds, store_time *due)
{
	struct due_search s = { .kinds = kinds };
	enum store_rc rc;

	if ((rc = due_find(t, &s)) == STORE_OK)
		*due = s.due;
	return rc;
}

/* So long what was given up is to be seen. */
#define SEEN_MS ((store_time)7 * 24 * 60 * 60 * 1000)

static enum store_rc
given_up(struct store_txn *t, struct store_message *m, store_time forget,
    const char *trouble)
{
	struct outbox_key k = message_key(&m->id);
	enum store_rc rc;

	if ((rc = unqueue(t, m)) != STORE_OK)
		return rc;
	m->state = STORE_MESSAGE_GIVEN_UP;
	/* NULL: the one it has. */
	if (trouble != NULL)
		snprintf(m->trouble, sizeof(m->trouble), "%s", trouble);
	/* Whom it would have reached is kept, what it said is not. */
	m->payload_n = 0;
	if ((rc = message_write(t, m, ENGINE_REPLACE)) != STORE_OK)
		return rc;
	return expiry_add(t, forget, TABLE_OUTBOX, key_slice(&k));
}

static enum store_rc
lease(struct store_txn *t, struct store_message *m, store_time until)
{
	enum store_rc rc;

	if ((rc = due_remove(t, m)) != STORE_OK)
		return rc;
	m->attempts++;
	m->due = until;
	if ((rc = message_write(t, m, ENGINE_REPLACE)) != STORE_OK)
		return rc;
	return due_add(t, m);
}

/* Leaves the queue, so that it does not hold up the others, and is seen. */
static enum store_rc
unreadable(struct store_txn *t, const struct due_search *s, store_time forget)
{
	struct outbox_key k = message_key(&s->id);
	enum store_rc rc;

	rc = engine_delete(t, TABLE_OUTBOX, (struct slice){ s->key, s->key_n });
	if (rc != STORE_OK)
		return rc;
	return expiry_add(t, forget, TABLE_OUTBOX, key_slice(&k));
}

enum store_rc
store_message_take(struct store_txn *t, unsigned kinds, store_time now,
    store_time lease_ms, struct store_message *m)
{
	struct due_search s = { .kinds = kinds };
	enum store_rc rc;

	for (;;) {
		if ((rc = due_find(t, &s)) != STORE_OK)
			return rc;
		if (s.due > now)
			return STORE_ABSENT;
		rc = store_message_get(t, &s.id, m);
		if (rc == STORE_DAMAGED || rc == STORE_ABSENT) {
			rc = unreadable(t, &s, now + SEEN_MS);
			if (rc != STORE_OK)
				return rc;
			continue;
		}
		if (rc != STORE_OK)
			return rc;
		if (m->expires > now)
			return lease(t, m, now + lease_ms);
		rc = given_up(t, m, now + SEEN_MS,
		    m->trouble[0] != '\0' ? NULL : "expired");
		if (rc != STORE_OK)
			return rc;
	}
}

/* The message, if the caller is the one who has it. */
static enum store_rc
message_leased(struct store_txn *t, const struct message_id *id,
    uint32_t attempt, struct store_message *m)
{
	enum store_rc rc;

	if ((rc = store_message_get(t, id, m)) != STORE_OK)
		return rc;
	return m->state == STORE_MESSAGE_WAITS && m->attempts == attempt
		   ? STORE_OK
		   : STORE_ABSENT;
}

enum store_rc
store_message_done(
    struct store_txn *t, const struct message_id *id, uint32_t attempt)
{
	struct store_message m;
	enum store_rc rc;

	if ((rc = message_leased(t, id, attempt, &m)) != STORE_OK)
		return rc;
	return message_remove(t, &m);
}

enum store_rc
store_message_retry(struct store_txn *t, const struct message_id *id,
    uint32_t attempt, store_time when, const char *trouble)
{
	struct store_message m;
	enum store_rc rc;

	if ((rc = message_leased(t, id, attempt, &m)) != STORE_OK ||
	    (rc = due_remove(t, &m)) != STORE_OK)
		return rc;
	m.due = when;
	snprintf(m.trouble, sizeof(m.trouble), "%s", trouble);
	if ((rc = message_write(t, &m, ENGINE_REPLACE)) != STORE_OK)
		return rc;
	return due_add(t, &m);
}

enum store_rc
store_message_give_up(struct store_txn *t, const struct message_id *id,
    uint32_t attempt, store_time forget, const char *trouble)
{
	struct store_message m;
	enum store_rc rc;

	if ((rc = message_leased(t, id, attempt, &m)) != STORE_OK)
		return rc;
	return given_up(t, &m, forget, trouble);
}

enum store_rc
message_expire(struct store_txn *t, struct slice key)
{
	enum store_rc rc = engine_delete(t, TABLE_OUTBOX, key);

	return rc == STORE_ABSENT ? STORE_OK : rc;
}

/* ---- for the operator ---- */

static bool
count(struct slice key, struct slice value, void *arg)
{
	uint64_t *n = arg;

	(void)key;
	(void)value;
	++*n;
	return true;
}

enum store_rc
store_outbox_stat(struct store_txn *t, struct store_outbox_stat *st)
{
	static const uint8_t due[] = { 'd' }, all[] = { 'm' };
	uint64_t waiting = 0, messages = 0;
	enum store_rc rc;

	rc = engine_range(
	    t, TABLE_OUTBOX, (struct slice){ 0 }, SLICE(due), count, &waiting);
	if (rc == STORE_OK)
		rc = engine_range(t, TABLE_OUTBOX, (struct slice){ 0 },
		    SLICE(all), count, &messages);
	if (rc != STORE_OK)
		return rc;
	st->waiting = waiting;
	st->given_up = messages - waiting;
	return STORE_OK;
}
