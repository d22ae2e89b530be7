/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rp/limits.h"
#include "rp/siphash.h"

#define START ((store_time)1800000000000)

static struct slice
who(uint32_t *n)
{
	return (struct slice){ (const uint8_t *)n, sizeof(*n) };
}

/* How many can be had at once. */
static int
burst(struct rp_limits *l, enum rp_limit kind, uint32_t n, store_time now,
    store_time *retry)
{
	int taken = 0;

	while (taken < 1000000 && rp_limit_take(l, kind, who(&n), now, retry))
		taken++;
	return taken;
}

/* The vectors of the paper's appendix, and of its reference code. */
static void
hashes_as_published(void **state)
{
	uint8_t in[64];
	const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	assert_true(
	    rp_siphash(key, (struct slice){ in, 15 }) == 0xa129ca6149be45e5);
	assert_true(
	    rp_siphash(key, (struct slice){ in, 0 }) == 0x726fdb47dd0e0e31);
	assert_true(
	    rp_siphash(key, (struct slice){ in, 1 }) == 0x74f839c593dc67fd);
	assert_true(
	    rp_siphash(key, (struct slice){ in, 8 }) == 0x93f5f5799a932462);
}

static const struct {
	enum rp_limit kind;
	int burst;
	store_time each;
	bool shared; /* by the people of a network */
} rates[] = {
	{ RP_LIMIT_OPTIONS_NETWORK, 3000, 20, true },
	{ RP_LIMIT_REFUSED_NETWORK, 300, 2000, true },
	{ RP_LIMIT_NAME_TAKEN_NETWORK, 100, 15000, true },
	{ RP_LIMIT_SIGN_UP_NETWORK, 200, 15000, true },
	{ RP_LIMIT_INVITATION_NETWORK, 100, 10000, true },
	{ RP_LIMIT_APPROVALS_NETWORK, 120, 5000, true },
	{ RP_LIMIT_DEVICE_NETWORK, 300, 2000, true },
	{ RP_LIMIT_SIGN_UP_WIDE, 1600, 2000, true },
	{ RP_LIMIT_APPROVALS_WIDE, 1000, 1000, true },
	{ RP_LIMIT_APPROVALS_NAME, 60, 60000, false },
	{ RP_LIMIT_DEVICE_ONE, 30, 120000, false },
	{ RP_LIMIT_REFUSED_PASSKEY, 30, 120000, false },
	{ RP_LIMIT_NAME_TAKEN_INVITATION, 20, 180000, false },
	{ RP_LIMIT_OPTIONS_ACCOUNT, 120, 1000, false },
	{ RP_LIMIT_SIGN_IN_ACCOUNT, 120, 30000, false },
	{ RP_LIMIT_CHANGES_ACCOUNT, 60, 30000, false },
};

enum { RATES = sizeof(rates) / sizeof(rates[0]) };

_Static_assert(RATES == (int)RP_LIMIT_KINDS, "one of each");

static void
empties_and_fills(void **state)
{
	struct rp_limits *l = rp_limits_new(1000, 1);
	store_time retry, now = START;

	(void)state;
	assert_non_null(l);
	for (size_t i = 0; i < RATES; i++) {
		uint32_t n = 1;

		assert_int_equal(rates[i].kind, i);
		assert_int_equal(
		    burst(l, rates[i].kind, n, now, &retry), rates[i].burst);
		assert_int_equal(retry, rates[i].each);
		/* Somebody else has a bucket of their own. */
		assert_int_equal(
		    burst(l, rates[i].kind, 2, now, &retry), rates[i].burst);
		now += rates[i].each - 1;
		assert_false(
		    rp_limit_take(l, rates[i].kind, who(&n), now, &retry));
		assert_int_equal(retry, 1);
		now += 1;
		assert_true(
		    rp_limit_ask(l, rates[i].kind, who(&n), now, &retry));
		assert_true(
		    rp_limit_ask(l, rates[i].kind, who(&n), now, &retry));
		assert_false(rp_limit_full(l, rates[i].kind, who(&n), now));
		assert_int_equal(burst(l, rates[i].kind, n, now, &retry), 1);
		now += 3 * rates[i].each;
		assert_int_equal(burst(l, rates[i].kind, n, now, &retry), 3);
		now += rates[i].burst * rates[i].each - 1;
		assert_false(rp_limit_full(l, rates[i].kind, who(&n), now));
		now += 1;
		assert_true(rp_limit_full(l, rates[i].kind, who(&n), now));
		assert_int_equal(
		    burst(l, rates[i].kind, n, now, &retry), rates[i].burst);
	}
	rp_limits_free(l);
}

