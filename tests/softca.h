/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTCA_H
#define TESTS_SOFTCA_H

#include <openssl/x509.h>

#include "tests/softcbor.h"

/*
 * A root, an intermediate under it, and certificates under that, made for
 * tests.  All are valid from 2020 to 2040.
 */
struct softca;

/* A time at which every certificate of ours is valid: 2026-06-01. */
#define SOFTCA_NOW 1780272000

struct softca *softca_new(void);
void softca_free(struct softca *ca);

/* DER, good as long as the authority is. */
struct slice softca_root(const struct softca *ca);
struct slice softca_intermediate(const struct softca *ca);

/* Appends a revocation list of the intermediate over the certificates issued
 * last: as many as count.  Out of date where stale. */
void softca_revoke(
    struct softca *ca, size_t count, bool stale, struct soft_bytes *der);

/* The same of the root over the intermediate. */
void softca_revoke_intermediate(struct softca *ca, struct soft_bytes *der);

/* One extension of a certificate: its OID and the DER inside. */
struct softca_extension {
	const char *oid;
	struct slice value;
	bool critical;
};

/* What stands in a certificate.  Zero is nothing: no name, no extensions. */
struct softca_script {
	const char *country, *organization, *unit, *common_name;
	const char *more_of,
	    *more; /* one attribute more: "OU", and its value */
	bool authority; /* basic constraints say CA:TRUE */
	bool no_constraints; /* and none at all */
	bool version_1;
	bool expired;
	bool under_root; /* not under the intermediate */
	const struct softca_extension *extensions;
	size_t extension_count;
};

/* Appends to der a certificate for the key. */
void softca_issue(struct softca *ca, EVP_PKEY *key,
    const struct softca_script *script, struct soft_bytes *der);

#endif
