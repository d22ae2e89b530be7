/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_HASH_H
#define WEBAUTHN_HASH_H

#include "webauthn/slice.h"

enum wa_hash {
	WA_HASH_NONE,
	WA_SHA1, /* only in the statements of old TPMs */
	WA_SHA256,
	WA_SHA384,
	WA_SHA512,
	WA_HASH_COUNT,
};

#define WA_HASH_MAX 64

/* Bytes of a digest; 0 for WA_HASH_NONE. */
size_t wa_hash_size(enum wa_hash hash);

/*
 * Hashes the parts as if they were one message into out, which holds
 * wa_hash_size() bytes.  False where the machine failed.
 */
bool wa_hash_parts(
    enum wa_hash hash, const struct slice *parts, size_t count, uint8_t *out);

/* SHA-256 of one slice. */
bool wa_sha256(struct slice s, uint8_t out[32]);

#endif
