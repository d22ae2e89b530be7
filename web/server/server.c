/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/server.h"

#include <sys/sysinfo.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

#include "web/clock.h"
#include "web/log.h"
#include "web/metrics.h"
#include "web/server/accepter.h"
#include "web/server/connections.h"
#include "web/server/gather.h"
#include "web/server/pool.h"
#include "web/server/reply.h"
#include "web/server/request.h"
#include "web/server/stages.h"
#include "web/server/static.h"
#include "web/server/tls.h"
#include "web/server/waiting.h"

enum {
	/*
	 * Our own limit on headers is 8 kB; MHD needs as much again.  It is
	 * wiped after each request.
	 */
	CONNECTION_MEMORY = 24576,
	QUEUE = 1024,
};

struct web_server {
	struct MHD_Daemon *daemon;
	struct pool *pool;
	struct gather *gather;
	struct waiting *waiting;
	struct connections *connections;
	pthread_mutex_t lock;
	struct site *site; /* under lock */
	_Atomic int requests[PLACES];
	_Atomic bool draining, closed;
	struct accepter *accepter; /* NULL: nothing is accepted any more */
};

struct site *
server_site(struct web_server *s)
{
	struct site *site;

	pthread_mutex_lock(&s->lock);
	site = site_take(s->site);
	pthread_mutex_unlock(&s->lock);
	return site;
}

void
server_reload(struct web_server *s, struct site *site)
{
	struct site *old;

	pthread_mutex_lock(&s->lock);
	old = s->site;
	s->site = site;
	pthread_mutex_unlock(&s->lock);
	site_drop(old);
	METRIC_ADD(reloads, 1);
}

/* Whether one more may come from there; the proxies' clients are many. */
static bool
may_come(struct web_server *s, const struct address *from)
{
	struct site *site = server_site(s);
	bool may = networks_have(&site->proxies, from) ||
		   connections_may(s->connections, from,
		       (unsigned)site->config->connections_per_address);

	site_drop(site);
	return may;
}

/* Counted here, so that none comes in while another is being counted. */
static bool
on_coming(void *arg, int fd, const struct sockaddr *sa)
{
	struct web_server *s = arg;
	struct connection *one;
	struct address a;
	bool has = address_of_socket(sa, &a);

	if (has && !may_come(s, &a)) {
		METRIC_ADD(turned_away, 1);
		return false;
	}
	one = connections_add(s->connections, has ? &a : NULL, fd);
	if (connections_park(one))
		return true;
	connections_remove(one);
	return false;
}

static void
on_gone(void *arg, int fd)
{
	struct web_server *s = arg;

	connections_remove(connections_fetch(s->connections, fd));
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **state,
    enum MHD_ConnectionNotificationCode what)
{
	struct web_server *s = cls;
	const union MHD_ConnectionInfo *fd;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		METRIC_ADD(connections, 1);
		METRIC_ADD(accepted, 1);
		fd = MHD_get_connection_info(
		    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		*state = fd == NULL ? NULL
				    : connections_fetch(
					  s->connections, fd->connect_fd);
		connection_await(*state);
		return;
	}
	METRIC_ADD(connections, -1);
	connections_remove(*state);
	*state = NULL;
}

/* Once a second, on the thread that keeps the time. */
static void
on_second(void *arg)
{
	struct web_server *s = arg;

	METRIC_ADD(cut, connections_turn(s->connections));
}

static void
on_mhd_log(void *cls, const char *format, va_list ap)
{
	char text[256];

	(void)cls;
	if (!log_wanted(WEB_LOG_DEBUG))
		return;
	(void)vsnprintf(text, sizeof(text), format, ap);
	text[strcspn(text, "\n")] = '\0';
	log_say(WEB_LOG_DEBUG, "http", "%s", text);
}

static unsigned
threads_for(const struct config *c)
{
	int cpus = get_nprocs();

	if (c->server_threads > 0)
		return (unsigned)c->server_threads;
	return cpus > 4 ? 4 : cpus < 1 ? 1 : (unsigned)cpus;
}

