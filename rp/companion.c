/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/companion.h"

#include "rp/approving.h"
#include "rp/history.h"
#include "rp/numbers.h"
#include "rp/options.h"
#include "rp/proofs.h"
#include "rp/secret.h"
#include "rp/tell.h"
#include "store/changes.h"
#include "webauthn/hash.h"

/* ---- what is pending ---- */

struct pending {
	const struct rp_call *call;
	struct rp_device device;
	struct rp_pending *out;
	size_t n;
	struct rp_resting resting;
	enum rp_answer said;
};

static enum store_rc
pending(struct store_txn *t, void *arg)
{
	struct pending *x = arg;
	struct store_guard g;
	struct store_approval a;
	enum store_rc rc;

	x->n = 0;
	if ((x->said = rp_device_still(t, x->call, &x->device)) != RP_OK)
		return STORE_REFUSED;
	if ((rc = store_guard_get(t, &x->device.account.id, &g)) != STORE_OK)
		return rc;
	x->resting = (struct rp_resting){ .rests = false };
	x->resting.rests = rp_guard_rests(&g, x->call->now, &x->resting.until);
	rc = store_approval_get(t, &g.pending, &a);
	if (rc == STORE_OK && !a.decoy && rp_approval_is_open(&a, x->call->now))
		x->out[x->n++] = (struct rp_pending){ a.id, a.expires };
	if (rc != STORE_OK && rc != STORE_ABSENT)
		return rc;
	return rp_device_spend(t, x->call, &x->device);
}

enum rp_answer
rp_companion_list(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, struct rp_pending out[RP_PENDING_MAX],
    size_t *n, struct rp_resting *resting)
{
	struct pending x = { .call = call, .device = *device, .out = out };
	enum rp_answer answer = rp_update(rp, pending, &x, &x.said);

	if (answer == RP_OK) {
		*n = x.n;
		*resting = x.resting;
	}
	return answer;
}

/* ---- one of them ---- */

struct decide {
	struct rp *rp;
	const struct rp_call *call;
	struct rp_device device;
	const struct approval_id *id;
	const struct rp_choice *choice; /* NULL: to look */
	struct store_approval a;
	enum store_approval_state state;
	struct rp_commitment *out;
	enum rp_answer said;
};

static bool
same_network(const struct decide *x)
{
	return memcmp(x->a.network, x->call->network, sizeof(x->a.network)) ==
	       0;
}

/* The device is one still, and the request its account's and not over. */
static enum rp_answer
begin(struct store_txn *t, struct decide *x)
{
	enum rp_answer answer;
	enum store_rc rc;

	if ((answer = rp_device_still(t, x->call, &x->device)) != RP_OK)
		return answer;
	rc = store_approval_get(t, x->id, &x->a);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_APPROVAL_UNKNOWN);
	if (x->a.decoy || memcmp(&x->a.account, &x->device.account.id,
			      sizeof(x->a.account)) != 0)
		return RP_APPROVAL_UNKNOWN;
	x->state = rp_approval_now(&x->a, x->call->now);
	if (!rp_approval_is_open(&x->a, x->call->now))
		return RP_APPROVAL_OVER;
	rc = rp_approval_kept_still(t, x->rp, x->call, &x->a);
	if (rc == STORE_ABSENT)
		x->state = STORE_APPROVAL_CANCELLED;
	return rp_answer_of(rc, RP_APPROVAL_OVER);
}

static enum store_rc
look(struct store_txn *t, void *arg)
{
	struct decide *x = arg;

	if ((x->said = begin(t, x)) != RP_OK)
		return STORE_REFUSED;
	return rp_device_spend(t, x->call, &x->device);
}

/* As it was when this phone chose: that is what it is to sign. */
static bool
shown_network(const struct decide *x)
{
	const struct store_approval *a = &x->a;

	return a->state == STORE_APPROVAL_CHOSEN &&
		       memcmp(&a->phone, &x->device.phone.id,
			   sizeof(a->phone)) == 0
		   ? a->same_network
		   : same_network(x);
}

