/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/passkeys.h"

#include "rp/accounts.h"
#include "rp/audit.h"
#include "rp/decoys.h"
#include "rp/enrolment.h"
#include "rp/history.h"
#include "rp/options.h"
#include "rp/sessions.h"
#include "rp/tell.h"
#include "rp/token.h"
#include "store/changes.h"
#include "store/spent.h"

enum rp_answer
rp_passkeys_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct store_credential *out, size_t *n)
{
	struct store_txn *t = NULL;
	enum store_rc rc;

	(void)call;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_credentials_of(t, &who->account.id, out, n);
	store_read_end(t);
	return rp_answer_of(rc, RP_SESSION_EXPIRED);
}

/* ---- add ---- */

enum rp_answer
rp_passkey_add_begin(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct rp_creation *out)
{
	struct rp_ceremony c;
	enum rp_answer answer;

	if ((answer = rp_session_fresh(rp, call, who)) != RP_OK ||
	    (answer = rp_count_account(rp, call, RP_LIMIT_OPTIONS_ACCOUNT,
		 &who->account.id)) != RP_OK ||
	    (answer = rp_options_passkeys(
		 rp, &who->account.id, &out->exclude)) != RP_OK)
		return answer;
	if (out->exclude.n == STORE_CREDENTIALS_MAX)
		return RP_PASSKEYS_FULL;
	if (!rp_ceremony_begin(rp, call, RP_CEREMONY_OF_PASSKEY, &c))
		return RP_FAULT;
	c.names = RP_NAMES_ACCOUNT;
	c.account = who->account.id;
	memcpy(c.user_handle, who->account.user_handle, sizeof(c.user_handle));
	memcpy(c.name, who->account.name, sizeof(c.name));
	memcpy(
	    c.display_name, who->account.display_name, sizeof(c.display_name));
	memcpy(c.locale, who->account.locale, sizeof(c.locale));
	return rp_options_creation(rp, call, &c, out);
}

struct add {
	struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who;
	const struct rp_ceremony *ceremony;
	struct store_credential credential;
	size_t told; /* phones */
	enum rp_answer said;
};

static enum store_rc
add_write(struct store_txn *t, void *arg)
{
	struct add *x = arg;
	const struct rp_ceremony *c = x->ceremony;
	const struct rp_event e = { .event = "passkey-added",
		.passkey = x->credential.name,
		.notice = true };
	struct rp_signed_in now;
	enum store_rc rc;
	size_t had;

	if ((x->said = rp_token_still(t, x->call, x->who, &now)) != RP_OK ||
	    (x->said = rp_enrolment_free(t, c, &x->credential, &had)) != RP_OK)
		return STORE_REFUSED;
	if ((rc = store_spend(t, c->challenge, c->expires)) != STORE_OK ||
	    (rc = store_credential_add(t, &x->credential)) != STORE_OK ||
	    (rc = rp_history_append(t, x->rp, x->call, &c->account, &e)) !=
		STORE_OK ||
	    (rc = rp_tell_phones(t, x->call, &c->account, &x->told)) !=
		STORE_OK)
		return rc;
	return rp_enrolment_audit(t, x->call, &x->credential, "owner");
}

enum rp_answer
rp_passkey_add_finish(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct slice ceremony,
    const struct rp_new_passkey *got, struct store_credential *added)
{
	struct rp_ceremony c;
	struct add x = { .rp = rp, .call = call, .who = who, .ceremony = &c };
	struct rp_call then = *call;
	enum rp_answer answer;

	answer = rp_ceremony_open(
	    rp, call, ceremony, RP_CEREMONY_OF_PASSKEY, &who->account.id, &c);
	if (answer != RP_OK)
		return answer;
	/*
	 * Fresh when it began is fresh enough, whichever session it began in:
	 * somebody may look for a security key for as long as there is time.
	 */
	then.now = c.begun;
	if (rp_session_fresh(rp, call, who) != RP_OK &&
	    rp_session_fresh(rp, &then, who) != RP_OK)
		return RP_PROOF_NEEDED;
	if ((answer = rp_enrolment_judge(rp, call, &c, got, &x.credential)) !=
	    RP_OK)
		return answer;
	x.credential.account = c.account;
	answer = rp_update(rp, add_write, &x, &x.said);
	if (answer == RP_OK) {
		*added = x.credential;
		call->phones_told = x.told;
		store_signal(rp->store);
	}
	return answer;
}

bool
rp_passkey_orphaned(struct rp *rp, struct slice credential_id)
{
	struct store_txn *t = NULL;
	struct store_credential c;
	enum store_rc rc;

	if (rp_decoys_own(rp, credential_id) ||
	    store_read_begin(rp->store, &t) != STORE_OK)
		return false;
	rc = store_credential_find(t, credential_id, &c);
	store_read_end(t);
	return rc == STORE_ABSENT;
}

/* ---- rename ---- */

struct rename {
	struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who;
	const struct credential_ref *ref;
	char name[STORE_PASSKEY_NAME_MAX + 1];
	struct store_credential credential;
	enum rp_answer said;
};

