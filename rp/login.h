/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_LOGIN_H
#define RP_LOGIN_H

#include "rp/rp.h"
#include "webauthn/assertion.h"

/*
 * Begins a sign-in.  With a name, allow holds that account's credentials, or,
 * for a name that no account has (or that none could have), decoys: always
 * the same ones for a name, as many and as long as real ones, and found in
 * the same time.  Without a name (NULL) allow is empty: any discoverable
 * passkey will do.  Writes nothing.  Answers RP_RATE_LIMITED, RP_FAULT.
 */
enum rp_answer rp_login_begin(struct rp *rp, struct rp_call *call,
    const char *name, enum rp_requirement user_verification,
    struct rp_request *out);

/*
 * Finishes a sign-in, in parts, since many may have to be finished at once.
 * Judging verifies the assertion: it takes the processor and commits nothing.
 * Keeping is one commit for all that were judged RP_OK, each whole or not at
 * all: it uses up the ceremony, moves the counter and the backup state, opens a
 * session (ending the one that the browser had, *old, if not NULL) and writes
 * history and audit.  Ending says what became of each.  call lives until the
 * end, got and ceremony until they are judged.
 */
struct rp_login;
size_t rp_login_size(void);

enum rp_answer rp_login_judge(struct rp *rp, struct rp_call *call,
    struct slice ceremony, const struct wa_assertion *got,
    const struct session_id *old, struct rp_login *l);
void rp_logins_keep(struct rp *rp, struct rp_login *const *list, size_t n);
/* Whether ending it takes a commit of its own: a refusal is written down. */
bool rp_login_commits(const struct rp_login *l);
/*
 * Also where judging refused.  RP_PASSKEY_UNKNOWN: no account has this
 * credential.  RP_PASSKEY_REFUSED: call->verdict says why, and the owner's
 * history too.  RP_SIGN_COUNT: refused, recorded, a notice for the owner, and
 * the phones are told.  RP_ACCOUNT_LOCKED: said only to who has proved to be
 * the owner.  Also RP_CEREMONY_*, RP_RATE_LIMITED, RP_STORAGE_FULL, RP_FAULT.
 */
enum rp_answer rp_login_end(
    struct rp_login *l, struct rp_signed_in *in, struct rp_token *token);

/* The same for somebody who is signed in: a fresh proof for what needs one. */
enum rp_answer rp_proof_begin(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct rp_request *out);
enum rp_answer rp_proof_finish(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct slice ceremony,
    const struct wa_assertion *got, struct store_session *session);

#endif
