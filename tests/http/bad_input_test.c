/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bad input gets: every route that takes a body against every way in
 * which a body or its envelope can be wrong, then the members one by one.
 * Each has a code of its own, a line in the log and a metric.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/http/household.h"
#include "tests/http/scene.h"

const struct server_options scene = { .config = "limits = off" };
static struct visitor *owner; /* is signed in */
static struct household *house; /* has a phone */
static char passkey_path[128];

/*
 * All of the API, as the server itself describes it: what is new is tested
 * without a line here.  The conformance API is off.
 */
static struct route {
	char method[8], path[96];
	bool body; /* takes one */
	bool session, device; /* wants one, or a proof of one */
} routes[128];

static size_t route_count;

/* Called by apps as well, which have no origin. */
static bool
for_apps(const struct route *r)
{
	static const char *const paths[] = { "/api/v1/phones/options",
		"/api/v1/phones", "/api/v1/phones/offers/state" };

	if (r->device)
		return true;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (strcmp(r->path, paths[i]) == 0 &&
		    strcmp(r->method, "POST") == 0)
			return true;
	return false;
}

/* The phone's own; else one of the right form that nothing has. */
static const char *
id_for(const char *path, const char *hole)
{
	static const struct {
		const char *before, *id;
	} ids[] = { { "/passkeys/", "pk_AAAAAAAAAAAAAAAAAAAAAA" },
		{ "/sessions/", "ses_AAAAAAAAAAAAAAAAAAAAAA" },
		{ "/history/", "his_AAAAAAAAAAAAAAAAAAAAAA" },
		{ "/approvals/", "apr_AAAAAAAAAAAAAAAAAAAAAA" },
		{ "/offers/", "off_AAAAAAAAAAAAAAAAAAAAAA" },
		{ "/browsers/", "brw_AAAAAAAAAAAAAAAAAAAAAA" } };

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		size_t n = strlen(ids[i].before);

		if ((size_t)(hole - path) >= n &&
		    strncmp(hole - n, ids[i].before, n) == 0)
			return ids[i].id;
	}
	return strstr(path, "/phones/") != NULL ? house->phone->id : "none";
}

static void
fill_path(struct route *r, const char *path)
{
	const char *hole = strstr(path, "{id}");

	if (hole == NULL)
		snprintf(r->path, sizeof(r->path), "%s", path);
	else
		snprintf(r->path, sizeof(r->path), "%.*s%s%s",
		    (int)(hole - path), path, id_for(path, hole),
		    hole + strlen("{id}"));
}

static void
add_route(const char *path, const char *method, const json_t *operation)
{
	struct route *r = &routes[route_count++];
	const json_t *wants =
	    json_array_get(json_object_get(operation, "security"), 0);
	size_t n = 0;

	assert_true(route_count <= sizeof(routes) / sizeof(*routes));
	for (; method[n] != '\0'; n++)
		r->method[n] = (char)(method[n] - 'a' + 'A');
	r->body = json_object_get(operation, "requestBody") != NULL;
	r->session = json_object_get(wants, "session") != NULL;
	r->device = json_object_get(wants, "device") != NULL;
	fill_path(r, path);
}

static void
read_routes(void)
{
	json_t *api =
	    visitor_get(owner, "GET", "/api/v1/openapi.json", NULL, 200);
	const char *path, *method;
	json_t *methods, *operation;

	json_object_foreach(json_object_get(api, "paths"), path, methods)
	    json_object_foreach(
		methods, method, operation) if (strncmp(path, "/api/", 5) == 0)
		add_route(path, method, operation);
	json_decref(api);
	assert_true(route_count > 50);
}

static int
begin(void **state)
{
	json_t *done;

	scene_begin(state);
	owner = visitor_new(server);
	done = visitor_sign_up(owner, "owner");
	snprintf(passkey_path, sizeof(passkey_path), "/api/v1/passkeys/%s",
	    json_at(done, "passkey.id"));
	json_decref(done);
	house = household_new(server);
	read_routes();
	return 0;
}

static int
end(void **state)
{
	household_free(house);
	visitor_free(owner);
	return scene_end(state);
}

#define JSON_TYPE "Content-Type: application/json\r\n"

