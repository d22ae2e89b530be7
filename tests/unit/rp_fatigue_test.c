/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <stdio.h>

/* How often an account may be asked, and what a stranger sees of that. */

/*
 * Two things are asked of everything here: what who asks is told, which hangs
 * on their network alone, and whether the phones see it, which hangs on the
 * account.
 */

/* From a network where nobody has asked before. */
static enum rp_answer
ask_afresh(struct home *h, struct asker *b, const char *name)
{
	static unsigned network = 10000;

	b->network = network++;
	return ask(h->w, b, name);
}

/* Likewise: whether the phones see it.  Who asks cannot tell. */
static bool
reaches(struct home *h, struct asker *b, const char *name)
{
	assert_answer(ask_afresh(h, b, name), RP_OK);
	assert_state(h, b, STORE_APPROVAL_PENDING);
	return !row_of(h, b).decoy;
}

/* The time from now at which who asks is first let through. */
static store_time
rests_for(struct home *h, const char *name)
{
	store_time told;

	assert_answer(ask(h->w, &h->pc, name), RP_APPROVALS_RESTING);
	told = h->w->call.retry_after_ms;
	h->w->now += told - 1;
	assert_answer(ask(h->w, &h->pc, name), RP_APPROVALS_RESTING);
	assert_int_equal(h->w->call.retry_after_ms, 1);
	h->w->now += 1;
	assert_answer(ask(h->w, &h->pc, name), RP_OK);
	return told;
}

static const int minutes[] = { 1, 5, 15, 60, 60, 60 };

static void
walk_the_schedule(struct home *h, const char *name)
{
	for (int i = 0; i < 3; i++)
		assert_answer(ask(h->w, &h->pc, name), RP_OK);
	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++)
		assert_int_equal(rests_for(h, name), minutes[i] * MINUTE);
}

static void
asks_three_times_then_ever_more_rarely(void **state)
{
	struct home *h = *state;

	walk_the_schedule(h, "anna");
	/* Another account is another matter. */
	assert_answer(ask(h->w, &h->pc, "ben"), RP_OK);
	/* A day without any, and it begins anew. */
	h->w->now += DAY;
	walk_the_schedule(h, "anna");
}

/* From ever other networks nobody is told to wait; the phones have peace. */
static void
reaches_the_phones_no_more_often(void **state)
{
	struct home *h = *state;

	for (int i = 0; i < 3; i++)
		assert_true(reaches(h, &h->pc, "anna"));
	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
		h->w->now += minutes[i] * MINUTE - 1;
		assert_false(reaches(h, &h->tv, "anna"));
		h->w->now += 1;
		assert_true(reaches(h, &h->pc, "anna"));
	}
	assert_true(reaches(h, &h->tv, "ben"));
}

static void
counts_an_hour(void **state)
{
	struct home *h = *state;

	assert_true(reaches(h, &h->pc, "anna"));
	h->w->now += 20 * MINUTE;
	assert_true(reaches(h, &h->pc, "anna"));
	h->w->now += 20 * MINUTE;
	assert_true(reaches(h, &h->pc, "anna"));
	h->w->now += 20 * MINUTE;
	/* The first is an hour ago: two are left, and no wait was needed. */
	assert_true(reaches(h, &h->pc, "anna"));
	assert_int_equal(guard_of(h, h->anna).level, 0);
}

static void
counts_whatever_came_of_them(void **state)
{
	struct home *h = *state;

	assert_true(reaches(h, &h->pc, "anna"));
	assert_answer(decide(h->w, &h->phone, &h->pc, RP_DENY), RP_OK);
	assert_true(reaches(h, &h->pc, "anna"));
	assert_answer(rp_approval_cancel(
			  h->w->rp, call_of_asker(h->w, &h->pc), &h->pc.a.id),
	    RP_OK);
	assert_true(reaches(h, &h->pc, "anna"));
	h->w->now += 3 * MINUTE;
	assert_true(reaches(h, &h->pc, "anna"));
	assert_false(reaches(h, &h->pc, "anna"));
}

static void
forgives_after_an_approval(void **state)
{
	struct home *h = *state;

	for (int i = 0; i < 3; i++)
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(rests_for(h, "anna"), 1 * MINUTE);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, true), STORE_APPROVAL_APPROVED);
	assert_int_equal(guard_of(h, h->anna).level, 0);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_false(row_of(h, &h->pc).decoy);
	/* What was not approved within the hour still counts. */
	assert_answer(ask(h->w, &h->pc, "anna"), RP_APPROVALS_RESTING);
	assert_int_equal(h->w->call.retry_after_ms, 1 * MINUTE);
}

