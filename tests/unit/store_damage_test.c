/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

#include "store/approval_codec.h"

/* A record that cannot be read is nobody else's trouble. */

OP(add_session, struct store_session, store_session_add(t, x))
OP(add_history, struct store_history, store_history_add(t, x))
OP(add_invitation, struct store_invitation, store_invitation_add(t, x))
OP(add_phone, struct store_phone, store_phone_add(t, x))
OP(add_browser, struct store_browser, store_browser_add(t, x))
OP(put_trust, struct store_trust, store_trust_put(t, x))
OP(put_guard, struct store_guard, store_guard_put(t, x))
OP(add_approval, struct store_approval, store_approval_add(t, x))
OP(add_message, struct store_message, store_message_add(t, x))
OP(remove_account, struct account_id, store_account_remove(t, x))

/* A letter and an id, as approvals and messages have them. */
static void
spoil_letter(
    struct kit *k, enum store_table table, char letter, const uint8_t id[16])
{
	uint8_t key[1 + 16] = { (uint8_t)letter };

	memcpy(key + 1, id, 16);
	spoil(k->s, table, SLICE(key));
}

static void
spoil_cluster(struct kit *k, uint32_t account, enum cluster_kind kind,
    struct slice suffix)
{
	struct account_id id = an_account_id(account);
	struct cluster_key key = cluster_key(&id, kind, suffix);

	spoil(k->s, TABLE_ACCOUNTS, cluster_slice(&key));
}

/* ---- approvals ---- */

static struct store_approval
an_approval(uint32_t n, store_time expires)
{
	struct store_approval a = { .account = an_account_id(1),
		.state = STORE_APPROVAL_PENDING,
		.match = STORE_MATCH_TYPE2,
		.created = 1,
		.expires = expires };

	memcpy(a.id.b, &n, sizeof(n));
	return a;
}

OP(overdue, struct store_approval, store_approval_overdue(t, 500, x))

static enum store_rc
overdue_seen(struct kit *k, struct store_approval *a)
{
	struct store_txn *t;
	enum store_rc rc;

	assert_ok(store_read_begin(k->s, &t));
	rc = store_approval_overdue(t, 500, a);
	store_read_end(t);
	return rc;
}

static enum store_rc
put_stray(struct store_txn *t, void *arg)
{
	static const uint8_t of_nobody[1 + 8 + 16] = { 'o', 0 },
					       too_long[1 + 8 + 16 + 1] = { 'o',
						       0 };
	static const uint8_t version[] = { 1 };
	enum store_rc rc;

	(void)arg;
	rc = engine_put(t, TABLE_APPROVALS, SLICE(of_nobody), SLICE(version),
	    ENGINE_INSERT);
	return rc != STORE_OK ? rc
			      : engine_put(t, TABLE_APPROVALS, SLICE(too_long),
				    SLICE(version), ENGINE_INSERT);
}

static void
an_approval_does_not_keep_others_open(void **state)
{
	struct kit *k = *state;
	struct store_approval got = { .state = 0 };

	for (uint32_t i = 1; i <= 3; i++) {
		struct store_approval a = an_approval(i, 100 * i);

		assert_ok(store_update(k->s, add_approval, &a));
		if (i < 3)
			spoil_letter(k, TABLE_APPROVALS, 'a', a.id.b);
	}
	assert_ok(store_update(k->s, put_stray, NULL));
	assert_ok(overdue_seen(k, &got));
	assert_int_equal(got.expires, 300);
	assert_int_equal(entries(k->s, TABLE_APPROVALS), 8);
	/* An update also takes them out of the way. */
	got.expires = 0;
	assert_ok(store_update(k->s, overdue, &got));
	assert_int_equal(got.expires, 300);
	assert_int_equal(entries(k->s, TABLE_APPROVALS), 5);
}

/* ---- messages ---- */

struct taking {
	struct store_message m;
	store_time now;
};

static enum store_rc
take(struct store_txn *t, void *arg)
{
	struct taking *x = arg;

	return store_message_take(
	    t, 1u << STORE_MESSAGE_PUSH, x->now, 60, &x->m);
}

static struct store_message
a_message(uint32_t n, store_time due)
{
	struct store_message m = { .kind = STORE_MESSAGE_PUSH,
		.created = 1,
		.due = due,
		.expires = due + 1000 };

	memcpy(m.id.b, &n, sizeof(n));
	memset(m.topic, (int)n, sizeof(m.topic));
	return m;
}

static enum store_rc
put_stray_due(struct store_txn *t, void *arg)
{
	static const uint8_t too_long[1 + 8 + 1 + 16 + 1] = { 'd', 0, 0, 0, 0,
		0, 0, 0, 0, STORE_MESSAGE_PUSH };
	static const uint8_t version[] = { 1 };

	(void)arg;
	return engine_put(
	    t, TABLE_OUTBOX, SLICE(too_long), SLICE(version), ENGINE_INSERT);
}

