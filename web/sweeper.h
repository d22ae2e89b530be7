/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SWEEPER_H
#define WEB_SWEEPER_H

#include "web/server/server.h"

/*
 * A thread that ends requests for an approval whose time is over, and removes
 * what has expired, in small commits.
 */
struct sweeper;

/*
 * One commit of each kind, and how many records it took; when there may be
 * more, as many as SWEEP_COMMIT.  What the store could not do is logged and
 * counted, and 0.
 */
enum { SWEEP_COMMIT = 256 }; /* a few milliseconds of the writer */
unsigned sweep_expired(struct store *s, store_time now);
unsigned sweep_requests(struct rp *rp, store_time now);

/* Both outlive it. */
struct sweeper *sweeper_start(struct store *s, struct web_server *server);
void sweeper_stop(struct sweeper *w);

#endif
