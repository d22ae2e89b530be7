/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/phones.h"

#include "rp/accounts.h"
#include "rp/approving.h"
#include "rp/audit.h"
#include "rp/device.h"
#include "rp/enrol_phone.h"
#include "rp/history.h"
#include "rp/pushes.h"
#include "rp/sessions.h"
#include "rp/tell.h"
#include "rp/token.h"
#include "store/changes.h"
#include "webauthn/utf8.h"

enum rp_answer
rp_phone_judge(
    struct rp_call *call, const struct rp_new_phone *got, struct store_phone *p)
{
	enum rp_answer answer;
	size_t n = strlen(got->platform);

	memset(p, 0, sizeof(*p));
	answer =
	    rp_label_prepare(got->name, p->name, sizeof(p->name), &call->hint);
	if (answer != RP_OK || (answer = rp_es256_key_judge(got->key)) != RP_OK)
		return answer;
	if (!rp_push_is_one(&got->push))
		return RP_PUSH_MALFORMED;
	if (n >= sizeof(p->platform) || !wa_utf8_valid(slice_of(got->platform)))
		n = 0;
	memcpy(p->platform, got->platform, n);
	memcpy(p->key, got->key, sizeof(p->key));
	p->push = got->push;
	p->created = p->last_seen = call->now;
	if (p->push.endpoint[0] != '\0')
		p->push_changed = call->now;
	return rp_id_make(call->now, p->id.b) ? RP_OK : RP_FAULT;
}

enum store_rc
rp_phone_note(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct store_phone *p, const char *event,
    bool notice)
{
	const struct rp_event e = { .event = event, .notice = notice };
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_id(&d, "phone", "phn_", p->id.b);
	rp_audit_id(&d, "passkey", "pk_", p->credential.b);
	rp_audit_text(&d, "name", p->name);
	rp_audit_client(&d, call);
	rc = rp_history_append(t, rp, call, &p->account, &e);
	return rc != STORE_OK
		   ? rc
		   : rp_audit_append(t, call, &p->account, event, &d);
}

enum store_rc
rp_phone_join(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct store_phone *p,
    enum rp_answer *said)
{
	enum store_rc rc = store_phone_add(t, p);

	if (rc == STORE_REFUSED)
		return rp_refuse(said, RP_PHONES_FULL);
	if (rc != STORE_OK || (rc = rp_phone_note(t, rp, call, p, "phone-added",
				   true)) != STORE_OK)
		return rc;
	/* The other phones hear of a new one: it may not be its owner's. */
	return rp_tell_notice(t, call, &p->account, &p->id);
}

struct change {
	const struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who;
	const struct phone_id *id;
	char name[STORE_PHONE_NAME_MAX + 1];
	struct store_phone phone;
	enum rp_answer said;
};

/* Who changes phones is signed in, and proved it a moment ago. */
static enum rp_answer
may_change(struct store_txn *t, const struct change *x)
{
	struct rp_signed_in now;
	enum rp_answer answer;

	answer = rp_token_still(t, x->call, x->who, &now);
	return answer == RP_OK ? rp_session_fresh(x->rp, x->call, &now)
			       : answer;
}

static enum store_rc
add(struct store_txn *t, void *arg)
{
	struct change *x = arg;

	if ((x->said = may_change(t, x)) != RP_OK)
		return STORE_REFUSED;
	return rp_phone_join(t, x->rp, x->call, &x->phone, &x->said);
}

enum rp_answer
rp_phone_add(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct rp_new_phone *got,
    struct store_phone *added)
{
	struct change x = { .rp = rp, .call = call, .who = who };
	enum rp_answer answer;

	if ((answer = rp_phone_judge(call, got, &x.phone)) != RP_OK)
		return answer;
	x.phone.account = who->account.id;
	x.phone.credential = who->session.credential;
	answer = rp_update(rp, add, &x, &x.said);
	if (answer == RP_OK) {
		*added = x.phone;
		store_signal(rp->store);
	}
	return answer;
}

enum rp_answer
rp_phones_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct store_phone *out, size_t *n)
{
	struct store_txn *t = NULL;
	enum store_rc rc;

	(void)call;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_phones_of(t, &who->account.id, out, n);
	store_read_end(t);
	return rp_answer_of(rc, RP_FAULT);
}

/* The caller's phone of that id; another's is none. */
static enum rp_answer
find(struct store_txn *t, struct change *x)
{
	enum rp_answer answer;
	enum store_rc rc;

	if ((answer = may_change(t, x)) != RP_OK)
		return answer;
	rc = store_phone_get(t, x->id, &x->phone);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_NOT_FOUND);
	return memcmp(&x->phone.account, &x->who->account.id,
		   sizeof(x->phone.account)) == 0
		   ? RP_OK
		   : RP_NOT_FOUND;
}

static enum store_rc
rename_it(struct store_txn *t, void *arg)
{
	struct change *x = arg;

	if ((x->said = find(t, x)) != RP_OK)
		return STORE_REFUSED;
	memcpy(x->phone.name, x->name, sizeof(x->phone.name));
	return store_phone_put(t, &x->phone);
}

enum rp_answer
rp_phone_rename(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct phone_id *id, const char *name,
    struct store_phone *renamed)
{
	struct change x = { .rp = rp, .call = call, .who = who, .id = id };
	enum rp_answer answer;

	answer = rp_label_prepare(name, x.name, sizeof(x.name), &call->hint);
	if (answer == RP_OK)
		answer = rp_update(rp, rename_it, &x, &x.said);
	if (answer == RP_OK)
		*renamed = x.phone;
	return answer;
}

static enum store_rc
remove_it(struct store_txn *t, void *arg)
{
	struct change *x = arg;
	enum store_rc rc;

	if ((x->said = find(t, x)) != RP_OK)
		return STORE_REFUSED;
	/* What it approved goes with it: perhaps it was not its owner. */
	if ((rc = store_phone_remove(t, x->id)) != STORE_OK ||
	    (rc = rp_approval_void(t, x->rp, x->call, &x->who->account.id)) !=
		STORE_OK)
		return rc;
	return rp_phone_note(
	    t, x->rp, x->call, &x->phone, "phone-removed", false);
}

enum rp_answer
rp_phone_remove(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct phone_id *id)
{
	struct change x = { .rp = rp, .call = call, .who = who, .id = id };
	enum rp_answer answer = rp_update(rp, remove_it, &x, &x.said);

	store_signal(rp->store);
	return answer;
}
