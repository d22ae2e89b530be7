/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/kept.h"

#include "rp/approving.h"
#include "rp/audit.h"
#include "rp/history.h"
#include "rp/secret.h"
#include "rp/tell.h"
#include "store/changes.h"
#include "webauthn/b64url.h"
#include "webauthn/hash.h"

enum { SERIES = 16, SECRET = 32, TOKEN = SERIES + SECRET };

/* So long after a token was given another tab may be about to hear of it. */
#define TABS_MS ((store_time)60 * 1000)

_Static_assert(WA_B64URL_SIZE(TOKEN) == RP_KEPT_TEXT + 1, "a token's text");

static bool
secret_of(const uint8_t raw[TOKEN], struct rp_kept_secret *s)
{
	const struct slice parts[] = { slice_of("itsumo kept browser"),
		{ raw, SERIES } };
	uint8_t hash[32];

	memcpy(s->series, raw, SERIES);
	if (!wa_hash_parts(WA_SHA256, parts, 2, hash) ||
	    !wa_sha256((struct slice){ raw, TOKEN }, s->hash))
		return false;
	memcpy(s->id.b, hash, sizeof(s->id.b));
	return true;
}

bool
rp_kept_read(const char *text, struct rp_kept_secret *s)
{
	struct slice in = { (const uint8_t *)text,
		strnlen(text, RP_KEPT_TEXT + 1) };
	uint8_t raw[TOKEN];
	size_t n = 0;
	bool good;

	good = in.n == RP_KEPT_TEXT &&
	       wa_b64url_decode(in, raw, sizeof(raw), &n) && n == sizeof(raw) &&
	       secret_of(raw, s);
	rp_secret_wipe(raw, sizeof(raw));
	return good;
}

static bool
draw(uint8_t raw[TOKEN], size_t known, struct rp_kept_secret *s,
    struct rp_kept_token *token)
{
	bool good = rp_secret_random(raw + known, TOKEN - known) &&
		    secret_of(raw, s) &&
		    wa_b64url_encode((struct slice){ raw, TOKEN }, token->s,
			sizeof(token->s));

	rp_secret_wipe(raw, TOKEN);
	return good;
}

bool
rp_kept_make(struct rp_kept_secret *s, struct rp_kept_token *token)
{
	uint8_t raw[TOKEN];

	return draw(raw, 0, s, token);
}

bool
rp_kept_next(struct rp_kept_secret *s, struct rp_kept_token *token)
{
	uint8_t raw[TOKEN];

	memcpy(raw, s->series, SERIES);
	return draw(raw, SERIES, s, token);
}

enum store_rc
rp_kept_find(struct store_txn *t, const struct rp_call *call,
    const struct rp_kept_secret *s, enum rp_kept *kept, struct store_browser *b)
{
	enum store_rc rc = store_browser_get(t, &s->id, b);

	*kept = RP_KEPT_NOT;
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	if (b->expires <= call->now)
		return STORE_OK;
	if (rp_secret_equal(b->token_hash, s->hash, sizeof(s->hash)))
		*kept = RP_KEPT_NOW;
	else if (rp_secret_equal(b->previous_hash, s->hash, sizeof(s->hash)))
		*kept = RP_KEPT_BEFORE;
	else
		*kept = RP_KEPT_STOLEN;
	return STORE_OK;
}

enum store_rc
rp_kept_trust(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account,
    const struct browser_id *id, struct store_trust *trust)
{
	enum store_rc rc;

	if ((rc = store_trust_get(t, account, id, trust)) != STORE_OK)
		return rc;
	return call->now - trust->last_used < rp->config.browser_idle_ms &&
		       call->now - trust->since < rp->config.browser_ms
		   ? STORE_OK
		   : STORE_ABSENT;
}

enum store_rc
rp_kept_rotate(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, enum rp_kept kept,
    const struct rp_kept_secret *next, struct store_browser *b, bool *rotated)
{
	const store_time age = call->now - b->rotated;

	*rotated = kept == RP_KEPT_NOW || age > TABS_MS || age < 0;
	if (!*rotated)
		return STORE_OK;
	/* Else the answer with the present one was lost, and this one stays. */
	if (kept == RP_KEPT_NOW)
		memcpy(
		    b->previous_hash, b->token_hash, sizeof(b->previous_hash));
	memcpy(b->token_hash, next->hash, sizeof(b->token_hash));
	b->rotated = call->now;
	b->expires = call->now + rp->config.browser_idle_ms;
	return store_browser_put(t, b);
}

enum store_rc
rp_kept_used(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct rp_kept_secret *had,
    const struct rp_kept_secret *next, const struct account_id *account,
    struct store_session *session, enum rp_kept *kept, bool *rotated)
{
	struct store_browser b;
	struct store_trust trust;
	enum store_rc rc;

