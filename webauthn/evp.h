/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_EVP_H
#define WEBAUTHN_EVP_H

/* Inside this floor only: this header speaks OpenSSL. */

#include <openssl/evp.h>

#include "webauthn/cose.h"

/*
 * Verifies sig over parts[0] || parts[1] with the key of a certificate, which
 * must be of the algorithm's type and curve.  WA_OK, WA_SIGNATURE, WA_FAULT.
 */
enum wa_verdict wa_evp_verify(EVP_PKEY *key, const struct wa_algorithm *a,
    const struct slice parts[2], struct slice sig);

/* The keys of certificates may have these at most: nobody has more, and each
 * bit makes a junk signature dearer to refuse. */
#define WA_CERTIFICATE_RSA_BITS_MAX 4096

/*
 * The key of a certificate is one we verify with: RSA of 2048 bits to the
 * above, with a small exponent; an elliptic curve that we know by its name; or
 * of Edwards curves and ML-DSA.  A curve that is spelled out may be any curve
 * at all (CVE-2020-0601).
 */
bool wa_evp_is_welcome(EVP_PKEY *key);

/* The key is of the type and curve that the algorithm wants. */
bool wa_evp_goes_with(EVP_PKEY *key, const struct wa_algorithm *a);

/* The key is the credential's: WA_OK, WA_CERTIFICATE_KEY, WA_FAULT. */
enum wa_verdict wa_evp_same_key(EVP_PKEY *key, const struct wa_cose *cose);

#endif
