/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_B64URL_H
#define WEBAUTHN_B64URL_H

#include "webauthn/slice.h"

/* Base64url without padding, RFC 4648 section 5, as WebAuthn uses it. */

/* Bytes that n bytes encode to, the NUL included. */
#define WA_B64URL_SIZE(n) (((n)*4 + 2) / 3 + 1)

/* Bytes that n characters decode to, at most. */
#define WA_B64URL_BYTES(n) ((n) / 4 * 3 + (n) % 4 * 3 / 4)

/* Writes base64url and a NUL to out; false where size is too small. */
bool wa_b64url_encode(struct slice in, char *out, size_t size);

/*
 * Decodes strictly: the alphabet alone, no padding, no white space, and the
 * unused bits of the last character zero, so that no two texts decode to the
 * same bytes.  out holds size bytes; *n is how many were written.  An empty
 * text decodes to no bytes.
 *
 * False where the text is not of that form or does not fit; *n is then left
 * alone, and out holds nothing of meaning.
 */
bool wa_b64url_decode(struct slice in, uint8_t *out, size_t size, size_t *n);

#endif
