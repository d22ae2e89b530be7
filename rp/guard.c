/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/guard.h"

#include "rp/secret.h"
#include "webauthn/hash.h"

#define MINUTE ((store_time)60 * 1000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define PAUSE (15 * MINUTE) /* after a wrong number */
#define MUTE DAY /* and its network, after a report */
#define BLOCK (30 * DAY) /* the browser that was reported */

enum { FREE = 3, LEVELS = 4 };

static const store_time waits[LEVELS] = { 1 * MINUTE, 5 * MINUTE, 15 * MINUTE,
	60 * MINUTE };

static bool
asker_hash(const char *what, struct slice of, uint8_t out[32])
{
	const struct slice parts[] = { slice_of(what), of };

	return wa_hash_parts(WA_SHA256, parts, 2, out);
}

bool
rp_guard_asker(const uint8_t cookie[32], const uint8_t key[64],
    const uint8_t network[16], struct rp_asker *who)
{
	return asker_hash(
		   "cookie", (struct slice){ cookie, 32 }, who->cookie) &&
	       asker_hash("key", (struct slice){ key, 64 }, who->key) &&
	       asker_hash(
		   "network", (struct slice){ network, 16 }, who->network);
}

/* ---- how often ---- */

/* What lies ahead is from before the clock went back, and says nothing. */
static store_time
last_asked(const struct store_guard *g, store_time now)
{
	store_time last = 0;

	for (size_t i = 0; i < FREE; i++)
		if (g->asked[i] > last && g->asked[i] <= now)
			last = g->asked[i];
	return last;
}

static size_t
asked_in_hour(const struct store_guard *g, store_time now)
{
	size_t n = 0;

	for (size_t i = 0; i < FREE; i++)
		n += g->asked[i] != 0 && g->asked[i] <= now &&
		     now - g->asked[i] < HOUR;
	return n;
}

static size_t
level_now(const struct store_guard *g, store_time now)
{
	if (now - last_asked(g, now) >= DAY)
		return 0;
	return g->level < LEVELS ? g->level : LEVELS - 1;
}

/* Whether the next request has to wait at all. */
static bool
is_strained(const struct store_guard *g, store_time now)
{
	return level_now(g, now) > 0 || asked_in_hour(g, now) >= FREE;
}

static store_time
wait_left(const struct store_guard *g, store_time now)
{
	store_time left;

	if (!is_strained(g, now))
		return 0;
	left = last_asked(g, now) + waits[level_now(g, now)] - now;
	return left > 0 ? left : 0;
}

/* ---- by whom ---- */

static store_time
blocked_left(
    const struct store_guard *g, const struct rp_asker *who, store_time now)
{
	store_time left = 0;

	for (size_t i = 0; i < g->blocked_count; i++) {
		const struct store_blocked *b = &g->blocked[i];

		if (memcmp(b->hash, who->cookie, 32) != 0 &&
		    memcmp(b->hash, who->key, 32) != 0 &&
		    memcmp(b->hash, who->network, 32) != 0)
			continue;
		if (b->until - now > left)
			left = b->until - now;
	}
	return left;
}

/* The one to give up: the same one, else what is over first, else the oldest.
 */
static size_t
block_find(const struct store_guard *g, const uint8_t hash[32])
{
	size_t first = 0;

	for (size_t i = 0; i < g->blocked_count; i++) {
		if (memcmp(g->blocked[i].hash, hash, 32) == 0)
			return i;
		if (g->blocked[i].until < g->blocked[first].until)
			first = i;
	}
	return g->blocked_count < STORE_BLOCKED_MAX ? g->blocked_count : first;
}

/* The newest stands last. */
static void
block(struct store_guard *g, const uint8_t hash[32], store_time until)
{
	struct store_blocked *at = &g->blocked[block_find(g, hash)];
	struct store_blocked *end = &g->blocked[g->blocked_count];

	if (at < end) {
		memmove(at, at + 1, (size_t)(end - at - 1) * sizeof(*at));
		g->blocked_count--;
	}
	at = &g->blocked[g->blocked_count++];
	memcpy(at->hash, hash, 32);
	at->until = until;
}

static store_time
longer(store_time a, store_time b)
{
	return a > b ? a : b;
}

bool
rp_guard_allows(const struct store_guard *g, const struct rp_asker *who,
    store_time now, store_time *retry_ms)
{
	const store_time left = longer(blocked_left(g, who, now),
	    longer(g->paused_until - now, wait_left(g, now)));

	if (left > 0)
		*retry_ms = left;
	return left <= 0;
}

bool
rp_guard_reaches(const struct store_guard *g, const struct rp_asker *who,
    bool kept, store_time now)
{
	return !g->off && g->paused_until <= now &&
	       blocked_left(g, who, now) <= 0 &&
	       (kept || wait_left(g, now) <= 0);
}

