/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/http/server_under_test.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/http/certificate.h"
#include "tests/http/wire.h"

enum { ARGS_MAX = 32, START_MS = 20000, LOG_MS = 5000 };

struct server {
	pid_t pid;
	int port, ops_port;
	bool tls;
	char folder[64], data[96], config[96], log[96], origin[64];
	long log_mark;
};

static const char *
program(void)
{
	const char *p = getenv("ITSUMO");

	if (p == NULL) {
		fputs("ITSUMO has to name the program\n", stderr);
		exit(1);
	}
	return p;
}

int
server_free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0);
	assert(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void
pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static char *
read_file(const char *path, long from)
{
	FILE *f = fopen(path, "re");
	size_t n = 0, got;
	char *s = NULL;

	if (f == NULL)
		return strdup("");
	fseek(f, from, SEEK_SET);
	do {
		s = realloc(s, n + 65537);
		assert(s != NULL);
		got = fread(s + n, 1, 65536, f);
		n += got;
	} while (got > 0);
	s[n] = '\0';
	fclose(f);
	return s;
}

static void
write_lines(FILE *f, const char *lines, int port)
{
	static const char mark[] = "@PORT@";
	const char *at;

	while ((at = strstr(lines, mark)) != NULL) {
		fprintf(f, "%.*s%d", (int)(at - lines), lines, port);
		lines = at + sizeof(mark) - 1;
	}
	fprintf(f, "%s\n", lines);
}

static void
write_config(const struct server *s, const struct server_options *o)
{
	FILE *f = fopen(s->config, "we");

	assert(f != NULL);
	fprintf(f, "ops_listen = \"127.0.0.1:%d\"\n", s->ops_port);
	if (o->tls)
		fprintf(f,
		    "tls_certificate = \"%s/cert.pem\"\n"
		    "tls_key = \"%s/key.pem\"\n",
		    s->folder, s->folder);
	write_lines(f, o->config != NULL ? o->config : "", s->port);
	assert(fclose(f) == 0);
}

/* In the child: never returns. */
static void
become_server(struct server *s, const struct server_options *o, pid_t parent)
{
	char listen_at[32];
	const char *args[ARGS_MAX] = { program(), "serve", "--listen",
		listen_at, "--data", s->data, "--config", s->config };
	size_t n = 8;
	int log = open(s->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	snprintf(listen_at, sizeof(listen_at), "127.0.0.1:%d", s->port);
	for (const char *const *a = o->args; a != NULL && *a != NULL; a++)
		args[n++] = *a;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	if (o->file_size_max != 0) {
		struct rlimit limit = { o->file_size_max, o->file_size_max };

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
	}
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(log, 1);
	dup2(log, 2);
	execv(args[0], (char *const *)(uintptr_t)args);
	_exit(127);
}

static void
show_log(const struct server *s)
{
	char *log = read_file(s->log, 0);
	size_t n = strlen(log);

	fprintf(stderr, "%s\n", log + (n > 6000 ? n - 6000 : 0));
	free(log);
}

static void
await_start(struct server *s)
{
	for (int ms = 0; ms < START_MS; ms += 10) {
		struct wire *w = wire_open("127.0.0.1", s->port, false, NULL);
		int status;

		if (w != NULL) {
			wire_close(w);
			return;
		}
		if (waitpid(s->pid, &status, WNOHANG) == s->pid)
			break;
		pause_ms(10);
	}
	show_log(s);
	fputs("the server did not start\n", stderr);
	exit(1);
}

void
server_again(struct server *s, const struct server_options *o)
{
	pid_t parent = getpid();

	write_config(s, o);
	s->pid = fork();
	assert(s->pid >= 0);
	if (s->pid == 0)
		become_server(s, o, parent);
	await_start(s);
}

struct server *
server_start(const struct server_options *o)
{
	static const struct server_options plain;
	struct server *s = calloc(1, sizeof(*s));

	assert(s != NULL);
	if (o == NULL)
		o = &plain;
	snprintf(s->folder, sizeof(s->folder), "/tmp/itsumo-http-XXXXXX");
	assert(mkdtemp(s->folder) != NULL);
	if (o->beside != NULL)
		snprintf(s->data, sizeof(s->data), "%s", o->beside->data);
	else
		snprintf(s->data, sizeof(s->data), "%s/data", s->folder);
	snprintf(s->config, sizeof(s->config), "%s/itsumo.conf", s->folder);
	snprintf(s->log, sizeof(s->log), "%s/log", s->folder);
	s->port = o->port != 0 ? o->port : server_free_port();
	s->ops_port = server_free_port();
	s->tls = o->tls;
	snprintf(s->origin, sizeof(s->origin), "http%s://localhost:%d",
	    o->tls ? "s" : "", s->port);
	if (o->tls)
		server_new_certificate(s);
	server_again(s, o);
	return s;
}

struct server *
server_elsewhere(const char *origin)
{
	struct server *s = calloc(1, sizeof(*s));
	const char *port = strrchr(origin, ':');

	assert(s != NULL);
	s->tls = strncmp(origin, "https:", 6) == 0;
	s->port = port != NULL && port[1] != '/' ? atoi(port + 1)
		  : s->tls                       ? 443
						 : 80;
	snprintf(s->origin, sizeof(s->origin), "%s", origin);
	return s;
}

void
server_new_certificate(const struct server *s)
{
	char cert[96], key[96];

	snprintf(cert, sizeof(cert), "%s/cert.pem", s->folder);
	snprintf(key, sizeof(key), "%s/key.pem", s->folder);
	certificate_make(cert, key);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void
server_signal(struct server *s, int signal)
{
	if (s->pid > 0)
		kill(s->pid, signal);
}

int
server_wait(struct server *s)
{
	int status = 0;

	if (s->pid <= 0)
		return 0;
	while (waitpid(s->pid, &status, 0) < 0)
		assert(errno == EINTR);
	s->pid = 0;
	return status;
}

void
server_end(struct server *s)
{
	bool ran = s->pid > 0;
	int status;

	server_signal(s, SIGTERM);
	status = server_wait(s);
	if (ran && status != 0) {
		show_log(s);
		fprintf(
		    stderr, "the server ended with %#x\n", (unsigned)status);
		exit(1);
	}
	if (s->folder[0] != '\0')
		nftw(s->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(s);
}

int
server_port(const struct server *s)
{
	return s->port;
}

int
server_ops_port(const struct server *s)
{
	return s->ops_port;
}

pid_t
server_pid(const struct server *s)
{
	return s->pid;
}

const char *
server_folder(const struct server *s)
{
	return s->folder;
}

const char *
server_data(const struct server *s)
{
	return s->data;
}

const char *
server_origin(const struct server *s)
{
	return s->origin;
}

bool
server_has_tls(const struct server *s)
{
	return s->tls;
}

void
server_log_mark(struct server *s)
{
	struct stat st;

	s->log_mark = stat(s->log, &st) == 0 ? st.st_size : 0;
}

/* A line of text that has every word. */
static bool
line_with(char *text, const char *words)
{
	char *save_line = NULL;

	for (char *line = strtok_r(text, "\n", &save_line); line != NULL;
	     line = strtok_r(NULL, "\n", &save_line)) {
		char *copy = strdup(words), *save = NULL, *word;

		for (word = strtok_r(copy, " ", &save);
		     word != NULL && strstr(line, word) != NULL;
		     word = strtok_r(NULL, " ", &save))
			;
		free(copy);
		if (word == NULL)
			return true;
	}
	return false;
}

bool
server_logged(struct server *s, const char *words)
{
	for (int ms = 0; ms < LOG_MS; ms += 10) {
		char *log = read_file(s->log, s->log_mark);
		bool found = line_with(log, words);

		free(log);
		if (found)
			return true;
		pause_ms(10);
	}
	return false;
}

double
server_metric(const struct server *s, const char *begins)
{
	static const char ask[] = "GET /metrics HTTP/1.1\r\nHost: "
				  "localhost\r\nConnection: close\r\n\r\n";
	struct wire *w = wire_open("127.0.0.1", s->ops_port, false, NULL);
	struct answer a;
	double total = 0;
	char *save = NULL;

	assert(w != NULL && wire_send(w, ask, sizeof(ask) - 1));
	a = wire_answer(w, 10000);
	assert(a.status == 200);
	for (char *line = strtok_r(a.body, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, begins, strlen(begins)) == 0)
			total += strtod(strrchr(line, ' ') + 1, NULL);
	answer_free(&a);
	wire_close(w);
	return total;
}

/* Puts what every call has behind args[n], runs it, and reads what it said. */
static int
run_cli(const struct server *s, const char **args, size_t n, char **out)
{
	char path[128];
	int status;
	pid_t pid;

	args[n++] = "--data";
	args[n++] = s->data;
	args[n++] = "--config";
	args[n] = s->config;
	snprintf(path, sizeof(path), "%s/cli.out", s->folder);
	if ((pid = fork()) == 0) {
		dup2(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
		dup2(open(s->log, O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
		execv(args[0], (char *const *)(uintptr_t)args);
		_exit(127);
	}
	assert(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (out != NULL)
		*out = read_file(path, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static size_t
take_args(const char **args, va_list ap)
{
	size_t n = 1;

	args[0] = program();
	while (n < ARGS_MAX - 6 && (args[n] = va_arg(ap, const char *)) != NULL)
		n++;
	return n;
}

int
server_cli(const struct server *s, char **out, ...)
{
	const char *args[ARGS_MAX] = { NULL };
	va_list ap;
	size_t n;

	va_start(ap, out);
	n = take_args(args, ap);
	va_end(ap);
	return run_cli(s, args, n, out);
}

json_t *
server_cli_json(const struct server *s, ...)
{
	const char *args[ARGS_MAX] = { NULL };
	char *text = NULL;
	json_t *j = NULL;
	va_list ap;
	size_t n;

	va_start(ap, s);
	n = take_args(args, ap);
	va_end(ap);
	args[n++] = "--json";
	if (run_cli(s, args, n, &text) == 0)
		j = json_loads(text, 0, NULL);
	free(text);
	return j;
}
