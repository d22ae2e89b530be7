/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SWEEPER_H
#define WEB_SWEEPER_H

#include "web/server/server.h"

/*
 * A thread that ends requests for an approval whose time is over, and removes
 * what has expired, in small commits.
 */
struct sweeper;

/* Both outlive it. */
struct sweeper *sweeper_start(struct store *s, struct web_server *server);
void sweeper_stop(struct sweeper *w);

#endif
