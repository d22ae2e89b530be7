/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/accounts.h"

#include "rp/approving.h"
#include "rp/audit.h"
#include "rp/history.h"
#include "rp/ids.h"
#include "rp/invitations.h"
#include "rp/secret.h"
#include "store/changes.h"

/* One thing that an administrator does to one account. */
struct act {
	struct rp *rp;
	const struct rp_call *call;
	struct account_id id;
	const struct session_id *session;
	size_t n, invitations; /* how many ended */
	enum rp_answer said;
};

/* What its owner reads of it, and what the log keeps. */
static enum store_rc
act_note(
    struct store_txn *t, const struct act *x, const char *event, bool notice)
{
	const struct rp_event e = { .event = event, .notice = notice };
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_text(&d, "by", "admin");
	if (x->session != NULL)
		rp_audit_id(&d, "session", "ses_", x->session->b);
	rp_audit_number(&d, "sessions", x->n);
	if (x->invitations > 0)
		rp_audit_number(&d, "invitations", x->invitations);
	rc = rp_history_append(t, x->rp, x->call, &x->id, &e);
	return rc != STORE_OK ? rc
			      : rp_audit_append(t, x->call, &x->id, event, &d);
}

/* ---- accounts and invitations ---- */

struct addition {
	const struct rp_call *call;
	struct store_account account; /* name_key set: to be added */
	struct store_invitation invitation;
	enum rp_answer said;
};

static enum store_rc
invitation_add(struct store_txn *t, const struct addition *x)
{
	const struct store_invitation *i = &x->invitation;
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_text(&d, "by", "admin");
	rp_audit_id(&d, "invitation", "inv_", i->token_hash);
	rp_audit_text(&d, "name", i->name);
	rp_audit_number(&d, "expires", (uint64_t)i->expires);
	if ((rc = store_invitation_add(t, i)) != STORE_OK)
		return rc;
	return rp_audit_append(t, x->call, i->for_account ? &i->account : NULL,
	    "invitation-made", &d);
}

static enum store_rc
account_add(struct store_txn *t, void *arg)
{
	struct addition *x = arg;
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_text(&d, "by", "admin");
	rp_audit_text(&d, "name", x->account.name_key);
	rc = store_account_add(t, &x->account);
	if (rc != STORE_OK)
		return rc == STORE_TAKEN ? rp_refuse(&x->said, RP_NAME_TAKEN)
					 : rc;
	rc = rp_audit_append(t, x->call, &x->account.id, "account-created", &d);
	return rc != STORE_OK ? rc : invitation_add(t, x);
}

static enum rp_answer
account_make(struct rp_call *call, const char *name, const char *display_name,
    struct store_account *a)
{
	enum rp_answer answer;

	*a = (struct store_account){
		.state = STORE_ACCOUNT_ACTIVE,
		.created = call->now,
		.changed = call->now,
	};
	if (display_name == NULL)
		display_name = name;
	if ((answer = rp_name_prepare(name, a->name_key, &call->hint)) !=
		RP_OK ||
	    (answer = rp_label_prepare(display_name, a->display_name,
		 sizeof(a->display_name), &call->hint)) != RP_OK)
		return answer;
	memcpy(a->name, name, strlen(name) + 1);
	return rp_id_make(call->now, a->id.b) &&
		       rp_secret_random(a->user_handle, sizeof(a->user_handle))
		   ? RP_OK
		   : RP_FAULT;
}

enum rp_answer
rp_admin_account_add(struct rp *rp, struct rp_call *call, const char *name,
    const char *display_name, struct store_account *added,
    struct rp_invitation_text *invitation)
{
	struct addition x = { .call = call };
	struct rp_invitation_text text;
	enum rp_answer answer;

	answer = account_make(call, name, display_name, &x.account);
	if (answer != RP_OK)
		return answer;
	if (!rp_invitation_make(rp, call, &x.invitation, &text))
		return RP_FAULT;
	x.invitation.for_account = true;
	x.invitation.account = x.account.id;
	answer = rp_update(rp, account_add, &x, &x.said);
	if (answer == RP_OK) {
		*added = x.account;
		*invitation = text;
	}
	return answer;
}

