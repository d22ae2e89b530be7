/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/authdata.h"
#include "webauthn/extensions.h"

/* Reaches wa_authdata_parse(), wa_extensions_read(). */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct wa_extension_policy all = { .requested = ~0u };
	struct wa_authdata ad;
	struct wa_extensions e;

	if (wa_authdata_parse((struct slice){ p, n }, &ad) == WA_OK)
		(void)wa_extensions_read(
		    ad.extensions, (struct slice){ 0 }, &all, &e);
	return 0;
}
