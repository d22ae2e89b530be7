/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_CEREMONY_H
#define WEB_SERVER_CEREMONY_H

#include "web/server/request.h"
#include "webauthn/assertion.h"

/* What all ceremonies have in common: {ceremony, credential} in, options out.
 */

struct ceremony_registration {
	struct slice ceremony;
	struct rp_new_passkey got;
};

struct ceremony_assertion {
	struct slice ceremony;
	struct wa_assertion got;
};

/* Both: false once the problem has been replied. */
bool ceremony_read_registration(
    struct web_request *r, struct ceremony_registration *out);
bool ceremony_read_assertion(
    struct web_request *r, struct ceremony_assertion *out);

/*
 * As reply_unless_ok(), of a passkey that a device has made by now.  Where it
 * was not stored, and sending it again would not help, the problem says so for
 * the Signal API: else it stays at its provider, and never opens anything.
 */
bool ceremony_unless_ok(struct web_request *r, enum rp_answer a,
    const struct ceremony_registration *made);

/*
 * Judges a sign-in; the handler returns right after it.  finish: the rest of
 * the handler, which begins with rp_login_end(r->login, …): run at once where
 * there is nothing to commit, else once it was kept.
 */
void ceremony_judge_login(struct web_request *r, struct slice ceremony,
    const struct wa_assertion *got, const struct session_id *old,
    web_handler *finish);

/* {ceremony, expires_at, publicKey} */
void ceremony_reply_creation(
    struct web_request *r, const struct rp_creation *c);
void ceremony_reply_request(struct web_request *r, const struct rp_request *q);

#endif