/* Ways to be wrong whatever the route: NULL stands for what is right. */
static const struct wrong {
	const char *name, *method, *headers;
	struct slice body;
	int status;
	const char *code;
} wrongs[] = {
#define B(s)                                                                   \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}
	{ "no JSON", NULL, NULL, B("name=x"), 400, "json-malformed" },
	{ "nothing", NULL, NULL, B(""), 400, "json-malformed" },
	{ "cut short", NULL, NULL, B("{\"name\":"), 400, "json-malformed" },
	{ "something behind it", NULL, NULL, B("{}{}"), 400, "json-malformed" },
	{ "an array", NULL, NULL, B("[]"), 400, "json-malformed" },
	{ "a comment", NULL, NULL, B("{/**/}"), 400, "json-malformed" },
	{ "a comma too many", NULL, NULL, B("{\"a\":1,}"), 400,
	    "json-malformed" },
	{ "NaN", NULL, NULL, B("{\"a\":NaN}"), 400, "json-malformed" },
	{ "a member twice", NULL, NULL, B("{\"zz\":1,\"zz\":1}"), 400,
	    "json-duplicate-member" },
	{ "a member twice, escaped", NULL, NULL, B("{\"zz\":1,\"z\\u007a\":1}"),
	    400, "json-duplicate-member" },
	{ "no UTF-8", NULL, NULL, B("{\"zz\":\"\xff\"}"), 400,
	    "utf8-malformed" },
	{ "overlong UTF-8", NULL, NULL, B("{\"zz\":\"\xc0\xaf\"}"), 400,
	    "utf8-malformed" },
	{ "a surrogate in UTF-8", NULL, NULL, B("{\"zz\":\"\xed\xa0\x80\"}"),
	    400, "utf8-malformed" },
	{ "a NUL, escaped", NULL, NULL, B("{\"zz\":\"a\\u0000b\"}"), 400,
	    "utf8-malformed" },
	{ "half a surrogate pair", NULL, NULL, B("{\"zz\":\"\\ud800\"}"), 400,
	    "json-malformed" },
	{ "a NUL", NULL, NULL, B("{\"zz\":\"a\0b\"}"), 400, "json-malformed" },
	{ "UTF-16", NULL, NULL, B("\xff\xfe{\0}\0"), 400, "utf8-malformed" },
	{ "a form", NULL, "Content-Type: application/x-www-form-urlencoded\r\n",
	    B("{}"), 415, "content-type" },
	{ "plain text", NULL, "Content-Type: text/plain\r\n", B("{}"), 415,
	    "content-type" },
	{ "another charset", NULL,
	    "Content-Type: application/json; charset=utf-16\r\n", B("{}"), 415,
	    "content-type" },
	{ "no type", NULL, "", B("{}"), 415, "content-type" },
	{ "another method", "LINK", JSON_TYPE, B("{}"), 405,
	    "method-not-allowed" },
	{ "a method of nobody", "BREW", JSON_TYPE, B("{}"), 405,
	    "method-not-allowed" },
#undef B
};

/* Nested as deep as `deep`, which no route needs. */
static struct slice
nested(size_t deep)
{
	static char text[65536];

	assert_true(2 * deep + 6 < sizeof(text));
	memset(text, '[', deep + 5);
	memcpy(text, "{\"a\":", 5);
	memset(text + deep + 5, ']', deep);
	text[2 * deep + 5] = '}';
	return (struct slice){ (uint8_t *)text, 2 * deep + 6 };
}

