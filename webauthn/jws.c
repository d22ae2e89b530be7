/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/jws.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "webauthn/b64.h"
#include "webauthn/b64url.h"
#include "webauthn/evp.h"
#include "webauthn/json.h"
#include "webauthn/key.h"

/* header.payload.signature, each as it stands. */
struct parts {
	struct slice header, payload, signature;
	struct slice signed_part; /* header.payload */
};

static bool
split(struct slice text, struct parts *p)
{
	const uint8_t *end = text.p + text.n;
	const uint8_t *a = text.n > 0 ? memchr(text.p, '.', text.n) : NULL;
	const uint8_t *b =
	    a == NULL ? NULL : memchr(a + 1, '.', (size_t)(end - a - 1));

	if (b == NULL)
		return false;
	p->header = (struct slice){ text.p, (size_t)(a - text.p) };
	p->payload = (struct slice){ a + 1, (size_t)(b - a - 1) };
	p->signature = (struct slice){ b + 1, (size_t)(end - b - 1) };
	p->signed_part = (struct slice){ text.p, (size_t)(b - text.p) };
	return true;
}

/* In memory of malloc(); NULL where the text is none, or memory ran out. */
static uint8_t *
decode(struct slice text, size_t *n, enum wa_verdict *v)
{
	const size_t size = WA_B64URL_BYTES(text.n);
	uint8_t *out = malloc(size + 1);

	if (out == NULL) {
		*v = WA_FAULT;
	} else if (!wa_b64url_decode(text, out, size, n)) {
		*v = WA_STATEMENT_FORM;
		free(out);
		out = NULL;
	}
	return out;
}

/* What nobody has signed yet must be short. */
static json_t *
decode_object(struct slice text, bool is_signed, enum wa_verdict *v)
{
	size_t n = 0;
	uint8_t *bytes = decode(text, &n, v);
	json_error_t error = { 0 };
	json_t *object = NULL;

	if (bytes == NULL)
		return NULL;
	*v = WA_STATEMENT_FORM;
	if (is_signed || wa_json_is_short((struct slice){ bytes, n })) {
		object = json_loadb(
		    (const char *)bytes, n, JSON_REJECT_DUPLICATES, &error);
		if (object == NULL && wa_json_starved(&error))
			*v = WA_FAULT;
	}
	free(bytes);
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

/* RFC 7515 4.1.6: an array of base64, the signer's certificate first. */
static enum wa_verdict
read_path(const json_t *header, struct wa_x5c **path)
{
	const json_t *x5c = json_object_get(header, "x5c");
	struct slice der[WA_X5C_MAX] = { 0 };
	const size_t count = json_array_size(x5c);
	enum wa_verdict v = WA_STATEMENT_FORM;
	bool starved = false;

	if (count == 0 || count > WA_X5C_MAX)
		return WA_STATEMENT_FORM;
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(x5c, i);

		if (!json_is_string(item))
			goto out;
		der[i].p = wa_b64_decode(
		    slice_of(json_string_value(item)), &der[i].n, &starved);
		if (der[i].p == NULL) {
			v = starved ? WA_FAULT : WA_CERTIFICATE_FORM;
			goto out;
		}
	}
	v = wa_x5c_parse_der(der, count, path);
out:
	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)der[i].p);
	return v;
}

/* JOSE writes an ECDSA signature as r and s, 32 bytes each; OpenSSL wants
 * ASN.1.  In memory of OpenSSL, or NULL. */
static uint8_t *
to_asn1(struct slice raw, size_t *n)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = NULL, *s = NULL;
	uint8_t *out = NULL;
	int len;

	if (raw.n == 64 && sig != NULL) {
		r = BN_bin2bn(raw.p, 32, NULL);
		s = BN_bin2bn(raw.p + 32, 32, NULL);
	}
	if (r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL; /* now the signature's */
		len = i2d_ECDSA_SIG(sig, &out);
		*n = len > 0 ? (size_t)len : 0;
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return out;
}

static enum wa_verdict
judge_signature(
    const char *alg, EVP_PKEY *key, struct slice message, struct slice sig)
{
	const struct slice parts[2] = { message, { 0 } };
	uint8_t *asn1 = NULL;
	size_t n = 0;
	enum wa_verdict v = WA_SIGNATURE;

	if (alg != NULL && strcmp(alg, "RS256") == 0) {
		v = wa_evp_verify(key, wa_algorithm_find(-257), parts, sig);
	} else if (alg != NULL && strcmp(alg, "ES256") == 0) {
		asn1 = to_asn1(sig, &n);
		v = asn1 == NULL && wa_openssl_starved()
			? WA_FAULT
			: wa_evp_verify(key, wa_algorithm_find(-7), parts,
			      (struct slice){ asn1, n });
		OPENSSL_free(asn1);
	}
	ERR_clear_error();
	return v == WA_SIGNATURE ? WA_STATEMENT_SIGNATURE : v;
}

enum wa_verdict
wa_jws_verify(struct slice text, struct wa_jws *jws)
{
	enum wa_verdict v = WA_STATEMENT_FORM;
	struct wa_jws out = { 0 };
	json_t *header = NULL;
	uint8_t *sig = NULL;
	struct parts p;
	size_t n = 0;

	if (!split(text, &p) ||
	    (header = decode_object(p.header, false, &v)) == NULL ||
	    (sig = decode(p.signature, &n, &v)) == NULL)
		goto out;
	/* RFC 7515 4.1.11: what it calls critical we would have to know. */
	if (json_object_get(header, "crit") != NULL) {
		v = WA_STATEMENT_FORM;
		goto out;
	}
	if ((v = read_path(header, &out.path)) != WA_OK ||
	    (v = judge_signature(
		 json_string_value(json_object_get(header, "alg")),
		 out.path->key, p.signed_part, (struct slice){ sig, n })) !=
		WA_OK)
		goto out;
	/* Only now: what nobody signed is not worth parsing. */
	if ((out.payload = decode_object(p.payload, true, &v)) == NULL)
		goto out;
	*jws = out;
	out = (struct wa_jws){ 0 }; /* now the caller's */
	v = WA_OK;
out:
	wa_jws_clear(&out);
	free(sig);
	json_decref(header);
	return v;
}

void
wa_jws_clear(struct wa_jws *jws)
{
	json_decref(jws->payload);
	wa_x5c_free(jws->path);
	*jws = (struct wa_jws){ 0 };
}
