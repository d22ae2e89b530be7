/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_APPROVING_H
#define RP_APPROVING_H

#include "rp/approvals.h"
#include "rp/guard.h"
#include "rp/inside.h"

/* What the browser's and the phone's side of an approval have in common. */

/* So long after it was approved the browser may collect its session. */
#define RP_COLLECT_MS ((store_time)2 * 60 * 1000)

/*
 * The state at this time: what has run out is EXPIRED, whatever is written.
 * Tells CHOSEN from PENDING, which nobody outside is told, and DISPLACED,
 * which who asked is not.
 */
enum store_approval_state rp_approval_now(
    const struct store_approval *a, store_time now);
bool rp_approval_is_open(const struct store_approval *a, store_time now);
/* What the browser that asked may know of it. */
void rp_approval_show(
    const struct store_approval *a, store_time now, struct rp_approval *out);

/*
 * Inside an update: gives *a its last state, takes it off the account's guard
 * and notes the change for who waits (with DISPLACED nobody does).  *g is
 * written too.
 */
enum store_rc rp_approval_close(struct store_txn *t, const struct rp_call *call,
    struct store_approval *a, struct store_guard *g,
    enum store_approval_state state);

/*
 * The browser that asked is one that the account keeps still, if it was one
 * when it asked: it was spared the number, and the phone told so.
 * STORE_ABSENT: it has been thrown out.
 */
enum store_rc rp_approval_kept_still(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct store_approval *a);

/*
 * Goes with throwing a kept browser (NULL: all of them) out: what it has asked
 * for is cancelled.
 */
enum store_rc rp_approval_thrown_out(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account,
    const struct browser_id *id);

/*
 * Goes with signing out everywhere: what was approved and not collected opens
 * no session any more.
 */
enum store_rc rp_approval_void(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account);

/*
 * Goes with the locking of an account: nobody is let in by what was asked or
 * approved before, also when it is unlocked again, and no browser is kept.
 */
enum store_rc rp_approval_lock(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account);

/*
 * What the account's owner reads of it: an entry "approval" with the browser
 * that asked; reason NULL when it was approved.  A decoy has no owner.
 */
enum store_rc rp_approval_history(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct store_approval *a,
    const char *reason, const char *passkey, bool notice);

/*
 * The same with an entry of the audit log for what ended as a->state says
 * without a phone: "superseded", "expired", "cancelled".
 */
enum store_rc rp_approval_ended(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct store_approval *a);

/* The same for the audit log: "approval-denied", by that phone. */
enum store_rc rp_approval_audit(struct store_txn *t, const struct rp_call *call,
    const struct store_approval *a, const char *event);

#endif
