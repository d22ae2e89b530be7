/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/approvals.h"

#include "rp/approving.h"
#include "rp/secret.h"
#include "store/changes.h"

/* ---- waiting ---- */

/* RP_OK only for the browser that asked. */
static enum rp_answer
approval_of(struct store_txn *t, const struct rp_call *call,
    const struct approval_id *id, struct store_approval *a)
{
	enum store_rc rc = store_approval_get(t, id, a);

	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_APPROVAL_UNKNOWN);
	return rp_secret_equal(a->cookie, call->browser, sizeof(a->cookie))
		   ? RP_OK
		   : RP_APPROVAL_UNKNOWN;
}

enum rp_answer
rp_approval_look(struct rp *rp, struct rp_call *call,
    const struct approval_id *id, struct rp_approval *out)
{
	struct store_txn *t = NULL;
	struct store_approval a;
	enum rp_answer answer;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = approval_of(t, call, id, &a);
	store_read_end(t);
	if (answer == RP_OK)
		rp_approval_show(&a, call->now, out);
	return answer;
}

struct cancel {
	const struct rp *rp;
	const struct rp_call *call;
	const struct approval_id *id;
	enum rp_answer said;
};

static enum store_rc
cancel(struct store_txn *t, void *arg)
{
	struct cancel *x = arg;
	enum store_approval_state state;
	struct store_approval a;
	struct store_guard g;
	enum store_rc rc;

	if ((x->said = approval_of(t, x->call, x->id, &a)) != RP_OK)
		return STORE_REFUSED;
	state = rp_approval_now(&a, x->call->now);
	if (!rp_approval_is_open(&a, x->call->now) &&
	    state != STORE_APPROVAL_DISPLACED)
		return rp_refuse(&x->said, RP_APPROVAL_OVER);
	if ((rc = store_guard_get(t, &a.account, &g)) != STORE_OK ||
	    (rc = rp_approval_close(
		 t, x->call, &a, &g, STORE_APPROVAL_CANCELLED)) != STORE_OK)
		return rc;
	return rp_approval_ended(t, x->rp, x->call, &a);
}

enum rp_answer
rp_approval_cancel(
    struct rp *rp, struct rp_call *call, const struct approval_id *id)
{
	struct cancel x = { .rp = rp, .call = call, .id = id };
	enum rp_answer answer = rp_update(rp, cancel, &x, &x.said);

	if (answer == RP_OK)
		store_signal(rp->store);
	return answer;
}

/* ---- the clock ---- */

struct expire {
	const struct rp *rp;
	const struct rp_call *call;
	unsigned limit, n;
	enum rp_answer said;
};

/* Its last state, and what its owner reads. */
static enum store_rc
write_down(
    struct store_txn *t, const struct expire *x, struct store_approval *a)
{
	const enum store_approval_state was = a->state;
	const enum store_approval_state is = was == STORE_APPROVAL_REPLACED
						 ? STORE_APPROVAL_SUPERSEDED
						 : STORE_APPROVAL_EXPIRED;
	struct store_guard g;
	enum store_rc rc;

	if ((rc = store_guard_get(t, &a->account, &g)) == STORE_OK &&
	    (rc = rp_approval_close(t, x->call, a, &g, is)) == STORE_OK) {
		if (was == STORE_APPROVAL_DISPLACED)
			a->state = STORE_APPROVAL_SUPERSEDED;
		rc = rp_approval_ended(t, x->rp, x->call, a);
	}
	if (rc != STORE_DAMAGED)
		return rc;
	/* Who cannot be read must not hold up the others. */
	a->state = is;
	a->decided = x->call->now;
	return store_approval_put(t, a);
}

static enum store_rc
expire(struct store_txn *t, void *arg)
{
	struct expire *x = arg;
	struct store_approval a;
	enum store_rc rc;

	for (x->n = 0; x->n < x->limit; x->n++) {
		rc = store_approval_overdue(t, x->call->now, &a);
		if (rc != STORE_OK)
			return rc == STORE_ABSENT ? STORE_OK : rc;
		if ((rc = write_down(t, x, &a)) != STORE_OK)
			return rc;
	}
	return STORE_OK;
}

/* Most of the time there is none, and no commit is needed to see that. */
static enum rp_answer
any_overdue(struct rp *rp, const struct rp_call *call)
{
	struct store_txn *t = NULL;
	struct store_approval a;
	enum store_rc rc;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_approval_overdue(t, call->now, &a);
	store_read_end(t);
	return rp_answer_of(rc, RP_NOT_FOUND);
}

enum rp_answer
rp_approvals_expire(
    struct rp *rp, struct rp_call *call, unsigned limit, unsigned *n)
{
	struct expire x = { .rp = rp, .call = call, .limit = limit };
	enum rp_answer answer = any_overdue(rp, call);

	*n = 0;
	if (answer != RP_OK)
		return answer == RP_NOT_FOUND ? RP_OK : answer;
	answer = rp_update(rp, expire, &x, &x.said);
	if (answer == RP_OK && x.n > 0)
		store_signal(rp->store);
	if (answer == RP_OK)
		*n = x.n;
	return answer;
}
