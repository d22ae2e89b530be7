/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "web/deliver/webpush.h"
#include "webauthn/b64url.h"

/* RFC 8291 section 5 and appendix A. */
static const char
    rfc_plain[] = "When I grow up, I want to be a watermelon",
    rfc_p256dh[] = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm"
		   "4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    rfc_auth[] = "BTBZMqHH6r4Tts7J_aSIgg",
    rfc_private[] = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
    rfc_public[] =
	"BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmY"
	"WAmS6TlzAC8wEqKK6PBru3jl7A8",
    rfc_salt[] = "DGv6ra1nlYgDCS1FRnbzlw",
    rfc_body[] = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy"
		 "27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95b"
		 "Qpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxs"
		 "j_Qulcy4a-fN";

/* Decodes exactly n bytes. */
static void
decode(const char *text, uint8_t *out, size_t n)
{
	size_t got = 0;

	assert_true(wa_b64url_decode(slice_of(text), out, n, &got));
	assert_int_equal(got, n);
}

static struct webpush_keys
rfc_keys(void)
{
	struct webpush_keys keys;
	uint8_t p256dh[P256_PUBLIC], auth[WEBPUSH_AUTH];

	decode(rfc_p256dh, p256dh, sizeof(p256dh));
	decode(rfc_auth, auth, sizeof(auth));
	assert_int_equal(
	    webpush_keys_judge((struct slice){ p256dh, sizeof(p256dh) },
		(struct slice){ auth, sizeof(auth) }, &keys),
	    WEBPUSH_OK);
	return keys;
}

static struct webpush_chance
rfc_chance(void)
{
	struct webpush_chance chance;
	uint8_t private_key[P256_PRIVATE], public_key[P256_PUBLIC];

	decode(rfc_private, private_key, sizeof(private_key));
	decode(rfc_public, public_key, sizeof(public_key));
	decode(rfc_salt, chance.salt, sizeof(chance.salt));
	assert_true(p256_of_private(private_key, &chance.pair));
	assert_memory_equal(chance.pair.public_key, public_key, P256_PUBLIC);
	return chance;
}

static void
the_example_of_rfc_8291_comes_out_to_the_byte(void **state)
{
	const struct webpush_keys keys = rfc_keys();
	const struct webpush_chance chance = rfc_chance();
	const struct slice plain = slice_of(rfc_plain);
	uint8_t want[144];
	struct webpush_body body;

	(void)state;
	decode(rfc_body, want, sizeof(want));
	assert_int_equal(
	    webpush_encrypt(&keys, plain, plain.n, &chance, &body), WEBPUSH_OK);
	assert_int_equal(body.n, sizeof(want));
	assert_memory_equal(body.b, want, sizeof(want));
}

/* The padding is behind the text: what stands before it does not change. */
static void
padding_comes_after_the_example(void **state)
{
	const struct webpush_keys keys = rfc_keys();
	const struct webpush_chance chance = rfc_chance();
	const struct slice plain = slice_of(rfc_plain);
	uint8_t want[144];
	struct webpush_body body;

	(void)state;
	decode(rfc_body, want, sizeof(want));
	assert_int_equal(
	    webpush_encrypt(&keys, plain, 256, &chance, &body), WEBPUSH_OK);
	assert_memory_equal(body.b, want, 86 + plain.n + 1);
}

/* One length for all that fits: it tells nothing of what was said. */
static void
every_message_has_one_size(void **state)
{
	const struct webpush_keys keys = rfc_keys();
	uint8_t plain[WEBPUSH_PADDED] = { 0 };
	struct webpush_body body;

	(void)state;
	for (size_t n = 0; n <= sizeof(plain); n++) {
		assert_int_equal(
		    webpush_encrypt(&keys, (struct slice){ plain, n },
			sizeof(plain), NULL, &body),
		    WEBPUSH_OK);
		assert_int_equal(body.n, WEBPUSH_PADDED + 103);
	}
}

