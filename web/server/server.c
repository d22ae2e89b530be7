/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/un.h>

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

#include "rp/login.h"
#include "web/clock.h"
#include "web/log.h"
#include "web/metrics.h"
#include "web/server/gather.h"
#include "web/server/pool.h"
#include "web/server/reply.h"
#include "web/server/request.h"
#include "web/server/routes.h"
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
	/* A body over its limit is read on to be answered, but not for ever. */
	SWALLOW_MAX = 1 << 20,
	/* Who waits is woken sooner; this is for what nobody thought of. */
	SLEEP_S = 60,
};

struct web_server {
	struct MHD_Daemon *daemon;
	struct pool *pool;
	struct gather *gather;
	struct waiting *waiting;
	pthread_mutex_t lock;
	struct site *site; /* under lock */
	_Atomic int running; /* requests between first line and end */
	_Atomic bool draining;
	int fd; /* after the daemon was quiesced */
};

static int
bind_unix(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		log_say(WEB_LOG_ERROR, "listen", "%s: is too long", path);
		return -1;
	}
	strcpy(sa.sun_path, path);
	if ((fd = socket(
		 AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return -1;
	/* A socket that nobody listens at any more is in the way. */
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 &&
	    errno == ECONNREFUSED)
		(void)unlink(path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    chmod(path, 0660) == 0)
		return fd;
	log_say(WEB_LOG_ERROR, "listen", "%s: %s", path, strerror(errno));
	(void)close(fd);
	return -1;
}

/* IPv6 that also takes IPv4, where no address was given. */
static int
bind_inet(const char *host, uint16_t port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct address a = { 0 };
	int on = 1, off = 0, fd;
	bool v4;

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (*host != '\0' && !address_parse(slice_of(host), &a))
		return -1;
	v4 = *host != '\0' && strchr(host, ':') == NULL;
	memcpy(&in.sin_addr, a.b + 12, 4);
	memcpy(&in6.sin6_addr, a.b, 16);
	if ((fd = socket(v4 ? AF_INET : AF_INET6,
		 SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!v4)
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, v4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
		v4 ? sizeof(in) : sizeof(in6)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static unsigned
port_of(int fd)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t n = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0)
		return 0;
	if (ss.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&ss)->sin_port);
	if (ss.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
	return 0;
}

int
server_bind(const char *listen_at, unsigned *port)
{
	char host[STORE_ADDRESS_MAX + 1];
	uint16_t wanted = 0;
	int fd;

	if (strncmp(listen_at, "unix:", 5) == 0)
		fd = bind_unix(listen_at + 5);
	else if (!address_split(listen_at, host, sizeof(host), &wanted))
		fd = -1;
	else if ((fd = bind_inet(host, wanted)) < 0)
		log_say(WEB_LOG_ERROR, "listen", "%s: %s", listen_at,
		    errno == EADDRINUSE ? "another program listens there"
					: strerror(errno));
	if (fd >= 0 && listen(fd, 1024) != 0) {
		log_say(WEB_LOG_ERROR, "listen", "%s: %s", listen_at,
		    errno == EADDRINUSE ? "another program listens there"
					: strerror(errno));
		(void)close(fd);
		fd = -1;
	}
	if (fd >= 0)
		*port = port_of(fd);
	return fd;
}

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

/* The first line is there: the request begins. */
static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct web_server *s = cls;
	struct web_request *r = request_new(s, server_site(s), connection, uri);

	if (r != NULL)
		atomic_fetch_add_explicit(&s->running, 1, memory_order_relaxed);
	return r;
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct web_server *s = cls;

	(void)connection;
	(void)why;
	if (*state == NULL)
		return;
	waiting_forget(*state);
	request_free(*state);
	*state = NULL;
	atomic_fetch_sub_explicit(&s->running, 1, memory_order_release);
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **state,
    enum MHD_ConnectionNotificationCode what)
{
	bool started = what == MHD_CONNECTION_NOTIFY_STARTED;

	(void)cls;
	(void)connection;
	(void)state;
	METRIC_ADD(connections, started ? 1 : -1);
	if (started)
		METRIC_ADD(accepted, 1);
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

static void
log_access(const struct web_request *r, uint64_t us)
{
	struct log_line l;
	char path[128];
	size_t n = r->path.n < sizeof(path) - 1 ? r->path.n : sizeof(path) - 1;

	log_begin(&l, WEB_LOG_INFO, "access");
	if (!l.wanted)
		return;
	memcpy(path, r->path.p == NULL ? (const uint8_t *)"" : r->path.p, n);
	path[n] = '\0';
	log_text(&l, "request", r->id);
	log_text(&l, "method", r->method);
	log_text(&l, "path", path);
	log_int(&l, "status", r->status);
	log_int(&l, "us", (int64_t)us);
	log_send(&l);
}

/* Hands the answer to MHD, which sends it. */
static enum MHD_Result
send_answer(struct web_request *r)
{
	uint64_t us = clock_us() - r->begun_us;

	if (r->response == NULL)
		return MHD_NO; /* no memory for any answer: hang up */
	metrics_request(route_number(r->route), r->status, us);
	if (r->site->config->access_log)
		log_access(r, us);
	/* A shared one belongs to all connections, those that stay too. */
	if (atomic_load_explicit(&r->server->draining, memory_order_relaxed) &&
	    !r->shared)
		(void)MHD_add_response_header(
		    r->response, "Connection", "close");
	return MHD_queue_response(r->connection, r->status, r->response);
}

/* What is left of a handler may leave something itself. */
static void
finish(struct web_request *r)
{
	web_handler *last;

	do {
		last = r->finish;
		last(r);
	} while (r->response == NULL && r->finish != last);
}

/* On a worker: the handler, or what is left of it. */
static void
run_job(struct pool_job *job)
{
	struct web_request *r = (struct web_request *)(void *)job;
	struct MHD_Connection *connection = r->connection;

	if (r->finish != NULL)
		finish(r);
	else
		request_run(r);
	if (r->sleeps) {
		waiting_sleep(r->waiter, SLEEP_S);
		return;
	}
	r->stage = STAGE_DONE;
	/* From here on r is the connection's again. */
	MHD_resume_connection(connection);
}

static enum MHD_Result
give_to_worker(struct web_request *r)
{
	r->stage = STAGE_WORK;
	r->job.run = run_job;
	MHD_suspend_connection(r->connection);
	if (pool_submit(r->server->pool, &r->job))
		return MHD_YES;
	METRIC_ADD(busy, 1);
	reply_problem(r, PROBLEM_BUSY);
	r->stage = STAGE_DONE;
	MHD_resume_connection(r->connection);
	return MHD_YES;
}

/* What a handler left to come: with others, or, a refusal, alone. */
static enum MHD_Result
go_on(struct web_request *r)
{
	if (rp_login_commits(r->login))
		return give_to_worker(r);
	r->stage = STAGE_WORK;
	MHD_suspend_connection(r->connection);
	gather_add(r->server->gather, r);
	return MHD_YES;
}

static enum MHD_Result
was_kept(struct web_request *r)
{
	if (rp_login_commits(r->login))
		return give_to_worker(r);
	r->finish(r);
	return r->response != NULL ? send_answer(r) : give_to_worker(r);
}

/* Nothing to say yet: the connection rests until there is. */
static enum MHD_Result
go_to_sleep(struct web_request *r)
{
	r->stage = STAGE_WORK;
	MHD_suspend_connection(r->connection);
	waiting_sleep(r->waiter, SLEEP_S);
	return MHD_YES;
}

/* Everything is there: answers now, or has a worker do it. */
static enum MHD_Result
dispatch(struct web_request *r)
{
	bool commits = r->route != NULL && (r->route->flags & COMMITS) != 0;

	if (r->early == PROBLEM_NONE && (commits || request_wants_touch(r)))
		return give_to_worker(r);
	request_run(r);
	if (r->sleeps)
		return go_to_sleep(r);
	return r->finish == NULL ? send_answer(r) : go_on(r);
}

/* As if it had come now: the session may have ended meanwhile. */
static enum MHD_Result
look_again(struct web_request *r)
{
	r->sleeps = r->has_session = r->touch = false;
	r->call.now = clock_now();
	return dispatch(r);
}

/* Whether there is no point in reading the body. */
static bool
answer_at_once(const struct web_request *r)
{
	return r->early == PROBLEM_BODY_TOO_LARGE ||
	       r->early == PROBLEM_HEADER_TOO_LARGE ||
	       r->early == PROBLEM_REQUEST_MALFORMED ||
	       (r->early != PROBLEM_NONE && r->header[HEADER_EXPECT] != NULL);
}

static enum MHD_Result
on_access(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_n, void **state)
{
	struct web_request *r = *state;

	(void)cls;
	(void)connection;
	(void)url;
	(void)version;
	if (r == NULL)
		return MHD_NO;
	switch (r->stage) {
	case STAGE_NEW:
		request_begin(r, method);
		/* What began before the signal is done to its end. */
		if (r->early == PROBLEM_NONE && server_draining(r->server))
			r->early = PROBLEM_DRAINING;
		r->stage = STAGE_BODY;
		if (!answer_at_once(r))
			return MHD_YES;
		request_run(r);
		return send_answer(r);
	case STAGE_BODY:
		if (*upload_n == 0)
			return dispatch(r);
		request_take_body(r, upload, *upload_n);
		r->swallowed += *upload_n;
		*upload_n = 0;
		return r->swallowed > SWALLOW_MAX ? MHD_NO : MHD_YES;
	case STAGE_WORK:
		return MHD_YES;
	case STAGE_KEPT:
		return was_kept(r);
	case STAGE_AGAIN:
		return look_again(r);
	case STAGE_DONE:
		return send_answer(r);
	}
	return MHD_NO;
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
start_daemon(struct web_server *s, int fd, const struct config *c)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	unsigned threads = threads_for(c);
	/* All of a proxy's clients come from its one address. */
	unsigned per_address =
	    c->trusted_proxies.n > 0 ? 0 : (unsigned)c->connections_per_address;
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
	return MHD_start_daemon(flags, 0, NULL, NULL, on_access, s,
	    MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)c->connections,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_address,
	    MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)((c->request_timeout + 999) / 1000),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_URI_LOG_CALLBACK, on_uri, s,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
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
	s->fd = -1;
	reply_use_hsts(*c->tls_certificate != '\0' ||
		       (!c->trial && c->origins.n > 0 &&
			   strncmp(c->origins.v[0], "https:", 6) == 0));
	if (static_open() &&
	    (s->pool = pool_new((unsigned)c->workers, QUEUE)) != NULL &&
	    (s->gather = gather_new()) != NULL &&
	    (s->waiting = waiting_new(site_take(site), may_wait(c))) != NULL &&
	    (s->daemon = start_daemon(s, fd, c)) != NULL)
		return s;
	log_say(WEB_LOG_ERROR, "start", "the HTTP server could not be started");
	(void)close(fd);
	server_free(s);
	return NULL;
}

struct waiting *
server_waiting(struct web_server *s)
{
	return s->waiting;
}

bool
server_draining(const struct web_server *s)
{
	return atomic_load(&s->draining);
}

bool
server_drain(struct web_server *s, int64_t ms)
{
	uint64_t end = clock_us() + (uint64_t)ms * 1000;
	struct timespec tick = { .tv_nsec = 5000000 };

	atomic_store(&s->draining, true);
	s->fd = MHD_quiesce_daemon(s->daemon);
	waiting_end(s->waiting);
	while (atomic_load_explicit(&s->running, memory_order_acquire) > 0) {
		if (clock_us() > end)
			return false;
		(void)nanosleep(&tick, NULL);
	}
	return true;
}

void
server_free(struct web_server *s)
{
	if (s == NULL)
		return;
	if (s->daemon != NULL)
		MHD_stop_daemon(s->daemon);
	if (s->fd >= 0)
		(void)close(s->fd);
	gather_free(s->gather);
	waiting_free(s->waiting);
	pool_free(s->pool);
	static_close();
	request_forget();
	site_drop(s->site);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
