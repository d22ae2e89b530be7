/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTMDS_H
#define TESTS_SOFTMDS_H

#include "tests/softca.h"

/* A metadata service like FIDO's, which knows one model; and its files. */
struct softmds;

/* What a BLOB says; zero is the truth. */
struct softmds_script {
	unsigned long serial; /* 0: 1 */
	const char *next_update; /* NULL: "2039-01-01" */
	const char *name; /* NULL: "Soft Key Pro" */
	const char *icon; /* NULL: softmds_icon; "": none */
	const char *status; /* NULL: "FIDO_CERTIFIED_L1" */
	const char *host; /* of who signs; NULL: "mds.fidoalliance.org" */
	bool bad_signature;
};

/* A PNG of one pixel, as a data: URL. */
extern const char softmds_icon[];

struct softmds *softmds_new(void);
void softmds_free(struct softmds *m);
struct softca *softmds_ca(struct softmds *m);

/*
 * Appends a BLOB about the model with that AAGUID (16 bytes), whose
 * attestations lead to root.
 */
void softmds_blob(struct softmds *m, const char *aaguid, struct slice root,
    const struct softmds_script *script, struct soft_bytes *out);
/* The same in the place of a file, in one step as who fetches it should. */
void softmds_write(struct softmds *m, const char *file, const char *aaguid,
    struct slice root, const struct softmds_script *script);

/* PEM into a file, or behind what is in it; label: "CERTIFICATE". */
void softmds_pem(const char *file, const char *label, struct slice der);
void softmds_pem_more(const char *file, const char *label, struct slice der);
/* Bytes as they are. */
void softmds_file(const char *file, struct slice bytes);

#endif
