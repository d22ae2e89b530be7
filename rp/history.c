/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/history.h"

#include <stdio.h>

#include "rp/accounts.h"
#include "rp/token.h"

static void
copy(char *out, size_t size, const char *s)
{
	if (s != NULL)
		snprintf(out, size, "%s", s);
}

enum store_rc
rp_history_append(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account,
    const struct rp_event *e)
{
	struct store_history h = {
		.account = *account,
		.at = call->now,
		.expires = call->now + rp->config.history_ms,
		.ok = e->reason == NULL,
		.notice = e->notice,
		.method = e->method,
		.client = call->client,
	};

	copy(h.event, sizeof(h.event), e->event);
	copy(h.reason, sizeof(h.reason), e->reason);
	copy(h.passkey, sizeof(h.passkey), e->passkey);
	return store_history_add(t, &h);
}

enum rp_answer
rp_history_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct history_id *before,
    struct store_history *out, size_t max, size_t *n)
{
	struct store_txn *t = NULL;
	enum store_rc rc;

	(void)call;
	if (max > RP_HISTORY_PAGE_MAX)
		max = RP_HISTORY_PAGE_MAX;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_history_of(t, &who->account.id, before, out, max, n);
	store_read_end(t);
	return rp_answer_of(rc, RP_NOT_FOUND);
}

/* Notices are looked for among so many of the newest entries. */
enum { NOTICES_AMONG = 96, AT_ONCE = 16 };

static enum store_rc
notices_collect(struct store_txn *t, const struct account_id *account,
    struct store_history *out, size_t max, size_t *n)
{
	struct store_history page[AT_ONCE];
	struct history_id before = { { 0 } };
	enum store_rc rc = STORE_OK;
	size_t found = 0, got = AT_ONCE;

	for (size_t seen = 0; seen < NOTICES_AMONG && got == AT_ONCE;
	     seen += got) {
		rc = store_history_of(t, account, &before, page, AT_ONCE, &got);
		if (rc != STORE_OK)
			return rc;
		for (size_t i = 0; i < got && found < max; i++)
			if (page[i].notice)
				out[found++] = page[i];
		if (got > 0)
			before = page[got - 1].id;
	}
	*n = found;
	return rc;
}

enum rp_answer
rp_notices_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct store_history *out, size_t max,
    size_t *n)
{
	struct store_txn *t = NULL;
	enum store_rc rc;

	(void)call;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = notices_collect(t, &who->account.id, out, max, n);
	store_read_end(t);
	return rp_answer_of(rc, RP_NOT_FOUND);
}

struct seen {
	const struct rp_call *call;
	const struct rp_signed_in *who;
	const struct history_id *id;
	enum rp_answer said;
};

/*
 * What warns the owner is not taken down by a session that it may be about:
 * one in which nobody has used a passkey.
 */
static enum store_rc
mark_seen(struct store_txn *t, void *arg)
{
	struct seen *x = arg;
	struct rp_signed_in now;
	enum store_rc rc;

	if ((x->said = rp_token_still(t, x->call, x->who, &now)) != RP_OK)
		return STORE_REFUSED;
	if (now.session.proved == 0)
		return rp_refuse(&x->said, RP_PROOF_NEEDED);
	rc = store_history_seen(t, &now.account.id, x->id);
	return rc == STORE_ABSENT ? rp_refuse(&x->said, RP_NOT_FOUND) : rc;
}

enum rp_answer
rp_notice_seen(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct history_id *id)
{
	struct seen x = { .call = call, .who = who, .id = id };

	return rp_update(rp, mark_seen, &x, &x.said);
}
