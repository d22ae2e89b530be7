/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/login.h"

#include "rp/accounts.h"
#include "rp/assertion.h"
#include "rp/audit.h"
#include "rp/decoys.h"
#include "rp/guard.h"
#include "rp/history.h"
#include "rp/options.h"
#include "rp/secret.h"
#include "rp/token.h"
#include "webauthn/b64url.h"
#include "webauthn/hash.h"

/*
 * A name as it is looked up.  One that no account can have is looked up too,
 * under a key that no name has: the space in front.
 */
struct name_key {
	char s[STORE_NAME_MAX + 1];
};

static bool
name_key_make(const char *name, struct name_key *key)
{
	const char *hint;
	uint8_t hash[32];

	switch (rp_name_prepare(name, key->s, &hint)) {
	case RP_OK:
		return true;
	case RP_NAME_MALFORMED:
		break;
	default:
		return false;
	}
	key->s[0] = ' ';
	return wa_sha256(slice_of(name), hash) &&
	       wa_b64url_encode((struct slice){ hash, sizeof(hash) },
		   key->s + 1, sizeof(key->s) - 1);
}

/*
 * The passkeys of the account with that name.  *known: it has some.  Reads as
 * much when there is no such account: somebody else's.
 */
static enum store_rc
passkeys_by_name(struct store_txn *t, const struct rp *rp,
    const struct name_key *key, struct account_id *id, bool *known,
    struct rp_descriptors *out)
{
	struct store_credential list[STORE_CREDENTIALS_MAX];
	enum store_rc rc, found;
	size_t n = 0;

	found = store_account_by_name(t, key->s, id);
	if (found == STORE_ABSENT)
		*id = rp_stand_in(rp);
	else if (found != STORE_OK)
		return found;
	rc = store_credentials_of(t, id, list, &n);
	if (rc != STORE_OK && found == STORE_OK)
		return rc;
	/* What is wrong with somebody else says nothing about this name. */
	if (rc != STORE_OK)
		n = 0;
	*known = found == STORE_OK && n > 0;
	rp_options_describe(list, n, out);
	return STORE_OK;
}

/* Passkeys or decoys; in ceremony, which of them. */
static enum rp_answer
allow_by_name(struct rp *rp, const char *name, struct rp_ceremony *c,
    struct rp_descriptors *allow)
{
	struct rp_descriptors decoys;
	struct store_txn *t = NULL;
	struct account_id id;
	struct name_key key;
	enum store_rc rc;
	bool known = false;

	if (!name_key_make(name, &key) ||
	    !rp_decoys_make(rp, slice_of(key.s), &decoys) ||
	    store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = passkeys_by_name(t, rp, &key, &id, &known, allow);
	store_read_end(t);
	if (rc != STORE_OK)
		return RP_FAULT;
	c->names = known ? RP_NAMES_ACCOUNT : RP_NAMES_STRANGER;
	c->account = id;
	if (known) {
		rp_stand_in_set(rp, &id);
		return RP_OK;
	}
	memcpy(allow->list, decoys.list, decoys.n * sizeof(decoys.list[0]));
	allow->n = decoys.n;
	return RP_OK;
}

enum rp_answer
rp_login_begin(struct rp *rp, struct rp_call *call, const char *name,
    enum rp_requirement user_verification, struct rp_request *out)
{
	struct rp_ceremony c;
	enum rp_answer answer;

