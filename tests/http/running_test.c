/* SPDX-License-Identifier: Apache-2.0 */
/* What whoever runs it does to a server: changes its configuration, ends it. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/http/scene.h"

const struct server_options scene = {
	.config = "support = \"mailto:help@example.com\""
};

/* A line at the end of its configuration; wins over those before. */
static void
configure(const struct server *s, const char *line)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/itsumo.conf", server_folder(s));
	assert_non_null(f = fopen(path, "ae"));
	assert_true(fprintf(f, "%s\n", line) > 0);
	assert_int_equal(fclose(f), 0);
}

/* Reads it again; true when the log then has all these words in a line. */
static bool
reload(struct server *s, const char *words)
{
	server_log_mark(s);
	server_signal(s, SIGHUP);
	return server_logged(s, words);
}

static void
service_says(struct visitor *v, const char *member, const char *what)
{
	json_t *service = visitor_get(v, "GET", "/api/v1/service", NULL, 200);

	if (what == NULL)
		assert_null(json_object_get(service, member));
	else
		assert_string_equal(json_at(service, member), what);
	json_decref(service);
}

static void
a_changed_option_comes_into_force(void **state)
{
	struct visitor *v = visitor_new(server);

	(void)state;
	service_says(v, "support", "mailto:help@example.com");
	service_says(v, "sign_up", "open");
	configure(server, "support = \"https://help.example.com/login\"");
	configure(server, "sign_up = closed");
	assert_true(reload(server, "event=reload in force"));
	service_says(v, "support", "https://help.example.com/login");
	service_says(v, "sign_up", "closed");
	visitor_refused(v, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "name", "too-late"), 403, "sign-up-closed");
	configure(server, "support = \"\"\nsign_up = open");
	assert_true(reload(server, "event=reload in force"));
	service_says(v, "support", NULL);
	json_decref(visitor_sign_up(v, "in-time"));
	visitor_free(v);
}

static void
rename_in(const struct server *s, const char *from, const char *to)
{
	char path[2][128];

	snprintf(path[0], sizeof(path[0]), "%s/%s", server_folder(s), from);
	snprintf(path[1], sizeof(path[1]), "%s/%s", server_folder(s), to);
	assert_int_equal(rename(path[0], path[1]), 0);
}

/* Neither half of a reload that is refused: here the keys are gone bad. */
static void
a_refused_reload_changes_nothing(void **state)
{
	struct server *s = server_start(&(struct server_options){ .tls = true,
	    .config = "rp_id = \"localhost\"\n"
		      "origins = { \"https://localhost:@PORT@\" }" });
	struct visitor *v = visitor_new(s);
	struct wire *w;
	char before[80], keys[128];

	(void)state;
	service_says(v, "sign_up", "open");
	snprintf(before, sizeof(before), "%s", wire_certificate(v->wire));
	server_new_certificate(s);
	configure(s, "sign_up = closed");
	snprintf(keys, sizeof(keys), "%s/keys", server_data(s));
	assert_int_equal(chmod(keys, 0644), 0);
	assert_true(reload(s, "event=reload refused"));
	assert_non_null(w = wire_open("127.0.0.1", server_port(s), true, NULL));
	assert_string_equal(wire_certificate(w), before);
	wire_close(w);
	service_says(v, "sign_up", "open");
	/* Nor when the certificate is bad, and the keys are good. */
	assert_int_equal(chmod(keys, 0600), 0);
	rename_in(s, "key.pem", "key.good");
	assert_true(reload(s, "event=reload refused"));
	service_says(v, "sign_up", "open");
	rename_in(s, "key.good", "key.pem");
	assert_true(reload(s, "event=reload in force"));
	service_says(v, "sign_up", "closed");
	assert_non_null(w = wire_open("127.0.0.1", server_port(s), true, NULL));
	assert_string_not_equal(wire_certificate(w), before);
	wire_close(w);
	visitor_free(v);
	server_end(s);
}

