/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/json_in.h"

#include <stdio.h>

#include <jansson.h>

#include "webauthn/b64url.h"

static const json_t *
json_of(const struct json_node *n)
{
	return (const json_t *)(const void *)n;
}

bool
json_in_refuse(
    struct json_in *in, enum problem p, const char *where, const char *name)
{
	in->problem = p;
	(void)snprintf(in->field, sizeof(in->field), "%s%s%s",
	    where == NULL ? "" : where, where == NULL ? "" : ".", name);
	return false;
}

/*
 * jansson descends as deep as 2048 levels, on the stack of its caller, so the
 * depth is looked at first.  Few bodies have as many braces as are allowed
 * levels: those few are walked with an eye for strings.
 */
static bool
too_deep(struct slice s)
{
	size_t braces = 0, depth = 0;
	bool text = false;

	for (size_t i = 0; i < s.n; i++)
		braces += s.p[i] == '{' || s.p[i] == '[';
	if (braces <= JSON_IN_DEPTH_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (text && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			text = !text;
		else if (text)
			continue;
		else if (s.p[i] == '{' || s.p[i] == '[') {
			if (++depth > JSON_IN_DEPTH_MAX)
				return true;
		} else if ((s.p[i] == '}' || s.p[i] == ']') && depth > 0)
			depth--;
	}
	return false;
}

static enum problem
problem_of_error(const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_duplicate_key:
		return PROBLEM_JSON_DUPLICATE;
	case json_error_invalid_utf8:
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return PROBLEM_UTF8_MALFORMED;
	case json_error_out_of_memory:
		return PROBLEM_FAULT;
	default:
		return PROBLEM_JSON_MALFORMED;
	}
}

bool
json_in_parse(struct json_in *in, struct arena *a, struct slice body)
{
	json_error_t e;
	json_t *root;

	*in = (struct json_in){ .arena = a };
	if (too_deep(body)) {
		in->problem = PROBLEM_JSON_MALFORMED;
		return false;
	}
	root = json_loadb(body.n > 0 ? (const char *)body.p : "", body.n,
	    JSON_REJECT_DUPLICATES, &e);
	if (root == NULL) {
		in->problem = problem_of_error(&e);
		return false;
	}
	in->root = (struct json_node *)(void *)root;
	if (!json_is_object(root)) {
		in->problem = PROBLEM_JSON_MALFORMED;
		return false;
	}
	return true;
}

void
json_in_free(struct json_in *in)
{
	if (in->root != NULL)
		json_decref((json_t *)(void *)in->root);
	in->root = NULL;
}

static bool
read_bytes(struct json_in *in, const char *where, const struct json_in_field *f,
    const json_t *v, struct slice *out)
{
	size_t n = json_string_length(v), room = WA_B64URL_BYTES(n);
	struct slice text = { (const uint8_t *)json_string_value(v), n };
	uint8_t *p;

	if (room > f->max)
		return json_in_refuse(
		    in, PROBLEM_FIELD_TOO_LONG, where, f->name);
	if ((p = arena_take(in->arena, room)) == NULL)
		return json_in_refuse(in, PROBLEM_FAULT, where, f->name);
	if (!wa_b64url_decode(text, p, room, &out->n))
		return json_in_refuse(
		    in, PROBLEM_BASE64URL_MALFORMED, where, f->name);
	out->p = p;
	return true;
}

static bool
read_texts(struct json_in *in, const char *where, const struct json_in_field *f,
    const json_t *v, struct json_texts *out)
{
	const json_t *e;
	size_t i;

	if (json_array_size(v) > f->max)
		return json_in_refuse(
		    in, PROBLEM_FIELD_TOO_LONG, where, f->name);
	json_array_foreach(v, i, e)
	{
		if (!json_is_string(e))
			return json_in_refuse(
			    in, PROBLEM_FIELD_TYPE, where, f->name);
		if (out->n < JSON_IN_TEXTS_MAX)
			out->v[out->n++] = json_string_value(e);
	}
	return true;
}

static bool
right_type(enum json_in_kind kind, const json_t *v)
{
	switch (kind) {
	case JSON_IN_TEXT:
	case JSON_IN_BYTES:
		return json_is_string(v);
	case JSON_IN_OBJECT:
		return json_is_object(v);
	case JSON_IN_TEXTS:
		return json_is_array(v);
	case JSON_IN_BOOL:
		return json_is_boolean(v);
	}
	return false;
}

static bool
read_field(struct json_in *in, const char *where, const struct json_in_field *f,
    const json_t *v, void *to)
{
	if (!right_type(f->kind, v))
		return json_in_refuse(in, PROBLEM_FIELD_TYPE, where, f->name);
	switch (f->kind) {
	case JSON_IN_TEXT:
		if (json_string_length(v) > f->max)
			return json_in_refuse(
			    in, PROBLEM_FIELD_TOO_LONG, where, f->name);
		*(const char **)to = json_string_value(v);
		return true;
	case JSON_IN_BYTES:
		return read_bytes(in, where, f, v, to);
	case JSON_IN_OBJECT:
		*(const struct json_node **)to =
		    (const struct json_node *)(const void *)v;
		return true;
	case JSON_IN_TEXTS:
		return read_texts(in, where, f, v, to);
	case JSON_IN_BOOL:
		*(enum json_in_bool *)to =
		    json_is_true(v) ? JSON_IN_TRUE : JSON_IN_FALSE;
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
refuse_unknown(struct json_in *in, const json_t *object, const char *where,
    const struct json_in_field *fields, size_t n)
{
	const char *name;
	const json_t *v;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)object, name, v)
	{
		for (i = 0; i < n; i++)
			if (strcmp(fields[i].name, name) == 0)
				break;
		if (i == n)
			return json_in_refuse(
			    in, PROBLEM_FIELD_UNKNOWN, where, name);
	}
	return json_in_refuse(in, PROBLEM_FIELD_UNKNOWN, where, "");
}

bool
json_in_read(struct json_in *in, const struct json_node *object,
    const char *where, const struct json_in_field *fields, size_t n, bool open,
    void *out)
{
	const json_t *o = json_of(object);
	const char *missing = NULL;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct json_in_field *f = &fields[i];
		const json_t *v = json_object_get(o, f->name);
		void *to = (char *)out + f->at;

		clear_field(f, to);
		found += v != NULL;
		if (v == NULL || (f->or_null && json_is_null(v))) {
			if (f->required && missing == NULL)
				missing = f->name;
		} else if (!read_field(in, where, f, v, to))
			return false;
	}
	/* A misspelt member is both: the one that is there is named. */
	if (!open && found < json_object_size(o))
		return refuse_unknown(in, o, where, fields, n);
	return missing == NULL ||
	       json_in_refuse(in, PROBLEM_FIELD_MISSING, where, missing);
}

bool
json_in_empty(const struct json_node *object)
{
	return json_object_size(json_of(object)) == 0;
}

struct slice
json_in_echo(struct json_in *in, const struct json_node *node)
{
	size_t n = json_dumpb(json_of(node), NULL, 0, JSON_COMPACT);
	char *p = arena_take(in->arena, n + 1);

	if (p == NULL || json_dumpb(json_of(node), p, n, JSON_COMPACT) != n)
		return (struct slice){ 0 };
	return (struct slice){ (const uint8_t *)p, n };
}