static struct MHD_Daemon *
start_daemon(struct web_server *s, const struct config *c)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC |
			 MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG;
	unsigned threads = threads_for(c);
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls_callback() },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0,
		    (void *)(uintptr_t)tls_priorities },
		{ MHD_OPTION_END, 0, NULL },
	}, none[] = { { MHD_OPTION_END, 0, NULL } }, several[] = {
		{ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	bool use_tls = *c->tls_certificate != '\0';

	if (use_tls)
		flags |= MHD_USE_TLS;
	/* clang-format off */
	return MHD_start_daemon(flags, 0, NULL, NULL, stages_go, s,
	    MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)c->connections,
	    MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)((c->request_timeout + 999) / 1000),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_URI_LOG_CALLBACK, stages_begin, s,
	    MHD_OPTION_NOTIFY_COMPLETED, stages_end, s,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_ARRAY, threads > 1 ? several : none,
	    MHD_OPTION_ARRAY, use_tls ? tls : none,
	    MHD_OPTION_END);
	/* clang-format on */
}

/* Some connections are left for those who want an answer at once. */
static unsigned
may_wait(const struct config *c)
{
	long most = c->connections - c->connections / 8;

	return (unsigned)(c->waiting < most ? c->waiting : most);
}

struct web_server *
server_start(int fd, struct site *site)
{
	const struct config *c = site->config;
	struct web_server *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		site_drop(site);
		(void)close(fd);
		return NULL;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->site = site;
	reply_use_hsts(*c->tls_certificate != '\0' ||
		       (!c->trial && c->origins.n > 0 &&
			   strncmp(c->origins.v[0], "https:", 6) == 0));
	if (static_open() &&
	    (s->pool = pool_new((unsigned)c->workers, QUEUE)) != NULL &&
	    (s->gather = gather_new()) != NULL &&
	    (s->connections = connections_new(2 * c->request_timeout)) !=
		NULL &&
	    (s->waiting = waiting_new(
		 site_take(site), may_wait(c), on_second, s)) != NULL &&
	    (s->daemon = start_daemon(s, c)) != NULL) {
		s->accepter =
		    accepter_start(fd, s->daemon, (unsigned)c->connections,
			&(struct accepter_hooks){ on_coming, on_gone, s });
		fd = -1; /* now the accepter's */
	}
	if (s->accepter != NULL)
		return s;
	log_say(WEB_LOG_ERROR, "start", "the HTTP server could not be started");
	if (fd >= 0)
		(void)close(fd);
	server_free(s);
	return NULL;
}

struct pool *
server_pool(struct web_server *s)
{
	return s->pool;
}

struct gather *
server_gather(struct web_server *s)
{
	return s->gather;
}

void
server_moves(struct web_server *s, enum server_place from, enum server_place to)
{
	/* Counted there first: who adds up must not see it nowhere. */
	if (to != PLACES)
		atomic_fetch_add(&s->requests[to], 1);
	if (from != PLACES)
		atomic_fetch_sub(&s->requests[from], 1);
}

/* In the order in which requests move, so that none is missed. */
static bool
has(struct web_server *s, enum server_place first)
{
	for (int p = (int)first; p < PLACES; p++)
		if (atomic_load(&s->requests[p]) > 0)
			return true;
	return false;
}

struct waiting *
server_waiting(struct web_server *s)
{
	return s->waiting;
}

bool
server_closed(const struct web_server *s)
{
	return atomic_load(&s->closed);
}

bool
server_draining(const struct web_server *s)
{
	return atomic_load(&s->draining);
}

/*
 * One that sends its request slowly does not hold up the end, and one that
 * takes its answer slowly needs nothing of us.  What comes in whole just now
 * either sees that it is too late, or is seen here.
 */
bool
server_drain(struct web_server *s, int64_t ms)
{
	uint64_t begin = clock_us(), end = begin + (uint64_t)ms * 1000;
	struct timespec tick = { .tv_nsec = 5000000 };

	atomic_store(&s->draining, true);
	accepter_stop(s->accepter);
	s->accepter = NULL;
	waiting_end(s->waiting);
	while (has(s, PLACE_IN) && clock_us() < begin + (end - begin) / 2)
		(void)nanosleep(&tick, NULL);
	atomic_store(&s->closed, true);
	while (has(s, PLACE_HERE) && clock_us() < end)
		(void)nanosleep(&tick, NULL);
	return atomic_load(&s->requests[PLACE_HERE]) == 0;
}

void
server_free(struct web_server *s)
{
	if (s == NULL)
		return;
	accepter_stop(s->accepter);
	if (s->daemon != NULL)
		MHD_stop_daemon(s->daemon);
	gather_free(s->gather);
	waiting_free(s->waiting);
	connections_free(s->connections);
	pool_free(s->pool);
	static_close();
	request_forget();
	site_drop(s->site);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
