/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_SECRET_H
#define RP_SECRET_H

#include "webauthn/slice.h"

/*
 * The little cryptography that the relying party does itself.  What OpenSSL
 * needs for it is fetched once a process and kept once a thread.  Each false
 * means that the machine failed, but for rp_secret_open().
 */

/* n random bytes. */
bool rp_secret_random(void *p, size_t n);

/* HMAC-SHA-256 over the parts as if they were one message. */
bool rp_secret_mac(const uint8_t key[32], const struct slice *parts,
    size_t count, uint8_t mac[32]);

/* Takes as long for unequal bytes as for equal ones. */
bool rp_secret_equal(const void *a, const void *b, size_t n);

void rp_secret_wipe(void *p, size_t n);

enum { RP_SECRET_TAG = 16 };

/*
 * AES-256-GCM under a key that seals nothing else, so that the nonce may be
 * a constant.  out holds plain.n + RP_SECRET_TAG bytes.
 */
bool rp_secret_seal(
    const uint8_t key[32], struct slice aad, struct slice plain, uint8_t *out);

/*
 * The reverse; out holds sealed.n - RP_SECRET_TAG bytes.  False, and nothing
 * of meaning in out, when one bit of key, aad or sealed is not as it was.
 */
bool rp_secret_open(
    const uint8_t key[32], struct slice aad, struct slice sealed, uint8_t *out);

#endif
