/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_SESSIONS_H
#define RP_SESSIONS_H

#include "rp/rp.h"

/*
 * Who a session token belongs to.  RP_SESSION_NONE: not a token of ours;
 * RP_SESSION_EXPIRED: it was one once (idle, too old, ended elsewhere, or the
 * account is locked).  Moves last_seen at most once in five minutes: *touch
 * says that rp_session_touch() is due, which commits.
 */
enum rp_answer rp_session_check(struct rp *rp, struct rp_call *call,
    const char *token, struct rp_signed_in *in, bool *touch);
enum rp_answer rp_session_touch(
    struct rp *rp, struct rp_call *call, const struct session_id *id);

/* RP_PROOF_NEEDED when the last passkey proof is too old for a risky step. */
enum rp_answer rp_session_fresh(const struct rp *rp, const struct rp_call *call,
    const struct rp_signed_in *who);

/* out holds STORE_SESSIONS_MAX; newest first. */
enum rp_answer rp_sessions_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct store_session *out, size_t *n);
/* Signs out: ends the caller's own session. */
enum rp_answer rp_session_end(
    struct rp *rp, struct rp_call *call, const struct rp_signed_in *who);
/* Ends another of the account's sessions.  RP_NOT_FOUND when it has none such.
 */
enum rp_answer rp_session_end_other(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct session_id *id);
/* Ends all of them, or all but the caller's own; *n is how many. */
enum rp_answer rp_sessions_end(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, bool keep_own, size_t *n);

#endif
