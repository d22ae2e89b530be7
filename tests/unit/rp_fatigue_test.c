/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <stdio.h>

/* How often an account may be asked, and what a stranger sees of that. */

/* From a network of its own each time, so that only the account counts. */
static enum rp_answer
ask_as(struct home *h, struct asker *b, const char *name)
{
	static unsigned network = 10000;

	b->network = network++;
	return ask(h->w, b, name);
}

/* The time from now at which a request is first let through. */
static store_time
rests_for(struct home *h, const char *name)
{
	store_time told;

	assert_answer(ask_as(h, &h->pc, name), RP_APPROVALS_RESTING);
	told = h->w->call.retry_after_ms;
	h->w->now += told - 1;
	assert_answer(ask_as(h, &h->pc, name), RP_APPROVALS_RESTING);
	assert_int_equal(h->w->call.retry_after_ms, 1);
	h->w->now += 1;
	assert_answer(ask_as(h, &h->pc, name), RP_OK);
	return told;
}

static void
walk_the_schedule(struct home *h, const char *name)
{
	static const int minutes[] = { 1, 5, 15, 60, 60, 60 };

	for (int i = 0; i < 3; i++)
		assert_answer(ask_as(h, &h->pc, name), RP_OK);
	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++)
		assert_int_equal(rests_for(h, name), minutes[i] * MINUTE);
}

static void
asks_three_times_then_ever_more_rarely(void **state)
{
	struct home *h = *state;

	walk_the_schedule(h, "anna");
	/* Another account is another matter. */
	assert_answer(ask_as(h, &h->tv, "ben"), RP_OK);
	/* A day without any, and it begins anew. */
	h->w->now += DAY;
	walk_the_schedule(h, "anna");
}

static void
counts_an_hour(void **state)
{
	struct home *h = *state;

	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	h->w->now += 20 * MINUTE;
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	h->w->now += 20 * MINUTE;
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	h->w->now += 20 * MINUTE;
	/* The first is an hour ago: two are left, and no wait was needed. */
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	assert_int_equal(guard_of(h, h->anna).level, 0);
}

static void
counts_whatever_came_of_them(void **state)
{
	struct home *h = *state;

	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	assert_answer(decide(h->w, &h->phone, &h->pc, RP_DENY), RP_OK);
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	assert_answer(rp_approval_cancel(
			  h->w->rp, call_of_asker(h->w, &h->pc), &h->pc.a.id),
	    RP_OK);
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	h->w->now += 3 * MINUTE;
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	assert_answer(ask_as(h, &h->pc, "anna"), RP_APPROVALS_RESTING);
}

static void
forgives_after_an_approval(void **state)
{
	struct home *h = *state;

	for (int i = 0; i < 3; i++)
		assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	assert_int_equal(rests_for(h, "anna"), 1 * MINUTE);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, true), STORE_APPROVAL_APPROVED);
	assert_int_equal(guard_of(h, h->anna).level, 0);
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	/* What was not approved within the hour still counts. */
	assert_answer(ask_as(h, &h->pc, "anna"), RP_APPROVALS_RESTING);
	assert_int_equal(h->w->call.retry_after_ms, 1 * MINUTE);
}

static void
never_tires_of_what_is_approved(void **state)
{
	struct home *h = *state;

	for (unsigned i = 0; i < 20; i++) {
		h->w->network = h->phone.network = 500 + i;
		assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
		assert_int_equal(answer(h->w, &h->phone, &h->pc, true),
		    STORE_APPROVAL_APPROVED);
	}
}

static void
forgives_after_a_passkey_used_here(void **state)
{
	struct home *h = *state;

	for (int how = 0; how < 2; how++) {
		for (int i = 0; i < 3; i++)
			assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
		assert_answer(ask_as(h, &h->pc, "anna"), RP_APPROVALS_RESTING);
		/* Somebody else's passkey is not enough. */
		assert_answer(sign_in(h->w, h->ben, NULL), RP_OK);
		assert_answer(ask_as(h, &h->pc, "anna"), RP_APPROVALS_RESTING);
		assert_answer(how == 0 ? sign_in(h->w, h->anna, NULL)
				       : prove(h->w, h->anna),
		    RP_OK);
	}
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
}

