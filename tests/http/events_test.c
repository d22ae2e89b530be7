/* SPDX-License-Identifier: Apache-2.0 */
/* Browsers that wait: told at once, by whatever process, and bounded. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/http/household.h"

enum { SOON_MS = 5000 };

static struct server *server;

static int
setup(void **state)
{
	*state = household_new(server);
	return 0;
}

static int
teardown(void **state)
{
	household_free(*state);
	return 0;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Asks on a connection of its own, without waiting for the answer. */
static struct wire *
begin_wait(struct asker *b, unsigned wait)
{
	struct wire *w = wire_open(
	    "127.0.0.1", server_port(b->v->server), false, b->v->from);
	char text[4608];
	int n = snprintf(text, sizeof(text),
	    "GET %s?wait=%u HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n",
	    asker_path(b, ""), wait, b->v->cookies);

	assert_non_null(w);
	assert_true(wire_send(w, text, (size_t)n));
	return w;
}

/* Until so many wait: then whatever was sent has been taken in. */
static void
until_waiting(struct server *s, double n)
{
	for (int ms = 0; ms < SOON_MS; ms += 2) {
		if (server_metric(s, "itsumo_waiting ") == n)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	fail_msg("%g wait, not %g", server_metric(s, "itsumo_waiting "), n);
}

static void
a_stream_tells_how_it_ends(void **state)
{
	struct household *h = *state;
	struct wire *w;

	asker_ask(h->pc, h->name);
	w = asker_listen(h->pc);
	assert_true(wire_until(w,
	    "retry: 2000\nevent: state\nid: pending\n"
	    "data: {\"approval\":{\"id\":\"apr_",
	    SOON_MS));
	assert_true(wire_until(w, "\n\n", SOON_MS));
	companion_decide(h->phone, h->pc->id, h->pc->number, "approved");
	assert_true(wire_until(w, "event: state\nid: approved\n", SOON_MS));
	assert_true(wire_until(w, "\"state\":\"approved\"", SOON_MS));
	/* Nothing comes after it, and the connection can be used again. */
	assert_true(wire_until(w, "\n\n\r\n0\r\n\r\n", SOON_MS));
	wire_close(w);
	until_waiting(server, 0);
}

static void
every_end_is_told(void **state)
{
	static const char *const ends[] = { "denied", "reported", "mismatch",
		"cancelled", "superseded" };
	(void)state;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct household *h = household_new(server);
		struct wire *w;
		char line[64];
		json_t *seen;

		asker_ask(h->pc, h->name);
		w = asker_listen(h->pc);
		assert_true(wire_until(w, "id: pending\n", SOON_MS));
		seen = companion_look(h->phone, h->pc->id);
		switch (i) {
		case 0:
		case 1:
			json_decref(companion_refuse(
			    h->phone, h->pc->id, i == 0 ? "deny" : "report"));
			break;
		case 2:
			companion_decide(h->phone, h->pc->id,
			    household_other(seen, h->pc->number), "mismatch");
			break;
		case 3:
			visitor_get(h->pc->v, "POST",
			    asker_path(h->pc, "/cancel"), json_object(), 204);
			break;
		default:
			asker_ask(h->pc, h->name);
		}
		snprintf(line, sizeof(line), "id: %s\n", ends[i]);
		assert_true(wire_until(w, line, SOON_MS));
		json_decref(seen);
		wire_close(w);
		household_free(h);
	}
}

/* Who knows its id, and nothing else, ends nobody's wait. */
static void
nobody_else_takes_its_place(void **state)
{
	struct household *h = *state;
	struct asker *other = asker_new(server);
	struct wire *w, *stream;
	struct answer a;
	char path[128];

	asker_ask(h->pc, h->name);
	w = begin_wait(h->pc, 20);
	until_waiting(server, 1);
	stream = asker_listen(h->pc);
	until_waiting(server, 2);
	/* With a binding of its own: it has asked for something else. */
	asker_ask(other, "nobody");
	memcpy(other->id, h->pc->id, sizeof(other->id));
	snprintf(path, sizeof(path), "%s?wait=1", asker_path(other, ""));
	visitor_refused(other->v, "GET", path, NULL, 404, "approval-unknown");
	until_waiting(server, 2);
	companion_decide(h->phone, h->pc->id, h->pc->number, "approved");
	a = wire_answer(w, SOON_MS);
	assert_string_equal(json_at(a.json, "approval.state"), "approved");
	answer_free(&a);
	wire_close(w);
	wire_close(stream);
	asker_free(other);
}

