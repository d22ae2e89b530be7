/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_DERFILE_H
#define WEB_SERVER_DERFILE_H

#include <stdbool.h>

#include "web/config.h"
#include "webauthn/slice.h"

/* Files that a configuration names: certificates and revocation lists. */

enum derfile_kind { DERFILE_CERTIFICATES, DERFILE_CRLS };

/* DER, each in memory of its own.  Zero is an empty one. */
struct derfile {
	struct slice *der;
	size_t n;
};

/*
 * Adds what a file holds: PEM, with one or more of that kind and anything
 * between them, or one of them in DER.  Each is decoded, so that what is
 * broken is found here.  False, with a line in the log that names the option,
 * when it cannot be read, holds none, or holds one that is broken.
 */
bool derfile_add(struct derfile *d, enum derfile_kind kind, const char *option,
    const char *file);
/* The same for a list of files; says what is wrong with each. */
bool derfile_add_all(struct derfile *d, enum derfile_kind kind,
    const char *option, const struct config_list *files);
void derfile_clear(struct derfile *d);

/* A whole file of at most max bytes, for free(); NULL and *why (static). */
uint8_t *derfile_bytes(
    const char *file, size_t max, size_t *n, const char **why);

/* "option: file: what" in the log; false. */
bool derfile_complain(const char *option, const char *file, const char *what);

#endif
