/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/tls.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "web/log.h"

enum { CHAIN_MAX = 16 };

const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"
			      "-RSA:-DHE-RSA:-CIPHER-ALL:+AES-256-GCM:"
			      "+AES-128-GCM:+CHACHA20-POLY1305:"
			      "%SERVER_PRECEDENCE";

/*
 * A handshake may be using one that has been replaced, and GnuTLS does not
 * say when it is done with it: they are kept until the end.  They are few.
 */
struct tls_identity {
	struct tls_identity *before;
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned chain_n;
	gnutls_privkey_t key;
};

static _Atomic(struct tls_identity *) current;

void
tls_forget(struct tls_identity *id)
{
	if (id == NULL)
		return;
	for (unsigned i = 0; i < id->chain_n; i++)
		gnutls_pcert_deinit(&id->chain[i]);
	if (id->key != NULL)
		gnutls_privkey_deinit(id->key);
	free(id);
}

static bool
complain(const char *file, int rc)
{
	log_say(WEB_LOG_ERROR, "tls", "%s: %s", file, gnutls_strerror(rc));
	return false;
}

static bool
load_chain(struct tls_identity *id, const char *file)
{
	gnutls_datum_t pem = { 0 };
	int rc = gnutls_load_file(file, &pem);

	if (rc < 0)
		return complain(file, rc);
	id->chain_n = CHAIN_MAX;
	rc = gnutls_pcert_list_import_x509_raw(id->chain, &id->chain_n, &pem,
	    GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
	gnutls_free(pem.data);
	if (rc >= 0)
		return true;
	id->chain_n = 0;
	return complain(file, rc);
}

static bool
load_key(struct tls_identity *id, const char *file)
{
	gnutls_datum_t pem = { 0 };
	int rc = gnutls_load_file(file, &pem);

	if (rc < 0)
		return complain(file, rc);
	if ((rc = gnutls_privkey_init(&id->key)) >= 0)
		rc = gnutls_privkey_import_x509_raw(
		    id->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_memset(pem.data, 0, pem.size);
	gnutls_free(pem.data);
	return rc >= 0 || complain(file, rc);
}

/* The certificate is the key's: by the id that both give their public key. */
static bool
belong_together(struct tls_identity *id, const char *file)
{
	uint8_t ours[64], theirs[64];
	size_t n = sizeof(ours), m = sizeof(theirs);
	gnutls_pubkey_t public = NULL;
	int rc;

	if ((rc = gnutls_pubkey_init(&public)) >= 0 &&
	    (rc = gnutls_pubkey_import_privkey(public, id->key, 0, 0)) >= 0 &&
	    (rc = gnutls_pubkey_get_key_id(public, 0, ours, &n)) >= 0 &&
	    (rc = gnutls_pubkey_get_key_id(
		 id->chain[0].pubkey, 0, theirs, &m)) >= 0 &&
	    (n != m || memcmp(ours, theirs, n) != 0))
		rc = GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
	if (public != NULL)
		gnutls_pubkey_deinit(public);
	return rc >= 0 || complain(file, rc);
}

struct tls_identity *
tls_read(const char *certificate, const char *key)
{
	struct tls_identity *id = calloc(1, sizeof(*id));

	if (id == NULL) {
		complain(certificate, GNUTLS_E_MEMORY_ERROR);
		return NULL;
	}
	if (load_chain(id, certificate) && load_key(id, key) &&
	    belong_together(id, key))
		return id;
	tls_forget(id);
	return NULL;
}

void
tls_use(struct tls_identity *id)
{
	id->before = atomic_load(&current);
	atomic_store(&current, id);
}

void
tls_close(void)
{
	struct tls_identity *id = atomic_exchange(&current, NULL);

	while (id != NULL) {
		struct tls_identity *before = id->before;

		tls_forget(id);
		id = before;
	}
}

static int
retrieve(gnutls_session_t session, const gnutls_datum_t *names, int names_n,
    const gnutls_pk_algorithm_t *algorithms, int algorithms_n,
    gnutls_pcert_st **chain, unsigned *chain_n, gnutls_privkey_t *key)
{
	struct tls_identity *id = atomic_load(&current);

	(void)session;
	(void)names;
	(void)names_n;
	(void)algorithms;
	(void)algorithms_n;
	if (id == NULL)
		return -1;
	*chain = id->chain;
	*chain_n = id->chain_n;
	*key = id->key;
	return 0;
}

void *
tls_callback(void)
{
	gnutls_certificate_retrieve_function2 *f = retrieve;

	/* MHD takes it through a variable argument of this type. */
	return *(void **)(void *)&f;
}