static void
a_message_does_not_stop_the_queue(void **state)
{
	struct kit *k = *state;
	struct store_message bad = a_message(1, 10), good = a_message(2, 20);
	struct taking x = { .now = 100 };
	struct store_outbox_stat st;
	struct store_txn *t;
	unsigned swept;

	assert_ok(store_update(k->s, add_message, &bad));
	assert_ok(store_update(k->s, add_message, &good));
	spoil_letter(k, TABLE_OUTBOX, 'm', bad.id.b);
	assert_ok(store_update(k->s, take, &x));
	assert_memory_equal(&x.m.id, &good.id, sizeof(good.id));
	/* It is given up, and forgotten like others that were. */
	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_outbox_stat(t, &st));
	store_read_end(t);
	assert_int_equal(st.given_up, 1);
	assert_ok(store_sweep(k->s, 100 + 7 * 86400000LL, 100, &swept));
	assert_int_equal(swept, 1);
	/* A newer one with its topic takes its place. */
	memset(good.topic, 1, sizeof(good.topic));
	good.id.b[0] = 3;
	assert_ok(store_update(k->s, add_message, &good));
	spoil_letter(k, TABLE_OUTBOX, 'm', good.id.b);
	good.id.b[0] = 4;
	assert_ok(store_update(k->s, add_message, &good));
	/* Nor does a key that none of ours is like. */
	assert_ok(store_update(k->s, put_stray_due, NULL));
	assert_ok(store_update(k->s, take, &x));
	assert_memory_equal(&x.m.id, &good.id, sizeof(good.id));
}

/* ---- sessions ---- */

struct ending {
	struct account_id id;
	size_t n;
};
OP(end_sessions, struct ending, store_sessions_end(t, &x->id, NULL, &x->n))

static void
a_session_does_not_keep_the_others(void **state)
{
	struct kit *k = *state;
	struct store_session list[STORE_SESSIONS_MAX], s;
	struct ending x = { .id = an_account_id(1) };
	struct store_txn *t;
	unsigned swept;
	size_t n = 0;

	assert_ok(kit_add_account(k, 1));
	for (uint32_t i = 0; i < STORE_SESSIONS_MAX; i++) {
		s = a_session(1, i, 1000 + i);
		s.idle_ms = 9000;
		assert_ok(store_update(k->s, add_session, &s));
	}
	for (uint32_t i = 0; i < 2; i++) {
		s = a_session(1, i, 1000 + i);
		spoil(k->s, TABLE_SESSIONS, SLICE(s.id.b));
	}
	/* The oldest gives way to a new one, readable or not. */
	s = a_session(1, 99, 1500);
	assert_ok(store_update(k->s, add_session, &s));
	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_sessions_of(t, &x.id, 1500, list, &n));
	store_read_end(t);
	assert_int_equal(n, STORE_SESSIONS_MAX - 1);
	assert_ok(store_update(k->s, end_sessions, &x));
	assert_int_equal(x.n, STORE_SESSIONS_MAX);
	assert_int_equal(entries(k->s, TABLE_SESSIONS), 0);
	/* Two entries lead nowhere. */
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 2);
	assert_ok(store_sweep(k->s, INT64_MAX, 100, &swept));
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 0);
}

/* ---- lists ---- */

static struct store_phone
a_phone(uint8_t n)
{
	return (struct store_phone){
		.id = { { n } }, .account = an_account_id(1), .name = "Phone"
	};
}

static void
trust(struct kit *k, uint8_t n)
{
	struct store_browser b = { .id = { { n } }, .expires = 1000 };
	struct store_trust trust = { .account = an_account_id(1),
		.browser = b.id,
		.name = "Desk",
		.method = STORE_METHOD_PASSKEY };

	assert_ok(store_update(k->s, add_browser, &b));
	assert_ok(store_update(k->s, put_trust, &trust));
}

