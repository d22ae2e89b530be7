/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_SERVER_H
#define WEB_SERVER_SERVER_H

#include "web/server/site.h"

/* HTTP in: threads, the configuration in force, the end. */
struct gather;
struct pool;
struct waiting;
struct web_server;

/*
 * Serves at the bound socket fd, which becomes its own.  site: the first
 * configuration; taken over.  NULL, with a line in the log.
 */
struct web_server *server_start(int fd, struct site *site);

/* What is asked from now on is answered by another configuration. */
void server_reload(struct web_server *s, struct site *site);
/* The configuration in force; to be dropped. */
struct site *server_site(struct web_server *s);

/*
 * Accepts nobody any more, and waits for what runs, at most so long; for what
 * is still coming in no longer than half of that.  False when something
 * ran even then; the server must not be freed.
 */
bool server_drain(struct web_server *s, int64_t ms);
bool server_draining(const struct web_server *s);
/* Who works, and who keeps sign-ins. */
struct pool *server_pool(struct web_server *s);
struct gather *server_gather(struct web_server *s);
/* Where requests are: on their way in, with us, on their way out. */
enum server_place { PLACE_IN, PLACE_HERE, PLACE_OUT, PLACES };
/* One of them moves; PLACES: it comes, or goes for good. */
void server_moves(
    struct web_server *s, enum server_place from, enum server_place to);
/* What has not come in by now is too late to be begun. */
bool server_closed(const struct web_server *s);
/* Where requests wait for news. */
struct waiting *server_waiting(struct web_server *s);
void server_free(struct web_server *s);

#endif
