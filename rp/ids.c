/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/ids.h"

#include "webauthn/b64url.h"

struct rp_id_text
rp_id_write(const char *prefix, const uint8_t id[16])
{
	struct rp_id_text text = { { 0 } };
	size_t n = strlen(prefix);

	if (n + WA_B64URL_SIZE(16) > sizeof(text.s))
		return text;
	memcpy(text.s, prefix, n);
	(void)wa_b64url_encode(
	    (struct slice){ id, 16 }, text.s + n, sizeof(text.s) - n);
	return text;
}

bool
rp_id_read(const char *prefix, const char *text, uint8_t id[16])
{
	uint8_t read[16];
	size_t n = strlen(prefix);

	if (strncmp(text, prefix, n) != 0 ||
	    !wa_b64url_decode(slice_of(text + n), read, sizeof(read), &n) ||
	    n != sizeof(read))
		return false;
	memcpy(id, read, sizeof(read));
	return true;
}
