/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Browsers that wait, as many at once as are asked for, on one process: what
 * each costs in memory, what all of them cost while nothing happens, how soon
 * one hears that its phone has approved, and how many approvals a second.
 *
 *	waiting [--browsers N] [--rounds N] [--seconds N] [--json]
 *
 * ITSUMO in the environment names the program.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/http/household.h"
#include "webauthn/assertion.h"

enum { PARALLEL = 8, ASKED_AT_ONCE = 64, REQUEST_MAX = 512, EVENTS = 256 };

static struct {
	unsigned browsers, rounds, seconds;
	bool json;
} opt = { .browsers = 10000, .rounds = 500, .seconds = 10 };

/* One that waits: its connection, and how it asks for its stream. */
struct waiter {
	int fd;
	char request[REQUEST_MAX];
	size_t n;
	char tail[5]; /* the last bytes that came */
};

static struct server *server;
static struct waiter *waiters;
static atomic_uint streams; /* that have begun, again and again */
static atomic_bool stop;

static double
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "waiting: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the server's process ---- */

/* Its own memory, without the pages of the store that it has mapped. */
static double
own_kb(void)
{
	char line[256], path[64];
	double kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", server_pid(server));
	must((f = fopen(path, "re")) != NULL, path);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kb = strtod(line + 8, NULL);
	fclose(f);
	must(kb > 0, path);
	return kb;
}

static double
cpu_seconds(void)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", server_pid(server));
	must((f = fopen(path, "re")) != NULL &&
		 fscanf(f,
		     "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
		     "%*u %lu %lu",
		     &user, &system) == 2,
	    path);
	fclose(f);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* ---- those who wait ---- */

static int
connect_one(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)server_port(server)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	must(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0,
	    "connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void
send_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		must(sent > 0, "send");
		p += sent;
		n -= (size_t)sent;
	}
}

/* Asks for an approval on the connection that will wait for it, as a browser
 * does; nobody has these names, which is the same work for the server. */
static void
ask_on(struct waiter *w, unsigned number, const struct softproof_key *k)
{
	char body[512], text[1024];
	int n = snprintf(body, sizeof(body),
	    "{\"name\":\"waiting%u\",\"browser_jwk\":{\"kty\":\"EC\","
	    "\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}}",
	    number, k->x, k->y);

	w->fd = connect_one();
	n = snprintf(text, sizeof(text),
	    "POST /api/v1/approvals HTTP/1.1\r\nHost: localhost\r\n"
	    "Origin: %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: %d\r\n\r\n%s",
	    server_origin(server), n, body);
	send_all(w->fd, text, (size_t)n);
}

static void
copy_until(const char *from, const char *ends, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)strcspn(from, ends), from);
}

/* Reads what it was answered, and begins to wait. */
static void
wait_on(struct waiter *w)
{
	char text[4096], id[64], cookie[128];
	const char *p;
	size_t n = 0;

	do {
		ssize_t got = recv(w->fd, text + n, sizeof(text) - 1 - n, 0);

		must(got > 0, "recv");
		n += (size_t)got;
		text[n] = '\0';
	} while (strstr(text, "}}") == NULL);
	must(strncmp(text, "HTTP/1.1 201", 12) == 0, text);
	must((p = strstr(text, "__Host-itb=")) != NULL, "cookie");
	copy_until(p, ";", cookie, sizeof(cookie));
	must((p = strstr(text, "\"id\":\"")) != NULL, "id");
	copy_until(p + 6, "\"", id, sizeof(id));
	w->n = (size_t)snprintf(w->request, sizeof(w->request),
	    "GET /api/v1/approvals/%s/events HTTP/1.1\r\nHost: localhost\r\n"
	    "Accept: text/event-stream\r\nCookie: %s\r\n\r\n",
	    id, cookie);
	send_all(w->fd, w->request, w->n);
}

/* Something came: the head, a heartbeat, or the end, after which it asks
 * again. */
static void
take(struct waiter *w)
{
	static _Thread_local char text[4096];
	ssize_t n = recv(w->fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n <= 0) {
		must(n < 0 && errno == EAGAIN, "a stream was closed");
		return;
	}
	text[n] = '\0';
	if (strstr(text, "id: pending\n") != NULL)
		atomic_fetch_add(&streams, 1);
	if (n >= 5)
		memcpy(w->tail, text + n - 5, 5);
	else {
		memmove(w->tail, w->tail + n, (size_t)(5 - n));
		memcpy(w->tail + 5 - n, text, (size_t)n);
	}
	if (memcmp(w->tail, "0\r\n\r\n", 5) == 0)
		send_all(w->fd, w->request, w->n);
}