static void
never_tires_of_what_is_approved(void **state)
{
	struct home *h = *state;

	for (unsigned i = 0; i < 20; i++) {
		h->w->network = h->phone.network = 500 + i;
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_int_equal(answer(h->w, &h->phone, &h->pc, true),
		    STORE_APPROVAL_APPROVED);
	}
}

static void
forgives_after_a_passkey_used_here(void **state)
{
	struct home *h = *state;

	for (int how = 0; how < 2; how++) {
		h->w->network = h->pc.network = 600 + (unsigned)how;
		for (int i = 0; i < 3; i++)
			assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_answer(ask(h->w, &h->pc, "anna"), RP_APPROVALS_RESTING);
		assert_false(reaches(h, &h->tv, "anna"));
		/* Somebody else's passkey is not enough. */
		assert_answer(sign_in(h->w, h->ben, NULL), RP_OK);
		assert_answer(ask(h->w, &h->pc, "anna"), RP_APPROVALS_RESTING);
		assert_answer(how == 0 ? sign_in(h->w, h->anna, NULL)
				       : prove(h->w, h->anna),
		    RP_OK);
		assert_true(reaches(h, &h->tv, "anna"));
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
	}
}

/* Who drives a name to its longest wait learns nothing from its end. */
static void
keeps_it_to_itself_that_somebody_was_there(void **state)
{
	static const char *const names[] = { "anna", "nobody" };
	struct home *h = *state;
	store_time told[2][3];

	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < 3; k++)
			assert_answer(ask(h->w, &h->tv, names[i]), RP_OK);
		assert_answer(
		    ask(h->w, &h->tv, names[i]), RP_APPROVALS_RESTING);
		told[i][0] = h->w->call.retry_after_ms;
		/* The owner uses a passkey, and a phone, elsewhere. */
		h->w->network = 700;
		assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
		if (i == 0) {
			sign_in_by(h->w, &h->pc, &h->phone, "anna");
			assert_answer(decide(h->w, &h->phone, &h->tv, RP_DENY),
			    RP_APPROVAL_OVER);
		}
		assert_answer(
		    ask(h->w, &h->tv, names[i]), RP_APPROVALS_RESTING);
		told[i][1] = h->w->call.retry_after_ms;
		/* What was asked there last has been displaced by that. */
		assert_state(h, &h->tv, STORE_APPROVAL_PENDING);
		assert_answer(collect(h->w, &h->tv), RP_COLLECT_REFUSED);
		h->w->now += told[i][1];
		assert_answer(ask(h->w, &h->tv, names[i]), RP_OK);
		assert_answer(
		    ask(h->w, &h->tv, names[i]), RP_APPROVALS_RESTING);
		told[i][2] = h->w->call.retry_after_ms;
	}
	assert_memory_equal(told[0], told[1], sizeof(told[0]));
}

/* ---- wrong numbers ---- */

static struct rp_resting
resting(struct home *h)
{
	const struct rp_device d = device(h->w, &h->phone);
	struct rp_pending list[RP_PENDING_MAX];
	struct rp_resting r;
	size_t n;

	assert_answer(rp_companion_list(h->w->rp,
			  call_of_phone(h->w, &h->phone), &d, list, &n, &r),
	    RP_OK);
	return r;
}

/* Who was told of it is told to wait; from elsewhere it shows to nobody. */
static void
pauses_after_a_wrong_number(void **state)
{
	struct home *h = *state;

	assert_false(resting(h).rests);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, false), STORE_APPROVAL_MISMATCH);
	assert_false(reaches(h, &h->tv, "anna"));
	assert_true(resting(h).rests);
	assert_int_equal(resting(h).until, h->w->now + 15 * MINUTE);
	assert_int_equal(rests_for(h, "anna"), 15 * MINUTE);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, true), STORE_APPROVAL_APPROVED);
	assert_false(resting(h).rests);
}

