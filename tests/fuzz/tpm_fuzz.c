/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/tpm.h"

/* Reaches wa_tpm_public_parse(), wa_tpm_attest_parse(). */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct slice s = { p, n };
	struct wa_tpm_public area;
	struct wa_tpm_attest info;

	(void)wa_tpm_public_parse(s, &area);
	(void)wa_tpm_attest_parse(s, &info);
	return 0;
}
