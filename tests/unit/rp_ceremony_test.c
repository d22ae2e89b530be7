/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include "rp/ceremony.h"
#include "rp/secret.h"
#include "webauthn/b64url.h"

static void
fill(char *s, size_t size, char c)
{
	memset(s, c, size - 1);
	s[size - 1] = '\0';
}

/* One with every field at its longest. */
static struct rp_ceremony
a_ceremony(struct world *w)
{
	struct rp_ceremony c;

	assert_true(
	    rp_ceremony_begin(w->rp, call(w), RP_CEREMONY_OF_SIGN_UP, &c));
	c.names = RP_NAMES_ACCOUNT;
	memset(c.account.b, 7, sizeof(c.account.b));
	memset(c.user_handle, 8, sizeof(c.user_handle));
	memset(c.invitation, 9, sizeof(c.invitation));
	c.invited = true;
	c.wishes = (struct rp_wishes){ RP_CONVEY_DIRECT, RP_DISCOURAGED,
		RP_PREFERRED };
	fill(c.name, sizeof(c.name), 'n');
	fill(c.display_name, sizeof(c.display_name), 'd');
	fill(c.locale, sizeof(c.locale), 'l');
	return c;
}

static enum rp_answer
open_it(
    struct world *w, const struct rp_ceremony_text *text, struct rp_ceremony *c)
{
	return rp_ceremony_open(
	    w->rp, call(w), sealed(text), RP_CEREMONY_OF_SIGN_UP, NULL, c);
}

static void
opens_as_it_was_sealed(void **state)
{
	struct world *w = *state;
	struct rp_ceremony c = a_ceremony(w), got;
	struct rp_ceremony_text text, other;

	assert_true(rp_ceremony_seal(w->rp, call(w), &c, &text));
	assert_true(rp_ceremony_seal(w->rp, call(w), &c, &other));
	assert_string_not_equal(text.s, other.s);
	assert_answer(open_it(w, &text, &got), RP_OK);
	assert_int_equal(got.kind, c.kind);
	assert_int_equal(got.names, c.names);
	assert_int_equal(got.begun, w->now);
	assert_int_equal(got.expires, w->now + 5 * MINUTE);
	assert_memory_equal(got.challenge, c.challenge, 32);
	assert_memory_equal(&got.account, &c.account, 16);
	assert_memory_equal(got.user_handle, c.user_handle, 32);
	assert_memory_equal(&got.wishes, &c.wishes, sizeof(c.wishes));
	assert_true(got.invited);
	assert_memory_equal(got.invitation, c.invitation, 32);
	assert_string_equal(got.name, c.name);
	assert_string_equal(got.display_name, c.display_name);
	assert_string_equal(got.locale, c.locale);
}

/* No bit of it is idle, and no length of it but one is right. */
static void
no_bit_is_idle(void **state)
{
	struct world *w = *state;
	struct rp_ceremony c = a_ceremony(w), got;
	struct rp_ceremony_text text, turned;
	uint8_t raw[RP_CEREMONY_MAX];
	size_t n;

	assert_true(rp_ceremony_seal(w->rp, call(w), &c, &text));
	assert_true(wa_b64url_decode(sealed(&text), raw, sizeof(raw), &n));
	for (size_t bit = 0; bit < 8 * n; bit++) {
		raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(wa_b64url_encode(
		    (struct slice){ raw, n }, turned.s, sizeof(turned.s)));
		if (open_it(w, &turned, &got) != RP_CEREMONY_MALFORMED)
			fail_msg("bit %zu", bit);
		raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len < n; len++) {
		assert_true(wa_b64url_encode(
		    (struct slice){ raw, len }, turned.s, sizeof(turned.s)));
		if (open_it(w, &turned, &got) != RP_CEREMONY_MALFORMED)
			fail_msg("length %zu", len);
	}
}

static void
takes_no_other_text(void **state)
{
	static const char *const texts[] = { "", "A", "AA",
		"====", "AQ==", "AQ\n", "\xff\xff", "eyJhbGciOiJub25lIn0" };
	struct world *w = *state;
	struct rp_ceremony c = a_ceremony(w), got;
	struct rp_ceremony_text text;
	char longer[2 * RP_CEREMONY_MAX];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_answer(
		    rp_ceremony_open(w->rp, call(w), slice_of(texts[i]),
			RP_CEREMONY_OF_SIGN_UP, NULL, &got),
		    RP_CEREMONY_MALFORMED);
	assert_true(rp_ceremony_seal(w->rp, call(w), &c, &text));
	strcpy(longer, text.s);
	strcat(longer, "A");
	assert_answer(rp_ceremony_open(w->rp, call(w), slice_of(longer),
			  RP_CEREMONY_OF_SIGN_UP, NULL, &got),
	    RP_CEREMONY_MALFORMED);
	memset(longer, 'A', sizeof(longer));
	assert_answer(rp_ceremony_open(w->rp, call(w),
			  (struct slice){ (uint8_t *)longer, sizeof(longer) },
			  RP_CEREMONY_OF_SIGN_UP, NULL, &got),
	    RP_CEREMONY_MALFORMED);
}

static void
names_what_is_wrong(void **state)
{
	struct world *w = *state;
	struct rp_ceremony c = a_ceremony(w), got;
	struct rp_ceremony_text text;
	struct account_id other = { { 1 } };

	assert_true(rp_ceremony_seal(w->rp, call(w), &c, &text));
	assert_answer(rp_ceremony_open(w->rp, call(w), sealed(&text),
			  RP_CEREMONY_OF_LOGIN, NULL, &got),
	    RP_CEREMONY_KIND);
	assert_answer(rp_ceremony_open(w->rp, call_by(w, 2, 1), sealed(&text),
			  RP_CEREMONY_OF_SIGN_UP, NULL, &got),
	    RP_CEREMONY_FOREIGN);
	assert_answer(rp_ceremony_open(w->rp, call(w), sealed(&text),
			  RP_CEREMONY_OF_SIGN_UP, &other, &got),
	    RP_CEREMONY_ACCOUNT);
	assert_answer(rp_ceremony_open(w->rp, call(w), sealed(&text),
			  RP_CEREMONY_OF_SIGN_UP, &c.account, &got),
	    RP_OK);
	w->now += 5 * MINUTE;
	assert_answer(open_it(w, &text, &got), RP_CEREMONY_EXPIRED);
}

