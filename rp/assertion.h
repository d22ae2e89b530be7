/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_ASSERTION_H
#define RP_ASSERTION_H

#include "rp/ceremony.h"
#include "webauthn/assertion.h"

/*
 * What sign-in and proof have in common: whose passkey it is, whether it was
 * used, and what a refusal may leave behind.
 */
struct rp_asserted {
	struct rp *rp;
	struct rp_call *call;
	const struct rp_ceremony *ceremony;
	struct store_account account;
	struct store_credential credential; /* as it was read */
	struct credential_ref ref;
	struct wa_assertion_result result; /* with RP_OK */
	bool proved; /* a refusal with a good signature: not written yet */
};

/*
 * Looks the credential up and judges the assertion, with no transaction open
 * meanwhile.  Fills *a on RP_OK; notes on call what the log should know.
 *
 * Refusals are counted against the network.  One whose signature was good is
 * for rp_assertion_write_off(); this commits nothing.
 */
enum rp_answer rp_assertion_judge(struct rp *rp, struct rp_call *call,
    const struct rp_ceremony *ceremony, const struct wa_assertion *got,
    struct rp_asserted *a);

/*
 * What was refused with a good signature is written to the owner's history,
 * and uses the ceremony up.  Returns answer.
 */
enum rp_answer rp_assertion_write_off(
    struct rp_asserted *a, enum rp_answer answer);

/*
 * Inside the update that keeps an assertion: nothing changed in the meantime
 * that the judging had relied on.  *c is the credential as it stands now;
 * nothing is written yet.
 */
enum rp_answer rp_assertion_still(struct store_txn *t,
    const struct rp_asserted *a, struct store_credential *c);

/* Likewise: writes the ceremony off, and what *c learnt. */
enum store_rc rp_assertion_keep(struct store_txn *t,
    const struct rp_asserted *a, struct store_credential *c);

/*
 * Of these two what concerns the credential alone, for assertions that are of
 * no ceremony: whether what was judged of it then holds now that others with
 * the same passkey may have been faster (RP_PASSKEY_UNKNOWN, RP_SIGN_COUNT,
 * RP_PASSKEY_REFUSED with call->verdict); and what it learnt.
 */
enum rp_answer rp_assertion_holds(struct rp_call *call,
    const struct wa_assertion_result *r, const struct store_credential *then,
    const struct store_credential *now);
enum store_rc rp_assertion_learn(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct wa_assertion_result *r,
    struct store_credential *c);

/*
 * What an update refused that had been judged RP_OK: two that raced.  Counts
 * it as rp_assertion_judge() would have, and leaves as much to write off.
 */
enum rp_answer rp_assertion_refused(
    struct rp_asserted *a, enum rp_answer answer);

#endif
