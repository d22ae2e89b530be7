/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/b64.h"

#include <stdlib.h>

#include "webauthn/b64url.h"

/* Without white space and padding, in the other alphabet, so that there is
 * one decoder.  False where the padding is not what it must be. */
static bool
to_b64url(struct slice text, uint8_t *out, size_t *n)
{
	size_t pads = 0, i = 0;

	for (size_t k = 0; k < text.n; k++) {
		uint8_t ch = text.p[k];

		if (ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n')
			continue;
		if (ch == '=') {
			pads++;
			continue;
		}
		if (pads > 0 || ch == '-' || ch == '_')
			return false;
		out[i++] = ch == '+' ? '-' : ch == '/' ? '_' : ch;
	}
	*n = i;
	return pads == (4 - i % 4) % 4;
}

uint8_t *
wa_b64_decode(struct slice text, size_t *n, bool *starved)
{
	uint8_t *plain = malloc(text.n + 1), *out = NULL;
	size_t plain_n = 0;

	*starved = plain == NULL;
	if (plain == NULL || !to_b64url(text, plain, &plain_n))
		goto out;
	out = malloc(WA_B64URL_BYTES(plain_n) + 1);
	*starved = out == NULL;
	if (out != NULL && !wa_b64url_decode((struct slice){ plain, plain_n },
			       out, WA_B64URL_BYTES(plain_n), n)) {
		free(out);
		out = NULL;
	}
out:
	free(plain);
	return out;
}

bool
wa_b64_encode(struct slice in, char *out, size_t size)
{
	size_t n;

	if (size < WA_B64_SIZE(in.n) || !wa_b64url_encode(in, out, size))
		return false;
	for (n = 0; out[n] != '\0'; n++)
		out[n] = out[n] == '-' ? '+' : out[n] == '_' ? '/' : out[n];
	while (n % 4 != 0)
		out[n++] = '=';
	out[n] = '\0';
	return true;
}
