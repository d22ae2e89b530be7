/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "web/cli.h"
#include "web/clock.h"
#include "web/keyfile.h"
#include "web/log.h"
#include "web/messages.h"
#include "web/server/listen.h"
#include "web/server/ops.h"
#include "web/server/server.h"
#include "web/server/tls.h"
#include "web/sweeper.h"
#include "web/systemd.h"

/* How long messages under way may take to be answered at the end. */
enum { GRACE_MS = 2000 };

/* Everything that runs, in the order in which it is started. */
struct service {
	const struct cli *cli;
	struct config *config; /* until a site has it */
	int fd, ops_fd;
	unsigned port, ops_port;
	char *data; /* these four stay what they were at the start */
	bool tls;
	struct store *store;
	struct deliver *deliver; /* NULL: no pushes */
	struct web_server *server;
	struct ops *ops;
	struct sweeper *sweeper;
};

static void
on_store_log(int priority, const char *line, void *arg)
{
	(void)arg;
	log_say(priority <= WEB_LOG_ERROR   ? WEB_LOG_ERROR
		: priority >= WEB_LOG_DEBUG ? WEB_LOG_DEBUG
					    : (enum log_level)priority,
	    "store", "%s", line);
}

/* The state of the process before there is any thread. */
static void
harden(void)
{
	struct rlimit files;
	sigset_t ours;

	(void)umask(077);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* No core dump has our keys.  (Leak checkers trace the process.) */
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	/* Signals are waited for, by the first thread alone. */
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &ours, NULL);
	json_object_seed(0);
}

/* In "auto" the port after the first one, on loopback; missed in a trial. */
static bool
bind_ops(struct service *s)
{
	const char *listen_at = s->config->ops_listen;
	char text[32];
	bool automatic = strcmp(listen_at, "auto") == 0;
	unsigned port = s->port;

	if (strcmp(listen_at, "off") == 0)
		return true;
	if (!automatic)
		return (s->ops_fd = listen_bind(listen_at, &s->ops_port)) >= 0;
	/* Ports that the kernel chose are not followed by free ones. */
	if (strstr(s->config->listen, ":0") != NULL &&
	    strcmp(strrchr(s->config->listen, ':'), ":0") == 0)
		port = 0;
	(void)snprintf(text, sizeof(text), "127.0.0.1:%u",
	    port == 0 || port >= 65535 ? 0 : port + 1);
	if ((s->ops_fd = listen_bind(text, &s->ops_port)) < 0)
		log_say(WEB_LOG_WARNING, "start",
		    "no /healthz and no /metrics; ops_listen says where else");
	return true;
}

static enum cli_exit
open_store(struct service *s)
{
	struct store_options o = { .dir = s->data, .log = on_store_log };

	o.readers = (unsigned)s->config->workers +
		    (unsigned)s->config->server_threads + 16;
	switch (store_open(&o, &s->store)) {
	case STORE_OK:
		return CLI_OK;
	case STORE_NEWER:
		return cli_fail(CLI_STORAGE,
		    "%s was written by a newer itsumo; update this one",
		    s->data);
	case STORE_FULL:
		return cli_fail(CLI_STORAGE, "%s: the disk is full", s->data);
	case STORE_BUSY:
		return cli_fail(
		    CLI_STORAGE, "%s: too many processes use it", s->data);
	default:
		return cli_fail(CLI_STORAGE,
		    "%s cannot be used as the data folder", s->data);
	}
}

static enum cli_exit
start(struct service *s)
{
	struct keyfile keys;
	struct site *site;
	enum cli_exit rc;

	if ((s->fd = listen_bind(s->config->listen, &s->port)) < 0)
		return cli_fail(CLI_SYSTEM,
		    "cannot listen at %s; --listen says where else",
		    s->config->listen);
	if (!bind_ops(s))
		return cli_fail(
		    CLI_SYSTEM, "cannot listen at %s", s->config->ops_listen);
	if (!config_trial_origin(s->config, s->port))
		return CLI_SYSTEM;
	if ((rc = open_store(s)) != CLI_OK)
		return rc;
	if (!keyfile_load(s->data, &keys))
		return CLI_STORAGE;
	if (s->tls && !tls_load(s->config->tls_certificate, s->config->tls_key))
		return CLI_CONFIG;
	if (s->config->trial)
		cli_remember_origin(s->store, s->config->origins.v[0]);
	if (!messages_start(s->config, s->store, keys.push, &s->deliver))
		return CLI_CONFIG;
	site = site_new(s->config, &keys.rp, s->store);
	s->config = NULL; /* now the site's */
	if (site == NULL)
		return CLI_CONFIG;
	site->deliver = s->deliver;
	metadata_look(site->metadata, s->store);
	s->server = server_start(s->fd, site);
	s->fd = -1; /* now the server's */
	if (s->server == NULL)
		return CLI_SYSTEM;
	if (s->ops_fd >= 0) {
		s->ops = ops_start(s->ops_fd, s->server, s->store, s->data);
		s->ops_fd = -1;
		if (s->ops == NULL)
			return CLI_SYSTEM;
	}
	s->sweeper = sweeper_start(s->store, s->server);
	return s->sweeper == NULL ? CLI_SYSTEM : CLI_OK;
}

