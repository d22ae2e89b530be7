/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/always.h"

#include "rp/approvals.h"
#include "rp/audit.h"
#include "rp/guard.h"
#include "rp/history.h"
#include "rp/sessions.h"
#include "rp/token.h"

enum rp_answer
rp_always_passkey(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, bool *on)
{
	struct store_txn *t = NULL;
	struct store_guard g;
	enum store_rc rc;

	(void)call;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_guard_get(t, &who->account.id, &g);
	store_read_end(t);
	if (rc == STORE_OK)
		*on = !g.passkey_optional;
	return rp_answer_of(rc, RP_FAULT);
}

bool
rp_session_full(const struct rp_signed_in *who, bool always_passkey)
{
	return who->session.method != STORE_METHOD_CODE ||
	       who->session.proved != 0 || !always_passkey;
}

enum rp_answer
rp_token_full(struct store_txn *t, const struct rp_call *call,
    const struct rp_signed_in *who, struct rp_signed_in *now)
{
	struct store_guard g;
	enum rp_answer answer;

	if ((answer = rp_token_still(t, call, who, now)) != RP_OK)
		return answer;
	if (store_guard_get(t, &now->account.id, &g) != STORE_OK)
		return RP_FAULT;
	return rp_session_full(now, !g.passkey_optional) ? RP_OK
							 : RP_PROOF_NEEDED;
}

enum store_rc
rp_always_write(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct rp_signed_in *now, bool on,
    enum rp_answer *said)
{
	const char *event = on ? "always-passkey-on" : "always-passkey-off";
	const struct rp_event e = { .event = event, .notice = !on };
	struct rp_audit d = { 0 };
	struct store_guard g;
	enum store_rc rc;

	if (!on && (*said = rp_session_fresh(rp, call, now)) != RP_OK)
		return STORE_REFUSED;
	if ((rc = store_guard_get(t, &now->account.id, &g)) != STORE_OK)
		return rc;
	if (g.passkey_optional == !on)
		return STORE_OK;
	g.passkey_optional = !on;
	rp_audit_id(&d, "session", "ses_", now->session.id.b);
	rp_audit_client(&d, call);
	if ((rc = rp_guard_keep(t, &g, call->now)) != STORE_OK ||
	    (rc = rp_history_append(t, rp, call, &now->account.id, &e)) !=
		STORE_OK)
		return rc;
	return rp_audit_append(t, call, &now->account.id, event, &d);
}

const char *
rp_method_acr(enum store_method m)
{
	switch (m) {
	case STORE_METHOD_PASSKEY:
		return "urn:itsumo:passkey";
	case STORE_METHOD_APPROVAL:
		return "urn:itsumo:xdevice";
	case STORE_METHOD_CODE:
		break;
	}
	return "urn:itsumo:code";
}

const char *const *
rp_method_amr(enum store_method m)
{
	/*
	 * RFC 8176: a key was proved, its holder verified; "mca" where that
	 * was done in another place than the session.
	 */
	static const char *const passkey[] = { "pop", "user", NULL };
	static const char *const approval[] = { "pop", "user", "mca", NULL };
	static const char *const code[] = { "otp", NULL };

	switch (m) {
	case STORE_METHOD_PASSKEY:
		return passkey;
	case STORE_METHOD_APPROVAL:
		return approval;
	case STORE_METHOD_CODE:
		break;
	}
	return code;
}