static void
its_time_runs_out(void **state)
{
	struct server *s = server_start(&(struct server_options){
	    .config = "limits = off\napproval_time = 2s" });
	struct household *h = household_new(s);
	struct wire *w;

	(void)state;
	asker_ask(h->pc, h->name);
	w = asker_listen(h->pc);
	assert_true(wire_until(w, "id: pending\n", SOON_MS));
	assert_true(wire_until(w, "id: expired\n", SOON_MS));
	wire_close(w);
	household_free(h);
	server_end(s);
}

static void
whoever_has_seen_the_end_is_told_to_stop(void **state)
{
	struct household *h = *state;

	household_approve(h, h->pc);
	h->pc->v->extra = "Last-Event-ID: approved\r\n";
	visitor_get(h->pc->v, "GET", asker_path(h->pc, "/events"), NULL, 204);
	h->pc->v->extra = "Last-Event-ID: pending\r\n";
	{
		struct answer a = visitor_ask(
		    h->pc->v, "GET", asker_path(h->pc, "/events"), NULL);

		assert_int_equal(a.status, 200);
		assert_non_null(strstr(a.body, "id: approved\n"));
		answer_free(&a);
	}
	h->pc->v->extra = NULL;
}

static void
an_answer_waits(void **state)
{
	struct household *h = *state;
	struct wire *w;
	struct answer a;
	double begun;

	asker_ask(h->pc, h->name);
	begun = seconds();
	assert_string_equal(asker_state(h->pc, 2), "pending");
	assert_true(seconds() - begun > 0.9 && seconds() - begun < 4);
	w = begin_wait(h->pc, 25);
	until_waiting(server, 1);
	begun = seconds();
	companion_decide(h->phone, h->pc->id, h->pc->number, "approved");
	a = wire_answer(w, SOON_MS);
	assert_int_equal(a.status, 200);
	assert_string_equal(json_at(a.json, "approval.state"), "approved");
	answer_free(&a);
	wire_close(w);
	/* What is over is said at once. */
	begun = seconds();
	assert_string_equal(asker_state(h->pc, 25), "approved");
	assert_true(seconds() - begun < 2);
}

static void
the_third_ends_the_first(void **state)
{
	struct household *h = *state;
	struct wire *w[3];

	asker_ask(h->pc, h->name);
	for (int i = 0; i < 3; i++) {
		w[i] = asker_listen(h->pc);
		assert_true(wire_until(w[i], "id: pending\n", SOON_MS));
	}
	assert_true(wire_until(w[0], "\r\n0\r\n\r\n", SOON_MS));
	until_waiting(server, 2);
	companion_decide(h->phone, h->pc->id, h->pc->number, "approved");
	assert_true(wire_until(w[1], "id: approved\n", SOON_MS));
	assert_true(wire_until(w[2], "id: approved\n", SOON_MS));
	for (int i = 0; i < 3; i++)
		wire_close(w[i]);
}

