/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_GUARD_H
#define RP_GUARD_H

#include "rp/inside.h"
#include "store/approvals.h"

/*
 * What keeps a phone from ringing until its owner says yes to have peace, and
 * a guess from being tried often.  Pure functions over a guard's record:
 *
 *	three requests that were not approved in an hour; from then on the
 *	next one 1, 5, 15, 60, 60 … minutes after the last, until one is
 *	approved, a passkey is used locally, or a day passes without any;
 *
 *	a wrong number: no requests for 15 minutes; a second within 24 hours:
 *	none until a passkey is used locally;
 *
 *	a report: no pushes for 24 hours, no requests from that browser for
 *	30 days and from its network for 24 hours.
 *
 * An account has one, and so has each network that asks for a name.  What
 * that one says is the only thing that who asks is ever told: it knows of
 * nothing but what was asked from there, and how that was seen to end.  What
 *the account's says is kept from them: their request is made, and no phone sees
 * it, just as when nobody has that name.
 */

/* By whom a browser is known again: its cookie, its key, its network. */
struct rp_asker {
	uint8_t cookie[32], key[32], network[32];
};

/* False: the machine failed. */
bool rp_guard_asker(const uint8_t cookie[32], const uint8_t key[64],
    const uint8_t network[16], struct rp_asker *who);

/*
 * An asker's: whether they may ask now.  False and *retry_ms.
 */
bool rp_guard_allows(const struct store_guard *g, const struct rp_asker *who,
    store_time now, store_time *retry_ms);

/*
 * An account's: whether a request reaches the phones.  A browser that the
 * account keeps does not wait for what others have asked.
 */
bool rp_guard_reaches(const struct store_guard *g, const struct rp_asker *who,
    bool kept, store_time now);

/*
 * Whether requests of everybody rest: false, or true and *until, 0 when no
 * time will help.
 */
bool rp_guard_rests(
    const struct store_guard *g, store_time now, store_time *until);

/* A request was made: not approved so far. */
void rp_guard_asked(struct store_guard *g, store_time now);
/* The one made at `created` was approved. */
void rp_guard_approved(struct store_guard *g, store_time created);
void rp_guard_mismatch(struct store_guard *g, store_time now);
/* The asker's share of that: they were told. */
void rp_guard_pause(struct store_guard *g, store_time now);
void rp_guard_reported(
    struct store_guard *g, const struct rp_asker *who, store_time now);
/* A passkey was used locally.  True when that changed anything. */
bool rp_guard_relaxed(struct store_guard *g);

/* Writes it, to be forgotten when it says nothing any more. */
enum store_rc rp_guard_keep(
    struct store_txn *t, struct store_guard *g, store_time now);

/*
 * Of the network that call comes from, for that account or stranger.  As
 * store_guard_get(); the id is an HMAC, so that nobody else can find it.
 */
enum store_rc rp_guard_of_asker(struct store_txn *t, const struct rp *rp,
    const struct account_id *account, const uint8_t network[16],
    struct store_guard *g);

/*
 * Inside the update of a local passkey's use: rp_guard_relaxed() on the
 * account's guard, and on that of the network where it was used.
 */
enum store_rc rp_guard_relax(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *id);

#endif
