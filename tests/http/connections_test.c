/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: how many, how long, and what becomes of them at the end. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/http/asker.h"
#include "tests/http/claims.h"
#include "tests/http/meddler.h"

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits until it is so much at least. */
static void
await_metric(const struct server *s, const char *name, double least)
{
	for (int64_t end = now_ms() + 10000; server_metric(s, name) < least;)
		if (now_ms() > end)
			fail_msg("%s is %g", name, server_metric(s, name));
}

/* One address holds some connections, not all of them. */
static void
connections_are_counted_by_address(void **state)
{
#define COUNTED "connections_per_address = 20\n"
	static const struct {
		const char *config, *from;
		bool counted;
	} rows[] = {
		{ COUNTED, "127.0.0.1", true },
		/* A proxy's clients are many, but not whoever else connects. */
		{ COUNTED "trusted_proxies = { \"127.0.0.5\" }", "127.0.0.1",
		    true },
		{ COUNTED "trusted_proxies = { \"127.0.0.5\" }", "127.0.0.5",
		    false },
	};
#undef COUNTED
	enum { MANY = 30 };
	struct wire *held[MANY];

	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++) {
		struct server *s = server_start(
		    &(struct server_options){ .config = rows[row].config });
		struct visitor *v = visitor_new(s);

		for (int i = 0; i < MANY; i++)
			held[i] = wire_open(
			    "127.0.0.1", server_port(s), false, rows[row].from);
		if (rows[row].counted) {
			await_metric(
			    s, "itsumo_connections_refused_total", MANY - 20);
			assert_true(
			    server_metric(s, "itsumo_connections ") <= 20);
		} else
			await_metric(s, "itsumo_connections ", MANY);
		v->from = "127.0.0.9";
		json_decref(visitor_sign_up(v, "elsewhere"));
		for (int i = 0; i < MANY; i++)
			wire_close(held[i]);
		visitor_free(v);
		server_end(s);
	}
}

/* A byte now and then is never silent for long: it is cut off all the same. */
static void
a_trickle_is_cut_off(void **state)
{
	static const char *const begun[] = {
		"GET /",
		"GET /api/v1/service HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
		"POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
		"Sec-Fetch-Site: same-origin\r\nContent-Length: 2000\r\n"
		"Content-Type: application/json\r\n\r\n{\"name\": \"",
	};
	enum { FLOWS = sizeof(begun) / sizeof(*begun), GIVE_UP_MS = 20000 };
	struct server *s = server_start(
	    &(struct server_options){ .config = "request_timeout = \"1s\"" });
	struct wire *slow[FLOWS];
	int64_t start = now_ms();
	size_t left = FLOWS;

	(void)state;
	for (size_t i = 0; i < FLOWS; i++) {
		slow[i] = wire_open("127.0.0.1", server_port(s), false, NULL);
		assert_non_null(slow[i]);
		assert_true(wire_send(slow[i], begun[i], strlen(begun[i])));
	}
	while (left > 0 && now_ms() < start + GIVE_UP_MS)
		for (size_t i = 0; i < FLOWS; i++) {
			if (slow[i] == NULL || (wire_send(slow[i], "x", 1) &&
						   !wire_closed(slow[i], 50)))
				continue;
			wire_close(slow[i]);
			slow[i] = NULL;
			left--;
		}
	assert_int_equal(left, 0);
	server_end(s);
}

/* What takes its time here, and not on the way in or out, is not cut off. */
static void
waiting_for_news_is_no_trickle(void **state)
{
	struct server *s = server_start(
	    &(struct server_options){ .config = "request_timeout = \"2s\"" });
	struct visitor *v = visitor_new(s);
	struct asker *b = asker_new(s);
	struct wire *events;

	(void)state;
	json_decref(visitor_sign_up(v, "patient"));
	asker_ask(b, "patient");
	events = asker_listen(b);
	assert_true(wire_until(events, "event: state", 5000));
	assert_string_equal(asker_state(b, 6), "pending");
	assert_false(wire_closed(events, 100));
	assert_int_equal(server_metric(s, "itsumo_connections_cut_total"), 0);
	wire_close(events);
	asker_free(b);
	visitor_free(v);
	server_end(s);
}

