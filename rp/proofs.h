/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_PROOFS_H
#define RP_PROOFS_H

#include "rp/device.h"
#include "rp/inside.h"

/* What proofs of phones and of browsers have in common. */

/*
 * The claims are there and of the right form, of that type, for this request
 * and of this time.  RP_OK, RP_DEVICE_PROOF_MALFORMED, RP_DEVICE_PROOF_REFUSED,
 * RP_FAULT.  Looks at no signature.
 */
enum rp_answer rp_claims_judge(const struct rp_call *call,
    const struct rp_claims *claims, const char *typ,
    const struct rp_facts *facts);

/*
 * Whether a proof may be looked at that names this phone or request (one; NULL:
 * none that is there).  As rp_limit_network(); but bad proofs by others behind
 * the same address, however many, do not stand in the way of one that is
 * there, unless they name it too.
 */
enum rp_answer rp_proof_limit(
    struct rp *rp, struct rp_call *call, const uint8_t one[16]);
/* It was refused: counts it. */
void rp_proof_count(struct rp *rp, struct rp_call *call, const uint8_t one[16]);

/* When a proof with these claims can no longer be good. */
store_time rp_claims_expire(const struct rp_claims *claims);

/*
 * Inside an update: the device is one still, and its proof unused; *device
 * becomes what the store says now.  Writes nothing.
 */
enum rp_answer rp_device_still(
    struct store_txn *t, const struct rp_call *call, struct rp_device *device);

/* Likewise, afterwards: uses the proof up and notes that the phone was here. */
enum store_rc rp_device_spend(
    struct store_txn *t, const struct rp_call *call, struct rp_device *device);

#endif
