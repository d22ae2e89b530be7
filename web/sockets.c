/* SPDX-License-Identifier: Apache-2.0 */
#include "web/sockets.h"

#include <sys/resource.h>

#include <stdio.h>
#include <string.h>

#include "web/log.h"
#include "web/server/listen.h"
#include "web/systemd.h"

/* The store, the log, pushes, and whatever a library opens. */
enum { FILES_OF_OURS = 256 };

bool
sockets_room(struct config *c)
{
	rlim_t want = (rlim_t)c->connections + FILES_OF_OURS;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return true;
	if (files.rlim_max < want) {
		struct rlimit more = { want, want };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return true;
	}
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_max >= want)
		return true;
	if (!c->trial || files.rlim_max < 2 * FILES_OF_OURS) {
		(void)cli_fail(CLI_SYSTEM,
		    "connections = %ld needs more open files than this process "
		    "may have; LimitNOFILE of systemd or `ulimit -n` allows "
		    "more, or lower connections",
		    c->connections);
		return false;
	}
	c->connections = (long)(files.rlim_max - FILES_OF_OURS);
	log_say(WEB_LOG_WARNING, "start",
	    "no more than %ld connections: more files may not be open",
	    c->connections);
	return true;
}

enum cli_exit
sockets_pages(const struct config *c, int *fd, unsigned *port)
{
	if ((*fd = systemd_socket(false, port)) == -2)
		return CLI_SYSTEM;
	if (*fd >= 0 && c->trial)
		return cli_fail(CLI_CONFIG,
		    "a socket of systemd is not for a trial: set rp_id");
	if (*fd < 0)
		*fd = listen_bind(c->listen, port);
	return *fd >= 0 ? CLI_OK
			: cli_fail(CLI_SYSTEM,
			      "cannot listen at %s; --listen says where else",
			      c->listen);
}

bool
sockets_ops(const struct config *c, unsigned pages, int *fd, unsigned *port)
{
	const char *listen_at = c->ops_listen;
	char text[32];
	bool automatic = strcmp(listen_at, "auto") == 0;
	unsigned at = pages;

	if ((*fd = systemd_socket(true, port)) != -1)
		return *fd >= 0;
	if (strcmp(listen_at, "off") == 0)
		return true;
	if (!automatic) {
		*fd = listen_bind(listen_at, port);
		if (*fd < 0)
			(void)cli_fail(
			    CLI_SYSTEM, "cannot listen at %s", listen_at);
		return *fd >= 0;
	}
	/* Ports that the kernel chose are not followed by free ones. */
	if (strstr(c->listen, ":0") != NULL &&
	    strcmp(strrchr(c->listen, ':'), ":0") == 0)
		at = 0;
	(void)snprintf(text, sizeof(text), "127.0.0.1:%u",
	    at == 0 || at >= 65535 ? 0 : at + 1);
	if ((*fd = listen_bind(text, port)) < 0)
		log_say(WEB_LOG_WARNING, "start",
		    "no /healthz and no /metrics; ops_listen says where else");
	return true;
}

void
sockets_ops_place(const struct config *c, unsigned number, char *out, size_t n)
{
	const char *at = c->ops_listen;
	const char *port = strrchr(at, ':');
	int host = port == NULL ? 0 : (int)(port - at);

	unsigned same;

	if (systemd_socket(true, &same) >= 0)
		(void)snprintf(out, n, "the socket of systemd");
	else if (strcmp(at, "auto") == 0)
		(void)snprintf(out, n, "http://127.0.0.1:%u", number);
	else if (strncmp(at, "unix:", 5) == 0)
		(void)snprintf(out, n, "%s", at);
	else if (host == 0)
		(void)snprintf(out, n, "port %u of every address", number);
	else
		(void)snprintf(out, n, "http://%.*s:%u", host, at, number);
}
