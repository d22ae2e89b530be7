/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/audit.h"
#include "rp/ceremony.h"
#include "rp/enrol_phone.h"
#include "rp/enrolment.h"
#include "rp/history.h"
#include "rp/options.h"
#include "rp/phones.h"
#include "rp/secret.h"
#include "rp/sessions.h"
#include "rp/token.h"
#include "store/changes.h"
#include "store/spent.h"
#include "webauthn/b64url.h"
#include "webauthn/hash.h"

#define OFFER_MS ((store_time)10 * 60 * 1000)

enum { ID = 16, SECRET = 32 };

_Static_assert(
    WA_B64URL_SIZE(ID + SECRET) == RP_OFFER_TEXT + 1, "an offer's text");

static void
show(const struct store_offer *o, struct rp_offer *out)
{
	*out = (struct rp_offer){
		.id = o->id, .state = o->state, .expires = o->expires
	};
	if (o->state == STORE_OFFER_OPEN)
		return;
	out->phone = o->phone.id;
	out->client = o->client;
	memcpy(out->name, o->phone.name, sizeof(out->name));
	memcpy(out->platform, o->phone.platform, sizeof(out->platform));
}

/* Inside an update or a view: the offer that the text is the secret of. */
static enum rp_answer
offer_of(struct store_txn *t, const struct rp_call *call, const char *text,
    struct store_offer *o)
{
	struct session_id id;
	struct offer_id offer;
	uint8_t hash[32];
	enum store_rc rc;

	/* It has the form of a session's token: an id and a secret. */
	if (!rp_token_read(text, &id, hash))
		return RP_OFFER_UNKNOWN;
	memcpy(offer.b, id.b, sizeof(offer.b));
	rc = store_offer_get(t, &offer, call->now, o);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_OFFER_UNKNOWN);
	return rp_secret_equal(o->token_hash, hash, sizeof(hash))
		   ? RP_OK
		   : RP_OFFER_UNKNOWN;
}

/* ---- on the computer ---- */

struct begin {
	const struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who;
	struct store_offer offer;
	enum rp_answer said;
};

static enum store_rc
begin(struct store_txn *t, void *arg)
{
	struct begin *x = arg;
	struct store_phone phones[STORE_PHONES_MAX];
	struct rp_signed_in now;
	enum store_rc rc;
	size_t n = 0;

	if ((x->said = rp_token_still(t, x->call, x->who, &now)) != RP_OK ||
	    (x->said = rp_session_fresh(x->rp, x->call, &now)) != RP_OK)
		return STORE_REFUSED;
	rc = store_phones_of(t, &now.account.id, phones, &n);
	if (rc != STORE_OK)
		return rc;
	if (n >= STORE_PHONES_MAX)
		return rp_refuse(&x->said, RP_PHONES_FULL);
	return store_offer_add(t, &x->offer);
}

static bool
offer_make(const struct rp_call *call, const struct rp_signed_in *who,
    struct store_offer *o, struct rp_offer_text *token)
{
	uint8_t raw[ID + SECRET];
	bool good;

	o->account = who->account.id;
	o->session = who->session.id;
	o->state = STORE_OFFER_OPEN;
	o->created = call->now;
	o->expires = call->now + OFFER_MS;
	good = rp_id_make(call->now, raw) &&
	       rp_secret_random(raw + ID, SECRET) &&
	       wa_sha256((struct slice){ raw + ID, SECRET }, o->token_hash) &&
	       wa_b64url_encode((struct slice){ raw, sizeof(raw) }, token->s,
		   sizeof(token->s));
	memcpy(o->id.b, raw, sizeof(o->id.b));
	rp_secret_wipe(raw, sizeof(raw));
	return good;
}

enum rp_answer
rp_offer_begin(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct rp_offer *out,
    struct rp_offer_text *token)
{
	struct begin x = { .rp = rp, .call = call, .who = who };
	struct rp_offer_text fresh;
	enum rp_answer answer;

	if (!offer_make(call, who, &x.offer, &fresh))
		return RP_FAULT;
	answer = rp_update(rp, begin, &x, &x.said);
	if (answer == RP_OK) {
		show(&x.offer, out);
		*token = fresh;
	}
	rp_secret_wipe(&fresh, sizeof(fresh));
	return answer;
}

