/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/guard.h"

#include "webauthn/hash.h"

#define MINUTE ((store_time)60 * 1000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

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

/* A clock that went back makes nobody wait longer than a whole wait. */
static store_time
last_asked(const struct store_guard *g, store_time now)
{
	store_time last = 0;

	for (size_t i = 0; i < FREE; i++)
		if (g->asked[i] > last)
			last = g->asked[i];
	return last < now ? last : now;
}

static size_t
asked_in_hour(const struct store_guard *g, store_time now)
{
	size_t n = 0;

	for (size_t i = 0; i < FREE; i++)
		n += g->asked[i] != 0 && now - g->asked[i] < HOUR;
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

bool
rp_guard_allows(const struct store_guard *g, const struct rp_asker *who,
    store_time now, store_time *retry_ms)
{
	store_time left = blocked_left(g, who, now), other;

	if ((other = g->paused_until - now) > left)
		left = other;
	if ((other = wait_left(g, now)) > left)
		left = other;
	if (!g->off && left <= 0)
		return true;
	*retry_ms = g->off ? 0 : left;
	return false;
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
	g->paused_until = now + 15 * MINUTE;
}

void
rp_guard_reported(
    struct store_guard *g, const struct rp_asker *who, store_time now)
{
	g->muted_until = now + DAY;
	block(g, who->network, now + DAY);
	block(g, who->cookie, now + 30 * DAY);
	block(g, who->key, now + 30 * DAY);
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

enum store_rc
rp_guard_keep(struct store_txn *t, struct store_guard *g, store_time now)
{
	/* The longest of what it counts is a day and the wait after it. */
	store_time forget = now + DAY + HOUR;

	if (g->muted_until > forget)
		forget = g->muted_until;
	for (size_t i = 0; i < g->blocked_count; i++)
		if (g->blocked[i].until > forget)
			forget = g->blocked[i].until;
	g->forget = g->off || g->passkey_optional ? 0 : forget;
	return store_guard_put(t, g);
}

enum store_rc
rp_guard_relax(struct store_txn *t, const struct account_id *id, store_time now)
{
	struct store_guard g;
	enum store_rc rc;

	if ((rc = store_guard_get(t, id, &g)) != STORE_OK ||
	    !rp_guard_relaxed(&g))
		return rc;
	return rp_guard_keep(t, &g, now);
}