/* ---- wrong numbers ---- */

static void
pauses_after_a_wrong_number(void **state)
{
	struct home *h = *state;

	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, false), STORE_APPROVAL_MISMATCH);
	assert_int_equal(rests_for(h, "anna"), 15 * MINUTE);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, true), STORE_APPROVAL_APPROVED);
}

static void
stops_after_a_second_one_in_a_day(void **state)
{
	struct home *h = *state;

	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, false), STORE_APPROVAL_MISMATCH);
	h->w->now += DAY - MINUTE;
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, false), STORE_APPROVAL_MISMATCH);
	for (int i = 0; i < 3; i++) {
		h->w->now += 400 * DAY;
		assert_answer(ask_as(h, &h->pc, "anna"), RP_APPROVALS_RESTING);
		/* No time helps. */
		assert_int_equal(h->w->call.retry_after_ms, 0);
	}
	assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
}

static void
goes_on_after_a_second_one_another_day(void **state)
{
	struct home *h = *state;

	for (int i = 0; i < 4; i++) {
		assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
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
	unsigned network;

	pushes(h);
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	assert_int_equal(pushes(h), 2);
	network = h->pc.network;
	assert_answer(decide(h->w, &h->phone, &h->pc, RP_REPORT), RP_OK);
	assert_state(h, &h->pc, STORE_APPROVAL_REPORTED);
	assert_int_equal(events(h->w, h->anna, "approval", "reported"), 1);
	assert_int_equal(audited(h->w, "approval-reported"), 1);
	/* The other phone is told, and both are left in peace. */
	assert_int_equal(pushes(h), 1);

	assert_answer(ask_as(h, &h->pc, "anna"), RP_APPROVALS_RESTING);
	assert_int_equal(h->w->call.retry_after_ms, 30 * DAY);
	same_key.key = h->pc.key;
	assert_answer(ask_as(h, &same_key, "anna"), RP_APPROVALS_RESTING);
	same_cookie.cookie = h->pc.cookie;
	assert_answer(ask_as(h, &same_cookie, "anna"), RP_APPROVALS_RESTING);
	asker_make(&other, 9);
	other.network = network;
	assert_answer(ask(h->w, &other, "anna"), RP_APPROVALS_RESTING);
	assert_int_equal(h->w->call.retry_after_ms, 1 * DAY);
	/* Only with this account. */
	assert_answer(ask_as(h, &h->pc, "ben"), RP_OK);
	pushes(h);

	/* Another browser may ask; the phone finds it, but does not ring. */
	assert_answer(ask_as(h, &h->tv, "anna"), RP_OK);
	assert_int_equal(pushes(h), 0);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->tv, true), STORE_APPROVAL_APPROVED);
	h->w->now += DAY;
	assert_answer(ask_as(h, &h->tv, "anna"), RP_OK);
	assert_int_equal(pushes(h), 2);
	other.network = network;
	assert_answer(ask(h->w, &other, "anna"), RP_OK);
	assert_answer(ask_as(h, &h->pc, "anna"), RP_APPROVALS_RESTING);
	h->w->now += 29 * DAY;
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	asker_free(&other);
}

static void
remembers_many_reports(void **state)
{
	struct home *h = *state;
	struct asker b;

	for (unsigned i = 0; i < 20; i++) {
		asker_make(&b, 100 + i);
		assert_answer(ask_as(h, &b, "anna"), RP_OK);
		h->phone.network = 7000 + i;
		assert_answer(decide(h->w, &h->phone, &b, RP_REPORT), RP_OK);
		assert_answer(ask_as(h, &b, "anna"), RP_APPROVALS_RESTING);
		assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
		asker_free(&b);
	}
	assert_int_equal(guard_of(h, h->anna).blocked_count, STORE_BLOCKED_MAX);
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

		assert_answer(ask_as(h, &one, nobodies[i]), RP_OK);
		assert_int_equal(one.a.match, STORE_MATCH_CHOOSE3);
		assert_int_equal(strlen(one.a.number), 2);
		assert_int_equal(one.a.expires - h->w->now, 3 * MINUTE);
		assert_false(h->w->call.account_known);
		assert_state(h, &one, STORE_APPROVAL_PENDING);
		assert_true(row_of(h, &one).decoy);
		assert_answer(ask_as(h, &two, nobodies[i]), RP_OK);
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
	assert_answer(ask_as(h, &h->tv, "somebody else"), RP_OK);
}

