/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "rp/accounts.h"
#include "rp/sessions.h"
#include "web/cli.h"
#include "web/keyfile.h"
#include "web/messages.h"
#include "web/server/routes.h"
#include "web/server/tls.h"
#include "web/verify.h"

/*
 * What the configuration names can be read, and is what it should be: asked of
 * those that `serve` asks, so that what is fine here is not refused there.
 */
static bool
files_are_good(struct config *config)
{
	struct tls_identity *id = NULL;
	bool good = true;

	if (*config->tls_certificate != '\0') {
		id = tls_read(config->tls_certificate, config->tls_key);
		good = id != NULL;
		tls_forget(id);
	}
	good = site_check(config) && good;
	return messages_check(config) && good;
}

enum cli_exit
cmd_check_config(struct cli *c)
{
	struct config *config = cli_config(c);
	bool good;

	if (config == NULL)
		return CLI_CONFIG;
	good = files_are_good(config);
	if (good)
		(void)cli_done(c, "check-config",
		    config->trial
			? "fine; without rp_id this is a trial at localhost"
			: "fine");
	config_free(config);
	return good ? CLI_OK : CLI_CONFIG;
}

enum cli_exit
cmd_sample_config(struct cli *c)
{
	(void)c;
	config_print_sample(stdout);
	return CLI_OK;
}

static const char *
who_name(enum web_who who)
{
	switch (who) {
	case ANYONE:
		return "anyone";
	case ACCOUNT:
		return "account";
	case PHONE:
		return "phone";
	}
	return "";
}

static void
route_json(struct json_out *o, const struct route *r)
{
	json_out_object(o, NULL);
	json_out_word(o, "method", r->method);
	json_out_word(o, "path", r->path);
	json_out_word(o, "who", who_name(r->who));
	json_out_bool(o, "fresh", (r->flags & FRESH) != 0);
	json_out_bool(o, "commits", (r->flags & (COMMITS | GATHERED)) != 0);
	json_out_bool(o, "conformance", (r->flags & CONFORMANCE) != 0);
	json_out_int(o, "body_max", (int64_t)r->body_max);
	json_out_object_end(o);
}

enum cli_exit
cmd_routes(struct cli *c)
{
	struct cli_json j;

	if (c->json) {
		cli_json_begin(&j);
		json_out_array(&j.out, NULL);
	}
	for (size_t i = 0; i < route_count; i++) {
		const struct route *r = &routes[i];

		if ((r->flags & CONFORMANCE) != 0 && !c->conformance)
			continue;
		if (c->json)
			route_json(&j.out, r);
		else
			printf("%-7s %-32s %s%s\n", r->method, r->path,
			    who_name(r->who),
			    (r->flags & FRESH) != 0 ? ", fresh" : "");
	}
	if (c->json) {
		json_out_array_end(&j.out);
		cli_json_end(&j);
	}
	return CLI_OK;
}

/* What the store says of a copy that could not be made. */
static enum cli_exit
store_answer(enum store_rc rc, const char *from, const char *to)
{
	switch (rc) {
	case STORE_OK:
		return CLI_OK;
	case STORE_TAKEN:
		return cli_fail(CLI_REFUSED, "%s: has something in it", to);
	case STORE_ABSENT:
		return cli_fail(
		    CLI_REFUSED, "%s: there is no store in it", from);
	case STORE_FULL:
		return cli_fail(CLI_STORAGE, "%s: the disk is full", to);
	case STORE_DAMAGED:
		return cli_fail(CLI_STORAGE, "%s: is damaged", from);
	case STORE_BUSY:
		return cli_fail(
		    CLI_STORAGE, "%s: too many processes use it", from);
	case STORE_NEWER:
		return cli_fail(
		    CLI_STORAGE, "%s: was written by a newer itsumo", from);
	case STORE_REFUSED: /* which has been said */
		return CLI_STORAGE;
	default:
		return cli_fail(CLI_STORAGE, "%s: failed", to);
	}
}

/* What is kept beside a store, and done to it, where a copy is made. */
struct copying {
	const struct cli *cli;
	const char *from; /* where the keys are */
	bool keys; /* they were copied */
	size_t ended; /* sessions */
};

/* The keys belong to the store: without them decoys would change. */
static bool
copy_keys(const char *to, void *arg)
{
	struct copying *x = arg;

	return keyfile_copy(x->from, to, &x->keys);
}

/* Nothing is left of them in a folder that became no copy. */
static void
forget_keys(const char *dir, const struct copying *x)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/keys", dir);

	if (x->keys && n < (int)sizeof(path))
		(void)unlink(path);
}

