/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/jws.h"

/* Reaches wa_jws_verify(): the form of a BLOB and of SafetyNet's answer. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct wa_jws jws;

	if (wa_jws_verify((struct slice){ p, n }, &jws) == WA_OK)
		wa_jws_clear(&jws);
	return 0;
}
