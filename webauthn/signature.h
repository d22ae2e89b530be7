/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_SIGNATURE_H
#define WEBAUTHN_SIGNATURE_H

#include "webauthn/cose.h"

/*
 * That the key is one: its point lies on its curve, and the OpenSSL at hand
 * has its algorithm.  WA_OK, WA_KEY_FORM, WA_ALGORITHM_UNSUPPORTED (RS1
 * included, which is for attestation alone), or WA_FAULT.
 */
enum wa_verdict wa_key_judge(const struct wa_cose *key);

/*
 * Verifies sig over a || b with a credential's key, in the forms of L3 6.5.5:
 * ASN.1 for ECDSA, bare bytes for the rest.  WA_OK, WA_SIGNATURE, or one of
 * the verdicts of wa_key_judge().
 */
enum wa_verdict wa_signature_verify(const struct wa_cose *key, struct slice a,
    struct slice b, struct slice sig);

#endif
