/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/derfile.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "web/log.h"

enum { FILE_MAX = 16 << 20, DER_MAX = 4096 };

bool
derfile_complain(const char *option, const char *file, const char *what)
{
	log_say(
	    WEB_LOG_ERROR, "configuration", "%s: %s: %s", option, file, what);
	return false;
}

/* The rest of the stream, or NULL with *why. */
static uint8_t *
read_all(FILE *f, size_t size, size_t *n, const char **why)
{
	uint8_t *p = malloc(size + 1);

	*why = "no memory";
	if (p == NULL)
		return NULL;
	*n = fread(p, 1, size + 1, f);
	*why = ferror(f) != 0 ? "cannot be read"
	       : *n > size    ? "is longer than it may be, or grew"
			      : NULL;
	if (*why == NULL)
		return p;
	free(p);
	return NULL;
}

uint8_t *
derfile_bytes(const char *file, size_t max, size_t *n, const char **why)
{
	FILE *f = fopen(file, "re");
	uint8_t *p = NULL;
	struct stat st;

	if (f == NULL) {
		*why = errno == ENOENT   ? "is not there"
		       : errno == EACCES ? "may not be read"
					 : "cannot be opened";
		return NULL;
	}
	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode))
		*why = "is no file";
	else if ((uint64_t)st.st_size > max)
		*why = "is longer than it may be";
	else
		p = read_all(f, (size_t)st.st_size, n, why);
	(void)fclose(f);
	return p;
}

/* It is what it should be, with nothing behind it. */
static bool
is_sound(enum derfile_kind kind, const uint8_t *der, size_t n)
{
	const unsigned char *at = der;
	X509 *x = NULL;
	X509_CRL *crl = NULL;
	bool sound;

	if (kind == DERFILE_CERTIFICATES)
		x = d2i_X509(NULL, &at, (long)n);
	else
		crl = d2i_X509_CRL(NULL, &at, (long)n);
	sound = (x != NULL || crl != NULL) && at == der + n;
	X509_free(x);
	X509_CRL_free(crl);
	return sound;
}

static bool
copy(const uint8_t *p, size_t n, struct slice *to)
{
	uint8_t *own = malloc(n);

	if (own != NULL)
		memcpy(own, p, n);
	to->p = own;
	to->n = n;
	return own != NULL;
}

/* NULL, or what is wrong. */
static const char *
add(struct derfile *d, enum derfile_kind kind, const uint8_t *der, size_t n)
{
	struct slice *more;

	if (!is_sound(kind, der, n))
		return kind == DERFILE_CERTIFICATES
			   ? "has a certificate that is broken"
			   : "has a revocation list that is broken";
	if (d->n == DER_MAX)
		return "has more than 4096";
	if ((more = reallocarray(d->der, d->n + 1, sizeof(*more))) == NULL)
		return "no memory";
	d->der = more;
	if (!copy(der, n, &d->der[d->n]))
		return "no memory";
	d->n++;
	return NULL;
}

/* Takes those of the kind out of PEM; other ones may stand between them. */
static const char *
add_pem(struct derfile *d, enum derfile_kind kind, BIO *in)
{
	const char *wanted = kind == DERFILE_CERTIFICATES ? PEM_STRING_X509
							  : PEM_STRING_X509_CRL;
	const char *wrong = NULL;
	unsigned char *der;
	char *name, *header;
	long n;

	while (
	    wrong == NULL && PEM_read_bio(in, &name, &header, &der, &n) == 1) {
		if (strcmp(name, wanted) == 0)
			wrong = add(d, kind, der, (size_t)n);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	if (wrong != NULL)
		return wrong;
	/* That no other begins is how every such file ends. */
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
		   ? NULL
		   : "is broken PEM";
}

static const char *
add_bytes(struct derfile *d, enum derfile_kind kind, const uint8_t *p, size_t n)
{
	const size_t before = d->n;
	const char *wrong;
	BIO *in;

	if (n > 0 && p[0] == 0x30)
		return add(d, kind, p, n);
	ERR_clear_error();
	if ((in = BIO_new_mem_buf(p, (int)n)) == NULL)
		return "no memory";
	wrong = add_pem(d, kind, in);
	BIO_free(in);
	if (wrong != NULL || d->n > before)
		return wrong;
	return kind == DERFILE_CERTIFICATES ? "has no certificate"
					    : "has no revocation list";
}

bool
derfile_add(struct derfile *d, enum derfile_kind kind, const char *option,
    const char *file)
{
	const char *wrong = NULL;
	size_t n = 0;
	uint8_t *p = derfile_bytes(file, FILE_MAX, &n, &wrong);

	if (p != NULL)
		wrong = add_bytes(d, kind, p, n);
	free(p);
	ERR_clear_error();
	return wrong == NULL || derfile_complain(option, file, wrong);
}

bool
derfile_add_all(struct derfile *d, enum derfile_kind kind, const char *option,
    const struct config_list *files)
{
	bool good = true;

	for (size_t i = 0; i < files->n; i++)
		good = derfile_add(d, kind, option, files->v[i]) && good;
	return good;
}

void
derfile_clear(struct derfile *d)
{
	for (size_t i = 0; i < d->n; i++)
		free((void *)(uintptr_t)d->der[i].p);
	free(d->der);
	*d = (struct derfile){ 0 };
}
