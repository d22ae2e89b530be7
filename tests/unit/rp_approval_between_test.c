/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

/*
 * What happens between the verification of an approval, with no transaction
 * open, and the update that keeps it; and between the proof of a collection
 * and the session.  A function of ours stands in front of store_update().
 */
typedef void between(struct home *h);

static struct {
	between *fn;
	struct home *h;
} waiting;

enum store_rc __real_store_update(struct store *s, store_fn *fn, void *arg);
enum store_rc __wrap_store_update(struct store *s, store_fn *fn, void *arg);

enum store_rc
__wrap_store_update(struct store *s, store_fn *fn, void *arg)
{
	between *now = waiting.fn;
	struct rp_call call;

	waiting.fn = NULL;
	if (now != NULL) {
		call = waiting.h->w->call;
		now(waiting.h);
		waiting.h->w->call = call;
	}
	return __real_store_update(s, fn, arg);
}

/* ---- what may happen ---- */

static void
nothing(struct home *h)
{
	(void)h;
}

static void
superseded(struct home *h)
{
	h->tv.network = h->pc.network;
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
}

static void
displaced(struct home *h)
{
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
}

static void
cancelled(struct home *h)
{
	assert_answer(rp_approval_cancel(
			  h->w->rp, call_of_asker(h->w, &h->pc), &h->pc.a.id),
	    RP_OK);
}

static void
denied(struct home *h)
{
	assert_answer(decide(h->w, &h->tablet, &h->pc, RP_DENY), RP_OK);
}

static void
locked(struct home *h)
{
	struct rp_device d = device(h->w, &h->tablet);
	size_t n;

	assert_answer(rp_companion_lock(
			  h->w->rp, call_of_phone(h->w, &h->tablet), &d, &n),
	    RP_OK);
}

static void
phone_removed(struct home *h)
{
	assert_answer(
	    rp_phone_remove(h->w->rp, call(h->w), &h->anna->in, &h->phone.id),
	    RP_OK);
}

static enum store_rc
drop_passkey(struct store_txn *t, void *arg)
{
	struct home *h = arg;

	return store_credential_remove(
	    t, &h->anna->in.account.id, &h->anna->ref);
}

static void
passkey_removed(struct home *h)
{
	assert_ok(__real_store_update(h->w->kit->s, drop_passkey, h));
}

static enum store_rc
count_on(struct store_txn *t, void *arg)
{
	struct home *h = arg;
	struct store_credential c;

	assert_ok(store_credential_get(
	    t, &h->anna->in.account.id, &h->anna->ref, &c));
	c.sign_count = 100;
	return store_credential_put(t, &c);
}

static void
counter_moved(struct home *h)
{
	assert_ok(__real_store_update(h->w->kit->s, count_on, h));
}

static enum store_rc
make_eligible(struct store_txn *t, void *arg)
{
	struct home *h = arg;
	struct store_credential c;

	assert_ok(store_credential_get(
	    t, &h->anna->in.account.id, &h->anna->ref, &c));
	c.flags |= WA_FLAG_BE;
	return store_credential_put(t, &c);
}

static void
eligibility_began(struct home *h)
{
	assert_ok(__real_store_update(h->w->kit->s, make_eligible, h));
}

static void
account_removed(struct home *h)
{
	assert_answer(rp_admin_account_remove(
			  h->w->rp, call(h->w), &h->anna->in.account.id),
	    RP_OK);
}

static void
locked_for_a_while(struct home *h)
{
	locked(h);
	assert_answer(rp_admin_account_unlock(
			  h->w->rp, call(h->w), &h->anna->in.account.id),
	    RP_OK);
}

static void
signed_out(struct home *h)
{
	size_t n;

	assert_answer(
	    rp_sessions_end(h->w->rp, call(h->w), &h->anna->in, false, &n),
	    RP_OK);
}

static void
signed_out_but_here(struct home *h)
{
	size_t n;

	assert_answer(
	    rp_sessions_end(h->w->rp, call(h->w), &h->anna->in, true, &n),
	    RP_OK);
}

static void
signed_out_by_us(struct home *h)
{
	size_t n;

	assert_answer(rp_admin_session_revoke(h->w->rp, call(h->w),
			  &h->anna->in.account.id, NULL, &n),
	    RP_OK);
}

static void
phone_left(struct home *h)
{
	struct rp_device d = device(h->w, &h->phone);

	assert_answer(
	    rp_companion_leave(h->w->rp, call_of_phone(h->w, &h->phone), &d),
	    RP_OK);
}

static enum store_rc
drop_phone(struct store_txn *t, void *arg)
{
	struct home *h = arg;

	return store_phone_remove(t, &h->phone.id);
}

