/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_B64_H
#define WEBAUTHN_B64_H

#include "webauthn/slice.h"

/*
 * Base64 with padding, RFC 4648 section 4, as JOSE and FIDO metadata carry
 * certificates.  White space between characters is passed over: real metadata
 * has it.
 *
 * Decodes into memory of malloc(), which the caller frees; *n is its length.
 * NULL where the text is not of that form, or where memory ran out and then
 * *starved is true.
 */
uint8_t *wa_b64_decode(struct slice text, size_t *n, bool *starved);

/* Characters of n bytes, the NUL included. */
#define WA_B64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* Writes base64 and a NUL; false where size is too small. */
bool wa_b64_encode(struct slice in, char *out, size_t size);

#endif
