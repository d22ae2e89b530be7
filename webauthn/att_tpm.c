/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/attestation.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "webauthn/evp.h"
#include "webauthn/hash.h"
#include "webauthn/key.h"
#include "webauthn/tpm.h"
#include "webauthn/x5c.h"

/* WebAuthn L3 section 8.3, editor's draft of 2026-07-30. */

/* TCG EK Credential Profile: attributes in the directory name, 2.23.133.2.1 to
 * 3, and the use of a key that attests, 2.23.133.8.3. */
#define OID_MANUFACTURER WA_OID("\x67\x81\x05\x02\x01")
#define OID_MODEL WA_OID("\x67\x81\x05\x02\x02")
#define OID_VERSION WA_OID("\x67\x81\x05\x02\x03")
#define OID_AIK WA_OID("\x67\x81\x05\x08\x03")

struct tpm_statement {
	const struct wa_algorithm *algorithm;
	struct slice sig, cert_info, pub_area;
	struct wa_cbor x5c;
};

static bool
get_bytes(const struct wa_cbor *map, const char *name, struct slice *bytes)
{
	struct wa_cbor item;

	if (!wa_cbor_get_text(map, name, &item) || item.kind != WA_CBOR_BYTES)
		return false;
	*bytes = item.bytes;
	return true;
}

static enum wa_verdict
parse(const struct wa_cbor *map, struct tpm_statement *t)
{
	struct wa_cbor ver, alg;
	int64_t id;

	if (!wa_cbor_get_text(map, "ver", &ver) || ver.kind != WA_CBOR_TEXT)
		return WA_STATEMENT_FORM;
	if (!wa_cbor_is_text(&ver, "2.0"))
		return WA_TPM_VERSION;
	if (map->value != 6 || !wa_cbor_get_text(map, "alg", &alg) ||
	    !wa_cbor_int(&alg, &id) || !get_bytes(map, "sig", &t->sig) ||
	    !get_bytes(map, "certInfo", &t->cert_info) ||
	    !get_bytes(map, "pubArea", &t->pub_area) ||
	    !wa_cbor_get_text(map, "x5c", &t->x5c))
		return WA_STATEMENT_FORM;
	t->algorithm = wa_algorithm_find(id);
	/* extraData is a digest of the algorithm's hash: it must have one. */
	return t->algorithm != NULL && t->algorithm->hash != WA_HASH_NONE
		   ? WA_OK
		   : WA_STATEMENT_ALGORITHM;
}

/* The public area is the credential's. */
static enum wa_verdict
judge_public(const struct wa_statement *st, struct slice raw)
{
	struct wa_tpm_public area;

	if (!wa_tpm_public_parse(raw, &area))
		return WA_TPM_PUBLIC_AREA;
	return wa_tpm_public_is(&area, st->key) ? WA_OK : WA_TPM_KEY;
}

/*
 * Part 1, 16: a name is its hash algorithm and that hash of the area.  The
 * algorithm is taken from the name, which the TPM signed; the area's nameAlg
 * is the same in every TPM, but not in FIDO's conformance tests.
 */
static enum wa_verdict
judge_name(struct slice name, struct slice area)
{
	struct cursor c = cursor_over(name);
	const enum wa_hash hash = wa_tpm_hash((uint16_t)cursor_be(&c, 2));
	uint8_t digest[WA_HASH_MAX];

	if (hash == WA_HASH_NONE)
		return WA_TPM_NAME;
	if (!wa_hash_parts(hash, &area, 1, digest))
		return WA_FAULT;
	return slice_equal(c.rest, (struct slice){ digest, wa_hash_size(hash) })
		   ? WA_OK
		   : WA_TPM_NAME;
}

/* certInfo is what a TPM says of this key, in this ceremony. */
static enum wa_verdict
judge_info(const struct wa_statement *st, const struct tpm_statement *t)
{
	const struct slice parts[2] = { st->authdata_raw,
		st->client_data_hash };
	const enum wa_hash hash = t->algorithm->hash;
	struct wa_tpm_attest info;
	uint8_t digest[WA_HASH_MAX];

	if (!wa_tpm_attest_parse(t->cert_info, &info))
		return WA_TPM_CERT_INFO;
	if (!wa_hash_parts(hash, parts, 2, digest))
		return WA_FAULT;
	if (!slice_equal(
		info.extra_data, (struct slice){ digest, wa_hash_size(hash) }))
		return WA_TPM_EXTRA_DATA;
	return judge_name(info.name, t->pub_area);
}

