/* SPDX-License-Identifier: Apache-2.0 */
#include "web/cli.h"

#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "rp/accounts.h"
#include "rp/ids.h"
#include "store/settings.h"
#include "web/clock.h"
#include "web/log.h"

enum { READERS = 4, ORIGIN_MAX = 300 };

static const char origin_setting[] = "trial-origin";

enum cli_exit
cli_fail(enum cli_exit code, const char *format, ...)
{
	va_list ap;

	fputs("itsumo: ", stderr);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

void
cli_tame_memory(void)
{
	/*
	 * A request's list of passkeys has 130 kB, hardly ever touched; with
	 * the usual threshold each would be a mapping of its own.  And few
	 * arenas: what one worker gave back the next may use.
	 */
	(void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 8 << 20);
	(void)mallopt(M_ARENA_MAX, 4);
}

struct config *
cli_config(const struct cli *c)
{
	struct config_problems p = { .to = stderr };
	struct config *config =
	    config_read(c->config_file, c->over, c->over_n, &p);

	if (config != NULL && c->conformance) {
		config->conformance = true;
		/* Its tools are refused hundreds of times, as they should. */
		config->limits = false;
	}
	return config;
}

static void
on_store_log(int priority, const char *line, void *arg)
{
	(void)arg;
	if (priority <= WEB_LOG_WARNING)
		fprintf(stderr, "itsumo: %s\n", line);
}

/* The folder as it is called from the root, for who is in another one. */
static enum cli_exit
no_store(const char *dir)
{
	char here[PATH_MAX] = "";

	if (*dir != '/' && getcwd(here, sizeof(here) - 1) != NULL)
		strcat(here, "/");
	return cli_fail(CLI_STORAGE,
	    "%s%s: there is no store in it; --data, ITSUMO_DATA or `data` in "
	    "the configuration names another folder, and `itsumo serve` makes "
	    "a new store",
	    here, dir);
}

enum cli_exit
cli_store_open(const struct store_options *o, struct store **s)
{
	switch (store_open(o, s)) {
	case STORE_OK:
		return CLI_OK;
	case STORE_ABSENT:
		return no_store(o->dir);
	case STORE_NEWER:
		return cli_fail(CLI_STORAGE,
		    "%s was written by a newer itsumo; update this one",
		    o->dir);
	case STORE_FULL:
		return cli_fail(CLI_STORAGE, "%s: the disk is full", o->dir);
	case STORE_BUSY:
		return cli_fail(
		    CLI_STORAGE, "%s: too many processes use it", o->dir);
	default:
		return cli_fail(CLI_STORAGE,
		    "%s cannot be used as the data folder", o->dir);
	}
}

enum cli_exit
cli_open(const struct cli *c, struct cli_house *h)
{
	struct config *config = cli_config(c);

	return config == NULL ? CLI_CONFIG
			      : cli_open_at(config, config->data, h);
}

enum cli_exit
cli_open_at(struct config *config, const char *dir, struct cli_house *h)
{
	struct store_options o = { .dir = dir,
		.existing = true,
		.readers = READERS,
		.log = on_store_log };
	struct rp_keys keys;
	enum cli_exit rc;

	*h = (struct cli_house){ .call = { .now = clock_now() } };
	rc = cli_store_open(&o, &h->store);
	if (rc == CLI_OK &&
	    (!config_trial_origin(config, 8080) || !rp_keys_make(&keys)))
		rc = cli_fail(CLI_SYSTEM, "no memory, or no randomness");
	if (rc != CLI_OK) {
		config_free(config);
		store_close(h->store);
		return rc;
	}
	/* Who sits at this machine waits for nobody. */
	config->limits = false;
	if ((h->site = site_new(config, &keys, h->store)) == NULL) {
		store_close(h->store);
		return CLI_CONFIG;
	}
	h->rp = h->site->rp;
	return CLI_OK;
}

void
cli_close(struct cli_house *h)
{
	site_drop(h->site);
	store_close(h->store);
}

enum cli_exit
cli_answer(enum rp_answer a, const char *what)
{
	switch (a) {
	case RP_OK:
		return CLI_OK;
	case RP_NOT_FOUND:
		return cli_fail(CLI_REFUSED, "%s: there is none", what);
	case RP_NAME_TAKEN:
		return cli_fail(
		    CLI_REFUSED, "%s: another account has this name", what);
	case RP_STORAGE_FULL:
		return cli_fail(CLI_STORAGE, "the disk is full");
	case RP_FAULT:
		return cli_fail(CLI_STORAGE, "the store failed");
	default:
		return cli_fail(CLI_REFUSED, "%s: %s", what, rp_answer_name(a));
	}
}

enum cli_exit
cli_find(const struct cli *c, struct cli_house *h, struct store_account *a)
{
	enum cli_exit rc = cli_open(c, h);

	if (rc != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_admin_account_find(h->rp, &h->call, c->arg[0], a), c->arg[0]);
	if (rc != CLI_OK)
		cli_close(h);
	return rc;
}

void
cli_print_safely(FILE *to, const char *s)
{
	for (; *s != '\0'; s++)
		fputc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, to);
}

