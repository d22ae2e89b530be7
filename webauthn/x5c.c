/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/x5c.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "webauthn/der.h"
#include "webauthn/evp.h"
#include "webauthn/hash.h"
#include "webauthn/key.h"

/* id-fido-gen-ce-aaguid 1.3.6.1.4.1.45724.1.1.4, L3 8.2.1, and
 * id-fido-gen-ce-sernum 1.3.6.1.4.1.45724.1.1.2, 8.2.2. */
#define OID_AAGUID WA_OID("\x2b\x06\x01\x04\x01\x82\xe5\x1c\x01\x01\x04")
#define OID_SERIAL WA_OID("\x2b\x06\x01\x04\x01\x82\xe5\x1c\x01\x01\x02")

void
wa_x5c_free(struct wa_x5c *path)
{
	if (path == NULL)
		return;
	for (size_t i = 0; i < path->count; i++)
		X509_free(path->certs[i]);
	free(path);
}

static enum wa_verdict
parse_certificate(struct slice der, X509 **out)
{
	const uint8_t *p = der.p;
	X509 *cert = NULL;
	EVP_PKEY *key = NULL;
	bool good;

	ERR_clear_error();
	good = der.n > 0 && der.n <= WA_CERTIFICATE_MAX &&
	       (cert = d2i_X509(NULL, &p, (long)der.n)) != NULL &&
	       p == der.p + der.n && X509_get_version(cert) == X509_VERSION_3 &&
	       (key = X509_get0_pubkey(cert)) != NULL && wa_evp_is_welcome(key);
	if (!good) {
		X509_free(cert);
		return wa_openssl_starved() ? WA_FAULT : WA_CERTIFICATE_FORM;
	}
	*out = cert;
	return WA_OK;
}

enum wa_verdict
wa_x5c_parse_der(const struct slice *der, size_t count, struct wa_x5c **out)
{
	struct wa_x5c *path = calloc(1, sizeof(*path));
	enum wa_verdict v = path != NULL ? WA_OK : WA_FAULT;
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += der[i].n;
	if (v == WA_OK && bytes > WA_X5C_BYTES_MAX)
		v = WA_CERTIFICATE_FORM;
	for (size_t i = 0; i < count && v == WA_OK; i++) {
		v = parse_certificate(der[i], &path->certs[i]);
		if (v == WA_OK)
			path->count++;
	}
	if (v != WA_OK) {
		wa_x5c_free(path);
		return v;
	}
	path->key = X509_get0_pubkey(path->certs[0]);
	*out = path;
	return WA_OK;
}

enum wa_verdict
wa_x5c_parse(const struct wa_cbor *array, struct wa_x5c **path)
{
	struct cursor c = cursor_over(array->inside);
	struct slice der[WA_X5C_MAX];
	struct wa_cbor item;
	size_t count = 0;

	if (array->kind != WA_CBOR_ARRAY || array->value == 0 ||
	    array->value > WA_X5C_MAX)
		return WA_STATEMENT_FORM;
	while (wa_cbor_next(&c, &item)) {
		if (item.kind != WA_CBOR_BYTES)
			return WA_STATEMENT_FORM;
		der[count++] = item.bytes;
	}
	return wa_x5c_parse_der(der, count, path);
}

/* One bad anchor must not undo the others: only want of memory is told. */
static bool
add_anchor(X509_STORE *store, struct slice der)
{
	const uint8_t *p = der.p;
	X509 *cert = d2i_X509(NULL, &p, (long)der.n);
	const bool added =
	    cert != NULL && X509_STORE_add_cert(store, cert) == 1;

	X509_free(cert);
	return added || !wa_openssl_starved();
}

static bool
add_list(X509_STORE *store, struct slice der)
{
	const uint8_t *p = der.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	const bool added = crl != NULL && X509_STORE_add_crl(store, crl) == 1;

	X509_CRL_free(crl);
	return added || !wa_openssl_starved();
}

/* Want of a list, or an old one, is no reason to refuse: we are offline. */
static int
judge_step(int ok, X509_STORE_CTX *ctx)
{
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	default:
		return ok;
	}
}

static enum wa_verdict
verdict_of(int error)
{
	switch (error) {
	case X509_V_ERR_OUT_OF_MEM:
		return WA_FAULT;
	case X509_V_ERR_CERT_REVOKED:
		return WA_CERTIFICATE_REVOKED;
	default:
		return WA_TRUST_PATH;
	}
}

static enum wa_verdict
walk(X509_STORE *store, STACK_OF(X509) * rest, X509 *first,
    const struct wa_lead *to)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	enum wa_verdict v = WA_FAULT;

	if (ctx == NULL || X509_STORE_CTX_init(ctx, store, first, rest) != 1)
		goto out;
	param = X509_STORE_CTX_get0_param(ctx);
	/* Metadata names intermediates and leaves as anchors, too. */
	X509_VERIFY_PARAM_set_flags(param,
	    X509_V_FLAG_PARTIAL_CHAIN |
		(to->revoked.count > 0
			? X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL
			: 0));
	X509_VERIFY_PARAM_set_time(param, to->at);
	X509_VERIFY_PARAM_set_depth(param, WA_X5C_MAX);
	X509_STORE_CTX_set_verify_cb(ctx, judge_step);
	v = X509_verify_cert(ctx) == 1
		? WA_OK
		: verdict_of(X509_STORE_CTX_get_error(ctx));