static void
treats_a_locked_account_likewise(void **state)
{
	struct home *h = *state;
	size_t n;

	assert_answer(ask_as(h, &h->tv, "anna"), RP_OK);
	assert_answer(rp_admin_account_lock(
			  h->w->rp, call(h->w), &h->anna->in.account.id, &n),
	    RP_OK);
	/* What was asked before ends with it. */
	assert_state(h, &h->tv, STORE_APPROVAL_CANCELLED);
	pushes(h);
	assert_answer(ask_as(h, &h->pc, "anna"), RP_OK);
	assert_true(row_of(h, &h->pc).decoy);
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
	assert_answer(ask_as(h, &h->pc, name), RP_OK);
	assert_ok(engine_stat(h->w->kit->s->engine, &after));
	for (int i = 0; i < STORE_TABLES; i++)
		out[i] = after.entries[i] - before.entries[i];
}

static void
writes_as_much_for_a_stranger(void **state)
{
	struct home *h = *state;
	struct person *clara = person_new();
	struct phone phone;
	uint64_t real[STORE_TABLES], none[STORE_TABLES], bare[STORE_TABLES];

	/* One phone; no account; an account without a phone. */
	sign_up(h->w, clara, "clara");
	phone_join(h->w, &phone, clara);
	count_writes(h, "clara", real);
	count_writes(h, "nobody", none);
	assert_memory_equal(real, none, sizeof(real));
	assert_answer(
	    rp_phone_remove(h->w->rp, call(h->w), &clara->in, &phone.id),
	    RP_OK);
	/* The first one takes the place of no message of before. */
	count_writes(h, "clara", bare);
	count_writes(h, "clara", bare);
	count_writes(h, "nobody", none);
	assert_memory_equal(bare, none, sizeof(bare));
	phone_free(&phone);
	person_free(clara);
}

static void
forgets_strangers(void **state)
{
	struct home *h = *state;
	unsigned swept;

	/* What the set-up left for the sweeper has nothing to do with it. */
	assert_answer(ask_as(h, &h->pc, "nobody"), RP_OK);
	assert_int_equal(entries(h->w->kit->s, TABLE_GUARDS), 1);
	h->w->now += 2 * DAY;
	assert_ok(store_sweep(h->w->kit->s, h->w->now, 1000, &swept));
	assert_int_equal(entries(h->w->kit->s, TABLE_GUARDS), 0);
	assert_int_equal(entries(h->w->kit->s, TABLE_APPROVALS), 0);
}

static void
stands_ten_thousand_requests(void **state)
{
	struct home *h = *state;
	uint64_t rows;
	unsigned ok = 0;

	for (int i = 0; i < 10000; i++) {
		enum rp_answer a = ask_as(h, &h->pc, "anna");

		ok += a == RP_OK;
		if (a != RP_OK)
			assert_answer(a, RP_APPROVALS_RESTING);
		h->w->now += SECOND;
	}
	/* 3 at once, then at 1, 6, 21, 81, 141 minutes. */
	assert_int_equal(ok, 8);
	rows = entries(h->w->kit->s, TABLE_APPROVALS);
	assert_in_range(rows, 8, 9);
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
		TEST(counts_an_hour),
		TEST(counts_whatever_came_of_them),
		TEST(forgives_after_an_approval),
		TEST(never_tires_of_what_is_approved),
		TEST(forgives_after_a_passkey_used_here),
		TEST(pauses_after_a_wrong_number),
		TEST(stops_after_a_second_one_in_a_day),
		TEST(goes_on_after_a_second_one_another_day),
		TEST(mutes_and_blocks_after_a_report),
		TEST(remembers_many_reports),
		TEST(treats_a_stranger_like_anybody),
		TEST(meets_the_same_limits_as_a_stranger),
		TEST(treats_a_locked_account_likewise),
		TEST(writes_as_much_for_a_stranger),
		TEST(forgets_strangers),
		TEST(stands_ten_thousand_requests),
		TEST(asks_from_one_network_only_so_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
