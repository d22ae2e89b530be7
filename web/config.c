/* SPDX-License-Identifier: Apache-2.0 */
#include "web/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <confuse.h>

#include "web/config_judge.h"
#include "web/log.h"

enum kind { TEXT, LIST, NUMBER, SWITCH, TIME };

static const struct option {
	const char *name;
	enum kind kind;
	const char *fallback;
	config_judge *judge;
	const char *help;
	size_t at;
} options[] = {
#define X(name, kind, fallback, judge, help)                                   \
	{ #name, kind, fallback, judge, help, offsetof(struct config, name) },
	CONFIG_OPTIONS(X)
#undef X
};

enum { OPTIONS = sizeof(options) / sizeof(*options) };
enum { UNKNOWN_MAX = 16, NAME_MAX_ = 63 };

static const struct option *
find_option(const char *name)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static void
list_clear(struct config_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct config_list){ 0 };
}

static bool
list_add(struct config_list *l, const char *value, size_t n)
{
	char **v = realloc(l->v, (l->n + 2) * sizeof(*v));

	if (v == NULL)
		return false;
	l->v = v;
	if ((v[l->n] = strndup(value, n)) == NULL)
		return false;
	v[++l->n] = NULL;
	return true;
}

/* Sets one option from one text, judged before; lists by blanks and commas. */
static bool
set(struct config *c, const struct option *o, const char *value)
{
	void *to = (char *)c + o->at;

	switch (o->kind) {
	case TEXT:
		free(*(char **)to);
		return (*(char **)to = strdup(value)) != NULL;
	case LIST:
		list_clear(to);
		while (*(value += strspn(value, " \t\n,")) != '\0') {
			size_t n = strcspn(value, " \t\n,");

			if (!list_add(to, value, n))
				return false;
			value += n;
		}
		return true;
	case NUMBER:
		*(long *)to = strtol(value, NULL, 10);
		return true;
	case SWITCH:
		*(bool *)to = config_switch(value) == 1;
		return true;
	case TIME:
		*(int64_t *)to = config_time(value);
		return true;
	}
	return false;
}

/* Judges a whole value; complains with `where` in front. */
static bool
judge(const struct option *o, const char *value, const char *where,
    struct config_problems *p)
{
	const char *wrong = NULL;
	struct config_list l = { 0 };

	if (o->judge == NULL)
		return true;
	if (o->kind != LIST) {
		if ((wrong = o->judge(value)) != NULL)
			config_complain(p, true, "%s%s: \"%s\" %s", where,
			    o->name, value, wrong);
		return wrong == NULL;
	}
	while (*(value += strspn(value, " \t\n,")) != '\0') {
		size_t n = strcspn(value, " \t\n,"), before = l.n;

		if (!list_add(&l, value, n))
			break;
		if ((wrong = o->judge(l.v[before])) != NULL)
			config_complain(p, true, "%s%s: \"%s\" %s", where,
			    o->name, l.v[before], wrong);
		value += n;
	}
	list_clear(&l);
	return wrong == NULL;
}

/*
 * What one reading of the file is about.  libconfuse stops at the first key
 * that it does not know, so such keys are put into its table, as lists that
 * take anything, and the file is read again, until all of them were named.
 */
struct reading {
	struct config_problems *p;
	char unknown[UNKNOWN_MAX][NAME_MAX_ + 1];
	size_t unknown_n;
	int line; /* of the last one */
	bool again;
};

/* libconfuse calls back with its own handle and nothing of ours. */
static _Thread_local struct reading *reading;