static void
a_record_does_not_hide_those_behind_it(void **state)
{
	struct kit *k = *state;
	struct account_id id = an_account_id(1);
	struct store_history h = a_history(1, 1), lines[4];
	struct store_phone p = a_phone(1), phones[STORE_PHONES_MAX];
	struct store_trust trusts[STORE_BROWSERS_MAX];
	struct store_account accounts[4];
	struct store_txn *t;
	size_t n = 0;

	for (uint32_t i = 1; i <= 3; i++)
		assert_ok(kit_add_account(k, i));
	assert_ok(store_update(k->s, add_phone, &p));
	spoil_cluster(k, 1, CLUSTER_PHONE, SLICE(p.id.b));
	p = a_phone(2);
	assert_ok(store_update(k->s, add_phone, &p));
	trust(k, 1);
	spoil_cluster(k, 1, CLUSTER_BROWSER, SLICE(((uint8_t[16]){ 1 })));
	trust(k, 2);
	for (uint32_t i = 0; i < 3; i++) {
		assert_ok(store_update(k->s, add_history, &h));
		if (i == 1)
			spoil(k->s, TABLE_HISTORY, SLICE(h.id.b));
	}
	spoil_cluster(k, 2, CLUSTER_ACCOUNT, (struct slice){ 0 });

	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_phones_of(t, &id, phones, &n));
	assert_int_equal(n, 1);
	assert_int_equal(phones[0].id.b[0], 2);
	assert_ok(store_trusts_of(t, &id, trusts, &n));
	assert_int_equal(n, 1);
	assert_int_equal(trusts[0].browser.b[0], 2);
	assert_ok(
	    store_accounts_list(t, &(struct account_id){ 0 }, accounts, 4, &n));
	assert_int_equal(n, 2);
	/* Here it is the chain that leads to those behind it. */
	assert_ok(
	    store_history_of(t, &id, &(struct history_id){ 0 }, lines, 4, &n));
	assert_int_equal(n, 1);
	store_read_end(t);
}

/* ---- what goes with an account ---- */

static void
an_account_goes_whatever_hangs_on_it(void **state)
{
	struct kit *k = *state;
	struct account_id id = an_account_id(1);
	struct store_session s = a_session(1, 1, 1000);
	struct store_history h = a_history(1, 1000);
	struct store_invitation i = { .token_hash = { 7 },
		.expires = 9000,
		.for_account = true,
		.account = id };
	struct store_guard g = { .id = id, .off = true };
	struct store_phone p = a_phone(1);
	unsigned swept;

	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, add_session, &s));
	assert_ok(store_update(k->s, add_history, &h));
	assert_ok(store_update(k->s, add_invitation, &i));
	assert_ok(store_update(k->s, put_guard, &g));
	assert_ok(store_update(k->s, add_phone, &p));
	trust(k, 1);
	spoil(k->s, TABLE_SESSIONS, SLICE(s.id.b));
	spoil(k->s, TABLE_HISTORY, SLICE(h.id.b));
	spoil(k->s, TABLE_INVITATIONS, SLICE(i.token_hash));
	spoil(k->s, TABLE_GUARDS, SLICE(id.b));
	spoil(k->s, TABLE_BROWSERS, SLICE(((uint8_t[16]){ 1 })));
	spoil_cluster(k, 1, CLUSTER_PHONE, SLICE(p.id.b));
	spoil_cluster(k, 1, CLUSTER_BROWSER, SLICE(((uint8_t[16]){ 1 })));

	assert_ok(store_update(k->s, remove_account, &id));
	assert_ok(store_sweep(k->s, INT64_MAX, 100, &swept));
	for (int table = TABLE_ACCOUNTS; table < STORE_TABLES; table++)
		assert_int_equal(entries(k->s, (enum store_table)table), 0);
}

static void
a_strangers_guard_ends_in_its_time(void **state)
{
	struct kit *k = *state;
	struct store_guard g = {
		.id = an_account_id(9), .stranger = true, .forget = 500
	};
	unsigned swept;

	assert_ok(store_update(k->s, put_guard, &g));
	spoil(k->s, TABLE_GUARDS, SLICE(g.id.b));
	assert_ok(store_sweep(k->s, 500, 100, &swept));
	assert_int_equal(entries(k->s, TABLE_GUARDS), 0);
}

static void
it_is_told_and_counted(void **state)
{
	struct kit *k = *state;
	struct store_session s = a_session(1, 1, 1000), got;
	struct store_stat st;
	struct store_txn *t;

	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, add_session, &s));
	spoil(k->s, TABLE_SESSIONS, SLICE(s.id.b));
	assert_ok(store_stat(k->s, &st));
	assert_int_equal(st.damaged, 0);
	assert_ok(store_read_begin(k->s, &t));
	assert_int_equal(store_session_get(t, &s.id, &got), STORE_DAMAGED);
	store_read_end(t);
	assert_ok(store_stat(k->s, &st));
	assert_int_equal(st.damaged, 1);
	assert_non_null(strstr(k->log, "store=damaged table=4"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_approval_does_not_keep_others_open),
		TEST(a_message_does_not_stop_the_queue),
		TEST(a_session_does_not_keep_the_others),
		TEST(a_record_does_not_hide_those_behind_it),
		TEST(an_account_goes_whatever_hangs_on_it),
		TEST(a_strangers_guard_ends_in_its_time),
		TEST(it_is_told_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
