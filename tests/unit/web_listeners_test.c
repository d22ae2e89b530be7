/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listeners on machines that are not like this one: without IPv6, with a full
 * disk.  What they ask of the machine passes through here.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/unit/store_kit.h"
#include "web/log.h"
#include "web/server/listen.h"
#include "web/server/ops.h"

static int no_socket, no_bind; /* for IPv6: errno, or 0 */
static bool draining, full;

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_bind(int fd, const struct sockaddr *sa, socklen_t n);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t n);
/* With 64 bits of file sizes it has another name, on some machines. */
int __real_statvfs64(const char *path, struct statvfs *out);
int __wrap_statvfs64(const char *path, struct statvfs *out);
int __wrap_statvfs(const char *path, struct statvfs *out);
bool __wrap_server_draining(const struct web_server *s);

int
__wrap_socket(int family, int type, int protocol)
{
	if (family == AF_INET6 && no_socket != 0) {
		errno = no_socket;
		return -1;
	}
	return __real_socket(family, type, protocol);
}

int
__wrap_bind(int fd, const struct sockaddr *sa, socklen_t n)
{
	if (sa->sa_family == AF_INET6 && no_bind != 0) {
		errno = no_bind;
		return -1;
	}
	return __real_bind(fd, sa, n);
}

int
__wrap_statvfs64(const char *path, struct statvfs *out)
{
	int rc = __real_statvfs64(path, out);

	if (full)
		out->f_bavail = 0;
	return rc;
}

int
__wrap_statvfs(const char *path, struct statvfs *out)
{
	return __wrap_statvfs64(path, out);
}

bool
__wrap_server_draining(const struct web_server *s)
{
	(void)s;
	return draining;
}

static int
family_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &n), 0);
	return ss.ss_family;
}

static void
without_ipv6_there_is_ipv4(void **state)
{
	unsigned port = 0;
	int fd;

	(void)state;
	log_level_set((enum log_level)0);
	fd = listen_bind(":0", &port);
	assert_true(fd >= 0 && family_of(fd) == AF_INET6 && port != 0);
	close(fd);
	for (int i = 0; i < 2; i++) {
		no_socket = i == 0 ? EAFNOSUPPORT : 0;
		no_bind = i == 0 ? 0 : EADDRNOTAVAIL;
		port = 0;
		fd = listen_bind(":0", &port);
		assert_true(fd >= 0 && family_of(fd) == AF_INET && port != 0);
		close(fd);
		/* Who asked for IPv6 is told. */
		assert_int_equal(listen_bind("[::1]:0", &port), -1);
	}
	/* That somebody else is there is no reason to be elsewhere. */
	no_bind = EADDRINUSE;
	assert_int_equal(listen_bind(":0", &port), -1);
	no_bind = 0;
	assert_int_equal(listen_bind("nowhere", &port), -1);
	log_level_set(WEB_LOG_INFO);
}

/* The whole answer of the ops listener. */
static void
ask(unsigned port, char *out, size_t size)
{
	static const char text[] = "GET /healthz/ready HTTP/1.1\r\n"
				   "Host: localhost\r\n"
				   "Connection: close\r\n\r\n";
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t n = 0;
	ssize_t got;

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(
	    send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL), sizeof(text) - 1);
	while ((got = recv(fd, out + n, size - 1 - n, 0)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(fd);
}

static void
is_ready(unsigned port, const char *status, const char *why)
{
	char text[2048];

	ask(port, text, sizeof(text));
	assert_int_equal(strncmp(text, "HTTP/1.1 ", 9), 0);
	if (strncmp(text + 9, status, 3) != 0 || strstr(text, why) == NULL)
		fail_msg("%s", text);
}

static void
readiness_says_what_is_not_ready(void **state)
{
	struct kit *k = *state;
	char away[160];
	unsigned port = 0;
	struct ops *o;

	snprintf(away, sizeof(away), "%s", kit_path(k, "away"));
	o = ops_start(listen_bind("127.0.0.1:0", &port), NULL, k->s, k->dir);
	assert_non_null(o);
	is_ready(port, "200", "ok");
	draining = true;
	is_ready(port, "503", "draining");
	draining = false;
	full = true;
	is_ready(port, "503", "the disk is full");
	full = false;
	assert_int_equal(rename(k->dir, away), 0);
	is_ready(port, "503", "cannot be written to");
	assert_int_equal(rename(away, k->dir), 0);
	is_ready(port, "200", "ok");
	ops_stop(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_ipv6_there_is_ipv4),
		cmocka_unit_test_setup_teardown(
		    readiness_says_what_is_not_ready, kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
