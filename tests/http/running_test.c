/* SPDX-License-Identifier: Apache-2.0 */
/* What whoever runs it does to a server: changes its configuration, ends it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/http/scene.h"

const struct server_options scene = {
	.config = "support = \"mailto:help@example.com\""
};

/* A line at the end of its configuration; wins over those before. */
static void
configure(const struct server *s, const char *line)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/itsumo.conf", server_folder(s));
	assert_non_null(f = fopen(path, "ae"));
	assert_true(fprintf(f, "%s\n", line) > 0);
	assert_int_equal(fclose(f), 0);
}

/* Reads it again; true when the log then has all these words in a line. */
static bool
reload(struct server *s, const char *words)
{
	server_log_mark(s);
	server_signal(s, SIGHUP);
	return server_logged(s, words);
}

static void
service_says(struct visitor *v, const char *member, const char *what)
{
	json_t *service = visitor_get(v, "GET", "/api/v1/service", NULL, 200);

	if (what == NULL)
		assert_null(json_object_get(service, member));
	else
		assert_string_equal(json_at(service, member), what);
	json_decref(service);
}

static void
a_changed_option_comes_into_force(void **state)
{
	struct visitor *v = visitor_new(server);

	(void)state;
	service_says(v, "support", "mailto:help@example.com");
	service_says(v, "sign_up", "open");
	configure(server, "support = \"https://help.example.com/login\"");
	configure(server, "sign_up = closed");
	assert_true(reload(server, "event=reload in force"));
	service_says(v, "support", "https://help.example.com/login");
	service_says(v, "sign_up", "closed");
	visitor_refused(v, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "name", "too-late"), 403, "sign-up-closed");
	configure(server, "support = \"\"\nsign_up = open");
	assert_true(reload(server, "event=reload in force"));
	service_says(v, "support", NULL);
	json_decref(visitor_sign_up(v, "in-time"));
	visitor_free(v);
}

static void
rename_in(const struct server *s, const char *from, const char *to)
{
	char path[2][128];

	snprintf(path[0], sizeof(path[0]), "%s/%s", server_folder(s), from);
	snprintf(path[1], sizeof(path[1]), "%s/%s", server_folder(s), to);
	assert_int_equal(rename(path[0], path[1]), 0);
}

/* Neither half of a reload that is refused: here the keys are gone bad. */
static void
a_refused_reload_changes_nothing(void **state)
{
	struct server *s = server_start(&(struct server_options){ .tls = true,
	    .config = "rp_id = \"localhost\"\n"
		      "origins = { \"https://localhost:@PORT@\" }" });
	struct visitor *v = visitor_new(s);
	struct wire *w;
	char before[80], keys[128];

	(void)state;
	service_says(v, "sign_up", "open");
	snprintf(before, sizeof(before), "%s", wire_certificate(v->wire));
	server_new_certificate(s);
	configure(s, "sign_up = closed");
	snprintf(keys, sizeof(keys), "%s/keys", server_data(s));
	assert_int_equal(chmod(keys, 0644), 0);
	assert_true(reload(s, "event=reload refused"));
	assert_non_null(w = wire_open("127.0.0.1", server_port(s), true, NULL));
	assert_string_equal(wire_certificate(w), before);
	wire_close(w);
	service_says(v, "sign_up", "open");
	/* Nor when the certificate is bad, and the keys are good. */
	assert_int_equal(chmod(keys, 0600), 0);
	rename_in(s, "key.pem", "key.good");
	assert_true(reload(s, "event=reload refused"));
	service_says(v, "sign_up", "open");
	rename_in(s, "key.good", "key.pem");
	assert_true(reload(s, "event=reload in force"));
	service_says(v, "sign_up", "closed");
	assert_non_null(w = wire_open("127.0.0.1", server_port(s), true, NULL));
	assert_string_not_equal(wire_certificate(w), before);
	wire_close(w);
	visitor_free(v);
	server_end(s);
}

