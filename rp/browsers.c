/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/browsers.h"

#include "rp/accounts.h"
#include "rp/audit.h"
#include "rp/device.h"
#include "rp/history.h"
#include "rp/kept.h"
#include "rp/secret.h"
#include "rp/tell.h"
#include "rp/token.h"
#include "store/changes.h"

/* ---- keeping ---- */

struct keep {
	const struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who;
	bool had_one;
	struct rp_kept_secret had; /* with had_one */
	struct rp_kept_secret fresh; /* of a new browser */
	struct rp_kept_secret next; /* of the one it had */
	bool has_key;
	uint8_t thumbprint[32];
	char name[STORE_BROWSER_NAME_MAX + 1];
	enum rp_kept kept;
	bool again; /* it is the browser that it had a token of */
	bool rotated;
	bool unproved; /* no passkey was used in this browser */
	struct store_trust trust;
	enum rp_answer said;
};

static enum store_rc
keep_note(struct store_txn *t, const struct keep *x, const char *event)
{
	const struct account_id *account = &x->who->account.id;
	const struct rp_event e = { .event = event, .notice = x->unproved };
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_id(&d, "browser", "brw_", x->trust.browser.b);
	rp_audit_id(&d, "session", "ses_", x->who->session.id.b);
	rp_audit_text(&d, "name", x->trust.name);
	rp_audit_client(&d, x->call);
	if ((rc = rp_history_append(t, x->rp, x->call, account, &e)) !=
		STORE_OK ||
	    (rc = rp_audit_append(t, x->call, account, event, &d)) != STORE_OK)
		return rc;
	/* One approval that was talked out of its owner must not stay unseen.
	 */
	return x->unproved ? rp_tell_notice(t, x->call, account, NULL)
			   : STORE_OK;
}

/* A new browser; *b is what it is. */
static enum store_rc
browser_new(struct store_txn *t, const struct keep *x, struct store_browser *b)
{
	*b = (struct store_browser){ .id = x->fresh.id,
		.created = x->call->now,
		.rotated = x->call->now,
		.expires = x->call->now + x->rp->config.browser_idle_ms };
	memcpy(b->token_hash, x->fresh.hash, sizeof(b->token_hash));
	memcpy(b->key_thumbprint, x->thumbprint, sizeof(b->key_thumbprint));
	return store_browser_add(t, b);
}

/* The one it was already, with another token. */
static enum store_rc
browser_again(struct store_txn *t, struct keep *x, struct store_browser *b)
{
	return rp_kept_rotate(
	    t, x->rp, x->call, x->kept, &x->next, b, &x->rotated);
}

/*
 * A browser's key is the one that it was first kept with, or none: who has
 * its token alone, and an account of their own, must not put their key in its
 * place.  With another key it is another browser, which the account keeps
 * instead of the one before; what others keep stays as it was.
 */
static enum store_rc
browser_other(
    struct store_txn *t, struct keep *x, const struct store_browser *before)
{
	enum store_rc rc;

	rc = store_trust_remove(t, &x->who->account.id, &before->id);
	return rc == STORE_ABSENT ? STORE_OK : rc;
}

static enum store_rc
browser_of(struct store_txn *t, struct keep *x, struct store_browser *b)
{
	enum store_rc rc = STORE_OK;

	x->kept = RP_KEPT_NOT;
	x->rotated = x->again = false;
	if (x->had_one)
		rc = rp_kept_find(t, x->call, &x->had, &x->kept, b);
	if (rc != STORE_OK)
		return rc;
	if (x->kept == RP_KEPT_NOW || x->kept == RP_KEPT_BEFORE) {
		x->again =
		    !x->has_key || memcmp(b->key_thumbprint, x->thumbprint,
				       sizeof(x->thumbprint)) == 0;
		if (x->again)
			return browser_again(t, x, b);
		rc = browser_other(t, x, b);
	}
	return rc != STORE_OK ? rc : browser_new(t, x, b);
}

static enum store_rc
keep(struct store_txn *t, void *arg)
{
	struct keep *x = arg;
	struct rp_signed_in now;
	struct store_browser b;
	enum store_rc rc;

	if ((x->said = rp_token_full(t, x->call, x->who, &now)) != RP_OK)
		return STORE_REFUSED;
	x->unproved = now.session.proved == 0;
	if ((rc = browser_of(t, x, &b)) != STORE_OK)
		return rc;
	x->trust = (struct store_trust){ .account = now.account.id,
		.browser = b.id,
		.method = now.session.method,
		.since = x->call->now,
		.last_used = x->call->now,
		.client = x->call->client };
	memcpy(x->trust.name, x->name, sizeof(x->trust.name));
	now.session.browser = b.id;
	if ((rc = store_trust_put(t, &x->trust)) != STORE_OK ||
	    (rc = store_session_put(t, &now.session)) != STORE_OK)
		return rc;
	return keep_note(t, x, "browser-kept");
}

