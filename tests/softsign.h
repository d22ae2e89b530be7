/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTSIGN_H
#define TESTS_SOFTSIGN_H

#include <openssl/evp.h>

#include "tests/softcbor.h"
#include "webauthn/algorithm.h"

/* Keys and signatures of each algorithm, for the software authenticator. */

/* A new key; NULL where this OpenSSL has no such algorithm. */
EVP_PKEY *softsign_key(const struct wa_algorithm *a);

/* Appends the COSE_Key. */
void softsign_cose(
    EVP_PKEY *key, const struct wa_algorithm *a, struct soft_bytes *out);

/* Appends a signature over x || y. */
void softsign_sign(EVP_PKEY *key, const struct wa_algorithm *a, struct slice x,
    struct slice y, struct soft_bytes *out);

void soft_sha256(struct slice s, uint8_t out[32]);

#endif
