/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/push_service.h"
#include "web/clock.h"
#include "web/deliver/sender.h"

enum { PATIENCE_S = 20 };

static struct push_service *service;

/* Counts down to the last reply; keeps the replies in the order they came. */
struct replies {
	pthread_mutex_t lock;
	pthread_cond_t more;
	unsigned n;
	struct sender_reply list[512];
};

static struct replies got = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.more = PTHREAD_COND_INITIALIZER };

static void
keep(void *arg, const struct sender_reply *r)
{
	struct replies *to = arg;

	pthread_mutex_lock(&to->lock);
	to->list[to->n++] = *r;
	pthread_cond_signal(&to->more);
	pthread_mutex_unlock(&to->lock);
}

static void
wait_for(unsigned n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&got.lock);
	while (got.n < n)
		if (pthread_cond_timedwait(&got.more, &got.lock, &until) != 0) {
			pthread_mutex_unlock(&got.lock);
			fail_msg("%u of %u replies", got.n, n);
		}
	pthread_mutex_unlock(&got.lock);
}

/* A loopback service, allowed by its port and by its address. */
static struct endpoint_rules *
rules_for(bool address)
{
	static const char *const networks[] = { "127.0.0.0/8", NULL };
	char host[64];
	const char *hosts[] = { host, "localhost", NULL }, *bad;
	struct endpoint_rules *r;

	snprintf(host, sizeof(host), "http://127.0.0.1:%u",
	    push_service_port(service));
	r = endpoint_rules_open(hosts, address ? networks : NULL, &bad);
	assert_non_null(r);
	return r;
}

static char *
url_of(const char *path, char url[128])
{
	snprintf(url, 128, "http://127.0.0.1:%u%s", push_service_port(service),
	    path);
	return url;
}

static const char *const headers[] = { "TTL: 60", "X-Test: yes", NULL };

static bool
submit(struct sender *s, const char *path)
{
	char url[128];
	const struct sender_request r = { url_of(path, url), headers,
		slice_of("body\0of bytes"), true };

	return sender_submit(s, &r, keep, &got);
}

/* One request with a sender of its own; its reply. */
static struct sender_reply
ask(struct sender_config c, const char *path)
{
	struct endpoint_rules *own = c.rules == NULL ? rules_for(true) : NULL;
	struct sender *s;

	if (own != NULL)
		c.rules = own;
	if (c.timeout_ms == 0)
		c.timeout_ms = 10000;
	s = sender_open(&c);
	assert_non_null(s);
	got.n = 0;
	assert_true(submit(s, path));
	wait_for(1);
	sender_stop(s, 0);
	sender_close(s);
	endpoint_rules_close(own);
	return got.list[0];
}

static const struct sender_config plain = { 0 };

static const struct {
	const char *path;
	unsigned status;
	int64_t retry_after_ms;
} answers[] = {
	{ "/201", 201, 0 },
	{ "/200", 200, 0 },
	{ "/202", 202, 0 },
	{ "/400", 400, 0 },
	{ "/403", 403, 0 },
	{ "/404", 404, 0 },
	{ "/410", 410, 0 },
	{ "/413", 413, 0 },
	{ "/429", 429, 0 },
	{ "/429/7", 429, 7000 },
	{ "/503/4000000000", 503, 24 * 3600 * 1000 },
	{ "/500", 500, 0 },
	{ "/slow", 201, 0 },
	{ "/endless", 201, 0 },
};

static void
tells_what_was_answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct sender_reply r = ask(plain, answers[i].path);

		if (r.end != SENDER_ANSWERED || r.status != answers[i].status ||
		    r.retry_after_ms != answers[i].retry_after_ms)
			fail_msg("%s: %u, status %u, retry after %lld",
			    answers[i].path, r.end, r.status,
			    (long long)r.retry_after_ms);
	}
}