/* Sends one wrong request to one route and looks at all that comes of it. */
static void
refused_alone(const struct route *r, const char *name, const char *method,
    const char *headers, struct slice body, int status, const char *code)
{
	char all[512], words[128];
	struct answer a;

	snprintf(all, sizeof(all),
	    "Origin: %s\r\nSec-Fetch-Site: same-origin\r\n%s"
	    "Content-Length: %zu\r\n",
	    server_origin(server), headers != NULL ? headers : JSON_TYPE,
	    body.n);
	server_log_mark(server);
	a = visitor_ask_raw(
	    owner, method != NULL ? method : r->method, r->path, all, body);
	if (a.status != status || strcmp(answer_code(&a), code) != 0)
		fail_msg("%s %s, %s: %d %s", r->method, r->path, name, a.status,
		    a.body != NULL ? a.body : "");
	assert_string_equal(
	    answer_header(&a, "Content-Type"), "application/problem+json");
	assert_int_equal(
	    json_integer_value(json_object_get(a.json, "status")), status);
	assert_int_equal(strncmp(json_at(a.json, "instance"), "req_", 4), 0);
	if (status == 405)
		assert_non_null(answer_header(&a, "Allow"));
	snprintf(words, sizeof(words), "refused=%s %s", code,
	    json_at(a.json, "instance"));
	if (!server_logged(server, words))
		fail_msg("%s %s, %s: no line with %s", r->method, r->path, name,
		    words);
	answer_free(&a);
}

static void
every_route_refuses_every_wrong_envelope(void **state)
{
	char metric[128];

	(void)state;
	for (size_t w = 0; w < sizeof(wrongs) / sizeof(*wrongs); w++) {
		const struct wrong *is = &wrongs[w];
		double before;
		int n = 0;

		snprintf(metric, sizeof(metric),
		    "itsumo_problems_total{code=\"%s\"}", is->code);
		before = server_metric(server, metric);
		for (size_t i = 0; i < route_count; i++) {
			/* A phone's body is read once its proof was. */
			if (!routes[i].body ||
			    (routes[i].device && is->status == 400))
				continue;
			refused_alone(&routes[i], is->name, is->method,
			    is->headers, is->body, is->status, is->code);
			n++;
		}
		if (server_metric(server, metric) < before + n)
			fail_msg("%s did not move", metric);
	}
}

/* What a phone is told, with a proof of its own; the problem is yours. */
static json_t *
refused_phone(const struct route *r, const char *path, json_t *body)
{
	struct answer a =
	    companion_ask(house->phone, r->method, path, body, NULL);
	json_t *problem = json_incref(a.json);

	if (a.status != 400)
		fail_msg("%s: %d %s", path, a.status, a.body);
	answer_free(&a);
	return problem;
}

static void
every_route_refuses_a_member_it_does_not_know(void **state)
{
	json_t *j;

	(void)state;
	for (size_t i = 0; i < route_count; i++) {
		const struct route *r = &routes[i];

		if (!r->body)
			continue;
		if (!r->device) {
			refused_alone(r, "surprise", NULL, NULL,
			    slice_of("{\"surprise\":true}"), 400,
			    "field-unknown");
			continue;
		}
		j = refused_phone(
		    r, r->path, json_pack("{s:b}", "surprise", 1));
		if (strcmp(json_at(j, "code"), "field-unknown") != 0 ||
		    strcmp(json_at(j, "field"), "surprise") != 0)
			fail_msg("%s: %s", r->path, json_at(j, "code"));
		json_decref(j);
	}
}

/* Without what the route wants of who asks, nothing else is looked at. */
static void
routes_need_their_session(void **state)
{
	struct visitor *v = visitor_new(server);

	(void)state;
	for (size_t i = 0; i < route_count; i++) {
		const struct route *r = &routes[i];
		json_t *body = r->body ? json_object() : NULL;

		if (r->session)
			visitor_refused(
			    v, r->method, r->path, body, 401, "session-none");
		else if (r->device)
			visitor_refused(v, r->method, r->path, body, 400,
			    "device-proof-malformed");
		else
			json_decref(body);
	}
	visitor_free(v);
}

static void
every_route_refuses_a_parameter_it_does_not_know(void **state)
{
	char path[128];

	(void)state;
	for (size_t i = 0; i < route_count; i++) {
		const struct route *r = &routes[i];
		json_t *body = r->body ? json_object() : NULL, *j;

		snprintf(path, sizeof(path), "%s?surprise=1", r->path);
		j = r->device ? refused_phone(r, path, body)
			      : visitor_get(owner, r->method, path, body, 400);
		if (strcmp(json_at(j, "code"), "field-unknown") != 0 ||
		    strcmp(json_at(j, "field"), "surprise") != 0)
			fail_msg(
			    "%s %s: %s", r->method, path, json_at(j, "code"));
		json_decref(j);
	}
}

