/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/client_data.h"

/* Reaches wa_client_data_judge(). */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const origins[] = { "https://example.org", NULL };
	static const struct wa_expectation want = {
		.challenge = { (const uint8_t *)"\1\2\3\4", 4 },
		.rp_id = "example.org",
		.origins = origins,
		.top_origins = origins,
		.allow_cross_origin = true
	};

	(void)wa_client_data_judge(
	    (struct slice){ p, n }, "webauthn.get", &want);
	return 0;
}
