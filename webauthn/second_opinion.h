/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_SECOND_OPINION_H
#define WEBAUTHN_SECOND_OPINION_H

#include "webauthn/attestation.h"

/* Inside this floor only. */

/*
 * Asks libfido2 about a statement that we found good, where it is of a shape
 * that libfido2 1.12 can judge: packed and self with ES256, ES384, Ed25519
 * and RS256 of 2048 bits, fido-u2f, tpm signed with RS1 over a pubArea of a
 * Windows kind; the user present, and authenticator data in 1 kB.  Other
 * shapes are WA_OK without asking.
 *
 * WA_OK, WA_SECOND_OPINION where it disagrees, WA_FAULT.
 */
enum wa_verdict wa_second_opinion(
    const char *format, const struct wa_statement *st, const char *rp_id);

/* Whether it would be asked. */
bool wa_second_opinion_can(const char *format, const struct wa_statement *st);

#endif
