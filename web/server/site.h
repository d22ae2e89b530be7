/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_SITE_H
#define WEB_SERVER_SITE_H

#include "rp/rp.h"
#include "web/config.h"
#include "web/server/address.h"
#include "web/server/metadata.h"
#include "web/server/trust.h"

struct deliver;
struct place;

/*
 * One configuration in force, with the relying party that follows it.  A
 * reload makes a new one; requests under way keep the one they began with.
 */
struct site {
	_Atomic unsigned refs;
	struct config *config;
	struct rp *rp;
	struct deliver *deliver; /* not ours; NULL: no pushes */
	struct place *place; /* NULL: no database of places */
	struct place *networks; /* nor of networks */
	struct network *proxy_list;
	struct networks proxies;
	const char **origins; /* ours and the related; ends with NULL */
	struct trust trust;
	struct metadata *metadata;
};

/*
 * Takes config over.  NULL, with a line in the log, when a file that it names
 * cannot be read or there is no memory; config is then freed.
 */
struct site *site_new(
    struct config *config, const struct rp_keys *keys, struct store *store);
/* Whether the files that it names are what they should be; says what not. */
bool site_check(struct config *config);
struct site *site_take(struct site *s);
void site_drop(struct site *s);

#endif
