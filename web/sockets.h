/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SOCKETS_H
#define WEB_SOCKETS_H

#include "web/cli.h"

/*
 * A connection is an open file.  Without room for all of them the next one
 * would be accepted and fail again and again, and the store find none for its
 * own: better not to start, which is said.  A trial takes fewer.
 */
bool sockets_room(struct config *c);

/*
 * What systemd listens at comes before what the configuration says, which a
 * trial, whose origin has to be on loopback, does not take.  CLI_OK, *fd and
 * *port, or what failed, which has been said.
 */
enum cli_exit sockets_pages(const struct config *c, int *fd, unsigned *port);

/*
 * For /healthz and /metrics; *fd -1: nowhere.  In "auto" the port after that
 * of the pages, on loopback, which may be missed.  False: it has been said.
 */
bool sockets_ops(
    const struct config *c, unsigned pages, int *fd, unsigned *port);
/* "http://127.0.0.1:8081", "unix:/path": where that came to be. */
void sockets_ops_place(
    const struct config *c, unsigned number, char *out, size_t n);

#endif
