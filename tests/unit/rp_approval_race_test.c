/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "webauthn/b64url.h"

/*
 * Several at the same moment, each with a proof of its own: one of them does
 * it, and the others hear that it was done.
 */

enum { ROUNDS = 12, RACERS = 6 };

struct racer {
	pthread_t thread;
	struct home *h;
	struct rp_call call;
	struct rp_device device;
	const struct phone *phone;
	const char *number;
	const struct wa_assertion *got;
	struct proof proof;
	enum rp_answer said;
	struct rp_commitment out;
	enum store_approval_state state;
};

struct race {
	struct racer racers[RACERS];
	pthread_barrier_t start;
	void (*run)(struct racer *r);
};

static struct race race;

static void *
start(void *arg)
{
	struct racer *r = arg;

	(void)pthread_barrier_wait(&race.start);
	race.run(r);
	return NULL;
}

/* How many of them heard that. */
static unsigned
count(enum rp_answer said)
{
	unsigned n = 0;

	for (size_t i = 0; i < RACERS; i++)
		n += race.racers[i].said == said;
	return n;
}

/* All of them at once; one must be told RP_OK, and the others that. */
static void
all_run(void (*run)(struct racer *r), enum rp_answer others)
{
	race.run = run;
	assert_int_equal(pthread_barrier_init(&race.start, NULL, RACERS), 0);
	for (size_t i = 0; i < RACERS; i++)
		assert_int_equal(pthread_create(&race.racers[i].thread, NULL,
				     start, &race.racers[i]),
		    0);
	for (size_t i = 0; i < RACERS; i++)
		assert_int_equal(pthread_join(race.racers[i].thread, NULL), 0);
	assert_int_equal(pthread_barrier_destroy(&race.start), 0);
	assert_int_equal(count(RP_OK), 1);
	assert_int_equal(count(others), RACERS - 1);
}

/* Phones in turn, each with a proof that is its own. */
static void
phones_ready(struct home *h, const struct phone *const phones[2])
{
	for (size_t i = 0; i < RACERS; i++) {
		struct racer *r = &race.racers[i];

		*r = (struct racer){ .h = h, .phone = phones[i % 2] };
		r->device = device(h->w, r->phone);
		r->call = *call_of_phone(h->w, r->phone);
	}
}

static void
run_choose(struct racer *r)
{
	const struct rp_choice c = { .decision = RP_CHOOSE,
		.number = r->number };

	r->said = rp_companion_choose(r->h->w->rp, &r->call, &r->device,
	    &r->h->pc.a.id, &c, &r->out, &r->state);
}

static void
run_sign(struct racer *r)
{
	r->said = rp_companion_assert(r->h->w->rp, &r->call, &r->device,
	    &r->h->pc.a.id, r->got, &r->state);
}

static void
run_collect(struct racer *r)
{
	struct rp_collect c = { .id = r->h->pc.a.id,
		.claims = r->proof.claims,
		.facts = r->proof.facts };
	struct rp_kept_token kept;
	struct rp_signed_in in;
	struct rp_token token;

	r->said =
	    rp_approval_collect(r->h->w->rp, &r->call, &c, &in, &token, &kept);
}

static void
ask_anew(struct home *h)
{
	/* Its owner is there, so that nothing rests. */
	h->w->network = h->pc.network;
	assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
}

/* Two phones, each another number: one choice stands. */
static void
chooses_once(void **state)
{
	struct home *h = *state;
	const struct phone *const both[] = { &h->phone, &h->tablet };

	for (int round = 0; round < ROUNDS; round++) {
		struct store_approval a;

		h->w->now += HOUR;
		ask_anew(h);
		phones_ready(h, both);
		a = row_of(h, &h->pc);
		/* No two racers would say the same again. */
		for (size_t i = 0; i < RACERS; i++)
			race.racers[i].number = a.shown[i / 2];
		all_run(run_choose, RP_CHOICE_MADE);
		a = row_of(h, &h->pc);
		for (size_t i = 0; i < RACERS; i++)
			if (race.racers[i].said == RP_OK) {
				assert_string_equal(
				    a.choice, race.racers[i].number);
				assert_memory_equal(&a.phone,
				    &race.racers[i].phone->id, sizeof(a.phone));
			}
	}
}

static void
approves_once(void **state)
{
	struct home *h = *state;
	const struct phone *const one[] = { &h->phone, &h->phone };

	for (int round = 0; round < ROUNDS; round++) {
		char challenge[WA_B64URL_SIZE(32)];
		const struct softkey_script script = { .challenge = challenge };
		struct rp_commitment c;
		struct wa_assertion got;

		h->w->now += HOUR;
		ask_anew(h);
		assert_answer(
		    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
		phones_ready(h, one);
		assert_true(wa_b64url_encode((struct slice){ c.challenge, 32 },
		    challenge, sizeof(challenge)));
		got = softkey_assert(h->anna->key, &script);
		for (size_t i = 0; i < RACERS; i++)
			race.racers[i].got = &got;
		all_run(run_sign, RP_APPROVAL_OVER);
		assert_state(h, &h->pc, STORE_APPROVAL_APPROVED);
		assert_int_equal(audited(h->w, "approval"), (size_t)round + 1);
	}
}

static void
lets_in_once(void **state)
{
	struct home *h = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct store_session list[STORE_SESSIONS_MAX];
		size_t before, after;

		h->w->now += HOUR;
		ask_anew(h);
		assert_int_equal(answer(h->w, &h->phone, &h->pc, true),
		    STORE_APPROVAL_APPROVED);
		assert_answer(rp_sessions_list(h->w->rp, call(h->w),
				  &h->anna->in, list, &before),
		    RP_OK);
		for (size_t i = 0; i < RACERS; i++) {
			struct racer *r = &race.racers[i];

			*r = (struct racer){ .h = h };
			proof_of_asker(h->w, &h->pc, &r->proof);
			r->call = *call_of_asker(h->w, &h->pc);
		}
		all_run(run_collect, RP_APPROVAL_OVER);
		assert_answer(rp_sessions_list(h->w->rp, call(h->w),
				  &h->anna->in, list, &after),
		    RP_OK);
		assert_int_equal(after, before + 1);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		TEST(chooses_once),
		TEST(approves_once),
		TEST(lets_in_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
