/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/signup.h"

#include <stdio.h>

#include "rp/audit.h"
#include "rp/enrolment.h"
#include "rp/history.h"
#include "rp/invitations.h"
#include "rp/names.h"
#include "rp/options.h"
#include "rp/secret.h"
#include "rp/tell.h"
#include "rp/token.h"
#include "store/changes.h"
#include "store/spent.h"

/* ---- begin ---- */

/* Whom the ceremony is for, as far as the store has to be asked. */
struct whom {
	const struct rp_signup *wish;
	struct store_invitation invitation;
	bool invited;
	struct store_account account;
	bool existing; /* account is one that there is */
	char name_key[STORE_NAME_MAX + 1];
};

static enum rp_answer
whom_existing(struct store_txn *t, const struct account_id *id, struct whom *w)
{
	enum rp_answer answer = rp_answer_of(
	    store_account_get(t, id, &w->account), RP_INVITATION_UNKNOWN);

	if (answer != RP_OK)
		return answer;
	w->existing = true;
	return w->account.state == STORE_ACCOUNT_ACTIVE ? RP_OK
							: RP_ACCOUNT_LOCKED;
}

/* A new account's name: free, or conformance's to join. */
static enum rp_answer
whom_named(
    struct store_txn *t, struct rp *rp, struct rp_call *call, struct whom *w)
{
	const char *name = w->wish->name;
	struct account_id id;
	enum rp_answer answer;
	enum store_rc rc;

	if (name == NULL)
		name = w->invited ? w->invitation.name : "";
	answer = rp_name_prepare(name, w->name_key, &call->hint);
	if (answer != RP_OK)
		return answer;
	memcpy(w->account.name, name, strlen(name) + 1);
	if ((rc = store_account_by_name(t, w->name_key, &id)) != STORE_OK)
		return rp_answer_of(rc, RP_OK);
	return rp->config.conformance && w->wish->join
		   ? whom_existing(t, &id, w)
		   : RP_NAME_TAKEN;
}

static enum rp_answer
whom_find(struct store_txn *t, struct rp *rp, struct rp_call *call,
    const uint8_t hash[32], struct whom *w)
{
	const enum rp_sign_up mode = rp->config.sign_up;
	enum rp_answer answer;

	if (!w->invited)
		return mode == RP_SIGN_UP_MODE_OPEN ? whom_named(t, rp, call, w)
						    : RP_SIGN_UP_CLOSED;
	answer = rp_invitation_get(t, call, hash, &w->invitation);
	if (answer != RP_OK)
		return answer;
	if (w->invitation.for_account)
		return whom_existing(t, &w->invitation.account, w);
	return mode == RP_SIGN_UP_MODE_CLOSED ? RP_SIGN_UP_CLOSED
					      : whom_named(t, rp, call, w);
}

static enum rp_answer
whom_ask(
    struct rp *rp, struct rp_call *call, struct whom *w, const uint8_t hash[32])
{
	struct store_txn *t = NULL;
	enum rp_answer answer;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = whom_find(t, rp, call, hash, w);
	store_read_end(t);
	return answer;
}

/* Against whom it is counted that a name was taken. */
struct names_bucket {
	enum rp_limit kind;
	struct slice who;
};

/*
 * An invitation is not its network's: who has one is no stranger, and what
 * strangers there asked is not held against them.
 */
static struct names_bucket
names_bucket_of(const struct rp_call *call, const uint8_t invitation[32])
{
	if (invitation != NULL)
		return (struct names_bucket){ RP_LIMIT_NAME_TAKEN_INVITATION,
			{ invitation, 32 } };
	return (struct names_bucket){ RP_LIMIT_NAME_TAKEN_NETWORK,
		{ call->network, sizeof(call->network) } };
}

/* Whoever may not ask is told so before anything is found out. */
static enum rp_answer
may_begin(struct rp *rp, struct rp_call *call, const uint8_t invitation[32])
{
	const struct names_bucket names = names_bucket_of(call, invitation);
	enum rp_answer answer;

	if ((answer = rp_limit_of(rp, call, names.kind, names.who)) != RP_OK ||
	    (invitation == NULL && (answer = rp_limit_network(rp, call,
					RP_LIMIT_SIGN_UP_NETWORK)) != RP_OK))
		return answer;
	return rp_count_network(rp, call, RP_LIMIT_OPTIONS_NETWORK);
}

static enum rp_answer
counted(struct rp *rp, struct rp_call *call, const uint8_t invitation[32],
    enum rp_answer answer)
{
	const struct names_bucket names = names_bucket_of(call, invitation);

	if (answer == RP_NAME_TAKEN)
		(void)rp_count_of(rp, call, names.kind, names.who);
	if (answer == RP_INVITATION_UNKNOWN)
		return rp_invitation_unknown(rp, call);
	return answer;
}