void
cli_print_time(const char *label, store_time t)
{
	char text[WEB_TIME_TEXT + 1];

	web_time_write(t, text);
	printf("%s%s", label, text);
}

void
cli_report(const struct cli *c, const char *done, const struct store_account *a,
    size_t ended)
{
	struct cli_json j;

	if (!c->json) {
		printf("%s: ", done);
		cli_print_safely(stdout, a->name);
		printf(" (%s); %zu sessions ended\n",
		    rp_id_write("acc_", a->id.b).s, ended);
		return;
	}
	cli_json_begin(&j);
	json_out_object(&j.out, NULL);
	json_out_word(&j.out, "id", rp_id_write("acc_", a->id.b).s);
	json_out_word(&j.out, "done", done);
	json_out_int(&j.out, "sessions_ended", (int64_t)ended);
	json_out_object_end(&j.out);
	cli_json_end(&j);
}

enum cli_exit
cli_done(const struct cli *c, const char *word, const char *text)
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

void
cli_json_begin(struct cli_json *j)
{
	arena_init(&j->arena, NULL, 0);
	json_out_init(&j->out, &j->arena, 4096);
}

void
cli_json_end(struct cli_json *j)
{
	if (!j->out.failed)
		(void)fwrite(j->out.p, 1, j->out.n, stdout);
	(void)fputc('\n', stdout);
	arena_free(&j->arena);
}

static enum store_rc
put_origin(struct store_txn *t, void *arg)
{
	return store_setting_put(t, origin_setting, slice_of(arg));
}

void
cli_remember_origin(struct store *s, const char *origin)
{
	char old[ORIGIN_MAX + 1];
	struct store_txn *t;
	size_t n = 0;

	if (store_read_begin(s, &t) == STORE_OK) {
		if (store_setting_get(t, origin_setting, (uint8_t *)old,
			ORIGIN_MAX, &n) != STORE_OK)
			n = 0;
		store_read_end(t);
	}
	if (n == strlen(origin) && memcmp(old, origin, n) == 0)
		return;
	(void)store_update(s, put_origin, (void *)(uintptr_t)origin);
}

const char *
cli_origin(struct cli_house *h)
{
	static char origin[ORIGIN_MAX + 1];
	const struct config_list *l = &h->site->config->origins;
	struct store_txn *t;
	size_t n = 0;

	if (h->site->config->trial &&
	    store_read_begin(h->store, &t) == STORE_OK) {
		if (store_setting_get(t, origin_setting, (uint8_t *)origin,
			ORIGIN_MAX, &n) != STORE_OK ||
		    n > ORIGIN_MAX)
			n = 0;
		store_read_end(t);
	}
	origin[n] = '\0';
	for (size_t i = 0; n == 0 && i < l->n; i++)
		if (strncmp(l->v[i], "http", 4) == 0)
			return l->v[i];
	return origin;
}