/* One store, two processes: asked at one, approved at the other. */
static void
two_processes_work_as_one(void **state)
{
	int port = server_free_port(), second = server_free_port();
	struct server_options o = { .port = port };
	struct server *one, *two;
	struct household *h;
	struct visitor *far;
	struct wire *stream, *held;
	struct answer a;
	char config[256];
	json_t *seen, *options;

	(void)state;
	snprintf(config, sizeof(config),
	    "limits = off\nrp_id = localhost\n"
	    "origins = { \"http://localhost:%d\", \"http://localhost:%d\" }\n",
	    port, second);
	o.config = config;
	one = server_start(&o);
	o.port = second;
	o.beside = one;
	two = server_start(&o);
	h = household_new(one);
	asker_ask(h->pc, h->name);
	stream = asker_listen(h->pc);
	assert_true(wire_until(stream, "id: pending\n", SOON_MS));
	held = begin_wait(h->pc, 25);
	until_waiting(one, 2);
	/* The phone is at the other one. */
	far = h->phone->v;
	wire_close(far->wire);
	far->wire = NULL;
	far->server = two;
	assert_string_equal(companion_pending(h->phone), h->pc->id);
	seen = companion_look(h->phone, h->pc->id);
	options = companion_choose(h->phone, h->pc->id, seen, h->pc->number);
	assert_non_null(options);
	json_decref(companion_sign(h->phone, h->pc->id, options));
	assert_true(wire_until(stream, "id: approved\n", SOON_MS));
	a = wire_answer(held, SOON_MS);
	assert_string_equal(json_at(a.json, "approval.state"), "approved");
	answer_free(&a);
	/* And the browser collects at either. */
	wire_close(h->pc->v->wire);
	h->pc->v->wire = NULL;
	h->pc->v->server = two;
	json_decref(asker_collect(h->pc));
	h->pc->v->server = one;
	wire_close(h->pc->v->wire);
	h->pc->v->wire = NULL;
	json_decref(visitor_get(h->pc->v, "GET", "/api/v1/session", NULL, 200));
	wire_close(stream);
	wire_close(held);
	json_decref(seen);
	json_decref(options);
	household_free(h);
	server_end(two);
	server_end(one);
}

/* Streams that nobody reads, and nobody closes either. */
static void
streams_that_are_never_read(void **state)
{
	struct household *h = *state;
	struct asker *deaf[20];
	struct wire *w[40];
	struct wire *mine;

	for (int i = 0; i < 20; i++) {
		char name[16];

		snprintf(name, sizeof(name), "deaf%d", i);
		deaf[i] = asker_new(server);
		asker_ask(deaf[i], name);
		w[2 * i] = asker_listen(deaf[i]);
		w[2 * i + 1] = asker_listen(deaf[i]);
		/* From here on they are silent, and full of news. */
		if (i % 2 == 0)
			visitor_get(deaf[i]->v, "POST",
			    asker_path(deaf[i], "/cancel"), json_object(), 204);
	}
	asker_ask(h->pc, h->name);
	mine = asker_listen(h->pc);
	assert_true(wire_until(mine, "id: pending\n", SOON_MS));
	companion_decide(h->phone, h->pc->id, h->pc->number, "approved");
	assert_true(wire_until(mine, "id: approved\n", SOON_MS));
	wire_close(mine);
	/* Gone without a word: noticed when there is something to tell. */
	for (int i = 0; i < 40; i++)
		wire_close(w[i]);
	for (int i = 0; i < 20; i++) {
		if (i % 2 == 1)
			visitor_get(deaf[i]->v, "POST",
			    asker_path(deaf[i], "/cancel"), json_object(), 204);
		asker_free(deaf[i]);
	}
	until_waiting(server, 0);
}

static void
only_so_many_wait(void **state)
{
	struct server *s = server_start(
	    &(struct server_options){ .config = "limits = off\nwaiting = 3" });
	struct asker *b[4];
	struct wire *w[3];
	struct answer a;
	double begun;

	(void)state;
	for (int i = 0; i < 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "nobody%d", i);
		b[i] = asker_new(s);
		asker_ask(b[i], name);
		if (i < 3)
			w[i] = asker_listen(b[i]);
	}
	a = visitor_ask(b[3]->v, "GET", asker_path(b[3], "/events"), NULL);
	assert_int_equal(a.status, 503);
	assert_string_equal(answer_code(&a), "busy");
	assert_non_null(answer_header(&a, "Retry-After"));
	answer_free(&a);
	/* The twin still answers, if without waiting. */
	begun = seconds();
	assert_string_equal(asker_state(b[3], 25), "pending");
	assert_true(seconds() - begun < 2);
	assert_true(server_metric(s, "itsumo_waits_refused_total ") == 2);
	for (int i = 0; i < 3; i++)
		wire_close(w[i]);
	for (int i = 0; i < 4; i++)
		asker_free(b[i]);
	server_end(s);
}

