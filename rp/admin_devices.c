/* SPDX-License-Identifier: Apache-2.0 */
/* What an administrator takes from an account when a device is lost. */
#include "rp/accounts.h"
#include "rp/approving.h"
#include "rp/audit.h"
#include "rp/history.h"
#include "rp/ids.h"
#include "rp/tell.h"
#include "store/changes.h"

struct removal {
	struct rp *rp;
	const struct rp_call *call;
	const struct account_id *account;
	const struct credential_ref *ref; /* a passkey */
	const struct phone_id *phone; /* or a phone */
	bool last; /* may be the last one */
	size_t ended; /* sessions */
	enum rp_answer said;
};

/* Its owner did not do it, and is told wherever they are. */
static enum store_rc
note(struct store_txn *t, const struct removal *x, const struct rp_event *e,
    const struct rp_audit *d)
{
	enum store_rc rc;

	if ((rc = rp_history_append(t, x->rp, x->call, x->account, e)) !=
		STORE_OK ||
	    (rc = rp_tell_notice(t, x->call, x->account, NULL)) != STORE_OK)
		return rc;
	return rp_audit_append(t, x->call, x->account, e->event, d);
}

static enum rp_answer
run(struct rp *rp, store_fn *fn, struct removal *x)
{
	enum rp_answer answer = rp_update(rp, fn, x, &x->said);

	if (answer == RP_OK)
		store_signal(rp->store);
	return answer;
}

/* ---- passkeys ---- */

static enum rp_answer
passkey_look(
    struct store_txn *t, const struct removal *x, char name[], size_t size)
{
	struct store_credential list[STORE_CREDENTIALS_MAX];
	size_t n = 0;

	if (store_credentials_of(t, x->account, list, &n) != STORE_OK)
		return RP_FAULT;
	for (size_t i = 0; i < n; i++) {
		struct credential_ref ref = store_credential_ref(
		    (struct slice){ list[i].id, list[i].id_n });

		if (memcmp(ref.b, x->ref->b, sizeof(ref.b)) != 0)
			continue;
		(void)snprintf(name, size, "%s", list[i].name);
		return n > 1 || x->last ? RP_OK : RP_LAST_PASSKEY;
	}
	return RP_NOT_FOUND;
}

static enum store_rc
passkey_sessions(struct store_txn *t, struct removal *x)
{
	struct store_session list[STORE_SESSIONS_MAX];
	enum store_rc rc;
	size_t n = 0;

	x->ended = 0;
	rc = store_sessions_of(t, x->account, x->call->now, list, &n);
	for (size_t i = 0; rc == STORE_OK && i < n; i++) {
		if (memcmp(list[i].credential.b, x->ref->b,
			sizeof(x->ref->b)) != 0)
			continue;
		rc = store_session_remove(t, &list[i].id);
		x->ended++;
	}
	return rc;
}

static enum store_rc
passkey_remove(struct store_txn *t, void *arg)
{
	struct removal *x = arg;
	char name[STORE_PASSKEY_NAME_MAX + 1];
	const struct rp_event e = {
		.event = "passkey-removed", .passkey = name, .notice = true
	};
	struct rp_audit d = { 0 };
	enum store_rc rc;

	if ((x->said = passkey_look(t, x, name, sizeof(name))) != RP_OK)
		return STORE_REFUSED;
	if ((rc = store_credential_remove(t, x->account, x->ref)) != STORE_OK ||
	    (rc = passkey_sessions(t, x)) != STORE_OK)
		return rc;
	rp_audit_text(&d, "by", "admin");
	rp_audit_id(&d, "passkey", "pk_", x->ref->b);
	rp_audit_number(&d, "sessions", x->ended);
	return note(t, x, &e, &d);
}

enum rp_answer
rp_admin_passkey_remove(struct rp *rp, struct rp_call *call,
    const struct account_id *id, const struct credential_ref *ref, bool last,
    size_t *n)
{
	struct removal x = {
		.rp = rp, .call = call, .account = id, .ref = ref, .last = last
	};
	enum rp_answer answer = run(rp, passkey_remove, &x);

	if (answer == RP_OK)
		*n = x.ended;
	return answer;
}

/* ---- phones ---- */

static enum store_rc
phone_remove(struct store_txn *t, void *arg)
{
	struct removal *x = arg;
	const struct rp_event e = { .event = "phone-removed", .notice = true };
	struct store_phone p;
	struct rp_audit d = { 0 };
	enum store_rc rc = store_phone_get(t, x->phone, &p);

	if (rc == STORE_ABSENT ||
	    (rc == STORE_OK &&
		memcmp(&p.account, x->account, sizeof(p.account)) != 0))
		return rp_refuse(&x->said, RP_NOT_FOUND);
	if (rc != STORE_OK ||
	    (rc = store_phone_remove(t, x->phone)) != STORE_OK ||
	    (rc = rp_approval_void(t, x->rp, x->call, x->account)) != STORE_OK)
		return rc;
	rp_audit_text(&d, "by", "admin");
	rp_audit_id(&d, "phone", "phn_", x->phone->b);
	rp_audit_text(&d, "name", p.name);
	return note(t, x, &e, &d);
}

enum rp_answer
rp_admin_phone_remove(struct rp *rp, struct rp_call *call,
    const struct account_id *id, const struct phone_id *phone)
{
	struct removal x = {
		.rp = rp, .call = call, .account = id, .phone = phone
	};

	return run(rp, phone_remove, &x);
}
