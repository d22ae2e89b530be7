/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_KEY_H
#define WEBAUTHN_KEY_H

/* Inside this floor only: this header speaks OpenSSL. */

#include <openssl/evp.h>

#include "webauthn/cose.h"

/*
 * The key as OpenSSL has it, ready for one verification by this thread.
 * Both pointers belong to the thread and are good until its next call here.
 */
struct wa_ready_key {
	EVP_PKEY *key;
	EVP_PKEY_CTX *verify; /* NULL: the algorithm takes messages whole */
};

/*
 * Makes the key ready.  WA_KEY_FORM where it is none (a point off its curve),
 * WA_ALGORITHM_UNSUPPORTED where this OpenSSL lacks the algorithm, WA_FAULT
 * where the machine failed.
 *
 * Costs next to nothing for elliptic curves: a thread keeps one key a curve
 * and puts the point into it, so that no group is built, nothing is fetched
 * and no lock is taken, however many accounts there are.  Other keys are
 * built, and the last ones used are kept a thread.
 */
enum wa_verdict wa_key_ready(
    const struct wa_cose *cose, struct wa_ready_key *ready);

/*
 * Sets ctx up to verify signatures of that algorithm over digests; false
 * where the key does not go with it or the machine failed.
 */
bool wa_key_verify_init(EVP_PKEY_CTX *ctx, const struct wa_algorithm *a);

/* OpenSSL failed for want of memory, not by the input's fault.  Clears its
 * errors. */
bool wa_openssl_starved(void);

#endif
