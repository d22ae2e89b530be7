/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_WEBAUTHN_JSON_H
#define WEB_SERVER_WEBAUTHN_JSON_H

#include "rp/rp.h"
#include "web/server/request.h"
#include "webauthn/assertion.h"

/*
 * WebAuthn as JSON, as parseCreationOptionsFromJSON(),
 * parseRequestOptionsFromJSON() and toJSON() speak it (L3 5.1.8 to 5.1.10,
 * 5.5.4).
 */

/*
 * Reads a RegistrationResponseJSON: type "public-key", id the same text as
 * rawId, the response's members; what else stands there is passed over, since
 * browsers grow new members.  got->name is left alone.  False with a problem
 * in in.  where: what the member is called in the body, or NULL.
 */
bool webauthn_json_registration(struct json_in *in,
    const struct json_node *credential, const char *where,
    struct rp_new_passkey *got);
/* Reads an AuthenticationResponseJSON likewise. */
bool webauthn_json_assertion(struct json_in *in,
    const struct json_node *credential, const char *where,
    struct wa_assertion *got);

/*
 * The members of PublicKeyCredentialCreationOptionsJSON, without braces and
 * extensions.  selection: authenticatorSelection as JSON, or empty for what
 * c wishes.
 */
void webauthn_json_creation(struct json_out *o, const struct site *site,
    const struct rp_creation *c, struct slice selection);
/* The members of PublicKeyCredentialRequestOptionsJSON, without braces. */
void webauthn_json_request(
    struct json_out *o, const struct site *site, const struct rp_request *q);
/* transports: an array of their names. */
void webauthn_json_transports(struct json_out *o, uint8_t transports);
const char *webauthn_json_requirement(enum rp_requirement q);

#endif
