/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is judged of a request before anybody reads its body: lines of the
 * header, the host, the query; and what the log says of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/http/scene.h"

const struct server_options scene = { .config = "access_log = on" };

/* Sends these bytes on a connection of its own. */
static struct answer
say(const char *bytes)
{
	struct wire *w =
	    wire_open("127.0.0.1", server_port(server), false, NULL);
	struct answer a;

	assert_non_null(w);
	assert_true(wire_send(w, bytes, strlen(bytes)));
	a = wire_answer(w, 5000);
	wire_close(w);
	return a;
}

/* Programs that watch the log for an address need it in each such line. */
static void
every_refusal_has_an_address(void **state)
{
#define POST(path) "POST " path " HTTP/1.1\r\nHost: localhost\r\n"
#define OURS "Sec-Fetch-Site: same-origin\r\n"
#define JSON "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
	static const struct {
		const char *bytes, *code;
	} rows[] = {
		{ "GET /api/v1/none HTTP/1.1\r\nHost: localhost\r\n\r\n",
		    "not-found" },
		{ "GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n",
		    "session-none" },
		{ "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		    "misdirected" },
		{ POST("/api/v1/session") OURS JSON, "method-not-allowed" },
		{ POST("/api/v1/login/options") JSON, "cross-site" },
		{ POST("/api/v1/login/options") OURS
		    "Content-Length: 2\r\n\r\n{}",
		    "content-type" },
		{ POST("/api/v1/login/options") OURS
		    "Content-Type: application/json\r\n"
		    "Content-Length: 99999\r\n\r\n",
		    "body-too-large" },
		{ POST("/api/v1/login/options") OURS "Origin: a\r\nOrigin: b"
						     "\r\n" JSON,
		    "request-malformed" },
	};
#undef JSON
#undef OURS
#undef POST
	char words[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct answer a;

		server_log_mark(server);
		a = say(rows[i].bytes);
		assert_string_equal(answer_code(&a), rows[i].code);
		snprintf(words, sizeof(words), "refused=%s address=127.0.0.1",
		    rows[i].code);
		if (!server_logged(server, words))
			fail_msg("no line with %s", words);
		snprintf(words, sizeof(words),
		    "event=access address=127.0.0.1 status=%d", a.status);
		if (!server_logged(server, words))
			fail_msg("no line with %s", words);
		answer_free(&a);
	}
}

/* A list may come in several lines, but not in any number of them. */
static void
lines_of_one_name_are_counted(void **state)
{
	static const char *const names[] = { "X-Forwarded-For", "Accept",
		"User-Agent", "If-None-Match" };
	char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (int lines = 8; lines <= 9; lines++) {
			size_t n = (size_t)snprintf(text, sizeof(text),
			    "GET /api/v1/service HTTP/1.1\r\n"
			    "Host: localhost\r\n");
			struct answer a;

			for (int l = 0; l < lines; l++)
				n += (size_t)snprintf(text + n,
				    sizeof(text) - n, "%s: x\r\n", names[i]);
			snprintf(text + n, sizeof(text) - n, "\r\n");
			a = say(text);
			assert_int_equal(a.status, lines == 8 ? 200 : 431);
			answer_free(&a);
		}
}

static struct answer
ask_host(int port, const char *path, const char *host)
{
	struct wire *w = wire_open("127.0.0.1", port, false, NULL);
	char text[256];
	struct answer a;
	int n = snprintf(text, sizeof(text),
	    "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host);

	assert_non_null(w);
	assert_true(wire_send(w, text, (size_t)n));
	a = wire_answer(w, 5000);
	wire_close(w);
	return a;
}

/* A name that somebody else made lead here gets nothing. */
static void
other_hosts_are_not_served(void **state)
{
	static const struct {
		const char *path;
		bool ops;
	} paths[] = { { "/", false }, { "/api/v1/service", false },
		{ "/healthz/ready", true }, { "/metrics", true } };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int port = paths[i].ops ? server_ops_port(server)
					: server_port(server);
		struct answer a =
		    ask_host(port, paths[i].path, "evil.example:8080");

		assert_int_equal(a.status, 421);
		if (!paths[i].ops)
			assert_string_equal(answer_code(&a), "misdirected");
		answer_free(&a);
		a = ask_host(port, paths[i].path, "127.0.0.1");
		assert_int_equal(a.status, 200);
		answer_free(&a);
	}
}

/* Proxies that are trusted may say what they like: many put their own name. */
static void
hosts_are_configured_or_a_proxys_business(void **state)
{
#define SITE                                                                   \
	"rp_id = \"example.com\"\norigins = { \"https://id.example.com\" }\n"  \
	"related_origins = { \"https://example.org\" }\n"
	static const struct {
		const char *config, *host;
		int status;
	} rows[] = {
		{ SITE, "id.example.com", 200 },
		{ SITE, "example.org", 200 },
		{ SITE, "example.com", 421 },
		{ SITE, "upstream", 421 },
		{ SITE "trusted_proxies = { \"10.0.0.1\" }", "upstream", 421 },
		{ SITE "trusted_proxies = { \"127.0.0.1\" }", "upstream", 200 },
	};
#undef SITE

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct server *s = server_start(
		    &(struct server_options){ .config = rows[i].config });
		struct answer a =
		    ask_host(server_port(s), "/api/v1/service", rows[i].host);

		if (a.status != rows[i].status)
			fail_msg("row %zu: %d", i, a.status);
		answer_free(&a);
		server_end(s);
	}
}

