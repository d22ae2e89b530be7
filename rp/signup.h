/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_SIGNUP_H
#define RP_SIGNUP_H

#include "rp/rp.h"

struct rp_signup {
	const char *name; /* NULL: the invitation says whose */
	const char *display_name; /* NULL: the name; "": none */
	const char *invitation; /* in text, or NULL */
	const char *locale; /* "ja", "en", "" */
	struct rp_wishes wishes;
	/*
	 * A name that is taken gets another passkey and is no refusal: what
	 * the conformance API wants, which knows no sessions.  Heeded only
	 * with rp_config.conformance.
	 */
	bool join;
};

/*
 * Begins an account, or the first passkey of one that waits for it.  Writes
 * nothing.  Answers RP_NAME_MALFORMED, RP_NAME_TAKEN (a name has to be told
 * apart from a taken one somewhere; limits stand in front), RP_SIGN_UP_CLOSED,
 * RP_INVITATION_UNKNOWN, RP_RATE_LIMITED, RP_STORAGE_FULL, RP_FAULT.
 */
enum rp_answer rp_signup_begin(struct rp *rp, struct rp_call *call,
    const struct rp_signup *s, struct rp_creation *out);

/*
 * Verifies the registration and, in one commit, makes the account, its
 * credential and a session (ending the one that the browser had, *old, if not
 * NULL), uses up the ceremony and the invitation, and writes history and audit.
 * Fills *in and *token on RP_OK, else neither.  Answers RP_CEREMONY_*,
 * RP_PASSKEY_REFUSED, RP_CREDENTIAL_TAKEN, RP_NAME_TAKEN,
 * RP_INVITATION_UNKNOWN, RP_RATE_LIMITED, RP_STORAGE_FULL, RP_FAULT.
 */
enum rp_answer rp_signup_finish(struct rp *rp, struct rp_call *call,
    struct slice ceremony, const struct rp_new_passkey *got,
    const struct session_id *old, struct rp_signed_in *in,
    struct rp_token *token, struct store_credential *passkey);

#endif
