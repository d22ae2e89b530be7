/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_TOKEN_H
#define RP_TOKEN_H

#include "rp/inside.h"

/*
 * A session token is 48 bytes in base64url: the session's id, by which it is
 * found, and 32 random bytes, of which the store has the SHA-256.
 */

/* A new session of account, opened now with that passkey, and its token. */
bool rp_token_make(const struct rp *rp, const struct rp_call *call,
    const struct account_id *account, const struct credential_ref *ref,
    struct store_session *s, struct rp_token *token);

/* False when text is no token of that form. */
bool rp_token_read(const char *text, struct session_id *id, uint8_t hash[32]);

/*
 * Inside an update or a view: who is signed in still is.  *now is the account
 * and the session as they stand; RP_SESSION_EXPIRED else.
 */
enum rp_answer rp_token_still(struct store_txn *t, const struct rp_call *call,
    const struct rp_signed_in *who, struct rp_signed_in *now);

/*
 * The same for what only a full session may do: RP_PROOF_NEEDED when it was
 * opened by a code, no passkey has been used in it since, and the account's
 * "always passkey" is on.
 */
enum rp_answer rp_token_full(struct store_txn *t, const struct rp_call *call,
    const struct rp_signed_in *who, struct rp_signed_in *now);

/* Ends *old, which the browser had, as its next session begins. */
enum store_rc rp_token_replace(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct session_id *old,
    const struct store_session *next);

#endif
