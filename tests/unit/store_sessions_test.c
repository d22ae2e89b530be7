/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

/* What comes and goes with time: sessions, history, spent marks, settings. */

OP(add_session, struct store_session, store_session_add(t, x))
OP(put_session, struct store_session, store_session_put(t, x))
OP(remove_session, struct session_id, store_session_remove(t, x))
OP(add_history, struct store_history, store_history_add(t, x))
OP(see_history, struct store_history,
    store_history_seen(t, &x->account, &x->id))

struct ending {
	struct account_id account;
	const struct session_id *keep;
	size_t n;
};
OP(end_sessions, struct ending,
    store_sessions_end(t, &x->account, x->keep, &x->n))

struct spending {
	uint8_t challenge[32];
	store_time expires;
};
OP(spend, struct spending, store_spend(t, x->challenge, x->expires))

struct setting {
	const char *name;
	struct slice value;
};
OP(put_setting, struct setting, store_setting_put(t, x->name, x->value))

static struct store_session list[STORE_SESSIONS_MAX];

static size_t
sessions_of(struct kit *k, uint32_t account, store_time now)
{
	struct account_id id = an_account_id(account);
	struct store_txn *t;
	size_t n;

	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_sessions_of(t, &id, now, list, &n));
	store_read_end(t);
	return n;
}

static enum store_rc
session_get(struct kit *k, const struct session_id *id, struct store_session *s)
{
	struct store_txn *t;
	enum store_rc rc;

	assert_ok(store_read_begin(k->s, &t));
	rc = store_session_get(t, id, s);
	store_read_end(t);
	return rc;
}

static unsigned
sweep(struct kit *k, store_time now, unsigned limit)
{
	unsigned n;

	assert_ok(store_sweep(k->s, now, limit, &n));
	return n;
}

static void
keeps_a_session_as_it_was(void **state)
{
	struct kit *k = *state;
	struct store_session s = a_session(1, 1, 1000), got;

	assert_int_equal(store_update(k->s, add_session, &s), STORE_ABSENT);
	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, add_session, &s));
	assert_int_equal(store_update(k->s, add_session, &s), STORE_TAKEN);
	assert_ok(session_get(k, &s.id, &got));
	assert_true(same_session(&got, &s));
	s.id.b[15] ^= 1;
	assert_int_equal(session_get(k, &s.id, &got), STORE_ABSENT);
	assert_int_equal(store_update(k->s, put_session, &s), STORE_ABSENT);
	assert_int_equal(
	    store_update(k->s, remove_session, &s.id), STORE_ABSENT);
}

static void
refuses_times_before_1970(void **state)
{
	struct kit *k = *state;
	struct store_session s = a_session(1, 1, 1000);

	assert_ok(kit_add_account(k, 1));
	s.proved = -1;
	assert_int_equal(store_update(k->s, add_session, &s), STORE_FAULT);
	assert_int_equal(entries(k->s, TABLE_SESSIONS), 0);
}

static void
knows_when_a_session_is_over(void **state)
{
	struct store_session s = a_session(1, 1, 1000);

	(void)state;
	assert_int_equal(store_session_expires(&s), 2000);
	s.last_seen = 10500;
	assert_int_equal(store_session_expires(&s), 11000);
	s.idle_ms = INT64_MAX;
	assert_int_equal(store_session_expires(&s), 11000);
}

static void
lists_live_sessions_newest_first(void **state)
{
	struct kit *k = *state;

	assert_ok(kit_add_account(k, 1));
	for (uint32_t i = 0; i < 6; i++) {
		struct store_session s = a_session(1, i, 1000 + 100 * i);

		assert_ok(store_update(k->s, add_session, &s));
	}
	assert_int_equal(sessions_of(k, 1, 1999), 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(list[i].created, 1500 - 100 * i);
	assert_int_equal(sessions_of(k, 1, 2000), 5);
	assert_int_equal(sessions_of(k, 1, 2300), 2);
	assert_int_equal(sessions_of(k, 1, 2500), 0);
}

static void
ends_the_oldest_beyond_the_cap(void **state)
{
	struct kit *k = *state;
	struct store_session s, got;

	assert_ok(kit_add_account(k, 1));
	for (uint32_t i = 0; i < STORE_SESSIONS_MAX + 3; i++) {
		s = a_session(1, i, 1000 + i);
		assert_ok(store_update(k->s, add_session, &s));
	}
	assert_int_equal(sessions_of(k, 1, 1100), STORE_SESSIONS_MAX);
	assert_int_equal(entries(k->s, TABLE_SESSIONS), STORE_SESSIONS_MAX);
	assert_int_equal(entries(k->s, TABLE_EXPIRY), STORE_SESSIONS_MAX);
	s = a_session(1, 2, 1002);
	assert_int_equal(session_get(k, &s.id, &got), STORE_ABSENT);
	s = a_session(1, 3, 1003);
	assert_ok(session_get(k, &s.id, &got));
}

static void
prunes_the_dead_before_the_living(void **state)
{
	struct kit *k = *state;
	struct store_session s;

	assert_ok(kit_add_account(k, 1));
	for (uint32_t i = 0; i < STORE_SESSIONS_MAX; i++) {
		s = a_session(1, i, 1000 + i);
		/* The first one outlives the others. */
		s.idle_ms = i == 0 ? 100000 : 500;
		s.ends = 200000;
		assert_ok(store_update(k->s, add_session, &s));
	}
	s = a_session(1, 999, 5000);
	assert_ok(store_update(k->s, add_session, &s));
	assert_int_equal(sessions_of(k, 1, 5000), 2);
	assert_int_equal(entries(k->s, TABLE_SESSIONS), 2);
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 2);
}