bool
rp_guard_rests(const struct store_guard *g, store_time now, store_time *until)
{
	const store_time left =
	    longer(g->paused_until - now, wait_left(g, now));

	if (!g->off && left <= 0)
		return false;
	*until = g->off ? 0 : now + left;
	return true;
}

/* ---- what happened ---- */

void
rp_guard_asked(struct store_guard *g, store_time now)
{
	size_t level = level_now(g, now), oldest = 0;

	if (is_strained(g, now) && level < LEVELS - 1)
		level++;
	g->level = (uint8_t)level;
	for (size_t i = 1; i < FREE; i++)
		if (g->asked[i] < g->asked[oldest])
			oldest = i;
	g->asked[oldest] = now;
}

void
rp_guard_approved(struct store_guard *g, store_time created)
{
	for (size_t i = 0; i < FREE; i++) {
		if (g->asked[i] != created)
			continue;
		g->asked[i] = 0;
		break;
	}
	g->level = 0;
}

void
rp_guard_mismatch(struct store_guard *g, store_time now)
{
	/* The newer of the two is the second. */
	if (g->mismatches[1] != 0 && now - g->mismatches[1] < DAY)
		g->off = true;
	g->mismatches[0] = g->mismatches[1];
	g->mismatches[1] = now;
	rp_guard_pause(g, now);
}

void
rp_guard_pause(struct store_guard *g, store_time now)
{
	g->paused_until = now + PAUSE;
}

void
rp_guard_reported(
    struct store_guard *g, const struct rp_asker *who, store_time now)
{
	g->muted_until = now + MUTE;
	block(g, who->network, now + MUTE);
	block(g, who->cookie, now + BLOCK);
	block(g, who->key, now + BLOCK);
}

bool
rp_guard_relaxed(struct store_guard *g)
{
	const bool changed = g->off || g->level > 0 || g->paused_until != 0 ||
			     g->mismatches[1] != 0 || g->asked[0] != 0 ||
			     g->asked[1] != 0 || g->asked[2] != 0;

	g->off = false;
	g->level = 0;
	g->paused_until = 0;
	memset(g->mismatches, 0, sizeof(g->mismatches));
	memset(g->asked, 0, sizeof(g->asked));
	return changed;
}

static void
at_most(store_time *stamp, store_time most)
{
	if (*stamp > most)
		*stamp = most;
}

/* When the clock went back: nothing lasts longer than if it began now. */
static void
catch_up(struct store_guard *g, store_time now)
{
	for (size_t i = 0; i < FREE; i++)
		if (g->asked[i] > now)
			g->asked[i] = 0;
	at_most(&g->mismatches[0], now);
	at_most(&g->mismatches[1], now);
	at_most(&g->paused_until, now + PAUSE);
	at_most(&g->muted_until, now + MUTE);
	for (size_t i = 0; i < g->blocked_count; i++)
		at_most(&g->blocked[i].until, now + BLOCK);
}

enum store_rc
rp_guard_keep(struct store_txn *t, struct store_guard *g, store_time now)
{
	/* The longest of what it counts is a day and the wait after it. */
	store_time forget = now + DAY + HOUR;

	catch_up(g, now);
	if (g->muted_until > forget)
		forget = g->muted_until;
	for (size_t i = 0; i < g->blocked_count; i++)
		if (g->blocked[i].until > forget)
			forget = g->blocked[i].until;
	g->forget = g->off || g->passkey_optional ? 0 : forget;
	return store_guard_put(t, g);
}

enum store_rc
rp_guard_of_asker(struct store_txn *t, const struct rp *rp,
    const struct account_id *account, const uint8_t network[16],
    struct store_guard *g)
{
	const struct slice parts[] = { slice_of("approval asker"),
		{ account->b, sizeof(account->b) }, { network, 16 } };
	struct account_id id;
	uint8_t mac[32];

	if (!rp_secret_mac(rp->keys.decoy, parts, 3, mac))
		return STORE_FAULT;
	memcpy(id.b, mac, sizeof(id.b));
	return store_guard_get(t, &id, g);
}

static enum store_rc
relax(struct store_txn *t, struct store_guard *g, store_time now)
{
	return rp_guard_relaxed(g) ? rp_guard_keep(t, g, now) : STORE_OK;
}

enum store_rc
rp_guard_relax(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *id)
{
	struct store_guard g;
	enum store_rc rc;

	if ((rc = store_guard_get(t, id, &g)) != STORE_OK)
		return rc;
	/* Nobody has asked for a day: there is nothing, here nor there. */
	if (g.forget == 0 && !g.off && !g.passkey_optional)
		return STORE_OK;
	if ((rc = relax(t, &g, call->now)) != STORE_OK ||
	    (rc = rp_guard_of_asker(t, rp, id, call->network, &g)) != STORE_OK)
		return rc;
	return relax(t, &g, call->now);
}
