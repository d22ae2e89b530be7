/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_ACCEPTER_H
#define WEB_SERVER_ACCEPTER_H

#include <stdbool.h>

struct MHD_Daemon;
struct sockaddr;

/*
 * A thread that accepts connections for a daemon that has no listening socket
 * of its own.  libmicrohttpd 0.9.75 cannot be told to stop listening while its
 * threads work: they and MHD_quiesce_daemon() may both take the socket out of
 * an epoll set, and whoever comes second ends the process.
 */
struct accepter;

/* Both on the accepter's thread. */
struct accepter_hooks {
	/* Whether a connection from there may come in. */
	bool (*may)(void *arg, int fd, const struct sockaddr *from);
	/* It may, but the daemon would not have it. */
	void (*gone)(void *arg, int fd);
	void *arg;
};

/*
 * fd listens; becomes the accepter's own.  When the daemon has max connections
 * others wait in the socket's queue.  NULL when the machine has no thread or
 * descriptor for it; fd is then closed.
 */
struct accepter *accepter_start(int fd, struct MHD_Daemon *daemon, unsigned max,
    const struct accepter_hooks *hooks);
/* Nothing is accepted after it has returned.  Before MHD_stop_daemon(). */
void accepter_stop(struct accepter *a);

#endif
