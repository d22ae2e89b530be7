/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/source.h"

#include <stdio.h>

static const store_time kept_to_be_seen = (store_time)7 * 24 * 3600 * 1000;

struct take {
	unsigned kinds;
	store_time now, lease_ms;
	struct deliver_message *list;
	size_t max, n;
	store_time next;
};

static enum store_rc
look(struct store_txn *t, unsigned kinds, store_time *next)
{
	enum store_rc rc = store_message_next(t, kinds, next);

	if (rc != STORE_ABSENT)
		return rc;
	*next = INT64_MAX;
	return STORE_OK;
}

/* The phone's subscription as it is now, not as it was when this was written.
 */
static enum store_rc
complete(struct store_txn *t, store_time now, struct deliver_message *m)
{
	struct store_phone phone;
	struct phone_id id;
	enum store_rc rc;

	m->push = (struct store_push){ 0 };
	m->muted = false;
	if (m->message.kind != STORE_MESSAGE_PUSH ||
	    m->message.to_n != sizeof(id.b))
		return STORE_OK;
	memcpy(id.b, m->message.to, sizeof(id.b));
	rc = store_phone_get(t, &id, &phone);
	if (rc == STORE_OK) {
		m->push = phone.push;
		m->muted = phone.muted_until > now;
	}
	/* A phone that cannot be read is called by nobody: logged there. */
	return rc == STORE_ABSENT || rc == STORE_DAMAGED ? STORE_OK : rc;
}

static enum store_rc
take_in(struct store_txn *t, void *arg)
{
	struct take *w = arg;
	enum store_rc rc = STORE_OK;

	for (w->n = 0; w->n < w->max; w->n++) {
		struct deliver_message *m = &w->list[w->n];

		rc = store_message_take(
		    t, w->kinds, w->now, w->lease_ms, &m->message);
		if (rc != STORE_OK || (rc = complete(t, w->now, m)) != STORE_OK)
			break;
	}
	if (rc == STORE_OK || rc == STORE_ABSENT)
		rc = look(t, w->kinds, &w->next);
	return rc;
}

static bool
take(void *arg, unsigned kinds, store_time now, store_time lease_ms,
    struct deliver_message *list, size_t max, size_t *n, store_time *next)
{
	struct store *s = arg;
	struct take w = { kinds, now, lease_ms, list, max, 0, INT64_MAX };
	struct store_txn *t;
	enum store_rc rc;

	/* Looking costs no commit. */
	if (store_read_begin(s, &t) != STORE_OK)
		return false;
	rc = look(t, kinds, &w.next);
	store_read_end(t);
	if (rc == STORE_OK && w.next <= now)
		rc = store_update(s, take_in, &w);
	if (rc != STORE_OK)
		return false;
	*n = w.n;
	*next = w.next;
	return true;
}

/* Only if it still has the subscription that is gone, and no newer one. */
static enum store_rc
unsubscribe(struct store_txn *t, const struct deliver_settlement *s)
{
	struct store_phone phone;
	struct phone_id id;
	enum store_rc rc;

	if (s->message.message.to_n != sizeof(id.b))
		return STORE_OK;
	memcpy(id.b, s->message.message.to, sizeof(id.b));
	rc = store_phone_get(t, &id, &phone);
	if (rc == STORE_ABSENT || rc == STORE_DAMAGED)
		return STORE_OK;
	if (rc != STORE_OK ||
	    strcmp(phone.push.endpoint, s->message.push.endpoint) != 0)
		return rc;
	phone.push = (struct store_push){ 0 };
	phone.push_changed = s->at;
	return store_phone_put(t, &phone);
}

static enum store_rc
settle_one(struct store_txn *t, const struct deliver_settlement *s)
{
	const struct store_message *m = &s->message.message;
	char trouble[STORE_TROUBLE_MAX + 1];
	enum store_rc rc = STORE_OK;

	if (s->status > 0)
		(void)snprintf(trouble, sizeof(trouble), "%s (%u)",
		    deliver_reason_name(s->reason), s->status);
	else
		(void)snprintf(trouble, sizeof(trouble), "%s",
		    deliver_reason_name(s->reason));
	if (s->end == DELIVER_GONE && (rc = unsubscribe(t, s)) != STORE_OK)
		return rc;
	if (s->end == DELIVER_DONE)
		rc = store_message_done(t, &m->id, m->attempts);
	else if (s->end == DELIVER_AGAIN)
		rc = store_message_retry(
		    t, &m->id, m->attempts, s->again, trouble);
	else
		rc = store_message_give_up(
		    t, &m->id, m->attempts, s->at + kept_to_be_seen, trouble);
	/*
	 * Of one that cannot be read there is nothing to keep, and the others
	 * are not to blame: who takes it next puts it away.
	 */
	return rc == STORE_ABSENT || rc == STORE_DAMAGED ? STORE_OK : rc;
}

struct settle {
	const struct deliver_settlement *list;
	size_t n;
};

static enum store_rc
settle_in(struct store_txn *t, void *arg)
{
	const struct settle *w = arg;
	enum store_rc rc = STORE_OK;

	for (size_t i = 0; i < w->n && rc == STORE_OK; i++)
		rc = settle_one(t, &w->list[i]);
	return rc;
}

static bool
settle(void *arg, const struct deliver_settlement *list, size_t n)
{
	struct settle w = { list, n };

	return store_update(arg, settle_in, &w) == STORE_OK;
}

struct deliver_source
deliver_source_of_store(struct store *s)
{
	return (struct deliver_source){ s, take, settle };
}
