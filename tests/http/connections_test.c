/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: how many, how long, and what becomes of them at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/http/asker.h"
#include "tests/http/claims.h"

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
	/* One thread, so that none looks while another counts. */
#define COUNTED "connections_per_address = 20\nserver_threads = 1\n"
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_are_counted_by_address),
		cmocka_unit_test(a_trickle_is_cut_off),
		cmocka_unit_test(waiting_for_news_is_no_trickle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