static void
depth_is_bounded(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count; i++)
		if (routes[i].body && !routes[i].device)
			refused_alone(&routes[i], "nested", NULL, NULL,
			    nested(500), 400, "json-malformed");
}

/* Requests that another site's page would make in the owner's browser. */
static void
other_sites_change_nothing(void **state)
{
	static const char *const forged[] = {
		"Sec-Fetch-Site: cross-site\r\n",
		"Sec-Fetch-Site: same-site\r\n",
		"Sec-Fetch-Site: none\r\n",
		"Origin: https://evil.example\r\n",
		"Origin: null\r\n",
		"",
		"Origin: http://localhost\r\n",
		"Origin: http://localhost.evil.example\r\n",
		"Sec-Fetch-Site: cross-site\r\nOrigin: %s\r\n",
	};
	char headers[512], origin[256];

	(void)state;
	for (size_t f = 0; f < sizeof(forged) / sizeof(*forged); f++) {
		snprintf(
		    origin, sizeof(origin), forged[f], server_origin(server));
		snprintf(headers, sizeof(headers),
		    "%s" JSON_TYPE "Content-Length: 2\r\n", origin);
		server_log_mark(server);
		for (size_t i = 0; i < route_count; i++) {
			struct answer a;

			if (strcmp(routes[i].method, "GET") == 0 ||
			    (*origin == '\0' && for_apps(&routes[i])))
				continue;
			a = visitor_ask_raw(owner, routes[i].method,
			    routes[i].path, headers, slice_of("{}"));
			if (a.status != 403 ||
			    strcmp(answer_code(&a), "cross-site") != 0)
				fail_msg("%s with %s: %d %s", routes[i].path,
				    origin, a.status, a.body);
			answer_free(&a);
		}
		assert_true(server_logged(server, "refused=cross-site"));
	}
	/* Without Fetch Metadata, our own origin will do. */
	snprintf(headers, sizeof(headers),
	    "Origin: %s\r\n" JSON_TYPE "Content-Length: 2\r\n",
	    server_origin(server));
	{
		struct answer a = visitor_ask_raw(owner, "POST",
		    "/api/v1/login/options", headers, slice_of("{}"));

		assert_int_equal(a.status, 200);
		answer_free(&a);
	}
}

static void
bodies_have_a_limit(void **state)
{
	static char big[300000];
	char headers[512];
	struct answer a;

	(void)state;
	memset(big, ' ', sizeof(big));
	for (size_t i = 0; i < route_count; i++) {
		if (strcmp(routes[i].method, "GET") == 0)
			continue;
		/* Announced: refused before it is sent. */
		snprintf(headers, sizeof(headers),
		    "Origin: %s\r\n" JSON_TYPE "Content-Length: %zu\r\n",
		    server_origin(server), sizeof(big));
		server_log_mark(server);
		a = visitor_ask_raw(owner, routes[i].method, routes[i].path,
		    headers, (struct slice){ (uint8_t *)big, sizeof(big) });
		if (a.status != 413 ||
		    strcmp(answer_code(&a), "body-too-large") != 0)
			fail_msg("%s: %d %s", routes[i].path, a.status, a.body);
		answer_free(&a);
		assert_true(server_logged(server, "refused=body-too-large"));
	}
}

/* Not announced: counted as it comes. */
static void
chunked_bodies_have_the_same_limit(void **state)
{
	char headers[512], chunks[8192 * 40];
	struct answer a;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 39; i++) {
		n += (size_t)snprintf(
		    chunks + n, sizeof(chunks) - n, "1ff0\r\n");
		memset(chunks + n, ' ', 0x1ff0);
		n += 0x1ff0;
		memcpy(chunks + n, "\r\n", 2);
		n += 2;
	}
	n += (size_t)snprintf(chunks + n, sizeof(chunks) - n, "0\r\n\r\n");
	snprintf(headers, sizeof(headers),
	    "Origin: %s\r\n" JSON_TYPE "Transfer-Encoding: chunked\r\n",
	    server_origin(server));
	for (size_t i = 0; i < route_count; i++) {
		if (strcmp(routes[i].method, "GET") == 0)
			continue;
		a = visitor_ask_raw(owner, routes[i].method, routes[i].path,
		    headers, (struct slice){ (uint8_t *)chunks, n });
		if (a.status != 413)
			fail_msg("%s: %d %s", routes[i].path, a.status, a.body);
		answer_free(&a);
	}
	/* A small one in chunks is as good as any. */
	a = visitor_ask_raw(owner, "POST", "/api/v1/login/options", headers,
	    slice_of("1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"));
	assert_int_equal(a.status, 200);
	answer_free(&a);
}