/* More people behind one address are not more in one account. */
static void
gives_networks_more_where_they_are_larger(void **state)
{
	struct rp_limits *l = rp_limits_new(1000, 40);
	store_time retry;

	(void)state;
	assert_non_null(l);
	for (size_t i = 0; i < RATES; i++) {
		const int factor = rates[i].shared ? 40 : 1;
		store_time each = rates[i].each / factor;

		assert_int_equal(burst(l, rates[i].kind, 1, START, &retry),
		    rates[i].burst * factor);
		/* Never more than one a millisecond, the clock's own step. */
		assert_int_equal(retry, each > 0 ? each : 1);
	}
	rp_limits_free(l);
}

/* A clock put back locks nobody out, and hands nobody a new burst. */
static void
survives_a_clock_put_back(void **state)
{
	struct rp_limits *l = rp_limits_new(1000, 1);
	store_time retry, now = START;
	const store_time back[] = { 1, 1000, 3600000, START };

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		int n;

		burst(l, RP_LIMIT_OPTIONS_NETWORK, i, now, &retry);
		n = burst(
		    l, RP_LIMIT_OPTIONS_NETWORK, i, now - back[i], &retry);
		assert_in_range(n, 0, 1);
		assert_in_range(retry, 1, 61000);
		assert_true(burst(l, RP_LIMIT_OPTIONS_NETWORK, i,
				now - back[i] + retry, &retry) > 0);
	}
	rp_limits_free(l);
}

/* However many come, the table stays as it is, and remembers the worst. */
static void
forgets_the_least(void **state)
{
	struct rp_limits *l = rp_limits_new(512, 1);
	store_time retry;
	uint32_t bad = 1;
	int kept = 0;

	(void)state;
	for (; bad <= 50; bad++)
		burst(l, RP_LIMIT_OPTIONS_NETWORK, bad, START, &retry);
	for (uint32_t n = 1000; n < 51000; n++)
		assert_true(rp_limit_take(
		    l, RP_LIMIT_OPTIONS_NETWORK, who(&n), START, &retry));
	for (bad = 1; bad <= 50; bad++)
		kept += !rp_limit_ask(
		    l, RP_LIMIT_OPTIONS_NETWORK, who(&bad), START, &retry);
	assert_int_equal(kept, 50);
	rp_limits_free(l);
}

static void *
taker(void *arg)
{
	struct rp_limits *l = arg;
	store_time retry;
	uint32_t n = 7;
	size_t taken = 0;

	for (int i = 0; i < 2000; i++)
		taken += rp_limit_take(
		    l, RP_LIMIT_OPTIONS_NETWORK, who(&n), START, &retry);
	return (void *)taken; /* NOLINT(performance-no-int-to-ptr) */
}

static void
counts_across_threads(void **state)
{
	struct rp_limits *l = rp_limits_new(512, 1);
	pthread_t threads[4];
	size_t taken = 0;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, taker, l), 0);
	for (int i = 0; i < 4; i++) {
		void *n;

		pthread_join(threads[i], &n);
		taken += (size_t)n;
	}
	assert_int_equal(taken, 3000);
	rp_limits_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_published),
		cmocka_unit_test(empties_and_fills),
		cmocka_unit_test(gives_networks_more_where_they_are_larger),
		cmocka_unit_test(survives_a_clock_put_back),
		cmocka_unit_test(forgets_the_least),
		cmocka_unit_test(counts_across_threads),
	};

	return cmocka_run_group_tests_name("rp_limits", tests, NULL, NULL);
}
