/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/fuzz/fuzz.h"
#include "web/verify.h"

/* Reaches web_verify(): lines of cases, whatever they say. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	FILE *in = n > 0 ? fmemopen((void *)(uintptr_t)p, n, "r") : NULL;
	FILE *out = fopen("/dev/null", "w");

	if (in != NULL && out != NULL)
		(void)web_verify(in, out);
	if (in != NULL)
		fclose(in);
	if (out != NULL)
		fclose(out);
	return 0;
}