static void
stops_after_a_second_one_in_a_day(void **state)
{
	struct home *h = *state;

	assert_true(reaches(h, &h->pc, "anna"));
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, false), STORE_APPROVAL_MISMATCH);
	h->w->now += DAY - MINUTE;
	assert_true(reaches(h, &h->pc, "anna"));
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, false), STORE_APPROVAL_MISMATCH);
	for (int i = 0; i < 3; i++) {
		h->w->now += 400 * DAY;
		assert_false(reaches(h, &h->pc, "anna"));
		/* No time helps; the phone says so. */
		assert_true(resting(h).rests);
		assert_int_equal(resting(h).until, 0);
	}
	assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
	assert_true(reaches(h, &h->pc, "anna"));
}

static void
goes_on_after_a_second_one_another_day(void **state)
{
	struct home *h = *state;

	for (int i = 0; i < 4; i++) {
		assert_true(reaches(h, &h->pc, "anna"));
		assert_int_equal(answer(h->w, &h->phone, &h->pc, false),
		    STORE_APPROVAL_MISMATCH);
		h->w->now += DAY;
	}
	assert_false(guard_of(h, h->anna).off);
}

/* ---- reports ---- */

static size_t
pushes(struct home *h)
{
	size_t nobody;

	return push_drain(h->w, &nobody);
}

static void
mutes_and_blocks_after_a_report(void **state)
{
	struct home *h = *state;
	struct asker same_key = h->tv, same_cookie = h->tv, other;

	pushes(h);
	assert_true(reaches(h, &h->pc, "anna"));
	assert_int_equal(pushes(h), 2);
	assert_answer(decide(h->w, &h->phone, &h->pc, RP_REPORT), RP_OK);
	assert_state(h, &h->pc, STORE_APPROVAL_REPORTED);
	assert_int_equal(events(h->w, h->anna, "approval", "reported"), 1);
	assert_int_equal(audited(h->w, "approval-reported"), 1);
	/* The other phone is told, and both are left in peace. */
	assert_int_equal(pushes(h), 1);

	/* Where they know of it they are told; */
	assert_answer(ask(h->w, &h->pc, "anna"), RP_APPROVALS_RESTING);
	assert_int_equal(h->w->call.retry_after_ms, 30 * DAY);
	asker_make(&other, 9);
	other.network = h->pc.network;
	assert_answer(ask(h->w, &other, "anna"), RP_APPROVALS_RESTING);
	assert_int_equal(h->w->call.retry_after_ms, 1 * DAY);
	/* from elsewhere they ask for nothing. */
	same_key.key = h->pc.key;
	assert_false(reaches(h, &same_key, "anna"));
	same_cookie.cookie = h->pc.cookie;
	assert_false(reaches(h, &same_cookie, "anna"));
	assert_int_equal(pushes(h), 0);
	/* Only with this account. */
	assert_true(reaches(h, &h->pc, "ben"));
	pushes(h);

	/* Another browser may ask; the phone finds it, but does not ring. */
	assert_true(reaches(h, &h->tv, "anna"));
	assert_int_equal(pushes(h), 0);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->tv, true), STORE_APPROVAL_APPROVED);
	h->w->now += DAY;
	assert_true(reaches(h, &h->tv, "anna"));
	assert_int_equal(pushes(h), 2);
	assert_true(reaches(h, &other, "anna"));
	assert_false(reaches(h, &h->pc, "anna"));
	h->w->now += 29 * DAY;
	assert_true(reaches(h, &h->pc, "anna"));
	asker_free(&other);
}

static void
remembers_many_reports(void **state)
{
	struct home *h = *state;
	struct asker b;

	for (unsigned i = 0; i < 20; i++) {
		asker_make(&b, 100 + i);
		assert_true(reaches(h, &b, "anna"));
		h->phone.network = 7000 + i;
		assert_answer(decide(h->w, &h->phone, &b, RP_REPORT), RP_OK);
		assert_false(reaches(h, &b, "anna"));
		assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
		asker_free(&b);
	}
	assert_int_equal(guard_of(h, h->anna).blocked_count, STORE_BLOCKED_MAX);
}

/* ---- the clock ---- */

/* It was a year ahead when all that was written, and is put right. */
static void
outlives_a_clock_that_was_wrong(void **state)
{
	struct home *h = *state;

	h->w->config.no_limits = true;
	world_reopen(h->w);
	h->w->now += 365 * DAY;
	for (int i = 0; i < 3; i++)
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_APPROVALS_RESTING);
	h->w->now -= 365 * DAY;
	/* Nobody waits for a year, nor again and again for a minute. */
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_APPROVALS_RESTING);
	assert_int_equal(h->w->call.retry_after_ms, MINUTE);
}

