/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/token.h"

#include "rp/history.h"
#include "rp/secret.h"
#include "webauthn/b64url.h"
#include "webauthn/hash.h"

enum { ID = 16, SECRET = 32, TOKEN = ID + SECRET };

_Static_assert(WA_B64URL_SIZE(TOKEN) == RP_TOKEN_TEXT + 1, "a token's text");

bool
rp_token_make(const struct rp *rp, const struct rp_call *call,
    const struct account_id *account, const struct credential_ref *ref,
    struct store_session *s, struct rp_token *token)
{
	uint8_t raw[TOKEN];
	bool good;

	*s = (struct store_session){
		.account = *account,
		.credential = *ref,
		.method = STORE_METHOD_PASSKEY,
		.created = call->now,
		.proved = call->now,
		.last_seen = call->now,
		.idle_ms = rp->config.session_idle_ms,
		.ends = call->now + rp->config.session_ms,
		.client = call->client,
	};
	good = rp_id_make(call->now, raw) &&
	       rp_secret_random(raw + ID, SECRET) &&
	       wa_sha256((struct slice){ raw + ID, SECRET }, s->token_hash) &&
	       wa_b64url_encode((struct slice){ raw, sizeof(raw) }, token->s,
		   sizeof(token->s));
	memcpy(s->id.b, raw, ID);
	rp_secret_wipe(raw, sizeof(raw));
	return good;
}

bool
rp_token_read(const char *text, struct session_id *id, uint8_t hash[32])
{
	struct slice s = { (const uint8_t *)text,
		strnlen(text, RP_TOKEN_TEXT + 1) };
	uint8_t raw[TOKEN];
	size_t n = 0;
	bool good;

	good = s.n == RP_TOKEN_TEXT &&
	       wa_b64url_decode(s, raw, sizeof(raw), &n) && n == sizeof(raw) &&
	       wa_sha256((struct slice){ raw + ID, SECRET }, hash);
	if (good)
		memcpy(id->b, raw, ID);
	rp_secret_wipe(raw, sizeof(raw));
	return good;
}

enum rp_answer
rp_token_still(struct store_txn *t, const struct rp_call *call,
    const struct rp_signed_in *who, struct rp_signed_in *now)
{
	enum store_rc rc;

	rc = store_session_get(t, &who->session.id, &now->session);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_SESSION_EXPIRED);
	if (memcmp(&now->session.account, &who->account.id,
		sizeof(who->account.id)) != 0 ||
	    call->now >= store_session_expires(&now->session))
		return RP_SESSION_EXPIRED;
	rc = store_account_get(t, &now->session.account, &now->account);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_SESSION_EXPIRED);
	return now->account.state == STORE_ACCOUNT_ACTIVE ? RP_OK
							  : RP_SESSION_EXPIRED;
}

enum store_rc
rp_token_replace(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct session_id *old,
    const struct store_session *next)
{
	const struct rp_event e = { .event = "sign-out" };
	struct store_session s;
	enum store_rc rc;

	if (old == NULL)
		return STORE_OK;
	if ((rc = store_session_get(t, old, &s)) != STORE_OK)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	if ((rc = store_session_remove(t, old)) != STORE_OK)
		return rc;
	/* In the same account it is one sign-in; another one sees it end. */
	if (memcmp(&s.account, &next->account, sizeof(s.account)) == 0)
		return STORE_OK;
	return rp_history_append(t, rp, call, &s.account, &e);
}