static enum wa_verdict
judge_signature(const struct tpm_statement *t, EVP_PKEY *key)
{
	const struct slice parts[2] = { t->cert_info, { 0 } };
	const enum wa_verdict v =
	    wa_evp_verify(key, t->algorithm, parts, t->sig);

	return v == WA_SIGNATURE ? WA_STATEMENT_SIGNATURE : v;
}

/* The only attribute of that OID in a name; false where it is not there once,
 * or empty. */
static bool
name_has(X509_NAME *name, struct slice oid, struct slice *value)
{
	const ASN1_STRING *s = NULL;
	size_t found = 0;

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);

		if (!wa_oid_is(X509_NAME_ENTRY_get_object(entry), oid))
			continue;
		s = X509_NAME_ENTRY_get_data(entry);
		found++;
	}
	if (found != 1 || ASN1_STRING_length(s) == 0)
		return false;
	*value = (struct slice){ ASN1_STRING_get0_data(s),
		(size_t)ASN1_STRING_length(s) };
	return true;
}

static bool
manufacturer_welcome(
    const struct wa_attestation_policy *policy, struct slice name)
{
	for (size_t i = 0; policy->tpm_manufacturers != NULL &&
			   policy->tpm_manufacturers[i] != NULL;
	     i++) {
		if (slice_equal(name, slice_of(policy->tpm_manufacturers[i])))
			return true;
	}
	return wa_tpm_manufacturer_known(name);
}

/* TCG EK Profile 3.2.9: which TPM, in a directory name. */
static enum wa_verdict
judge_alternative_name(
    const struct wa_attestation_policy *policy, GENERAL_NAMES *names)
{
	struct slice manufacturer, ignored;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DIRNAME)
			continue;
		if (!name_has(name->d.directoryName, OID_MANUFACTURER,
			&manufacturer) ||
		    !name_has(name->d.directoryName, OID_MODEL, &ignored) ||
		    !name_has(name->d.directoryName, OID_VERSION, &ignored))
			return WA_TPM_CERTIFICATE;
		return manufacturer_welcome(policy, manufacturer)
			   ? WA_OK
			   : WA_TPM_MANUFACTURER;
	}
	return WA_TPM_CERTIFICATE;
}

static bool
is_for_attestation(EXTENDED_KEY_USAGE *uses)
{
	for (int i = 0; i < sk_ASN1_OBJECT_num(uses); i++) {
		if (wa_oid_is(sk_ASN1_OBJECT_value(uses, i), OID_AIK))
			return true;
	}
	return false;
}

/* 8.3.1. */
static enum wa_verdict
judge_certificate(const struct wa_attestation_policy *policy, X509 *cert)
{
	enum wa_verdict v = WA_TPM_CERTIFICATE;
	EXTENDED_KEY_USAGE *uses = NULL;
	GENERAL_NAMES *names = NULL;

	if (!wa_certificate_is_end_entity(cert) ||
	    X509_NAME_entry_count(X509_get_subject_name(cert)) != 0)
		goto out;
	uses = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	if ((uses == NULL || names == NULL) && wa_openssl_starved()) {
		v = WA_FAULT;
		goto out;
	}
	if (uses != NULL && is_for_attestation(uses) && names != NULL)
		v = judge_alternative_name(policy, names);
out:
	ERR_clear_error();
	EXTENDED_KEY_USAGE_free(uses);
	GENERAL_NAMES_free(names);
	return v;
}

static enum wa_verdict
verify(const struct wa_statement *st, struct wa_attested *out)
{
	struct tpm_statement t = { 0 };
	struct wa_x5c *path = NULL;
	enum wa_verdict v;

	if ((v = parse(&st->map, &t)) != WA_OK ||
	    (v = judge_public(st, t.pub_area)) != WA_OK ||
	    (v = wa_x5c_parse(&t.x5c, &path)) != WA_OK)
		return v;
	if ((v = judge_certificate(st->policy, path->certs[0])) != WA_OK ||
	    (v = wa_certificate_judge_aaguid(
		 path->certs[0], st->authdata->aaguid)) != WA_OK ||
	    (v = judge_signature(&t, path->key)) != WA_OK ||
	    (v = judge_info(st, &t)) != WA_OK)
		goto out;
	*out = (struct wa_attested){ .type = WA_ATTESTATION_UNCERTAIN,
		.path = path };
	path = NULL; /* now the caller's */
out:
	wa_x5c_free(path);
	return v;
}

const struct wa_attestation wa_att_tpm = {
	.format = "tpm",
	.verify = verify,
};