static void
shortens_a_pause_that_was_too_far_ahead(void **state)
{
	struct home *h = *state;
	struct asker b = h->tv;

	h->w->now += 365 * DAY;
	assert_true(reaches(h, &h->pc, "anna"));
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, false), STORE_APPROVAL_MISMATCH);
	h->w->now -= 365 * DAY;
	/* It is as long as any, from the first request on. */
	assert_false(reaches(h, &h->tv, "anna"));
	assert_int_equal(resting(h).until, h->w->now + 15 * MINUTE);
	h->w->now += 15 * MINUTE;
	assert_true(reaches(h, &b, "anna"));
	assert_answer(decide(h->w, &h->phone, &b, RP_REPORT), RP_OK);
	h->w->now -= 100 * DAY;
	assert_false(reaches(h, &b, "anna"));
	h->w->now += 30 * DAY;
	assert_true(reaches(h, &b, "anna"));
}

/* ---- strangers ---- */

static const char *const nobodies[] = {
	"nobody", "nobody@example.org", "no\x01name", "", "\xff",
	"a name that is much longer than any name of any account could be, "
	"and then some more, and more, and more, and more, and more, and more, "
	"and more, and more, and more, and more, and more, and more, and more, "
	"and more, and more, and more, and more, and more, and more, and so on"
};

static void
treats_a_stranger_like_anybody(void **state)
{
	struct home *h = *state;

	for (size_t i = 0; i < sizeof(nobodies) / sizeof(nobodies[0]); i++) {
		struct asker one = h->pc, two = h->tv;

		assert_answer(ask(h->w, &one, nobodies[i]), RP_OK);
		assert_int_equal(one.a.match, STORE_MATCH_CHOOSE3);
		assert_int_equal(strlen(one.a.number), 2);
		assert_int_equal(one.a.expires - h->w->now, 3 * MINUTE);
		assert_false(h->w->call.account_known);
		assert_state(h, &one, STORE_APPROVAL_PENDING);
		assert_true(row_of(h, &one).decoy);
		two.network = one.network;
		assert_answer(ask(h->w, &two, nobodies[i]), RP_OK);
		assert_state(h, &one, STORE_APPROVAL_SUPERSEDED);
		/* No phone finds it, not even by its id. */
		assert_answer(decide(h->w, &h->phone, &two, RP_DENY),
		    RP_APPROVAL_UNKNOWN);
		assert_answer(collect(h->w, &two), RP_COLLECT_REFUSED);
		h->w->now += 3 * MINUTE;
		assert_state(h, &two, STORE_APPROVAL_EXPIRED);
	}
}

static void
meets_the_same_limits_as_a_stranger(void **state)
{
	struct home *h = *state;

	walk_the_schedule(h, "nobody");
	assert_answer(ask(h->w, &h->pc, "somebody else"), RP_OK);
}

static void
treats_a_locked_account_likewise(void **state)
{
	struct home *h = *state;
	size_t n;

	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	assert_answer(rp_admin_account_lock(
			  h->w->rp, call(h->w), &h->anna->in.account.id, &n),
	    RP_OK);
	/* What was asked before ends with it. */
	assert_state(h, &h->tv, STORE_APPROVAL_CANCELLED);
	pushes(h);
	assert_false(reaches(h, &h->pc, "anna"));
	assert_int_equal(pushes(h), 0);
	h->w->now += 3 * MINUTE;
	assert_state(h, &h->pc, STORE_APPROVAL_EXPIRED);
}

/* What one request writes, in records of each table. */
static void
count_writes(struct home *h, const char *name, uint64_t out[STORE_TABLES])
{
	struct engine_stat before, after;

	assert_ok(engine_stat(h->w->kit->s->engine, &before));
	assert_answer(ask_afresh(h, &h->pc, name), RP_OK);
	assert_ok(engine_stat(h->w->kit->s->engine, &after));
	for (int i = 0; i < STORE_TABLES; i++)
		out[i] = after.entries[i] - before.entries[i];
}

/* One whom somebody asked for before, so that newer messages replace older. */
static void
count_again(struct home *h, const char *name, uint64_t out[STORE_TABLES])
{
	uint64_t first[STORE_TABLES];

	count_writes(h, name, first);
	count_writes(h, name, out);
}

