/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_ASSERTION_H
#define WEBAUTHN_ASSERTION_H

#include "webauthn/authdata.h"
#include "webauthn/expectation.h"
#include "webauthn/extensions.h"
#include "webauthn/verdict.h"

/* What navigator.credentials.get() returned, decoded from base64url. */
struct wa_assertion {
	struct slice credential_id; /* rawId */
	struct slice client_data_json;
	struct slice authenticator_data;
	struct slice signature;
	struct slice user_handle; /* empty: not sent (Safari sends "") */
	bool appid_used; /* clientExtensionResults.appid was true */
	struct slice
	    client_extensions; /* clientExtensionResults; may be empty */
};

/* The credential record of WebAuthn L3 section 4, as far as judged here. */
struct wa_credential {
	struct slice credential_id;
	struct slice cose_key; /* as wa_registration_result gave it */
	struct slice user_handle; /* of the account that owns it */
	uint32_t sign_count;
	bool backup_eligible;
};

/* Beside the expectation, what only an assertion is judged by. */
struct wa_assertion_expectation {
	struct wa_expectation common;
	bool need_user_handle; /* discoverable: nobody was named (step 6) */
	bool ignore_sign_count;
	bool refuse_backup_upgrade; /* BE from 0 to 1 (step 19): see below */
	const char *appid; /* the extension's input (L3 10.1.1); NULL: none */
	struct wa_extension_policy extensions;
};

/* What the ceremony taught us, for the store to keep (step 24). */
struct wa_assertion_result {
	uint32_t sign_count;
	uint8_t flags; /* WA_FLAG_UP, _UV, _BE, _BS as received */
	bool became_backup_eligible; /* BE went from 0 to 1: worth an audit line
				      */
	bool sign_count_went_back; /* and ignore_sign_count let it pass */
	struct wa_extensions extensions;
};

/*
 * Judges an assertion by WebAuthn L3 section 7.2, steps 6 to 22.  Whether the
 * credential is one of allowCredentials (step 5) and belongs to the account
 * that the ceremony named (step 6) is for the caller to say: it looked the
 * credential up.  Knows no clock, no store and no network.
 *
 * A sign count that went back is WA_SIGN_COUNT, and is judged last: with it
 * the signature is known to be good, so the caller may tell the owner.
 *
 * A credential may become backup eligible, since providers turn the flag on
 * at the first synchronisation; it may never cease to be (WA_BACKUP_CHANGED).
 *
 * Returns WA_OK and fills *result; else the name of the first refusal, or
 * WA_FAULT where the machine failed, and leaves *result alone.
 */
enum wa_verdict wa_assertion_verify(const struct wa_assertion_expectation *want,
    const struct wa_assertion *got, const struct wa_credential *credential,
    struct wa_assertion_result *result);

#endif