/* Begins a request that the server waits for. */
static struct wire *
half_a_request(const struct server *s)
{
	static const char head[] =
	    "POST /api/v1/login/options HTTP/1.1\r\nHost: localhost\r\n"
	    "Sec-Fetch-Site: same-origin\r\nContent-Length: 2\r\n"
	    "Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n";
	struct wire *w = wire_open("127.0.0.1", server_port(s), false, NULL);

	assert_non_null(w);
	assert_true(wire_send(w, head, sizeof(head) - 1));
	/* Then it has begun. */
	assert_true(wire_until(w, "100 Continue\r\n\r\n", 5000));
	return w;
}

static void
ended_well(struct server *s)
{
	int status = server_wait(s);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Whoever looks at a page sees one; everybody else is told a problem. */
static void
trouble_has_a_page(struct wire **kept, size_t n)
{
#define BROWSER "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
	static const struct {
		const char *path, *headers;
		bool page;
	} rows[] = {
		{ "/", BROWSER, true },
		{ "/account",
		    BROWSER "Sec-Fetch-Mode: navigate\r\n"
			    "Accept-Language: ja\r\n",
		    true },
		{ "/", BROWSER "Sec-Fetch-Mode: cors\r\n", false },
		{ "/", "Accept: */*\r\n", false },
		{ "/api/v1/service", BROWSER, false },
	};
#undef BROWSER
	char text[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && i < n; i++) {
		struct answer a;

		snprintf(text, sizeof(text),
		    "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
		    rows[i].path, rows[i].headers);
		assert_true(wire_send(kept[i], text, strlen(text)));
		a = wire_answer(kept[i], 5000);
		assert_int_equal(a.status, 503);
		assert_string_equal(answer_header(&a, "Retry-After"), "1");
		assert_string_equal(
		    answer_header(&a, "Cache-Control"), "no-store");
		assert_non_null(answer_header(&a, "X-Request-Id"));
		assert_non_null(answer_header(&a, "Content-Security-Policy"));
		assert_string_equal(
		    answer_code(&a), rows[i].page ? "" : "draining");
		assert_int_equal(
		    strstr(a.body, "</html>") != NULL, rows[i].page);
		if (rows[i].page)
			assert_string_equal(
			    answer_header(&a, "Content-Language"),
			    i == 0 ? "en" : "ja");
		answer_free(&a);
		wire_close(kept[i]);
	}
}

/* A connection that is open, and has been used. */
static struct wire *
kept_connection(const struct server *s)
{
	static const char text[] =
	    "GET /api/v1/service HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct wire *w = wire_open("127.0.0.1", server_port(s), false, NULL);
	struct answer a;

	assert_non_null(w);
	assert_true(wire_send(w, text, sizeof(text) - 1));
	a = wire_answer(w, 5000);
	assert_int_equal(a.status, 200);
	answer_free(&a);
	return w;
}

/* What comes while what has begun is finished is told to come back. */
static void
who_comes_at_the_end_is_told(void **state)
{
	struct server *s = server_start(
	    &(struct server_options){ .config = "drain_time = \"60s\"" });
	struct visitor *v = visitor_new(s);
	struct wire *half, *kept[5];
	struct answer a = { 0 };

	(void)state;
	json_decref(visitor_get(v, "GET", "/api/v1/service", NULL, 200));
	half = half_a_request(s);
	for (size_t i = 0; i < 5; i++)
		kept[i] = kept_connection(s);
	server_signal(s, SIGTERM);
	do {
		answer_free(&a);
		a = visitor_ask(v, "GET", "/api/v1/service", NULL);
	} while (a.status == 200);
	assert_int_equal(a.status, 503);
	assert_string_equal(answer_code(&a), "draining");
	assert_string_equal(answer_header(&a, "Retry-After"), "1");
	assert_string_equal(answer_header(&a, "Connection"), "close");
	answer_free(&a);
	trouble_has_a_page(kept, 5);
	assert_true(wire_send(half, "{}", 2));
	a = wire_answer(half, 5000);
	assert_int_equal(a.status, 200);
	answer_free(&a);
	wire_close(half);
	ended_well(s);
	visitor_free(v);
	server_end(s);
}

/* Nobody can make an end a bad one by sending slowly. */
static void
a_slow_request_does_not_hold_up_the_end(void **state)
{
	struct server *s = server_start(
	    &(struct server_options){ .config = "drain_time = \"1s\"" });
	struct wire *half = half_a_request(s);

	(void)state;
	server_log_mark(s);
	server_signal(s, SIGTERM);
	ended_well(s);
	assert_false(server_logged(s, "event=stop not everything"));
	wire_close(half);
	server_end(s);
}

/* With the visitor's session, on another connection; answered later. */
static void
ask_to_sign_out(const struct visitor *v, struct wire *w)
{
	char text[8192];
	int n = snprintf(text, sizeof(text),
	    "POST /api/v1/logout HTTP/1.1\r\nHost: localhost\r\n"
	    "Sec-Fetch-Site: same-origin\r\nContent-Length: 2\r\n"
	    "Content-Type: application/json\r\nCookie: %s\r\n\r\n{}",
	    v->cookies);

	assert_true(n > 0 && (size_t)n < sizeof(text));
	assert_true(wire_send(w, text, (size_t)n));
}

/* More than the workers can take on: 503, and nothing is lost. */
static void
too_much_to_do_is_said(void **state)
{
	enum { QUEUE = 1024 };
	static const char logout[] =
	    "POST /api/v1/logout HTTP/1.1\r\nHost: localhost\r\n"
	    "Sec-Fetch-Site: same-origin\r\nContent-Length: 2\r\n"
	    "Content-Type: application/json\r\n\r\n{}";
	struct server *s = server_start(&(struct server_options){
	    .config = "workers = 1\nconnections_per_address = 0\n"
		      "request_timeout = \"10m\"" });
	struct rlimit files = { 4096, 4096 };
	struct meddler *m = meddler_new(s);
	struct visitor *v = visitor_new(s);
	static struct wire *queued[QUEUE + 1];
	json_t *j;

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	json_decref(visitor_sign_up(v, "busy"));
	meddler_hold_writer(m);
	/* The first has the worker, and waits for the disk; the rest wait. */
	for (int i = 0; i < QUEUE + 1; i++) {
		queued[i] = wire_open("127.0.0.1", server_port(s), false, NULL);
		assert_non_null(queued[i]);
		if (i > 0) {
			assert_true(
			    wire_send(queued[i], logout, sizeof(logout) - 1));
			continue;
		}
		ask_to_sign_out(v, queued[i]);
		await_metric(s, "itsumo_workers ", 1);
	}
	await_metric(s, "itsumo_worker_queue ", QUEUE);
	j = visitor_get(v, "POST", "/api/v1/logout", json_object(), 503);
	assert_string_equal(json_at(j, "code"), "busy");
	json_decref(j);
	assert_int_equal(server_metric(s, "itsumo_worker_queue_full_total"), 1);
	/* Reading goes on. */
	json_decref(visitor_get(v, "GET", "/api/v1/session", NULL, 200));
	meddler_let_go(m);
	for (int i = 0; i < QUEUE + 1; i++) {
		struct answer a = wire_answer(queued[i], 30000);

		assert_int_equal(a.status, i == 0 ? 204 : 401);
		answer_free(&a);
		wire_close(queued[i]);
	}
	visitor_free(v);
	meddler_free(m);
	server_end(s);
}

/* What fails here is a fault: 500, in the log and the metrics, and no more. */
static void
a_record_that_cannot_be_read_is_a_fault(void **state)
{
	struct server *s = server_start(NULL);
	struct meddler *m = meddler_new(s);
	struct visitor *v = visitor_new(s), *other = visitor_new(s);
	json_t *done = visitor_sign_up(v, "damaged"), *j;

	(void)state;
	json_decref(visitor_sign_up(other, "sound"));
	meddler_damage_session(m, json_at(done, "session.id"));
	server_log_mark(s);
	j = visitor_get(v, "GET", "/api/v1/session", NULL, 500);
	assert_string_equal(json_at(j, "code"), "fault");
	json_decref(j);
	assert_true(server_logged(s, "level=error refused=fault address="));
	assert_int_equal(
	    server_metric(s, "itsumo_problems_total{code=\"fault\"}"), 1);
	json_decref(visitor_get(other, "GET", "/api/v1/session", NULL, 200));
	json_decref(done);
	visitor_free(v);
	visitor_free(other);
	meddler_free(m);
	server_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_are_counted_by_address),
		cmocka_unit_test(a_trickle_is_cut_off),
		cmocka_unit_test(waiting_for_news_is_no_trickle),
		cmocka_unit_test(who_comes_at_the_end_is_told),
		cmocka_unit_test(a_slow_request_does_not_hold_up_the_end),
		cmocka_unit_test(too_much_to_do_is_said),
		cmocka_unit_test(a_record_that_cannot_be_read_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
