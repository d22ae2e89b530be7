/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_CLIENT_DATA_H
#define WEBAUTHN_CLIENT_DATA_H

#include "webauthn/expectation.h"
#include "webauthn/verdict.h"

/*
 * Judges CollectedClientData (L3 5.8.1): that json is an object in UTF-8
 * without duplicate members, a byte order mark before it allowed, of the
 * given type ("webauthn.create", "webauthn.get"), and what *want expects in
 * challenge, origin, crossOrigin and topOrigin.  Other members are welcome.
 * tokenBinding, which old clients send, is judged for its form alone.
 *
 * Returns WA_OK or the first refusal: WA_CLIENT_DATA_FORM, WA_TYPE,
 * WA_CHALLENGE, WA_ORIGIN, WA_CROSS_ORIGIN, WA_TOP_ORIGIN, WA_TOKEN_BINDING;
 * WA_FAULT where memory ran out.
 */
enum wa_verdict wa_client_data_judge(
    struct slice json, const char *type, const struct wa_expectation *want);

#endif
