/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/assertion.h"
#include "rp/audit.h"
#include "rp/guard.h"
#include "rp/history.h"
#include "rp/login.h"
#include "rp/options.h"
#include "rp/token.h"

enum rp_answer
rp_proof_begin(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct rp_request *out)
{
	struct rp_ceremony c;
	enum rp_answer answer;

	answer = rp_count_account(
	    rp, call, RP_LIMIT_OPTIONS_ACCOUNT, &who->account.id);
	if (answer != RP_OK)
		return answer;
	if (!rp_ceremony_begin(rp, call, RP_CEREMONY_OF_PROOF, &c))
		return RP_FAULT;
	c.names = RP_NAMES_ACCOUNT;
	c.account = who->account.id;
	answer = rp_options_passkeys(rp, &c.account, &out->allow);
	if (answer != RP_OK)
		return answer;
	return rp_options_request(rp, call, &c, out);
}

struct proof {
	struct rp_asserted asserted;
	const struct rp_signed_in *who;
	struct rp_signed_in now;
	enum rp_answer said;
};

static enum store_rc
proof_audit(struct store_txn *t, const struct proof *p)
{
	const struct rp_asserted *a = &p->asserted;
	struct rp_audit d = { 0 };

	rp_audit_id(&d, "session", "ses_", p->now.session.id.b);
	rp_audit_id(&d, "passkey", "pk_", a->ref.b);
	rp_audit_number(&d, "counter", a->result.sign_count);
	rp_audit_number(&d, "flags", a->result.flags);
	rp_audit_client(&d, a->call);
	return rp_audit_append(t, a->call, &a->account.id, "proof", &d);
}

static enum store_rc
proof_write(struct store_txn *t, void *arg)
{
	struct proof *p = arg;
	const struct rp_asserted *a = &p->asserted;
	struct store_credential c;
	struct rp_event e = { .event = "proof",
		.passkey = c.name,
		.method = STORE_METHOD_PASSKEY };
	enum store_rc rc;

	if ((p->said = rp_token_still(t, a->call, p->who, &p->now)) != RP_OK ||
	    (p->said = rp_assertion_still(t, a, &c)) != RP_OK)
		return STORE_REFUSED;
	p->now.session.proved = a->call->now;
	p->now.session.last_seen = a->call->now;
	if ((rc = rp_assertion_keep(t, a, &c)) != STORE_OK ||
	    (rc = store_session_put(t, &p->now.session)) != STORE_OK ||
	    (rc = rp_history_append(t, a->rp, a->call, &a->account.id, &e)) !=
		STORE_OK)
		return rc;
	rc = rp_guard_relax(t, a->rp, a->call, &a->account.id);
	return rc != STORE_OK ? rc : proof_audit(t, p);
}

enum rp_answer
rp_proof_finish(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct slice ceremony,
    const struct wa_assertion *got, struct store_session *session)
{
	struct proof p = { .who = who };
	struct rp_ceremony c;
	enum rp_answer answer;

	if ((answer = rp_ceremony_open(rp, call, ceremony, RP_CEREMONY_OF_PROOF,
		 &who->account.id, &c)) != RP_OK)
		return answer;
	answer = rp_assertion_judge(rp, call, &c, got, &p.asserted);
	if (answer != RP_OK)
		return rp_assertion_write_off(&p.asserted, answer);
	answer = rp_update(rp, proof_write, &p, &p.said);
	if (answer == RP_OK)
		*session = p.now.session;
	answer = rp_assertion_refused(&p.asserted, answer);
	return rp_assertion_write_off(&p.asserted, answer);
}
