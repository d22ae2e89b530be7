/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/rp.h"

#include <stdlib.h>

#include "rp/ceremony.h"
#include "rp/decoys.h"
#include "rp/inside.h"
#include "rp/secret.h"

#define MINUTE ((store_time)60 * 1000)
#define DAY ((store_time)24 * 60 * MINUTE)

enum { LIMIT_BUCKETS = 262144 }; /* 4 MiB */

const char *
rp_answer_name(enum rp_answer a)
{
	static const char *const names[] = {
#define X(id, name) [id] = (name),
		RP_ANSWERS(X)
#undef X
	};

	return names[a];
}

static bool
is_zero(const uint8_t *p, size_t n)
{
	uint8_t or = 0;

	for (size_t i = 0; i < n; i++)
		or |= p[i];
	return or == 0;
}

static bool
sensible(const struct rp_config *c, const struct rp_keys *keys)
{
	return c->rp_id != NULL && c->rp_id[0] != '\0' &&
	       strlen(c->rp_id) <= RP_CEREMONY_RP_ID_MAX &&
	       c->rp_name != NULL && c->origins != NULL &&
	       c->origins[0] != NULL && c->algorithms != NULL &&
	       c->algorithm_count > 0 && c->ceremony_ms >= 0 &&
	       c->fresh_ms >= 0 && c->session_idle_ms >= 0 &&
	       c->session_ms >= 0 && c->history_ms >= 0 &&
	       c->invitation_ms >= 0 &&
	       !is_zero(keys->seal[0], sizeof(keys->seal[0])) &&
	       !is_zero(keys->decoy, sizeof(keys->decoy));
}

