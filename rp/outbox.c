/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/outbox.h"

#include "rp/inside.h"

#define SECOND ((store_time)1000)
#define MINUTE (60 * SECOND)
#define LEASE_MS MINUTE
#define SEEN_MS ((store_time)7 * 24 * 60 * MINUTE)

static const store_time waits[] = { 5 * SECOND, 15 * SECOND, 1 * MINUTE,
	5 * MINUTE, 15 * MINUTE, 60 * MINUTE };

enum { WAITS = sizeof(waits) / sizeof(waits[0]), DROPS = 64 };

struct take {
	const struct rp_call *call;
	unsigned kinds;
	struct rp_delivery *out;
	store_time next;
	enum rp_answer said;
};

/* STORE_ABSENT: there is nowhere to send it to any more. */
static enum store_rc
push_find(struct store_txn *t, const struct take *x)
{
	const struct store_message *m = &x->out->message;
	struct store_phone p;
	struct phone_id id;
	enum store_rc rc;

	if (m->to_n != sizeof(id.b))
		return STORE_ABSENT;
	memcpy(id.b, m->to, sizeof(id.b));
	if ((rc = store_phone_get(t, &id, &p)) != STORE_OK)
		return rc;
	if (memcmp(&p.account, &m->account, sizeof(p.account)) != 0 ||
	    p.push.endpoint[0] == '\0' || p.muted_until > x->call->now)
		return STORE_ABSENT;
	x->out->push = p.push;
	memcpy(x->out->topic, m->topic, sizeof(x->out->topic));
	return STORE_OK;
}

static enum store_rc
take_one(struct store_txn *t, struct take *x, bool *dropped)
{
	struct store_message *m = &x->out->message;
	enum store_rc rc;

	*dropped = false;
	rc = store_message_take(t, x->kinds, x->call->now, LEASE_MS, m);
	if (rc != STORE_OK || m->kind != STORE_MESSAGE_PUSH)
		return rc;
	if ((rc = push_find(t, x)) != STORE_ABSENT)
		return rc;
	*dropped = true;
	return store_message_done(t, &m->id, m->attempts);
}

static enum store_rc
take(struct store_txn *t, void *arg)
{
	struct take *x = arg;
	enum store_rc rc;
	bool dropped;

	x->said = RP_OK;
	x->next = 0;
	for (unsigned i = 0; i < DROPS; i++) {
		rc = take_one(t, x, &dropped);
		if (rc == STORE_ABSENT)
			break;
		if (rc != STORE_OK || !dropped)
			return rc;
	}
	/* What was dropped on the way is kept dropped. */
	x->said = RP_NOT_FOUND;
	rc = store_message_next(t, x->kinds, &x->next);
	return rc == STORE_ABSENT ? STORE_OK : rc;
}

/* Whether a look would find anything at all: without a commit. */
static enum rp_answer
anything_due(
    struct rp *rp, const struct rp_call *call, unsigned kinds, store_time *next)
{
	struct store_txn *t = NULL;
	store_time due = 0;
	enum store_rc rc;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_message_next(t, kinds, &due);
	store_read_end(t);
	*next = rc == STORE_OK ? due : 0;
	if (rc == STORE_OK && due > call->now)
		return RP_NOT_FOUND;
	return rp_answer_of(rc, RP_NOT_FOUND);
}

enum rp_answer
rp_delivery_take(struct rp *rp, struct rp_call *call, unsigned kinds,
    struct rp_delivery *out, store_time *next)
{
	struct take x = { .call = call, .kinds = kinds, .out = out };
	enum rp_answer answer;

	memset(out, 0, sizeof(*out));
	answer = anything_due(rp, call, kinds, next);
	if (answer != RP_OK)
		return answer;
	answer = rp_update(rp, take, &x, &x.said);
	*next = x.next;
	return answer == RP_OK ? x.said : answer;
}

struct done {
	const struct rp_call *call;
	const struct rp_delivery *d;
	enum rp_delivered what;
	store_time retry_after;
	const char *trouble;
	enum rp_answer said;
};

static enum store_rc
later(struct store_txn *t, const struct done *x)
{
	const struct store_message *m = &x->d->message;
	store_time wait = waits[WAITS - 1];

	if (m->attempts >= 1 && m->attempts <= WAITS)
		wait = waits[m->attempts - 1];
	if (x->retry_after > wait)
		wait = x->retry_after;
	/* Whoever takes it then finds it expired, and gives it up. */
	if (wait > m->expires - x->call->now)
		wait = m->expires - x->call->now;
	return store_message_retry(t, &m->id, m->attempts,
	    x->call->now + (wait > 0 ? wait : 0), x->trouble);
}

/* Not one that the phone has got in the meantime. */
static enum store_rc
push_end(struct store_txn *t, const struct done *x)
{
	const struct store_message *m = &x->d->message;
	struct store_phone p;
	struct phone_id id;
	enum store_rc rc;

	memcpy(id.b, m->to, sizeof(id.b));
	if ((rc = store_phone_get(t, &id, &p)) != STORE_OK)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	if (strcmp(p.push.endpoint, x->d->push.endpoint) != 0)
		return STORE_OK;
	memset(&p.push, 0, sizeof(p.push));
	p.push_changed = x->call->now;
	return store_phone_put(t, &p);
}

static enum store_rc
done(struct store_txn *t, void *arg)
{
	struct done *x = arg;
	const struct store_message *m = &x->d->message;
	enum store_rc rc = STORE_FAULT;

	switch (x->what) {
	case RP_DELIVERED:
		rc = store_message_done(t, &m->id, m->attempts);
		break;
	case RP_DELIVERY_LATER:
		rc = later(t, x);
		break;
	case RP_DELIVERY_NEVER:
		rc = store_message_give_up(
		    t, &m->id, m->attempts, x->call->now + SEEN_MS, x->trouble);
		break;
	case RP_DELIVERY_GONE:
		rc = store_message_done(t, &m->id, m->attempts);
		if (rc == STORE_OK && m->kind == STORE_MESSAGE_PUSH)
			rc = push_end(t, x);
		break;
	}
	return rc == STORE_ABSENT ? rp_refuse(&x->said, RP_NOT_FOUND) : rc;
}

enum rp_answer
rp_delivery_done(struct rp *rp, struct rp_call *call,
    const struct rp_delivery *d, enum rp_delivered what,
    store_time retry_after_ms, const char *trouble)
{
	struct done x = { .call = call,
		.d = d,
		.what = what,
		.retry_after = retry_after_ms,
		.trouble = trouble != NULL ? trouble : "" };

	return rp_update(rp, done, &x, &x.said);
}
