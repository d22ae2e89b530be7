/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_ALWAYS_H
#define RP_ALWAYS_H

#include "rp/inside.h"

/*
 * Inside an update by who is signed in, as they are now: sets the switch
 * "always passkey", and notes it where that changed anything.  Switching off
 * wants a fresh proof: STORE_REFUSED and *said RP_PROOF_NEEDED.
 */
enum store_rc rp_always_write(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct rp_signed_in *now, bool on,
    enum rp_answer *said);

#endif