/* Its record alone. */
static void
phone_gone(struct home *h)
{
	assert_ok(__real_store_update(h->w->kit->s, drop_phone, h));
}

/* ---- to a kept browser ---- */

static void
revoke_by_owner(struct home *h, const struct browser_id *id)
{
	struct rp_revoked out;

	assert_answer(
	    rp_browser_revoke(h->w->rp, call(h->w), &h->anna->in, id, &out),
	    RP_OK);
}

static void
thrown_out(struct home *h)
{
	const struct browser_id id = row_of(h, &h->pc).kept;

	revoke_by_owner(h, &id);
}

static void
all_thrown_out(struct home *h)
{
	revoke_by_owner(h, NULL);
}

static void
thrown_out_by_phone(struct home *h)
{
	struct rp_device d = device(h->w, &h->tablet);
	struct rp_revoked out;

	assert_answer(rp_companion_browser_revoke(h->w->rp,
			  call_of_phone(h->w, &h->tablet), &d, NULL, &out),
	    RP_OK);
}

/* Somebody shows a token that it had long ago. */
static char old_token[RP_KEPT_TEXT + 1];

static void
copied(struct home *h)
{
	struct rp_kept_token next;

	assert_answer(rp_browser_used(
			  h->w->rp, call(h->w), &h->ben->in, old_token, &next),
	    RP_NOT_FOUND);
}

static enum store_rc
drop_trust(struct store_txn *t, void *arg)
{
	const struct store_approval *a = arg;

	return store_trust_remove(t, &a->account, &a->kept);
}

/* It gave way to another one: nobody threw it out. */
static void
trust_gone(struct home *h)
{
	struct store_approval a = row_of(h, &h->pc);

	assert_ok(__real_store_update(h->w->kit->s, drop_trust, &a));
}

static const struct {
	const char *name;
	between *fn;
	enum store_approval_state state; /* that the browser is told */
} keeping[] = {
	{ "thrown out", thrown_out, STORE_APPROVAL_CANCELLED },
	{ "all thrown out", all_thrown_out, STORE_APPROVAL_CANCELLED },
	{ "thrown out by phone", thrown_out_by_phone,
	    STORE_APPROVAL_CANCELLED },
	{ "copied", copied, STORE_APPROVAL_CANCELLED },
	{ "trust gone", trust_gone, STORE_APPROVAL_PENDING },
};

