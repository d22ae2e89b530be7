/* SPDX-License-Identifier: Apache-2.0 */
#include "web/systemd.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "web/clock.h"
#include "web/log.h"

enum { FIRST = 3 }; /* SD_LISTEN_FDS_START */

void
systemd_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	socklen_t n;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') ||
	    strlen(path) >= sizeof(sa.sun_path))
		return;
	strcpy(sa.sun_path, path);
	n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (path[0] == '@')
		sa.sun_path[0] = '\0'; /* an abstract name */
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return;
	/* Nobody there to hear it: nothing to be done about that. */
	(void)!sendto(
	    fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sa, n);
	(void)close(fd);
}

void
systemd_notify_reloading(void)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
	    (unsigned long long)clock_us());
	systemd_notify(text);
}

/* How many there are, if they are for this process. */
static int
sockets(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	long count;

	if (pid == NULL || n == NULL || strtol(pid, NULL, 10) != getpid())
		return 0;
	count = strtol(n, NULL, 10);
	return count < 0 || count > 16 ? 0 : (int)count;
}

/* The i-th of "a:b:c" is "ops". */
static bool
is_ops(const char *names, int i)
{
	static const char ops[] = "ops";
	size_t n;

	for (; names != NULL && i > 0; i--)
		if ((names = strchr(names, ':')) != NULL)
			names++;
	if (names == NULL)
		return false;
	n = strcspn(names, ":");
	return n == sizeof(ops) - 1 && memcmp(names, ops, n) == 0;
}

static bool
listens(int fd)
{
	int on = 0, type = 0, flags;
	socklen_t n = sizeof(on), m = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 &&
	       on == 1 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &m) == 0 &&
	       type == SOCK_STREAM && (flags = fcntl(fd, F_GETFL)) >= 0 &&
	       fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static unsigned
port_of(int fd)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t n = sizeof(ss);

	/* In both families it stands in the same place. */
	if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0 ||
	    (ss.ss_family != AF_INET && ss.ss_family != AF_INET6))
		return 0;
	return ntohs(((const struct sockaddr_in *)&ss)->sin_port);
}

int
systemd_socket(bool ops, unsigned *port)
{
	for (int i = 0; i < sockets(); i++) {
		if (is_ops(getenv("LISTEN_FDNAMES"), i) != ops)
			continue;
		if (listens(FIRST + i)) {
			*port = port_of(FIRST + i);
			return FIRST + i;
		}
		log_say(WEB_LOG_ERROR, "listen",
		    "what systemd gave us is no socket that listens; has it "
		    "Accept=yes?");
		return -2;
	}
	return -1;
}
