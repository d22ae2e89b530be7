/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/accepter.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

/* Until there are descriptors, memory or room for one more again. */
enum { PAUSE_MS = 10 };

struct accepter {
	struct MHD_Daemon *daemon;
	struct accepter_hooks hooks;
	unsigned max;
	int fd, wake; /* wake: an eventfd that ends a poll */
	_Atomic bool stopping;
	pthread_t thread;
};

static bool
is_full(const struct accepter *a)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(a->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info != NULL && info->num_connections >= a->max;
}

/* Until somebody comes, or it is to end; at least for ms, unless that is -1. */
static void
wait_for(const struct accepter *a, int ms)
{
	struct pollfd at[] = { { a->wake, POLLIN, 0 }, { a->fd, POLLIN, 0 } };

	(void)poll(at, ms < 0 ? 2 : 1, ms);
}

static void
hand_over(struct accepter *a, int fd, const struct sockaddr *from, socklen_t n)
{
	const struct accepter_hooks *h = &a->hooks;

	if (!h->may(h->arg, fd, from))
		(void)close(fd);
	/* Else the daemon closes it, when it will not have it at once. */
	else if (MHD_add_connection(a->daemon, fd, from, n) != MHD_YES)
		h->gone(h->arg, fd);
}

/* False when there is nobody, or nothing to serve them with. */
static bool
accept_one(struct accepter *a)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof(from);
	int fd = accept4(
	    a->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		hand_over(a, fd, (struct sockaddr *)&from, n);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		wait_for(a, PAUSE_MS);
		return false;
	default:
		return true; /* one that had gone again */
	}
}

static void *
run(void *arg)
{
	struct accepter *a = arg;

	while (!atomic_load(&a->stopping)) {
		if (is_full(a))
			wait_for(a, PAUSE_MS);
		else if (!accept_one(a))
			wait_for(a, -1);
	}
	return NULL;
}

static void
release(struct accepter *a, int fd)
{
	if (a != NULL && a->wake >= 0)
		(void)close(a->wake);
	(void)close(fd);
	free(a);
}

struct accepter *
accepter_start(int fd, struct MHD_Daemon *daemon, unsigned max,
    const struct accepter_hooks *hooks)
{
	struct accepter *a = calloc(1, sizeof(*a));
	int flags = fcntl(fd, F_GETFL);

	if (a != NULL) {
		a->daemon = daemon;
		a->hooks = *hooks;
		a->max = max;
		a->fd = fd;
		a->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	}
	if (a == NULL || a->wake < 0 || flags < 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    pthread_create(&a->thread, NULL, run, a) != 0) {
		release(a, fd);
		return NULL;
	}
	return a;
}

void
accepter_stop(struct accepter *a)
{
	if (a == NULL)
		return;
	atomic_store(&a->stopping, true);
	(void)eventfd_write(a->wake, 1);
	(void)pthread_join(a->thread, NULL);
	release(a, a->fd);
}
