/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_CONNECTIONS_H
#define WEB_SERVER_CONNECTIONS_H

#include "web/server/address.h"

/*
 * Who is connected: how many from one network, and how long each may keep
 * us waiting.  libmicrohttpd's timeout begins anew with each byte, so that a
 * byte now and then would hold a connection for ever; here a whole request has
 * so long to come in, and its answer so long to go out.
 *
 * Any thread may call.
 */
struct connections;
struct connection;

/*
 * patience_ms: for a request, and for an answer; 0: as long as they like.
 * NULL: no memory.
 */
struct connections *connections_new(int64_t patience_ms);
/* When none is left. */
void connections_free(struct connections *c);

/*
 * Whether one more may come from there, where one address, or an IPv6 /64,
 * has at most limit; 0: any number.  An IPv6 /48, which has 65 536 of those
 * and one holder, has four times as many.
 */
bool connections_may(
    struct connections *c, const struct address *from, unsigned limit);

/*
 * One more, with fd as its socket; from: NULL where it has no address.  Its
 * request is awaited from now on.  NULL, which the others take too, when
 * there is no memory: then it is not counted.
 */
struct connection *connections_add(
    struct connections *c, const struct address *from, int fd);
/*
 * One that the daemon has not taken over yet: it waits under its socket, and
 * nothing is awaited of it.  False when there is no memory.
 */
bool connections_park(struct connection *one);
/* It has, or never will; NULL: none waits under that socket. */
struct connection *connections_fetch(struct connections *c, int fd);
/* It ends; its socket is still open. */
void connections_remove(struct connection *one);

/* The other side is to send a request, or to take an answer, from now on. */
void connection_await(struct connection *one);
/* It is our turn: as long as it takes. */
void connection_rest(struct connection *one);

/* Shuts those whose time is over; how many.  To be called each second. */
unsigned connections_turn(struct connections *c);

#endif
