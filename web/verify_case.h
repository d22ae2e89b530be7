/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_VERIFY_CASE_H
#define WEB_VERIFY_CASE_H

#include <jansson.h>

/*
 * Judges one line of `itsumo verify`.  Returns the verdict's name, which is
 * static: one of webauthn/verdict.h or of those that web/verify.h adds.
 */
const char *web_verify_case(const json_t *line);

#endif