static void
on_error(cfg_t *cfg, const char *format, va_list ap)
{
	char text[256], *name, *end;

	(void)vsnprintf(text, sizeof(text), format, ap);
	config_complain(reading->p, true, "%s:%d: %s",
	    cfg->filename == NULL ? "" : cfg->filename, cfg->line, text);
	if (strncmp(text, "no such option", 14) != 0 ||
	    (name = strchr(text, '\'')) == NULL ||
	    (end = strchr(++name, '\'')) == NULL || end - name > NAME_MAX_ ||
	    reading->unknown_n == UNKNOWN_MAX)
		return;
	memcpy(
	    reading->unknown[reading->unknown_n], name, (size_t)(end - name));
	reading->unknown[reading->unknown_n++][end - name] = '\0';
	reading->line = cfg->line;
	reading->again = true;
}

/* Judges each value as it is read, while the line is known. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct option *o = find_option(opt->name);
	unsigned last = cfg_opt_size(opt);
	const char *value;
	char where[512];

	if (o == NULL || last == 0 ||
	    (value = cfg_opt_getnstr(opt, last - 1)) == NULL)
		return 0;
	(void)snprintf(
	    where, sizeof(where), "%s:%d: ", cfg->filename, cfg->line);
	(void)judge(o, value, where, reading->p);
	return 0;
}

static void
take_values(cfg_t *cfg, struct config *c, struct config_problems *p)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *o = &options[i];
		cfg_opt_t *opt = cfg_getopt(cfg, o->name);
		unsigned n = opt == NULL ? 0 : cfg_opt_size(opt);
		struct config_list *l = (void *)((char *)c + o->at);

		if (n == 0)
			continue;
		if (o->kind != LIST) {
			const char *v = cfg_opt_getnstr(opt, 0);

			if (v != NULL &&
			    (o->judge == NULL || o->judge(v) == NULL) &&
			    !set(c, o, v))
				p->n++;
			continue;
		}
		list_clear(l);
		for (unsigned k = 0; k < n; k++) {
			const char *v = cfg_opt_getnstr(opt, k);

			if (v != NULL && !list_add(l, v, strlen(v)))
				p->n++;
		}
	}
}

static void
fill_table(cfg_opt_t *table, struct reading *r)
{
	size_t n = 0;

	for (size_t i = 0; i < OPTIONS; i++) {
		cfg_opt_t text = CFG_STR(options[i].name, NULL, CFGF_NODEFAULT);
		cfg_opt_t list =
		    CFG_STR_LIST(options[i].name, NULL, CFGF_NODEFAULT);

		table[n++] = options[i].kind == LIST ? list : text;
	}
	for (size_t i = 0; i < r->unknown_n; i++) {
		cfg_opt_t any =
		    CFG_STR_LIST(r->unknown[i], NULL, CFGF_NODEFAULT);

		table[n++] = any;
	}
	table[n] = (cfg_opt_t)CFG_END();
}

/* One reading.  The findings of an earlier one are not counted twice. */
static void
read_once(const char *file, struct config *c, struct reading *r)
{
	cfg_opt_t table[OPTIONS + UNKNOWN_MAX + 1];
	cfg_t *cfg;
	int rc;

	fill_table(table, r);
	r->again = false;
	if ((cfg = cfg_init(table, CFGF_NONE)) == NULL) {
		config_complain(r->p, true, "%s: no memory", file);
		return;
	}
	cfg_set_error_function(cfg, on_error);
	for (size_t i = 0; i < OPTIONS; i++)
		cfg_set_validate_func(cfg, options[i].name, on_value);
	rc = cfg_parse(cfg, file);
	if (rc == CFG_FILE_ERROR)
		config_complain(r->p, true, "%s: cannot be read", file);
	else if (rc == CFG_SUCCESS)
		take_values(cfg, c, r->p);
	cfg_free(cfg);
}

static void
read_file(const char *file, struct config *c, struct config_problems *p)
{
	struct reading r = { .p = p };
	struct config_problems silent = { 0 };
	size_t known;

	reading = &r;
	do {
		/*
		 * All but the last reading end at an unknown key: only that
		 * one is news of them.
		 */
		known = r.unknown_n;
		r.p = &silent;
		read_once(file, c, &r);
		if (r.again)
			config_complain(p, true, "%s:%d: no such option '%s'",
			    file, r.line, r.unknown[known]);
	} while (r.again);
	r.p = p;
	read_once(file, c, &r);
	reading = NULL;
}

