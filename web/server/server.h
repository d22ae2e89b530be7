/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_SERVER_H
#define WEB_SERVER_SERVER_H

#include "web/server/site.h"

/* HTTP in: sockets, threads, and the way of a request through them. */
struct waiting;
struct web_server;

/*
 * Binds what config.listen says.  -1, with one clear line in the log, when
 * that cannot be.  *port is the one it came to, 0 for a Unix socket.
 */
int server_bind(const char *listen, unsigned *port);

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
/* Where requests wait for news. */
struct waiting *server_waiting(struct web_server *s);
void server_free(struct web_server *s);

#endif
