/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/json_in.h"

#include <stdio.h>

#include "webauthn/b64url.h"
#include "webauthn/utf8.h"

bool
json_in_refuse(
    struct json_in *in, enum problem p, const char *where, const char *name)
{
	size_t n;

	in->problem = p;
	(void)snprintf(in->field, sizeof(in->field), "%s%s%s",
	    where == NULL ? "" : where, where == NULL ? "" : ".", name);
	/* A name that was cut ends with a whole character. */
	for (n = strlen(in->field); !wa_utf8_valid(slice_of(in->field));)
		in->field[--n] = '\0';
	return false;
}

bool
json_in_parse(struct json_in *in, struct arena *a, struct slice body)
{
	static const enum problem problems[] = {
		[JSON_SOUND] = PROBLEM_NONE,
		[JSON_SYNTAX] = PROBLEM_JSON_MALFORMED,
		[JSON_DUPLICATE] = PROBLEM_JSON_DUPLICATE,
		[JSON_NO_UTF8] = PROBLEM_UTF8_MALFORMED,
		[JSON_NO_MEMORY] = PROBLEM_FAULT,
	};

	*in = (struct json_in){ .arena = a };
	in->problem = problems[json_parse(body, a, &in->root)];
	if (in->problem == PROBLEM_NONE && in->root->type != JSON_IS_OBJECT)
		in->problem = PROBLEM_JSON_MALFORMED;
	return in->problem == PROBLEM_NONE;
}

static bool
read_text(struct json_in *in, const char *where, const struct json_in_field *f,
    const struct json_node *v, const char **out)
{
	if (v->text.n > f->max)
		return json_in_refuse(
		    in, PROBLEM_FIELD_TOO_LONG, where, f->name);
	*out = arena_text(in->arena, v->text);
	return *out != NULL ||
	       json_in_refuse(in, PROBLEM_FAULT, where, f->name);
}

static bool
read_bytes(struct json_in *in, const char *where, const struct json_in_field *f,
    const struct json_node *v, struct slice *out)
{
	size_t room = WA_B64URL_BYTES(v->text.n);
	uint8_t *p;

	if (room > f->max)
		return json_in_refuse(
		    in, PROBLEM_FIELD_TOO_LONG, where, f->name);
	if ((p = arena_take(in->arena, room)) == NULL)
		return json_in_refuse(in, PROBLEM_FAULT, where, f->name);
	if (!wa_b64url_decode(v->text, p, room, &out->n))
		return json_in_refuse(
		    in, PROBLEM_BASE64URL_MALFORMED, where, f->name);
	out->p = p;
	return true;
}

static bool
read_texts(struct json_in *in, const char *where, const struct json_in_field *f,
    const struct json_node *v, struct json_texts *out)
{
	if (v->count > f->max)
		return json_in_refuse(
		    in, PROBLEM_FIELD_TOO_LONG, where, f->name);
	for (const struct json_node *e = v->first; e != NULL; e = e->next) {
		if (e->type != JSON_IS_STRING)
			return json_in_refuse(
			    in, PROBLEM_FIELD_TYPE, where, f->name);
		if (out->n == JSON_IN_TEXTS_MAX)
			continue;
		if ((out->v[out->n++] = arena_text(in->arena, e->text)) == NULL)
			return json_in_refuse(
			    in, PROBLEM_FAULT, where, f->name);
	}
	return true;
}

static bool
right_type(enum json_in_kind kind, enum json_type is)
{
	switch (kind) {
	case JSON_IN_TEXT:
	case JSON_IN_BYTES:
		return is == JSON_IS_STRING;
	case JSON_IN_OBJECT:
		return is == JSON_IS_OBJECT;
	case JSON_IN_TEXTS:
		return is == JSON_IS_ARRAY;
	case JSON_IN_BOOL:
		return is == JSON_IS_TRUE || is == JSON_IS_FALSE;
	}
	return false;
}

static bool
read_field(struct json_in *in, const char *where, const struct json_in_field *f,
    const struct json_node *v, void *to)
{
	if (!right_type(f->kind, v->type))
		return json_in_refuse(in, PROBLEM_FIELD_TYPE, where, f->name);
	switch (f->kind) {
	case JSON_IN_TEXT:
		return read_text(in, where, f, v, to);
	case JSON_IN_BYTES:
		return read_bytes(in, where, f, v, to);
	case JSON_IN_OBJECT:
		*(const struct json_node **)to = v;
		return true;
	case JSON_IN_TEXTS:
		return read_texts(in, where, f, v, to);
	case JSON_IN_BOOL:
		*(enum json_in_bool *)to =
		    v->type == JSON_IS_TRUE ? JSON_IN_TRUE : JSON_IN_FALSE;
		return true;
	}
	return false;
}

static void
clear_field(const struct json_in_field *f, void *to)
{
	static const size_t sizes[] = {
		[JSON_IN_TEXT] = sizeof(const char *),
		[JSON_IN_BYTES] = sizeof(struct slice),
		[JSON_IN_OBJECT] = sizeof(const struct json_node *),
		[JSON_IN_TEXTS] = sizeof(struct json_texts),
		[JSON_IN_BOOL] = sizeof(enum json_in_bool),
	};

	memset(to, 0, sizes[f->kind]);
}

/* There are more members than the table found: names one of them. */
static bool
refuse_unknown(struct json_in *in, const struct json_node *object,
    const char *where, const struct json_in_field *fields, size_t n)
{
	const char *name = NULL;
	size_t i;

	for (const struct json_node *m = object->first; m != NULL;
	     m = m->next) {
		for (i = 0; i < n; i++)
			if (slice_equal(m->key, slice_of(fields[i].name)))
				break;
		if (i == n) {
			name = arena_text(in->arena, m->key);
			break;
		}
	}
	return json_in_refuse(
	    in, PROBLEM_FIELD_UNKNOWN, where, name == NULL ? "" : name);
}

bool
json_in_read(struct json_in *in, const struct json_node *object,
    const char *where, const struct json_in_field *fields, size_t n, bool open,
    void *out)
{
	const char *missing = NULL;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct json_in_field *f = &fields[i];
		const struct json_node *v = json_member(object, f->name);
		void *to = (char *)out + f->at;

		clear_field(f, to);
		found += v != NULL;
		if (v == NULL || (f->or_null && v->type == JSON_IS_NULL)) {
			if (f->required && missing == NULL)
				missing = f->name;
		} else if (!read_field(in, where, f, v, to))
			return false;
	}
	/* A misspelt member is both: the one that is there is named. */
	if (!open && found < object->count)
		return refuse_unknown(in, object, where, fields, n);
	return missing == NULL ||
	       json_in_refuse(in, PROBLEM_FIELD_MISSING, where, missing);
}