static enum store_rc
rename_write(struct store_txn *t, void *arg)
{
	struct rename *x = arg;
	const struct account_id *account = &x->who->account.id;
	const struct rp_event e = { .event = "passkey-renamed",
		.passkey = x->name };
	struct rp_signed_in now;
	struct rp_audit d = { 0 };
	enum store_rc rc;

	if ((x->said = rp_token_still(t, x->call, x->who, &now)) != RP_OK)
		return STORE_REFUSED;
	rc = store_credential_get(t, account, x->ref, &x->credential);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? rp_refuse(&x->said, RP_NOT_FOUND)
					  : rc;
	rp_audit_id(&d, "passkey", "pk_", x->ref->b);
	rp_audit_text(&d, "name", x->name);
	rp_audit_client(&d, x->call);
	memcpy(x->credential.name, x->name, sizeof(x->name));
	if ((rc = store_credential_put(t, &x->credential)) != STORE_OK ||
	    (rc = rp_history_append(t, x->rp, x->call, account, &e)) !=
		STORE_OK)
		return rc;
	return rp_audit_append(t, x->call, account, e.event, &d);
}

enum rp_answer
rp_passkey_rename(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct credential_ref *ref,
    const char *name, struct store_credential *renamed)
{
	struct rename x = { .rp = rp, .call = call, .who = who, .ref = ref };
	enum rp_answer answer;

	if ((answer = rp_session_fresh(rp, call, who)) != RP_OK ||
	    (answer = rp_label_prepare(
		 name, x.name, sizeof(x.name), &call->hint)) != RP_OK)
		return answer;
	answer = rp_update(rp, rename_write, &x, &x.said);
	if (answer == RP_OK)
		*renamed = x.credential;
	return answer;
}

/* ---- remove ---- */

struct removal {
	struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who;
	const struct credential_ref *ref;
	struct store_credential list[STORE_CREDENTIALS_MAX];
	size_t n, at;
	size_t ended;
	size_t told; /* phones */
	enum rp_answer said;
};

static enum rp_answer
removal_look(struct store_txn *t, struct removal *x)
{
	const struct account_id *account = &x->who->account.id;
	struct rp_signed_in now;
	enum rp_answer answer;

	if ((answer = rp_token_still(t, x->call, x->who, &now)) != RP_OK)
		return answer;
	if (store_credentials_of(t, account, x->list, &x->n) != STORE_OK)
		return RP_FAULT;
	for (x->at = 0; x->at < x->n; x->at++) {
		const struct store_credential *c = &x->list[x->at];
		struct credential_ref ref =
		    store_credential_ref((struct slice){ c->id, c->id_n });

		if (memcmp(ref.b, x->ref->b, sizeof(ref.b)) == 0)
			return x->n > 1 ? RP_OK : RP_LAST_PASSKEY;
	}
	return RP_NOT_FOUND;
}

/* The sessions that the passkey opened go with it, but for the asker's. */
static enum store_rc
removal_sessions(struct store_txn *t, struct removal *x)
{
	const struct session_id *own = &x->who->session.id;
	struct store_session list[STORE_SESSIONS_MAX];
	enum store_rc rc;
	size_t n = 0;

	rc = store_sessions_of(t, &x->who->account.id, x->call->now, list, &n);
	x->ended = 0;
	for (size_t i = 0; rc == STORE_OK && i < n; i++) {
		if (memcmp(list[i].credential.b, x->ref->b,
			sizeof(x->ref->b)) != 0 ||
		    memcmp(list[i].id.b, own->b, sizeof(own->b)) == 0)
			continue;
		rc = store_session_remove(t, &list[i].id);
		x->ended++;
	}
	return rc;
}

static enum store_rc
removal_write(struct store_txn *t, void *arg)
{
	struct removal *x = arg;
	const struct account_id *account = &x->who->account.id;
	struct rp_event e = { .event = "passkey-removed", .notice = true };
	struct rp_audit d = { 0 };
	enum store_rc rc;

	if ((x->said = removal_look(t, x)) != RP_OK)
		return STORE_REFUSED;
	if ((rc = store_credential_remove(t, account, x->ref)) != STORE_OK ||
	    (rc = removal_sessions(t, x)) != STORE_OK ||
	    (rc = rp_tell_phones(t, x->call, account, &x->told)) != STORE_OK)
		return rc;
	e.passkey = x->list[x->at].name;
	rp_audit_id(&d, "passkey", "pk_", x->ref->b);
	rp_audit_number(&d, "sessions", x->ended);
	rp_audit_client(&d, x->call);
	rc = rp_history_append(t, x->rp, x->call, account, &e);
	return rc != STORE_OK
		   ? rc
		   : rp_audit_append(t, x->call, account, e.event, &d);
}

enum rp_answer
rp_passkey_remove(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct credential_ref *ref,
    size_t *sessions_ended)
{
	struct removal x;
	enum rp_answer answer;

	if ((answer = rp_session_fresh(rp, call, who)) != RP_OK)
		return answer;
	x.rp = rp;
	x.call = call;
	x.who = who;
	x.ref = ref;
	answer = rp_update(rp, removal_write, &x, &x.said);
	if (answer == RP_OK) {
		*sessions_ended = x.ended;
		call->phones_told = x.told;
		store_signal(rp->store);
	}
	return answer;
}
