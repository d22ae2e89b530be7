/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softca.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

struct softca {
	EVP_PKEY *root_key, *intermediate_key;
	X509_NAME *root_name, *intermediate_name;
	struct soft_bytes root, intermediate;
	uint64_t serial;
};

static void
add_name(X509_NAME *name, const char *field, const char *value)
{
	if (value != NULL &&
	    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
		(const uint8_t *)value, -1, -1, 0) != 1)
		abort();
}

static void
add_extension(X509 *cert, const struct softca_extension *e)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(e->oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	if (oid == NULL || value == NULL ||
	    ASN1_OCTET_STRING_set(value, e->value.p, (int)e->value.n) != 1 ||
	    (ext = X509_EXTENSION_create_by_OBJ(
		 NULL, oid, e->critical, value)) == NULL ||
	    X509_add_ext(cert, ext, -1) != 1)
		abort();
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

static X509 *
certificate_new(struct softca *ca, EVP_PKEY *key, const struct softca_script *s)
{
	static const uint8_t is_ca[] = { 0x30, 0x03, 0x01, 0x01, 0xff };
	static const uint8_t no_ca[] = { 0x30, 0x00 };
	const struct softca_extension constraints = { "2.5.29.19",
		s->authority ? (struct slice){ is_ca, sizeof(is_ca) }
			     : (struct slice){ no_ca, sizeof(no_ca) },
		true };
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();

	if (cert == NULL || name == NULL)
		abort();
	add_name(name, "C", s->country);
	add_name(name, "O", s->organization);
	add_name(name, "OU", s->unit);
	add_name(name, "CN", s->common_name);
	if (s->more_of != NULL)
		add_name(name, s->more_of, s->more);
	if (X509_set_version(
		cert, s->version_1 ? X509_VERSION_1 : X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set_uint64(
		X509_get_serialNumber(cert), ++ca->serial) != 1 ||
	    X509_set_subject_name(cert, name) != 1 ||
	    X509_set_pubkey(cert, key) != 1 ||
	    ASN1_TIME_set_string(
		X509_getm_notBefore(cert), "20200101000000Z") != 1 ||
	    ASN1_TIME_set_string(X509_getm_notAfter(cert),
		s->expired ? "20210101000000Z" : "20400101000000Z") != 1)
		abort();
	X509_NAME_free(name);
	if (!s->no_constraints && !s->version_1)
		add_extension(cert, &constraints);
	for (size_t i = 0; i < s->extension_count; i++)
		add_extension(cert, &s->extensions[i]);
	return cert;
}

static void
sign(X509 *cert, X509_NAME *issuer, EVP_PKEY *key, struct soft_bytes *der)
{
	uint8_t *p = NULL;
	int n;

	if (X509_set_issuer_name(cert, issuer) != 1 ||
	    X509_sign(cert, key, EVP_sha256()) <= 0 ||
	    (n = i2d_X509(cert, &p)) <= 0)
		abort();
	soft_put(der, p, (size_t)n);
	OPENSSL_free(p);
}

struct softca *
softca_new(void)
{
	const struct softca_script root = { .organization = "Test Root",
		.authority = true };
	const struct softca_script intermediate = {
		.organization = "Test Intermediate", .authority = true
	};
	struct softca *ca = calloc(1, sizeof(*ca));
	X509 *cert;

	if (ca == NULL || (ca->root_key = EVP_EC_gen("P-256")) == NULL ||
	    (ca->intermediate_key = EVP_EC_gen("P-256")) == NULL)
		abort();
	cert = certificate_new(ca, ca->root_key, &root);
	ca->root_name = X509_NAME_dup(X509_get_subject_name(cert));
	sign(cert, ca->root_name, ca->root_key, &ca->root);
	X509_free(cert);
	cert = certificate_new(ca, ca->intermediate_key, &intermediate);
	ca->intermediate_name = X509_NAME_dup(X509_get_subject_name(cert));
	sign(cert, ca->root_name, ca->root_key, &ca->intermediate);
	X509_free(cert);
	return ca;
}

void
softca_free(struct softca *ca)
{
	if (ca == NULL)
		return;
	EVP_PKEY_free(ca->root_key);
	EVP_PKEY_free(ca->intermediate_key);
	X509_NAME_free(ca->root_name);
	X509_NAME_free(ca->intermediate_name);
	soft_free(&ca->root);
	soft_free(&ca->intermediate);
	free(ca);
}

struct slice
softca_root(const struct softca *ca)
{
	return soft_slice(&ca->root);
}

struct slice
softca_intermediate(const struct softca *ca)
{
	return soft_slice(&ca->intermediate);
}

void
softca_issue(struct softca *ca, EVP_PKEY *key,
    const struct softca_script *script, struct soft_bytes *der)
{
	X509 *cert = certificate_new(ca, key, script);

	sign(cert, script->under_root ? ca->root_name : ca->intermediate_name,
	    script->under_root ? ca->root_key : ca->intermediate_key, der);
	X509_free(cert);
}

/* An issuer's list over count serials, the last of which is given. */
static void
make_list(X509_NAME *issuer, EVP_PKEY *key, uint64_t last, size_t count,
    bool stale, struct soft_bytes *der)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = ASN1_TIME_new(), *to = ASN1_TIME_new();
	uint8_t *p = NULL;
	int n;

	if (crl == NULL || from == NULL || to == NULL ||
	    ASN1_TIME_set_string(from, "20200101000000Z") != 1 ||
	    ASN1_TIME_set_string(
		to, stale ? "20210101000000Z" : "20400101000000Z") != 1 ||
	    X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(crl, issuer) != 1 ||
	    X509_CRL_set1_lastUpdate(crl, from) != 1 ||
	    X509_CRL_set1_nextUpdate(crl, to) != 1)
		abort();
	for (size_t i = 0; i < count; i++) {
		X509_REVOKED *r = X509_REVOKED_new();
		ASN1_INTEGER *serial = ASN1_INTEGER_new();

		if (r == NULL || serial == NULL ||
		    ASN1_INTEGER_set_uint64(serial, last - i) != 1 ||
		    X509_REVOKED_set_serialNumber(r, serial) != 1 ||
		    X509_REVOKED_set_revocationDate(r, from) != 1 ||
		    X509_CRL_add0_revoked(crl, r) != 1)
			abort();
		ASN1_INTEGER_free(serial);
	}
	if (X509_CRL_sign(crl, key, EVP_sha256()) <= 0 ||
	    (n = i2d_X509_CRL(crl, &p)) <= 0)
		abort();
	soft_put(der, p, (size_t)n);
	OPENSSL_free(p);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	X509_CRL_free(crl);
}

void
softca_revoke(
    struct softca *ca, size_t count, bool stale, struct soft_bytes *der)
{
	make_list(ca->intermediate_name, ca->intermediate_key, ca->serial,
	    count, stale, der);
}

void
softca_revoke_intermediate(struct softca *ca, struct soft_bytes *der)
{
	/* The root is the first that was made, the intermediate the second. */
	make_list(ca->root_name, ca->root_key, 2, 1, false, der);
}