static void
the_largest_message_fills_the_record(void **state)
{
	const struct webpush_keys keys = rfc_keys();
	uint8_t *plain = calloc(1, WEBPUSH_PLAIN_MAX + 1);
	struct webpush_body body;

	(void)state;
	assert_non_null(plain);
	assert_int_equal(WEBPUSH_PLAIN_MAX, 3993);
	assert_int_equal(
	    webpush_encrypt(&keys, (struct slice){ plain, WEBPUSH_PLAIN_MAX },
		WEBPUSH_PLAIN_MAX, NULL, &body),
	    WEBPUSH_OK);
	assert_int_equal(body.n, WEBPUSH_BODY_MAX);
	assert_int_equal(webpush_encrypt(&keys,
			     (struct slice){ plain, WEBPUSH_PLAIN_MAX + 1 },
			     WEBPUSH_PLAIN_MAX + 1, NULL, &body),
	    WEBPUSH_TOO_LONG);
	assert_int_equal(webpush_encrypt(&keys, (struct slice){ plain, 257 },
			     256, NULL, &body),
	    WEBPUSH_TOO_LONG);
	free(plain);
}

static void
no_two_messages_share_a_key_or_a_salt(void **state)
{
	const struct webpush_keys keys = rfc_keys();
	struct webpush_body a, b;

	(void)state;
	assert_int_equal(
	    webpush_encrypt(&keys, slice_of(rfc_plain), 256, NULL, &a),
	    WEBPUSH_OK);
	assert_int_equal(
	    webpush_encrypt(&keys, slice_of(rfc_plain), 256, NULL, &b),
	    WEBPUSH_OK);
	assert_memory_not_equal(a.b, b.b, WEBPUSH_SALT);
	assert_memory_not_equal(a.b + 21, b.b + 21, P256_PUBLIC);
	assert_memory_not_equal(a.b + 86, b.b + 86, 273);
	/* What stands between is the same: record size and length of the key.
	 */
	assert_memory_equal(a.b + 16, b.b + 16, 5);
	assert_memory_equal(a.b + 16, "\0\0\x10\0\x41", 5);
}

enum point_lie {
	HONEST,
	SHORT_BY_ONE,
	LONG_BY_ONE,
	NO_POINT,
	COMPRESSED,
	HYBRID_EVEN,
	HYBRID_ODD,
	PREFIX_ZERO,
	OFF_CURVE,
	X_TOO_LARGE,
	ALL_ZERO,
	INFINITY_BYTE,
	AUTH_SHORT,
	AUTH_LONG,
	AUTH_NONE,
};

static const struct {
	const char *name;
	enum point_lie lie;
	enum webpush_answer want;
} subscriptions[] = {
	{ "the truth", HONEST, WEBPUSH_OK },
	{ "a byte short", SHORT_BY_ONE, WEBPUSH_P256DH_LENGTH },
	{ "a byte long", LONG_BY_ONE, WEBPUSH_P256DH_LENGTH },
	{ "no point at all", NO_POINT, WEBPUSH_P256DH_LENGTH },
	{ "a compressed point", COMPRESSED, WEBPUSH_P256DH_LENGTH },
	{ "infinity in one byte", INFINITY_BYTE, WEBPUSH_P256DH_LENGTH },
	{ "a hybrid point, even", HYBRID_EVEN, WEBPUSH_P256DH_POINT },
	{ "a hybrid point, odd", HYBRID_ODD, WEBPUSH_P256DH_POINT },
	{ "a prefix of zero", PREFIX_ZERO, WEBPUSH_P256DH_POINT },
	{ "y off by one", OFF_CURVE, WEBPUSH_P256DH_POINT },
	{ "x above the field", X_TOO_LARGE, WEBPUSH_P256DH_POINT },
	{ "the point 0, 0", ALL_ZERO, WEBPUSH_P256DH_POINT },
	{ "auth a byte short", AUTH_SHORT, WEBPUSH_AUTH_LENGTH },
	{ "auth a byte long", AUTH_LONG, WEBPUSH_AUTH_LENGTH },
	{ "no auth", AUTH_NONE, WEBPUSH_AUTH_LENGTH },
};