/* What keep() needs that is drawn or computed. */
static enum rp_answer
keep_prepare(struct rp_call *call, struct keep *x, const char *name,
    const char *kept, const uint8_t *key, struct rp_kept_token tokens[2])
{
	enum rp_answer answer;

	answer = rp_label_prepare(
	    name != NULL && name[0] != '\0' ? name : call->client.browser,
	    x->name, sizeof(x->name), &call->hint);
	if (answer != RP_OK)
		return answer;
	if (key != NULL) {
		if ((answer = rp_es256_key_judge(key)) != RP_OK)
			return answer;
		if (!rp_es256_thumbprint(key, x->thumbprint))
			return RP_FAULT;
		x->has_key = true;
	}
	x->had_one = kept != NULL && rp_kept_read(kept, &x->had);
	x->next = x->had;
	if (!rp_kept_make(&x->fresh, &tokens[0]) ||
	    (x->had_one && !rp_kept_next(&x->next, &tokens[1])))
		return RP_FAULT;
	return RP_OK;
}

enum rp_answer
rp_browser_keep(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const char *name, const char *kept,
    const uint8_t *key, struct store_trust *trust, struct rp_kept_token *token)
{
	struct rp_kept_token tokens[2] = { { { 0 } }, { { 0 } } };
	struct keep x = { .rp = rp, .call = call, .who = who };
	enum rp_answer answer;

	answer = keep_prepare(call, &x, name, kept, key, tokens);
	if (answer == RP_OK)
		answer = rp_update(rp, keep, &x, &x.said);
	if (answer == RP_OK) {
		store_signal(rp->store);
		*trust = x.trust;
		memset(token, 0, sizeof(*token));
		if (!x.again)
			*token = tokens[0];
		else if (x.rotated)
			*token = tokens[1];
		/* It is kept whatever becomes of this: its token must be set.
		 */
		if (x.kept == RP_KEPT_STOLEN)
			(void)rp_kept_theft(rp, call, &x.had.id);
	}
	rp_secret_wipe(tokens, sizeof(tokens));
	return answer;
}

/* ---- a sign-in on it ---- */

struct used {
	const struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who;
	struct rp_kept_secret had, next;
	enum rp_kept kept;
	bool rotated;
	enum rp_answer said;
};

static enum store_rc
used(struct store_txn *t, void *arg)
{
	struct used *x = arg;
	struct rp_signed_in now;
	enum store_rc rc;

	if ((x->said = rp_token_still(t, x->call, x->who, &now)) != RP_OK)
		return STORE_REFUSED;
	rc = rp_kept_used(t, x->rp, x->call, &x->had, &x->next, &now.account.id,
	    &now.session, &x->kept, &x->rotated);
	if (rc != STORE_OK)
		return rc;
	if (x->kept == RP_KEPT_NOT || x->kept == RP_KEPT_STOLEN)
		return rp_refuse(&x->said, RP_NOT_FOUND);
	return store_session_put(t, &now.session);
}

enum rp_answer
rp_browser_used(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const char *kept,
    struct rp_kept_token *token)
{
	struct used x = { .rp = rp, .call = call, .who = who };
	struct rp_kept_token fresh;
	enum rp_answer answer;

	if (!rp_kept_read(kept, &x.had))
		return RP_NOT_FOUND;
	x.next = x.had;
	if (!rp_kept_next(&x.next, &fresh))
		return RP_FAULT;
	answer = rp_update(rp, used, &x, &x.said);
	if (answer == RP_OK) {
		memset(token, 0, sizeof(*token));
		if (x.rotated)
			*token = fresh;
	} else if (x.kept == RP_KEPT_STOLEN) {
		(void)rp_kept_theft(rp, call, &x.had.id);
	}
	rp_secret_wipe(&fresh, sizeof(fresh));
	return answer;
}

static enum rp_answer
own(struct store_txn *t, const struct rp *rp, const struct rp_call *call,
    const struct rp_signed_in *who, const struct rp_kept_secret *had,
    struct store_trust *trust)
{
	struct store_browser b;
	enum rp_kept kept;

	if (rp_kept_find(t, call, had, &kept, &b) != STORE_OK)
		return RP_FAULT;
	if (kept != RP_KEPT_NOW && kept != RP_KEPT_BEFORE)
		return RP_NOT_FOUND;
	return rp_answer_of(
	    rp_kept_trust(t, rp, call, &who->account.id, &b.id, trust),
	    RP_NOT_FOUND);
}

