/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "web/server/jws.h"

/* Reaches jws_read() and jwk_read(): what strangers send as their proof. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct slice text = { p, n };
	struct rp_claims c;
	struct json_in in;
	uint8_t key[64];
	struct arena a;

	arena_init(&a, NULL, 0);
	if (jws_read(text, RP_DEVICE_PROOF_TYP, &a, &c) &&
	    (c.signature.n != 64 || c.signing_input.p != p ||
		c.signing_input.n >= n || n > JWS_MAX))
		abort();
	if (json_in_parse(&in, &a, text) &&
	    !jwk_read(&in, in.root, NULL, key) && in.problem == PROBLEM_NONE)
		abort();
	arena_free(&a);
	return 0;
}