static enum rp_answer
fill_new(struct rp_call *call, const struct whom *w, struct rp_ceremony *c)
{
	const char *shown = w->wish->display_name;

	memcpy(c->name, w->account.name, sizeof(c->name));
	if (!rp_secret_random(c->user_handle, sizeof(c->user_handle)))
		return RP_FAULT;
	return rp_display_name_prepare(
	    shown != NULL ? shown : c->name, c->display_name, &call->hint);
}

static void
fill_existing(const struct whom *w, struct rp_ceremony *c)
{
	c->names = RP_NAMES_ACCOUNT;
	c->account = w->account.id;
	memcpy(c->user_handle, w->account.user_handle, sizeof(c->user_handle));
	memcpy(c->name, w->account.name, sizeof(c->name));
	memcpy(
	    c->display_name, w->account.display_name, sizeof(c->display_name));
}

static enum rp_answer
fill(struct rp *rp, struct rp_call *call, const struct whom *w,
    struct rp_ceremony *c)
{
	const struct rp_signup *s = w->wish;

	c->invited = w->invited;
	if (rp->config.conformance)
		c->wishes = s->wishes;
	if (s->locale != NULL && rp_locale_valid(s->locale))
		memcpy(c->locale, s->locale, strlen(s->locale) + 1);
	if (!w->existing)
		return fill_new(call, w, c);
	fill_existing(w, c);
	return RP_OK;
}

/* Its passkeys, so that none is made twice on one device. */
static enum rp_answer
exclude(struct rp *rp, const struct whom *w, struct rp_descriptors *out)
{
	enum rp_answer answer;

	out->n = 0;
	if (!w->existing)
		return RP_OK;
	answer = rp_options_passkeys(rp, &w->account.id, out);
	if (answer == RP_OK && out->n == STORE_CREDENTIALS_MAX)
		return RP_PASSKEYS_FULL;
	return answer;
}

enum rp_answer
rp_signup_begin(struct rp *rp, struct rp_call *call, const struct rp_signup *s,
    struct rp_creation *out)
{
	struct whom w = { .wish = s, .invited = s->invitation != NULL };
	struct rp_ceremony c;
	const uint8_t *hash = w.invited ? c.invitation : NULL;
	enum rp_answer answer;

	if (!rp_ceremony_begin(rp, call, RP_CEREMONY_OF_SIGN_UP, &c))
		return RP_FAULT;
	if (w.invited && !rp_invitation_hash(s->invitation, c.invitation))
		return rp_invitation_unknown(rp, call);
	if ((answer = may_begin(rp, call, hash)) != RP_OK)
		return answer;
	if ((answer = whom_ask(rp, call, &w, hash)) != RP_OK)
		return counted(rp, call, hash, answer);
	if ((answer = fill(rp, call, &w, &c)) != RP_OK ||
	    (answer = exclude(rp, &w, &out->exclude)) != RP_OK)
		return answer;
	return rp_options_creation(rp, call, &c, out);
}

/* ---- finish ---- */

struct signup {
	struct rp *rp;
	struct rp_call *call;
	const struct rp_ceremony *ceremony;
	const struct session_id *old; /* that the browser had, or NULL */
	struct store_account account;
	struct store_credential credential;
	struct store_session session;
	size_t passkeys; /* the account had before */
	enum rp_answer said;
};

static bool
is_new(const struct signup *x)
{
	return x->ceremony->names != RP_NAMES_ACCOUNT;
}

static enum rp_answer
account_still(struct store_txn *t, struct signup *x)
{
	struct account_id id;
	enum store_rc rc;

	if (is_new(x)) {
		rc = store_account_by_name(t, x->account.name_key, &id);
		return rc == STORE_OK ? RP_NAME_TAKEN : rp_answer_of(rc, RP_OK);
	}
	rc = store_account_get(t, &x->ceremony->account, &x->account);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_INVITATION_UNKNOWN);
	return x->account.state == STORE_ACCOUNT_ACTIVE ? RP_OK
							: RP_ACCOUNT_LOCKED;
}

static enum rp_answer
signup_still(struct store_txn *t, struct signup *x)
{
	const struct rp_ceremony *c = x->ceremony;
	struct store_invitation i;
	enum rp_answer answer;

	/* First, or a replay would be told that its invitation is used. */
	if ((answer = rp_enrolment_free(t, c, &x->credential, &x->passkeys)) !=
	    RP_OK)
		return answer;
	if (c->invited && (answer = rp_invitation_get(
			       t, x->call, c->invitation, &i)) != RP_OK)
		return answer;
	return account_still(t, x);
}