/* RFC 9110 15.5.2. */
static void
a_401_says_what_is_missing(void **state)
{
	static const struct {
		const char *path, *header, *scheme;
	} rows[] = {
		{ "/api/v1/account", "", "Itsumo-Session" },
		{ "/api/v1/account",
		    "Cookie: __Host-isid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		    "AAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
		    "Itsumo-Session" },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct answer a;

		snprintf(text, sizeof(text),
		    "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
		    rows[i].path, rows[i].header);
		a = say(text);
		assert_int_equal(a.status, 401);
		assert_string_equal(
		    answer_header(&a, "WWW-Authenticate"), rows[i].scheme);
		answer_free(&a);
	}
}

static void
a_page_takes_any_query(struct visitor *v)
{
	struct answer a = visitor_ask(v, "GET", "/?from=a-mail", NULL);

	assert_int_equal(a.status, 200);
	answer_free(&a);
}

/* What is misspelt in a query is said, as in a body: it ended all sessions. */
static void
queries_are_read_to_the_letter(void **state)
{
	static const struct {
		const char *method, *path, *code, *field;
	} rows[] = {
		{ "DELETE", "/api/v1/sessions?others=1", "field-type",
		    "others" },
		{ "DELETE", "/api/v1/sessions?others=TRUE", "field-type",
		    "others" },
		{ "DELETE", "/api/v1/sessions?others=", "field-type",
		    "others" },
		{ "DELETE", "/api/v1/sessions?others", "field-unknown",
		    "others" },
		{ "DELETE", "/api/v1/sessions?other=true", "field-unknown",
		    "other" },
		{ "DELETE", "/api/v1/sessions?oth%65rs=true", "field-unknown",
		    "oth%65rs" },
		{ "DELETE", "/api/v1/sessions?others=true&others=true",
		    "field-unknown", "others" },
		{ "DELETE", "/api/v1/sessions?others=true&limit=1",
		    "field-unknown", "limit" },
		{ "GET", "/api/v1/history?limit=2&after=x", "field-type",
		    "after" },
		{ "GET", "/api/v1/history?limit=2&limt=2", "field-unknown",
		    "limt" },
		{ "GET", "/api/v1/history?wait=2", "field-unknown", "wait" },
		{ "GET", "/api/v1/session?a=\xff", "field-unknown", "a" },
		{ "GET", "/api/v1/session?\xff=a", "field-unknown", "" },
		{ "POST", "/api/v1/login/options?name=x", "field-unknown",
		    "name" },
	};
	struct visitor *v = visitor_new(server);
	json_t *j;

	(void)state;
	json_decref(visitor_sign_up(v, "to-the-letter"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		j = visitor_get(v, rows[i].method, rows[i].path,
		    rows[i].method[0] == 'P' ? json_object() : NULL, 400);
		if (strcmp(json_at(j, "code"), rows[i].code) != 0 ||
		    strcmp(json_at(j, "field"), rows[i].field) != 0)
			fail_msg("%s: %s %s", rows[i].path, json_at(j, "code"),
			    json_at(j, "field"));
		json_decref(j);
	}
	json_decref(visitor_get(v, "GET", "/api/v1/session?", NULL, 200));
	json_decref(visitor_get(
	    v, "DELETE", "/api/v1/sessions?others=true", NULL, 200));
	json_decref(visitor_get(v, "GET", "/api/v1/session", NULL, 200));
	json_decref(visitor_get(
	    v, "DELETE", "/api/v1/sessions?others=false", NULL, 200));
	visitor_refused(v, "GET", "/api/v1/session", NULL, 401, "session-none");
	/* Pages are linked to from anywhere, with anything. */
	a_page_takes_any_query(v);
	visitor_free(v);
}

/*
 * Who is answered before the body was read has the connection closed: what
 * follows is that body, whatever it looks like.
 */
static void
a_body_that_was_not_read_is_no_request(void **state)
{
	static const char inner[] = "GET /api/v1/service HTTP/1.1\r\n"
				    "Host: localhost\r\n\r\n";
	static const struct {
		const char *line, *headers;
		int status;
	} rows[] = {
		{ "POST /api/v1/login/options", "Content-Length: 99999\r\n",
		    413 },
		{ "PATCH /api/v1/account", "Content-Length: 99999\r\n", 413 },
		{ "DELETE /api/v1/account", "Content-Length: 99999\r\n", 413 },
		{ "GET /api/v1/service", "Content-Length: 99999\r\n", 413 },
		{ "GET /", "Content-Length: 99999\r\n", 413 },
		{ "BREW /api/v1/account", "Content-Length: 999999\r\n", 405 },
		{ "POST /nowhere", "Content-Length: 99999999\r\n", 404 },
		{ "DELETE /api/v1/account",
		    "Content-Length: 61\r\nExpect: 100-continue\r\n"
		    "Sec-Fetch-Site: cross-site\r\n",
		    403 },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct wire *w =
		    wire_open("127.0.0.1", server_port(server), false, NULL);
		struct answer a;

		assert_non_null(w);
		snprintf(text, sizeof(text),
		    "%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s", rows[i].line,
		    rows[i].headers, inner);
		assert_true(wire_send(w, text, strlen(text)));
		a = wire_answer(w, 5000);
		if (a.status != rows[i].status)
			fail_msg("%s: %d", rows[i].line, a.status);
		answer_free(&a);
		a = wire_answer(w, 300);
		if (a.status != 0)
			fail_msg(
			    "%s: another answer, %d", rows[i].line, a.status);
		answer_free(&a);
		wire_close(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_has_an_address),
		cmocka_unit_test(lines_of_one_name_are_counted),
		cmocka_unit_test(a_401_says_what_is_missing),
		cmocka_unit_test(queries_are_read_to_the_letter),
		cmocka_unit_test(a_body_that_was_not_read_is_no_request),
		cmocka_unit_test(other_hosts_are_not_served),
		cmocka_unit_test(hosts_are_configured_or_a_proxys_business),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
