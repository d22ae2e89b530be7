/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HTTP_VISITOR_H
#define TESTS_HTTP_VISITOR_H

#include "tests/http/server_under_test.h"
#include "tests/http/wire.h"
#include "tests/softkey.h"

/*
 * Somebody with a browser at the server under test: cookies, a kept
 * connection, and one passkey.  Ends the test where the machine fails.
 */
struct visitor {
	struct server *server;
	struct wire *wire;
	const char *from; /* address to come from, or NULL */
	char cookies[4096]; /* "a=1; b=2" */
	const char *extra; /* header lines sent as well, each with CRLF */
	struct softkey *passkey;
	uint32_t sign_count;
	uint8_t user_handle[64];
	size_t user_handle_n;
};

struct visitor *visitor_new(struct server *s);
void visitor_free(struct visitor *v);

/*
 * One request as a page of ours makes it.  body is taken over; NULL: none.
 * Cookies that the answer sets are kept.  Status 0: the server is not there,
 * or closed the connection.
 */
struct answer visitor_ask(
    struct visitor *v, const char *method, const char *path, json_t *body);
/* The same with header lines and a body of bytes as they are given. */
struct answer visitor_ask_raw(struct visitor *v, const char *method,
    const char *path, const char *headers, struct slice body);

/* Asks and wants this status; the answer's JSON is yours (NULL: it had none).
 */
json_t *visitor_get(struct visitor *v, const char *method, const char *path,
    json_t *body, int status);
/* Asks and wants this problem. */
void visitor_refused(struct visitor *v, const char *method, const char *path,
    json_t *body, int status, const char *code);

/* The value of a cookie, in a buffer until the next call; "" when it has none.
 */
const char *visitor_cookie(const struct visitor *v, const char *name);
void visitor_set_cookie(struct visitor *v, const char *name, const char *value);

/*
 * What the passkey answers to options as the API gave them; script may lie
 * (NULL: the truth; its challenge, origin, rp_id are filled in where NULL).
 */
json_t *visitor_create(struct visitor *v, const json_t *options,
    const struct softkey_script *script);
json_t *visitor_sign(struct visitor *v, const json_t *options,
    const struct softkey_script *script);
/* {ceremony, credential} for a verify call. */
json_t *visitor_finish(const json_t *options, json_t *credential);

/* Whole ceremonies, which must go well; the answer's JSON is yours. */
json_t *visitor_sign_up(struct visitor *v, const char *name);
json_t *visitor_sign_in(struct visitor *v, const char *name);
json_t *visitor_prove(struct visitor *v);

/* A member by its path, "passkey.provider.name", as text; "" when absent. */
const char *json_at(const json_t *j, const char *path);

#endif
