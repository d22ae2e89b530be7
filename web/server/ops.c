/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/ops.h"

#include <sys/statvfs.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

#include "store/outbox.h"
#include "web/deliver/counters.h"
#include "web/log.h"
#include "web/metrics.h"
#include "web/server/address.h"
#include "web/server/origin.h"
#include "web/server/reply.h"
#include "web/server/routes.h"

enum { ROOM_MIN = 16 << 20, CONNECTIONS = 32, TIMEOUT_S = 10 };

struct ops {
	struct MHD_Daemon *daemon;
	struct web_server *server;
	struct store *store;
	const char *data;
};

/*
 * A listener on loopback is for this machine: a page of another site whose
 * name was made to lead here reads nothing.  On other addresses it has names
 * that nobody here knows.
 */
static bool
may_read(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr_storage ss = { 0 };
	socklen_t n = sizeof(ss);
	struct address ours;

	return info == NULL ||
	       getsockname(info->connect_fd, (struct sockaddr *)&ss, &n) != 0 ||
	       !address_of_socket((struct sockaddr *)&ss, &ours) ||
	       !address_is_loopback(&ours) ||
	       origin_host_is_local(MHD_lookup_connection_value(
		   connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST));
}

/* NULL when all is well, else what is not. */
static const char *
trouble(const struct ops *o)
{
	struct store_txn *t;
	struct statvfs fs;

	if (server_draining(o->server))
		return "draining";
	if (store_read_begin(o->store, &t) != STORE_OK)
		return "the store cannot be read";
	store_read_end(t);
	if (access(o->data, W_OK) != 0 || statvfs(o->data, &fs) != 0)
		return "the data folder cannot be written to";
	if (fs.f_bavail * fs.f_frsize < ROOM_MIN)
		return "the disk is full";
	return NULL;
}

static void
write_store(FILE *to, struct store *s)
{
	struct store_stat st;

	if (store_stat(s, &st) != STORE_OK)
		return;
#define PUT(name, type, field, help)                                           \
	fprintf(to,                                                            \
	    "# HELP itsumo_" name " " help "\n# TYPE itsumo_" name " " type    \
	    "\nitsumo_" name " %" PRIu64 "\n",                                 \
	    (uint64_t)st.field)
	PUT("accounts", "gauge", accounts, "Accounts");
	PUT("credentials", "gauge", credentials, "Passkeys");
	PUT("sessions", "gauge", sessions,
	    "Sessions, expired ones not yet "
	    "removed among them");
	PUT("history_entries", "gauge", history, "Lines of sign-in history");
	PUT("audit_entries", "gauge", audit, "Entries of the audit log");
	PUT("store_bytes_used", "gauge", bytes_used, "Bytes in use");
	PUT("store_bytes_mapped", "gauge", bytes_mapped, "Bytes mapped");
	PUT("store_updates_total", "counter", updates, "Updates asked for");
	PUT("store_commits_total", "counter", commits,
	    "Commits; updates share them");
	PUT("store_damaged_total", "counter", damaged,
	    "Records met that cannot be read");
#undef PUT
}

/* What waits to be sent, by whatever process, and what never will be. */
static void
write_outbox(FILE *to, struct store *s)
{
	struct store_outbox_stat st;
	struct store_txn *t;
	enum store_rc rc;

	if (store_read_begin(s, &t) != STORE_OK)
		return;
	rc = store_outbox_stat(t, &st);
	store_read_end(t);
	if (rc != STORE_OK)
		return;
	fprintf(to,
	    "# HELP itsumo_outbox_messages Messages in the store\n"
	    "# TYPE itsumo_outbox_messages gauge\n"
	    "itsumo_outbox_messages{state=\"waiting\"} %" PRIu64 "\n"
	    "itsumo_outbox_messages{state=\"given-up\"} %" PRIu64 "\n",
	    st.waiting, st.given_up);
}

static void
write_process(FILE *to)
{
	unsigned long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f != NULL) {
		if (fscanf(f, "%lu %lu", &size, &resident) != 2)
			resident = 0;
		(void)fclose(f);
	}
	fprintf(to,
	    "# HELP process_resident_memory_bytes Resident memory\n"
	    "# TYPE process_resident_memory_bytes gauge\n"
	    "process_resident_memory_bytes %lu\n",
	    resident * (unsigned long)sysconf(_SC_PAGESIZE));
	fprintf(to,
	    "# HELP process_cpu_seconds_total Processor time\n"
	    "# TYPE process_cpu_seconds_total counter\n"
	    "process_cpu_seconds_total %g\n",
	    (double)clock() / CLOCKS_PER_SEC);
}

static struct MHD_Response *
text_reply(const char *text)
{
	return MHD_create_response_from_buffer(
	    strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *
metrics_reply(struct ops *o)
{
	struct MHD_Response *m = NULL;
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	if (to == NULL)
		return NULL;
	metrics_write(to, route_name);
	deliver_counters_write(to);
	write_outbox(to, o->store);
	write_store(to, o->store);
	write_process(to);
	fputs("# HELP itsumo_build_info The version\n"
	      "# TYPE itsumo_build_info gauge\n"
	      "itsumo_build_info{version=\"" ITSUMO_VERSION "\"} 1\n",
	    to);
	if (fclose(to) == 0)
		m = MHD_create_response_from_buffer(
		    n, text, MHD_RESPMEM_MUST_FREE);
	if (m == NULL)
		free(text);
	else
		reply_header(m, "Content-Type",
		    "text/plain; version=0.0.4; charset=utf-8");
	return m;
}

static enum MHD_Result
on_access(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_n, void **state)
{
	struct ops *o = cls;
	struct MHD_Response *m;
	unsigned status = 200;
	enum MHD_Result rc;
	const char *why;

	(void)version;
	(void)upload;
	(void)state;
	if (*upload_n > 0)
		return MHD_NO;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		status = 405;
		m = text_reply("method not allowed\n");
	} else if (!may_read(connection)) {
		status = 421;
		m = text_reply("this host is not served here\n");
	} else if (strcmp(url, "/healthz/live") == 0)
		m = text_reply("ok\n");
	else if (strcmp(url, "/healthz/ready") == 0) {
		why = trouble(o);
		status = why == NULL ? 200 : 503;
		m = text_reply(why == NULL ? "ok\n" : why);
	} else if (strcmp(url, "/metrics") == 0)
		m = metrics_reply(o);
	else {
		status = 404;
		m = text_reply("not found\n");
	}
	if (m == NULL)
		return MHD_NO;
	reply_header(m, "Cache-Control", "no-store");
	reply_header(m, "X-Content-Type-Options", "nosniff");
	rc = MHD_queue_response(connection, status, m);
	MHD_destroy_response(m);
	return rc;
}

struct ops *
ops_start(
    int fd, struct web_server *server, struct store *store, const char *data)
{
	struct ops *o = calloc(1, sizeof(*o));

	if (o == NULL) {
		(void)close(fd);
		return NULL;
	}
	o->server = server;
	o->store = store;
	o->data = data;
	/* clang-format off */
	o->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL,
	    NULL, on_access, o,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_END);
	/* clang-format on */
	if (o->daemon != NULL)
		return o;
	log_say(
	    WEB_LOG_ERROR, "start", "the ops listener could not be started");
	(void)close(fd);
	free(o);
	return NULL;
}

void
ops_stop(struct ops *o)
{
	if (o == NULL)
		return;
	MHD_stop_daemon(o->daemon);
	free(o);
}
