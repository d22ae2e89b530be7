/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_UTF8_H
#define WEBAUTHN_UTF8_H

#include "webauthn/slice.h"

/* The bytes are UTF-8 by RFC 3629: shortest forms, no surrogates. */
bool wa_utf8_valid(struct slice s);

#endif
