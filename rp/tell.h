/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_TELL_H
#define RP_TELL_H

#include "rp/inside.h"
#include "store/approvals.h"

/* Messages, written in the update that causes them. */

/*
 * Wakes the account's phones for a request: a push with its id and nothing
 * else.  At least two messages, to nobody where there is no phone that rings:
 * a stranger costs as much as an account with up to two phones, muted or not.
 */
enum store_rc rp_tell_approval(struct store_txn *t, const struct rp_call *call,
    const struct store_approval *a, const struct store_guard *g);

/*
 * Tells the account's phones, but for one (NULL: all), that the history has
 * something that its owner should read.
 */
enum store_rc rp_tell_notice(struct store_txn *t, const struct rp_call *call,
    const struct account_id *account, const struct phone_id *but);
/* The same to all of them; *n is how many a push goes to. */
enum store_rc rp_tell_phones(struct store_txn *t, const struct rp_call *call,
    const struct account_id *account, size_t *n);

#endif