enum rp_answer
rp_browser_own(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const char *kept, struct store_trust *trust)
{
	struct rp_kept_secret had;
	struct store_txn *t = NULL;
	enum rp_answer answer;

	if (!rp_kept_read(kept, &had))
		return RP_NOT_FOUND;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = own(t, rp, call, who, &had, trust);
	store_read_end(t);
	return answer;
}

/* ---- the list ---- */

enum rp_answer
rp_admin_browsers_list(struct rp *rp, struct rp_call *call,
    const struct account_id *account, struct store_trust *out, size_t *n)
{
	struct store_txn *t = NULL;
	enum store_rc rc;
	size_t all = 0, live = 0;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_trusts_of(t, account, out, &all);
	store_read_end(t);
	if (rc != STORE_OK)
		return RP_FAULT;
	for (size_t i = 0; i < all; i++)
		if (call->now - out[i].last_used < rp->config.browser_idle_ms &&
		    call->now - out[i].since < rp->config.browser_ms)
			out[live++] = out[i];
	*n = live;
	return RP_OK;
}

enum rp_answer
rp_browsers_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct store_trust *out, size_t *n)
{
	return rp_admin_browsers_list(rp, call, &who->account.id, out, n);
}

struct change {
	const struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who; /* NULL: by the administrator */
	struct account_id account;
	const struct browser_id *id;
	char name[STORE_BROWSER_NAME_MAX + 1];
	struct store_trust trust;
	struct rp_revoked revoked;
	enum rp_answer said;
};

static enum store_rc
rename_it(struct store_txn *t, void *arg)
{
	struct change *x = arg;
	struct rp_signed_in now;
	enum store_rc rc;

	if ((x->said = rp_token_full(t, x->call, x->who, &now)) != RP_OK)
		return STORE_REFUSED;
	rc = rp_kept_trust(t, x->rp, x->call, &x->account, x->id, &x->trust);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? rp_refuse(&x->said, RP_NOT_FOUND)
					  : rc;
	memcpy(x->trust.name, x->name, sizeof(x->trust.name));
	return store_trust_put(t, &x->trust);
}

enum rp_answer
rp_browser_rename(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct browser_id *id,
    const char *name, struct store_trust *trust)
{
	struct change x = { .rp = rp,
		.call = call,
		.who = who,
		.account = who->account.id,
		.id = id };
	enum rp_answer answer;

	answer = rp_label_prepare(name, x.name, sizeof(x.name), &call->hint);
	if (answer == RP_OK)
		answer = rp_update(rp, rename_it, &x, &x.said);
	if (answer == RP_OK)
		*trust = x.trust;
	return answer;
}

static enum store_rc
revoke_note(struct store_txn *t, const struct change *x)
{
	const char *event =
	    x->id != NULL ? "browser-revoked" : "browsers-revoked";
	const struct rp_event e = { .event = event };
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_text(&d, "by", x->who != NULL ? "owner" : "admin");
	if (x->id != NULL)
		rp_audit_id(&d, "browser", "brw_", x->id->b);
	rp_audit_number(&d, "browsers", x->revoked.browsers);
	rp_audit_number(&d, "sessions", x->revoked.sessions);
	rp_audit_client(&d, x->call);
	rc = rp_history_append(t, x->rp, x->call, &x->account, &e);
	return rc != STORE_OK
		   ? rc
		   : rp_audit_append(t, x->call, &x->account, event, &d);
}

static enum store_rc
revoke(struct store_txn *t, void *arg)
{
	struct change *x = arg;
	struct rp_signed_in now;
	enum store_rc rc;

	if (x->who != NULL &&
	    (x->said = rp_token_still(t, x->call, x->who, &now)) != RP_OK)
		return STORE_REFUSED;
	rc = rp_kept_revoke(t, x->rp, x->call, &x->account, x->id, &x->revoked);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? rp_refuse(&x->said, RP_NOT_FOUND)
					  : rc;
	if (x->revoked.browsers == 0)
		return rp_refuse(&x->said, RP_OK);
	return revoke_note(t, x);
}

static enum rp_answer
revoke_run(struct rp *rp, struct change *x, struct rp_revoked *out)
{
	enum rp_answer answer = rp_update(rp, revoke, x, &x->said);

	if (answer == RP_OK) {
		*out = x->revoked;
		store_signal(rp->store);
	}
	return answer;
}

enum rp_answer
rp_browser_revoke(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct browser_id *id,
    struct rp_revoked *out)
{
	struct change x = { .rp = rp,
		.call = call,
		.who = who,
		.account = who->account.id,
		.id = id };

	return revoke_run(rp, &x, out);
}

enum rp_answer
rp_admin_browser_revoke(struct rp *rp, struct rp_call *call,
    const struct account_id *account, const struct browser_id *id,
    struct rp_revoked *out)
{
	struct change x = {
		.rp = rp, .call = call, .account = *account, .id = id
	};

	return revoke_run(rp, &x, out);
}