static enum cli_exit
say_backup(const struct cli *c, bool keys)
{
	struct cli_json j;

	if (!c->json) {
		puts(keys ? "done: the store and the keys"
			  : "done: the store.  The keys are NOT in it: they "
			    "are not in the data folder but where systemd "
			    "has them; keep a copy of those too");
		return CLI_OK;
	}
	cli_json_begin(&j);
	json_out_object(&j.out, NULL);
	json_out_word(&j.out, "done", "backup");
	json_out_bool(&j.out, "keys", keys);
	json_out_object_end(&j.out);
	cli_json_end(&j);
	return CLI_OK;
}

enum cli_exit
cmd_backup(struct cli *c)
{
	struct copying x = { .cli = c };
	struct cli_house h;
	enum cli_exit rc = cli_open(c, &h);
	enum store_rc s;

	if (rc != CLI_OK)
		return rc;
	(void)umask(077);
	x.from = h.site->config->data;
	/* Those that lie in the folder are then not the ones in use. */
	s = store_backup(
	    h.store, c->arg[0], keyfile_is_systemds() ? NULL : copy_keys, &x);
	if (s != STORE_OK && s != STORE_TAKEN)
		forget_keys(c->arg[0], &x);
	rc = store_answer(s, x.from, c->arg[0]);
	cli_close(&h);
	return rc != CLI_OK ? rc : say_backup(c, x.keys);
}

/* Every session of every account. */
static enum cli_exit
end_sessions(struct cli_house *h, size_t *ended)
{
	static struct store_account page[64];
	struct account_id after = { { 0 } };
	enum cli_exit rc = CLI_OK;
	struct store_txn *t;
	enum store_rc s;
	size_t n, one;

	do {
		n = 0;
		if ((s = store_read_begin(h->store, &t)) == STORE_OK) {
			s = store_accounts_list(t, &after, page, 64, &n);
			store_read_end(t);
		}
		if (s != STORE_OK && s != STORE_ABSENT)
			return cli_fail(CLI_STORAGE, "the store failed");
		for (size_t i = 0; rc == CLI_OK && i < n; i++) {
			one = 0;
			rc = cli_answer(rp_admin_session_revoke(h->rp, &h->call,
					    &page[i].id, NULL, &one),
			    page[i].name);
			*ended += one;
		}
		if (n > 0)
			after = page[n - 1].id;
	} while (rc == CLI_OK && n == 64);
	return rc;
}

static bool
prepare(const char *dir, void *arg)
{
	struct copying *x = arg;
	struct config *config;
	struct cli_house h;
	bool good;

	if (!copy_keys(dir, x))
		return false;
	if (!x->cli->end_sessions)
		return true;
	if ((config = cli_config(x->cli)) == NULL ||
	    cli_open_at(config, dir, &h) != CLI_OK)
		return false;
	good = end_sessions(&h, &x->ended) == CLI_OK;
	cli_close(&h);
	return good;
}

static enum cli_exit
say_restore(const struct cli *c, const struct copying *x)
{
	struct cli_json j;

	if (c->json) {
		cli_json_begin(&j);
		json_out_object(&j.out, NULL);
		json_out_word(&j.out, "done", "restore");
		json_out_bool(&j.out, "keys", x->keys);
		json_out_int(&j.out, "sessions_ended", (int64_t)x->ended);
		json_out_object_end(&j.out);
		cli_json_end(&j);
		return CLI_OK;
	}
	if (!x->keys)
		puts("The keys are NOT in this backup: put them where systemd "
		     "has them, or into the data folder, before the server "
		     "makes new ones: phones would not be woken any more.");
	if (c->end_sessions)
		printf("done; %zu sessions ended\n", x->ended);
	else
		puts("done.  Sessions, passkeys and kept browsers that were "
		     "ended or removed since the backup are back, and locks "
		     "are as they were; --end-sessions ends all sessions.");
	return CLI_OK;
}

enum cli_exit
cmd_restore(struct cli *c)
{
	struct config *config = cli_config(c);
	struct store_options o = { .readers = 4 };
	struct copying x = { .cli = c, .from = c->arg[0] };
	enum cli_exit rc;

	if (config == NULL)
		return CLI_CONFIG;
	(void)umask(077);
	o.dir = config->data;
	rc = store_answer(
	    store_restore(c->arg[0], &o, prepare, &x), c->arg[0], o.dir);
	config_free(config);
	return rc != CLI_OK ? rc : say_restore(c, &x);
}

enum cli_exit
cmd_key_rotate(struct cli *c)
{
	struct cli_house h;
	enum cli_exit rc = cli_open(c, &h);
	bool ok;

	if (rc != CLI_OK)
		return rc;
	ok = keyfile_rotate(h.site->config->data);
	cli_close(&h);
	return !ok ? CLI_STORAGE
		   : cli_done(c, "rotated", "done; send SIGHUP to the server");
}

enum cli_exit
cmd_verify(struct cli *c)
{
	(void)c;
	return web_verify(stdin, stdout) == 0 ? CLI_OK : CLI_SYSTEM;
}
