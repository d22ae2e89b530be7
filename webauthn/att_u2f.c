/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/attestation.h"

#include "webauthn/evp.h"
#include "webauthn/x5c.h"

/*
 * WebAuthn L3 section 8.6, editor's draft of 2026-07-30.  Numbers in comments
 * are steps of its verification procedure.
 */

/*
 * What U2F does not know its signature does not cover: so these flags would
 * be the client's word alone (CTAP 2.1, 10.1.1 sets none of them).  It knew no
 * models either; FIDO's conformance tests want zeros there.
 */
static enum wa_verdict
judge_unsigned(const struct wa_statement *st)
{
	static const uint8_t zeros[16];

	if ((st->authdata->flags &
		(WA_FLAG_UV | WA_FLAG_BE | WA_FLAG_BS | WA_FLAG_ED)) != 0)
		return WA_U2F_FLAGS;
	return !st->policy->u2f_require_zero_aaguid ||
		       memcmp(st->authdata->aaguid.p, zeros, sizeof(zeros)) == 0
		   ? WA_OK
		   : WA_U2F_AAGUID;
}

/* 3 to 6.  What U2F devices sign, FIDO U2F Raw Message Formats 4.3. */
static enum wa_verdict
judge_signature(const struct wa_statement *st, EVP_PKEY *key, struct slice sig)
{
	const struct wa_authdata *ad = st->authdata;
	uint8_t message[1 + 32 + 32 + WA_CREDENTIAL_ID_MAX + 1 + 64];
	uint8_t *at = message;
	struct slice parts[2] = { { message, 0 }, { 0 } };
	enum wa_verdict v;

	*at++ = 0x00;
	memcpy(at, ad->rp_id_hash.p, 32);
	memcpy(at += 32, st->client_data_hash.p, 32);
	memcpy(at += 32, ad->credential_id.p, ad->credential_id.n);
	at += ad->credential_id.n;
	*at++ = 0x04; /* 4: the point, uncompressed */
	memcpy(at, st->key->x.p, 32);
	memcpy(at += 32, st->key->y.p, 32);
	parts[0].n = (size_t)(at + 32 - message);
	v = wa_evp_verify(key, wa_algorithm_find(-7), parts, sig);
	return v == WA_SIGNATURE ? WA_STATEMENT_SIGNATURE : v;
}

static enum wa_verdict
verify(const struct wa_statement *st, struct wa_attested *out)
{
	struct wa_cbor sig, x5c;
	struct wa_x5c *path = NULL;
	enum wa_verdict v;

	if (st->map.kind != WA_CBOR_MAP || st->map.value != 2 ||
	    !wa_cbor_get_text(&st->map, "sig", &sig) ||
	    sig.kind != WA_CBOR_BYTES ||
	    !wa_cbor_get_text(&st->map, "x5c", &x5c) ||
	    x5c.kind != WA_CBOR_ARRAY) /* 1 */
		return WA_STATEMENT_FORM;
	if (x5c.value != 1) /* 2 */
		return WA_CERTIFICATE_COUNT;
	if (st->key->algorithm->id != -7)
		return WA_STATEMENT_ALGORITHM;
	if ((v = judge_unsigned(st)) != WA_OK ||
	    (v = wa_x5c_parse(&x5c, &path)) != WA_OK)
		return v;
	if (!wa_evp_goes_with(path->key, wa_algorithm_find(-7))) { /* 2 */
		v = WA_CERTIFICATE_KEY;
		goto out;
	}
	if ((v = judge_signature(st, path->key, sig.bytes)) != WA_OK)
		goto out;
	*out = (struct wa_attested){ .type = WA_ATTESTATION_UNCERTAIN,
		.path = path };
	path = NULL; /* now the caller's */
out:
	wa_x5c_free(path);
	return v;
}

const struct wa_attestation wa_att_u2f = {
	.format = "fido-u2f",
	.verify = verify,
	.signs_no_model = true,
};
