/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_COSE_H
#define WEBAUTHN_COSE_H

#include "webauthn/algorithm.h"
#include "webauthn/slice.h"
#include "webauthn/verdict.h"

#define WA_RSA_BITS_MIN 2048
#define WA_RSA_BITS_MAX 8192
#define WA_RSA_EXPONENT_BITS_MAX 32 /* a TPM's has room for no more */

/* A credential public key, RFC 9053 section 7.  Slices point into raw. */
struct wa_cose {
	const struct wa_algorithm *algorithm;
	struct slice raw;
	struct slice x; /* EC2, OKP: the coordinate; AKP: the key */
	struct slice y; /* EC2 */
	struct slice n, e; /* RSA: big-endian, no zero in front */
};

/*
 * Takes a COSE_Key apart and judges its form by L3 5.8.5 and 6.5.1.1: the
 * algorithm first, then that type and curve are the algorithm's, each
 * parameter is there in its one length, and there is no other.  Whether a
 * point is on its curve is for wa_key_judge() to say.
 *
 * Returns WA_OK and fills *key; WA_CBOR_FORM, WA_KEY_FORM, or
 * WA_ALGORITHM_UNSUPPORTED where the algorithm is none of ours, and then
 * leaves *key alone.
 */
enum wa_verdict wa_cose_parse(struct slice raw, struct wa_cose *key);

/*
 * The same key by its numbers, however long the zeros in front of n and e:
 * what certificates and TPMs carry in forms of their own.
 */
bool wa_cose_same_ec(const struct wa_cose *key, struct slice x, struct slice y);
bool wa_cose_same_rsa(
    const struct wa_cose *key, struct slice n, struct slice e);

#endif
