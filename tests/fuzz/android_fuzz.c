/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/android.h"

/* Reaches wa_android_description_parse(): what a phone's certificate says. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct wa_android_description d;

	(void)wa_android_description_parse((struct slice){ p, n }, &d);
	return 0;
}
