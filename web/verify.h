/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_VERIFY_H
#define WEB_VERIFY_H

#include <stdio.h>

/*
 * The body of `itsumo verify`: reads registrations and authentications, one
 * JSON object a line, judges each by itself, and prints a line
 * {"id":…,"verdict":…} for it: "ok", the name of the refusal, or "fault" where
 * the machine failed.  web/README.md has the members.
 *
 * Beside the names of webauthn/verdict.h there are those of the envelope:
 * "line-form" (not such an object; id is then null if it has none),
 * "line-long", "envelope-form", "base64url", "credential-not-allowed" (7.2
 * step 5) and "credential-taken" (7.1 step 26).
 *
 * Returns 0 where all were judged, whatever the verdicts; 1 where reading or
 * writing failed.
 */
int web_verify(FILE *in, FILE *out);

#endif