/* Who was told to wait does not get around it by somebody's SIGHUP. */
static void
a_reload_is_no_amnesty(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s);
	json_t *body;
	int status = 200;

	(void)state;
	for (int i = 0; i < 1000 && status != 429; i++) {
		struct answer a = visitor_ask(
		    v, "POST", "/api/v1/login/options", json_object());

		status = a.status;
		answer_free(&a);
	}
	assert_int_equal(status, 429);
	assert_true(reload(s, "event=reload in force"));
	/* The bucket holds 120; a second or two give back as many again. */
	status = 200;
	for (int i = 0; i < 60 && status != 429; i++) {
		struct answer a;

		body = json_object();
		a = visitor_ask(v, "POST", "/api/v1/login/options", body);
		status = a.status;
		answer_free(&a);
	}
	assert_int_equal(status, 429);
	visitor_free(v);
	server_end(s);
}

/* All that stays is named, and named again until it is as it was. */
static void
what_wants_a_restart_is_named(void **state)
{
	struct server *s = server_start(NULL);
	static const char *const lines[] = { "request_timeout = 31s",
		"connections_per_address = 7", "connections = 9000",
		"workers = 3", "server_threads = 1", "waiting = 4",
		"push = off", "trusted_proxies = { \"127.0.0.1\" }" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		configure(s, lines[i]);
	for (int i = 0; i < 2; i++) {
		assert_true(reload(s, "event=reload in force"));
		assert_true(server_logged(s,
		    "restart: request_timeout connections_per_address "
		    "connections, workers server_threads waiting push "
		    "trusted_proxies"));
	}
	server_end(s);
}

/* Its tools make names, and are refused, by the hundred. */
static void
conformance_knows_no_limits(void **state)
{
	struct server *s = server_start(&(struct server_options){
	    .args = (const char *const[]){ "--conformance", NULL } });
	struct visitor *v = visitor_new(s);

	(void)state;
	for (int i = 0; i < 200; i++) {
		char name[16];
		struct answer a;

		snprintf(name, sizeof(name), "name-%d", i);
		a = visitor_ask(v, "POST", "/attestation/options",
		    json_pack(
			"{s:s, s:s}", "username", name, "displayName", name));
		assert_int_equal(a.status, 200);
		answer_free(&a);
	}
	visitor_free(v);
	server_end(s);
}

static void
health_is_where_the_banner_says(void **state)
{
	static const char *const args[][3] = {
		{ "--ops-listen", "127.0.0.2:0" }, { "--ops-listen", "auto" }
	};
	static const char *const says[] = { "health at http://127.0.0.2:",
		"health at http://127.0.0.1:" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct server *s =
		    server_start(&(struct server_options){ .args = args[i] });

		assert_true(server_logged(s, says[i]));
		server_end(s);
	}
}

/* A drain that was cut off is no success. */
static void
an_end_that_cuts_off_says_so(void **state)
{
	struct server *s = server_start(
	    &(struct server_options){ .config = "drain_time = 100ms" });
	struct wire *half = wire_open("127.0.0.1", server_port(s), false, NULL);
	char head[512];
	int n, status;

	(void)state;
	n = snprintf(head, sizeof(head),
	    "POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
	    "Origin: %s\r\nContent-Type: application/json\r\n"
	    "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
	    server_origin(s));
	assert_true(wire_send(half, head, (size_t)n));
	assert_true(wire_until(half, "100 Continue", 20000)); /* it has begun */
	server_log_mark(s);
	server_signal(s, SIGTERM);
	status = server_wait(s);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 5);
	assert_true(server_logged(s, "event=stop drain_time"));
	wire_close(half);
	server_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_option_comes_into_force),
		cmocka_unit_test(a_refused_reload_changes_nothing),
		cmocka_unit_test(a_reload_is_no_amnesty),
		cmocka_unit_test(what_wants_a_restart_is_named),
		cmocka_unit_test(conformance_knows_no_limits),
		cmocka_unit_test(health_is_where_the_banner_says),
		cmocka_unit_test(an_end_that_cuts_off_says_so),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