static void
sends_what_it_was_given_and_nothing_of_its_own(void **state)
{
	struct push_request *r = malloc(sizeof(*r));
	char value[64];

	(void)state;
	assert_non_null(r);
	assert_int_equal(ask(plain, "/201").status, 201);
	push_service_last(service, r);
	assert_int_equal(strncmp(r->b, "POST /201 HTTP/1.1\r\n", 20), 0);
	assert_true(push_request_header(r, "TTL", value, sizeof(value)));
	assert_string_equal(value, "60");
	assert_true(push_request_header(r, "X-Test", value, sizeof(value)));
	assert_true(
	    push_request_header(r, "Content-Length", value, sizeof(value)));
	assert_string_equal(value, "4");
	assert_int_equal(r->n - r->head_n, 4);
	assert_memory_equal(r->b + r->head_n, "body", 4);
	assert_false(push_request_header(r, "Cookie", value, sizeof(value)));
	assert_false(push_request_header(r, "Expect", value, sizeof(value)));
	assert_false(
	    push_request_header(r, "Authorization", value, sizeof(value)));
	free(r);
}

static void
redirects_are_told_and_not_followed(void **state)
{
	const unsigned before = push_service_hits(service, "/201");

	(void)state;
	assert_int_equal(ask(plain, "/302").status, 302);
	assert_int_equal(push_service_hits(service, "/201"), before);
}

static void
silence_ends_in_time(void **state)
{
	struct sender_config c = { .timeout_ms = 200 };
	const struct sender_reply r = ask(c, "/never");

	(void)state;
	assert_int_equal(r.end, SENDER_TIMEOUT);
	assert_in_range(r.took_us, 200 * 1000, 5 * 1000 * 1000);
}

static void
a_broken_answer_is_none(void **state)
{
	(void)state;
	assert_int_equal(ask(plain, "/broken").end, SENDER_UNREACHABLE);
}

static void
a_name_that_leads_inside_gets_no_packet(void **state)
{
	struct endpoint_rules *rules = rules_for(false);
	struct sender_config c = { .rules = rules };
	const unsigned before = push_service_connections(service);
	char url[128];
	struct sender_request r = { url, headers, slice_of("x"), true };
	struct sender *s;

	(void)state;
	/* An address in the URL, listed as a host but not as a network. */
	assert_int_equal(ask(c, "/201").end, SENDER_ADDRESS);
	/* A name that is really looked up. */
	snprintf(url, sizeof(url), "http://localhost:%u/201",
	    push_service_port(service));
	s = sender_open(&c);
	got.n = 0;
	assert_true(sender_submit(s, &r, keep, &got));
	wait_for(1);
	assert_int_equal(got.list[0].end, SENDER_ADDRESS);
	/* What the configuration itself names need not be public. */
	r.judged = false;
	assert_true(sender_submit(s, &r, keep, &got));
	wait_for(2);
	assert_int_equal(got.list[1].status, 201);
	sender_stop(s, 0);
	sender_close(s);
	assert_int_equal(push_service_connections(service), before + 1);
	endpoint_rules_close(rules);
}

/* The name is public and its address is not: rebinding, in one connection. */
static void
a_name_turned_inside_is_refused(void **state)
{
	struct endpoint_rules *rules = rules_for(false);
	char to[64];
	const char *const list[] = { to, NULL };
	struct sender_config c = { .rules = rules, .connect_to = list };
	const unsigned before = push_service_connections(service);
	const struct sender_request r = { "http://push.example/201", headers,
		slice_of("x"), true };
	struct sender *s;

	(void)state;
	snprintf(to, sizeof(to), "push.example:80:127.0.0.1:%u",
	    push_service_port(service));
	s = sender_open(&c);
	got.n = 0;
	assert_true(sender_submit(s, &r, keep, &got));
	wait_for(1);
	assert_int_equal(got.list[0].end, SENDER_ADDRESS);
	sender_stop(s, 0);
	sender_close(s);
	assert_int_equal(push_service_connections(service), before);
	endpoint_rules_close(rules);
}

static void
other_schemes_are_not_spoken(void **state)
{
	static const char *const urls[] = { "file:///etc/passwd",
		"gopher://127.0.0.1/", "ftp://127.0.0.1/", "dict://127.0.0.1/",
		"", "no-such-name.invalid" };
	struct endpoint_rules *rules = rules_for(true);
	struct sender_config c = { .rules = rules };
	struct sender *s = sender_open(&c);

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		const struct sender_request r = { urls[i], headers,
			slice_of("x"), true };

		got.n = 0;
		assert_true(sender_submit(s, &r, keep, &got));
		wait_for(1);
		assert_int_equal(got.list[0].end, SENDER_UNREACHABLE);
	}
	sender_stop(s, 0);
	sender_close(s);
	endpoint_rules_close(rules);
}

