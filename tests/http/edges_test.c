/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edges of the process: TLS, signals, proxies, limits, a full disk, slow
 * and broken clients, the ops listener, the well-known addresses.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/http/claims.h"
#include "tests/http/visitor.h"

static void
pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000,
		      .tv_nsec = ms % 1000 * 1000000 },
	    NULL);
}

/* One GET at the ops listener. */
static struct answer
ops(const struct server *s, const char *path)
{
	struct wire *w =
	    wire_open("127.0.0.1", server_ops_port(s), false, NULL);
	char ask[256];
	struct answer a;
	int n = snprintf(ask, sizeof(ask),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
	    path);

	assert_non_null(w);
	assert_true(wire_send(w, ask, (size_t)n));
	a = wire_answer(w, 5000);
	wire_close(w);
	return a;
}

static void
the_ops_listener_is_another_port(void **state)
{
	static const char *const metrics[] = { "itsumo_requests_total",
		"itsumo_request_seconds_bucket", "itsumo_ceremonies_total",
		"itsumo_refusals_total", "itsumo_problems_total",
		"itsumo_store_commits_total", "itsumo_connections" };
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s);
	struct answer a;

	(void)state;
	json_decref(visitor_sign_up(v, "ops"));
	visitor_refused(v, "GET", "/metrics", NULL, 404, "not-found");
	visitor_refused(v, "GET", "/healthz/live", NULL, 404, "not-found");
	a = ops(s, "/healthz/live");
	assert_int_equal(a.status, 200);
	answer_free(&a);
	a = ops(s, "/healthz/ready");
	assert_int_equal(a.status, 200);
	answer_free(&a);
	a = ops(s, "/api/v1/service");
	assert_int_equal(a.status, 404);
	answer_free(&a);
	a = ops(s, "/metrics");
	assert_int_equal(a.status, 200);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
		if (strstr(a.body, metrics[i]) == NULL)
			fail_msg("no %s", metrics[i]);
	answer_free(&a);
	visitor_free(v);
	server_end(s);
}

static void
well_known_addresses_answer(void **state)
{
	struct server *s = server_start(&(struct server_options){
	    .config = "rp_id = \"localhost\"\n"
		      "origins = { \"http://localhost:@PORT@\" }\n"
		      "related_origins = { \"https://other.example\" }" });
	struct visitor *v = visitor_new(s);
	char enroll[256], manage[256];
	struct answer a;
	json_t *j;

	(void)state;
	j = visitor_get(v, "GET", "/.well-known/passkey-endpoints", NULL, 200);
	snprintf(enroll, sizeof(enroll), "%s/account#add", server_origin(s));
	snprintf(manage, sizeof(manage), "%s/account", server_origin(s));
	assert_string_equal(json_at(j, "enroll"), enroll);
	assert_string_equal(json_at(j, "manage"), manage);
	json_decref(j);
	a = visitor_ask(v, "GET", "/.well-known/change-password", NULL);
	assert_int_equal(a.status, 302);
	assert_non_null(strstr(answer_header(&a, "Location"), "/account"));
	answer_free(&a);
	j = visitor_get(v, "GET", "/.well-known/webauthn", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(j, "origins")), 1);
	json_decref(j);
	visitor_free(v);
	server_end(s);
	s = server_start(NULL);
	v = visitor_new(s);
	visitor_refused(
	    v, "GET", "/.well-known/webauthn", NULL, 404, "not-found");
	visitor_free(v);
	server_end(s);
}

/* What runs is finished, what comes is told so, and the port is given up. */
static void
sigterm_drains(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s);
	struct wire *half = wire_open("127.0.0.1", server_port(s), false, NULL);
	char head[512];
	struct answer a;
	int n, status;

	(void)state;
	json_decref(visitor_sign_up(v, "drain"));
	n = snprintf(head, sizeof(head),
	    "POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
	    "Origin: %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: 2\r\n\r\n{",
	    server_origin(s));
	assert_true(wire_send(half, head, (size_t)n));
	pause_ms(200); /* it has begun */
	server_signal(s, SIGTERM);
	pause_ms(200);
	assert_true(wire_send(half, "}", 1));
	a = wire_answer(half, 5000);
	assert_int_equal(a.status, 200);
	answer_free(&a);
	wire_close(half);
	status = server_wait(s);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_null(wire_open("127.0.0.1", server_port(s), false, NULL));
	visitor_free(v);
	server_end(s);
}

