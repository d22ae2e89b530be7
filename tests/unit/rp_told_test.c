/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

/* What is done to an account is told to its phones, and stands in its history
 * until its owner has seen it. */

/* Nothing is left to be sent of what went before. */
static void
quiet(struct home *h)
{
	size_t nobody;

	(void)push_drain(h->w, &nobody);
}

/* So many phones ring, and the newest notice is of that. */
static void
is_told(struct home *h, size_t phones, const char *event, const char *reason)
{
	struct store_history newest;
	size_t n, nobody;

	assert_int_equal(push_drain(h->w, &nobody), phones);
	assert_int_equal(nobody, 0);
	assert_answer(
	    rp_notices_list(h->w->rp, call(h->w), &h->anna->in, &newest, 1, &n),
	    RP_OK);
	assert_int_equal(n, 1);
	assert_string_equal(newest.event, event);
	assert_string_equal(newest.reason, reason);
}

static void
of_a_passkey_that_comes_or_goes(void **state)
{
	struct home *h = *state;
	struct person *second = person_new();
	struct rp_device d;
	size_t ended;

	quiet(h);
	assert_answer(add_passkey(h->w, h->anna, second), RP_OK);
	assert_int_equal(h->w->call.phones_told, 2);
	is_told(h, 2, "passkey-added", "");
	/* Who wants to be left alone is not told, nor counted. */
	d = device(h->w, &h->phone);
	assert_answer(rp_companion_mute(h->w->rp,
			  call_of_phone(h->w, &h->phone), &d, h->w->now + HOUR),
	    RP_OK);
	h->w->now += SECOND;
	assert_answer(rp_passkey_remove(h->w->rp, call(h->w), &h->anna->in,
			  &second->ref, &ended),
	    RP_OK);
	assert_int_equal(h->w->call.phones_told, 1);
	is_told(h, 1, "passkey-removed", "");
	/* What was refused rings nobody. */
	assert_answer(rp_passkey_remove(h->w->rp, call(h->w), &h->anna->in,
			  &second->ref, &ended),
	    RP_NOT_FOUND);
	assert_int_equal(push_drain(h->w, &ended), 0);
	person_free(second);
}

/* Nobody who was signed in did that. */
static void
of_a_passkey_by_invitation(void **state)
{
	struct home *h = *state;
	struct person *second = person_new();
	struct rp_invitation_text i;
	store_time expires;

	quiet(h);
	assert_answer(
	    rp_admin_invite(h->w->rp, call(h->w), "anna", &i, &expires), RP_OK);
	assert_answer(sign_up_with(h->w, second,
			  &(struct rp_signup){ .invitation = i.s }),
	    RP_OK);
	is_told(h, 2, "passkey-added", "");
	person_free(second);
}

static void
of_a_counter_that_went_back(void **state)
{
	struct home *h = *state;
	struct rp_signed_in in = h->anna->in;

	h->anna->counter = 9;
	assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
	quiet(h);
	h->anna->counter = 4;
	assert_answer(sign_in(h->w, h->anna, NULL), RP_SIGN_COUNT);
	is_told(h, 2, "sign-in", "sign-count");
	h->anna->in = in;
	h->w->now += SECOND;
	assert_answer(prove(h->w, h->anna), RP_SIGN_COUNT);
	is_told(h, 2, "proof", "sign-count");
}

/* The phone itself has its answer: the others are told. */
static void
of_a_counter_that_went_back_on_a_phone(void **state)
{
	struct home *h = *state;
	enum store_approval_state s = STORE_APPROVAL_PENDING;
	struct rp_commitment c;

	h->anna->counter = 9;
	assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	quiet(h);
	h->anna->counter = 4;
	assert_answer(
	    sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_SIGN_COUNT);
	is_told(h, 1, "approval", "sign-count");
}

/* ---- and not ---- */

static void
nothing_of_what_is_usual(void **state)
{
	struct home *h = *state;
	size_t nobody;

	quiet(h);
	h->w->now += SECOND;
	assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
	assert_answer(prove(h->w, h->anna), RP_OK);
	assert_int_equal(push_drain(h->w, &nobody), 0);
	assert_int_equal(nobody, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(of_a_passkey_that_comes_or_goes),
		T(of_a_passkey_by_invitation),
		T(of_a_counter_that_went_back),
		T(of_a_counter_that_went_back_on_a_phone),
		T(nothing_of_what_is_usual),
	};

	return cmocka_run_group_tests_name("rp_told", tests, NULL, NULL);
}