/* Asks about links that are none until it is told to wait; how often. */
static int
guess_links(struct visitor *v)
{
	for (int i = 0; i < 1000; i++) {
		struct answer a =
		    visitor_ask(v, "POST", "/api/v1/invitations/check",
			json_pack("{s:s}", "invitation", "none"));
		const int status = a.status;

		answer_free(&a);
		if (status == 429)
			return i;
		assert_int_equal(status, 404);
	}
	fail_msg("was never told to wait");
	return 0;
}

/* Who was told to wait does not get around it by somebody's SIGHUP. */
static void
a_reload_is_no_amnesty(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s);

	(void)state;
	assert_true(guess_links(v) >= 100);
	assert_true(reload(s, "event=reload in force"));
	/* One comes back in ten seconds, and a hundred would with a reload. */
	assert_true(guess_links(v) < 50);
	visitor_free(v);
	server_end(s);
}

/* All that stays is named, and named again until it is as it was. */
static void
what_wants_a_restart_is_named(void **state)
{
	struct server *s = server_start(NULL);
	static const char *const lines[] = { "request_timeout = 31s",
		"connections = 9000", "workers = 3", "server_threads = 1",
		"waiting = 4", "push = off" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		configure(s, lines[i]);
	for (int i = 0; i < 2; i++) {
		assert_true(reload(s, "event=reload in force"));
		assert_true(server_logged(s,
		    "restart: request_timeout connections, workers "
		    "server_threads waiting push"));
	}
	server_end(s);
}

/* Its tools make names, and are refused, by the hundred. */
static void
conformance_knows_no_limits(void **state)
{
	struct server *s = server_start(&(struct server_options){
	    .args = (const char *const[]){ "--conformance", NULL } });
	struct visitor *v = visitor_new(s);

	(void)state;
	for (int i = 0; i < 200; i++) {
		char name[16];
		struct answer a;

		snprintf(name, sizeof(name), "name-%d", i);
		a = visitor_ask(v, "POST", "/attestation/options",
		    json_pack(
			"{s:s, s:s}", "username", name, "displayName", name));
		assert_int_equal(a.status, 200);
		answer_free(&a);
	}
	visitor_free(v);
	server_end(s);
}

static void
health_is_where_the_banner_says(void **state)
{
	static const char *const args[][3] = {
		{ "--ops-listen", "127.0.0.2:0" }, { "--ops-listen", "auto" }
	};
	static const char *const says[] = { "health at http://127.0.0.2:",
		"health at http://127.0.0.1:" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		bool said = false;

		/* The port after may be somebody else's, of all that are. */
		for (int turn = 0; !said && turn < 10; turn++) {
			struct server *s = server_start(
			    &(struct server_options){ .args = args[i] });

			said = server_logged(s, says[i]);
			server_end(s);
		}
		assert_true(said);
	}
}

static enum store_rc
hold(struct store_txn *t, void *arg)
{
	int *ends = arg;
	char c = 'h';

	(void)t;
	if (write(ends[1], &c, 1) == 1)
		(void)!read(ends[1], &c, 1); /* until the other end is closed */
	return STORE_REFUSED;
}

/* A process that has the store's writer until *end is closed. */
static pid_t
hold_writer(const struct server *s, int *end)
{
	const struct store_options o = { .dir = server_data(s),
		.existing = true };
	struct store *store;
	int ends[2];
	pid_t pid;
	char c;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		if (store_open(&o, &store) != STORE_OK)
			_exit(1);
		(void)store_update(store, hold, ends);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 1);
	*end = ends[0];
	return pid;
}