static void
tls_and_a_new_certificate_by_sighup(void **state)
{
	struct server *s = server_start(&(struct server_options){ .tls = true,
	    .config = "rp_id = \"localhost\"\n"
		      "origins = { \"https://localhost:@PORT@\" }" });
	struct visitor *v = visitor_new(s);
	char before[80];
	struct answer a;
	bool changed = false;

	(void)state;
	json_decref(visitor_sign_up(v, "tls"));
	json_decref(visitor_sign_in(v, NULL));
	a = visitor_ask(v, "GET", "/api/v1/service", NULL);
	assert_non_null(answer_header(&a, "Strict-Transport-Security"));
	answer_free(&a);
	snprintf(before, sizeof(before), "%s", wire_certificate(v->wire));
	server_new_certificate(s);
	server_signal(s, SIGHUP);
	for (int i = 0; i < 100 && !changed; i++) {
		struct wire *w =
		    wire_open("127.0.0.1", server_port(s), true, NULL);

		changed = w != NULL && strcmp(wire_certificate(w), before) != 0;
		wire_close(w);
		if (!changed)
			pause_ms(50);
	}
	assert_true(changed);
	/* The old connection goes on, and so does the session. */
	json_decref(visitor_get(v, "GET", "/api/v1/session", NULL, 200));
	visitor_free(v);
	server_end(s);
}

/* SIGHUP with a broken file changes nothing and says so. */
static void
a_broken_configuration_is_not_taken_over(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s);
	char path[128];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/itsumo.conf", server_folder(s));
	assert_non_null(f = fopen(path, "ae"));
	fputs("no_such_key = 1\n", f);
	fclose(f);
	server_log_mark(s);
	server_signal(s, SIGHUP);
	assert_true(server_logged(s, "no_such_key"));
	json_decref(visitor_sign_up(v, "still-there"));
	visitor_free(v);
	server_end(s);
}

/* A header of the client's address counts only from a trusted proxy. */
static void
proxies_are_believed_when_trusted(void **state)
{
	static const struct {
		const char *config, *header, *want;
	} rows[] = {
		{ NULL, "X-Forwarded-For: 203.0.113.7\r\n", "127.0.0.1" },
		{ "trusted_proxies = { \"127.0.0.1\" }",
		    "X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7" },
		{ "trusted_proxies = { \"127.0.0.0/8\" }",
		    "X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n",
		    "203.0.113.7" },
		{ "trusted_proxies = { \"127.0.0.1\", \"203.0.113.7\" }",
		    "X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n",
		    "198.51.100.1" },
		{ "trusted_proxies = { \"10.0.0.0/8\" }",
		    "X-Forwarded-For: 203.0.113.7\r\n", "127.0.0.1" },
		{ "trusted_proxies = { \"127.0.0.1\" }\n"
		  "forwarded_header = \"forwarded\"",
		    "Forwarded: for=\"[2001:db8::7]\";proto=https\r\n",
		    "2001:db8::7" },
		{ "trusted_proxies = { \"127.0.0.1\" }",
		    "X-Forwarded-For: nonsense\r\n", "127.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct server *s = server_start(
		    &(struct server_options){ .config = rows[i].config });
		struct visitor *v = visitor_new(s);
		json_t *done;

		v->extra = rows[i].header;
		done = visitor_sign_up(v, "proxied");
		if (strcmp(json_at(done, "session.address"), rows[i].want) != 0)
			fail_msg(
			    "row %zu: %s", i, json_at(done, "session.address"));
		json_decref(done);
		visitor_free(v);
		server_end(s);
	}
}

static struct answer
guess_invitation(struct visitor *v)
{
	return visitor_ask(v, "POST", "/api/v1/invitations/check",
	    json_pack("{s:s}", "invitation",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

/* Guessing is slowed down, by network; another network goes on. */
static void
limits_tell_when_to_come_back(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s), *w = visitor_new(s);
	struct answer a = { 0 };
	double before = server_metric(s, "itsumo_rate_limited_total");

	(void)state;
	for (int i = 0; i < 500; i++) {
		a = guess_invitation(v);
		if (a.status != 404)
			break;
		answer_free(&a);
	}
	assert_int_equal(a.status, 429);
	assert_string_equal(answer_code(&a), "rate-limited");
	assert_true(atoi(answer_header(&a, "Retry-After")) >= 1);
	assert_int_equal(
	    json_integer_value(json_object_get(a.json, "retry_after")),
	    atoi(answer_header(&a, "Retry-After")));
	answer_free(&a);
	assert_true(server_metric(s, "itsumo_rate_limited_total") > before);
	w->from = "127.0.0.2";
	a = guess_invitation(w);
	assert_int_equal(a.status, 404);
	answer_free(&a);
	visitor_free(v);
	visitor_free(w);
	server_end(s);
}

/* One sign-in with a signature that is none; the answer's status. */
static int
guess_signature(struct visitor *v, const char *name)
{
	const struct softkey_script lie = {
		.signature = { (const uint8_t *)"0", 1 },
	};
	json_t *options = visitor_get(v, "POST", "/api/v1/login/options",
	    json_pack("{s:s}", "name", name), 200);
	struct answer a = visitor_ask(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, visitor_sign(v, options, &lie)));
	int status = a.status;

	answer_free(&a);
	json_decref(options);
	return status;
}

/*
 * Refused tries with a passkey slow that passkey down in that browser: not
 * its owner in another, nor anybody else, behind the very same address.
 */
static void
guessing_at_an_account_is_limited(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s), *guesser = visitor_new(s),
		       *w = visitor_new(s);
	struct softkey *spare = guesser->passkey;
	int n = 0;

	(void)state;
	json_decref(visitor_sign_up(v, "guessed"));
	json_decref(visitor_sign_up(w, "untouched"));
	guesser->passkey = v->passkey;
	while (guess_signature(guesser, "guessed") == 422 && n < 500)
		n++;
	/* Its own bucket, and what came back to it meanwhile. */
	assert_in_range(n, 30, 60);
	json_decref(visitor_sign_in(v, "guessed"));
	json_decref(visitor_sign_in(w, "untouched"));
	guesser->passkey = spare;
	visitor_free(guesser);
	visitor_free(v);
	visitor_free(w);
	server_end(s);
}

