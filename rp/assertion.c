/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/assertion.h"

#include "rp/audit.h"
#include "rp/decoys.h"
#include "rp/history.h"
#include "rp/tell.h"
#include "store/changes.h"
#include "store/spent.h"

static bool
same_account(const struct account_id *a, const struct account_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/*
 * RP_OK: *a has the credential and its owner.  RP_PASSKEY_UNKNOWN: nobody has
 * it; the same two records were read for that.
 */
static enum rp_answer
look_up(struct store_txn *t, struct rp_asserted *a, struct slice id)
{
	struct account_id owner = rp_stand_in(a->rp);
	enum store_rc rc, found;

	switch (store_spent(t, a->ceremony->challenge, a->ceremony->expires)) {
	case STORE_OK:
		return RP_CEREMONY_SPENT;
	case STORE_ABSENT:
		break;
	default:
		return RP_FAULT;
	}
	if ((found = store_credential_find(t, id, &a->credential)) == STORE_OK)
		owner = a->credential.account;
	rc = store_account_get(t, &owner, &a->account);
	if (found != STORE_OK)
		return rp_answer_of(found, RP_PASSKEY_UNKNOWN);
	return rp_answer_of(rc, RP_FAULT);
}

static struct wa_credential
credential_record(const struct rp_asserted *a)
{
	const struct store_credential *c = &a->credential;

	return (struct wa_credential){
		.credential_id = { c->id, c->id_n },
		.cose_key = { c->cose_key, c->cose_key_n },
		.user_handle = { a->account.user_handle, STORE_USER_HANDLE },
		.sign_count = c->sign_count,
		.backup_eligible = (c->flags & WA_FLAG_BE) != 0,
	};
}

/*
 * Whether the signature was good although the verdict came before it was
 * looked at: then it is the owner's device that was refused, and the owner
 * should read of it.
 */
static bool
signed_all_the_same(const struct wa_assertion_expectation *want,
    const struct wa_assertion *got, const struct wa_credential *record,
    enum wa_verdict v)
{
	struct wa_assertion_expectation lenient = *want;
	struct wa_credential forgiven = *record;
	struct wa_assertion_result unused;

	if (v == WA_SIGN_COUNT)
		return true;
	if (v != WA_USER_UNVERIFIED && v != WA_BACKUP_CHANGED)
		return false;
	lenient.common.need_uv = false;
	lenient.ignore_sign_count = true;
	forgiven.backup_eligible = false;
	return wa_assertion_verify(&lenient, got, &forgiven, &unused) == WA_OK;
}

/* L3 7.2 steps 5 and 6, as far as they need the store. */
static bool
is_named(const struct rp_asserted *a)
{
	const struct rp_ceremony *c = a->ceremony;

	if (c->names == RP_NAMES_NOBODY)
		return true;
	/* A passkey made since was not in allowCredentials. */
	return c->names == RP_NAMES_ACCOUNT &&
	       same_account(&c->account, &a->account.id) &&
	       a->credential.created <= c->begun;
}

/*
 * Judges what is known, or pretends to where it is not, so that it takes one
 * time.  *proved: the owner's device signed this ceremony.
 */
static enum rp_answer
judge(struct rp_asserted *a, bool known, const struct wa_assertion *got,
    bool *proved)
{
	const struct wa_assertion_expectation want = {
		.common = rp_ceremony_expectation(a->rp, a->ceremony),
		.need_user_handle = a->ceremony->names == RP_NAMES_NOBODY,
		.refuse_backup_upgrade = a->rp->config.refuse_backup_upgrade,
	};
	const struct wa_credential record =
	    known ? credential_record(a)
		  : rp_decoys_credential(a->rp, got->credential_id);
	enum wa_verdict v;

	v = wa_assertion_verify(&want, got, &record, &a->result);
	if (v == WA_FAULT)
		return RP_FAULT;
	*proved = v == WA_OK || signed_all_the_same(&want, got, &record, v);
	if (!known || !is_named(a)) {
		*proved = false;
		a->call->verdict = v != WA_OK ? v : WA_CREDENTIAL_ID;
		return RP_PASSKEY_REFUSED;
	}
	a->call->verdict = v;
	if (*proved && a->account.state == STORE_ACCOUNT_LOCKED)
		return RP_ACCOUNT_LOCKED;
	if (v == WA_SIGN_COUNT)
		return RP_SIGN_COUNT;
	return v == WA_OK ? RP_OK : RP_PASSKEY_REFUSED;
}

struct refusal {
	const struct rp_asserted *a;
	enum rp_answer answer;
	enum rp_answer said;
};

static const char *
reason_of(const struct refusal *r)
{
	return r->answer == RP_PASSKEY_REFUSED
		   ? wa_verdict_name(r->a->call->verdict)
		   : rp_answer_name(r->answer);
}

static enum store_rc
refusal_audit(struct store_txn *t, const struct refusal *r, const char *event)
{
	struct rp_audit d = { 0 };

	rp_audit_text(&d, "refused", reason_of(r));
	rp_audit_id(&d, "passkey", "pk_", r->a->ref.b);
	rp_audit_client(&d, r->a->call);
	return rp_audit_append(t, r->a->call, &r->a->account.id, event, &d);
}

static enum store_rc
refusal_write(struct store_txn *t, void *arg)
{
	struct refusal *r = arg;
	const struct rp_asserted *a = r->a;
	const struct rp_ceremony *c = a->ceremony;
	const char *event =
	    c->kind == RP_CEREMONY_OF_PROOF ? "proof" : "sign-in";
	struct store_credential now;
	struct rp_event e = { .event = event,
		.reason = reason_of(r),
		.passkey = a->credential.name,
		.method = STORE_METHOD_PASSKEY,
		.notice = r->answer == RP_SIGN_COUNT };
	enum store_rc rc;

	/* One ceremony writes once, whatever it comes to. */
	rc = store_spent(t, c->challenge, c->expires);
	if (rc == STORE_ABSENT)
		rc = store_credential_get(t, &a->account.id, &a->ref, &now);
	else if (rc == STORE_OK)
		rc = STORE_ABSENT;
	if (rc != STORE_OK)
		return rc == STORE_ABSENT
			   ? rp_refuse(&r->said, RP_CEREMONY_SPENT)
			   : rc;
	now.counter_went_back = a->call->now;
	if ((rc = store_spend(t, c->challenge, c->expires)) != STORE_OK ||
	    (r->answer == RP_SIGN_COUNT &&
		(rc = store_credential_put(t, &now)) != STORE_OK) ||
	    (rc = rp_history_append(t, a->rp, a->call, &a->account.id, &e)) !=
		STORE_OK ||
	    (e.notice && (rc = rp_tell_notice(
			      t, a->call, &a->account.id, NULL)) != STORE_OK))
		return rc;
	return refusal_audit(t, r, event);
}

static enum rp_answer
refuse(struct rp_asserted *a, enum rp_answer answer, bool proved)
{
	a->proved = proved;
	rp_count_refused(a->rp, a->call, &a->ref);
	return answer;
}

enum rp_answer
rp_assertion_write_off(struct rp_asserted *a, enum rp_answer answer)
{
	struct refusal r = { .a = a, .answer = answer };

	/* What is refused is refused, also when it cannot be written down. */
	if (a->proved &&
	    rp_update(a->rp, refusal_write, &r, &r.said) == RP_OK &&
	    answer == RP_SIGN_COUNT)
		store_signal(a->rp->store);
	a->proved = false;
	return answer;
}

static enum rp_answer
view(struct rp_asserted *a, struct slice id)
{
	struct store_txn *t = NULL;
	enum rp_answer answer;

	if (store_read_begin(a->rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = look_up(t, a, id);
	store_read_end(t);
	return answer;
}

static void
note(struct rp_asserted *a)
{
	a->call->account_known = a->call->credential_known = true;
	a->call->account = a->account.id;
	a->call->credential = a->ref;
}

/*
 * RP_OK: it is somebody's (*known), or is to be judged as if it were; else
 * what is answered at once.
 */
static enum rp_answer
identify(struct rp_asserted *a, struct slice id, bool *known)
{
	/* A decoy is nobody's, which is not to be told from somebody's. */
	const bool decoy = rp_decoys_own(a->rp, id);
	enum rp_answer answer = view(a, id);

	if ((*known = answer == RP_OK))
		note(a);
	if (answer != RP_PASSKEY_UNKNOWN)
		return answer;
	if (decoy)
		return RP_OK;
	/* Such ids are made in no time, and each would be tried first. */
	answer = rp_limit_network(a->rp, a->call, RP_LIMIT_REFUSED_NETWORK);
	if (answer == RP_OK && a->ceremony->names == RP_NAMES_NOBODY)
		return refuse(a, RP_PASSKEY_UNKNOWN, false);
	return answer;
}

enum rp_answer
rp_assertion_judge(struct rp *rp, struct rp_call *call,
    const struct rp_ceremony *ceremony, const struct wa_assertion *got,
    struct rp_asserted *a)
{
	enum rp_answer answer;
	bool proved = false, known;

	a->rp = rp;
	a->call = call;
	a->ceremony = ceremony;
	a->proved = false;
	a->ref = store_credential_ref(got->credential_id);
	if ((answer = rp_limit_passkey(rp, call, &a->ref)) != RP_OK ||
	    (answer = identify(a, got->credential_id, &known)) != RP_OK ||
	    (answer = judge(a, known, got, &proved)) == RP_FAULT)
		return answer;
	/* Whatever was signed is written down: not without end. */
	if (proved && rp_count_account(rp, call, RP_LIMIT_SIGN_IN_ACCOUNT,
			  &a->account.id) != RP_OK) {
		if (answer == RP_OK)
			return RP_RATE_LIMITED;
		proved = false;
	}
	return answer == RP_OK ? answer : refuse(a, answer, proved);
}

enum rp_answer
rp_assertion_holds(struct rp_call *call, const struct wa_assertion_result *r,
    const struct store_credential *then, const struct store_credential *now)
{
	const uint32_t counts = r->sign_count;

	if (now->cose_key_n != then->cose_key_n ||
	    memcmp(now->cose_key, then->cose_key, now->cose_key_n) != 0)
		return RP_PASSKEY_UNKNOWN;
	if ((counts != 0 || now->sign_count != 0) && counts <= now->sign_count)
		return RP_SIGN_COUNT;
	if ((now->flags & WA_FLAG_BE) && !(r->flags & WA_FLAG_BE)) {
		call->verdict = WA_BACKUP_CHANGED;
		return RP_PASSKEY_REFUSED;
	}
	return RP_OK;
}

enum rp_answer
rp_assertion_still(struct store_txn *t, const struct rp_asserted *a,
    struct store_credential *c)
{
	const struct rp_ceremony *ceremony = a->ceremony;
	struct store_account owner;
	enum store_rc rc;

	rc = store_spent(t, ceremony->challenge, ceremony->expires);
	if (rc != STORE_ABSENT)
		return rc == STORE_OK ? RP_CEREMONY_SPENT : RP_FAULT;
	rc = store_account_get(t, &a->account.id, &owner);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_PASSKEY_UNKNOWN);
	if (owner.state == STORE_ACCOUNT_LOCKED)
		return RP_ACCOUNT_LOCKED;
	rc = store_credential_get(t, &owner.id, &a->ref, c);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_PASSKEY_UNKNOWN);
	return rp_assertion_holds(a->call, &a->result, &a->credential, c);
}

enum store_rc
rp_assertion_learn(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct wa_assertion_result *r,
    struct store_credential *c)
{
	const struct rp_event e = { .event = "backup-eligible",
		.passkey = c->name };
	enum store_rc rc;

	c->sign_count = r->sign_count;
	c->flags = r->flags & (WA_FLAG_UV | WA_FLAG_BE | WA_FLAG_BS);
	c->last_used = call->now;
	rc = store_credential_put(t, c);
	if (rc != STORE_OK || !r->became_backup_eligible)
		return rc;
	return rp_history_append(t, rp, call, &c->account, &e);
}

enum store_rc
rp_assertion_keep(struct store_txn *t, const struct rp_asserted *a,
    struct store_credential *c)
{
	enum store_rc rc =
	    store_spend(t, a->ceremony->challenge, a->ceremony->expires);

	return rc != STORE_OK
		   ? rc
		   : rp_assertion_learn(t, a->rp, a->call, &a->result, c);
}

enum rp_answer
rp_assertion_refused(struct rp_asserted *a, enum rp_answer answer)
{
	switch (answer) {
	case RP_SIGN_COUNT:
		a->call->verdict = WA_SIGN_COUNT;
		return refuse(a, answer, true);
	case RP_ACCOUNT_LOCKED:
	case RP_PASSKEY_REFUSED:
		return refuse(a, answer, true);
	default:
		return answer;
	}
}