static void
ends_all_or_all_but_one(void **state)
{
	struct kit *k = *state;
	struct store_session s;
	struct ending e = { .account = an_account_id(1) };

	assert_ok(kit_add_account(k, 1));
	for (uint32_t i = 0; i < 5; i++) {
		s = a_session(1, i, 1000 + i);
		assert_ok(store_update(k->s, add_session, &s));
	}
	e.keep = &s.id;
	assert_ok(store_update(k->s, end_sessions, &e));
	assert_int_equal(e.n, 4);
	assert_int_equal(sessions_of(k, 1, 1500), 1);
	assert_memory_equal(&list[0].id, &s.id, sizeof(s.id));
	e.keep = NULL;
	assert_ok(store_update(k->s, end_sessions, &e));
	assert_int_equal(e.n, 1);
	assert_ok(store_update(k->s, end_sessions, &e));
	assert_int_equal(e.n, 0);
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 0);
}

static void
removes_one_session(void **state)
{
	struct kit *k = *state;
	struct store_session s[3];

	assert_ok(kit_add_account(k, 1));
	for (uint32_t i = 0; i < 3; i++) {
		s[i] = a_session(1, i, 1000 + i);
		assert_ok(store_update(k->s, add_session, &s[i]));
	}
	assert_ok(store_update(k->s, remove_session, &s[1].id));
	assert_int_equal(sessions_of(k, 1, 1500), 2);
	assert_memory_equal(&list[0].id, &s[2].id, sizeof(s[2].id));
	assert_memory_equal(&list[1].id, &s[0].id, sizeof(s[0].id));
}

/* ---- sweep ---- */

static void
sweeps_in_small_commits(void **state)
{
	struct kit *k = *state;
	struct spending p = { .expires = 1000 };

	assert_ok(kit_add_account(k, 1));
	for (uint32_t i = 0; i < 300; i++) {
		a_challenge(i, p.challenge);
		assert_ok(store_update(k->s, spend, &p));
	}
	for (uint32_t i = 0; i < 10; i++) {
		struct store_history h = a_history(1, 1000);
		struct store_session s = a_session(1, i, 1000);

		assert_ok(store_update(k->s, add_history, &h));
		assert_ok(store_update(k->s, add_session, &s));
	}
	assert_int_equal(sweep(k, 999, 100), 0);
	assert_int_equal(sweep(k, 1000, 0), 0);
	assert_int_equal(sweep(k, 1000, 7), 7);
	assert_int_equal(entries(k->s, TABLE_SPENT), 293);
	assert_int_equal(sweep(k, 1000, 200), 200);
	assert_int_equal(sweep(k, 2000, 100), 100);
	assert_int_equal(entries(k->s, TABLE_SPENT), 0);
	assert_int_equal(entries(k->s, TABLE_SESSIONS), 3);
	assert_int_equal(sweep(k, 6000, 1000), 13);
	assert_int_equal(entries(k->s, TABLE_SESSIONS), 0);
	assert_int_equal(entries(k->s, TABLE_HISTORY), 0);
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 0);
	assert_int_equal(sweep(k, INT64_MAX, 1000), 0);
}

static void
puts_off_a_session_that_was_used_since(void **state)
{
	struct kit *k = *state;
	struct store_session s = a_session(1, 1, 1000), got;

	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, add_session, &s));
	s.last_seen = 1900;
	assert_ok(store_update(k->s, put_session, &s));
	assert_int_equal(sweep(k, 2000, 10), 1);
	assert_ok(session_get(k, &s.id, &got));
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 1);
	assert_int_equal(sweep(k, 2899, 10), 0);
	assert_int_equal(sweep(k, 2900, 10), 1);
	assert_int_equal(session_get(k, &s.id, &got), STORE_ABSENT);
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 0);
	/* Its place in the list is of no consequence. */
	assert_int_equal(sessions_of(k, 1, 1500), 0);
	s = a_session(1, 2, 3000);
	assert_ok(store_update(k->s, add_session, &s));
	assert_int_equal(sessions_of(k, 1, 3000), 1);
}