static void
connections_are_used_again(void **state)
{
	struct endpoint_rules *rules = rules_for(true);
	struct sender_config c = { .rules = rules };
	struct sender *s = sender_open(&c);
	const unsigned before = push_service_connections(service);

	(void)state;
	got.n = 0;
	for (unsigned i = 1; i <= 20; i++) {
		assert_true(submit(s, "/201"));
		wait_for(i);
	}
	assert_int_equal(push_service_connections(service), before + 1);
	sender_stop(s, 0);
	sender_close(s);
	endpoint_rules_close(rules);
}

static void
a_host_gets_no_more_than_its_connections(void **state)
{
	struct endpoint_rules *rules = rules_for(true);
	struct sender_config c = { .rules = rules, .per_host = 3 };
	struct sender *s = sender_open(&c);
	const unsigned before = push_service_connections(service);

	(void)state;
	got.n = 0;
	for (unsigned i = 0; i < 12; i++)
		assert_true(submit(s, "/slow"));
	wait_for(12);
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(got.list[i].status, 201);
	assert_in_range(push_service_connections(service) - before, 1, 3);
	assert_in_range(push_service_most_at_once(service), 1, 3);
	sender_stop(s, 0);
	sender_close(s);
	endpoint_rules_close(rules);
}

/* Those that wait for a connection wait no longer than the others. */
static void
a_queue_behind_a_silent_host_ends_in_time_too(void **state)
{
	struct endpoint_rules *rules = rules_for(true);
	struct sender_config c = {
		.rules = rules, .per_host = 2, .timeout_ms = 300
	};
	struct sender *s = sender_open(&c);

	(void)state;
	got.n = 0;
	for (unsigned i = 0; i < 40; i++)
		assert_true(submit(s, "/never"));
	wait_for(40);
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(got.list[i].end, SENDER_TIMEOUT);
		assert_in_range(got.list[i].took_us, 300 * 1000, 3000 * 1000);
	}
	sender_stop(s, 0);
	sender_close(s);
	endpoint_rules_close(rules);
}

static void
refuses_more_than_it_can_hold_without_waiting(void **state)
{
	struct endpoint_rules *rules = rules_for(true);
	struct sender_config c = { .rules = rules, .requests = 4 };
	struct sender *s = sender_open(&c);
	uint64_t began;

	(void)state;
	got.n = 0;
	for (unsigned i = 0; i < 4; i++)
		assert_true(submit(s, "/never"));
	began = clock_us();
	for (unsigned i = 0; i < 100; i++)
		assert_false(submit(s, "/201"));
	assert_true(clock_us() - began < 2 * 1000 * 1000);
	/* Every one that was taken hears of its end. */
	sender_stop(s, 0);
	assert_int_equal(got.n, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(got.list[i].end, SENDER_STOPPED);
	assert_false(submit(s, "/201"));
	sender_close(s);
	endpoint_rules_close(rules);
}

static void
stopping_waits_for_what_will_end(void **state)
{
	struct endpoint_rules *rules = rules_for(true);
	struct sender_config c = { .rules = rules };
	struct sender *s = sender_open(&c);

	(void)state;
	got.n = 0;
	assert_true(submit(s, "/slow"));
	sender_stop(s, 5000);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.list[0].status, 201);
	sender_close(s);
	endpoint_rules_close(rules);
}

static int
start(void **state)
{
	(void)state;
	service = push_service_start();
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	push_service_stop(service);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_what_was_answered),
		TEST(sends_what_it_was_given_and_nothing_of_its_own),
		TEST(redirects_are_told_and_not_followed),
		TEST(silence_ends_in_time),
		TEST(a_broken_answer_is_none),
		TEST(a_name_that_leads_inside_gets_no_packet),
		TEST(a_name_turned_inside_is_refused),
		TEST(other_schemes_are_not_spoken),
		TEST(connections_are_used_again),
		TEST(a_host_gets_no_more_than_its_connections),
		TEST(a_queue_behind_a_silent_host_ends_in_time_too),
		TEST(refuses_more_than_it_can_hold_without_waiting),
		TEST(stopping_waits_for_what_will_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
