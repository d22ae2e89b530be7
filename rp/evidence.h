/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_EVIDENCE_H
#define RP_EVIDENCE_H

#include "rp/transaction.h"
#include "store/audit.h"
#include "webauthn/assertion.h"

/*
 * What is kept of an approval in the audit log, so that it can be verified
 * again by whoever has the log and nothing else: the request, the number, T,
 * the assertion and the key that verifies it.  The detail of an entry
 * "approval": key=value apart by spaces, bytes in base64url.
 */

struct rp_evidence {
	struct approval_id approval;
	enum store_approval_state outcome; /* APPROVED or MISMATCH */
	char number[STORE_NUMBER_MAX + 1]; /* that was right */
	char choice[STORE_NUMBER_MAX + 1];
	uint8_t secret[32]; /* that T's sealed number is under */
	char origin[256]; /* that the client data names */
	struct slice transaction; /* T's text */
	struct slice client_data_json, authenticator_data, signature;
	struct slice credential_id, cose_key;
};

/*
 * Writes it down.  False when it would not fit: nobody's browser makes an
 * assertion of that size, and it is refused.
 */
bool rp_evidence_write(const struct rp_evidence *e,
    char detail[STORE_AUDIT_DETAIL_MAX + 1], size_t *n);

struct rp_approvals_report {
	uint64_t approved, mismatches; /* that verified */
	bool sound; /* the log, and each of them */
	char trouble[200]; /* the first that is not: which, and why */
};

/*
 * Verifies every approval in the log again: that the assertion is good under
 * its key over T's challenge, for rp_id, user verified; that T is of that
 * request and account and says that choice; that the outcome follows from the
 * number; and that the log says of that passkey and key that the account
 * enrolled it, not later.  Also that the log itself is whole.
 */
enum rp_answer rp_approvals_verify(
    struct store *s, const char *rp_id, struct rp_approvals_report *r);

/*
 * The text of the next member, which must be that one, with a NUL.  False, and
 * the cursor is bad, when it is not or does not fit.
 */
bool rp_evidence_take(
    struct cursor *c, const char *key, char *out, size_t size);

/*
 * One entry's detail.  WA_OK, or why not; *what names what does not hold.  The
 * slices of *e point into room.
 */
enum wa_verdict rp_evidence_verify(struct slice detail,
    const struct account_id *account, const char *rp_id,
    uint8_t room[STORE_AUDIT_DETAIL_MAX], struct rp_evidence *e,
    const char **what);

#endif
