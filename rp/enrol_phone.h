/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_ENROL_PHONE_H
#define RP_ENROL_PHONE_H

#include "rp/inside.h"
#include "rp/phones.h"

/* What both ways for a phone to join have in common. */

/*
 * Judges what it brings along; *p becomes the record, with a new id, but for
 * account and credential.  RP_NAME_MALFORMED with call->hint,
 * RP_KEY_MALFORMED, RP_PUSH_MALFORMED, RP_FAULT.
 */
enum rp_answer rp_phone_judge(struct rp_call *call,
    const struct rp_new_phone *got, struct store_phone *p);

/*
 * Inside an update: adds it, writes it down, and tells the other phones.
 * STORE_REFUSED with *said RP_PHONES_FULL.
 */
enum store_rc rp_phone_join(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct store_phone *p,
    enum rp_answer *said);

/* History and audit of something that happened to a phone. */
enum store_rc rp_phone_note(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct store_phone *p, const char *event,
    bool notice);

#endif