	*rotated = false;
	rc = rp_kept_find(t, call, had, kept, &b);
	if (rc != STORE_OK || *kept == RP_KEPT_NOT || *kept == RP_KEPT_STOLEN)
		return rc;
	rc = rp_kept_rotate(t, rp, call, *kept, next, &b, rotated);
	if (rc != STORE_OK)
		return rc;
	rc = rp_kept_trust(t, rp, call, account, &b.id, &trust);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	trust.last_used = call->now;
	trust.client = call->client;
	session->browser = b.id;
	return store_trust_put(t, &trust);
}

/* ---- throwing out ---- */

static bool
is_on(const struct store_session *s, const struct browser_id *id)
{
	static const struct browser_id none;

	if (id != NULL)
		return memcmp(&s->browser, id, sizeof(*id)) == 0;
	return memcmp(&s->browser, &none, sizeof(none)) != 0;
}

enum store_rc
rp_kept_sessions_end(struct store_txn *t, const struct rp_call *call,
    const struct account_id *account, const struct browser_id *id, size_t *n)
{
	struct store_session list[STORE_SESSIONS_MAX];
	enum store_rc rc;
	size_t count = 0, ended = 0;

	rc = store_sessions_of(t, account, call->now, list, &count);
	for (size_t i = 0; rc == STORE_OK && i < count; i++) {
		if (!is_on(&list[i], id))
			continue;
		rc = store_session_remove(t, &list[i].id);
		ended++;
	}
	if (rc == STORE_OK)
		*n = ended;
	return rc;
}

static enum store_rc
revoke_one(struct store_txn *t, const struct rp_call *call,
    const struct account_id *account, const struct browser_id *id,
    struct rp_revoked *out)
{
	enum store_rc rc;
	size_t n = 0;

	if ((rc = store_trust_remove(t, account, id)) != STORE_OK ||
	    (rc = rp_kept_sessions_end(t, call, account, id, &n)) != STORE_OK)
		return rc;
	out->browsers++;
	out->sessions += n;
	return STORE_OK;
}

enum store_rc
rp_kept_revoke(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account,
    const struct browser_id *id, struct rp_revoked *out)
{
	struct store_trust list[STORE_BROWSERS_MAX];
	enum store_rc rc;
	size_t count = 0;

	*out = (struct rp_revoked){ 0 };
	rc = rp_approval_thrown_out(t, rp, call, account, id);
	if (rc != STORE_OK)
		return rc;
	if (id != NULL)
		return revoke_one(t, call, account, id, out);
	rc = store_trusts_of(t, account, list, &count);
	for (size_t i = 0; rc == STORE_OK && i < count; i++)
		rc = revoke_one(t, call, account, &list[i].browser, out);
	return rc;
}

struct theft {
	const struct rp *rp;
	const struct rp_call *call;
	const struct browser_id *id;
	enum rp_answer said;
};

static enum store_rc
theft_tell(struct store_txn *t, const struct theft *x,
    const struct account_id *account, const struct store_trust *trust,
    size_t sessions)
{
	const struct rp_event e = { .event = "browser-copied",
		.reason = "token-reused",
		.notice = true };
	struct rp_audit d = { 0 };
	enum store_rc rc;

	rp_audit_id(&d, "browser", "brw_", x->id->b);
	rp_audit_text(&d, "name", trust->name);
	rp_audit_number(&d, "sessions", sessions);
	rp_audit_client(&d, x->call);
	if ((rc = rp_history_append(t, x->rp, x->call, account, &e)) !=
		STORE_OK ||
	    (rc = rp_audit_append(t, x->call, account, e.event, &d)) !=
		STORE_OK)
		return rc;
	return rp_tell_notice(t, x->call, account, NULL);
}

static enum store_rc
theft(struct store_txn *t, void *arg)
{
	struct theft *x = arg;
	struct store_browser b;
	struct store_trust trust;
	enum store_rc rc;

	rc = store_browser_get(t, x->id, &b);
	if (rc == STORE_ABSENT)
		return rp_refuse(&x->said, RP_OK);
	for (size_t i = 0; rc == STORE_OK && i < b.account_count; i++) {
		const struct account_id *account = &b.accounts[i];
		size_t n = 0;

		rc = store_trust_get(t, account, x->id, &trust);
		if (rc == STORE_ABSENT) {
			rc = STORE_OK;
			continue;
		}
		if (rc == STORE_OK)
			rc = rp_kept_sessions_end(
			    t, x->call, account, x->id, &n);
		if (rc == STORE_OK)
			rc = rp_approval_thrown_out(
			    t, x->rp, x->call, account, x->id);
		if (rc == STORE_OK)
			rc = theft_tell(t, x, account, &trust, n);
	}
	return rc == STORE_OK ? store_browser_remove(t, x->id) : rc;
}

enum rp_answer
rp_kept_theft(struct rp *rp, struct rp_call *call, const struct browser_id *id)
{
	struct theft x = { .rp = rp, .call = call, .id = id };
	enum rp_answer answer = rp_update(rp, theft, &x, &x.said);

	store_signal(rp->store);
	return answer;
}
