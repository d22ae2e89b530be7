/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rp/approvals.h"
#include "web/metrics.h"
#include "web/sweeper.h"

/* A store that cannot. */

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
		cmocka_unit_test(counts_what_it_removed_and_what_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
