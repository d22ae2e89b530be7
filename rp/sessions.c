/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/sessions.h"

#include "rp/approving.h"
#include "rp/audit.h"
#include "rp/history.h"
#include "rp/secret.h"
#include "rp/token.h"
#include "store/changes.h"

/* A commit a request would be too many, and who was here is not that exact. */
#define TOUCH_MS ((store_time)5 * 60 * 1000)

/*
 * Also when it was seen by a clock that was ahead, or its idle time would not
 * begin before that time has come.
 */
static bool
is_stale(const struct rp_call *call, const struct store_session *s)
{
	const store_time age = call->now - s->last_seen;

	return age >= TOUCH_MS || age <= -TOUCH_MS;
}

/*
 * A token whose session is gone was one once, as far as its own time can be
 * true.  Nobody learns from that what was not in the token already.
 */
static enum rp_answer
gone(const struct rp_call *call, const struct session_id *id)
{
	struct cursor c = cursor_over((struct slice){ id->b, 8 });

	return cursor_be(&c, 8) <= (uint64_t)call->now ? RP_SESSION_EXPIRED
						       : RP_SESSION_NONE;
}

static enum rp_answer
session_view(struct store_txn *t, const struct rp_call *call,
    const struct session_id *id, const uint8_t hash[32],
    struct rp_signed_in *in)
{
	struct store_session *s = &in->session;
	enum store_rc rc;

	if ((rc = store_session_get(t, id, s)) != STORE_OK)
		return rp_answer_of(rc, gone(call, id));
	if (!rp_secret_equal(s->token_hash, hash, sizeof(s->token_hash)))
		return RP_SESSION_NONE;
	if (call->now >= store_session_expires(s))
		return RP_SESSION_EXPIRED;
	rc = store_account_get(t, &s->account, &in->account);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_SESSION_EXPIRED);
	return in->account.state == STORE_ACCOUNT_ACTIVE ? RP_OK
							 : RP_SESSION_EXPIRED;
}

enum rp_answer
rp_session_check(struct rp *rp, struct rp_call *call, const char *token,
    struct rp_signed_in *in, bool *touch)
{
	struct store_txn *t = NULL;
	struct rp_signed_in found;
	struct session_id id;
	enum rp_answer answer;
	uint8_t hash[32];

	if (!rp_token_read(token, &id, hash))
		return RP_SESSION_NONE;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = session_view(t, call, &id, hash, &found);
	store_read_end(t);
	if (answer != RP_OK)
		return answer;
	call->account_known = true;
	call->account = found.account.id;
	*in = found;
	*touch = is_stale(call, &found.session);
	return RP_OK;
}

struct touch {
	const struct rp_call *call;
	const struct session_id *id;
	enum rp_answer said;
};

static enum store_rc
touch_write(struct store_txn *t, void *arg)
{
	struct touch *x = arg;
	struct store_session s;
	enum store_rc rc = store_session_get(t, x->id, &s);

	if (rc == STORE_ABSENT ||
	    (rc == STORE_OK && x->call->now >= store_session_expires(&s)))
		return rp_refuse(&x->said, RP_SESSION_EXPIRED);
	/* Somebody else was here in the meantime: nothing to keep. */
	if (rc == STORE_OK && !is_stale(x->call, &s))
		return rp_refuse(&x->said, RP_OK);
	if (rc != STORE_OK)
		return rc;
	s.last_seen = x->call->now;
	s.client = x->call->client;
	return store_session_put(t, &s);
}

enum rp_answer
rp_session_touch(
    struct rp *rp, struct rp_call *call, const struct session_id *id)
{
	struct touch x = { .call = call, .id = id };

	return rp_update(rp, touch_write, &x, &x.said);
}

enum rp_answer
rp_session_fresh(const struct rp *rp, const struct rp_call *call,
    const struct rp_signed_in *who)
{
	const store_time age = call->now - who->session.proved;

	/* Also when the clock went back since: nobody knows how old it is. */
	return age <= rp->config.fresh_ms && age >= -rp->config.fresh_ms
		   ? RP_OK
		   : RP_PROOF_NEEDED;
}

