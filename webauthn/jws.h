/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_JWS_H
#define WEBAUTHN_JWS_H

/* Inside this floor only: this header speaks jansson. */

#include <jansson.h>

#include "webauthn/x5c.h"

/*
 * A JWS in compact form (RFC 7515) whose header carries its certificates, as
 * SafetyNet and the FIDO metadata service send it.
 */
struct wa_jws {
	json_t *payload; /* an object */
	struct wa_x5c *path;
};

/*
 * Parses text and verifies its signature with the first certificate; RS256
 * and ES256 alone, so that there is no algorithm to attack.  Where the path
 * leads is not judged.
 *
 * WA_OK and *jws, which wa_jws_clear() ends; WA_STATEMENT_FORM,
 * WA_CERTIFICATE_FORM, WA_STATEMENT_SIGNATURE or WA_FAULT.
 */
enum wa_verdict wa_jws_verify(struct slice text, struct wa_jws *jws);
void wa_jws_clear(struct wa_jws *jws);

#endif