static void
greet(const struct service *s)
{
	struct site *site = server_site(s->server);
	const struct config *c = site->config;

	printf("itsumo is ready at %s%s%s\n", c->origins.v[0],
	    c->trial ? " (a trial: no configuration; data in " : "",
	    c->trial ? s->data : "");
	if (c->trial)
		printf("  for this machine only; Ctrl-C ends it)\n");
	if (s->ops != NULL)
		printf(
		    "metrics and health at http://127.0.0.1:%u\n", s->ops_port);
	(void)fflush(stdout);
	if (c->conformance)
		log_say(WEB_LOG_WARNING, "conformance",
		    "the conformance API is on: ANYBODY can make accounts and "
		    "add passkeys to those that exist; for tests only");
	log_say(WEB_LOG_INFO, "start", "serving %s at %s", c->rp_id,
	    c->origins.v[0]);
	site_drop(site);
}

/* What a reload cannot change is said, and stays. */
static void
warn_of_restart(
    const struct service *s, const struct config *old, const struct config *new)
{
	bool tls = *new->tls_certificate != '\0';

	if (strcmp(old->listen, new->listen) != 0 ||
	    strcmp(old->ops_listen, new->ops_listen) != 0 ||
	    strcmp(old->data, new->data) != 0 || old->workers != new->workers ||
	    old->server_threads != new->server_threads ||
	    old->connections != new->connections ||
	    old->waiting != new->waiting || messages_differ(old, new) ||
	    tls != s->tls)
		log_say(WEB_LOG_WARNING, "reload",
		    "listen, ops_listen, data, workers, server_threads, "
		    "connections, waiting, all of push and whether there is "
		    "TLS want a restart");
}

static void
reload(struct service *s)
{
	struct config *config = cli_config(s->cli);
	struct site *old, *site = NULL;
	enum log_level level;
	struct keyfile keys;

	if (config == NULL || !config_trial_origin(config, s->port)) {
		config_free(config);
		log_say(WEB_LOG_ERROR, "reload",
		    "refused; the configuration from before stays in force");
		return;
	}
	old = server_site(s->server);
	warn_of_restart(s, old->config, config);
	site_drop(old);
	(void)log_level_parse(config->log_level, &level);
	if (s->tls && *config->tls_certificate != '\0' &&
	    !tls_load(config->tls_certificate, config->tls_key))
		config_free(config);
	else if (!keyfile_load(s->data, &keys))
		config_free(config);
	else
		site = site_new(config, &keys.rp, s->store);
	if (site == NULL) {
		log_say(WEB_LOG_ERROR, "reload",
		    "refused; the configuration from before stays in force");
		return;
	}
	site->deliver = s->deliver;
	old = server_site(s->server);
	metadata_inherit(site->metadata, old->metadata);
	site_drop(old);
	metadata_look(site->metadata, s->store);
	log_level_set(level);
	server_reload(s->server, site);
	log_say(WEB_LOG_INFO, "reload", "the new configuration is in force");
}

/* Until it is time to end. */
static void
wait_for_signals(struct service *s)
{
	sigset_t ours;
	int sig;

	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	for (;;) {
		if (sigwait(&ours, &sig) != 0)
			continue;
		if (sig != SIGHUP)
			return;
		systemd_notify_reloading();
		reload(s);
		systemd_notify("READY=1");
	}
}

/* Ends what was started, in the other direction. */
static void
stop(struct service *s)
{
	struct site *site;
	int64_t ms;

	if (s->server != NULL) {
		site = server_site(s->server);
		ms = site->config->drain_time;
		site_drop(site);
		if (!server_drain(s->server, ms)) {
			/*
			 * Something still holds the store.  What it was told
			 * is on the disk; the rest ends with the process.
			 */
			log_say(WEB_LOG_WARNING, "stop",
			    "not everything had ended in time");
			_exit(0);
		}
	}
	ops_stop(s->ops);
	sweeper_stop(s->sweeper);
	server_free(s->server);
	deliver_close(s->deliver, GRACE_MS);
	if (s->fd >= 0)
		(void)close(s->fd);
	if (s->ops_fd >= 0)
		(void)close(s->ops_fd);
	tls_close();
	config_free(s->config);
	if (s->store != NULL)
		store_close(s->store);
	free(s->data);
}

enum cli_exit
cmd_serve(struct cli *c)
{
	struct service s = { .cli = c, .fd = -1, .ops_fd = -1 };
	enum log_level level;
	enum cli_exit rc;

	if ((s.config = cli_config(c)) == NULL)
		return CLI_CONFIG;
	cli_tame_memory();
	harden();
	if (log_level_parse(s.config->log_level, &level))
		log_level_set(level);
	s.tls = *s.config->tls_certificate != '\0';
	if ((s.data = strdup(s.config->data)) == NULL)
		rc = CLI_SYSTEM;
	else
		rc = start(&s);
	if (rc == CLI_OK) {
		greet(&s);
		systemd_notify("READY=1");
		wait_for_signals(&s);
		systemd_notify("STOPPING=1");
		log_say(WEB_LOG_INFO, "stop", "draining");
	}
	stop(&s);
	return rc;
}
