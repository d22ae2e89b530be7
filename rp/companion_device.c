/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/accounts.h"
#include "rp/approving.h"
#include "rp/audit.h"
#include "rp/companion.h"
#include "rp/history.h"
#include "rp/kept.h"
#include "rp/proofs.h"
#include "rp/pushes.h"
#include "rp/tell.h"
#include "store/changes.h"

/* What a phone may do beside deciding. */
struct act {
	struct rp *rp;
	const struct rp_call *call;
	struct rp_device device;
	const struct store_push *push;
	store_time until;
	const struct browser_id *browser;
	char name[STORE_BROWSER_NAME_MAX + 1];
	struct rp_revoked revoked;
	const struct history_id *before;
	struct store_history *entries;
	struct store_trust *trusts;
	size_t max, n;
	enum rp_answer said;
};

static struct act
act_of(
    struct rp *rp, const struct rp_call *call, const struct rp_device *device)
{
	return (struct act){ .rp = rp, .call = call, .device = *device };
}

static const struct account_id *
account_of(const struct act *x)
{
	return &x->device.account.id;
}

/* What the owner reads, and what the log keeps. */
static enum store_rc
note(struct store_txn *t, const struct act *x, const char *event, bool notice)
{
	const struct rp_event e = { .event = event, .notice = notice };
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_id(&d, "phone", "phn_", x->device.phone.id.b);
	rp_audit_text(&d, "name", x->device.phone.name);
	if (x->browser != NULL)
		rp_audit_id(&d, "browser", "brw_", x->browser->b);
	rp_audit_client(&d, x->call);
	rc = rp_history_append(t, x->rp, x->call, account_of(x), &e);
	return rc != STORE_OK
		   ? rc
		   : rp_audit_append(t, x->call, account_of(x), event, &d);
}

/* ---- history ---- */

static enum store_rc
history(struct store_txn *t, void *arg)
{
	struct act *x = arg;
	enum store_rc rc;

	if ((x->said = rp_device_still(t, x->call, &x->device)) != RP_OK)
		return STORE_REFUSED;
	rc = store_history_of(
	    t, account_of(x), x->before, x->entries, x->max, &x->n);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? rp_refuse(&x->said, RP_NOT_FOUND)
					  : rc;
	return rp_device_spend(t, x->call, &x->device);
}

enum rp_answer
rp_companion_history(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct history_id *before,
    struct store_history *out, size_t max, size_t *n)
{
	struct act x = act_of(rp, call, device);
	enum rp_answer answer;

	x.before = before;
	x.entries = out;
	x.max = max < RP_HISTORY_PAGE_MAX ? max : RP_HISTORY_PAGE_MAX;
	answer = rp_update(rp, history, &x, &x.said);
	if (answer == RP_OK)
		*n = x.n;
	return answer;
}

/* ---- lock ---- */

static enum store_rc
lock(struct store_txn *t, void *arg)
{
	struct act *x = arg;
	struct store_account account;
	enum store_rc rc;
	size_t links;

	if ((x->said = rp_device_still(t, x->call, &x->device)) != RP_OK)
		return STORE_REFUSED;
	account = x->device.account;
	account.state = STORE_ACCOUNT_LOCKED;
	account.changed = x->call->now;
	if ((rc = rp_device_spend(t, x->call, &x->device)) != STORE_OK ||
	    (rc = store_account_put(t, &account)) != STORE_OK ||
	    (rc = store_sessions_end(t, &account.id, NULL, &x->n)) !=
		STORE_OK ||
	    (rc = store_invitations_end(t, &account.id, &links)) != STORE_OK ||
	    (rc = rp_approval_lock(t, x->rp, x->call, &account.id)) !=
		STORE_OK ||
	    (rc = note(t, x, "account-locked", true)) != STORE_OK)
		return rc;
	return rp_tell_notice(t, x->call, &account.id, &x->device.phone.id);
}

enum rp_answer
rp_companion_lock(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, size_t *sessions)
{
	struct act x = act_of(rp, call, device);
	enum rp_answer answer = rp_update(rp, lock, &x, &x.said);

	if (answer == RP_OK) {
		*sessions = x.n;
		store_signal(rp->store);
	}
	return answer;
}

/* ---- the phone itself ---- */

static enum store_rc
leave(struct store_txn *t, void *arg)
{
	struct act *x = arg;
	enum store_rc rc;

	if ((x->said = rp_device_still(t, x->call, &x->device)) != RP_OK)
		return STORE_REFUSED;
	if ((rc = rp_device_spend(t, x->call, &x->device)) != STORE_OK ||
	    (rc = store_phone_remove(t, &x->device.phone.id)) != STORE_OK ||
	    (rc = rp_approval_void(t, x->rp, x->call, account_of(x))) !=
		STORE_OK)
		return rc;
	return note(t, x, "phone-left", false);
}