static void
writes_as_much_for_a_stranger(void **state)
{
	static const char *const names[] = { "clara", "dora", "emil" };
	struct home *h = *state;
	struct phone phones[3];
	uint64_t some[STORE_TABLES], none[STORE_TABLES];

	count_again(h, "nobody", none);
	/* With no phone, with one, with two. */
	for (int i = 0; i < 3; i++) {
		struct person *p = person_new();

		sign_up(h->w, p, names[i]);
		for (int k = 0; k < i; k++)
			phone_join(h->w, &phones[k], p);
		count_again(h, names[i], some);
		assert_memory_equal(some, none, sizeof(some));
		for (int k = 0; k < i; k++)
			phone_free(&phones[k]);
		person_free(p);
	}
	/* And while pushes are muted. */
	assert_true(reaches(h, &h->pc, "ben"));
	assert_answer(decide(h->w, &h->bens, &h->pc, RP_REPORT), RP_OK);
	count_again(h, "ben", some);
	assert_memory_equal(some, none, sizeof(some));
}

static void
writes_more_for_each_phone_from_the_third_on(void **state)
{
	struct home *h = *state;
	struct phone third;
	uint64_t three[STORE_TABLES], none[STORE_TABLES];

	phone_join(h->w, &third, h->anna);
	count_writes(h, "nobody", none);
	count_writes(h, "anna", three);
	/* Its message is a record, a place in the queue, and a topic. */
	assert_int_equal(three[TABLE_OUTBOX], none[TABLE_OUTBOX] + 3);
	phone_free(&third);
}

static void
forgets_strangers(void **state)
{
	struct home *h = *state;
	unsigned swept;

	/* What the set-up left for the sweeper has nothing to do with it. */
	assert_answer(ask_afresh(h, &h->pc, "nobody"), RP_OK);
	/* Theirs, and that of who asks. */
	assert_int_equal(entries(h->w->kit->s, TABLE_GUARDS), 2);
	h->w->now += 2 * DAY;
	assert_ok(store_sweep(h->w->kit->s, h->w->now, 1000, &swept));
	assert_int_equal(entries(h->w->kit->s, TABLE_GUARDS), 0);
	assert_int_equal(entries(h->w->kit->s, TABLE_APPROVALS), 0);
}

static void
stands_ten_thousand_requests(void **state)
{
	struct home *h = *state;
	unsigned ok = 0, seen = 0;

	/* Each from a network of its own. */
	for (int i = 0; i < 10000; i++) {
		enum rp_answer a = ask_afresh(h, &h->pc, "anna");

		ok += a == RP_OK;
		if (a != RP_OK)
			assert_answer(a, RP_APPROVALS_RESTING);
		else
			seen += !row_of(h, &h->pc).decoy;
		h->w->now += SECOND;
	}
	/* 3 at once, then at 1, 6, 21, 81, 141 minutes; 60 and one a minute. */
	assert_in_range(seen, 7, 8);
	assert_int_equal(ok, 60 + 9999 / 60);
}

static void
asks_from_one_network_only_so_often(void **state)
{
	struct home *h = *state;
	char name[16];
	int i;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		if (ask(h->w, &h->pc, name) != RP_OK)
			break;
	}
	assert_int_equal(i, 120);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_RATE_LIMITED);
	assert_true(h->w->call.retry_after_ms > 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		TEST(asks_three_times_then_ever_more_rarely),
		TEST(reaches_the_phones_no_more_often),
		TEST(counts_an_hour),
		TEST(counts_whatever_came_of_them),
		TEST(forgives_after_an_approval),
		TEST(never_tires_of_what_is_approved),
		TEST(forgives_after_a_passkey_used_here),
		TEST(keeps_it_to_itself_that_somebody_was_there),
		TEST(pauses_after_a_wrong_number),
		TEST(stops_after_a_second_one_in_a_day),
		TEST(goes_on_after_a_second_one_another_day),
		TEST(mutes_and_blocks_after_a_report),
		TEST(remembers_many_reports),
		TEST(outlives_a_clock_that_was_wrong),
		TEST(shortens_a_pause_that_was_too_far_ahead),
		TEST(treats_a_stranger_like_anybody),
		TEST(meets_the_same_limits_as_a_stranger),
		TEST(treats_a_locked_account_likewise),
		TEST(writes_as_much_for_a_stranger),
		TEST(writes_more_for_each_phone_from_the_third_on),
		TEST(forgets_strangers),
		TEST(stands_ten_thousand_requests),
		TEST(asks_from_one_network_only_so_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
