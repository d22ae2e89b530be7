/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "webauthn/b64.h"
#include "webauthn/b64url.h"

/* Reaches wa_b64url_decode(), wa_b64_decode(); what decodes encodes back. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct slice text = { p, n };
	uint8_t *out = malloc(WA_B64URL_BYTES(n) + 1), *plain;
	char *back = malloc(WA_B64URL_SIZE(WA_B64URL_BYTES(n)));
	size_t size = 0;
	bool starved;

	if (wa_b64url_decode(text, out, WA_B64URL_BYTES(n), &size)) {
		if (!wa_b64url_encode((struct slice){ out, size }, back,
			WA_B64URL_SIZE(size)) ||
		    !slice_equal(slice_of(back), text))
			abort();
	}
	plain = wa_b64_decode(text, &size, &starved);
	free(plain);
	free(back);
	free(out);
	return 0;
}