static void
headers_have_a_limit(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s);
	static char big[70000];
	struct answer a;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	memcpy(big, "X-Big: ", 7);
	memcpy(big + 9000, "\r\n", 3);
	a = visitor_ask_raw(
	    v, "GET", "/api/v1/service", big, (struct slice){ 0 });
	assert_int_equal(a.status, 431);
	assert_string_equal(answer_code(&a), "header-too-large");
	answer_free(&a);
	visitor_free(v);
	server_end(s);
}

/* Everything that a client can do to a connection but ask politely. */
static void
broken_requests_break_nothing(void **state)
{
	static const char *const broken[] = {
		"\r\n\r\n",
		"GET\r\n\r\n",
		"GET /\r\n\r\n",
		"/\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n",
		"POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Length: -1\r\n\r\n",
		"POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Length: 99999999999999999999\r\n\r\n",
		"POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
		"POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
		"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
		"POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
		"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
		"POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
		"Transfer-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\n folded: yes\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
		"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /api/v1/history?limit=%00 HTTP/1.1\r\nHost: "
		"localhost\r\n\r\n",
		"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n"
		"Cookie: __Host-isid=\xff\xff; =; ;;; __Host-isid\r\n\r\n",
		"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n"
		"Cookie: __Host-isid=a\r\nCookie: __Host-isid=b\r\n\r\n",
		"CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01",
	};
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s);

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		struct wire *w =
		    wire_open("127.0.0.1", server_port(s), false, NULL);
		struct answer a;

		wire_send(w, broken[i], strlen(broken[i]));
		a = wire_answer(w, 300);
		if (a.status >= 500 && a.status != 501 && a.status != 505)
			fail_msg("%s: %d", broken[i], a.status);
		answer_free(&a);
		wire_close(w);
	}
	json_decref(visitor_sign_up(v, "unharmed"));
	visitor_free(v);
	server_end(s);
}

/* A good request with bytes changed at random, by a seed that is shown. */
static void
random_bytes_break_nothing(void **state)
{
	enum { ROUNDS = 4000 };
	struct server *s =
	    server_start(&(struct server_options){ .config = "limits = off" });
	struct visitor *v = visitor_new(s);
	unsigned seed = getenv("ITSUMO_SEED")
			    ? (unsigned)atoi(getenv("ITSUMO_SEED"))
			    : (unsigned)time(NULL);
	json_t *options, *body;
	char *text, good[8192], bad[8192 + 64];
	int n;

	(void)state;
	print_message("# ITSUMO_SEED=%u\n", seed);
	srandom(seed);
	json_decref(visitor_sign_up(v, "fuzzed"));
	options =
	    visitor_get(v, "POST", "/api/v1/login/options", json_object(), 200);
	body = visitor_finish(options, visitor_sign(v, options, NULL));
	text = json_dumps(body, JSON_COMPACT);
	n = snprintf(good, sizeof(good),
	    "POST /api/v1/login/verify HTTP/1.1\r\nHost: localhost\r\n"
	    "Origin: %s\r\nCookie: %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
	    server_origin(s), v->cookies, strlen(text), text);
	assert_true(n > 0 && (size_t)n < sizeof(good));
	for (int i = 0; i < ROUNDS; i++) {
		struct wire *w =
		    wire_open("127.0.0.1", server_port(s), false, NULL);
		size_t k = (size_t)n;
		struct answer a;

		memcpy(bad, good, k);
		for (long turns = 1 + random() % 6; turns > 0; turns--) {
			size_t at = (size_t)random() % k;

			switch (random() % 4) {
			case 0: /* a bit */
				bad[at] ^= (char)(1 << random() % 8);
				break;
			case 1: /* a byte */
				bad[at] = (char)random();
				break;
			case 2: /* one less */
				memmove(bad + at, bad + at + 1, k - at - 1);
				k--;
				break;
			default: /* one more */
				if (k < sizeof(bad)) {
					memmove(bad + at + 1, bad + at, k - at);
					k++;
				}
			}
		}
		assert_non_null(w);
		wire_send(w, bad, k);
		/* Cut off without waiting, or heard out. */
		if (random() % 4 != 0) {
			a = wire_answer(w, 50);
			if (a.status >= 500 && a.status < 501)
				fail_msg(
				    "round %d: %d %s", i, a.status, a.body);
			answer_free(&a);
		}
		wire_close(w);
	}
	json_decref(visitor_sign_in(v, "fuzzed"));
	free(text);
	json_decref(body);
	json_decref(options);
	visitor_free(v);
	server_end(s);
}