/* Keys may be changed while people sign in: once. */
static void
opens_with_the_key_before(void **state)
{
	struct world *w = *state;
	struct rp_ceremony c = a_ceremony(w), got;
	struct rp_ceremony_text text;

	assert_true(rp_ceremony_seal(w->rp, call(w), &c, &text));
	for (int i = 0; i < 2; i++) {
		memcpy(w->keys.seal[1], w->keys.seal[0], 32);
		memset(w->keys.seal[0], 0x55 + i, 32);
		world_reopen(w);
		assert_answer(open_it(w, &text, &got),
		    i == 0 ? RP_OK : RP_CEREMONY_MALFORMED);
	}
}

/* What a later version seals, this one must not take for its own. */
static void
knows_its_version(void **state)
{
	struct world *w = *state;
	struct rp_ceremony c = a_ceremony(w), got;
	struct rp_ceremony_text text;
	uint8_t raw[RP_CEREMONY_MAX], key[32], plain[RP_CEREMONY_MAX];
	uint8_t aad[21 + 11];
	struct slice parts[2] = { slice_of("itsumo ceremony"),
		{ raw + 5, 16 } };
	size_t n;

	assert_true(rp_ceremony_seal(w->rp, call(w), &c, &text));
	assert_true(wa_b64url_decode(sealed(&text), raw, sizeof(raw), &n));
	assert_true(rp_secret_mac(w->keys.seal[0], parts, 2, key));
	memcpy(aad, raw, 21);
	memcpy(aad + 21, "example.org", 11);
	assert_true(rp_secret_open(key, (struct slice){ aad, sizeof(aad) },
	    (struct slice){ raw + 21, n - 21 }, plain));
	for (uint8_t version = 0; version < 3; version++) {
		aad[0] = raw[0] = version;
		assert_true(
		    rp_secret_seal(key, (struct slice){ aad, sizeof(aad) },
			(struct slice){ plain, n - 21 - 16 }, raw + 21));
		assert_true(wa_b64url_encode(
		    (struct slice){ raw, n }, text.s, sizeof(text.s)));
		assert_answer(open_it(w, &text, &got),
		    version == 1 ? RP_OK : RP_CEREMONY_MALFORMED);
	}
}

static void
belongs_to_one_rp(void **state)
{
	struct world *w = *state;
	struct rp_ceremony c = a_ceremony(w), got;
	struct rp_ceremony_text text;

	assert_true(rp_ceremony_seal(w->rp, call(w), &c, &text));
	w->config.rp_id = "example.com";
	world_reopen(w);
	assert_answer(open_it(w, &text, &got), RP_CEREMONY_MALFORMED);
}

/* Everybody has a key of zeros. */
static void
refuses_keys_of_zeros(void **state)
{
	struct world *w = *state;
	struct rp_ceremony c = a_ceremony(w), got;
	struct rp_ceremony_text text;
	struct rp_keys keys = w->keys, zeros = { .decoy = { 1 } };

	assert_null(rp_open(&w->config, &zeros, w->kit->s));
	/* One that was sealed with what stands where no second key is. */
	memset(keys.seal[1], 0, 32);
	memset(w->keys.seal[0], 0, 32);
	w->keys.seal[0][31] = 1;
	world_reopen(w);
	memset(w->rp->keys.seal[0], 0, 32);
	assert_true(rp_ceremony_keys(w->rp));
	assert_true(rp_ceremony_seal(w->rp, call(w), &c, &text));
	assert_answer(open_it(w, &text, &got), RP_OK);
	w->keys = keys;
	world_reopen(w);
	assert_answer(open_it(w, &text, &got), RP_CEREMONY_MALFORMED);
}

static void
refuses_senseless_configurations(void **state)
{
	static const char *const none[] = { NULL };
	struct world *w = *state;
	struct rp_config good = w->config, bad[9];

	for (size_t i = 0; i < 9; i++)
		bad[i] = good;
	bad[0].rp_id = NULL;
	bad[1].rp_id = "";
	bad[2].origins = NULL;
	bad[3].origins = none;
	bad[4].algorithms = NULL;
	bad[5].algorithm_count = 0;
	bad[6].ceremony_ms = -1;
	bad[7].session_ms = -1;
	bad[8].rp_name = NULL;
	for (size_t i = 0; i < 9; i++)
		assert_null(rp_open(&bad[i], &w->keys, w->kit->s));
	assert_null(rp_open(&good, &w->keys, NULL));
	assert_int_equal(rp_config_of(w->rp)->session_ms, 90 * DAY);
	assert_int_equal(rp_config_of(w->rp)->fresh_ms, 5 * MINUTE);
	assert_ptr_equal(rp_store_of(w->rp), w->kit->s);
	rp_close(NULL);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(opens_as_it_was_sealed),
		T(no_bit_is_idle),
		T(takes_no_other_text),
		T(names_what_is_wrong),
		T(opens_with_the_key_before),
		T(knows_its_version),
		T(belongs_to_one_rp),
		T(refuses_keys_of_zeros),
		T(refuses_senseless_configurations),
	};

	return cmocka_run_group_tests_name("rp_ceremony", tests, NULL, NULL);
}