static void
or_else(store_time *value, store_time otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

static void
fill_defaults(struct rp_config *c)
{
	or_else(&c->ceremony_ms, 5 * MINUTE);
	or_else(&c->fresh_ms, 5 * MINUTE);
	or_else(&c->session_idle_ms, 14 * DAY);
	or_else(&c->session_ms, 90 * DAY);
	or_else(&c->history_ms, 400 * DAY);
	or_else(&c->invitation_ms, 7 * DAY);
	or_else(&c->approval_ms, 3 * MINUTE);
	or_else(&c->approval_session_idle_ms, 7 * DAY);
	or_else(&c->approval_session_ms, 30 * DAY);
	or_else(&c->browser_idle_ms, 90 * DAY);
	or_else(&c->browser_ms, 400 * DAY);
}

struct rp *
rp_open(const struct rp_config *c, const struct rp_keys *keys, struct store *s)
{
	struct rp *rp;

	if (s == NULL || !sensible(c, keys) ||
	    (rp = calloc(1, sizeof(*rp))) == NULL)
		return NULL;
	rp->config = *c;
	fill_defaults(&rp->config);
	rp->keys = *keys;
	rp->store = s;
	/* Anybody could seal with a key of zeros. */
	rp->seal_count = is_zero(keys->seal[1], sizeof(keys->seal[1])) ? 1 : 2;
	if ((rp->limits = rp_limits_new(
		 LIMIT_BUCKETS, rp->config.limits_factor)) == NULL ||
	    !rp_secret_random(rp->nobody, sizeof(rp->nobody)) ||
	    !rp_ceremony_keys(rp) || !rp_stand_in_find(rp)) {
		rp_close(rp);
		return NULL;
	}
	return rp;
}

void
rp_close(struct rp *rp)
{
	if (rp == NULL)
		return;
	rp_limits_free(rp->limits);
	rp_secret_wipe(&rp->keys, sizeof(rp->keys));
	free(rp);
}

void
rp_limits_share(struct rp *rp, struct rp *from)
{
	rp_limits_free(rp->limits);
	rp->limits = rp_limits_take(from->limits);
}

const struct rp_config *
rp_config_of(const struct rp *rp)
{
	return &rp->config;
}

struct store *
rp_store_of(struct rp *rp)
{
	return rp->store;
}

enum rp_answer
rp_update(struct rp *rp, store_fn *fn, void *arg, const enum rp_answer *said)
{
	switch (store_update(rp->store, fn, arg)) {
	case STORE_OK:
		return RP_OK;
	case STORE_REFUSED:
		return *said;
	case STORE_FULL:
		return RP_STORAGE_FULL;
	default:
		return RP_FAULT;
	}
}

bool
rp_id_make(store_time now, uint8_t id[16])
{
	for (int i = 0; i < 8; i++)
		id[i] = (uint8_t)((uint64_t)now >> (56 - 8 * i));
	return rp_secret_random(id + 8, 8);
}

static enum rp_answer
ask(struct rp *rp, struct rp_call *call, enum rp_limit kind, struct slice who,
    bool take)
{
	store_time retry = 0;
	bool may;

	if (rp->config.no_limits)
		return RP_OK;
	may = take ? rp_limit_take(rp->limits, kind, who, call->now, &retry)
		   : rp_limit_ask(rp->limits, kind, who, call->now, &retry);
	if (may)
		return RP_OK;
	call->retry_after_ms = retry;
	return RP_RATE_LIMITED;
}

enum rp_answer
rp_limit_of(
    struct rp *rp, struct rp_call *call, enum rp_limit kind, struct slice who)
{
	return ask(rp, call, kind, who, false);
}

enum rp_answer
rp_count_of(
    struct rp *rp, struct rp_call *call, enum rp_limit kind, struct slice who)
{
	return ask(rp, call, kind, who, true);
}

static struct slice
network(const struct rp_call *call)
{
	return (struct slice){ call->network, sizeof(call->network) };
}

/*
 * What is kept without proof is counted for the larger network too, where
 * there is one: whoever has an IPv6 /48 has 65536 of the others.
 */
static enum rp_answer
ask_wide(struct rp *rp, struct rp_call *call, enum rp_limit kind, bool take)
{
	static const uint8_t none[sizeof(call->wide)];
	const struct slice wide = { call->wide, sizeof(call->wide) };

	if (memcmp(call->wide, none, sizeof(none)) == 0 ||
	    memcmp(call->wide, call->network, sizeof(call->wide)) == 0)
		return RP_OK;
	switch (kind) {
	case RP_LIMIT_SIGN_UP_NETWORK:
		return ask(rp, call, RP_LIMIT_SIGN_UP_WIDE, wide, take);
	case RP_LIMIT_APPROVALS_NETWORK:
		return ask(rp, call, RP_LIMIT_APPROVALS_WIDE, wide, take);
	default:
		return RP_OK;
	}
}

enum rp_answer
rp_limit_network(struct rp *rp, struct rp_call *call, enum rp_limit kind)
{
	enum rp_answer answer = rp_limit_of(rp, call, kind, network(call));

	return answer != RP_OK ? answer : ask_wide(rp, call, kind, false);
}

enum rp_answer
rp_count_network(struct rp *rp, struct rp_call *call, enum rp_limit kind)
{
	enum rp_answer answer = rp_count_of(rp, call, kind, network(call));

	return answer != RP_OK ? answer : ask_wide(rp, call, kind, true);
}

enum rp_answer
rp_count_account(struct rp *rp, struct rp_call *call, enum rp_limit kind,
    const struct account_id *account)
{
	return rp_count_of(
	    rp, call, kind, (struct slice){ account->b, sizeof(account->b) });
}

/* A passkey in one browser: nobody else can spoil that. */
struct trier {
	uint8_t b[64];
};

static struct trier
trier_of(const struct rp_call *call, const struct credential_ref *ref)
{
	struct trier who;

	memcpy(who.b, ref->b, 16);
	memcpy(who.b + 16, call->network, 16);
	memcpy(who.b + 32, call->browser, 32);
	return who;
}

enum rp_answer
rp_limit_passkey(
    struct rp *rp, struct rp_call *call, const struct credential_ref *ref)
{
	const struct trier who = trier_of(call, ref);
	const struct slice s = { who.b, sizeof(who.b) };
	enum rp_answer answer;

	if (rp->config.no_limits ||
	    rp_limit_full(rp->limits, RP_LIMIT_REFUSED_PASSKEY, s, call->now))
		return RP_OK;
	answer = rp_limit_of(rp, call, RP_LIMIT_REFUSED_PASSKEY, s);
	return answer != RP_OK
		   ? answer
		   : rp_limit_network(rp, call, RP_LIMIT_REFUSED_NETWORK);
}

void
rp_count_refused(
    struct rp *rp, struct rp_call *call, const struct credential_ref *ref)
{
	const struct trier who = trier_of(call, ref);

	(void)rp_count_network(rp, call, RP_LIMIT_REFUSED_NETWORK);
	(void)rp_count_of(rp, call, RP_LIMIT_REFUSED_PASSKEY,
	    (struct slice){ who.b, sizeof(who.b) });
}
