/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/invitations.h"

#include "rp/audit.h"
#include "rp/secret.h"
#include "webauthn/b64url.h"
#include "webauthn/hash.h"

enum { TOKEN = 32 };

_Static_assert(
    WA_B64URL_SIZE(TOKEN) == RP_INVITATION_TEXT + 1, "an invitation's text");

bool
rp_invitation_hash(const char *text, uint8_t hash[32])
{
	struct slice s = { (const uint8_t *)text,
		strnlen(text, RP_INVITATION_TEXT + 1) };
	uint8_t token[TOKEN];
	size_t n = 0;
	bool good;

	good = wa_b64url_decode(s, token, sizeof(token), &n) &&
	       n == sizeof(token) &&
	       wa_sha256((struct slice){ token, sizeof(token) }, hash);
	rp_secret_wipe(token, sizeof(token));
	return good;
}

bool
rp_invitation_make(const struct rp *rp, const struct rp_call *call,
    struct store_invitation *i, struct rp_invitation_text *text)
{
	uint8_t token[TOKEN];
	struct slice s = { token, sizeof(token) };
	bool good;

	*i = (struct store_invitation){
		.created = call->now,
		.expires = call->now + rp->config.invitation_ms,
	};
	good = rp_secret_random(token, sizeof(token)) &&
	       wa_sha256(s, i->token_hash) &&
	       wa_b64url_encode(s, text->s, sizeof(text->s));
	memcpy(text->id, i->token_hash, sizeof(text->id));
	rp_secret_wipe(token, sizeof(token));
	return good;
}

enum rp_answer
rp_invitation_get(struct store_txn *t, const struct rp_call *call,
    const uint8_t hash[32], struct store_invitation *i)
{
	return rp_answer_of(
	    store_invitation_get(t, hash, call->now, i), RP_INVITATION_UNKNOWN);
}

static enum rp_answer
check(struct store_txn *t, const struct rp_call *call, const uint8_t hash[32],
    struct rp_invitation *out)
{
	struct store_invitation i;
	struct store_account a;
	enum rp_answer answer;

	if ((answer = rp_invitation_get(t, call, hash, &i)) != RP_OK)
		return answer;
	*out = (struct rp_invitation){
		.for_account = i.for_account,
		.expires = i.expires,
	};
	memcpy(out->name, i.name, sizeof(out->name));
	if (!i.for_account)
		return RP_OK;
	answer = rp_answer_of(
	    store_account_get(t, &i.account, &a), RP_INVITATION_UNKNOWN);
	if (answer != RP_OK)
		return answer;
	memcpy(out->name, a.name, sizeof(out->name));
	memcpy(out->display_name, a.display_name, sizeof(out->display_name));
	return RP_OK;
}

static enum rp_answer
look_up(struct rp *rp, struct rp_call *call, const char *invitation,
    struct rp_invitation *found)
{
	struct store_txn *t = NULL;
	enum rp_answer answer;
	uint8_t hash[32];

	if (!rp_invitation_hash(invitation, hash))
		return RP_INVITATION_UNKNOWN;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = check(t, call, hash, found);
	store_read_end(t);
	return answer;
}

enum rp_answer
rp_admin_invitations_list(struct rp *rp, struct rp_call *call,
    const uint8_t after[32], struct store_invitation *out, size_t max,
    size_t *n)
{
	struct store_txn *t = NULL;
	enum store_rc rc;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_invitations_list(t, after, call->now, out, max, n);
	store_read_end(t);
	return rp_answer_of(rc, RP_FAULT);
}

struct revocation {
	const struct rp_call *call;
	const uint8_t *id;
	enum rp_answer said;
};

static enum store_rc
revoke(struct store_txn *t, void *arg)
{
	struct revocation *x = arg;
	struct store_invitation i;
	struct rp_audit d = { 0 };
	enum store_rc rc = store_invitation_find(t, x->id, x->call->now, &i);

	if (rc == STORE_ABSENT)
		return rp_refuse(&x->said, RP_NOT_FOUND);
	if (rc != STORE_OK ||
	    (rc = store_invitation_remove(t, i.token_hash)) != STORE_OK)
		return rc;
	rp_audit_text(&d, "by", "admin");
	rp_audit_id(&d, "invitation", "inv_", x->id);
	rp_audit_text(&d, "name", i.name);
	return rp_audit_append(t, x->call, i.for_account ? &i.account : NULL,
	    "invitation-revoked", &d);
}

enum rp_answer
rp_admin_invitation_revoke(
    struct rp *rp, struct rp_call *call, const uint8_t id[16])
{
	struct revocation x = { .call = call, .id = id };

	return rp_update(rp, revoke, &x, &x.said);
}

enum rp_answer
rp_invitation_unknown(struct rp *rp, struct rp_call *call)
{
	enum rp_answer answer =
	    rp_count_network(rp, call, RP_LIMIT_INVITATION_NETWORK);

	return answer != RP_OK ? answer : RP_INVITATION_UNKNOWN;
}

enum rp_answer
rp_invitation_check(struct rp *rp, struct rp_call *call, const char *invitation,
    struct rp_invitation *out)
{
	struct rp_invitation found;
	enum rp_answer answer = look_up(rp, call, invitation, &found);

	if (answer == RP_OK)
		*out = found;
	return answer == RP_INVITATION_UNKNOWN ? rp_invitation_unknown(rp, call)
					       : answer;
}
