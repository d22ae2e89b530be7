/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/provider.h>

#include "webauthn/algorithm.h"
#include "webauthn/hash.h"
#include "webauthn/slice.h"

/*
 * OpenSSL that has nothing, and then has all: what was not there at the first
 * call is asked for again.  Nothing else may use OpenSSL before.
 */

static const int32_t common[] = { -7, -8, -257, -35, -36, -37, -38, -39, -258,
	-259, -53, -9, -19, -51, -52 };

static void
asks_openssl_each_time(void **state)
{
	OSSL_PROVIDER *none = OSSL_PROVIDER_load(NULL, "null"), *all;
	uint8_t out[32];

	(void)state;
	assert_non_null(none);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		if (wa_algorithm_usable(common[i]))
			fail_msg("%d, where there is none", common[i]);
	}
	assert_false(wa_sha256(slice_of("a"), out));

	all = OSSL_PROVIDER_load(NULL, "default");
	assert_non_null(all);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		if (!wa_algorithm_usable(common[i]))
			fail_msg("not %d", common[i]);
	}
	assert_false(wa_algorithm_usable(-65535));
	assert_false(wa_algorithm_usable(7));
	assert_true(wa_sha256(slice_of("a"), out));
	assert_int_equal(out[0], 0xca);
	OSSL_PROVIDER_unload(none);
	OSSL_PROVIDER_unload(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_openssl_each_time),
	};

	return cmocka_run_group_tests_name("algorithm", tests, NULL, NULL);
}
