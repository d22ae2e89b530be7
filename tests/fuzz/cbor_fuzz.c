/* SPDX-License-Identifier: Apache-2.0 */
#include <cbor.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "webauthn/cbor.h"

/* Reaches cursor_cbor(); what passes it libcbor must read to the same end. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct cursor c = cursor_over((struct slice){ p, n });
	const struct slice s = cursor_cbor(&c);
	struct cbor_load_result r;
	cbor_item_t *item;
	struct wa_cbor whole, v;

	if (c.bad)
		return 0;
	item = cbor_load(s.p, s.n, &r);
	if (item == NULL || r.read != s.n)
		abort();
	cbor_decref(&item);
	if (!wa_cbor_read(s, &whole))
		abort();
	(void)wa_cbor_get_int(&whole, -1, &v);
	(void)wa_cbor_get_text(&whole, "fmt", &v);
	return 0;
}
