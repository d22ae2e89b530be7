/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_EDWARDS_H
#define WEBAUTHN_EDWARDS_H

/* Inside this floor only. */

#include "webauthn/cose.h"

/*
 * Judges a public key of Ed25519 or Ed448 (RFC 8032, 5.1.3 and 5.2.3), which
 * OpenSSL 3.0 takes as it comes: that it is the one encoding of a point on the
 * curve, and that the point is none of the few of small order, under which
 * signatures verify that nobody made.  For registration: it costs as much as
 * a few multiplications, but is not for each sign-in.
 *
 * WA_OK, WA_KEY_FORM, or WA_FAULT.
 */
enum wa_verdict wa_edwards_judge(const struct wa_cose *key);

#endif
