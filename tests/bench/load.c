/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signs in over and over, with passkeys of its own, and measures.  Speaks the
 * API of itsumo, or the FIDO2 server conformance API, so that other servers
 * can be put beside it.  See --help.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/reference.h"
#include "tests/softjson.h"
#include "tests/softseed.h"

enum {
	ANSWER_MAX = 65536,
	COOKIES_MAX = 1024,
	NAME_MAX_BYTES = 32,
	SLOWEST_US = 10000000,
	BUCKETS = 2048,
};

static struct {
	char host[64];
	int port;
	char origin[128];
	const char *rp_id;
	bool conformance, seeded, json;
	uint64_t accounts; /* there are so many */
	unsigned users; /* and so many of them are used */
	unsigned connections;
	double seconds;
	int pid;
} opt = { .rp_id = "localhost",
	.accounts = 1000,
	.users = 1000,
	.connections = 32,
	.seconds = 10 };

struct user {
	char name[NAME_MAX_BYTES];
	struct softkey *passkey;
	uint32_t sign_count;
	atomic_flag busy; /* its counter belongs to one connection at a time */
};

static struct user *users;

/* What one connection has done; summed up at the end. */
struct tally {
	uint64_t done, refused;
	uint64_t latency[BUCKETS];
};

struct connection {
	pthread_t thread;
	unsigned number;
	int fd;
	char cookies[COOKIES_MAX];
	char answer[ANSWER_MAX + 1];
	char *body;
	int status;
	struct soft_bytes credential;
	char request[ANSWER_MAX];
	struct tally tally;
};

static atomic_bool stop;
static atomic_uint next_user;

static double
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Eight buckets an octave: 9 % wide. */
static unsigned
bucket_of(uint64_t us)
{
	unsigned octave;

	if (us < 16)
		return (unsigned)us;
	octave = 63 - (unsigned)__builtin_clzll(us);
	return 16 + (octave - 4) * 8 + (unsigned)(us >> (octave - 3) & 7);
}

static double
bucket_ms(unsigned b)
{
	unsigned octave = (b - 16) / 8 + 4;

	if (b < 16)
		return b / 1e3;
	return (double)((8ull + (b - 16) % 8) << (octave - 3)) / 1e3;
}

static double
quantile_ms(const struct tally *t, double q)
{
	uint64_t want = (uint64_t)((double)t->done * q), seen = 0;

	for (unsigned i = 0; i < BUCKETS; i++)
		if ((seen += t->latency[i]) > want)
			return bucket_ms(i);
	return 0;
}

