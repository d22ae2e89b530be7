/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_INVITATIONS_H
#define RP_INVITATIONS_H

#include "rp/accounts.h"
#include "rp/inside.h"

/* False when text is no invitation of that form. */
bool rp_invitation_hash(const char *text, uint8_t hash[32]);

/* A new invitation, valid from now on, and its token in text. */
bool rp_invitation_make(const struct rp *rp, const struct rp_call *call,
    struct store_invitation *i, struct rp_invitation_text *text);

/* RP_INVITATION_UNKNOWN when it never was, was used, or has expired. */
enum rp_answer rp_invitation_get(struct store_txn *t,
    const struct rp_call *call, const uint8_t hash[32],
    struct store_invitation *i);

/*
 * One was shown that is none: counts that.  RP_INVITATION_UNKNOWN, or
 * RP_RATE_LIMITED.
 */
enum rp_answer rp_invitation_unknown(struct rp *rp, struct rp_call *call);

#endif