/* A request that commits, and so goes to a worker. */
static struct wire *
sign_out(const struct server *s, const char *cookies)
{
	struct wire *w = wire_open("127.0.0.1", server_port(s), false, NULL);
	char text[8192];
	int n = snprintf(text, sizeof(text),
	    "POST /api/v1/logout HTTP/1.1\r\nHost: localhost\r\n"
	    "Sec-Fetch-Site: same-origin\r\nContent-Length: 2\r\n"
	    "Content-Type: application/json\r\nCookie: %s\r\n\r\n{}",
	    cookies);

	assert_non_null(w);
	assert_true(wire_send(w, text, (size_t)n));
	return w;
}

/* A drain that cuts off what runs is no success. */
static void
an_end_that_cuts_off_says_so(void **state)
{
	struct server *s = server_start(&(struct server_options){
	    .config = "drain_time = 100ms\nworkers = 1" });
	struct visitor *v = visitor_new(s);
	struct wire *first, *second;
	struct timespec tick = { .tv_nsec = 10000000 };
	int status, end;
	pid_t holder;

	(void)state;
	json_decref(visitor_sign_up(v, "cut-off"));
	holder = hold_writer(s, &end);
	/* Both are there when one waits for the writer, one for the worker. */
	first = sign_out(s, v->cookies);
	second = sign_out(s, v->cookies);
	while (server_metric(s, "itsumo_worker_queue ") < 1)
		nanosleep(&tick, NULL);
	server_log_mark(s);
	server_signal(s, SIGTERM);
	status = server_wait(s);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 5);
	assert_true(server_logged(s, "event=stop drain_time"));
	close(end);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
	wire_close(first);
	wire_close(second);
	visitor_free(v);
	server_end(s);
}

/* ---- under systemd, and behind a Unix socket ---- */

/* The program itself, with what systemd would give it. */
struct unit {
	char folder[64], notify[96];
	int heard; /* what it says to systemd comes here */
	int given[2]; /* sockets for descriptors 3 and 4, or -1 */
	pid_t pid;
};

static void
unit_begin(struct unit *u)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	*u = (struct unit){ .given = { -1, -1 } };
	snprintf(u->folder, sizeof(u->folder), "/tmp/itsumo-unit-XXXXXX");
	assert_non_null(mkdtemp(u->folder));
	snprintf(u->notify, sizeof(u->notify), "%s/notify", u->folder);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", u->notify);
	u->heard = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(u->heard >= 0);
	assert_int_equal(bind(u->heard, (struct sockaddr *)&sa, sizeof(sa)), 0);
}

static void
unit_run(struct unit *u, const char *listen_at, const char *rp_id)
{
	char pid[16], data[96];
	pid_t parent = getpid();
	int log;

	snprintf(data, sizeof(data), "data=%s/data", u->folder);
	u->pid = fork();
	assert_true(u->pid >= 0);
	if (u->pid > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	log = open("/dev/null", O_WRONLY);
	dup2(log, 1);
	dup2(log, 2);
	setenv("NOTIFY_SOCKET", u->notify, 1);
	if (u->given[0] >= 0) {
		/* Out of the way of each other first. */
		int ops = fcntl(u->given[0], F_DUPFD, 20);
		int pages = fcntl(u->given[1], F_DUPFD, 20);

		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		dup2(ops, 3);
		dup2(pages, 4);
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "2", 1);
		setenv("LISTEN_FDNAMES", "ops:itsumo.socket", 1);
	}
	execl(getenv("ITSUMO"), "itsumo", "serve", "--set", data, "--listen",
	    listen_at, "--ops-listen", "off", "--set", rp_id, "--config",
	    "/dev/null", (char *)NULL);
	_exit(127);
}

/* The next thing that it says begins so; within 20 s. */
static void
unit_says(struct unit *u, const char *what)
{
	struct pollfd p = { .fd = u->heard, .events = POLLIN };
	char text[128] = "";

	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_true(recv(u->heard, text, sizeof(text) - 1, 0) > 0);
	if (strncmp(text, what, strlen(what)) != 0)
		fail_msg("%s, not %s", text, what);
}

