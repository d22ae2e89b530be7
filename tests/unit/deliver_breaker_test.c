/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "web/deliver/breaker.h"
#include "web/deliver/outbox.h"

static const char host[] = "https://push.example";
static const store_time start = (store_time)1790000000 * 1000;

static void
fail_times(struct breaker *b, int n, store_time now)
{
	while (n-- > 0)
		breaker_tell(b, host, now, false);
}

static void
a_host_rests_after_five_failures_in_a_row(void **state)
{
	struct breaker *b = breaker_open();

	(void)state;
	fail_times(b, BREAKER_PATIENCE - 1, start);
	assert_int_equal(breaker_ask(b, host, start), 0);
	breaker_tell(b, host, start, true);
	fail_times(b, BREAKER_PATIENCE - 1, start);
	assert_int_equal(breaker_ask(b, host, start), 0);
	fail_times(b, 1, start);
	assert_int_equal(breaker_ask(b, host, start), 1000);
	assert_int_equal(breaker_ask(b, host, start + 999), 1);
	/* Others are none of its business. */
	assert_int_equal(breaker_ask(b, "https://other.example", start), 0);
	breaker_close(b);
}

static void
then_one_may_try_and_a_failure_doubles_the_rest(void **state)
{
	struct breaker *b = breaker_open();
	store_time now = start, want = 1000;

	(void)state;
	fail_times(b, BREAKER_PATIENCE, now);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(breaker_ask(b, host, now), want);
		now += want;
		assert_int_equal(breaker_ask(b, host, now), 0);
		/* While it tries, the others wait. */
		assert_true(breaker_ask(b, host, now) > 0);
		breaker_tell(b, host, now, false);
		want = want * 2 < 60000 ? want * 2 : 60000;
	}
	breaker_tell(b, host, now, true);
	assert_int_equal(breaker_ask(b, host, now), 0);
	assert_int_equal(breaker_ask(b, host, now), 0);
	breaker_close(b);
}

/* One that tried and was never heard of must not close the way for ever. */
static void
a_trial_without_an_end_is_followed_by_another(void **state)
{
	struct breaker *b = breaker_open();

	(void)state;
	fail_times(b, BREAKER_PATIENCE, start);
	assert_int_equal(breaker_ask(b, host, start + 1000), 0);
	assert_int_equal(breaker_ask(b, host, start + 1000), 15000);
	assert_int_equal(breaker_ask(b, host, start + 16000), 0);
	breaker_close(b);
}

static void
a_clock_set_back_does_not_make_it_longer(void **state)
{
	struct breaker *b = breaker_open();

	(void)state;
	fail_times(b, BREAKER_PATIENCE, start);
	assert_int_equal(breaker_ask(b, host, start - 3600 * 1000), 0);
	breaker_close(b);
}

static void
many_hosts_do_not_push_out_the_one_that_fails_now(void **state)
{
	struct breaker *b = breaker_open();
	char other[64];

	(void)state;
	fail_times(b, BREAKER_PATIENCE, start);
	for (int i = 0; i < 1000; i++) {
		snprintf(other, sizeof(other), "https://%d.example", i);
		breaker_tell(b, other, start, false);
		assert_int_equal(breaker_ask(b, host, start), 1000);
	}
	breaker_close(b);
}

static void
waits_grow_and_are_spread(void **state)
{
	(void)state;
	/* 1000 is the middle of the spread. */
	assert_int_equal(outbox_backoff(1, true, 0, 1000), 1000);
	assert_int_equal(outbox_backoff(2, true, 0, 1000), 2000);
	assert_int_equal(outbox_backoff(6, true, 0, 1000), 32000);
	assert_int_equal(outbox_backoff(7, true, 0, 1000), 60000);
	assert_int_equal(outbox_backoff(4000000000u, true, 0, 1000), 60000);
	assert_int_equal(outbox_backoff(4000000000u, false, 0, 1000), 3600000);
	assert_int_equal(outbox_backoff(0, true, 0, 1000), 1000);
	for (uint32_t chance = 0; chance < 5000; chance++) {
		store_time wait = outbox_backoff(3, true, 0, chance);

		assert_in_range(wait, 3000, 5000);
		/* What was asked for is kept, and not by all at once. */
		wait = outbox_backoff(1, true, 30000, chance);
		assert_in_range(wait, 30000, 37500);
	}
	assert_int_not_equal(
	    outbox_backoff(3, true, 0, 1), outbox_backoff(3, true, 0, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_rests_after_five_failures_in_a_row),
		cmocka_unit_test(
		    then_one_may_try_and_a_failure_doubles_the_rest),
		cmocka_unit_test(a_trial_without_an_end_is_followed_by_another),
		cmocka_unit_test(a_clock_set_back_does_not_make_it_longer),
		cmocka_unit_test(
		    many_hosts_do_not_push_out_the_one_that_fails_now),
		cmocka_unit_test(waits_grow_and_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
