/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/jcs.h"

#include <inttypes.h>
#include <stdio.h>

#include "webauthn/utf8.h"

/* Integers beyond are not exact in what reads them (RFC 8785, 3.2.2.3). */
#define INTEGER_MAX ((INT64_C(1) << 53) - 1)

static void
put(struct rp_jcs *j, const char *s, size_t n)
{
	/* One is kept for the NUL. */
	if (j->bad || n >= j->room - j->n) {
		j->bad = true;
		return;
	}
	memcpy(j->p + j->n, s, n);
	j->n += n;
}

static void
put_text(struct rp_jcs *j, const char *s)
{
	put(j, s, strlen(s));
}

/* RFC 8785, 3.2.2.2: the short form where there is one, lower case hex. */
static void
put_escaped(struct rp_jcs *j, unsigned char c)
{
	static const char shorts[] = "\b\t\n\f\r\"\\";
	static const char letters[] = "btnfr\"\\";
	const char *at = c != '\0' ? strchr(shorts, c) : NULL;
	char out[8];

	if (at != NULL)
		snprintf(out, sizeof(out), "\\%c", letters[at - shorts]);
	else if (c < 0x20)
		snprintf(out, sizeof(out), "\\u%04x", c);
	else
		snprintf(out, sizeof(out), "%c", c);
	put_text(j, out);
}

static void
put_string(struct rp_jcs *j, const char *s)
{
	if (!wa_utf8_valid(slice_of(s)))
		j->bad = true;
	put_text(j, "\"");
	for (; *s != '\0'; s++)
		put_escaped(j, (unsigned char)*s);
	put_text(j, "\"");
}

/*
 * What stands before a value.  Names are ASCII, so that their bytes are in
 * the order of their UTF-16 code units (3.2.3).
 */
static void
begin(struct rp_jcs *j, const char *name)
{
	struct rp_jcs_level *l;

	if (j->depth == 0) {
		j->bad |= name != NULL || j->n != 0;
		return;
	}
	l = &j->levels[j->depth - 1];
	if (l->array != (name == NULL)) {
		j->bad = true;
		return;
	}
	if (l->begun)
		put_text(j, ",");
	if (name != NULL) {
		if (strlen(name) > RP_JCS_NAME_MAX ||
		    (l->begun && strcmp(l->last, name) >= 0)) {
			j->bad = true;
			return;
		}
		snprintf(l->last, sizeof(l->last), "%s", name);
		put_string(j, name);
		put_text(j, ":");
	}
	l->begun = true;
}

static void
open_level(struct rp_jcs *j, const char *name, bool array)
{
	begin(j, name);
	if (j->depth == RP_JCS_DEPTH || (j->depth == 0 && array)) {
		j->bad = true;
		return;
	}
	j->levels[j->depth++] = (struct rp_jcs_level){ .array = array };
	put_text(j, array ? "[" : "{");
}

void
rp_jcs_object(struct rp_jcs *j, const char *name)
{
	open_level(j, name, false);
}

void
rp_jcs_array(struct rp_jcs *j, const char *name)
{
	open_level(j, name, true);
}

void
rp_jcs_end(struct rp_jcs *j)
{
	if (j->depth == 0) {
		j->bad = true;
		return;
	}
	put_text(j, j->levels[--j->depth].array ? "]" : "}");
}

/* A value by itself would be JSON, but nothing that is wanted here. */
static void
begin_inside(struct rp_jcs *j, const char *name)
{
	if (j->depth == 0)
		j->bad = true;
	begin(j, name);
}

void
rp_jcs_string(struct rp_jcs *j, const char *name, const char *value)
{
	begin_inside(j, name);
	put_string(j, value);
}

void
rp_jcs_integer(struct rp_jcs *j, const char *name, int64_t value)
{
	char text[24];

	begin_inside(j, name);
	if (value > INTEGER_MAX || value < -INTEGER_MAX)
		j->bad = true;
	snprintf(text, sizeof(text), "%" PRId64, value);
	put_text(j, text);
}

void
rp_jcs_bool(struct rp_jcs *j, const char *name, bool value)
{
	begin_inside(j, name);
	put_text(j, value ? "true" : "false");
}

bool
rp_jcs_finish(struct rp_jcs *j)
{
	if (j->room == 0)
		return false;
	j->p[j->n] = '\0';
	return !j->bad && j->depth == 0 && j->n > 0;
}
