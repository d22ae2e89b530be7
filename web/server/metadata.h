/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_METADATA_H
#define WEB_SERVER_METADATA_H

#include "store/store.h"
#include "web/config.h"
#include "webauthn/mds.h"

/*
 * FIDO's metadata by a configuration: a file that something else fetches, and
 * what of it is in force.  A file that is bad, or older than what was in force
 * here before, changes nothing; the serial number is remembered in the store,
 * with the roots it was verified by, so that it does not go back across
 * restarts either.  Signing in never asks metadata anything.
 */
struct metadata;

/*
 * By c, which has to outlive it; reads the roots and the revocation lists, not
 * yet the BLOB.  NULL, with lines in the log, when they will not do.
 */
struct metadata *metadata_new(const struct config *c);
void metadata_free(struct metadata *m);

/*
 * Reads the BLOB where the file is another one than at the last look, and says
 * in the log what came of it; warns of one that has expired, once a day.  One
 * thread at a time.  store: where the serial is remembered.
 */
void metadata_look(struct metadata *m, struct store *store);

/*
 * Before the first look: what another one has in force by the same roots is in
 * force here, too, until the look finds something newer.
 */
void metadata_inherit(struct metadata *m, const struct metadata *before);

/* Whether the BLOB will do, for check-config; says what not. */
bool metadata_check(struct metadata *m);

/* Where the one in force lies; NULL where the configuration names none. */
struct wa_mds_shelf *metadata_shelf(const struct metadata *m);

/*
 * The PNG in an icon, a data: URL of a model: its base64, or an empty slice
 * where it is none.
 */
struct slice metadata_png(const char *icon);

#endif
