/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/pem.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "webauthn/key.h"

/* The DER of a certificate, in memory of malloc(). */
static uint8_t *
encode(X509 *cert, size_t *n)
{
	const int size = i2d_X509(cert, NULL);
	uint8_t *der = size > 0 ? malloc((size_t)size) : NULL, *p = der;

	if (der == NULL)
		return NULL;
	*n = (size_t)i2d_X509(cert, &p);
	return der;
}

uint8_t *
wa_pem_certificate(struct slice *text, size_t *n, bool *starved)
{
	X509 *cert = NULL;
	uint8_t *der = NULL;
	BIO *in = NULL;

	ERR_clear_error();
	if (text->n > 0 && text->n <= INT_MAX &&
	    (in = BIO_new_mem_buf(text->p, (int)text->n)) != NULL &&
	    (cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		der = encode(cert, n);
	if (der != NULL) {
		const size_t left =
		    BIO_pending(in) < 0 ? 0 : (size_t)BIO_pending(in);

		*text = (struct slice){ text->p + (text->n - left), left };
	}
	/* A certificate that was read is one: then memory ran out later. */
	*starved = der == NULL && (wa_openssl_starved() || cert != NULL);
	ERR_clear_error();
	X509_free(cert);
	BIO_free(in);
	return der;
}
