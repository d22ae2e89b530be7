/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/http/certificate.h"

#include <assert.h>
#include <stdio.h>
#include <sys/stat.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

static void
name_localhost(X509 *cert)
{
	X509_NAME *name = X509_get_subject_name(cert);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");

	assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		   (const unsigned char *)"localhost", -1, -1, 0) == 1);
	assert(X509_set_issuer_name(cert, name) == 1);
	assert(san != NULL && X509_add_ext(cert, san, -1) == 1);
	X509_EXTENSION_free(san);
}

void
certificate_make(const char *cert_path, const char *key_path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	unsigned char serial[4];
	FILE *f;

	assert(key != NULL && cert != NULL);
	assert(RAND_bytes(serial, sizeof(serial)) == 1);
	assert(X509_set_version(cert, X509_VERSION_3) == 1);
	assert(ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
		   (uint64_t)serial[0] << 16 | (uint64_t)serial[1] << 8 |
		       serial[2]) == 1);
	assert(X509_gmtime_adj(X509_getm_notBefore(cert), -60) != NULL);
	assert(X509_gmtime_adj(X509_getm_notAfter(cert), 86400) != NULL);
	assert(X509_set_pubkey(cert, key) == 1);
	name_localhost(cert);
	assert(X509_sign(cert, key, EVP_sha256()) > 0);

	assert((f = fopen(cert_path, "we")) != NULL);
	assert(PEM_write_X509(f, cert) == 1 && fclose(f) == 0);
	assert((f = fopen(key_path, "we")) != NULL);
	assert(fchmod(fileno(f), 0600) == 0);
	assert(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	       fclose(f) == 0);
	X509_free(cert);
	EVP_PKEY_free(key);
}