static void
read_environment(struct config *c, struct config_problems *p)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		char name[80] = "ITSUMO_";
		const char *value;
		size_t n = strlen(name);

		for (const char *s = options[i].name; *s != '\0'; s++)
			name[n++] = (char)toupper((unsigned char)*s);
		name[n] = '\0';
		if ((value = getenv(name)) == NULL)
			continue;
		if (judge(&options[i], value, "environment: ", p) &&
		    !set(c, &options[i], value))
			p->n++;
	}
}

static bool
set_defaults(struct config *c)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (!set(c, &options[i], options[i].fallback))
			return false;
	return true;
}

/* What follows from other options where it was not set. */
static bool
complete(struct config *c)
{
	char origin[300];

	c->trial = *c->rp_id == '\0';
	if (c->trial && !set(c, find_option("rp_id"), "localhost"))
		return false;
	if (*c->rp_name == '\0' &&
	    !set(c, find_option("rp_name"), c->trial ? "itsumo" : c->rp_id))
		return false;
	if (!c->trial && c->origins.n == 0) {
		(void)snprintf(origin, sizeof(origin), "https://%s", c->rp_id);
		return set(c, find_option("origins"), origin);
	}
	return true;
}

static const char *
file_to_read(const char *file)
{
	static const char usual[] = "/etc/itsumo/itsumo.conf";

	if (file != NULL)
		return file;
	if ((file = getenv("ITSUMO_CONFIG")) != NULL && *file != '\0')
		return file;
	return access(usual, F_OK) == 0 ? usual : NULL;
}

struct config *
config_read(const char *file, const struct config_override *over, size_t over_n,
    struct config_problems *p)
{
	struct config *c = calloc(1, sizeof(*c));

	if (c == NULL || !set_defaults(c)) {
		config_complain(p, true, "no memory");
		goto out;
	}
	if ((file = file_to_read(file)) != NULL)
		read_file(file, c, p);
	read_environment(c, p);
	for (size_t i = 0; i < over_n; i++) {
		const struct option *o = find_option(over[i].name);

		if (o == NULL)
			config_complain(p, true,
			    "command line: no such option '%s'", over[i].name);
		else if (judge(o, over[i].value, "command line: ", p) &&
			 !set(c, o, over[i].value))
			p->n++;
	}
	if (!complete(c))
		config_complain(p, true, "no memory");
	else
		config_judge_whole(c, p);
out:
	if (p->n == 0)
		return c;
	config_free(c);
	return NULL;
}

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < OPTIONS; i++) {
		void *at = (char *)c + options[i].at;

		if (options[i].kind == TEXT)
			free(*(char **)at);
		else if (options[i].kind == LIST)
			list_clear(at);
	}
	free(c);
}

bool
config_trial_origin(struct config *c, unsigned port)
{
	char origin[64];

	if (!c->trial)
		return true;
	(void)snprintf(origin, sizeof(origin),
	    *c->tls_certificate == '\0' ? "http://localhost:%u"
					: "https://localhost:%u",
	    port);
	return set(c, find_option("origins"), origin);
}

void
config_print_sample(FILE *to)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *o = &options[i];

		(void)fprintf(to, "# %s\n#%s = ", o->help, o->name);
		if (o->kind != LIST) {
			(void)fprintf(to, "\"%s\"\n\n", o->fallback);
			continue;
		}
		(void)fputs("{", to);
		for (const char *s = o->fallback; *s != '\0';) {
			size_t n = strcspn(s, " ");

			(void)fprintf(to, "%s\"%.*s\"",
			    s == o->fallback ? "" : ", ", (int)n, s);
			s += n + (s[n] == ' ');
		}
		(void)fputs("}\n\n", to);
	}
}