static enum store_rc
invite(struct store_txn *t, void *arg)
{
	struct addition *x = arg;
	struct store_invitation *i = &x->invitation;
	enum store_rc rc = STORE_ABSENT;

	i->for_account = false;
	if (x->account.name_key[0] != '\0')
		rc = store_account_by_name(t, x->account.name_key, &i->account);
	i->for_account = rc == STORE_OK;
	return rc != STORE_OK && rc != STORE_ABSENT ? rc : invitation_add(t, x);
}

enum rp_answer
rp_admin_invite(struct rp *rp, struct rp_call *call, const char *name,
    struct rp_invitation_text *invitation, store_time *expires)
{
	struct addition x = { .call = call };
	struct rp_invitation_text text;
	enum rp_answer answer;

	if (!rp_invitation_make(rp, call, &x.invitation, &text))
		return RP_FAULT;
	if (name != NULL) {
		answer = rp_name_prepare(name, x.account.name_key, &call->hint);
		if (answer != RP_OK)
			return answer;
		memcpy(x.invitation.name, name, strlen(name) + 1);
	}
	answer = rp_update(rp, invite, &x, &x.said);
	if (answer == RP_OK) {
		*invitation = text;
		*expires = x.invitation.expires;
	}
	return answer;
}

static enum store_rc
find(struct store_txn *t, const char *name_or_id, const char *name_key,
    struct store_account *found)
{
	struct account_id id;
	enum store_rc rc;

	if (rp_id_read("acc_", name_or_id, id.b) &&
	    (rc = store_account_get(t, &id, found)) != STORE_ABSENT)
		return rc;
	/* An id may also be somebody's name. */
	rc = store_account_by_name(t, name_key, &id);
	return rc != STORE_OK ? rc : store_account_get(t, &id, found);
}

enum rp_answer
rp_admin_account_find(struct rp *rp, struct rp_call *call,
    const char *name_or_id, struct store_account *found)
{
	char name_key[STORE_NAME_MAX + 1];
	struct store_txn *t = NULL;
	enum rp_answer answer;
	enum store_rc rc;

	answer = rp_name_prepare(name_or_id, name_key, &call->hint);
	if (answer != RP_OK)
		return answer == RP_NAME_MALFORMED ? RP_NOT_FOUND : answer;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = find(t, name_or_id, name_key, found);
	store_read_end(t);
	return rp_answer_of(rc, RP_NOT_FOUND);
}

/* ---- locks ---- */

/* STORE_OK and *a when its state has to change; says RP_OK when it is so. */
static enum store_rc
state_look(struct store_txn *t, struct act *x, enum store_account_state state,
    struct store_account *a)
{
	enum store_rc rc = store_account_get(t, &x->id, a);

	x->n = 0;
	if (rc == STORE_ABSENT)
		return rp_refuse(&x->said, RP_NOT_FOUND);
	if (rc == STORE_OK && a->state == state)
		return rp_refuse(&x->said, RP_OK);
	a->state = state;
	a->changed = x->call->now;
	return rc;
}

static enum store_rc
lock(struct store_txn *t, void *arg)
{
	struct act *x = arg;
	struct store_account a;
	enum store_rc rc;

	if ((rc = state_look(t, x, STORE_ACCOUNT_LOCKED, &a)) != STORE_OK ||
	    (rc = store_account_put(t, &a)) != STORE_OK ||
	    (rc = store_sessions_end(t, &x->id, NULL, &x->n)) != STORE_OK ||
	    (rc = store_invitations_end(t, &x->id, &x->invitations)) !=
		STORE_OK ||
	    (rc = rp_approval_lock(t, x->rp, x->call, &x->id)) != STORE_OK)
		return rc;
	return act_note(t, x, "account-locked", true);
}

