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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_has_an_address),
		cmocka_unit_test(lines_of_one_name_are_counted),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
