/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/listen.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "web/log.h"
#include "web/server/address.h"

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

/* -1 and errno. */
static int
bind_address(const struct sockaddr *sa, socklen_t n)
{
	int on = 1, off = 0, fd, why;

	if ((fd = socket(sa->sa_family,
		 SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (sa->sa_family == AF_INET6)
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, sa, n) == 0)
		return fd;
	why = errno;
	(void)close(fd);
	errno = why;
	return -1;
}

/*
 * Where no address was given, IPv6 that also takes IPv4; on a machine without
 * IPv6 (no such family, or no address of it) IPv4 alone.
 */
static int
bind_inet(const char *host, uint16_t port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	bool any = *host == '\0';
	struct address a = { 0 };
	int fd;

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (!any && !address_parse(slice_of(host), &a)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(&in.sin_addr, a.b + 12, 4);
	memcpy(&in6.sin6_addr, a.b, 16);
	if (!any && strchr(host, ':') == NULL)
		return bind_address((struct sockaddr *)&in, sizeof(in));
	fd = bind_address((struct sockaddr *)&in6, sizeof(in6));
	if (fd < 0 && any && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = bind_address((struct sockaddr *)&in, sizeof(in));
	return fd;
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
listen_bind(const char *where, unsigned *port)
{
	char host[STORE_ADDRESS_MAX + 1];
	uint16_t wanted = 0;
	int fd;

	if (strncmp(where, "unix:", 5) == 0)
		fd = bind_unix(where + 5);
	else if (!address_split(where, host, sizeof(host), &wanted)) {
		log_say(WEB_LOG_ERROR, "listen", "%s: is no address", where);
		fd = -1;
	} else if ((fd = bind_inet(host, wanted)) < 0)
		log_say(WEB_LOG_ERROR, "listen", "%s: %s", where,
		    errno == EADDRINUSE ? "another program listens there"
					: strerror(errno));
	if (fd >= 0 && listen(fd, 1024) != 0) {
		log_say(WEB_LOG_ERROR, "listen", "%s: %s", where,
		    errno == EADDRINUSE ? "another program listens there"
					: strerror(errno));
		(void)close(fd);
		fd = -1;
	}
	if (fd >= 0)
		*port = port_of(fd);
	return fd;
}
