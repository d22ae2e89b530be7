/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_OPS_H
#define WEB_SERVER_OPS_H

#include "web/server/server.h"

/*
 * What operators and their machines ask, on a listener of its own:
 * /healthz/live, /healthz/ready, /metrics.
 */
struct ops;

/* fd: from listen_bind(); becomes ops' own. */
struct ops *ops_start(
    int fd, struct web_server *server, struct store *store, const char *data);
void ops_stop(struct ops *o);

#endif
