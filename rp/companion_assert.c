/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/approving.h"
#include "rp/assertion.h"
#include "rp/audit.h"
#include "rp/companion.h"
#include "rp/evidence.h"
#include "rp/history.h"
#include "rp/numbers.h"
#include "rp/proofs.h"
#include "rp/tell.h"
#include "store/changes.h"
#include "webauthn/client_data.h"

/*
 * The phone's passkey over T.  First it is verified, with no transaction open;
 * only inside the update that keeps it is the number compared.  So what was
 * chosen has been signed before anybody learns whether it was right, and who
 * cannot sign learns nothing.
 */
struct approve {
	struct rp *rp;
	struct rp_call *call;
	struct rp_device device;
	const struct approval_id *id;
	const struct wa_assertion *got;
	struct store_approval a; /* as it was judged */
	struct store_credential credential; /* likewise */
	struct credential_ref ref;
	struct rp_transaction t;
	char origin[256];
	struct wa_assertion_result result;
	enum store_approval_state state;
	enum rp_answer said;
};

static bool
same_account(const struct account_id *a, const struct account_id *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The request is this account's, open, and this phone has chosen. */
static enum rp_answer
request_find(struct store_txn *t, struct approve *x, struct store_approval *a)
{
	enum store_rc rc = store_approval_get(t, x->id, a);

	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_APPROVAL_UNKNOWN);
	if (a->decoy || !same_account(&a->account, &x->device.account.id))
		return RP_APPROVAL_UNKNOWN;
	x->state = rp_approval_now(a, x->call->now);
	if (x->state == STORE_APPROVAL_PENDING)
		return RP_CHOICE_MISSING;
	if (x->state != STORE_APPROVAL_CHOSEN)
		return RP_APPROVAL_OVER;
	rc = rp_approval_kept_still(t, x->rp, x->call, a);
	if (rc == STORE_ABSENT)
		x->state = STORE_APPROVAL_CANCELLED;
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_APPROVAL_OVER);
	return memcmp(&a->phone, &x->device.phone.id, sizeof(a->phone)) == 0
		   ? RP_OK
		   : RP_CHOICE_MADE;
}

static enum rp_answer
records_find(struct store_txn *t, struct approve *x, bool *known)
{
	enum rp_answer answer;
	enum store_rc rc;

	if ((answer = rp_device_still(t, x->call, &x->device)) != RP_OK ||
	    (answer = request_find(t, x, &x->a)) != RP_OK)
		return answer;
	rc = store_credential_find(t, x->got->credential_id, &x->credential);
	*known = rc == STORE_OK;
	return rc == STORE_ABSENT ? RP_OK : rp_answer_of(rc, RP_FAULT);
}