enum rp_answer
rp_companion_leave(
    struct rp *rp, struct rp_call *call, const struct rp_device *device)
{
	struct act x = act_of(rp, call, device);
	enum rp_answer answer = rp_update(rp, leave, &x, &x.said);

	store_signal(rp->store);
	return answer;
}

static enum store_rc
set_push(struct store_txn *t, void *arg)
{
	struct act *x = arg;

	if ((x->said = rp_device_still(t, x->call, &x->device)) != RP_OK)
		return STORE_REFUSED;
	if (x->push != NULL) {
		x->device.phone.push = *x->push;
		x->device.phone.push_changed = x->call->now;
	} else {
		x->device.phone.muted_until = x->until;
	}
	/* Then spending writes the phone down. */
	x->device.phone.last_seen = 0;
	return rp_device_spend(t, x->call, &x->device);
}

enum rp_answer
rp_companion_push(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct store_push *push)
{
	struct act x = act_of(rp, call, device);

	if (!rp_push_is_one(push))
		return RP_PUSH_MALFORMED;
	x.push = push;
	return rp_update(rp, set_push, &x, &x.said);
}

enum rp_answer
rp_companion_mute(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, store_time until)
{
	struct act x = act_of(rp, call, device);

	x.until = until > 0 ? until : 0;
	return rp_update(rp, set_push, &x, &x.said);
}

/* ---- kept browsers ---- */

static enum store_rc
browsers(struct store_txn *t, void *arg)
{
	struct act *x = arg;
	enum store_rc rc;

	if ((x->said = rp_device_still(t, x->call, &x->device)) != RP_OK)
		return STORE_REFUSED;
	rc = store_trusts_of(t, account_of(x), x->trusts, &x->n);
	return rc != STORE_OK ? rc : rp_device_spend(t, x->call, &x->device);
}

enum rp_answer
rp_companion_browsers(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, struct store_trust *out, size_t *n)
{
	struct act x = act_of(rp, call, device);
	enum rp_answer answer;

	x.trusts = out;
	answer = rp_update(rp, browsers, &x, &x.said);
	if (answer == RP_OK)
		*n = x.n;
	return answer;
}

static enum store_rc
rename_browser(struct store_txn *t, void *arg)
{
	struct act *x = arg;
	enum store_rc rc;

	if ((x->said = rp_device_still(t, x->call, &x->device)) != RP_OK)
		return STORE_REFUSED;
	rc = rp_kept_trust(
	    t, x->rp, x->call, account_of(x), x->browser, x->trusts);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? rp_refuse(&x->said, RP_NOT_FOUND)
					  : rc;
	memcpy(x->trusts->name, x->name, sizeof(x->trusts->name));
	if ((rc = store_trust_put(t, x->trusts)) != STORE_OK)
		return rc;
	return rp_device_spend(t, x->call, &x->device);
}

enum rp_answer
rp_companion_browser_rename(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct browser_id *id,
    const char *name, struct store_trust *renamed)
{
	struct act x = act_of(rp, call, device);
	struct store_trust trust;
	enum rp_answer answer;

	x.browser = id;
	x.trusts = &trust;
	answer = rp_label_prepare(name, x.name, sizeof(x.name), &call->hint);
	if (answer == RP_OK)
		answer = rp_update(rp, rename_browser, &x, &x.said);
	if (answer == RP_OK)
		*renamed = trust;
	return answer;
}

static enum store_rc
revoke(struct store_txn *t, void *arg)
{
	struct act *x = arg;
	enum store_rc rc;

	if ((x->said = rp_device_still(t, x->call, &x->device)) != RP_OK)
		return STORE_REFUSED;
	rc = rp_kept_revoke(
	    t, x->rp, x->call, account_of(x), x->browser, &x->revoked);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? rp_refuse(&x->said, RP_NOT_FOUND)
					  : rc;
	rc = note(t, x,
	    x->browser != NULL ? "browser-revoked" : "browsers-revoked", false);
	return rc != STORE_OK ? rc : rp_device_spend(t, x->call, &x->device);
}

enum rp_answer
rp_companion_browser_revoke(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct browser_id *id,
    struct rp_revoked *out)
{
	struct act x = act_of(rp, call, device);
	enum rp_answer answer;

	x.browser = id;
	answer = rp_update(rp, revoke, &x, &x.said);
	if (answer == RP_OK) {
		*out = x.revoked;
		store_signal(rp->store);
	}
	return answer;
}