/* A body that comes a byte a second holds nobody else up, and is cut off. */
static void
slow_bodies_time_out(void **state)
{
	struct server *s = server_start(
	    &(struct server_options){ .config = "request_timeout = \"2s\"" });
	struct visitor *v = visitor_new(s);
	struct wire *slow[32];
	char head[512];
	int n = snprintf(head, sizeof(head),
	    "POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
	    "Origin: %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: 100\r\n\r\n{",
	    server_origin(s));

	(void)state;
	for (size_t i = 0; i < 32; i++) {
		slow[i] = wire_open("127.0.0.1", server_port(s), false, NULL);
		assert_non_null(slow[i]);
		assert_true(wire_send(slow[i], head, (size_t)n));
	}
	json_decref(visitor_sign_up(v, "quick"));
	for (size_t i = 0; i < 32; i++) {
		assert_true(wire_closed(slow[i], 10000));
		wire_close(slow[i]);
	}
	visitor_free(v);
	server_end(s);
}

/* No room to write: 503 for what would write, and reading goes on. */
static void
a_full_disk_still_reads(void **state)
{
	struct server_options o = { .config = "limits = off",
		.file_size_max = 1 << 20 };
	struct server *s = server_start(&o);
	struct visitor *v = visitor_new(s), *w = visitor_new(s);
	struct answer a = { 0 };
	json_t *session;

	(void)state;
	json_decref(visitor_sign_up(v, "reader"));
	for (int i = 0; i < 3000 && a.status != 503; i++) {
		char name[32];
		json_t *options;

		answer_free(&a);
		snprintf(name, sizeof(name), "fill-%d", i);
		options = visitor_get(w, "POST", "/api/v1/signup/options",
		    json_pack("{s:s}", "name", name), 200);
		softkey_free(w->passkey);
		w->passkey = softkey_new(-7);
		a = visitor_ask(w, "POST", "/api/v1/signup/verify",
		    visitor_finish(options, visitor_create(w, options, NULL)));
		json_decref(options);
	}
	assert_int_equal(a.status, 503);
	assert_string_equal(answer_code(&a), "storage-full");
	assert_non_null(answer_header(&a, "Retry-After"));
	answer_free(&a);
	session = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
	json_decref(session);
	json_decref(visitor_get(v, "GET", "/api/v1/history", NULL, 200));
	json_decref(visitor_get(
	    v, "POST", "/api/v1/login/options", json_object(), 200));
	/* With room again, all is as before. */
	server_signal(s, SIGTERM);
	server_wait(s);
	o.file_size_max = 0;
	server_again(s, &o);
	json_decref(visitor_sign_in(v, "reader"));
	assert_int_equal(server_cli(s, NULL, "audit", "verify", NULL), 0);
	visitor_free(v);
	visitor_free(w);
	server_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ops_listener_is_another_port),
		cmocka_unit_test(well_known_addresses_answer),
		cmocka_unit_test(sigterm_drains),
		cmocka_unit_test(tls_and_a_new_certificate_by_sighup),
		cmocka_unit_test(a_broken_configuration_is_not_taken_over),
		cmocka_unit_test(proxies_are_believed_when_trusted),
		cmocka_unit_test(limits_tell_when_to_come_back),
		cmocka_unit_test(guessing_at_an_account_is_limited),
		cmocka_unit_test(headers_have_a_limit),
		cmocka_unit_test(broken_requests_break_nothing),
		cmocka_unit_test(random_bytes_break_nothing),
		cmocka_unit_test(slow_bodies_time_out),
		cmocka_unit_test(a_full_disk_still_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
