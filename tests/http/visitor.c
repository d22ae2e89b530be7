/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/http/visitor.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/http/claims.h"
#include "tests/softjson.h"
#include "webauthn/b64url.h"

enum { ANSWER_MS = 30000, ES256 = -7 };

struct visitor *
visitor_new(struct server *s)
{
	struct visitor *v = calloc(1, sizeof(*v));

	assert(v != NULL);
	v->server = s;
	v->passkey = softkey_new(ES256);
	assert(v->passkey != NULL);
	return v;
}

void
visitor_free(struct visitor *v)
{
	wire_close(v->wire);
	softkey_free(v->passkey);
	free(v);
}

/* Where "name=" begins a cookie in the jar, or NULL. */
static char *
find_cookie(const struct visitor *v, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = v->cookies; *p != '\0';) {
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return (char *)(uintptr_t)p;
		if ((p = strstr(p, "; ")) == NULL)
			break;
		p += 2;
	}
	return NULL;
}

const char *
visitor_cookie(const struct visitor *v, const char *name)
{
	static _Thread_local char value[4096];
	const char *p = find_cookie(v, name);

	value[0] = '\0';
	if (p != NULL)
		snprintf(value, sizeof(value), "%.*s",
		    (int)strcspn(p + strlen(name) + 1, ";"),
		    p + strlen(name) + 1);
	return value;
}

void
visitor_set_cookie(struct visitor *v, const char *name, const char *value)
{
	char *p = find_cookie(v, name);
	size_t n;

	if (p != NULL) {
		char *next = strstr(p, "; ");

		if (next != NULL)
			memmove(p, next + 2, strlen(next + 2) + 1);
		else
			p[p > v->cookies ? -2 : 0] = '\0';
	}
	if (value == NULL)
		return;
	n = strlen(v->cookies);
	assert(n + strlen(name) + strlen(value) + 4 < sizeof(v->cookies));
	snprintf(v->cookies + n, sizeof(v->cookies) - n, "%s%s=%s",
	    n > 0 ? "; " : "", name, value);
}

static void
keep_cookies(struct visitor *v, const char *head)
{
	static const char field[] = "\r\nSet-Cookie: ";

	for (const char *p = head; (p = strcasestr(p, field)) != NULL;) {
		char name[128], value[4096];

		p += sizeof(field) - 1;
		assert(sscanf(p, "%127[^=]=%4095[^;\r]", name, value) >= 1);
		if (p[strlen(name) + 1] == ';' ||
		    strncasecmp(strcasestr(p, "Max-Age="), "Max-Age=0", 9) == 0)
			visitor_set_cookie(v, name, NULL);
		else
			visitor_set_cookie(v, name, value);
	}
}

static bool
connect_wire(struct visitor *v)
{
	if (v->wire == NULL)
		v->wire = wire_open("127.0.0.1", server_port(v->server),
		    server_has_tls(v->server), v->from);
	return v->wire != NULL;
}

struct answer
visitor_ask_raw(struct visitor *v, const char *method, const char *path,
    const char *headers, struct slice body)
{
	char head[16384];
	struct answer a = { 0 };
	int n = snprintf(head, sizeof(head),
	    "%s %s HTTP/1.1\r\nHost: localhost:%d\r\n%s%s%s%s%s\r\n", method,
	    path, server_port(v->server), v->cookies[0] ? "Cookie: " : "",
	    v->cookies, v->cookies[0] ? "\r\n" : "", headers,
	    v->extra != NULL ? v->extra : "");

	assert(n > 0 && (size_t)n < sizeof(head));
	for (int try = 0;; try++) {
		if (!connect_wire(v))
			return a;
		if (wire_send(v->wire, head, (size_t)n) &&
		    wire_send(v->wire, body.p, body.n))
			a = wire_answer(v->wire, ANSWER_MS);
		else
			a = wire_answer(v->wire, 1000);
		if (a.status != 0 || try == 1)
			break;
		/* The kept connection had timed out. */
		answer_free(&a);
		wire_close(v->wire);
		v->wire = NULL;
	}
	if (a.status != 0)
		keep_cookies(v, a.head);
	if (a.status == 0 ||
	    (answer_header(&a, "Connection") != NULL &&
		strcasecmp(answer_header(&a, "Connection"), "close") == 0)) {
		wire_close(v->wire);
		v->wire = NULL;
	}
	return a;
}

struct answer
visitor_ask(
    struct visitor *v, const char *method, const char *path, json_t *body)
{
	char headers[1024];
	struct answer a;
	struct slice bytes = { 0 };
	char *text = NULL;