enum rp_answer
rp_sessions_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct store_session *out, size_t *n)
{
	struct store_txn *t = NULL;
	enum store_rc rc;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_sessions_of(t, &who->account.id, call->now, out, n);
	store_read_end(t);
	return rp_answer_of(rc, RP_SESSION_EXPIRED);
}

/* ---- ending ---- */

struct end {
	struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who;
	const struct session_id *id; /* one; NULL: all */
	const struct session_id *keep; /* of all, but this */
	const char *event;
	size_t n;
	enum rp_answer said;
};

static enum store_rc
end_note(struct store_txn *t, const struct end *x)
{
	const struct account_id *account = &x->who->account.id;
	const struct rp_event e = { .event = x->event };
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_id(&d, "by", "ses_", x->who->session.id.b);
	if (x->id != NULL)
		rp_audit_id(&d, "session", "ses_", x->id->b);
	else
		rp_audit_number(&d, "sessions", x->n);
	rp_audit_client(&d, x->call);
	if ((rc = rp_history_append(t, x->rp, x->call, account, &e)) !=
	    STORE_OK)
		return rc;
	return rp_audit_append(t, x->call, account, x->event, &d);
}

/* Sessions, and what was approved and would become one. */
static enum store_rc
end_all(struct store_txn *t, struct end *x)
{
	const struct account_id *account = &x->who->account.id;
	struct store_approval a;
	enum store_rc rc = store_sessions_end(t, account, x->keep, &x->n);

	if (rc != STORE_OK)
		return rc;
	/* Where there was nothing to end there is nothing to tell. */
	if (x->n == 0 &&
	    store_approval_approved(t, account, &a) == STORE_ABSENT)
		return rp_refuse(&x->said, RP_OK);
	if ((rc = rp_approval_void(t, x->rp, x->call, account)) != STORE_OK)
		return rc;
	return end_note(t, x);
}

static enum store_rc
end_write(struct store_txn *t, void *arg)
{
	struct end *x = arg;
	struct rp_signed_in now;
	struct store_session s;
	enum store_rc rc;

	if ((x->said = rp_token_still(t, x->call, x->who, &now)) != RP_OK)
		return STORE_REFUSED;
	if (x->id == NULL)
		return end_all(t, x);
	rc = store_session_get(t, x->id, &s);
	if (rc == STORE_ABSENT ||
	    (rc == STORE_OK && memcmp(s.account.b, x->who->account.id.b,
				   sizeof(s.account.b)) != 0))
		return rp_refuse(&x->said, RP_NOT_FOUND);
	if (rc != STORE_OK || (rc = store_session_remove(t, x->id)) != STORE_OK)
		return rc;
	return end_note(t, x);
}

enum rp_answer
rp_session_end(
    struct rp *rp, struct rp_call *call, const struct rp_signed_in *who)
{
	struct end x = { .rp = rp,
		.call = call,
		.who = who,
		.id = &who->session.id,
		.event = "sign-out" };

	return rp_update(rp, end_write, &x, &x.said);
}

enum rp_answer
rp_session_end_other(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct session_id *id)
{
	struct end x = { .rp = rp,
		.call = call,
		.who = who,
		.id = id,
		.event = "session-ended" };

	return rp_update(rp, end_write, &x, &x.said);
}

enum rp_answer
rp_sessions_end(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, bool keep_own, size_t *n)
{
	struct end x = { .rp = rp,
		.call = call,
		.who = who,
		.keep = keep_own ? &who->session.id : NULL,
		.event = "sign-out-everywhere" };
	enum rp_answer answer = rp_update(rp, end_write, &x, &x.said);

	if (answer == RP_OK) {
		*n = x.n;
		store_signal(rp->store);
	}
	return answer;
}
