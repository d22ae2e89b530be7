/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_ENROLMENT_H
#define RP_ENROLMENT_H

#include "rp/ceremony.h"

/* What sign-up and adding a passkey have in common: a new credential. */

/*
 * Judges the registration; *c becomes the record to store, whose account the
 * caller sets.  RP_PASSKEY_REFUSED with call->verdict, RP_NAME_MALFORMED with
 * call->hint, RP_RATE_LIMITED, RP_FAULT.
 */
enum rp_answer rp_enrolment_judge(struct rp *rp, struct rp_call *call,
    const struct rp_ceremony *ceremony, const struct rp_new_passkey *got,
    struct store_credential *c);

/*
 * Inside an update: the ceremony was not used before, nobody has that
 * credential, and its account has room for it.  *had is how many it has.
 * Writes nothing.
 */
enum rp_answer rp_enrolment_free(struct store_txn *t,
    const struct rp_ceremony *ceremony, const struct store_credential *c,
    size_t *had);

/* The audit entry of a passkey that came to be. */
enum store_rc rp_enrolment_audit(struct store_txn *t,
    const struct rp_call *call, const struct store_credential *c,
    const char *by);

#endif