	if (body != NULL) {
		text = json_dumps(body, JSON_COMPACT);
		assert(text != NULL);
		bytes = slice_of(text);
		json_decref(body);
	}
	snprintf(headers, sizeof(headers),
	    "Origin: %s\r\nSec-Fetch-Site: same-origin\r\n%s"
	    "Content-Length: %zu\r\n",
	    server_origin(v->server),
	    text != NULL ? "Content-Type: application/json\r\n" : "", bytes.n);
	a = visitor_ask_raw(v, method, path, headers, bytes);
	free(text);
	return a;
}

static void
unexpected(const char *method, const char *path, const struct answer *a,
    int status, const char *code)
{
	fail_msg("%s %s: wanted %d %s, got %d %s", method, path, status, code,
	    a->status, a->body != NULL ? a->body : "");
}

json_t *
visitor_get(struct visitor *v, const char *method, const char *path,
    json_t *body, int status)
{
	struct answer a = visitor_ask(v, method, path, body);
	json_t *j;

	if (a.status != status)
		unexpected(method, path, &a, status, "");
	j = json_incref(a.json);
	answer_free(&a);
	return j;
}

void
visitor_refused(struct visitor *v, const char *method, const char *path,
    json_t *body, int status, const char *code)
{
	struct answer a = visitor_ask(v, method, path, body);

	if (a.status != status || strcmp(answer_code(&a), code) != 0)
		unexpected(method, path, &a, status, code);
	answer_free(&a);
}

const char *
json_at(const json_t *j, const char *path)
{
	char name[64];

	while (j != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		j = json_is_array(j) ? json_array_get(j, (size_t)atoi(name))
				     : json_object_get(j, name);
		path += n + (path[n] == '.');
	}
	return json_is_string(j) ? json_string_value(j) : "";
}

/* Fills in what a script leaves to the truth, and counts. */
static struct softkey_script
complete(struct visitor *v, const json_t *options,
    const struct softkey_script *script)
{
	struct softkey_script s = { 0 };

	if (script != NULL)
		s = *script;
	if (s.challenge == NULL)
		s.challenge = json_at(options, "publicKey.challenge");
	if (s.origin == NULL)
		s.origin = server_origin(v->server);
	if (s.rp_id == NULL)
		s.rp_id = "localhost";
	if (s.sign_count == 0)
		s.sign_count = ++v->sign_count;
	return s;
}

static json_t *
made(struct soft_bytes *text)
{
	json_t *j = json_loadb((char *)text->p, text->n, 0, NULL);

	assert(j != NULL);
	soft_free(text);
	return j;
}

json_t *
visitor_create(struct visitor *v, const json_t *options,
    const struct softkey_script *script)
{
	const struct softkey_script s = complete(v, options, script);
	const char *handle = json_at(options, "publicKey.user.id");
	struct soft_bytes out = { 0 };

	assert(wa_b64url_decode(slice_of(handle), v->user_handle,
	    sizeof(v->user_handle), &v->user_handle_n));
	softjson_create(v->passkey, &s, &out);
	return made(&out);
}

json_t *
visitor_sign(struct visitor *v, const json_t *options,
    const struct softkey_script *script)
{
	struct softkey_script s = complete(v, options, script);
	struct soft_bytes out = { 0 };

	if (s.user_handle.p == NULL)
		s.user_handle =
		    (struct slice){ v->user_handle, v->user_handle_n };
	softjson_get(v->passkey, &s, &out);
	return made(&out);
}

json_t *
visitor_finish(const json_t *options, json_t *credential)
{
	return json_pack("{s:s, s:o}", "ceremony", json_at(options, "ceremony"),
	    "credential", credential);
}

json_t *
visitor_sign_up(struct visitor *v, const char *name)
{
	json_t *options = visitor_get(v, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "name", name), 200);
	json_t *done = visitor_get(v, "POST", "/api/v1/signup/verify",
	    visitor_finish(options, visitor_create(v, options, NULL)), 201);

	json_decref(options);
	return done;
}

static json_t *
assert_at(struct visitor *v, const char *begin, const char *finish, json_t *ask)
{
	json_t *options = visitor_get(v, "POST", begin, ask, 200);
	json_t *done = visitor_get(v, "POST", finish,
	    visitor_finish(options, visitor_sign(v, options, NULL)), 200);

	json_decref(options);
	return done;
}

json_t *
visitor_sign_in(struct visitor *v, const char *name)
{
	return assert_at(v, "/api/v1/login/options", "/api/v1/login/verify",
	    name != NULL ? json_pack("{s:s}", "name", name) : json_object());
}

json_t *
visitor_prove(struct visitor *v)
{
	return assert_at(
	    v, "/api/v1/proof/options", "/api/v1/proof/verify", json_object());
}
