/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_JSON_IN_H
#define WEB_SERVER_JSON_IN_H

#include "web/server/json_parse.h"
#include "web/server/problem.h"

/*
 * Reads a JSON body by a table of the members that it may have.  What is
 * unknown, missing, mistyped or too long is each a problem of its own.
 */
enum { JSON_IN_FIELD_MAX = 95 };

struct json_in {
	struct arena *arena;
	const struct json_node *root; /* the body; an object */
	enum problem problem; /* the first */
	char field[JSON_IN_FIELD_MAX + 1]; /* which member it is about, or "" */
};

enum json_in_kind {
	JSON_IN_TEXT, /* const char *; NULL when absent */
	JSON_IN_BYTES, /* struct slice, decoded from base64url */
	JSON_IN_OBJECT, /* const struct json_node * */
	JSON_IN_TEXTS, /* struct json_texts */
	JSON_IN_BOOL, /* enum json_in_bool */
};

enum json_in_bool { JSON_IN_ABSENT, JSON_IN_FALSE, JSON_IN_TRUE };

enum { JSON_IN_TEXTS_MAX = 16 };

/* What stands beyond JSON_IN_TEXTS_MAX is left out. */
struct json_texts {
	size_t n;
	const char *v[JSON_IN_TEXTS_MAX];
};

struct json_in_field {
	const char *name;
	enum json_in_kind kind;
	bool required;
	bool or_null; /* null stands for absent */
	size_t max; /* bytes: of a text, or decoded */
	size_t at; /* where in the struct it goes: offsetof() */
};

/*
 * Parses body, which must be one object.  False with a problem.  What is read
 * later points into the body or the arena.
 */
bool json_in_parse(struct json_in *in, struct arena *a, struct slice body);

/*
 * Fills *out, zeroed first where absent, with the members of an object, by
 * the table fields[n].  where: the object's own name ("credential"), or NULL
 * for the body.  open: members that the table has not are passed over.
 * False with a problem, and then what *out holds means nothing.
 */
bool json_in_read(struct json_in *in, const struct json_node *object,
    const char *where, const struct json_in_field *fields, size_t n, bool open,
    void *out);
/* Says that a member is not as it should be; always false. */
bool json_in_refuse(
    struct json_in *in, enum problem p, const char *where, const char *name);

#endif
