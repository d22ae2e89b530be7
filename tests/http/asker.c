/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/http/asker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/http/claims.h"

enum { BEGIN_MS = 10000 };

struct asker *
asker_new(struct server *s)
{
	struct asker *b = calloc(1, sizeof(*b));

	assert(b != NULL);
	b->v = visitor_new(s);
	softproof_key_make(&b->key);
	return b;
}

void
asker_free(struct asker *b)
{
	softproof_key_free(&b->key);
	visitor_free(b->v);
	free(b);
}

json_t *
asker_body(const struct asker *b, const char *name)
{
	return json_pack("{s:s, s:{s:s, s:s, s:s, s:s}}", "name", name,
	    "browser_jwk", "kty", "EC", "crv", "P-256", "x", b->key.x, "y",
	    b->key.y);
}

const char *
asker_path(const struct asker *b, const char *what)
{
	static _Thread_local char path[128];

	snprintf(path, sizeof(path), "/api/v1/approvals/%s%s", b->id, what);
	return path;
}

json_t *
asker_proof(const struct asker *b, const struct softproof_script *script)
{
	struct softproof_script s = { 0 };
	char url[256], *text;
	json_t *body;

	if (script != NULL)
		s = *script;
	snprintf(url, sizeof(url), "%s%s", server_origin(b->v->server),
	    asker_path(b, "/collect"));
	s.typ = s.typ != NULL ? s.typ : "itsumo-collect+jwt";
	s.approval = s.approval != NULL ? s.approval : b->id;
	s.htu = s.htu != NULL ? s.htu : url;
	text = softproof_make(&b->key, &s);
	body = json_pack("{s:s}", "proof", text);
	free(text);
	return body;
}

void
asker_ask(struct asker *b, const char *name)
{
	json_t *j = visitor_get(
	    b->v, "POST", "/api/v1/approvals", asker_body(b, name), 201);

	snprintf(b->id, sizeof(b->id), "%s", json_at(j, "approval.id"));
	snprintf(
	    b->number, sizeof(b->number), "%s", json_at(j, "approval.number"));
	assert_string_equal(json_at(j, "approval.state"), "pending");
	json_decref(j);
}

const char *
asker_state(struct asker *b, unsigned wait)
{
	static _Thread_local char state[32];
	char path[160];
	json_t *j;

	snprintf(path, sizeof(path), "%s?wait=%u", asker_path(b, ""), wait);
	j = visitor_get(b->v, "GET", path, NULL, 200);
	assert_string_equal(json_at(j, "approval.id"), b->id);
	snprintf(state, sizeof(state), "%s", json_at(j, "approval.state"));
	json_decref(j);
	return state;
}

json_t *
asker_collect(struct asker *b)
{
	return visitor_get(
	    b->v, "POST", asker_path(b, "/collect"), asker_proof(b, NULL), 200);
}

struct wire *
asker_listen(struct asker *b)
{
	struct wire *w = wire_open("127.0.0.1", server_port(b->v->server),
	    server_has_tls(b->v->server), b->v->from);
	char text[4608];
	int n;

	assert(w != NULL);
	n = snprintf(text, sizeof(text),
	    "GET %s HTTP/1.1\r\nHost: localhost:%d\r\nCookie: %s\r\n"
	    "Accept: text/event-stream\r\nSec-Fetch-Site: same-origin\r\n\r\n",
	    asker_path(b, "/events"), server_port(b->v->server), b->v->cookies);
	assert(n > 0 && (size_t)n < sizeof(text));
	assert_true(wire_send(w, text, (size_t)n));
	assert_true(wire_until(w, "HTTP/1.1 200 ", BEGIN_MS));
	assert_true(
	    wire_until(w, "Content-Type: text/event-stream\r\n", BEGIN_MS));
	assert_true(wire_until(w, "\r\n\r\n", BEGIN_MS));
	return w;
}
