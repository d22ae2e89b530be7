/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/attestation.h"

#include "webauthn/der.h"
#include "webauthn/evp.h"
#include "webauthn/hash.h"
#include "webauthn/x5c.h"

/*
 * WebAuthn L3 section 8.8, editor's draft of 2026-07-30.  Numbers in comments
 * are steps of its verification procedure.
 */

#define OID_NONCE                                                              \
	WA_OID(                                                                \
	    "\x2a\x86\x48\x86\xf7\x63\x64\x08\x02") /* 1.2.840.113635.100.8.2  \
						     */

/* 2 to 4.  The extension is SEQUENCE { [1] { OCTET STRING } }. */
static enum wa_verdict
judge_nonce(const struct wa_statement *st, X509 *cert)
{
	const struct slice parts[2] = { st->authdata_raw,
		st->client_data_hash };
	struct slice value, sequence, sent;
	struct cursor c, inside;
	struct wa_der tagged;
	uint8_t nonce[32];
	bool critical;

	if (!wa_hash_parts(WA_SHA256, parts, 2, nonce))
		return WA_FAULT;
	if (wa_certificate_extension(cert, OID_NONCE, &value, &critical) != 1)
		return WA_APPLE_NONCE;
	c = cursor_over(value);
	if (!cursor_der_of(&c, WA_DER_SEQUENCE, &sequence) ||
	    !cursor_finished(&c))
		return WA_APPLE_NONCE;
	c = cursor_over(sequence);
	if (!cursor_der(&c, &tagged) || !cursor_finished(&c) ||
	    tagged.class != WA_DER_CONTEXT || tagged.tag != 1)
		return WA_APPLE_NONCE;
	inside = cursor_over(tagged.content);
	if (!cursor_der_of(&inside, WA_DER_OCTETS, &sent) ||
	    !cursor_finished(&inside) ||
	    !slice_equal(sent, (struct slice){ nonce, sizeof(nonce) }))
		return WA_APPLE_NONCE;
	return WA_OK;
}

static enum wa_verdict
verify(const struct wa_statement *st, struct wa_attested *out)
{
	struct wa_cbor x5c, alg;
	struct wa_x5c *path = NULL;
	enum wa_verdict v;

	/* 1.  Some systems send the key's "alg" as well. */
	if (!wa_cbor_get_text(&st->map, "x5c", &x5c) ||
	    st->map.value != (wa_cbor_get_text(&st->map, "alg", &alg) ? 2 : 1))
		return WA_STATEMENT_FORM;
	if ((v = wa_x5c_parse(&x5c, &path)) != WA_OK)
		return v;
	if ((v = judge_nonce(st, path->certs[0])) != WA_OK ||
	    (v = wa_evp_same_key(path->key, st->key)) != WA_OK) /* 5 */
		goto out;
	*out = (struct wa_attested){ .type = WA_ATTESTATION_UNCERTAIN,
		.path = path };
	path = NULL; /* now the caller's */
out:
	wa_x5c_free(path);
	return v;
}

const struct wa_attestation wa_att_apple = {
	.format = "apple",
	.verify = verify,
};