static void *
listen_to_all(void *arg)
{
	struct epoll_event events[EVENTS], e = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	(void)arg;
	must(fd >= 0, "epoll");
	for (unsigned i = 0; i < opt.browsers; i++) {
		e.data.ptr = &waiters[i];
		must(epoll_ctl(fd, EPOLL_CTL_ADD, waiters[i].fd, &e) == 0,
		    "epoll");
	}
	while (!atomic_load(&stop)) {
		int n = epoll_wait(fd, events, EVENTS, 100);

		for (int i = 0; i < n; i++)
			take(events[i].data.ptr);
	}
	close(fd);
	return NULL;
}

static pthread_t
begin_waiting(void)
{
	struct softproof_key k;
	pthread_t thread;
	unsigned i = 0, n;

	softproof_key_make(&k);
	waiters = calloc(opt.browsers, sizeof(*waiters));
	must(waiters != NULL, "memory");
	while (i < opt.browsers) {
		n = opt.browsers - i < ASKED_AT_ONCE ? opt.browsers - i
						     : ASKED_AT_ONCE;
		for (unsigned j = 0; j < n; j++)
			ask_on(&waiters[i + j], i + j, &k);
		for (unsigned j = 0; j < n; j++)
			wait_on(&waiters[i + j]);
		i += n;
	}
	softproof_key_free(&k);
	must(pthread_create(&thread, NULL, listen_to_all, NULL) == 0, "thread");
	while (atomic_load(&streams) < opt.browsers)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	return thread;
}

/* ---- how soon ---- */

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
quantile(double *values, unsigned n, double q)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[(unsigned)((double)(n - 1) * q)];
}

/*
 * From the moment that the phone sends its signature to the event in the
 * browser: verification, commit, and waking one of all who wait.
 */
static double
one_round(struct household *h)
{
	json_t *seen, *options, *credential, *done;
	struct wire *stream;
	char path[128];
	double begun;

	asker_ask(h->pc, h->name);
	stream = asker_listen(h->pc);
	assert_true(wire_until(stream, "id: pending\n", 10000));
	seen = companion_look(h->phone, h->pc->id);
	options = companion_choose(h->phone, h->pc->id, seen, h->pc->number);
	credential = json_pack(
	    "{s:o}", "credential", visitor_sign(h->phone->v, options, NULL));
	snprintf(path, sizeof(path), "/api/v1/companion/approvals/%s/assertion",
	    h->pc->id);
	begun = seconds_now();
	done = companion_get(h->phone, "POST", path, credential, 200);
	assert_true(wire_until(stream, "id: approved\n", 10000));
	begun = seconds_now() - begun;
	wire_close(stream);
	json_decref(asker_collect(h->pc));
	json_decref(done);
	json_decref(options);
	json_decref(seen);
	return begun * 1000;
}

/* ---- how many ---- */

struct worker {
	pthread_t thread;
	struct household *h;
	unsigned done;
};

static void *
approve(void *arg)
{
	struct worker *w = arg;
	double end = seconds_now() + opt.seconds;

	while (seconds_now() < end) {
		household_let_in(w->h, w->h->pc);
		w->done++;
	}
	return NULL;
}

struct rate {
	double a_second;
	double cpu_ms; /* of the server, for each */
};

static struct rate
approvals(struct household **all)
{
	struct worker w[PARALLEL] = { { .done = 0 } };
	double begun = seconds_now(), cpu = cpu_seconds();
	unsigned n = 0;

	for (int i = 0; i < PARALLEL; i++) {
		w[i].h = all[i];
		must(pthread_create(&w[i].thread, NULL, approve, &w[i]) == 0,
		    "thread");
	}
	for (int i = 0; i < PARALLEL; i++) {
		pthread_join(w[i].thread, NULL);
		n += w[i].done;
	}
	must(n > 0, "no approval");
	return (struct rate){ .a_second = n / (seconds_now() - begun),
		.cpu_ms = (cpu_seconds() - cpu) / n * 1000 };
}

