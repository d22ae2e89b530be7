/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/prctl.h>
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
#include "web/reload.h"
#include "web/server/ops.h"
#include "web/server/server.h"
#include "web/server/tls.h"
#include "web/sockets.h"
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
	char *data; /* these stay what they were at the start */
	bool tls;
	struct site *first;
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
	sigset_t ours;

	(void)umask(077);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* No core dump has our keys.  (Leak checkers trace the process.) */
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	/* Signals are waited for, by the first thread alone. */
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &ours, NULL);
	json_object_seed(0);
}

static enum cli_exit
open_store(struct service *s)
{
	struct store_options o = { .dir = s->data, .log = on_store_log };

	o.readers = (unsigned)s->config->workers +
		    (unsigned)s->config->server_threads + 16;
	return cli_store_open(&o, &s->store);
}

/* What has the keys; it takes the configuration over. */
static enum cli_exit
open_site(struct service *s, struct site **site)
{
	struct keyfile keys;
	enum cli_exit rc = CLI_OK;

	if (!keyfile_load(s->data, &keys))
		return CLI_STORAGE;
	if (!messages_start(s->config, s->store, keys.push, &s->deliver))
		rc = CLI_CONFIG;
	if (rc == CLI_OK) {
		*site = site_new(s->config, &keys.rp, s->store);
		s->config = NULL; /* now the site's */
		if (*site == NULL)
			rc = CLI_CONFIG;
	}
	keyfile_wipe(&keys);
	if (rc == CLI_OK)
		(*site)->deliver = s->deliver;
	return rc;
}

static enum cli_exit
open_certificate(struct service *s)
{
	struct tls_identity *id;

	if (!s->tls)
		return CLI_OK;
	id = tls_read(s->config->tls_certificate, s->config->tls_key);
	if (id == NULL)
		return CLI_CONFIG;
	tls_use(id);
	return CLI_OK;
}

static enum cli_exit
start_answering(struct service *s, struct site *site)
{
	(void)site_take(site);
	s->first = site;
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

static enum cli_exit
start(struct service *s)
{
	struct site *site = NULL;
	enum cli_exit rc;

	if (!sockets_room(s->config))
		return CLI_SYSTEM;
	if ((rc = sockets_pages(s->config, &s->fd, &s->port)) != CLI_OK)
		return rc;
	if (!sockets_ops(s->config, s->port, &s->ops_fd, &s->ops_port))
		return CLI_SYSTEM;
	if (!config_trial_origin(s->config, s->port))
		return CLI_SYSTEM;
	if ((rc = open_store(s)) != CLI_OK ||
	    (rc = open_certificate(s)) != CLI_OK)
		return rc;
	if (s->config->trial)
		cli_remember_origin(s->store, s->config->origins.v[0]);
	if ((rc = open_site(s, &site)) != CLI_OK)
		return rc;
	return start_answering(s, site);
}

static void
greet(const struct service *s)
{
	struct site *site = server_site(s->server);
	const struct config *c = site->config;
	char place[256];

	printf("itsumo is ready at %s%s%s\n", c->origins.v[0],
	    c->trial ? " (a trial: no configuration; data in " : "",
	    c->trial ? s->data : "");
	if (c->trial)
		printf("  for this machine only; Ctrl-C ends it)\n");
	if (s->ops != NULL) {
		sockets_ops_place(c, s->ops_port, place, sizeof(place));
		printf("metrics and health at %s\n", place);
	}
	(void)fflush(stdout);
	if (c->conformance)
		log_say(WEB_LOG_WARNING, "conformance",
		    "the conformance API is on and all limits are off: ANYBODY "
		    "can make accounts and add passkeys to those that exist; "
		    "for tests only");
	log_say(WEB_LOG_INFO, "start", "serving %s at %s", c->rp_id,
	    c->origins.v[0]);
	site_drop(site);
}

/*
 * Everything that a configuration needs is there before any of it counts.
 * NULL: config is freed.
 */
static struct site *
read_again(
    struct service *s, struct config *config, struct tls_identity **identity)
{
	struct site *site = NULL;
	struct keyfile keys;

	if (s->tls && *config->tls_certificate != '\0' &&
	    (*identity = tls_read(config->tls_certificate, config->tls_key)) ==
		NULL)
		config_free(config);
	else if (!keyfile_load(s->data, &keys))
		config_free(config);
	else {
		site = site_new(config, &keys.rp, s->store);
		keyfile_wipe(&keys);
	}
	return site;
}

static void
put_into_force(
    struct service *s, struct site *site, struct tls_identity *identity)
{
	struct site *old = server_site(s->server);
	enum log_level level;

	reload_warn(s->first->config, site->config);
	/* Who was told to wait still has to. */
	rp_limits_share(site->rp, old->rp);
	metadata_inherit(site->metadata, old->metadata);
	site_drop(old);
	metadata_look(site->metadata, s->store);
	site->deliver = s->deliver;
	if (log_level_parse(site->config->log_level, &level))
		log_level_set(level);
	if (identity != NULL)
		tls_use(identity);
	server_reload(s->server, site);
	log_say(WEB_LOG_INFO, "reload", "the new configuration is in force");
}

static void
reload(struct service *s)
{
	struct config *config = cli_config(s->cli);
	struct tls_identity *identity = NULL;
	struct site *site = NULL;

	if (config != NULL && config_trial_origin(config, s->port))
		site = read_again(s, config, &identity);
	else
		config_free(config);
	if (site != NULL) {
		put_into_force(s, site, identity);
		return;
	}
	tls_forget(identity);
	log_say(WEB_LOG_ERROR, "reload",
	    "refused; the configuration from before stays in force");
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
			log_say(WEB_LOG_ERROR, "stop",
			    "not everything had ended in drain_time: cut off");
			_exit(CLI_SYSTEM);
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
	site_drop(s->first);
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
