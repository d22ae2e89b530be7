/* SPDX-License-Identifier: Apache-2.0 */

/* Target functions: rp_ceremony_open(), and the record that it unseals. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "rp/ceremony.h"
#include "rp/secret.h"
#include "webauthn/b64url.h"

enum { HEAD = 1 + 4 + 16, PLAIN_MAX = 1024 };

static struct rp rp = {
	.config = { .rp_id = "localhost" },
	.keys = { .seal = { { 1 } } },
	.seal_count = 1,
};
static struct rp_call call;

/* A record that whoever has the key could have sealed, as ceremony text. */
static bool
seal(struct slice record, char *text, size_t size)
{
	uint8_t sealed[HEAD + PLAIN_MAX + RP_SECRET_TAG] = { 1 };
	uint8_t aad[HEAD + 9], key[32];
	const struct slice parts[] = { slice_of("itsumo ceremony"),
		{ sealed + 5, 16 } };

	memcpy(sealed + 1, rp.seal_id[0], 4);
	memcpy(aad, sealed, HEAD);
	memcpy(aad + HEAD, "localhost", 9);
	return rp_secret_mac(rp.keys.seal[0], parts, 2, key) &&
	       rp_secret_seal(key, (struct slice){ aad, sizeof(aad) }, record,
		   sealed + HEAD) &&
	       wa_b64url_encode(
		   (struct slice){ sealed, HEAD + record.n + RP_SECRET_TAG },
		   text, size);
}

/* What opens is whole, and opens again as it was. */
static void
judge(struct slice text, enum rp_ceremony_kind kind)
{
	static struct rp_ceremony c, again;
	struct rp_ceremony_text sealed;

	if (rp_ceremony_open(&rp, &call, text, kind, NULL, &c) != RP_OK)
		return;
	if (c.kind != kind || c.expires <= call.now ||
	    memchr(c.name, 0, sizeof(c.name)) == NULL ||
	    memchr(c.display_name, 0, sizeof(c.display_name)) == NULL ||
	    memchr(c.locale, 0, sizeof(c.locale)) == NULL ||
	    !rp_ceremony_seal(&rp, &call, &c, &sealed) ||
	    rp_ceremony_open(
		&rp, &call, slice_of(sealed.s), kind, NULL, &again) != RP_OK ||
	    strcmp(c.name, again.name) != 0 ||
	    strcmp(c.display_name, again.display_name) != 0 ||
	    c.begun != again.begun || c.invited != again.invited)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char text[WA_B64URL_SIZE(HEAD + PLAIN_MAX + RP_SECRET_TAG)];
	static bool ready;

	if (!ready && !rp_ceremony_keys(&rp))
		abort();
	ready = true;
	for (int kind = RP_CEREMONY_OF_SIGN_UP; kind <= RP_CEREMONY_OF_PHONE;
	     kind++)
		judge((struct slice){ p, n }, (enum rp_ceremony_kind)kind);
	if (n > PLAIN_MAX || !seal((struct slice){ p, n }, text, sizeof(text)))
		return 0;
	for (int kind = RP_CEREMONY_OF_SIGN_UP; kind <= RP_CEREMONY_OF_PHONE;
	     kind++)
		judge(slice_of(text), (enum rp_ceremony_kind)kind);
	return 0;
}