/* anna's browser is kept, had another token before, and asks. */
static void
ask_as_kept(struct home *h)
{
	struct store_trust trust;
	struct rp_kept_token token;

	sign_in_by(h->w, &h->pc, &h->phone, "anna");
	assert_answer(rp_browser_keep(h->w->rp, call_of_asker(h->w, &h->pc),
			  &h->pc.in, "PC", NULL, h->pc.key.xy, &trust, &token),
	    RP_OK);
	memcpy(h->pc.kept, token.s, sizeof(h->pc.kept));
	memcpy(old_token, token.s, sizeof(old_token));
	for (int i = 0; i < 2; i++) {
		h->w->now += HOUR;
		sign_in_by(h->w, &h->pc, &h->phone, "anna");
	}
	h->w->now += HOUR;
	assert_answer(prove(h->w, h->anna), RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(h->pc.a.match, STORE_MATCH_NONE);
}

/* At the choice, at the assertion, and at the collection. */
static void
lets_in_no_browser_that_was_thrown_out(void **state)
{
	for (size_t i = 0; i < 3 * sizeof(keeping) / sizeof(keeping[0]); i++) {
		struct home *h = *state;
		const size_t n = i / 3, step = i % 3;
		enum store_approval_state s;
		struct rp_commitment c;
		enum rp_answer a;

		ask_as_kept(h);
		waiting.h = h;
		if (step > 0)
			assert_answer(
			    choose(h->w, &h->phone, &h->pc, "", &c), RP_OK);
		if (step > 1)
			assert_answer(
			    sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_OK);
		waiting.fn = keeping[n].fn;
		a = step == 0   ? choose(h->w, &h->phone, &h->pc, "", &c)
		    : step == 1 ? sign(h->w, &h->phone, &h->pc, &c, NULL, &s)
				: collect(h->w, &h->pc);
		if (strcmp(rp_answer_name(a), "approval-over") != 0)
			fail_msg("%s, step %zu: %s", keeping[n].name, step,
			    rp_answer_name(a));
		if (step < 2)
			assert_state(h, &h->pc, keeping[n].state);
		assert_true(collect(h->w, &h->pc) != RP_OK);
		home_teardown(state);
		home_setup(state);
	}
}

/* ---- between ---- */

/* The same assertion, by a proof of its own. */
static struct rp_commitment chosen;

static void
approved_already(struct home *h)
{
	enum store_approval_state s;

	assert_answer(sign(h->w, &h->phone, &h->pc, &chosen, NULL, &s), RP_OK);
}

static void
collected_already(struct home *h)
{
	struct asker same = h->pc;

	assert_answer(collect(h->w, &same), RP_OK);
}

static const struct {
	const char *name;
	between *fn;
	enum rp_answer want;
	enum store_approval_state state; /* that the browser is told */
} approving[] = {
	{ "nothing", nothing, RP_OK, STORE_APPROVAL_APPROVED },
	{ "superseded", superseded, RP_APPROVAL_OVER,
	    STORE_APPROVAL_SUPERSEDED },
	{ "displaced", displaced, RP_APPROVAL_OVER, STORE_APPROVAL_PENDING },
	{ "cancelled", cancelled, RP_APPROVAL_OVER, STORE_APPROVAL_CANCELLED },
	{ "denied", denied, RP_APPROVAL_OVER, STORE_APPROVAL_DENIED },
	{ "locked", locked, RP_ACCOUNT_LOCKED, STORE_APPROVAL_CANCELLED },
	{ "phone removed", phone_removed, RP_PHONE_UNKNOWN,
	    STORE_APPROVAL_PENDING },
	{ "passkey removed", passkey_removed, RP_PASSKEY_UNKNOWN,
	    STORE_APPROVAL_PENDING },
	{ "counter moved", counter_moved, RP_SIGN_COUNT,
	    STORE_APPROVAL_PENDING },
	{ "eligibility began", eligibility_began, RP_PASSKEY_REFUSED,
	    STORE_APPROVAL_PENDING },
	{ "account removed", account_removed, RP_PHONE_UNKNOWN,
	    STORE_APPROVAL_PENDING },
	{ "approved already", approved_already, RP_APPROVAL_OVER,
	    STORE_APPROVAL_APPROVED },
};

static void
keeps_no_approval_that_was_overtaken(void **state)
{
	for (size_t i = 0; i < sizeof(approving) / sizeof(approving[0]); i++) {
		struct home *h = *state;
		enum store_approval_state s;
		enum rp_answer a;

		h->anna->counter = 5;
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_answer(
		    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &chosen),
		    RP_OK);
		waiting.h = h;
		waiting.fn = approving[i].fn;
		a = sign(h->w, &h->phone, &h->pc, &chosen, NULL, &s);
		waiting.fn = NULL;
		if (a != approving[i].want)
			fail_msg(
			    "%s: %s", approving[i].name, rp_answer_name(a));
		assert_state(h, &h->pc, approving[i].state);
		home_teardown(state);
		home_setup(state);
	}
}

static const struct {
	const char *name;
	between *fn;
	enum rp_answer want;
} collecting[] = {
	{ "nothing", nothing, RP_OK },
	{ "locked", locked, RP_APPROVAL_OVER },
	{ "locked for a while", locked_for_a_while, RP_APPROVAL_OVER },
	{ "signed out everywhere", signed_out, RP_APPROVAL_OVER },
	{ "signed out but here", signed_out_but_here, RP_APPROVAL_OVER },
	{ "signed out by us", signed_out_by_us, RP_APPROVAL_OVER },
	{ "phone removed", phone_removed, RP_APPROVAL_OVER },
	{ "phone left", phone_left, RP_APPROVAL_OVER },
	{ "phone gone", phone_gone, RP_APPROVAL_OVER },
	{ "another asks", superseded, RP_OK },
	{ "passkey removed", passkey_removed, RP_APPROVAL_OVER },
	{ "account removed", account_removed, RP_APPROVAL_OVER },
	{ "collected already", collected_already, RP_APPROVAL_OVER },
};

static void
opens_no_session_that_was_overtaken(void **state)
{
	for (size_t i = 0; i < sizeof(collecting) / sizeof(collecting[0]);
	     i++) {
		struct home *h = *state;
		enum rp_answer a;

		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_int_equal(answer(h->w, &h->phone, &h->pc, true),
		    STORE_APPROVAL_APPROVED);
		waiting.h = h;
		waiting.fn = collecting[i].fn;
		a = collect(h->w, &h->pc);
		waiting.fn = NULL;
		if (a != collecting[i].want)
			fail_msg(
			    "%s: %s", collecting[i].name, rp_answer_name(a));
		home_teardown(state);
		home_setup(state);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		TEST(keeps_no_approval_that_was_overtaken),
		TEST(opens_no_session_that_was_overtaken),
		TEST(lets_in_no_browser_that_was_thrown_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
