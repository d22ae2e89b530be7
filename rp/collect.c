/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/approving.h"
#include "rp/audit.h"
#include "rp/history.h"
#include "rp/ids.h"
#include "rp/kept.h"
#include "rp/proofs.h"
#include "rp/secret.h"
#include "rp/token.h"
#include "store/changes.h"

struct collect {
	struct rp *rp;
	struct rp_call *call;
	const struct rp_collect *c;
	bool kept_read;
	struct rp_kept_secret had, next;
	enum rp_kept kept;
	bool rotated;
	struct store_account account;
	struct store_session session;
	enum rp_answer said;
};

/* Only of the browser that asked: its cookie. */
static enum rp_answer
approval_of(
    struct store_txn *t, const struct collect *x, struct store_approval *a)
{
	enum store_rc rc = store_approval_get(t, &x->c->id, a);

	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_APPROVAL_UNKNOWN);
	return rp_secret_equal(a->cookie, x->call->browser, sizeof(a->cookie))
		   ? RP_OK
		   : RP_APPROVAL_UNKNOWN;
}

static enum rp_answer
approval_read(struct collect *x, struct store_approval *a)
{
	struct store_txn *t = NULL;
	enum rp_answer answer;

	if (store_read_begin(x->rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = approval_of(t, x, a);
	store_read_end(t);
	return answer;
}

/* And of its key: a proof for this approval and this request. */
static enum rp_answer
judge_proof(const struct collect *x, const struct store_approval *a)
{
	const struct rp_claims *claims = &x->c->claims;
	struct approval_id id = { { 0 } };
	enum rp_answer answer;

	answer = rp_claims_judge(
	    x->call, claims, RP_COLLECT_PROOF_TYP, &x->c->facts);
	if (answer == RP_OK &&
	    (claims->approval == NULL ||
		!rp_id_read("apr_", claims->approval, id.b) ||
		memcmp(&id, &a->id, sizeof(id)) != 0))
		answer = RP_COLLECT_REFUSED;
	if (answer == RP_OK)
		answer = rp_es256_verify(
		    a->key, claims->signing_input, claims->signature);
	return answer == RP_OK || answer == RP_FAULT ? answer
						     : RP_COLLECT_REFUSED;
}

static enum rp_answer
judge_state(const struct store_approval *a, store_time now)
{
	switch (rp_approval_now(a, now)) {
	case STORE_APPROVAL_APPROVED:
		return RP_OK;
	case STORE_APPROVAL_PENDING:
	case STORE_APPROVAL_CHOSEN:
	case STORE_APPROVAL_DISPLACED:
		return RP_COLLECT_REFUSED;
	default:
		return RP_APPROVAL_OVER;
	}
}

/*
 * The account, the phone and the passkey that approved are what they were,
 * and a browser that was let off because it is kept is kept still.
 */
static enum rp_answer
judge_account(struct store_txn *t, struct collect *x,
    const struct store_approval *a, struct store_credential *passkey)
{
	struct store_phone phone;
	enum store_rc rc;

	rc = store_account_get(t, &a->account, &x->account);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_APPROVAL_OVER);
	if (x->account.state != STORE_ACCOUNT_ACTIVE)
		return RP_ACCOUNT_LOCKED;
	if ((rc = store_phone_get(t, &a->phone, &phone)) == STORE_OK &&
	    (rc = rp_approval_kept_still(t, x->rp, x->call, a)) == STORE_OK)
		rc = store_credential_get(
		    t, &a->account, &a->credential, passkey);
	return rp_answer_of(rc, RP_APPROVAL_OVER);
}

static enum store_rc
note(struct store_txn *t, const struct collect *x,
    const struct store_approval *a, const struct store_credential *passkey)
{
	const struct rp_event e = { .event = "sign-in",
		.passkey = passkey->name,
		.method = STORE_METHOD_APPROVAL };
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_id(&d, "session", "ses_", x->session.id.b);
	rp_audit_id(&d, "approval", "apr_", a->id.b);
	rp_audit_id(&d, "phone", "phn_", a->phone.b);
	rp_audit_id(&d, "passkey", "pk_", a->credential.b);
	rp_audit_client(&d, x->call);
	if ((rc = rp_history_append(t, x->rp, x->call, &a->account, &e)) !=
	    STORE_OK)
		return rc;
	return rp_audit_append(t, x->call, &a->account, "sign-in", &d);
}

static enum store_rc
session_open(
    struct store_txn *t, struct collect *x, const struct store_approval *a)
{
	enum store_rc rc = STORE_OK;

	x->session.account = a->account;
	x->session.credential = a->credential;
	memset(&x->session.browser, 0, sizeof(x->session.browser));
	if (x->kept_read)
		rc = rp_kept_used(t, x->rp, x->call, &x->had, &x->next,
		    &a->account, &x->session, &x->kept, &x->rotated);
	if (rc != STORE_OK || (rc = rp_token_replace(t, x->rp, x->call,
				   x->c->old, &x->session)) != STORE_OK)
		return rc;
	return store_session_add(t, &x->session);
}

static enum store_rc
collect(struct store_txn *t, void *arg)
{
	struct collect *x = arg;
	struct store_credential passkey;
	struct store_approval a;
	enum store_rc rc;

	x->kept = RP_KEPT_NOT;
	x->rotated = false;
	if ((x->said = approval_of(t, x, &a)) != RP_OK ||
	    (x->said = judge_state(&a, x->call->now)) != RP_OK ||
	    (x->said = judge_account(t, x, &a, &passkey)) != RP_OK)
		return STORE_REFUSED;
	a.state = STORE_APPROVAL_COLLECTED;
	if ((rc = store_approval_put(t, &a)) != STORE_OK ||
	    (rc = session_open(t, x, &a)) != STORE_OK ||
	    (rc = store_change_note(
		 t, STORE_CHANGE_APPROVAL, a.id.b, x->call->now)) != STORE_OK)
		return rc;
	return note(t, x, &a, &passkey);
}

/*
 * A session that an approval opened: shorter than others, and no proof of a
 * passkey in this browser.
 */
static bool
session_make(
    struct collect *x, const struct store_approval *a, struct rp_token *token)
{
	if (!rp_token_make(x->rp, x->call, &a->account, &a->credential,
		&x->session, token))
		return false;
	x->session.method = STORE_METHOD_APPROVAL;
	x->session.proved = 0;
	x->session.idle_ms = x->rp->config.approval_session_idle_ms;
	x->session.ends = x->call->now + x->rp->config.approval_session_ms;
	return true;
}

static enum rp_answer
collect_run(
    struct collect *x, struct rp_token *token, struct rp_kept_token *next)
{
	struct store_approval a;
	enum rp_answer answer, limit;

	answer = approval_read(x, &a);
	limit =
	    rp_proof_limit(x->rp, x->call, answer == RP_OK ? x->c->id.b : NULL);
	if (limit != RP_OK || answer != RP_OK)
		return limit != RP_OK ? limit : answer;
	if ((answer = judge_proof(x, &a)) != RP_OK)
		return answer;
	x->kept_read = x->c->kept != NULL && rp_kept_read(x->c->kept, &x->had);
	x->next = x->had;
	if ((x->kept_read && !rp_kept_next(&x->next, next)) ||
	    !session_make(x, &a, token))
		return RP_FAULT;
	return rp_update(x->rp, collect, x, &x->said);
}

enum rp_answer
rp_approval_collect(struct rp *rp, struct rp_call *call,
    const struct rp_collect *c, struct rp_signed_in *in, struct rp_token *token,
    struct rp_kept_token *new_kept)
{
	struct collect x = { .rp = rp, .call = call, .c = c };
	struct rp_kept_token next = { { 0 } };
	struct rp_token fresh = { { 0 } };
	enum rp_answer answer;

	answer = collect_run(&x, &fresh, &next);
	if (answer == RP_COLLECT_REFUSED)
		rp_proof_count(rp, call, c->id.b);
	if (answer == RP_OK) {
		store_signal(rp->store);
		call->account_known = true;
		call->account = x.account.id;
		in->account = x.account;
		in->session = x.session;
		*token = fresh;
		memset(new_kept, 0, sizeof(*new_kept));
		if (x.rotated)
			*new_kept = next;
		if (x.kept == RP_KEPT_STOLEN)
			(void)rp_kept_theft(rp, call, &x.had.id);
	}
	rp_secret_wipe(&fresh, sizeof(fresh));
	rp_secret_wipe(&next, sizeof(next));
	return answer;
}
