/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softjws.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/softder.h"
#include "tests/softsign.h"
#include "webauthn/b64.h"
#include "webauthn/b64url.h"

static void
put_string(struct soft_bytes *out, const char *s)
{
	soft_put(out, s, strlen(s));
}

static void
put_b64url(struct soft_bytes *out, struct slice s)
{
	char *text = malloc(WA_B64URL_SIZE(s.n));

	if (text == NULL || !wa_b64url_encode(s, text, WA_B64URL_SIZE(s.n)))
		abort();
	put_string(out, text);
	free(text);
}

static void
put_b64(struct soft_bytes *out, struct slice s)
{
	char *text = malloc(WA_B64_SIZE(s.n));

	if (text == NULL || !wa_b64_encode(s, text, WA_B64_SIZE(s.n)))
		abort();
	put_string(out, text);
	free(text);
}

/* JOSE has r and s as they are, 32 bytes each, where OpenSSL has ASN.1. */
static void
to_raw(struct soft_bytes *sig)
{
	uint8_t raw[64] = { 0 };
	const uint8_t *p = sig->p + 2;

	for (size_t i = 0; i < 2; i++) {
		size_t n = p[1];

		p += 2;
		for (; n > 32; n--)
			p++;
		memcpy(raw + 32 * i + 32 - n, p, n);
		p += n;
	}
	soft_clear(sig);
	soft_put(sig, raw, sizeof(raw));
}

static void
put_header(struct softca *ca, EVP_PKEY *key, const struct softjws_script *s,
    struct soft_bytes *out)
{
	struct soft_bytes der = { 0 }, name = { 0 }, names = { 0 };
	struct softca_extension san;

	soft_der(&name, 0x80, 2, slice_of(s->host));
	soft_der_sequence(&names, soft_slice(&name));
	san =
	    (struct softca_extension){ "2.5.29.17", soft_slice(&names), false };
	softca_issue(ca, key,
	    &(struct softca_script){ .common_name = s->host,
		.extensions = &san,
		.extension_count = 1 },
	    &der);
	put_string(out, "{\"alg\":\"");
	put_string(out, s->alg ? s->alg : s->elliptic ? "ES256" : "RS256");
	put_string(out, "\"");
	if (s->critical)
		put_string(out, ",\"crit\":[\"b64\"],\"b64\":true");
	for (int i = 0; s->long_header && i < 300; i++) {
		char member[24];

		snprintf(member, sizeof(member), ",\"m%d\":1", i);
		put_string(out, member);
	}
	if (!s->no_x5c) {
		put_string(out, ",\"x5c\":[\"");
		put_b64(out, soft_slice(&der));
		for (size_t i = 1; i < (s->certificates ? s->certificates : 2);
		     i++) {
			put_string(out, "\",\"");
			put_b64(out, softca_intermediate(ca));
		}
		put_string(out, "\"]");
	}
	put_string(out, "}");
	soft_free(&der);
	soft_free(&name);
	soft_free(&names);
}

void
softjws_make(struct softca *ca, EVP_PKEY *key,
    const struct softjws_script *script, struct slice payload,
    struct soft_bytes *out)
{
	struct soft_bytes header = { 0 }, sig = { 0 };
	const size_t from = out->n;

	put_header(ca, key, script, &header);
	put_b64url(out, soft_slice(&header));
	put_string(out, ".");
	put_b64url(out, payload);
	softsign_sign(key, wa_algorithm_find(script->elliptic ? -7 : -257),
	    (struct slice){ out->p + from, out->n - from }, (struct slice){ 0 },
	    &sig);
	if (script->elliptic)
		to_raw(&sig);
	if (script->bad_signature)
		sig.p[sig.n / 2] ^= 1;
	if (script->long_signature)
		soft_put_be(&sig, 0, 1);
	put_string(out, ".");
	put_b64url(out, soft_slice(&sig));
	soft_free(&header);
	soft_free(&sig);
}