/* What one thread could verify if it did nothing else. */
static double
verifications_a_second(void)
{
	static const char *const origins[] = { SOFTKEY_ORIGIN, NULL };
	uint8_t challenge[16];
	struct softkey *k = softkey_new(-7);
	const struct softkey_script truth = { .sign_count = 1 };
	struct wa_assertion got = softkey_assert(k, &truth);
	const struct wa_assertion_expectation want = {
		.common = { .challenge = { challenge, 16 },
		    .rp_id = "example.org",
		    .origins = origins,
		    .need_uv = true }
	};
	const struct wa_credential c = { .credential_id = softkey_id(k),
		.cose_key = softkey_cose(k) };
	struct wa_assertion_result result;
	double begun;
	unsigned n = 0;

	for (uint8_t i = 0; i < 16; i++)
		challenge[i] = i + 1;
	begun = seconds_now();
	do {
		must(wa_assertion_verify(&want, &got, &c, &result) == WA_OK,
		    "verification");
		n++;
	} while (seconds_now() - begun < 1);
	softkey_free(k);
	return n / (seconds_now() - begun);
}

/* ---- all of it ---- */

struct figures {
	double kb, idle, p50, p99, bare;
	struct rate alone, among;
};

static void
print(const struct figures *f)
{
	if (opt.json) {
		printf("{\"browsers\": %u, \"kb_each\": %.1f, "
		       "\"idle_cpu_percent\": %.2f, \"p50_ms\": %.2f, "
		       "\"p99_ms\": %.2f, \"approvals_a_second\": %.0f, "
		       "\"approval_cpu_ms\": %.2f, "
		       "\"approvals_a_second_alone\": %.0f, "
		       "\"approval_cpu_ms_alone\": %.2f, "
		       "\"verifications_a_second\": %.0f}\n",
		    opt.browsers, f->kb, f->idle, f->p50, f->p99,
		    f->among.a_second, f->among.cpu_ms, f->alone.a_second,
		    f->alone.cpu_ms, f->bare);
		return;
	}
	printf("%u browsers wait: %.1f kB each, %.2f %% of a processor\n",
	    opt.browsers, f->kb, f->idle);
	printf("from the phone's signature to the event: p50 %.2f ms, "
	       "p99 %.2f ms (goal: 50)\n",
	    f->p50, f->p99);
	printf("approvals: %.0f a second at %.2f ms of a processor, alone; "
	       "%.0f at %.2f ms among them\n",
	    f->alone.a_second, f->alone.cpu_ms, f->among.a_second,
	    f->among.cpu_ms);
	printf("a bare verification: %.3f ms; an approval is %.0f of them "
	       "alone, %.0f among them\n",
	    1000 / f->bare, f->alone.cpu_ms * f->bare / 1000,
	    f->among.cpu_ms * f->bare / 1000);
}

static void
measure(void)
{
	struct household *all[PARALLEL];
	double *latency = calloc(opt.rounds, sizeof(*latency)), before, cpu;
	struct figures f = { 0 };
	pthread_t thread;

	must(latency != NULL, "memory");
	for (int i = 0; i < PARALLEL; i++)
		all[i] = household_new(server);
	f.bare = verifications_a_second();
	f.alone = approvals(all);
	before = own_kb();
	thread = begin_waiting();
	f.kb = (own_kb() - before) / opt.browsers;
	cpu = cpu_seconds();
	before = seconds_now();
	nanosleep(&(struct timespec){ .tv_sec = 30 }, NULL);
	f.idle = (cpu_seconds() - cpu) / (seconds_now() - before) * 100;
	for (unsigned i = 0; i < opt.rounds; i++)
		latency[i] = one_round(all[i % PARALLEL]);
	f.p50 = quantile(latency, opt.rounds, 0.5);
	f.p99 = quantile(latency, opt.rounds, 0.99);
	f.among = approvals(all);
	print(&f);
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	for (unsigned i = 0; i < opt.browsers; i++)
		close(waiters[i].fd);
	free(waiters);
	free(latency);
	for (int i = 0; i < PARALLEL; i++)
		household_free(all[i]);
}

static unsigned
number(const char *text)
{
	unsigned long n = strtoul(text, NULL, 10);

	must(n > 0 && n <= 1000000, text);
	return (unsigned)n;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "browsers", required_argument, NULL, 'b' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct rlimit files;
	char config[256];
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'b':
			opt.browsers = number(optarg);
			break;
		case 'r':
			opt.rounds = number(optarg);
			break;
		case 's':
			opt.seconds = number(optarg);
			break;
		case 'j':
			opt.json = true;
			break;
		default:
			return 2;
		}
	must(getrlimit(RLIMIT_NOFILE, &files) == 0, "files");
	files.rlim_cur = files.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &files) == 0, "files");
	snprintf(config, sizeof(config),
	    "limits = off\napproval_time = 30m\nconnections = %u\n"
	    "connections_per_address = 0\nwaiting = %u\npush = off\n",
	    opt.browsers * 2, opt.browsers * 2);
	server = server_start(&(struct server_options){ .config = config });
	measure();
	server_end(server);
	return 0;
}
