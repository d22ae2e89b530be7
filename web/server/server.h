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
 * Accepts nobody any more, and waits for what runs, at most so long.  False
 * when something still ran then; the server must not be freed.
 */
bool server_drain(struct web_server *s, int64_t ms);
bool server_draining(const struct web_server *s);
/* Who works, and who keeps sign-ins. */
struct pool *server_pool(struct web_server *s);
struct gather *server_gather(struct web_server *s);
/* Requests between their first line and their end. */
_Atomic int *server_running(struct web_server *s);
/* Where requests wait for news. */
struct waiting *server_waiting(struct web_server *s);
void server_free(struct web_server *s);

#endif