static bool
context_fill(const struct decide *x, struct rp_context *out)
{
	static const struct browser_id none;
	const struct store_approval *a = &x->a;
	const struct phone_id *phone = &x->device.phone.id;
	const char *shown[STORE_SHOWN];

	memset(out, 0, sizeof(*out));
	out->pending = (struct rp_pending){ a->id, a->expires };
	out->match = a->match;
	out->browser = a->client;
	out->same_network = shown_network(x);
	out->trusted = memcmp(&a->kept, &none, sizeof(none)) != 0;
	out->asked = a->created;
	memcpy(out->app, a->app, sizeof(out->app));
	memcpy(out->binding, a->binding, sizeof(out->binding));
	memcpy(out->network_name, a->network_name, sizeof(out->network_name));
	if (!rp_transaction_order(a, phone, shown))
		return false;
	for (size_t i = 0; i < STORE_SHOWN; i++) {
		memcpy(out->numbers[i], shown[i], sizeof(out->numbers[i]));
		out->choices[i] = out->numbers[i];
	}
	return rp_transaction_context(
	    x->rp->config.rp_id, a, phone, out->same_network, &out->text);
}

enum rp_answer
rp_companion_look(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct approval_id *id,
    struct rp_context *out, enum store_approval_state *state)
{
	struct decide x = {
		.rp = rp, .call = call, .device = *device, .id = id
	};
	enum rp_answer answer = rp_update(rp, look, &x, &x.said);

	if (answer == RP_APPROVAL_OVER)
		*state = x.state;
	if (answer != RP_OK)
		return answer;
	*state = STORE_APPROVAL_PENDING;
	return context_fill(&x, out) ? RP_OK : RP_FAULT;
}

/* ---- the choice ---- */

/* What would be signed is what was on the screen. */
static enum rp_answer
judge_seen(const struct decide *x)
{
	struct rp_transaction context;
	uint8_t hash[32];

	if (x->choice->seen == NULL)
		return RP_OK;
	if (!rp_transaction_context(x->rp->config.rp_id, &x->a,
		&x->device.phone.id, same_network(x), &context) ||
	    !wa_sha256(slice_of(context.text), hash))
		return RP_FAULT;
	return rp_secret_equal(hash, x->choice->seen, sizeof(hash))
		   ? RP_OK
		   : RP_APPROVAL_CHANGED;
}

static enum rp_answer
judge_choice(const struct decide *x)
{
	const struct store_approval *a = &x->a;
	const char *number = x->choice->number;

	if (number == NULL || !rp_number_is_one(a, number))
		return RP_CHOICE_MALFORMED;
	if (a->state == STORE_APPROVAL_PENDING)
		return judge_seen(x);
	/* Said again by who said it: the answer may have been lost. */
	return memcmp(&a->phone, &x->device.phone.id, sizeof(a->phone)) == 0 &&
		       strcmp(a->choice, number) == 0
		   ? RP_OK
		   : RP_CHOICE_MADE;
}

/* The phone's own passkey first: most likely it is the one that is there. */
static enum store_rc
allow_fill(struct store_txn *t, const struct decide *x)
{
	struct store_credential list[STORE_CREDENTIALS_MAX], first;
	struct credential_ref ref;
	enum store_rc rc;
	size_t n = 0;

	rc = store_credentials_of(t, &x->device.account.id, list, &n);
	if (rc != STORE_OK)
		return rc;
	for (size_t i = 1; i < n; i++) {
		ref = store_credential_ref(
		    (struct slice){ list[i].id, list[i].id_n });
		if (memcmp(&ref, &x->device.phone.credential, sizeof(ref)) != 0)
			continue;
		first = list[i];
		list[i] = list[0];
		list[0] = first;
	}
	rp_options_describe(list, n, &x->out->allow);
	return STORE_OK;
}