static void
brings_an_end_forward(void **state)
{
	struct kit *k = *state;
	struct store_session s = a_session(1, 1, 1000), got;

	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, add_session, &s));
	s.ends = 1500;
	assert_ok(store_update(k->s, put_session, &s));
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 1);
	assert_int_equal(sweep(k, 1500, 10), 1);
	assert_int_equal(session_get(k, &s.id, &got), STORE_ABSENT);
}

static enum store_rc
spoil_session(struct store_txn *t, void *arg)
{
	struct session_id *id = arg;
	static const uint8_t rubbish[] = { 1, 2, 3 };

	return engine_put(
	    t, TABLE_SESSIONS, SLICE(id->b), SLICE(rubbish), ENGINE_REPLACE);
}

static void
is_not_held_up_by_a_damaged_record(void **state)
{
	struct kit *k = *state;
	struct store_session s;

	assert_ok(kit_add_account(k, 1));
	for (uint32_t i = 0; i < 3; i++) {
		s = a_session(1, i, 1000 + i);
		assert_ok(store_update(k->s, add_session, &s));
	}
	s = a_session(1, 0, 1000);
	assert_ok(store_update(k->s, spoil_session, &s.id));
	assert_int_equal(sweep(k, 5000, 10), 3);
	assert_int_equal(entries(k->s, TABLE_SESSIONS), 0);
	assert_non_null(strstr(k->log, "store=damaged table=4"));
}

static enum store_rc
plant_expiry(struct store_txn *t, void *arg)
{
	static const uint8_t of_a_later_table[] = { 0, 0, 0, 0, 0, 0, 0, 1, 250,
		1 };
	static const uint8_t version[] = { 1 };

	(void)arg;
	return engine_put(t, TABLE_EXPIRY, SLICE(of_a_later_table),
	    SLICE(version), ENGINE_INSERT);
}

static void
is_not_held_up_by_what_it_does_not_know(void **state)
{
	struct kit *k = *state;
	struct store_session s = a_session(1, 1, 1000);

	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, add_session, &s));
	assert_ok(store_update(k->s, plant_expiry, NULL));
	assert_int_equal(sweep(k, 5000, 10), 2);
	assert_int_equal(entries(k->s, TABLE_SESSIONS), 0);
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 0);
	assert_non_null(strstr(k->log, "store=damaged table=8"));
}

/* ---- history ---- */

static struct store_history lines[16];

static size_t
history_of(struct kit *k, const struct history_id *before, size_t max)
{
	struct account_id id = an_account_id(1);
	struct store_txn *t;
	size_t n;

	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_history_of(t, &id, before, lines, max, &n));
	store_read_end(t);
	return n;
}

static const struct history_id newest;

static void
follows_an_accounts_history(void **state)
{
	struct kit *k = *state;
	struct store_history h = a_history(1, 1000);
	struct history_id before = { 0 };
	size_t n, seen = 0;

	assert_int_equal(store_update(k->s, add_history, &h), STORE_ABSENT);
	assert_ok(kit_add_account(k, 1));
	assert_ok(kit_add_account(k, 2));
	assert_int_equal(history_of(k, &newest, 16), 0);
	for (int i = 0; i < 10; i++) {
		struct store_history other = a_history(2, 1000 + i);

		h = a_history(1, 1000 + i);
		assert_ok(store_update(k->s, add_history, &h));
		assert_ok(store_update(k->s, add_history, &other));
	}
	while ((n = history_of(k, &before, 3)) > 0) {
		for (size_t i = 0; i < n; i++, seen++)
			assert_int_equal(lines[i].at, 1009 - (int)seen);
		before = lines[n - 1].id;
	}
	assert_int_equal(seen, 10);
	assert_int_equal(history_of(k, &newest, 1), 1);
	assert_true(same_history(&lines[0], &h));
}

/* Asking behind another account's entry shows nothing of it. */
static void
shows_nobody_elses_history(void **state)
{
	struct kit *k = *state;
	struct store_history mine = a_history(1, 1000);
	struct store_history other = a_history(2, 1001);

	assert_ok(kit_add_account(k, 1));
	assert_ok(kit_add_account(k, 2));
	assert_ok(store_update(k->s, add_history, &mine));
	assert_ok(store_update(k->s, add_history, &other));
	assert_int_equal(history_of(k, &other.id, 16), 0);
	other.account = mine.account;
	assert_int_equal(store_update(k->s, see_history, &other), STORE_ABSENT);
}

