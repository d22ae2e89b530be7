/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/der.h"

/* Reaches cursor_der(), into whatever is constructed. */
static void
walk(struct slice s, unsigned depth)
{
	struct cursor c = cursor_over(s);
	struct wa_der item;

	while (c.rest.n > 0 && cursor_der(&c, &item)) {
		if (item.constructed && depth < 16)
			walk(item.content, depth + 1);
		else
			(void)wa_der_number(item.content);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	walk((struct slice){ p, n }, 0);
	return 0;
}
