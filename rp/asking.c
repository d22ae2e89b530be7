/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/approvals.h"

#include <unictype.h>
#include <unistr.h>

#include "rp/accounts.h"
#include "rp/approving.h"
#include "rp/decoys.h"
#include "rp/ids.h"
#include "rp/kept.h"
#include "rp/numbers.h"
#include "rp/secret.h"
#include "rp/tell.h"
#include "store/changes.h"
#include "webauthn/hash.h"
#include "webauthn/utf8.h"

enum { BINDING_CHARACTERS = 20 };

struct begin {
	struct rp *rp;
	struct rp_call *call;
	const struct rp_approval_ask *ask;
	char name_key[STORE_NAME_MAX + 1]; /* "": nobody can be called so */
	struct account_id stranger; /* in whose name, if nobody has it */
	struct rp_asker asker;
	uint8_t thumbprint[32];
	bool kept_read;
	struct rp_kept_secret kept;
	struct store_approval fresh; /* as far as it is known beforehand */
	struct store_approval made; /* what was written */
	enum rp_kept kept_now;
	store_time retry;
	enum rp_answer said;
};

/* ---- before the update ---- */

bool
rp_binding_is_one(const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	const uc_general_category_t unseen =
	    uc_general_category_or(UC_CATEGORY_C,
		uc_general_category_or(UC_CATEGORY_Zl, UC_CATEGORY_Zp));
	size_t left = strnlen(text, STORE_BINDING_MAX + 1), n = 0;
	ucs4_t c;
	int step;

	if (left > STORE_BINDING_MAX)
		return false;
	for (; left > 0; left -= (size_t)step, at += step, n++) {
		step = u8_mbtoucr(&c, at, left);
		if (step <= 0 || uc_is_general_category(c, unseen))
			return false;
	}
	return n >= 1 && n <= BINDING_CHARACTERS;
}

/* Printable, whole characters, as many as fit: what goes into T. */
static void
clean(char *out, size_t size, const char *in)
{
	size_t n = in != NULL ? strnlen(in, size - 1) : 0;

	memset(out, 0, size);
	while (
	    n > 0 && !wa_utf8_valid((struct slice){ (const uint8_t *)in, n }))
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] =
		    (unsigned char)in[i] < 0x20 || in[i] == 0x7f ? ' ' : in[i];
}

/*
 * Who the name would be, were it nobody's: the same for one name always, told
 * from a name by nobody who lacks the key.
 */
static bool
stranger_of(struct begin *x)
{
	const char *hint = NULL;
	struct slice parts[2] = { slice_of("approval stranger") };
	uint8_t mac[32];

	if (rp_name_prepare(x->ask->name, x->name_key, &hint) != RP_OK)
		memset(x->name_key, 0, sizeof(x->name_key));
	parts[1] = x->name_key[0] != '\0' ? slice_of(x->name_key)
					  : slice_of(x->ask->name);
	if (!rp_secret_mac(x->rp->keys.decoy, parts, 2, mac))
		return false;
	memcpy(x->stranger.b, mac, sizeof(x->stranger.b));
	return true;
}

static enum store_match
match_of(const struct rp *rp)
{
	return rp->config.approval_match != 0
		   ? (enum store_match)rp->config.approval_match
		   : STORE_MATCH_CHOOSE3;
}

static bool
fresh_make(struct begin *x)
{
	const struct rp_approval_ask *ask = x->ask;
	const struct rp_call *call = x->call;
	struct store_approval *a = &x->fresh;

	a->state = STORE_APPROVAL_PENDING;
	a->match = match_of(x->rp);
	a->created = call->now;
	a->expires = call->now + x->rp->config.approval_ms;
	memcpy(a->cookie, call->browser, sizeof(a->cookie));
	memcpy(a->key, ask->key, sizeof(a->key));
	memcpy(a->network, call->network, sizeof(a->network));
	clean(
	    a->client.browser, sizeof(a->client.browser), call->client.browser);
	clean(
	    a->client.address, sizeof(a->client.address), call->client.address);
	clean(a->client.place, sizeof(a->client.place), call->client.place);
	clean(a->network_name, sizeof(a->network_name), ask->network_name);
	clean(a->app, sizeof(a->app),
	    ask->app != NULL ? ask->app : x->rp->config.rp_name);
	clean(a->binding, sizeof(a->binding), ask->binding);
	return rp_id_make(call->now, a->id.b) &&
	       rp_secret_random(a->nonce, sizeof(a->nonce)) &&
	       rp_secret_random(a->secret, sizeof(a->secret)) &&
	       rp_numbers_draw(a);
}

