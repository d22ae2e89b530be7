/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "rp/evidence.h"
#include "store/audit.h"
#include "web/cli.h"
#include "web/keyfile.h"
#include "web/server/place.h"
#include "web/server/routes.h"
#include "web/server/tls.h"
#include "web/verify.h"

/* {"done": word} or a word. */
static enum cli_exit
done(const struct cli *c, const char *word, const char *text)
{
	struct cli_json j;

	if (!c->json) {
		puts(text);
		return CLI_OK;
	}
	cli_json_begin(&j);
	json_out_object(&j.out, NULL);
	json_out_word(&j.out, "done", word);
	json_out_object_end(&j.out);
	cli_json_end(&j);
	return CLI_OK;
}

/* The files that a configuration names can be read, and are what they say. */
static bool
files_are_good(const struct config *config)
{
	const char *why = "";
	struct place *place;
	bool good = true;

	if (*config->tls_certificate != '\0' && *config->tls_key != '\0')
		good = tls_load(config->tls_certificate, config->tls_key);
	tls_close();
	if (*config->geoip_database != '\0') {
		place = place_open(config->geoip_database, &why);
		if (place == NULL) {
			(void)cli_fail(CLI_CONFIG, "geoip_database: %s: %s",
			    config->geoip_database, why);
			good = false;
		}
		place_close(place);
	}
	good = trust_check(config) && good;
	return good;
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
		(void)done(c, "check-config",
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
	default:
		return cli_fail(CLI_STORAGE, "%s: failed", to);
	}
}

/* The keys belong to the store: without them decoys would change. */
static bool
copy_keys(const char *from, const char *to)
{
	char path[2][PATH_MAX], bytes[1024];
	FILE *in, *out = NULL;
	size_t n = 0;
	bool ok;

	(void)snprintf(path[0], PATH_MAX, "%s/keys", from);
	(void)snprintf(path[1], PATH_MAX, "%s/keys", to);
	if ((in = fopen(path[0], "re")) == NULL)
		return errno == ENOENT; /* systemd keeps them elsewhere */
	n = fread(bytes, 1, sizeof(bytes), in);
	ok = ferror(in) == 0 && (out = fopen(path[1], "wxe")) != NULL &&
	     fwrite(bytes, 1, n, out) == n && fflush(out) == 0 &&
	     fsync(fileno(out)) == 0;
	(void)fclose(in);
	if (out != NULL)
		ok = fclose(out) == 0 && ok;
	explicit_bzero(bytes, sizeof(bytes));
	return ok;
}

enum cli_exit
cmd_backup(struct cli *c)
{
	struct cli_house h;
	enum cli_exit rc = cli_open(c, &h);

	if (rc != CLI_OK)
		return rc;
	(void)umask(077);
	rc = store_answer(
	    store_backup(h.store, c->arg[0]), h.site->config->data, c->arg[0]);
	if (rc == CLI_OK && !copy_keys(h.site->config->data, c->arg[0]))
		rc = cli_fail(
		    CLI_STORAGE, "%s: the keys were not copied", c->arg[0]);
	cli_close(&h);
	return rc != CLI_OK ? rc : done(c, "backup", "done");
}

enum cli_exit
cmd_restore(struct cli *c)
{
	struct config *config = cli_config(c);
	struct store_options o = { .readers = 4 };
	enum cli_exit rc;

	if (config == NULL)
		return CLI_CONFIG;
	(void)umask(077);
	o.dir = config->data;
	rc = store_answer(store_restore(c->arg[0], &o), c->arg[0], o.dir);
	if (rc == CLI_OK && !copy_keys(c->arg[0], o.dir))
		rc = cli_fail(
		    CLI_STORAGE, "%s: the keys were not copied", o.dir);
	config_free(config);
	return rc != CLI_OK ? rc : done(c, "restore", "done");
}

/* The chain itself, then what stands in it of approvals. */
static enum store_rc
verify(struct cli_house *h, struct store_audit_report *r,
    struct rp_approvals_report *approvals)
{
	enum store_rc rc = store_audit_verify(h->store, NULL, NULL, r);

	if (rc != STORE_OK || !r->sound)
		return rc;
	if (rp_approvals_verify(h->store, h->site->config->rp_id, approvals) !=
	    RP_OK)
		return STORE_FAULT;
	return STORE_OK;
}

enum cli_exit
cmd_audit_verify(struct cli *c)
{
	struct rp_approvals_report approvals = { 0 };
	struct store_audit_report r = { 0 };
	struct cli_house h;
	struct cli_json j;
	const char *trouble;
	bool sound;
	enum cli_exit rc = cli_open(c, &h);

	if (rc != CLI_OK)
		return rc;
	if (verify(&h, &r, &approvals) != STORE_OK)
		rc = cli_fail(CLI_STORAGE, "the store failed");
	sound = r.sound && approvals.sound;
	trouble = r.sound ? approvals.trouble : r.trouble;
	if (rc != CLI_OK)
		sound = false;
	else if (c->json) {
		cli_json_begin(&j);
		json_out_object(&j.out, NULL);
		json_out_bool(&j.out, "sound", sound);
		json_out_int(&j.out, "chains", (int64_t)r.chains);
		json_out_int(&j.out, "entries", (int64_t)r.entries);
		json_out_int(&j.out, "approved", (int64_t)approvals.approved);
		json_out_int(
		    &j.out, "mismatches", (int64_t)approvals.mismatches);
		if (!sound)
			json_out_text(&j.out, "trouble", trouble);
		json_out_object_end(&j.out);
		cli_json_end(&j);
	} else
		printf("%s: %llu entries in %llu chains, %llu approvals and "
		       "%llu wrong numbers verified again%s%s\n",
		    sound ? "sound" : "NOT SOUND",
		    (unsigned long long)r.entries, (unsigned long long)r.chains,
		    (unsigned long long)approvals.approved,
		    (unsigned long long)approvals.mismatches, sound ? "" : "; ",
		    sound ? "" : trouble);
	cli_close(&h);
	return rc != CLI_OK ? rc : sound ? CLI_OK : CLI_REFUSED;
}

enum cli_exit
cmd_key_rotate(struct cli *c)
{
	struct config *config = cli_config(c);
	bool ok;

	if (config == NULL)
		return CLI_CONFIG;
	ok = keyfile_rotate(config->data);
	config_free(config);
	return !ok ? CLI_STORAGE
		   : done(c, "rotated", "done; send SIGHUP to the server");
}

enum cli_exit
cmd_verify(struct cli *c)
{
	(void)c;
	return web_verify(stdin, stdout) == 0 ? CLI_OK : CLI_SYSTEM;
}