/* Only for the session that showed it. */
static enum rp_answer
offer_own(struct store_txn *t, const struct rp_call *call,
    const struct rp_signed_in *who, const struct offer_id *id,
    struct store_offer *o)
{
	enum store_rc rc = store_offer_get(t, id, call->now, o);

	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_OFFER_UNKNOWN);
	return memcmp(&o->session, &who->session.id, sizeof(o->session)) == 0 &&
		       memcmp(&o->account, &who->account.id,
			   sizeof(o->account)) == 0
		   ? RP_OK
		   : RP_OFFER_UNKNOWN;
}

enum rp_answer
rp_offer_look(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct offer_id *id,
    struct rp_offer *out)
{
	struct store_txn *t = NULL;
	struct store_offer o;
	enum rp_answer answer;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = offer_own(t, call, who, id, &o);
	store_read_end(t);
	if (answer == RP_OK)
		show(&o, out);
	return answer;
}

struct confirm {
	const struct rp *rp;
	const struct rp_call *call;
	const struct rp_signed_in *who;
	const struct offer_id *id;
	bool yes;
	struct store_phone added;
	enum rp_answer said;
};

static enum store_rc
passkey_join(
    struct store_txn *t, struct confirm *x, const struct store_offer *o)
{
	const struct rp_event e = { .event = "passkey-added",
		.passkey = o->passkey.name };
	enum store_rc rc = store_credential_add(t, &o->passkey);

	if (rc == STORE_TAKEN)
		return rp_refuse(&x->said, RP_CREDENTIAL_TAKEN);
	if (rc == STORE_REFUSED)
		return rp_refuse(&x->said, RP_PASSKEYS_FULL);
	if (rc != STORE_OK || (rc = rp_history_append(t, x->rp, x->call,
				   &o->account, &e)) != STORE_OK)
		return rc;
	return rp_enrolment_audit(t, x->call, &o->passkey, "offer");
}

static enum store_rc
confirm(struct store_txn *t, void *arg)
{
	struct confirm *x = arg;
	struct rp_signed_in now;
	struct store_offer o;
	enum store_rc rc = STORE_OK;

	/* It was fresh when it made the offer, and is the session that did. */
	if ((x->said = rp_token_full(t, x->call, x->who, &now)) != RP_OK ||
	    (x->said = offer_own(t, x->call, &now, x->id, &o)) != RP_OK)
		return STORE_REFUSED;
	if (o.state != STORE_OFFER_ANSWERED)
		return rp_refuse(&x->said, o.state == STORE_OFFER_OPEN
					       ? RP_OFFER_OPEN
					       : RP_OFFER_OVER);
	x->added = o.phone;
	if (x->yes) {
		rc = passkey_join(t, x, &o);
		if (rc == STORE_OK)
			rc = rp_phone_join(
			    t, x->rp, x->call, &o.phone, &x->said);
	}
	if (rc != STORE_OK)
		return rc;
	o.state = x->yes ? STORE_OFFER_CONFIRMED : STORE_OFFER_REFUSED;
	if ((rc = store_offer_put(t, &o)) != STORE_OK)
		return rc;
	return store_change_note(t, STORE_CHANGE_OFFER, o.id.b, x->call->now);
}

enum rp_answer
rp_offer_confirm(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct offer_id *id, bool yes,
    struct store_phone *added)
{
	struct confirm x = {
		.rp = rp, .call = call, .who = who, .id = id, .yes = yes
	};
	enum rp_answer answer = rp_update(rp, confirm, &x, &x.said);

	if (answer == RP_OK) {
		*added = x.added;
		store_signal(rp->store);
	}
	return answer;
}

/* ---- on the phone ---- */

static enum rp_answer
ceremony_fill(struct store_txn *t, const struct rp_call *call,
    const char *token, struct rp_ceremony *c, struct store_account *account)
{
	struct store_offer o;
	enum rp_answer answer;
	enum store_rc rc;

	if ((answer = offer_of(t, call, token, &o)) != RP_OK)
		return answer;
	if (o.state != STORE_OFFER_OPEN)
		return RP_OFFER_OVER;
	rc = store_account_get(t, &o.account, account);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_OFFER_UNKNOWN);
	if (account->state != STORE_ACCOUNT_ACTIVE)
		return RP_OFFER_UNKNOWN;
	c->names = RP_NAMES_ACCOUNT;
	c->account = account->id;
	c->invited = true;
	memcpy(c->invitation, o.token_hash, sizeof(c->invitation));
	memcpy(c->user_handle, account->user_handle, sizeof(c->user_handle));
	memcpy(c->name, account->name, sizeof(c->name));
	memcpy(c->display_name, account->display_name, sizeof(c->display_name));
	memcpy(c->locale, account->locale, sizeof(c->locale));
	return RP_OK;
}

