/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_GUARD_H
#define RP_GUARD_H

#include "rp/inside.h"
#include "store/approvals.h"

/*
 * What keeps a phone from ringing until its owner says yes to have peace, and
 * a guess from being tried often.  Pure functions over the guard's record:
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
 */

/* By whom a browser is known again: its cookie, its key, its network. */
struct rp_asker {
	uint8_t cookie[32], key[32], network[32];
};

/* False: the machine failed. */
bool rp_guard_asker(const uint8_t cookie[32], const uint8_t key[64],
    const uint8_t network[16], struct rp_asker *who);

/*
 * Whether a request may be made now.  False and *retry_ms, 0 when no time
 * will help.
 */
bool rp_guard_allows(const struct store_guard *g, const struct rp_asker *who,
    store_time now, store_time *retry_ms);

/* A request was made: not approved so far. */
void rp_guard_asked(struct store_guard *g, store_time now);
/* The one made at `created` was approved. */
void rp_guard_approved(struct store_guard *g, store_time created);
void rp_guard_mismatch(struct store_guard *g, store_time now);
void rp_guard_reported(
    struct store_guard *g, const struct rp_asker *who, store_time now);
/* A passkey was used locally.  True when that changed anything. */
bool rp_guard_relaxed(struct store_guard *g);

/* Writes it, to be forgotten when it says nothing any more. */
enum store_rc rp_guard_keep(
    struct store_txn *t, struct store_guard *g, store_time now);

/*
 * Inside the update of a local passkey's use: rp_guard_relaxed() on the
 * account's guard.
 */
enum store_rc rp_guard_relax(
    struct store_txn *t, const struct account_id *id, store_time now);

#endif