/* Writes the lie over the honest bytes; p has room for 66, a for 17. */
static void
tell(enum point_lie lie, uint8_t *p, size_t *p_n, size_t *a_n)
{
	switch (lie) {
	case SHORT_BY_ONE:
		*p_n = 64;
		break;
	case LONG_BY_ONE:
		*p_n = 66;
		break;
	case NO_POINT:
		*p_n = 0;
		break;
	case COMPRESSED:
		*p_n = 33;
		p[0] = 2 + (p[64] & 1);
		break;
	case INFINITY_BYTE:
		*p_n = 1;
		p[0] = 0;
		break;
	case HYBRID_EVEN:
		p[0] = 6;
		break;
	case HYBRID_ODD:
		p[0] = 7;
		break;
	case PREFIX_ZERO:
		p[0] = 0;
		break;
	case OFF_CURVE:
		p[64] ^= 1;
		break;
	case X_TOO_LARGE:
		memset(p + 1, 0xff, 32);
		break;
	case ALL_ZERO:
		memset(p + 1, 0, 64);
		break;
	case AUTH_SHORT:
		*a_n = 15;
		break;
	case AUTH_LONG:
		*a_n = 17;
		break;
	case AUTH_NONE:
		*a_n = 0;
		break;
	case HONEST:
		break;
	}
}

static void
names_each_bad_subscription(void **state)
{
	const size_t n = sizeof(subscriptions) / sizeof(subscriptions[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		uint8_t p[66] = { 0 }, a[17] = { 0 }, *p_exact, *a_exact;
		size_t p_n = P256_PUBLIC, a_n = WEBPUSH_AUTH;
		struct webpush_keys keys;
		enum webpush_answer got;

		decode(rfc_p256dh, p, P256_PUBLIC);
		decode(rfc_auth, a, WEBPUSH_AUTH);
		tell(subscriptions[i].lie, p, &p_n, &a_n);
		/* Exactly as long as they say, so that ASan sees a byte too
		 * far. */
		p_exact = malloc(p_n + (p_n == 0));
		a_exact = malloc(a_n + (a_n == 0));
		assert_non_null(p_exact);
		assert_non_null(a_exact);
		memcpy(p_exact, p, p_n);
		memcpy(a_exact, a, a_n);
		got = webpush_keys_judge((struct slice){ p_exact, p_n },
		    (struct slice){ a_exact, a_n }, &keys);
		if (got != subscriptions[i].want)
			fail_msg("%s: %s", subscriptions[i].name,
			    webpush_answer_name(got));
		free(p_exact);
		free(a_exact);
	}
}

/* A record of the store that was damaged does not become a crash. */
static void
a_bad_key_is_found_again_when_encrypting(void **state)
{
	struct webpush_keys keys = rfc_keys();
	struct webpush_body body;

	(void)state;
	keys.p256dh[64] ^= 1;
	assert_int_equal(
	    webpush_encrypt(&keys, slice_of("x"), 256, NULL, &body),
	    WEBPUSH_P256DH_POINT);
}

static void
a_private_key_is_below_the_order_and_not_zero(void **state)
{
	/* n, the order of P-256, FIPS 186-4 D.1.2.3 */
	uint8_t order[P256_PRIVATE] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
		0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
		0xfc, 0x63, 0x25, 0x51 };
	const uint8_t zero[P256_PRIVATE] = { 0 };
	struct p256_pair pair;

	(void)state;
	assert_false(p256_of_private(zero, &pair));
	assert_false(p256_of_private(order, &pair));
	order[31]++;
	assert_false(p256_of_private(order, &pair));
	order[31] -= 2;
	assert_true(p256_of_private(order, &pair));
	assert_true(p256_is_public(pair.public_key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_8291_comes_out_to_the_byte),
		cmocka_unit_test(padding_comes_after_the_example),
		cmocka_unit_test(every_message_has_one_size),
		cmocka_unit_test(the_largest_message_fills_the_record),
		cmocka_unit_test(no_two_messages_share_a_key_or_a_salt),
		cmocka_unit_test(names_each_bad_subscription),
		cmocka_unit_test(a_bad_key_is_found_again_when_encrypting),
		cmocka_unit_test(a_private_key_is_below_the_order_and_not_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
