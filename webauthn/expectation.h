/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_EXPECTATION_H
#define WEBAUTHN_EXPECTATION_H

#include "webauthn/slice.h"

/*
 * What the relying party asked for in one ceremony and what it will accept
 * as the answer.  All of it comes from the ceremony's own options, so that a
 * verifier never demands what was not asked, nor forgets what was.
 */
struct wa_expectation {
	struct slice challenge; /* the bytes, not their base64url */
	const char *rp_id;
	const char *const *origins; /* exact; ends with NULL */
	const char *const *top_origins; /* likewise; NULL: none accepted */
	bool allow_cross_origin;
	bool need_uv; /* userVerification was "required" */
};

#endif
