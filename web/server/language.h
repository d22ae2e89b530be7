/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_LANGUAGE_H
#define WEB_SERVER_LANGUAGE_H

#include "webauthn/slice.h"

/*
 * The language of a page: what the cookie says where it is one of ours, else
 * the best of an Accept-Language header (RFC 9110 12.5.4), else English.
 * Returns "en" or "ja".  accept may be NULL.
 */
const char *language_choose(struct slice cookie, const char *accept);

#endif
