/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/attestation.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "webauthn/evp.h"
#include "webauthn/signature.h"
#include "webauthn/x5c.h"

/*
 * WebAuthn L3 section 8.2, editor's draft of 2026-07-30.  Numbers in comments
 * are steps of its verification procedure.
 */

/* The statement's fields; x5c is absent in self attestation. */
struct packed {
	int64_t alg;
	struct slice sig;
	bool has_x5c;
	struct wa_cbor x5c;
};

static enum wa_verdict
parse(const struct wa_cbor *map, struct packed *p)
{
	struct wa_cbor alg, sig;

	if (!wa_cbor_get_text(map, "alg", &alg) ||
	    !wa_cbor_int(&alg, &p->alg) ||
	    !wa_cbor_get_text(map, "sig", &sig) || sig.kind != WA_CBOR_BYTES)
		return WA_STATEMENT_FORM;
	p->sig = sig.bytes;
	p->has_x5c = wa_cbor_get_text(map, "x5c", &p->x5c);
	/* ECDAA of Level 1 is in no authenticator, and in L3 no more. */
	return map->value == (p->has_x5c ? 3 : 2) ? WA_OK : WA_STATEMENT_FORM;
}

/* The only value of that kind in the subject, or nothing. */
static bool
subject_has(X509 *cert, int nid, const char *value)
{
	X509_NAME *name = X509_get_subject_name(cert);
	const int at = X509_NAME_get_index_by_NID(name, nid, -1);
	const ASN1_STRING *s;

	if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return false;
	s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	return ASN1_STRING_length(s) > 0 &&
	       (value == NULL || slice_equal(slice_of(value),
				     (struct slice){ ASN1_STRING_get0_data(s),
					 (size_t)ASN1_STRING_length(s) }));
}

/* 8.2.1, 8.2.2. */
static enum wa_verdict
judge_certificate(X509 *cert)
{
	if (!wa_certificate_is_end_entity(cert) ||
	    !subject_has(cert, NID_countryName, NULL) ||
	    !subject_has(cert, NID_organizationName, NULL) ||
	    !subject_has(cert, NID_organizationalUnitName,
		"Authenticator Attestation") ||
	    !subject_has(cert, NID_commonName, NULL) ||
	    !wa_certificate_serial_is_good(cert))
		return WA_CERTIFICATE_RULES;
	return WA_OK;
}

/* 2. */
static enum wa_verdict
verify_x5c(const struct wa_statement *st, const struct packed *p,
    struct wa_attested *out)
{
	const struct slice parts[2] = { st->authdata_raw,
		st->client_data_hash };
	const struct wa_algorithm *a = wa_algorithm_find(p->alg);
	struct wa_x5c *path = NULL;
	enum wa_verdict v;

	if (a == NULL || a->attestation_only)
		return WA_STATEMENT_ALGORITHM;
	if ((v = wa_x5c_parse(&p->x5c, &path)) != WA_OK)
		return v;
	v = wa_evp_verify(path->key, a, parts, p->sig);
	if (v == WA_SIGNATURE)
		v = WA_STATEMENT_SIGNATURE;
	if (v != WA_OK || (v = judge_certificate(path->certs[0])) != WA_OK ||
	    (v = wa_certificate_judge_aaguid(
		 path->certs[0], st->authdata->aaguid)) != WA_OK)
		goto out;
	*out = (struct wa_attested){ .type = WA_ATTESTATION_UNCERTAIN,
		.path = path };
	path = NULL; /* now the caller's */
out:
	ERR_clear_error();
	wa_x5c_free(path);
	return v;
}

/* 3. */
static enum wa_verdict
verify_self(const struct wa_statement *st, const struct packed *p,
    struct wa_attested *out)
{
	enum wa_verdict v;

	if (p->alg != st->key->algorithm->id)
		return WA_STATEMENT_ALGORITHM;
	v = wa_signature_verify(
	    st->key, st->authdata_raw, st->client_data_hash, p->sig);
	if (v != WA_OK)
		return v == WA_SIGNATURE ? WA_STATEMENT_SIGNATURE : v;
	*out = (struct wa_attested){ .type = WA_ATTESTATION_SELF };
	return WA_OK;
}

static enum wa_verdict
verify(const struct wa_statement *st, struct wa_attested *out)
{
	struct packed p = { 0 };
	enum wa_verdict v = parse(&st->map, &p); /* 1 */

	if (v != WA_OK)
		return v;
	return p.has_x5c ? verify_x5c(st, &p, out) : verify_self(st, &p, out);
}

const struct wa_attestation wa_att_packed = {
	.format = "packed",
	.verify = verify,
};
