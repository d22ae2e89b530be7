/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rp/approvals.h"
#include "web/metrics.h"
#include "web/sweeper.h"

/* By which time something is removed, and a store that cannot. */

#define MINUTE ((int64_t)60 * 1000)
#define DAY (24 * 60 * MINUTE)

/* A clock that is right when it shows DAY + how long the machine has run. */
struct machine {
	struct sweep_horizon h;
	int64_t ran, wrong_by;
};

static store_time
true_time(const struct machine *m)
{
	return DAY + m->ran;
}

/* Runs for so long, and says what the sweeper would remove in the end. */
static store_time
run(struct machine *m, int64_t ms)
{
	store_time horizon = -1;

	for (int64_t until = m->ran + ms; m->ran < until;) {
		m->ran += MINUTE / 2;
		horizon =
		    sweep_horizon(&m->h, m->ran, true_time(m) + m->wrong_by);
	}
	return horizon;
}

static void
follows_the_clock_at_a_distance(void **state)
{
	struct machine m = { .ran = 0 };

	(void)state;
	assert_int_equal(run(&m, SWEEP_KEPT_MS), -1);
	for (int i = 0; i < 500; i++) {
		store_time horizon = run(&m, MINUTE), ago;

		ago = true_time(&m) - horizon;
		assert_true(ago >= SWEEP_KEPT_MS - MINUTE);
		assert_true(ago <= 2 * SWEEP_KEPT_MS);
	}
}

/* It never removes what is unexpired once the clock is right again. */
static void
is_not_led_astray_by_a_clock_ahead(void **state)
{
	(void)state;
	for (int64_t wrong = MINUTE; wrong < 5 * SWEEP_KEPT_MS;
	     wrong += 7 * MINUTE) {
		struct machine m = { .ran = 0 };
		int64_t made;

		run(&m, 3 * SWEEP_KEPT_MS + wrong % (2 * SWEEP_KEPT_MS));
		/* A mark that was made just before. */
		made = true_time(&m);
		m.wrong_by = 365 * DAY;
		assert_true(run(&m, MINUTE) < made);
		if (run(&m, wrong) > made)
			assert_true(true_time(&m) - made >= SWEEP_KEPT_MS);
		m.wrong_by = 0;
		assert_true(run(&m, MINUTE) <= true_time(&m));
	}
}

static void
revives_nothing_when_the_clock_is_set_back(void **state)
{
	struct machine m = { .ran = 0 };
	store_time removed = run(&m, 5 * SWEEP_KEPT_MS);

	(void)state;
	m.wrong_by = -SWEEP_KEPT_MS + 2 * MINUTE;
	assert_true(true_time(&m) + m.wrong_by > removed);
	/* And removes nothing that is still to come by that clock. */
	assert_true(run(&m, MINUTE) <= true_time(&m) + m.wrong_by);
}

static void
begins_anew_with_the_process(void **state)
{
	struct machine m = { .ran = 0, .wrong_by = 365 * DAY };

	(void)state;
	/* A machine whose clock is set once it has reached the network. */
	assert_int_equal(run(&m, MINUTE), -1);
	m.wrong_by = 0;
	assert_int_equal(run(&m, SWEEP_KEPT_MS - MINUTE), -1);
	assert_true(run(&m, MINUTE) < true_time(&m));
}

/* ---- a store that cannot ---- */

static enum store_rc sweep_says;
static enum rp_answer expire_says;
static store_time swept_until;

enum store_rc __wrap_store_sweep(
    struct store *s, store_time now, unsigned limit, unsigned *swept);
enum rp_answer __wrap_rp_approvals_expire(
    struct rp *rp, struct rp_call *call, unsigned limit, unsigned *n);

enum store_rc
__wrap_store_sweep(
    struct store *s, store_time now, unsigned limit, unsigned *swept)
{
	(void)s;
	swept_until = now;
	*swept = limit;
	return sweep_says;
}

enum rp_answer
__wrap_rp_approvals_expire(
    struct rp *rp, struct rp_call *call, unsigned limit, unsigned *n)
{
	(void)rp;
	(void)call;
	*n = limit;
	return expire_says;
}

static void
counts_what_it_removed_and_what_failed(void **state)
{
	(void)state;
	swept_until = -2;
	assert_int_equal(sweep_expired(NULL, -1), 0);
	assert_int_equal(swept_until, -2);
	assert_int_equal(sweep_expired(NULL, 4711), SWEEP_COMMIT);
	assert_int_equal(swept_until, 4711);
	assert_int_equal(sweep_requests(NULL, 1), SWEEP_COMMIT);
	assert_int_equal(atomic_load(&metrics.swept), SWEEP_COMMIT);
	assert_int_equal(atomic_load(&metrics.sweep_failures), 0);
	sweep_says = STORE_FAULT;
	expire_says = RP_FAULT;
	assert_int_equal(sweep_expired(NULL, 1), 0);
	assert_int_equal(atomic_load(&metrics.sweep_failures), 1);
	assert_int_equal(sweep_requests(NULL, 1), 0);
	assert_int_equal(atomic_load(&metrics.sweep_failures), 2);
	assert_int_equal(atomic_load(&metrics.swept), SWEEP_COMMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_clock_at_a_distance),
		cmocka_unit_test(is_not_led_astray_by_a_clock_ahead),
		cmocka_unit_test(revives_nothing_when_the_clock_is_set_back),
		cmocka_unit_test(begins_anew_with_the_process),
		cmocka_unit_test(counts_what_it_removed_and_what_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
