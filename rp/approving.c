/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/approving.h"

#include "rp/audit.h"
#include "rp/history.h"
#include "rp/kept.h"
#include "store/changes.h"

const char *
rp_approval_state_name(enum store_approval_state s)
{
	static const char *const names[] = {
		[STORE_APPROVAL_PENDING] = "pending",
		[STORE_APPROVAL_CHOSEN] = "pending",
		[STORE_APPROVAL_APPROVED] = "approved",
		[STORE_APPROVAL_COLLECTED] = "collected",
		[STORE_APPROVAL_MISMATCH] = "mismatch",
		[STORE_APPROVAL_DENIED] = "denied",
		[STORE_APPROVAL_REPORTED] = "reported",
		[STORE_APPROVAL_EXPIRED] = "expired",
		[STORE_APPROVAL_SUPERSEDED] = "superseded",
		[STORE_APPROVAL_CANCELLED] = "cancelled",
		[STORE_APPROVAL_REPLACED] = "superseded",
		[STORE_APPROVAL_DISPLACED] = "superseded",
	};

	return names[s];
}

static const char *const match_names[] = {
	[STORE_MATCH_NONE] = "none",
	[STORE_MATCH_CHOOSE3] = "choose3",
	[STORE_MATCH_TYPE2] = "type2",
	[STORE_MATCH_TYPE6] = "type6",
};

const char *
rp_match_name(enum store_match m)
{
	return match_names[m];
}

bool
rp_match_find(const char *name, enum store_match *m)
{
	for (int i = STORE_MATCH_CHOOSE3; i <= STORE_MATCH_TYPE6; i++)
		if (strcmp(match_names[i], name) == 0) {
			*m = (enum store_match)i;
			return true;
		}
	return false;
}

enum store_approval_state
rp_approval_now(const struct store_approval *a, store_time now)
{
	switch (a->state) {
	case STORE_APPROVAL_PENDING:
	case STORE_APPROVAL_CHOSEN:
	case STORE_APPROVAL_DISPLACED:
		return now >= a->expires ? STORE_APPROVAL_EXPIRED : a->state;
	case STORE_APPROVAL_APPROVED:
		return now >= a->decided + RP_COLLECT_MS
			   ? STORE_APPROVAL_EXPIRED
			   : a->state;
	case STORE_APPROVAL_REPLACED:
		return STORE_APPROVAL_SUPERSEDED;
	default:
		return a->state;
	}
}

bool
rp_approval_is_open(const struct store_approval *a, store_time now)
{
	const enum store_approval_state s = rp_approval_now(a, now);

	return s == STORE_APPROVAL_PENDING || s == STORE_APPROVAL_CHOSEN;
}

void
rp_approval_show(
    const struct store_approval *a, store_time now, struct rp_approval *out)
{
	*out = (struct rp_approval){ .id = a->id,
		.state = rp_approval_now(a, now),
		.match = a->match,
		.created = a->created,
		.expires = a->expires };
	if (out->state == STORE_APPROVAL_CHOSEN ||
	    out->state == STORE_APPROVAL_DISPLACED)
		out->state = STORE_APPROVAL_PENDING;
	if (a->state == STORE_APPROVAL_APPROVED)
		out->expires = a->decided + RP_COLLECT_MS;
	memcpy(out->number, a->number, sizeof(out->number));
}

enum store_rc
rp_approval_close(struct store_txn *t, const struct rp_call *call,
    struct store_approval *a, struct store_guard *g,
    enum store_approval_state state)
{
	const bool told = a->state == STORE_APPROVAL_REPLACED;
	enum store_rc rc;

	a->state = state;
	a->decided = call->now;
	if (memcmp(&g->pending, &a->id, sizeof(a->id)) == 0)
		memset(&g->pending, 0, sizeof(g->pending));
	if ((rc = store_approval_put(t, a)) != STORE_OK ||
	    (rc = rp_guard_keep(t, g, call->now)) != STORE_OK)
		return rc;
	/* Who waits on would be told that something has happened. */
	if (told || state == STORE_APPROVAL_DISPLACED)
		return STORE_OK;
	return store_change_note(t, STORE_CHANGE_APPROVAL, a->id.b, call->now);
}

static bool
is_of_kept(const struct store_approval *a)
{
	static const struct browser_id none;

	return memcmp(&a->kept, &none, sizeof(none)) != 0;
}

enum store_rc
rp_approval_kept_still(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct store_approval *a)
{
	struct store_trust trust;

	return is_of_kept(a)
		   ? rp_kept_trust(t, rp, call, &a->account, &a->kept, &trust)
		   : STORE_OK;
}