/* What a member may be wrong in: path, body, code, the member named. */
static const struct {
	const char *path, *body, *code, *field;
} members[] = {
	{ "/api/v1/invitations/check", "{}", "field-missing", "invitation" },
	{ "/api/v1/invitations/check", "{\"invitation\":7}", "field-type",
	    "invitation" },
	{ "/api/v1/signup/options", "{}", "field-missing", "name" },
	{ "/api/v1/signup/options", "{\"name\":null}", "field-type", "name" },
	{ "/api/v1/signup/options", "{\"name\":\"x\",\"display_name\":{}}",
	    "field-type", "display_name" },
	{ "/api/v1/signup/verify", "{\"ceremony\":\"AAAA\"}", "field-missing",
	    "credential" },
	{ "/api/v1/signup/verify", "{\"credential\":{}}", "field-missing",
	    "ceremony" },
	{ "/api/v1/signup/verify", "{\"ceremony\":\"AAAA\",\"credential\":[]}",
	    "field-type", "credential" },
	{ "/api/v1/login/options", "{\"name\":[\"x\"]}", "field-type", "name" },
	{ "/api/v1/login/verify", "{\"ceremony\":1,\"credential\":{}}",
	    "field-type", "ceremony" },
	{ "/api/v1/login/verify",
	    "{\"ceremony\":\"AAAA\",\"credential\":{},\"extra\":1}",
	    "field-unknown", "extra" },
	{ "/api/v1/proof/options", "{\"name\":\"x\"}", "field-unknown",
	    "name" },
};

static void
each_member_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		struct answer a = visitor_ask(owner, "POST", members[i].path,
		    json_loads(members[i].body, 0, NULL));

		if (a.status != 400 ||
		    strcmp(answer_code(&a), members[i].code) != 0 ||
		    strcmp(json_at(a.json, "field"), members[i].field) != 0)
			fail_msg("%s %s: %d %s", members[i].path,
			    members[i].body, a.status, a.body);
		answer_free(&a);
	}
}

/* Lies about one text member inside a credential that is otherwise right. */
static const struct {
	const char *name, *text, *code;
} texts[] = {
	{ "padded", "AAAA====", "base64url-malformed" },
	{ "one pad", "AAA=", "base64url-malformed" },
	{ "the other alphabet", "AA+/", "base64url-malformed" },
	{ "bits left over", "AB", "base64url-malformed" },
	{ "a single character", "A", "base64url-malformed" },
	{ "white space", "AA AA", "base64url-malformed" },
	{ "a line break", "AAAA\n", "base64url-malformed" },
	{ "not ASCII", "ＡＡＡＡ", "base64url-malformed" },
};

static void
base64url_is_strict_everywhere(void **state)
{
	static const char *const names[] = { "clientDataJSON",
		"authenticatorData", "signature", "userHandle", "rawId" };
	struct visitor *v = visitor_new(server);
	json_t *options =
	    visitor_get(v, "POST", "/api/v1/login/options", json_object(), 200);

	(void)state;
	v->user_handle_n = 32;
	for (size_t m = 0; m < sizeof(names) / sizeof(*names); m++)
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
			json_t *c = visitor_sign(v, options, NULL);
			struct answer a;

			json_object_set_new(
			    strcmp(names[m], "rawId") == 0
				? c
				: json_object_get(c, "response"),
			    names[m], json_string(texts[i].text));
			a = visitor_ask(v, "POST", "/api/v1/login/verify",
			    visitor_finish(options, c));
			if (a.status != 400 ||
			    strcmp(answer_code(&a), texts[i].code) != 0 ||
			    strstr(json_at(a.json, "field"), names[m]) == NULL)
				fail_msg("%s, %s: %d %s", names[m],
				    texts[i].name, a.status, a.body);
			answer_free(&a);
		}
	json_decref(options);
	visitor_free(v);
}