out:
	X509_STORE_CTX_free(ctx);
	return v;
}

/* To any of count anchors. */
static enum wa_verdict
walk_to(const struct slice *der, size_t count, STACK_OF(X509) * rest,
    X509 *first, const struct wa_lead *to)
{
	X509_STORE *store = X509_STORE_new();
	enum wa_verdict v;
	bool ok = store != NULL;

	for (size_t i = 0; i < count && ok; i++)
		ok = add_anchor(store, der[i]);
	for (size_t i = 0; i < to->revoked.count && ok; i++)
		ok = add_list(store, to->revoked.der[i]);
	v = ok ? walk(store, rest, first, to) : WA_FAULT;
	X509_STORE_free(store);
	return v;
}

enum wa_verdict
wa_x5c_lead(const struct wa_x5c *path, const struct wa_lead *to)
{
	const struct wa_trust_anchors *a = &to->anchors;
	STACK_OF(X509) *rest = sk_X509_new_null();
	enum wa_verdict v = rest != NULL ? WA_OK : WA_FAULT;

	for (size_t i = 1; i < path->count && v == WA_OK; i++) {
		if (sk_X509_push(rest, path->certs[i]) == 0)
			v = WA_FAULT;
	}
	if (v == WA_OK)
		v = walk_to(a->der, a->count, rest, path->certs[0], to);
	/* Of two anchors of one name OpenSSL tries the first and no other. */
	for (size_t i = 0; a->count > 1 && i < a->count && v == WA_TRUST_PATH;
	     i++)
		v = walk_to(&a->der[i], 1, rest, path->certs[0], to);
	ERR_clear_error();
	sk_X509_free(rest); /* the certificates stay with the path */
	return v;
}

bool
wa_certificate_is_end_entity(X509 *cert)
{
	/* A certificate without basic constraints is no authority either:
	 * RFC 5280 4.2.1.9.  Where uses are named, signing must be one of
	 * them: 4.2.1.3; none named is all of them.  Where extensions cannot
	 * be read OpenSSL says that there is no use. */
	return X509_get_version(cert) == X509_VERSION_3 &&
	       (X509_get_extension_flags(cert) & EXFLAG_CA) == 0 &&
	       (X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) != 0;
}

bool
wa_oid_is(const ASN1_OBJECT *object, struct slice oid)
{
	return slice_equal(
	    oid, (struct slice){ OBJ_get0_data(object), OBJ_length(object) });
}

int
wa_certificate_extension(
    X509 *cert, struct slice oid, struct slice *value, bool *critical)
{
	int found = 0;

	for (int i = 0; i < X509_get_ext_count(cert); i++) {
		X509_EXTENSION *ext = X509_get_ext(cert, i);
		const ASN1_OCTET_STRING *content;

		if (!wa_oid_is(X509_EXTENSION_get_object(ext), oid))
			continue;
		content = X509_EXTENSION_get_data(ext);
		*value = (struct slice){ ASN1_STRING_get0_data(content),
			(size_t)ASN1_STRING_length(content) };
		*critical = X509_EXTENSION_get_critical(ext) == 1;
		found++;
	}
	return found;
}

bool
wa_certificate_serial_is_good(X509 *cert)
{
	struct slice value, serial;
	struct cursor c;
	bool critical;
	const int found =
	    wa_certificate_extension(cert, OID_SERIAL, &value, &critical);

	if (found == 0)
		return true;
	c = cursor_over(value);
	return found == 1 && !critical &&
	       cursor_der_of(&c, WA_DER_OCTETS, &serial) && serial.n > 0 &&
	       cursor_finished(&c);
}

enum wa_verdict
wa_certificate_judge_aaguid(X509 *cert, struct slice aaguid)
{
	struct slice value;
	bool critical;
	const int found =
	    wa_certificate_extension(cert, OID_AAGUID, &value, &critical);

	if (found == 0)
		return WA_OK;
	/* The extension's octets hold an OCTET STRING of the 16 bytes. */
	if (found > 1 || critical || value.n != 18 || value.p[0] != 0x04 ||
	    value.p[1] != 16 || memcmp(value.p + 2, aaguid.p, 16) != 0)
		return WA_CERTIFICATE_AAGUID;
	return WA_OK;
}

bool
wa_certificate_key_id(X509 *cert, uint8_t id[20])
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(cert);
	const struct slice bits = { ASN1_STRING_get0_data(key),
		(size_t)ASN1_STRING_length(key) };

	return wa_hash_parts(WA_SHA1, &bits, 1, id);
}