/* It has ended, with that exit status. */
static void
unit_ended(struct unit *u, int want)
{
	char line[128];
	int status;

	assert_int_equal(waitpid(u->pid, &status, 0), u->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), want);
	close(u->heard);
	for (int i = 0; i < 2; i++)
		if (u->given[i] >= 0)
			close(u->given[i]);
	snprintf(line, sizeof(line), "rm -rf %s", u->folder);
	assert_int_equal(system(line), 0);
}

static void
unit_end(struct unit *u)
{
	assert_int_equal(kill(u->pid, SIGTERM), 0);
	unit_says(u, "STOPPING=1");
	unit_ended(u, 0);
}

/* Asks over a connected socket; true when there is such a page. */
static bool
answers(int fd, const char *path)
{
	struct timeval wait = { .tv_sec = 20 };
	char got[16] = "", ask[128];
	int n = snprintf(ask, sizeof(ask),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
	    path);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return send(fd, ask, (size_t)n, MSG_NOSIGNAL) > 0 &&
	       recv(fd, got, 12, MSG_WAITALL) == 12 &&
	       strcmp(got, "HTTP/1.1 200") == 0;
}

/* A socket that listens on loopback, and a connection that waits at it. */
static int
listening(int *visitor)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*visitor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(*visitor, (struct sockaddr *)&a, n), 0);
	return fd;
}

/* Who comes before it is there waits, and is answered. */
static void
systemd_is_told_and_may_listen_for_us(void **state)
{
	struct unit u;
	int fd[2];

	(void)state;
	unit_begin(&u);
	for (int i = 0; i < 2; i++)
		u.given[i] = listening(&fd[i]);
	unit_run(&u, "192.0.2.1:1", "rp_id=localhost");
	unit_says(&u, "READY=1");
	assert_true(answers(fd[0], "/healthz/live"));
	assert_true(answers(fd[1], "/api/v1/service"));
	for (int i = 0; i < 2; i++)
		close(fd[i]);
	assert_int_equal(kill(u.pid, SIGHUP), 0);
	unit_says(&u, "RELOADING=1\nMONOTONIC_USEC=");
	unit_says(&u, "READY=1");
	unit_end(&u);
	/* Its origin would not be where it is reached. */
	unit_begin(&u);
	for (int i = 0; i < 2; i++) {
		u.given[i] = listening(&fd[i]);
		close(fd[i]);
	}
	unit_run(&u, "127.0.0.1:0", "rp_id=");
	unit_ended(&u, 3);
}

static void
a_unix_socket_serves_a_proxy(void **state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char listen_at[128];
	struct stat st;
	struct unit u;
	int fd;

	(void)state;
	unit_begin(&u);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/http", u.folder);
	snprintf(listen_at, sizeof(listen_at), "unix:%s", sa.sun_path);
	for (int i = 0; i < 2; i++) {
		unit_run(&u, listen_at, "rp_id=localhost");
		unit_says(&u, "READY=1");
		assert_int_equal(stat(sa.sun_path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0660);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(
		    connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
		assert_true(answers(fd, "/api/v1/service"));
		close(fd);
		if (i > 0)
			break;
		/* What it leaves behind is in nobody's way. */
		assert_int_equal(kill(u.pid, SIGKILL), 0);
		assert_int_equal(waitpid(u.pid, NULL, 0), u.pid);
	}
	unit_end(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_option_comes_into_force),
		cmocka_unit_test(a_refused_reload_changes_nothing),
		cmocka_unit_test(a_reload_is_no_amnesty),
		cmocka_unit_test(what_wants_a_restart_is_named),
		cmocka_unit_test(conformance_knows_no_limits),
		cmocka_unit_test(health_is_where_the_banner_says),
		cmocka_unit_test(systemd_is_told_and_may_listen_for_us),
		cmocka_unit_test(a_unix_socket_serves_a_proxy),
		cmocka_unit_test(an_end_that_cuts_off_says_so),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
