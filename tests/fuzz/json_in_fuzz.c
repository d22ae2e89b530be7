/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Target functions: json_in_parse(), webauthn_json_assertion(),
 * webauthn_json_registration().
 */
#include <stdlib.h>

#include "web/server/webauthn_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct rp_new_passkey registration = { 0 };
	struct wa_assertion assertion;
	struct json_in in;
	struct arena a;

	arena_init(&a, NULL, 0);
	if (!json_in_parse(&in, &a, (struct slice){ p, n })) {
		if (in.problem == PROBLEM_NONE)
			abort();
	} else {
		(void)webauthn_json_registration(
		    &in, in.root, "credential", &registration);
		if (!webauthn_json_assertion(
			&in, in.root, "credential", &assertion) &&
		    in.problem == PROBLEM_NONE)
			abort();
	}
	json_in_free(&in);
	arena_free(&a);
	return 0;
}
