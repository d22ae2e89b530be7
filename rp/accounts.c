/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/accounts.h"

#include "rp/always.h"
#include "rp/audit.h"
#include "rp/history.h"
#include "rp/names.h"
#include "rp/sessions.h"
#include "rp/token.h"

enum rp_answer
rp_account_may_change(struct rp *rp, struct rp_call *call)
{
	const struct account_id account = call->account;

	return rp_count_account(rp, call, RP_LIMIT_CHANGES_ACCOUNT, &account);
}

struct change {
	struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who;
	const struct rp_account_change *wish;
	char display_name[STORE_DISPLAY_NAME_MAX + 1]; /* prepared */
	struct store_account account;
	enum rp_answer said;
};

static enum store_rc
display_name_note(struct store_txn *t, const struct change *x)
{
	const struct rp_event e = { .event = "display-name-changed" };
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_text(&d, "display_name", x->display_name);
	rp_audit_client(&d, x->call);
	rc = rp_history_append(t, x->rp, x->call, &x->account.id, &e);
	return rc != STORE_OK
		   ? rc
		   : rp_audit_append(t, x->call, &x->account.id, e.event, &d);
}

static enum store_rc
change_write(struct store_txn *t, void *arg)
{
	struct change *x = arg;
	const struct rp_account_change *wish = x->wish;
	struct rp_signed_in now;
	enum store_rc rc;
	bool renamed;

	if ((x->said = rp_token_full(t, x->call, x->who, &now)) != RP_OK)
		return STORE_REFUSED;
	x->account = now.account;
	renamed = wish->display_name != NULL &&
		  strcmp(x->display_name, x->account.display_name) != 0;
	if (renamed)
		memcpy(x->account.display_name, x->display_name,
		    sizeof(x->account.display_name));
	if (wish->locale != NULL)
		memcpy(
		    x->account.locale, wish->locale, strlen(wish->locale) + 1);
	if ((rc = store_account_put(t, &x->account)) != STORE_OK ||
	    (renamed && (rc = display_name_note(t, x)) != STORE_OK) ||
	    wish->always_passkey == NULL)
		return rc;
	return rp_always_write(
	    t, x->rp, x->call, &now, *wish->always_passkey, &x->said);
}

enum rp_answer
rp_account_change(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct rp_account_change *change,
    struct store_account *changed)
{
	struct change x = {
		.rp = rp, .call = call, .who = who, .wish = change
	};
	enum rp_answer answer;

	if (change->display_name != NULL &&
	    (answer = rp_display_name_prepare(
		 change->display_name, x.display_name, &call->hint)) != RP_OK)
		return answer;
	if (change->locale != NULL && !rp_locale_valid(change->locale)) {
		call->hint = "not the name of a language";
		return RP_NAME_MALFORMED;
	}
	answer = rp_update(rp, change_write, &x, &x.said);
	if (answer == RP_OK)
		*changed = x.account;
	return answer;
}

struct removal {
	const struct rp_call *call;
	const struct rp_signed_in *who;
	enum rp_answer said;
};

static enum store_rc
removal_write(struct store_txn *t, void *arg)
{
	struct removal *x = arg;
	struct rp_signed_in now;
	struct rp_audit d = { 0 };
	enum store_rc rc;

	if ((x->said = rp_token_still(t, x->call, x->who, &now)) != RP_OK)
		return STORE_REFUSED;
	rp_audit_text(&d, "by", "owner");
	rp_audit_client(&d, x->call);
	if ((rc = store_account_remove(t, &now.account.id)) != STORE_OK)
		return rc;
	return rp_audit_append(
	    t, x->call, &now.account.id, "account-removed", &d);
}

enum rp_answer
rp_account_remove_own(
    struct rp *rp, struct rp_call *call, const struct rp_signed_in *who)
{
	struct removal x = { .call = call, .who = who };
	enum rp_answer answer = rp_session_fresh(rp, call, who);

	return answer != RP_OK ? answer
			       : rp_update(rp, removal_write, &x, &x.said);
}