	answer = rp_count_network(rp, call, RP_LIMIT_OPTIONS_NETWORK);
	if (answer != RP_OK)
		return answer;
	if (!rp_ceremony_begin(rp, call, RP_CEREMONY_OF_LOGIN, &c))
		return RP_FAULT;
	if (rp->config.conformance)
		c.wishes.user_verification = user_verification;
	out->allow.n = 0;
	if (name != NULL &&
	    (answer = allow_by_name(rp, name, &c, &out->allow)) != RP_OK)
		return answer;
	return rp_options_request(rp, call, &c, out);
}

struct rp_login {
	struct rp_ceremony ceremony;
	struct rp_asserted asserted;
	struct session_id old;
	bool has_old;
	struct store_session session;
	struct rp_token token;
	enum rp_answer said;
};

static enum store_rc
login_audit(struct store_txn *t, const struct rp_login *l,
    const struct store_credential *c)
{
	const struct rp_asserted *a = &l->asserted;
	struct rp_audit d = { 0 };

	rp_audit_id(&d, "session", "ses_", l->session.id.b);
	rp_audit_id(&d, "passkey", "pk_", a->ref.b);
	rp_audit_number(&d, "counter", c->sign_count);
	rp_audit_number(&d, "flags", a->result.flags);
	rp_audit_client(&d, a->call);
	return rp_audit_append(t, a->call, &a->account.id, "sign-in", &d);
}

static enum store_rc
login_write(struct store_txn *t, void *arg)
{
	struct rp_login *l = arg;
	const struct rp_asserted *a = &l->asserted;
	struct store_credential c;
	struct rp_event e = { .event = "sign-in",
		.passkey = c.name,
		.method = STORE_METHOD_PASSKEY };
	enum store_rc rc;

	if ((l->said = rp_assertion_still(t, a, &c)) != RP_OK)
		return STORE_REFUSED;
	if ((rc = rp_assertion_keep(t, a, &c)) != STORE_OK ||
	    (rc = rp_token_replace(t, a->rp, a->call,
		 l->has_old ? &l->old : NULL, &l->session)) != STORE_OK ||
	    (rc = store_session_add(t, &l->session)) != STORE_OK ||
	    (rc = rp_history_append(t, a->rp, a->call, &a->account.id, &e)) !=
		STORE_OK)
		return rc;
	/* Its owner is here: what rested on their account goes on. */
	rc = rp_guard_relax(t, a->rp, a->call, &a->account.id);
	return rc != STORE_OK ? rc : login_audit(t, l, &c);
}

size_t
rp_login_size(void)
{
	return sizeof(struct rp_login);
}

enum rp_answer
rp_login_judge(struct rp *rp, struct rp_call *call, struct slice ceremony,
    const struct wa_assertion *got, const struct session_id *old,
    struct rp_login *l)
{
	l->asserted.proved = false;
	if ((l->has_old = old != NULL))
		l->old = *old;
	l->said = rp_ceremony_open(
	    rp, call, ceremony, RP_CEREMONY_OF_LOGIN, NULL, &l->ceremony);
	if (l->said == RP_OK)
		l->said = rp_assertion_judge(
		    rp, call, &l->ceremony, got, &l->asserted);
	if (l->said == RP_OK &&
	    !rp_token_make(rp, call, &l->asserted.account.id, &l->asserted.ref,
		&l->session, &l->token))
		l->said = RP_FAULT;
	return l->said;
}

struct gathering {
	struct rp_login *const *list;
	size_t n;
	enum rp_answer said;
};

/*
 * Each of them looks before it writes, so one that is refused leaves nothing,
 * and the others what they wrote.  What fails in the middle ends all of it.
 */
static enum store_rc
gathering_write(struct store_txn *t, void *arg)
{
	struct gathering *g = arg;

	for (size_t i = 0; i < g->n; i++) {
		enum store_rc rc = login_write(t, g->list[i]);

		if (rc != STORE_OK && rc != STORE_REFUSED)
			return rc;
	}
	return STORE_OK;
}

/* One alone: what it comes to is said of nobody else. */
static void
keep_one(struct rp *rp, struct rp_login *l)
{
	enum rp_answer answer = rp_update(rp, login_write, l, &l->said);

	l->said = rp_assertion_refused(&l->asserted, answer);
}

void
rp_logins_keep(struct rp *rp, struct rp_login *const *list, size_t n)
{
	struct gathering g = { .list = list, .n = n };

	if (n > 1 && rp_update(rp, gathering_write, &g, &g.said) == RP_OK) {
		for (size_t i = 0; i < n; i++)
			list[i]->said = rp_assertion_refused(
			    &list[i]->asserted, list[i]->said);
		return;
	}
	for (size_t i = 0; i < n; i++)
		keep_one(rp, list[i]);
}

bool
rp_login_commits(const struct rp_login *l)
{
	return l->asserted.proved;
}

enum rp_answer
rp_login_end(
    struct rp_login *l, struct rp_signed_in *in, struct rp_token *token)
{
	enum rp_answer answer = l->said;

	if (answer == RP_OK) {
		in->account = l->asserted.account;
		in->session = l->session;
		*token = l->token;
	} else
		answer = rp_assertion_write_off(&l->asserted, answer);
	rp_secret_wipe(&l->token, sizeof(l->token));
	return answer;
}