static enum store_rc
choose(struct store_txn *t, void *arg)
{
	struct decide *x = arg;
	struct store_approval *a = &x->a;
	enum store_rc rc;

	if ((x->said = begin(t, x)) != RP_OK ||
	    (x->said = judge_choice(x)) != RP_OK)
		return STORE_REFUSED;
	if ((rc = allow_fill(t, x)) != STORE_OK)
		return rc;
	if (a->state == STORE_APPROVAL_PENDING) {
		a->state = STORE_APPROVAL_CHOSEN;
		a->phone = x->device.phone.id;
		a->same_network = same_network(x);
		memset(a->choice, 0, sizeof(a->choice));
		memcpy(a->choice, x->choice->number, strlen(x->choice->number));
		if ((rc = store_approval_put(t, a)) != STORE_OK)
			return rc;
	}
	return rp_device_spend(t, x->call, &x->device);
}

static enum rp_answer
commit(const struct decide *x, struct rp_commitment *out)
{
	const struct store_approval *a = &x->a;

	out->expires = a->expires;
	return rp_transaction_write(x->rp->config.rp_id, a, &a->phone,
		   a->same_network, a->choice, &out->t) &&
		       rp_transaction_challenge(
			   slice_of(out->t.text), out->challenge)
		   ? RP_OK
		   : RP_FAULT;
}

/* ---- not me ---- */

static enum store_rc
refuse_note(struct store_txn *t, const struct decide *x)
{
	const bool report = x->choice->decision == RP_REPORT;
	enum store_rc rc;

	if ((rc = rp_approval_history(t, x->rp, x->call, &x->a,
		 report ? "reported" : "denied", NULL, report)) != STORE_OK ||
	    (rc = rp_approval_audit(t, x->call, &x->a,
		 report ? "approval-reported" : "approval-denied")) != STORE_OK)
		return rc;
	return report ? rp_tell_notice(
			    t, x->call, &x->a.account, &x->device.phone.id)
		      : STORE_OK;
}

/* For the account, and for who asked: they will see that it was reported. */
static enum store_rc
report_write(struct store_txn *t, const struct decide *x, struct store_guard *g)
{
	const struct store_approval *a = &x->a;
	const store_time now = x->call->now;
	struct store_guard own;
	struct rp_asker asker;
	enum store_rc rc;

	if (!rp_guard_asker(a->cookie, a->key, a->network, &asker))
		return STORE_FAULT;
	rc = rp_guard_of_asker(t, x->rp, &a->account, a->network, &own);
	if (rc != STORE_OK)
		return rc;
	rp_guard_reported(g, &asker, now);
	rp_guard_reported(&own, &asker, now);
	return rp_guard_keep(t, &own, now);
}

static enum store_rc
refuse(struct store_txn *t, void *arg)
{
	struct decide *x = arg;
	struct store_approval *a = &x->a;
	const bool report = x->choice->decision == RP_REPORT;
	struct store_guard g;
	enum store_rc rc;

	if ((x->said = begin(t, x)) != RP_OK)
		return STORE_REFUSED;
	if ((rc = store_guard_get(t, &a->account, &g)) != STORE_OK ||
	    (report && (rc = report_write(t, x, &g)) != STORE_OK))
		return rc;
	a->phone = x->device.phone.id;
	x->state = report ? STORE_APPROVAL_REPORTED : STORE_APPROVAL_DENIED;
	if ((rc = rp_approval_close(t, x->call, a, &g, x->state)) != STORE_OK ||
	    (rc = refuse_note(t, x)) != STORE_OK)
		return rc;
	return rp_device_spend(t, x->call, &x->device);
}

enum rp_answer
rp_companion_choose(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct approval_id *id,
    const struct rp_choice *choice, struct rp_commitment *out,
    enum store_approval_state *state)
{
	struct decide x = { .rp = rp,
		.call = call,
		.device = *device,
		.id = id,
		.choice = choice,
		.out = out };
	enum rp_answer answer;

	memset(out, 0, sizeof(*out));
	answer = rp_update(
	    rp, choice->decision == RP_CHOOSE ? choose : refuse, &x, &x.said);
	if (answer == RP_APPROVAL_OVER)
		*state = x.state;
	if (answer != RP_OK)
		return answer;
	if (choice->decision == RP_CHOOSE) {
		*state = STORE_APPROVAL_PENDING;
		return commit(&x, out);
	}
	*state = x.state;
	store_signal(rp->store);
	return RP_OK;
}