enum rp_answer
rp_offer_options(struct rp *rp, struct rp_call *call, const char *token,
    struct rp_creation *out)
{
	struct store_txn *t = NULL;
	struct store_account account;
	struct rp_ceremony c;
	enum rp_answer answer;

	answer = rp_count_network(rp, call, RP_LIMIT_OPTIONS_NETWORK);
	if (answer != RP_OK)
		return answer;
	if (!rp_ceremony_begin(rp, call, RP_CEREMONY_OF_PHONE, &c))
		return RP_FAULT;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = ceremony_fill(t, call, token, &c, &account);
	store_read_end(t);
	if (answer != RP_OK || (answer = rp_options_passkeys(
				    rp, &account.id, &out->exclude)) != RP_OK)
		return answer;
	return rp_options_creation(rp, call, &c, out);
}

struct reply {
	const struct rp *rp;
	const struct rp_call *call;
	const char *token;
	const struct rp_ceremony *ceremony;
	struct store_phone phone;
	struct store_credential passkey;
	enum rp_answer said;
};

static enum rp_answer
reply_judge(struct store_txn *t, const struct reply *x, struct store_offer *o)
{
	enum rp_answer answer;
	size_t had;

	if ((answer = offer_of(t, x->call, x->token, o)) != RP_OK)
		return answer;
	if (o->state != STORE_OFFER_OPEN)
		return RP_OFFER_OVER;
	/* The options were made for this offer and for no other. */
	if (!x->ceremony->invited ||
	    memcmp(x->ceremony->invitation, o->token_hash,
		sizeof(o->token_hash)) != 0)
		return RP_CEREMONY_ACCOUNT;
	return rp_enrolment_free(t, x->ceremony, &x->passkey, &had);
}

static enum store_rc
reply(struct store_txn *t, void *arg)
{
	struct reply *x = arg;
	const struct rp_ceremony *c = x->ceremony;
	struct store_offer o;
	enum store_rc rc;

	if ((x->said = reply_judge(t, x, &o)) != RP_OK)
		return STORE_REFUSED;
	o.state = STORE_OFFER_ANSWERED;
	o.phone = x->phone;
	o.passkey = x->passkey;
	o.client = x->call->client;
	if ((rc = store_spend(t, c->challenge, c->expires)) != STORE_OK ||
	    (rc = store_offer_put(t, &o)) != STORE_OK)
		return rc;
	return store_change_note(t, STORE_CHANGE_OFFER, o.id.b, x->call->now);
}

enum rp_answer
rp_offer_answer(struct rp *rp, struct rp_call *call, const char *token,
    struct slice ceremony, const struct rp_new_passkey *passkey,
    const struct rp_new_phone *got, struct phone_id *id)
{
	struct rp_ceremony c;
	struct reply x = {
		.rp = rp, .call = call, .token = token, .ceremony = &c
	};
	enum rp_answer answer;

	if ((answer = rp_ceremony_open(rp, call, ceremony, RP_CEREMONY_OF_PHONE,
		 NULL, &c)) != RP_OK ||
	    (answer = rp_phone_judge(call, got, &x.phone)) != RP_OK ||
	    (answer = rp_enrolment_judge(rp, call, &c, passkey, &x.passkey)) !=
		RP_OK)
		return answer;
	x.passkey.account = c.account;
	x.phone.account = c.account;
	x.phone.credential = store_credential_ref(
	    (struct slice){ x.passkey.id, x.passkey.id_n });
	answer = rp_update(rp, reply, &x, &x.said);
	if (answer == RP_OK) {
		*id = x.phone.id;
		store_signal(rp->store);
	}
	return answer;
}

enum rp_answer
rp_offer_state(struct rp *rp, struct rp_call *call, const char *token,
    struct rp_offer *out)
{
	struct store_txn *t = NULL;
	struct store_offer o;
	enum rp_answer answer;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = offer_of(t, call, token, &o);
	store_read_end(t);
	if (answer != RP_OK)
		return answer;
	/* Who has the secret need not be the phone that answered. */
	*out = (struct rp_offer){
		.id = o.id, .state = o.state, .expires = o.expires
	};
	return RP_OK;
}