/* A credential that no browser makes; one that a browser of tomorrow makes. */
static void
credentials_have_a_form(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *options, *c;

	(void)state;
	json_decref(visitor_sign_up(v, "former"));
	options =
	    visitor_get(v, "POST", "/api/v1/login/options", json_object(), 200);
	c = visitor_sign(v, options, NULL);
	json_object_set_new(c, "type", json_string("password"));
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, c), 400, "credential-malformed");
	c = visitor_sign(v, options, NULL);
	json_object_set_new(c, "id", json_string("AAAA"));
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, c), 400, "credential-malformed");
	c = visitor_sign(v, options, NULL);
	json_object_del(json_object_get(c, "response"), "signature");
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, c), 400, "field-missing");
	c = visitor_sign(v, options, NULL);
	json_object_set_new(c, "somethingNew", json_pack("{s:i}", "a", 1));
	json_object_set_new(
	    json_object_get(c, "response"), "alsoNew", json_true());
	json_decref(visitor_get(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, c), 200));
	json_decref(options);
	visitor_free(v);
}

/* Names and ids in the path and the query. */
static void
paths_are_judged_too(void **state)
{
	static const struct {
		const char *method, *path;
		int status;
		const char *code;
	} rows[] = {
		{ "GET", "/api/v1/nothing", 404, "not-found" },
		{ "GET", "/api/v2/session", 404, "not-found" },
		{ "GET", "/api/v1/session/", 404, "not-found" },
		{ "GET", "/../../etc/passwd", 404, "not-found" },
		{ "GET", "/%2e%2e/%2e%2e/etc/passwd", 404, "not-found" },
		{ "DELETE", "/api/v1/passkeys/", 404, "not-found" },
		{ "DELETE", "/api/v1/passkeys/pk_", 404, "not-found" },
		{ "DELETE", "/api/v1/passkeys/ses_AAAAAAAAAAAAAAAAAAAAAA", 404,
		    "not-found" },
		{ "DELETE", "/api/v1/passkeys/pk_AAAAAAAAAAAAAAAAAAAAAA", 404,
		    "not-found" },
		{ "DELETE", "/api/v1/sessions/ses_AAAAAAAAAAAAAAAAAAAAAB", 404,
		    "not-found" },
		{ "GET", "/api/v1/history?limit=0", 400, "field-type" },
		{ "GET", "/api/v1/history?limit=101", 400, "field-type" },
		{ "GET", "/api/v1/history?limit=-1", 400, "field-type" },
		{ "GET", "/api/v1/history?limit=x", 400, "field-type" },
		{ "GET", "/api/v1/history?after=x", 400, "field-type" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		visitor_refused(owner, rows[i].method, rows[i].path, NULL,
		    rows[i].status, rows[i].code);
}

static void
long_texts_are_refused(void **state)
{
	char text[1024];
	struct answer a;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	a = visitor_ask(
	    owner, "PATCH", passkey_path, json_pack("{s:s}", "name", text));
	assert_int_equal(a.status, 400);
	assert_string_equal(answer_code(&a), "field-too-long");
	answer_free(&a);
	a = visitor_ask(owner, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "name", text));
	assert_int_equal(a.status, 400);
	assert_string_equal(answer_code(&a), "field-too-long");
	answer_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_refuses_every_wrong_envelope),
		cmocka_unit_test(every_route_refuses_a_member_it_does_not_know),
		cmocka_unit_test(
		    every_route_refuses_a_parameter_it_does_not_know),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(routes_need_their_session),
		cmocka_unit_test(other_sites_change_nothing),
		cmocka_unit_test(bodies_have_a_limit),
		cmocka_unit_test(chunked_bodies_have_the_same_limit),
		cmocka_unit_test(each_member_is_named),
		cmocka_unit_test(base64url_is_strict_everywhere),
		cmocka_unit_test(credentials_have_a_form),
		cmocka_unit_test(paths_are_judged_too),
		cmocka_unit_test(long_texts_are_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