static void
who_waits_does_not_hold_up_the_end(void **state)
{
	struct server *s =
	    server_start(&(struct server_options){ .config = "limits = off" });
	struct household *h = household_new(s);
	struct wire *stream, *held;
	struct answer a;
	double begun;

	(void)state;
	asker_ask(h->pc, h->name);
	stream = asker_listen(h->pc);
	assert_true(wire_until(stream, "id: pending\n", SOON_MS));
	held = begin_wait(h->pc, 25);
	until_waiting(s, 2);
	/* A new configuration disturbs nobody. */
	server_log_mark(s);
	server_signal(s, SIGHUP);
	assert_true(server_logged(s, "event=reload in force"));
	assert_true(server_metric(s, "itsumo_waiting ") == 2);
	begun = seconds();
	server_signal(s, SIGTERM);
	assert_true(wire_until(stream, "0\r\n\r\n", SOON_MS));
	a = wire_answer(held, SOON_MS);
	assert_int_equal(a.status, 200);
	assert_string_equal(json_at(a.json, "approval.state"), "pending");
	answer_free(&a);
	assert_int_equal(server_wait(s), 0);
	assert_true(seconds() - begun < 5);
	wire_close(stream);
	wire_close(held);
	household_free(h);
	server_end(s);
}

static void
over_tls_too(void **state)
{
	struct server *s = server_start(
	    &(struct server_options){ .config = "limits = off", .tls = true });
	struct household *h = household_new(s);
	struct answer a;
	struct wire *w;

	(void)state;
	asker_ask(h->pc, h->name);
	/* Whoever asks for the head alone does not wait. */
	a = visitor_ask(h->pc->v, "HEAD", asker_path(h->pc, "/events"), NULL);
	assert_int_equal(a.status, 200);
	answer_free(&a);
	wire_close(h->pc->v->wire);
	h->pc->v->wire = NULL;
	until_waiting(s, 0);
	w = asker_listen(h->pc);
	assert_true(wire_until(w, "id: pending\n", SOON_MS));
	companion_decide(h->phone, h->pc->id, h->pc->number, "approved");
	assert_true(wire_until(w, "id: approved\n", SOON_MS));
	wire_close(w);
	household_free(h);
	server_end(s);
}

/* A comment each 15 s keeps proxies from ending it; at 55 s it ends. */
static void
a_stream_lives_for_55_seconds(void **state)
{
	struct household *h = *state;
	double begun = seconds(), last = begun;
	struct wire *w;

	asker_ask(h->pc, h->name);
	w = asker_listen(h->pc);
	assert_true(wire_until(w, "id: pending\n", SOON_MS));
	for (int i = 0; i < 3; i++) {
		assert_true(wire_until(w, "\r\n:\n\n\r\n", 20000));
		assert_true(seconds() - last > 12 && seconds() - last < 18);
		last = seconds();
	}
	assert_true(wire_until(w, "0\r\n\r\n", 20000));
	assert_true(seconds() - begun > 50 && seconds() - begun < 58);
	wire_close(w);
	until_waiting(server, 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_stream_tells_how_it_ends),
		EACH(nobody_else_takes_its_place),
		cmocka_unit_test(every_end_is_told),
		cmocka_unit_test(its_time_runs_out),
		EACH(whoever_has_seen_the_end_is_told_to_stop),
		EACH(an_answer_waits),
		EACH(the_third_ends_the_first),
		cmocka_unit_test(two_processes_work_as_one),
		EACH(streams_that_are_never_read),
		cmocka_unit_test(only_so_many_wait),
		cmocka_unit_test(who_waits_does_not_hold_up_the_end),
		cmocka_unit_test(over_tls_too),
		EACH(a_stream_lives_for_55_seconds),
	};
	int failed;

	server =
	    server_start(&(struct server_options){ .config = "limits = off" });
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_end(server);
	return failed;
}
