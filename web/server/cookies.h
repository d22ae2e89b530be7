/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_COOKIES_H
#define WEB_SERVER_COOKIES_H

#include "webauthn/slice.h"

#define COOKIE_SESSION "__Host-isid"
#define COOKIE_BROWSER "__Host-itb"
#define COOKIE_KEPT "__Host-ibr"
#define COOKIE_CONFORMANCE "__Host-itc"
#define COOKIE_LANG "lang"

/*
 * The value of a cookie in a Cookie header (RFC 6265 4.2.1), without the
 * quotes that may stand around it.  Of several with one name the first
 * counts.  Empty where there is none, or where its value has bytes that no
 * cookie has.
 */
struct slice cookie_find(struct slice header, const char *name);

/* How long the value of COOKIE_BROWSER is. */
enum { COOKIE_BROWSER_TEXT = 43 };
/* SHA-256 of a value; false when the machine failed. */
bool cookie_hash(struct slice value, uint8_t hash[32]);

enum { COOKIE_MAX = 2560 };

/*
 * Writes the value of a Set-Cookie header: Secure, SameSite=Lax, Path=/,
 * HttpOnly.  max_age in seconds; 0 takes the cookie away.  False where it does
 * not fit.
 */
bool cookie_write(
    char out[COOKIE_MAX], const char *name, const char *value, int64_t max_age);

#endif
