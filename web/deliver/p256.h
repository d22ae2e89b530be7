/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_P256_H
#define WEB_DELIVER_P256_H

#include "webauthn/slice.h"

/*
 * P-256 as Web Push uses it (RFC 8291, RFC 8292): keys as bytes, nothing
 * about them kept between calls.
 */
enum {
	P256_PRIVATE = 32, /* the scalar, big-endian */
	P256_PUBLIC = 65, /* 4, x, y: the uncompressed point */
	P256_SHARED = 32,
	P256_SIGNATURE = 64, /* r, s, each big-endian: not DER */
};

struct p256_pair {
	uint8_t private_key[P256_PRIVATE];
	uint8_t public_key[P256_PUBLIC];
};

/* A new random pair; false when the machine has no randomness. */
bool p256_make(struct p256_pair *pair);

/* The pair of a private key; false when it is zero or not below the order. */
bool p256_of_private(
    const uint8_t private_key[P256_PRIVATE], struct p256_pair *pair);

/* The pair in a PEM file without a password; false when it holds none. */
bool p256_of_pem(struct slice pem, struct p256_pair *pair);

/* Uncompressed, on the curve, and not the point at infinity. */
bool p256_is_public(const uint8_t public_key[P256_PUBLIC]);

/* ECDH; false when theirs is no public key or the machine failed. */
bool p256_agree(const struct p256_pair *ours, const uint8_t theirs[P256_PUBLIC],
    uint8_t shared[P256_SHARED]);

/* ECDSA over SHA-256 of the text; false when the machine failed. */
bool p256_sign(const struct p256_pair *pair, struct slice text,
    uint8_t signature[P256_SIGNATURE]);

#endif