static enum store_rc
signup_note(struct store_txn *t, const struct signup *x)
{
	const char *by = x->ceremony->invited ? "invitation" : "sign-up";
	const struct rp_event e = {
		.event = is_new(x) ? "account-created" : "passkey-added",
		.passkey = x->credential.name,
		.method = STORE_METHOD_PASSKEY,
		/* Nobody who was signed in did that. */
		.notice = !is_new(x) && x->passkeys > 0,
	};
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_text(&d, "name", x->account.name_key);
	rp_audit_text(&d, "by", by);
	rp_audit_id(&d, "session", "ses_", x->session.id.b);
	rp_audit_client(&d, x->call);
	if ((rc = rp_history_append(t, x->rp, x->call, &x->account.id, &e)) !=
		STORE_OK ||
	    (is_new(x) && (rc = rp_audit_append(t, x->call, &x->account.id,
			       e.event, &d)) != STORE_OK) ||
	    (e.notice && (rc = rp_tell_notice(
			      t, x->call, &x->account.id, NULL)) != STORE_OK))
		return rc;
	return rp_enrolment_audit(t, x->call, &x->credential, by);
}

static enum store_rc
signup_write(struct store_txn *t, void *arg)
{
	struct signup *x = arg;
	const struct rp_ceremony *c = x->ceremony;
	enum store_rc rc;
	size_t others;

	if ((x->said = signup_still(t, x)) != RP_OK)
		return STORE_REFUSED;
	if ((rc = store_spend(t, c->challenge, c->expires)) != STORE_OK ||
	    (c->invited &&
		(rc = store_invitation_remove(t, c->invitation)) != STORE_OK) ||
	    /* Others to the same account were for the same visit. */
	    (c->invited && !is_new(x) &&
		(rc = store_invitations_end(t, &x->account.id, &others)) !=
		    STORE_OK) ||
	    (is_new(x) &&
		(rc = store_account_add(t, &x->account)) != STORE_OK) ||
	    (rc = store_credential_add(t, &x->credential)) != STORE_OK ||
	    (rc = rp_token_replace(t, x->rp, x->call, x->old, &x->session)) !=
		STORE_OK ||
	    (rc = store_session_add(t, &x->session)) != STORE_OK)
		return rc;
	return signup_note(t, x);
}

/* The account to be; an existing one is read in the update. */
static enum rp_answer
account_make(
    struct rp_call *call, const struct rp_ceremony *c, struct store_account *a)
{
	if (c->names == RP_NAMES_ACCOUNT) {
		a->id = c->account;
		return RP_OK;
	}
	a->state = STORE_ACCOUNT_ACTIVE;
	a->created = a->changed = call->now;
	memcpy(a->user_handle, c->user_handle, sizeof(a->user_handle));
	memcpy(a->name, c->name, sizeof(a->name));
	memcpy(a->display_name, c->display_name, sizeof(a->display_name));
	memcpy(a->locale, c->locale, sizeof(a->locale));
	if (!rp_id_make(call->now, a->id.b))
		return RP_FAULT;
	return rp_name_prepare(c->name, a->name_key, &call->hint);
}

static enum rp_answer
signup_prepare(
    struct signup *x, const struct rp_new_passkey *got, struct rp_token *token)
{
	const struct rp_ceremony *c = x->ceremony;
	enum rp_answer answer;

	if (is_new(x) && !c->invited &&
	    x->rp->config.sign_up != RP_SIGN_UP_MODE_OPEN)
		return RP_SIGN_UP_CLOSED;
	if ((answer = rp_enrolment_judge(
		 x->rp, x->call, c, got, &x->credential)) != RP_OK ||
	    (answer = account_make(x->call, c, &x->account)) != RP_OK)
		return answer;
	x->credential.account = x->account.id;
	/* Now, and not after: many may have begun while one more was left. */
	if (is_new(x) && !c->invited &&
	    (answer = rp_count_network(
		 x->rp, x->call, RP_LIMIT_SIGN_UP_NETWORK)) != RP_OK)
		return answer;
	return rp_token_make(x->rp, x->call, &x->account.id,
		   &x->call->credential, &x->session, token)
		   ? RP_OK
		   : RP_FAULT;
}

enum rp_answer
rp_signup_finish(struct rp *rp, struct rp_call *call, struct slice ceremony,
    const struct rp_new_passkey *got, const struct session_id *old,
    struct rp_signed_in *in, struct rp_token *token,
    struct store_credential *passkey)
{
	struct rp_ceremony c;
	struct signup x = {
		.rp = rp, .call = call, .ceremony = &c, .old = old
	};
	struct rp_token fresh = { { 0 } };
	enum rp_answer answer;

	answer = rp_ceremony_open(
	    rp, call, ceremony, RP_CEREMONY_OF_SIGN_UP, NULL, &c);
	if (answer != RP_OK)
		return answer;
	answer = signup_prepare(&x, got, &fresh);
	if (answer == RP_OK)
		answer = counted(rp, call, c.invited ? c.invitation : NULL,
		    rp_update(rp, signup_write, &x, &x.said));
	if (answer == RP_OK) {
		if (x.passkeys > 0)
			store_signal(rp->store);
		call->account_known = true;
		call->account = x.account.id;
		in->account = x.account;
		in->session = x.session;
		*token = fresh;
		*passkey = x.credential;
	}
	rp_secret_wipe(&fresh, sizeof(fresh));
	return answer;
}