static void
connection_open(struct connection *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)opt.port) };
	int on = 1;

	if (inet_pton(AF_INET, opt.host, &to.sin_addr) != 1 ||
	    (c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		fprintf(stderr, "load: %s:%d: %s\n", opt.host, opt.port,
		    strerror(errno));
		exit(1);
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Keeps name=value of a Set-Cookie line, in place of an older one. */
static void
keep_cookie(struct connection *c, const char *line)
{
	size_t n = strcspn(line, ";\r\n"), name_n = strcspn(line, "=");
	char *old = c->cookies;

	while ((old = strstr(old, "; ")) != NULL &&
	       strncmp(old + 2, line, name_n + 1) != 0)
		old += 2;
	if (old != NULL) {
		char *end = strstr(old + 2, "; ");

		memmove(old, end != NULL ? end : old + strlen(old),
		    end != NULL ? strlen(end) + 1 : 1);
	}
	if (strlen(c->cookies) + n + 3 < sizeof(c->cookies)) {
		strcat(c->cookies, "; ");
		strncat(c->cookies, line, n);
	}
}

/* Whether the answer, whose head ends at end, is all there. */
static bool
is_whole(const struct connection *c, size_t n)
{
	const char *length = strcasestr(c->answer, "\r\nContent-Length:");
	size_t body_n = (size_t)(c->answer + n - c->body);

	/* Chunks are not taken apart: what is looked for is in one of them. */
	if (strcasestr(c->answer, "\r\nTransfer-Encoding: chunked") != NULL)
		return body_n >= 5 &&
		       memcmp(c->answer + n - 5, "0\r\n\r\n", 5) == 0;
	return length == NULL || body_n >= strtoul(length + 17, NULL, 10);
}

static bool
read_answer(struct connection *c)
{
	char *end = NULL;
	size_t n = 0;

	do {
		ssize_t got = recv(c->fd, c->answer + n, ANSWER_MAX - n, 0);

		if (got <= 0)
			return false;
		n += (size_t)got;
		c->answer[n] = '\0';
		if ((end = strstr(c->answer, "\r\n\r\n")) != NULL)
			c->body = end + 4;
	} while (end == NULL || !is_whole(c, n));
	c->status = atoi(c->answer + 9);
	*end = '\0';
	for (char *line = c->answer;
	     (line = strcasestr(line, "\r\nSet-Cookie: ")) != NULL; line += 14)
		keep_cookie(c, line + 14);
	return true;
}

/* POSTs a body; false when the connection broke. */
static bool
post(struct connection *c, const char *path, const char *body)
{
	size_t body_n = strlen(body);
	int n = snprintf(c->request, sizeof(c->request),
	    "POST %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\n"
	    "Sec-Fetch-Site: same-origin\r\n"
	    "Content-Type: application/json\r\n%s%s%s"
	    "Content-Length: %zu\r\n\r\n%s",
	    path, strstr(opt.origin, "//") + 2, opt.origin,
	    c->cookies[0] ? "Cookie: " : "",
	    c->cookies[0] ? c->cookies + 2 : "", c->cookies[0] ? "\r\n" : "",
	    body_n, body);

	assert(n > 0 && (size_t)n < sizeof(c->request));
	for (ssize_t sent = 0; sent < n;) {
		ssize_t k = send(
		    c->fd, c->request + sent, (size_t)(n - sent), MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		sent += k;
	}
	return read_answer(c);
}

/*
 * The string that is the first member of that name in a JSON body of ours or
 * another server's, in a buffer.  No parser: the generator shares the machine.
 */
static bool
member(const char *body, const char *name, char *out, size_t size)
{
	char quoted[64];
	const char *p;
	size_t n;

	snprintf(quoted, sizeof(quoted), "\"%s\"", name);
	if ((p = strstr(body, quoted)) == NULL)
		return false;
	p += strlen(quoted);
	p += strspn(p, " :");
	if (*p++ != '"' || (n = strcspn(p, "\"")) >= size)
		return false;
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}

static bool
complain(struct connection *c, const char *what)
{
	static atomic_int said;

	if (atomic_fetch_add(&said, 1) < 5)
		fprintf(stderr, "load: %s: %d %.300s\n", what, c->status,
		    c->body != NULL ? c->body : "");
	return false;
}

/* Has the user's passkey answer a challenge, into c->credential. */
static void
use_passkey(struct connection *c, struct user *u, const char *challenge,
    void (*make)(
	struct softkey *, const struct softkey_script *, struct soft_bytes *))
{
	const struct softkey_script truth = {
		.challenge = challenge,
		.origin = opt.origin,
		.rp_id = opt.rp_id,
		.sign_count = ++u->sign_count,
	};

	soft_clear(&c->credential);
	make(u->passkey, &truth, &c->credential);
}

static bool
sign_up(struct connection *c, struct user *u)
{
	char challenge[256], ceremony[4096], body[16384];

	snprintf(body, sizeof(body),
	    opt.conformance
		? "{\"username\":\"%s\",\"displayName\":\"%s\",\"attestation\":"
		  "\"none\","
		  "\"authenticatorSelection\":{\"residentKey\":\"required\","
		  "\"userVerification\":\"required\"}}"
		: "{\"name\":\"%s\",\"display_name\":\"%s\"}",
	    u->name, u->name);
	if (!post(c,
		opt.conformance ? "/attestation/options"
				: "/api/v1/signup/options",
		body) ||
	    c->status != 200 ||
	    !member(c->body, "challenge", challenge, sizeof(challenge)))
		return complain(c, "options of a sign-up");
	use_passkey(c, u, challenge, softjson_create);
	if (opt.conformance) {
		if (!post(c, "/attestation/result", (char *)c->credential.p) ||
		    c->status != 200)
			return complain(c, "sign-up");
		return true;
	}
	if (!member(c->body, "ceremony", ceremony, sizeof(ceremony)))
		return complain(c, "options of a sign-up");
	snprintf(body, sizeof(body), "{\"ceremony\":\"%s\",\"credential\":%s}",
	    ceremony, (char *)c->credential.p);
	if (!post(c, "/api/v1/signup/verify", body) || c->status != 201)
		return complain(c, "sign-up");
	return true;
}

static bool
sign_in(struct connection *c, struct user *u)
{
	char challenge[256], ceremony[4096], body[16384];

	snprintf(body, sizeof(body),
	    opt.conformance
		? "{\"username\":\"%s\",\"userVerification\":\"required\"}"
		: "{\"name\":\"%s\"}",
	    u->name);
	if (!post(c,
		opt.conformance ? "/assertion/options"
				: "/api/v1/login/options",
		body) ||
	    c->status != 200 ||
	    !member(c->body, "challenge", challenge, sizeof(challenge)))
		return complain(c, "options of a sign-in");
	use_passkey(c, u, challenge, softjson_get);
	if (opt.conformance) {
		if (!post(c, "/assertion/result", (char *)c->credential.p) ||
		    c->status != 200)
			return complain(c, "sign-in");
		return true;
	}
	if (!member(c->body, "ceremony", ceremony, sizeof(ceremony)))
		return complain(c, "options of a sign-in");
	snprintf(body, sizeof(body), "{\"ceremony\":\"%s\",\"credential\":%s}",
	    ceremony, (char *)c->credential.p);
	if (!post(c, "/api/v1/login/verify", body) || c->status != 200)
		return complain(c, "sign-in");
	return true;
}

/* The next user whom no other connection is signing in as. */
static struct user *
take_user(void)
{
	for (;;) {
		struct user *u =
		    &users[atomic_fetch_add(&next_user, 1) % opt.users];

		if (!atomic_flag_test_and_set(&u->busy))
			return u;
	}
}

static void *
sign_ups(void *arg)
{
	struct connection *c = arg;
	unsigned i;

	while ((i = atomic_fetch_add(&next_user, 1)) < opt.users) {
		c->cookies[0] = '\0';
		if (!sign_up(c, &users[i]))
			c->tally.refused++;
	}
	return NULL;
}

static void *
sign_ins(void *arg)
{
	struct connection *c = arg;

	c->cookies[0] = '\0';
	while (!atomic_load(&stop)) {
		struct user *u = take_user();
		double began = seconds_now();
		bool ok = sign_in(c, u);
		uint64_t us = (uint64_t)((seconds_now() - began) * 1e6);

		atomic_flag_clear(&u->busy);
		if (!ok) {
			c->tally.refused++;
			close(c->fd);
			connection_open(c);
			continue;
		}
		c->tally.done++;
		c->tally
		    .latency[bucket_of(us < SLOWEST_US ? us : SLOWEST_US)]++;
	}
	return NULL;
}

/* CPU seconds that a process has used, in user and kernel. */
static double
cpu_of(int pid)
{
	char path[64], line[1024];
	unsigned long user = 0, kernel = 0;
	const char *p;
	FILE *f;

	if (pid == 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL &&
	    (p = strrchr(line, ')')) != NULL)
		sscanf(p + 2,
		    "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
		    "%lu %lu",
		    &user, &kernel);
	fclose(f);
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* Runs `work` on every connection; ends after so many seconds, or by itself. */
static void
run_all(struct connection *all, void *(*work)(void *), double seconds)
{
	atomic_store(&next_user, 0);
	atomic_store(&stop, false);
	for (unsigned i = 0; i < opt.connections; i++) {
		all[i].tally = (struct tally){ 0 };
		assert(
		    pthread_create(&all[i].thread, NULL, work, &all[i]) == 0);
	}
	if (seconds > 0) {
		usleep((useconds_t)(seconds * 1e6));
		atomic_store(&stop, true);
	}
	for (unsigned i = 0; i < opt.connections; i++)
		pthread_join(all[i].thread, NULL);
}

static struct tally
sum(const struct connection *all)
{
	struct tally t = { 0 };

	for (unsigned i = 0; i < opt.connections; i++) {
		t.done += all[i].tally.done;
		t.refused += all[i].tally.refused;
		for (unsigned b = 0; b < BUCKETS; b++)
			t.latency[b] += all[i].tally.latency[b];
	}
	return t;
}

static void
make_users(void)
{
	users = calloc(opt.users, sizeof(*users));
	assert(users != NULL);
	for (unsigned i = 0; i < opt.users; i++) {
		/* Spread over all accounts that there are, or new ones. */
		uint64_t seed = opt.seeded ? i * (opt.accounts / opt.users)
					   : (uint64_t)getpid() << 32 | i;

		users[i].passkey = softseed_key(seed);
		/* Ahead of what an earlier run left with the server. */
		users[i].sign_count = (uint32_t)(seconds_now() * 64);
		snprintf(users[i].name, sizeof(users[i].name), "load-%" PRIu64,
		    seed);
	}
}

static void
report(const struct tally *t, double seconds, double cpu, double verify_us)
{
	double cpu_us = t->done > 0 ? cpu * 1e6 / (double)t->done : 0;

	if (opt.json) {
		printf("{\"sign_ins\": %" PRIu64 ", \"refused\": %" PRIu64
		       ", \"per_second\": %.0f, \"p50_ms\": %.3f, "
		       "\"p99_ms\": %.3f, \"server_cpu_us\": %.1f, "
		       "\"verify_us\": %.2f, \"verifications\": %.3f}\n",
		    t->done, t->refused, (double)t->done / seconds,
		    quantile_ms(t, 0.5), quantile_ms(t, 0.99), cpu_us,
		    verify_us, cpu_us / verify_us);
		return;
	}
	printf("%" PRIu64 " sign-ins, %" PRIu64 " refused, %.0f a second\n",
	    t->done, t->refused, (double)t->done / seconds);
	printf("latency: p50 %.2f ms, p99 %.2f ms\n", quantile_ms(t, 0.5),
	    quantile_ms(t, 0.99));
	if (opt.pid != 0)
		printf("server: %.1f us of CPU a sign-in, %.2f bare P-256 "
		       "verifications of %.1f us\n",
		    cpu_us, cpu_us / verify_us, verify_us);
}

static void
usage(FILE *f)
{
	fputs("load [OPTION…]: signs in over and over, and measures\n"
	      "  --url URL          http://127.0.0.1:8080; a host is its IPv4 "
	      "address\n"
	      "  --origin ORIGIN    what the browser says; "
	      "http://localhost:PORT\n"
	      "  --rp-id ID         localhost\n"
	      "  --conformance      speak the FIDO2 conformance API\n"
	      "  --users N          accounts signed in to (1000)\n"
	      "  --seeded N         they are there already, of N that "
	      "tests/bench/fill made\n"
	      "  --connections N    kept alive, each with one request at a "
	      "time (32)\n"
	      "  --seconds S        how long (10)\n"
	      "  --pid PID          the server's, for its CPU time\n"
	      "  --json             one line of JSON\n",
	    f);
}

static void
read_url(const char *url)
{
	if (sscanf(url, "http://%63[0-9.]:%d", opt.host, &opt.port) != 2) {
		fprintf(stderr, "load: not http://ADDRESS:PORT: %s\n", url);
		exit(2);
	}
}

static void
read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "url", required_argument, NULL, 'u' },
		{ "origin", required_argument, NULL, 'o' },
		{ "rp-id", required_argument, NULL, 'r' },
		{ "conformance", no_argument, NULL, 'c' },
		{ "users", required_argument, NULL, 'n' },
		{ "seeded", required_argument, NULL, 's' },
		{ "connections", required_argument, NULL, 'k' },
		{ "seconds", required_argument, NULL, 't' },
		{ "pid", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int o;

	read_url("http://127.0.0.1:8080");
	while ((o = getopt_long(argc, argv, "", names, NULL)) != -1)
		switch (o) {
		case 'u':
			read_url(optarg);
			break;
		case 'o':
			snprintf(opt.origin, sizeof(opt.origin), "%s", optarg);
			break;
		case 'r':
			opt.rp_id = optarg;
			break;
		case 'c':
			opt.conformance = true;
			break;
		case 'n':
			opt.users = (unsigned)atoi(optarg);
			break;
		case 's':
			opt.seeded = true;
			opt.accounts = strtoull(optarg, NULL, 10);
			break;
		case 'k':
			opt.connections = (unsigned)atoi(optarg);
			break;
		case 't':
			opt.seconds = atof(optarg);
			break;
		case 'p':
			opt.pid = atoi(optarg);
			break;
		case 'j':
			opt.json = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	if (!opt.seeded)
		opt.accounts = opt.users;
	if (opt.users > opt.accounts)
		opt.users = (unsigned)opt.accounts;
	if (opt.users < opt.connections || opt.connections == 0) {
		fputs("load: fewer users than connections\n", stderr);
		exit(2);
	}
	if (opt.origin[0] == '\0')
		snprintf(opt.origin, sizeof(opt.origin), "http://localhost:%d",
		    opt.port);
}

int
main(int argc, char **argv)
{
	struct connection *all;
	struct tally t;
	double verify_us, began, cpu;

	read_options(argc, argv);
	verify_us = reference_verify_us();
	make_users();
	all = calloc(opt.connections, sizeof(*all));
	assert(all != NULL);
	for (unsigned i = 0; i < opt.connections; i++)
		connection_open(&all[i]);
	if (!opt.seeded) {
		run_all(all, sign_ups, 0);
		if (sum(all).refused > 0)
			return 1;
	}
	run_all(all, sign_ins, opt.seconds / 10); /* warm */
	began = seconds_now();
	cpu = cpu_of(opt.pid);
	run_all(all, sign_ins, opt.seconds);
	cpu = cpu_of(opt.pid) - cpu;
	t = sum(all);
	report(&t, seconds_now() - began, cpu, verify_us);
	for (unsigned i = 0; i < opt.connections; i++) {
		close(all[i].fd);
		soft_free(&all[i].credential);
	}
	for (unsigned i = 0; i < opt.users; i++)
		softkey_free(users[i].passkey);
	free(users);
	free(all);
	return t.done == 0 || t.refused > 0;
}