static enum rp_answer
records_read(struct approve *x, bool *known)
{
	struct store_txn *t = NULL;
	enum rp_answer answer;

	if (store_read_begin(x->rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = records_find(t, x, known);
	store_read_end(t);
	return answer;
}

/*
 * Which of the origins the client data names, for the evidence: its judge
 * takes one at a time.
 */
static bool
origin_find(struct approve *x, const uint8_t challenge[32])
{
	const char *one[] = { NULL, NULL };
	const struct wa_expectation want = {
		.challenge = { challenge, 32 },
		.rp_id = x->rp->config.rp_id,
		.origins = one,
	};

	for (const char *const *o = x->rp->config.origins; *o != NULL; o++) {
		one[0] = *o;
		if (strlen(*o) < sizeof(x->origin) &&
		    wa_client_data_judge(x->got->client_data_json,
			"webauthn.get", &want) == WA_OK) {
			memcpy(x->origin, *o, strlen(*o) + 1);
			return true;
		}
	}
	return false;
}

static struct rp_evidence
evidence_of(const struct approve *x)
{
	struct rp_evidence e = { .approval = x->a.id,
		.outcome = x->state,
		.transaction = { (const uint8_t *)x->t.text, x->t.n },
		.client_data_json = x->got->client_data_json,
		.authenticator_data = x->got->authenticator_data,
		.signature = x->got->signature,
		.credential_id = { x->credential.id, x->credential.id_n },
		.cose_key = {
		    x->credential.cose_key, x->credential.cose_key_n } };

	memcpy(e.number, x->a.number, sizeof(e.number));
	memcpy(e.choice, x->a.choice, sizeof(e.choice));
	memcpy(e.secret, x->a.secret, sizeof(e.secret));
	memcpy(e.origin, x->origin, sizeof(e.origin));
	return e;
}

static bool
evidence_fits(struct approve *x)
{
	char detail[STORE_AUDIT_DETAIL_MAX + 1];
	struct rp_evidence e;
	size_t n;

	/* The longest outcome. */
	x->state = STORE_APPROVAL_APPROVED;
	e = evidence_of(x);
	return rp_evidence_write(&e, detail, &n);
}

/* L3 7.2 over the challenge that T makes; what was asked for is fixed. */
static enum wa_verdict
judge(struct approve *x)
{
	uint8_t challenge[32];
	const struct store_credential *c = &x->credential;
	const struct wa_assertion_expectation want = {
		.common = { .challenge = { challenge, 32 },
		    .rp_id = x->rp->config.rp_id,
		    .origins = x->rp->config.origins,
		    .need_uv = true },
		.refuse_backup_upgrade = x->rp->config.refuse_backup_upgrade,
	};
	const struct wa_credential record = {
		.credential_id = { c->id, c->id_n },
		.cose_key = { c->cose_key, c->cose_key_n },
		.user_handle = { x->device.account.user_handle,
		    STORE_USER_HANDLE },
		.sign_count = c->sign_count,
		.backup_eligible = (c->flags & WA_FLAG_BE) != 0,
	};
	enum wa_verdict v;

	if (!rp_transaction_write(x->rp->config.rp_id, &x->a, &x->a.phone,
		x->a.same_network, x->a.choice, &x->t) ||
	    !rp_transaction_challenge(slice_of(x->t.text), challenge))
		return WA_FAULT;
	v = wa_assertion_verify(&want, x->got, &record, &x->result);
	if (v != WA_OK)
		return v;
	/* Nobody's browser or passkey makes anything that long. */
	return origin_find(x, challenge) && evidence_fits(x)
		   ? WA_OK
		   : WA_CLIENT_DATA_FORM;
}

/* ---- a counter that went back ---- */

static enum store_rc
counter_write(struct store_txn *t, void *arg)
{
	struct approve *x = arg;
	struct store_credential now;
	enum store_rc rc;

	if ((x->said = rp_device_still(t, x->call, &x->device)) != RP_OK)
		return STORE_REFUSED;
	rc = store_credential_get(t, &x->a.account, &x->ref, &now);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT
			   ? rp_refuse(&x->said, RP_PASSKEY_UNKNOWN)
			   : rc;
	now.counter_went_back = x->call->now;
	if ((rc = store_credential_put(t, &now)) != STORE_OK ||
	    (rc = rp_approval_history(t, x->rp, x->call, &x->a, "sign-count",
		 now.name, true)) != STORE_OK ||
	    (rc = rp_approval_audit(
		 t, x->call, &x->a, "approval-sign-count")) != STORE_OK ||
	    (rc = rp_tell_notice(
		 t, x->call, &x->a.account, &x->device.phone.id)) != STORE_OK)
		return rc;
	return rp_device_spend(t, x->call, &x->device);
}

static enum rp_answer
refuse(struct approve *x, enum wa_verdict v, enum rp_answer answer)
{
	x->call->verdict = v;
	rp_count_refused(x->rp, x->call, &x->ref);
	/* Written with the phone's proof, so one proof writes once. */
	if (answer == RP_SIGN_COUNT &&
	    rp_update(x->rp, counter_write, x, &x->said) == RP_OK)
		store_signal(x->rp->store);
	return answer;
}

/* ---- keeping it ---- */

/* Nothing changed in the meantime that the judging relied on. */
static enum rp_answer
still(struct store_txn *t, struct approve *x, struct store_approval *a,
    struct store_credential *c)
{
	enum rp_answer answer;
	enum store_rc rc;

	if ((answer = rp_device_still(t, x->call, &x->device)) != RP_OK ||
	    (answer = request_find(t, x, a)) != RP_OK)
		return answer;
	rc = store_credential_get(t, &a->account, &x->ref, c);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_PASSKEY_UNKNOWN);
	return rp_assertion_holds(x->call, &x->result, &x->credential, c);
}

static enum store_rc
outcome_note(
    struct store_txn *t, struct approve *x, const struct store_credential *c)
{
	const bool right = x->state == STORE_APPROVAL_APPROVED;
	const struct rp_evidence e = evidence_of(x);
	char detail[STORE_AUDIT_DETAIL_MAX + 1];
	struct store_audit_entry entry = { .at = x->call->now,
		.account = x->a.account,
		.event = slice_of("approval") };
	enum store_rc rc;
	size_t n;

	if (!rp_evidence_write(&e, detail, &n))
		return STORE_FAULT;
	entry.detail = (struct slice){ (const uint8_t *)detail, n };
	if ((rc = store_audit_append(t, &entry)) != STORE_OK ||
	    (rc = rp_approval_history(t, x->rp, x->call, &x->a,
		 right ? NULL : "mismatch", c->name, !right)) != STORE_OK)
		return rc;
	return right ? STORE_OK
		     : rp_tell_notice(
			   t, x->call, &x->a.account, &x->device.phone.id);
}

static enum store_rc
approve(struct store_txn *t, void *arg)
{
	struct approve *x = arg;
	struct store_approval a;
	struct store_credential c;
	struct store_guard g, own;
	enum store_rc rc;

	if ((x->said = still(t, x, &a, &c)) != RP_OK)
		return STORE_REFUSED;
	if ((rc = store_guard_get(t, &a.account, &g)) != STORE_OK ||
	    (rc = rp_guard_of_asker(t, x->rp, &a.account, a.network, &own)) !=
		STORE_OK ||
	    (rc = rp_assertion_learn(t, x->rp, x->call, &x->result, &c)) !=
		STORE_OK)
		return rc;
	a.credential = x->ref;
	if (rp_number_matches(&a)) {
		x->state = STORE_APPROVAL_APPROVED;
		rp_guard_approved(&g, a.created);
		rp_guard_approved(&own, a.created);
	} else {
		x->state = STORE_APPROVAL_MISMATCH;
		rp_guard_mismatch(&g, x->call->now);
		rp_guard_pause(&own, x->call->now);
	}
	if ((rc = rp_approval_close(t, x->call, &a, &g, x->state)) !=
		STORE_OK ||
	    (rc = rp_guard_keep(t, &own, x->call->now)) != STORE_OK ||
	    (rc = outcome_note(t, x, &c)) != STORE_OK)
		return rc;
	return rp_device_spend(t, x->call, &x->device);
}

static enum rp_answer
run(struct approve *x)
{
	enum rp_answer answer;
	enum wa_verdict v;
	bool known = false;

	if ((answer = rp_limit_passkey(x->rp, x->call, &x->ref)) != RP_OK ||
	    (answer = records_read(x, &known)) != RP_OK)
		return answer;
	if (!known)
		return refuse(x, WA_CREDENTIAL_ID, RP_PASSKEY_UNKNOWN);
	x->call->credential_known = true;
	x->call->credential = x->ref;
	if (!same_account(&x->credential.account, &x->device.account.id))
		return refuse(x, WA_CREDENTIAL_ID, RP_PASSKEY_REFUSED);
	v = judge(x);
	if (v == WA_FAULT)
		return RP_FAULT;
	if (v != WA_OK)
		return refuse(x, v,
		    v == WA_SIGN_COUNT ? RP_SIGN_COUNT : RP_PASSKEY_REFUSED);
	x->call->verdict = WA_OK;
	if ((answer = rp_count_account(x->rp, x->call, RP_LIMIT_SIGN_IN_ACCOUNT,
		 &x->device.account.id)) != RP_OK)
		return answer;
	answer = rp_update(x->rp, approve, x, &x->said);
	if (answer == RP_SIGN_COUNT)
		return refuse(x, WA_SIGN_COUNT, RP_SIGN_COUNT);
	if (answer == RP_PASSKEY_REFUSED)
		return refuse(x, x->call->verdict, RP_PASSKEY_REFUSED);
	return answer;
}

enum rp_answer
rp_companion_assert(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct approval_id *id,
    const struct wa_assertion *got, enum store_approval_state *state)
{
	struct approve x = { .rp = rp,
		.call = call,
		.device = *device,
		.id = id,
		.got = got,
		.ref = store_credential_ref(got->credential_id) };
	enum rp_answer answer = run(&x);

	if (answer == RP_OK)
		store_signal(rp->store);
	if (answer == RP_OK || answer == RP_APPROVAL_OVER)
		*state = x.state;
	return answer;
}
