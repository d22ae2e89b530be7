/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/cose.h"
#include "webauthn/signature.h"

/* Reaches wa_cose_parse(), wa_key_judge(), wa_signature_verify(). */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t sig[64] = { 0x30, 0x3e };
	const struct slice s = { p, n };
	struct wa_cose key;

	if (wa_cose_parse(s, &key) == WA_OK && wa_key_judge(&key) == WA_OK)
		(void)wa_signature_verify(
		    &key, s, s, (struct slice){ sig, sizeof(sig) });
	return 0;
}