/* By its owner, and not by who asked. */
static enum store_rc
withdraw(struct store_txn *t, const struct rp *rp, const struct rp_call *call,
    struct store_approval *a)
{
	const enum store_approval_state now = rp_approval_now(a, call->now);
	struct store_guard g;
	enum store_rc rc;

	/* Nobody came for it in time: that is what it stays. */
	if (now == STORE_APPROVAL_EXPIRED) {
		a->state = now;
		return store_approval_put(t, a);
	}

	if ((rc = store_guard_get(t, &a->account, &g)) == STORE_OK)
		rc =
		    rp_approval_close(t, call, a, &g, STORE_APPROVAL_CANCELLED);
	if (rc == STORE_DAMAGED) {
		/* Its guard says nothing, and must not keep it open. */
		a->state = STORE_APPROVAL_CANCELLED;
		rc = store_approval_put(t, a);
	}
	return rc != STORE_OK ? rc : rp_approval_ended(t, rp, call, a);
}

/*
 * The account's open request; STORE_ABSENT: there is none.  What cannot be
 * read cannot be approved, and must not keep an account open.
 */
static enum store_rc
find_open(struct store_txn *t, const struct rp_call *call,
    const struct account_id *account, struct store_approval *a)
{
	struct store_guard g;
	enum store_rc rc;

	if ((rc = store_guard_get(t, account, &g)) != STORE_OK ||
	    (rc = store_approval_get(t, &g.pending, a)) != STORE_OK)
		return rc == STORE_DAMAGED ? STORE_ABSENT : rc;
	return rp_approval_is_open(a, call->now) ? STORE_OK : STORE_ABSENT;
}

enum store_rc
rp_approval_thrown_out(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account,
    const struct browser_id *id)
{
	struct store_approval a;
	enum store_rc rc = find_open(t, call, account, &a);

	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	if (id != NULL ? memcmp(&a.kept, id, sizeof(*id)) != 0
		       : !is_of_kept(&a))
		return STORE_OK;
	return withdraw(t, rp, call, &a);
}

enum store_rc
rp_approval_void(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account)
{
	struct store_approval a;
	enum store_rc rc;

	while ((rc = store_approval_approved(t, account, &a)) == STORE_OK)
		if ((rc = withdraw(t, rp, call, &a)) != STORE_OK)
			return rc;
	return rc == STORE_ABSENT ? STORE_OK : rc;
}

enum store_rc
rp_approval_lock(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account)
{
	struct store_approval a;
	struct rp_revoked unused;
	enum store_rc rc;

	if ((rc = rp_kept_revoke(t, rp, call, account, NULL, &unused)) !=
		STORE_OK ||
	    (rc = rp_approval_void(t, rp, call, account)) != STORE_OK)
		return rc;
	rc = find_open(t, call, account, &a);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	return withdraw(t, rp, call, &a);
}

enum store_rc
rp_approval_history(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct store_approval *a,
    const char *reason, const char *passkey, bool notice)
{
	const struct rp_event e = { .event = "approval",
		.reason = reason,
		.passkey = passkey,
		.method = STORE_METHOD_APPROVAL,
		.notice = notice };
	struct rp_call asker = *call;
	enum store_rc rc;

	if (a->decoy)
		return STORE_OK;
	/* Who asked, and not who answered: it is what the owner looks for. */
	asker.client = a->client;
	rc = rp_history_append(t, rp, &asker, &a->account, &e);
	/* The account may be gone by now, and its history with it. */
	return rc == STORE_ABSENT ? STORE_OK : rc;
}

enum store_rc
rp_approval_ended(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct store_approval *a)
{
	const char *state = rp_approval_state_name(a->state);
	struct rp_audit d = { 0 };
	enum store_rc rc;

	/* Nobody's, and written down for nobody. */
	if (a->decoy)
		return STORE_OK;
	rp_audit_id(&d, "approval", "apr_", a->id.b);
	rp_audit_text(&d, "outcome", state);
	rp_audit_text(&d, "asked-by", a->client.browser);
	rp_audit_text(&d, "asked-from", a->client.address);
	if ((rc = rp_approval_history(t, rp, call, a, state, NULL, false)) !=
	    STORE_OK)
		return rc;
	return rp_audit_append(t, call, &a->account, "approval-ended", &d);
}

enum store_rc
rp_approval_audit(struct store_txn *t, const struct rp_call *call,
    const struct store_approval *a, const char *event)
{
	struct rp_audit d = { 0 };

	rp_audit_id(&d, "approval", "apr_", a->id.b);
	rp_audit_id(&d, "phone", "phn_", a->phone.b);
	rp_audit_text(&d, "asked-by", a->client.browser);
	rp_audit_text(&d, "asked-from", a->client.address);
	rp_audit_client(&d, call);
	return rp_audit_append(t, call, &a->account, event, &d);
}