static void
ends_where_it_was_forgotten(void **state)
{
	struct kit *k = *state;

	assert_ok(kit_add_account(k, 1));
	for (int i = 0; i < 10; i++) {
		struct store_history h = a_history(1, 1000 + i);

		/* A short one is kept for as long as those before it. */
		if (i == 5)
			h.expires = 1006;
		assert_ok(store_update(k->s, add_history, &h));
		if (i == 5)
			assert_int_equal(h.expires, 6004);
	}
	assert_int_equal(sweep(k, 5999, 100), 0);
	assert_int_equal(sweep(k, 6003, 100), 4);
	assert_int_equal(history_of(k, &newest, 16), 6);
	assert_int_equal(lines[5].at, 1004);
	assert_int_equal(sweep(k, 6004, 100), 2);
	assert_int_equal(history_of(k, &newest, 16), 4);
	assert_int_equal(history_of(k, &lines[3].id, 16), 0);
	assert_int_equal(sweep(k, 9999, 100), 4);
	assert_int_equal(history_of(k, &newest, 16), 0);
}

static void
a_notice_is_taken_off_once_seen(void **state)
{
	struct kit *k = *state;
	struct store_history h = a_history(1, 1000);

	assert_ok(kit_add_account(k, 1));
	h.notice = true;
	assert_ok(store_update(k->s, add_history, &h));
	assert_int_equal(history_of(k, &newest, 16), 1);
	assert_true(lines[0].notice);
	assert_ok(store_update(k->s, see_history, &h));
	assert_ok(store_update(k->s, see_history, &h));
	assert_int_equal(history_of(k, &newest, 16), 1);
	assert_false(lines[0].notice);
}

/* ---- spent, settings ---- */

static enum store_rc
is_spent(struct kit *k, const struct spending *p)
{
	struct store_txn *t;
	enum store_rc rc;

	assert_ok(store_read_begin(k->s, &t));
	rc = store_spent(t, p->challenge, p->expires);
	store_read_end(t);
	return rc;
}

static void
spends_once(void **state)
{
	struct kit *k = *state;
	struct spending p = { .expires = 1000 }, other;

	a_challenge(1, p.challenge);
	other = p;
	other.challenge[15] ^= 1;
	assert_int_equal(is_spent(k, &p), STORE_ABSENT);
	assert_ok(store_update(k->s, spend, &p));
	assert_int_equal(store_update(k->s, spend, &p), STORE_TAKEN);
	assert_ok(is_spent(k, &p));
	assert_int_equal(is_spent(k, &other), STORE_ABSENT);
	kit_reopen(k);
	assert_int_equal(store_update(k->s, spend, &p), STORE_TAKEN);
	/* Earlier ones may be spent later, too. */
	other.expires = 500;
	assert_ok(store_update(k->s, spend, &other));
	assert_int_equal(store_update(k->s, spend, &other), STORE_TAKEN);
}

static void
keeps_settings(void **state)
{
	static uint8_t large[STORE_SETTING_MAX + 1];
	struct kit *k = *state;
	struct setting s = { "theme", slice_of("dark") };
	uint8_t got[4] = { 0 };
	struct store_txn *t;
	size_t n;

	assert_ok(store_update(k->s, put_setting, &s));
	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_setting_get(t, "theme", got, sizeof(got), &n));
	assert_int_equal(n, 4);
	assert_memory_equal(got, "dark", 4);
	memset(got, 0, sizeof(got));
	assert_ok(store_setting_get(t, "theme", got, 2, &n));
	assert_int_equal(n, 4);
	assert_memory_equal(got, "da\0", 4);
	assert_int_equal(store_setting_get(t, "", got, 4, &n), STORE_ABSENT);
	store_read_end(t);

	s.value = (struct slice){ large, STORE_SETTING_MAX };
	assert_ok(store_update(k->s, put_setting, &s));
	s.value.n++;
	assert_int_equal(store_update(k->s, put_setting, &s), STORE_FAULT);
	s = (struct setting){ "", slice_of("x") };
	assert_int_equal(store_update(k->s, put_setting, &s), STORE_FAULT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_a_session_as_it_was),
		TEST(refuses_times_before_1970),
		TEST(knows_when_a_session_is_over),
		TEST(lists_live_sessions_newest_first),
		TEST(ends_the_oldest_beyond_the_cap),
		TEST(prunes_the_dead_before_the_living),
		TEST(ends_all_or_all_but_one),
		TEST(removes_one_session),
		TEST(sweeps_in_small_commits),
		TEST(puts_off_a_session_that_was_used_since),
		TEST(brings_an_end_forward),
		TEST(is_not_held_up_by_a_damaged_record),
		TEST(is_not_held_up_by_what_it_does_not_know),
		TEST(follows_an_accounts_history),
		TEST(shows_nobody_elses_history),
		TEST(ends_where_it_was_forgotten),
		TEST(a_notice_is_taken_off_once_seen),
		TEST(spends_once),
		TEST(keeps_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
