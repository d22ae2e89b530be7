/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_PEM_H
#define WEBAUTHN_PEM_H

#include "webauthn/slice.h"

/*
 * The next certificate in *text (RFC 7468), which may hold several, with
 * other text between them; *text is moved behind it.  Returns its DER, *n
 * bytes of it, for the caller to free(); NULL where there is none left, or
 * where what stands there is no certificate, and then *text is where it was;
 * *starved tells that it was for want of memory instead.
 */
uint8_t *wa_pem_certificate(struct slice *text, size_t *n, bool *starved);

#endif