/* Whom requests from everywhere are counted for, whoever has that name. */
static struct slice
whose_name(const struct begin *x)
{
	return (struct slice){ x->stranger.b, sizeof(x->stranger.b) };
}

static enum rp_answer
prepare(struct begin *x)
{
	enum rp_answer answer;

	answer = rp_count_network(x->rp, x->call, RP_LIMIT_APPROVALS_NETWORK);
	if (answer != RP_OK ||
	    (answer = rp_es256_key_judge(x->ask->key)) != RP_OK)
		return answer;
	x->kept_read =
	    x->ask->kept != NULL && rp_kept_read(x->ask->kept, &x->kept);
	if (!stranger_of(x))
		return RP_FAULT;
	answer =
	    rp_limit_of(x->rp, x->call, RP_LIMIT_APPROVALS_NAME, whose_name(x));
	if (answer != RP_OK)
		return RP_APPROVALS_RESTING;
	if (!fresh_make(x) ||
	    !rp_es256_thumbprint(x->ask->key, x->thumbprint) ||
	    !rp_guard_asker(
		x->call->browser, x->ask->key, x->call->network, &x->asker))
		return RP_FAULT;
	return RP_OK;
}

/* ---- inside it ---- */

/*
 * Whose request it is.  A name that nobody has leads to the same reads; one
 * whose account is locked to one that nobody will see.
 */
static enum store_rc
find_account(struct store_txn *t, struct begin *x, struct store_approval *a)
{
	struct store_account account;
	struct account_id id = rp_stand_in(x->rp);
	enum store_rc rc, found;

	found = store_account_by_name(t, x->name_key, &id);
	if (found != STORE_OK && found != STORE_ABSENT)
		return found;
	rc = store_account_get(t, &id, &account);
	if (rc != STORE_OK && rc != STORE_ABSENT)
		return rc;
	if (found != STORE_OK || rc != STORE_OK) {
		a->account = x->stranger;
		a->decoy = true;
		return STORE_OK;
	}
	a->account = id;
	a->decoy = account.state != STORE_ACCOUNT_ACTIVE;
	return STORE_OK;
}

/*
 * A browser that the account keeps.  It has to have the key that it is known
 * by: a stolen cookie alone spares no number, and who keeps a browser without
 * a key is not spared any.
 */
static enum store_rc
find_kept(struct store_txn *t, struct begin *x, struct store_approval *a)
{
	struct store_browser b;
	struct store_trust trust;
	enum store_rc rc;

	x->kept_now = RP_KEPT_NOT;
	if (!x->kept_read)
		return STORE_OK;
	rc = rp_kept_find(t, x->call, &x->kept, &x->kept_now, &b);
	if (rc != STORE_OK || x->kept_now == RP_KEPT_NOT ||
	    x->kept_now == RP_KEPT_STOLEN)
		return rc;
	rc = rp_kept_trust(t, x->rp, x->call, &a->account, &b.id, &trust);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	if (memcmp(b.key_thumbprint, x->thumbprint, 32) != 0)
		return STORE_OK;
	a->kept = b.id;
	if (x->rp->config.number_always)
		return STORE_OK;
	a->match = STORE_MATCH_NONE;
	memset(a->number, 0, sizeof(a->number));
	memset(a->shown, 0, sizeof(a->shown));
	return STORE_OK;
}

/*
 * The asker's own last request is superseded, as they see.  That of somebody
 * else on the phones is displaced, of which they see nothing: else who asks
 * for a name would see that others do.  What the owner reads of it is written
 * by the clock: here a stranger's request would be less work.
 */
