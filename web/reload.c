/* SPDX-License-Identifier: Apache-2.0 */
#include "web/reload.h"

#include <stdio.h>
#include <string.h>

#include "web/log.h"
#include "web/messages.h"

struct names {
	char text[512];
	size_t n;
};

static void
note(struct names *names, bool differs, const char *name)
{
	int n;

	if (!differs)
		return;
	n = snprintf(names->text + names->n, sizeof(names->text) - names->n,
	    "%s%s", names->n > 0 ? ", " : "", name);
	if (n > 0 && (size_t)n < sizeof(names->text) - names->n)
		names->n += (size_t)n;
}

static bool
differ(const char *a, const char *b)
{
	return strcmp(a, b) != 0;
}

/* As server_start() judges it, for Strict-Transport-Security. */
static bool
is_https(const struct config *c)
{
	return !c->trial && c->origins.n > 0 &&
	       strncmp(c->origins.v[0], "https:", 6) == 0;
}

/* Held by sockets, by threads, or by libmicrohttpd since its start. */
void
reload_warn(const struct config *started, const struct config *now)
{
	const struct config *a = started, *b = now;
	struct names names = { .n = 0 };

	note(&names, differ(a->listen, b->listen), "listen");
	note(&names, differ(a->ops_listen, b->ops_listen), "ops_listen");
	note(&names, differ(a->data, b->data), "data");
	note(&names,
	    (*a->tls_certificate == '\0') != (*b->tls_certificate == '\0'),
	    "whether there is TLS");
	note(&names, is_https(a) != is_https(b),
	    "whether origins begins with https");
	note(&names, a->workers != b->workers, "workers");
	note(&names, a->server_threads != b->server_threads, "server_threads");
	note(&names, a->connections != b->connections, "connections");
	note(&names, a->request_timeout != b->request_timeout,
	    "request_timeout");
	note(&names, a->waiting != b->waiting, "waiting");
	note(&names, messages_differ(a, b), "push and all that begins so");
	if (names.n > 0)
		log_say(WEB_LOG_WARNING, "reload",
		    "as before until a restart: %s", names.text);
}
