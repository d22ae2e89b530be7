/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/extensions.h"

/* Reaches wa_extensions_read(): what clients say. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct wa_extension_policy all = { .requested = ~0u };
	struct wa_extensions e;

	(void)wa_extensions_read(
	    (struct slice){ 0 }, (struct slice){ p, n }, &all, &e);
	return 0;
}