static enum store_rc
supersede(struct store_txn *t, const struct begin *x,
    const struct store_guard *own, struct store_guard *g, bool reaches)
{
	const store_time now = x->call->now;
	struct store_approval old;
	enum store_rc rc;

	rc = store_approval_get(t, &own->pending, &old);
	if (rc == STORE_OK &&
	    (rp_approval_is_open(&old, now) ||
		rp_approval_now(&old, now) == STORE_APPROVAL_DISPLACED))
		rc = rp_approval_close(
		    t, x->call, &old, g, STORE_APPROVAL_REPLACED);
	if ((rc != STORE_OK && rc != STORE_ABSENT) || !reaches)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	rc = store_approval_get(t, &g->pending, &old);
	if (rc == STORE_OK && rp_approval_is_open(&old, now))
		rc = rp_approval_close(
		    t, x->call, &old, g, STORE_APPROVAL_DISPLACED);
	return rc == STORE_ABSENT ? STORE_OK : rc;
}

/* Counts it, for who asks and, when it reaches the phones, for the account. */
static enum store_rc
guards_keep(struct store_txn *t, const struct begin *x, struct store_guard *own,
    struct store_guard *g, const struct store_approval *a, bool reaches)
{
	enum store_rc rc;

	rp_guard_asked(own, x->call->now);
	own->stranger = true;
	own->pending = a->id;
	if (reaches) {
		rp_guard_asked(g, x->call->now);
		g->pending = a->id;
	}
	g->stranger =
	    memcmp(&a->account, &x->stranger, sizeof(a->account)) == 0;
	rc = rp_guard_keep(t, own, x->call->now);
	return rc != STORE_OK ? rc : rp_guard_keep(t, g, x->call->now);
}

static enum store_rc
begin_write(struct store_txn *t, void *arg)
{
	static const struct browser_id none;
	struct begin *x = arg;
	struct store_approval a = x->fresh;
	struct store_guard g, own;
	enum store_rc rc;
	bool reaches;

	if ((rc = find_account(t, x, &a)) != STORE_OK ||
	    (rc = find_kept(t, x, &a)) != STORE_OK ||
	    (rc = store_guard_get(t, &a.account, &g)) != STORE_OK ||
	    (rc = rp_guard_of_asker(t, x->rp, &a.account, a.network, &own)) !=
		STORE_OK)
		return rc;
	if (!rp_guard_allows(&own, &x->asker, x->call->now, &x->retry))
		return rp_refuse(&x->said, RP_APPROVALS_RESTING);
	reaches = rp_guard_reaches(&g, &x->asker,
	    memcmp(&a.kept, &none, sizeof(none)) != 0, x->call->now);
	/* What does not reach the phones is what a stranger's would be. */
	a.decoy |= !reaches;
	if ((rc = supersede(t, x, &own, &g, reaches)) != STORE_OK ||
	    (rc = store_approval_add(t, &a)) != STORE_OK ||
	    (rc = guards_keep(t, x, &own, &g, &a, reaches)) != STORE_OK)
		return rc;
	x->made = a;
	return rp_tell_approval(t, x->call, &a, &g);
}

enum rp_answer
rp_approval_begin(struct rp *rp, struct rp_call *call,
    const struct rp_approval_ask *ask, struct rp_approval *out, bool *kept_lost)
{
	struct begin x = { .rp = rp, .call = call, .ask = ask };
	enum rp_answer answer;

	*kept_lost = false;
	if ((answer = prepare(&x)) != RP_OK)
		return answer;
	answer = rp_update(rp, begin_write, &x, &x.said);
	if (answer == RP_APPROVALS_RESTING)
		call->retry_after_ms = x.retry;
	if (answer == RP_OK)
		(void)rp_count_of(
		    rp, call, RP_LIMIT_APPROVALS_NAME, whose_name(&x));
	if (x.kept_now == RP_KEPT_STOLEN)
		(void)rp_kept_theft(rp, call, &x.kept.id);
	*kept_lost = ask->kept != NULL && (x.kept_now == RP_KEPT_NOT ||
					      x.kept_now == RP_KEPT_STOLEN);
	if (answer != RP_OK)
		return answer;
	store_signal(rp->store);
	if (!x.made.decoy) {
		call->account_known = true;
		call->account = x.made.account;
	}
	rp_approval_show(&x.made, call->now, out);
	return RP_OK;
}
