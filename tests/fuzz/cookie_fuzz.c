/* SPDX-License-Identifier: Apache-2.0 */

/* Target functions: cookie_find(), language_choose(), address_of_client(). */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "web/server/address.h"
#include "web/server/cookies.h"
#include "web/server/language.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct network everybody = { .bits = 0 };
	static const struct networks trusted = { &everybody, 1 };
	const struct address peer = { { 0 } };
	struct slice value = cookie_find((struct slice){ p, n }, "__Host-isid");
	char *text = malloc(n + 1);

	/* What is found lies within, and has nothing that ends a header. */
	if (value.n > 0 && (value.p < p || value.p + value.n > p + n ||
			       memchr(value.p, '\n', value.n) != NULL))
		abort();
	if (text == NULL)
		return 0;
	if (n > 0)
		memcpy(text, p, n);
	text[n] = '\0';
	(void)language_choose(value, text);
	(void)address_of_client(&trusted, peer, slice_of(text));
	(void)address_of_client_7239(&trusted, peer, slice_of(text));
	free(text);
	return 0;
}