static enum store_rc
unlock(struct store_txn *t, void *arg)
{
	struct act *x = arg;
	struct store_account a;
	enum store_rc rc;

	if ((rc = state_look(t, x, STORE_ACCOUNT_ACTIVE, &a)) != STORE_OK ||
	    (rc = store_account_put(t, &a)) != STORE_OK)
		return rc;
	return act_note(t, x, "account-unlocked", true);
}

enum rp_answer
rp_admin_account_lock(
    struct rp *rp, struct rp_call *call, const struct account_id *id, size_t *n)
{
	struct act x = { .rp = rp, .call = call, .id = *id };
	enum rp_answer answer = rp_update(rp, lock, &x, &x.said);

	if (answer == RP_OK) {
		*n = x.n;
		store_signal(rp->store);
	}
	return answer;
}

enum rp_answer
rp_admin_account_unlock(
    struct rp *rp, struct rp_call *call, const struct account_id *id)
{
	struct act x = { .rp = rp, .call = call, .id = *id };

	return rp_update(rp, unlock, &x, &x.said);
}

/* ---- removal ---- */

static enum store_rc
account_remove(struct store_txn *t, void *arg)
{
	struct act *x = arg;
	struct rp_audit d = { 0 };
	enum store_rc rc = store_account_remove(t, &x->id);

	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? rp_refuse(&x->said, RP_NOT_FOUND)
					  : rc;
	rp_audit_text(&d, "by", "admin");
	return rp_audit_append(t, x->call, &x->id, "account-removed", &d);
}

enum rp_answer
rp_admin_account_remove(
    struct rp *rp, struct rp_call *call, const struct account_id *id)
{
	struct act x = { .rp = rp, .call = call, .id = *id };

	return rp_update(rp, account_remove, &x, &x.said);
}

/* ---- sessions ---- */

static enum store_rc
session_one(struct store_txn *t, struct act *x)
{
	struct store_session s;
	enum store_rc rc = store_session_get(t, x->session, &s);

	if (rc == STORE_ABSENT ||
	    (rc == STORE_OK &&
		memcmp(s.account.b, x->id.b, sizeof(x->id.b)) != 0))
		return rp_refuse(&x->said, RP_NOT_FOUND);
	x->n = 1;
	return rc != STORE_OK ? rc : store_session_remove(t, x->session);
}

/* Nobody was signed in; its owner has nothing to read. */
static enum store_rc
links_note(struct store_txn *t, const struct act *x)
{
	struct rp_audit d = { 0 };

	rp_audit_text(&d, "by", "admin");
	rp_audit_number(&d, "invitations", x->invitations);
	return rp_audit_append(t, x->call, &x->id, "invitation-revoked", &d);
}

/* Everywhere, and whoever has a link to it comes in no more. */
static enum store_rc
session_all(struct store_txn *t, struct act *x)
{
	enum store_rc rc;

	if ((rc = store_sessions_end(t, &x->id, NULL, &x->n)) != STORE_OK ||
	    (rc = rp_approval_void(t, x->rp, x->call, &x->id)) != STORE_OK)
		return rc;
	return store_invitations_end(t, &x->id, &x->invitations);
}

static enum store_rc
session_revoke(struct store_txn *t, void *arg)
{
	struct act *x = arg;
	struct store_account a;
	enum store_rc rc = store_account_get(t, &x->id, &a);

	x->n = x->invitations = 0;
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? rp_refuse(&x->said, RP_NOT_FOUND)
					  : rc;
	rc = x->session != NULL ? session_one(t, x) : session_all(t, x);
	if (rc != STORE_OK || (x->n == 0 && x->invitations == 0))
		return rc;
	if (x->n == 0)
		return links_note(t, x);
	return act_note(t, x, "session-ended", false);
}

enum rp_answer
rp_admin_session_revoke(struct rp *rp, struct rp_call *call,
    const struct account_id *id, const struct session_id *session, size_t *n)
{
	struct act x = {
		.rp = rp, .call = call, .id = *id, .session = session
	};
	enum rp_answer answer = rp_update(rp, session_revoke, &x, &x.said);

	if (answer == RP_OK)
		*n = x.n;
	return answer;
}
