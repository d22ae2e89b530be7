/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include "rp/invitations.h"

/*
 * What happens between the judging of an answer and the update that keeps it.
 * A function of ours stands in front of store_update(): the first update of
 * the call under test waits for it.
 */
typedef void between(struct world *w, struct person *p, struct person *other);

static struct {
	between *fn;
	struct world *w;
	struct person *p, *other;
} pending;

enum store_rc __real_store_update(struct store *s, store_fn *fn, void *arg);
enum store_rc __wrap_store_update(struct store *s, store_fn *fn, void *arg);

enum store_rc
__wrap_store_update(struct store *s, store_fn *fn, void *arg)
{
	between *now = pending.fn;
	struct rp_call call;

	pending.fn = NULL;
	if (now != NULL) {
		call = pending.w->call;
		now(pending.w, pending.p, pending.other);
		pending.w->call = call;
	}
	return __real_store_update(s, fn, arg);
}

/* ---- what may happen ---- */

static void
nothing(struct world *w, struct person *p, struct person *other)
{
	(void)w;
	(void)p;
	(void)other;
}

static void
locked(struct world *w, struct person *p, struct person *other)
{
	struct rp_call c = { .now = w->now };
	size_t n;

	(void)other;
	assert_answer(
	    rp_admin_account_lock(w->rp, &c, &p->in.account.id, &n), RP_OK);
}

static void
removed(struct world *w, struct person *p, struct person *other)
{
	struct rp_call c = { .now = w->now };

	(void)other;
	assert_answer(
	    rp_admin_account_remove(w->rp, &c, &p->in.account.id), RP_OK);
}

static enum store_rc
drop_passkey(struct store_txn *t, void *arg)
{
	const struct person *p = arg;

	return store_credential_remove(t, &p->in.account.id, &p->ref);
}

static void
passkey_removed(struct world *w, struct person *p, struct person *other)
{
	(void)other;
	assert_ok(__real_store_update(w->kit->s, drop_passkey, p));
}

struct edit {
	struct person *p;
	uint32_t count;
	uint8_t flags;
	bool other_key;
};

static enum store_rc
edit_passkey(struct store_txn *t, void *arg)
{
	const struct edit *e = arg;
	struct store_credential c;
	enum store_rc rc;

	rc = store_credential_get(t, &e->p->in.account.id, &e->p->ref, &c);
	if (rc != STORE_OK)
		return rc;
	if (e->other_key) {
		rc = store_credential_remove(t, &c.account, &e->p->ref);
		c.cose_key[c.cose_key_n - 1] ^= 1;
		return rc != STORE_OK ? rc : store_credential_add(t, &c);
	}
	c.sign_count = e->count;
	c.flags |= e->flags;
	return store_credential_put(t, &c);
}

static void
counted_on(struct world *w, struct person *p, struct person *other)
{
	struct edit e = { .p = p, .count = p->counter };

	(void)other;
	assert_ok(__real_store_update(w->kit->s, edit_passkey, &e));
}

static void
became_eligible(struct world *w, struct person *p, struct person *other)
{
	struct edit e = { .p = p, .flags = WA_FLAG_BE };

	(void)other;
	assert_ok(__real_store_update(w->kit->s, edit_passkey, &e));
}

static void
became_another(struct world *w, struct person *p, struct person *other)
{
	struct edit e = { .p = p, .other_key = true };

	(void)other;
	assert_ok(__real_store_update(w->kit->s, edit_passkey, &e));
}

static void
signed_out(struct world *w, struct person *p, struct person *other)
{
	struct rp_call c = { .now = w->now };
	size_t n;

	(void)other;
	assert_answer(
	    rp_admin_session_revoke(w->rp, &c, &p->in.account.id, NULL, &n),
	    RP_OK);
}

/* ---- what was begun before ---- */

static enum rp_answer
signs_in(struct world *w, struct person *p, struct person *other)
{
	(void)other;
	return sign_in(w, p, NULL);
}

static enum rp_answer
proves(struct world *w, struct person *p, struct person *other)
{
	(void)other;
	return prove(w, p);
}

static enum rp_answer
adds(struct world *w, struct person *p, struct person *other)
{
	return add_passkey(w, p, other);
}

static enum rp_answer
renames(struct world *w, struct person *p, struct person *other)
{
	struct store_credential c;

	(void)other;
	return rp_passkey_rename(w->rp, call(w), &p->in, &p->ref, "mine", &c);
}

static enum rp_answer
removes(struct world *w, struct person *p, struct person *other)
{
	size_t n;

	(void)other;
	return rp_passkey_remove(w->rp, call(w), &p->in, &p->ref, &n);
}

static enum rp_answer
goes(struct world *w, struct person *p, struct person *other)
{
	(void)other;
	return rp_account_remove_own(w->rp, call(w), &p->in);
}

static enum rp_answer
changes(struct world *w, struct person *p, struct person *other)
{
	const struct rp_account_change change = { "Tarō", "ja", NULL };
	struct store_account a;

	(void)other;
	return rp_account_change(w->rp, call(w), &p->in, &change, &a);
}

static const struct {
	enum rp_answer (*act)(
	    struct world *w, struct person *p, struct person *other);
	between *meanwhile;
	enum rp_answer want;
	const char *history; /* reason of the sign-in or proof refused */
} cases[] = {
	{ signs_in, nothing, RP_OK, NULL },
	{ signs_in, locked, RP_ACCOUNT_LOCKED, "account-locked" },
	{ signs_in, removed, RP_PASSKEY_UNKNOWN, NULL },
	{ signs_in, passkey_removed, RP_PASSKEY_UNKNOWN, NULL },
	{ signs_in, became_another, RP_PASSKEY_UNKNOWN, NULL },
	{ signs_in, counted_on, RP_SIGN_COUNT, "sign-count" },
	{ signs_in, became_eligible, RP_PASSKEY_REFUSED,
	    "backup-eligibility-changed" },
	{ proves, nothing, RP_OK, NULL },
	{ proves, locked, RP_SESSION_EXPIRED, NULL },
	{ proves, signed_out, RP_SESSION_EXPIRED, NULL },
	{ proves, passkey_removed, RP_PASSKEY_UNKNOWN, NULL },
	{ proves, counted_on, RP_SIGN_COUNT, "sign-count" },
	{ adds, nothing, RP_OK, NULL },
	{ adds, signed_out, RP_SESSION_EXPIRED, NULL },
	{ adds, removed, RP_SESSION_EXPIRED, NULL },
	{ renames, nothing, RP_OK, NULL },
	{ renames, passkey_removed, RP_NOT_FOUND, NULL },
	{ renames, signed_out, RP_SESSION_EXPIRED, NULL },
	{ removes, nothing, RP_LAST_PASSKEY, NULL },
	{ removes, signed_out, RP_SESSION_EXPIRED, NULL },
	{ removes, passkey_removed, RP_NOT_FOUND, NULL },
	{ goes, nothing, RP_OK, NULL },
	{ goes, signed_out, RP_SESSION_EXPIRED, NULL },
	{ goes, removed, RP_SESSION_EXPIRED, NULL },
	{ changes, nothing, RP_OK, NULL },
	{ changes, locked, RP_SESSION_EXPIRED, NULL },
};

static void
one_case(size_t i)
{
	void *state;
	struct person *p = person_new(), *other = person_new();
	enum rp_answer a;

	world_setup(&state);
	p->counter = 5;
	sign_up(state, p, "taro");
	p->counter = 6;
	pending.fn = cases[i].meanwhile;
	pending.w = state;
	pending.p = p;
	pending.other = other;
	a = cases[i].act(state, p, other);
	if (a != cases[i].want)
		fail_msg("%zu: got %s, want %s", i, rp_answer_name(a),
		    rp_answer_name(cases[i].want));
	if (cases[i].history != NULL)
		assert_int_equal(
		    events(state, p,
			cases[i].act == proves ? "proof" : "sign-in",
			cases[i].history),
		    1);
	person_free(p);
	person_free(other);
	world_teardown(&state);
}

static void
believes_nothing_it_read_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		one_case(i);
}

/* ---- sign-up has more to lose ---- */

static struct rp_invitation_text invitation;

static void
name_taken(struct world *w, struct person *p, struct person *other)
{
	struct rp_call c = { .now = w->now };
	struct store_account a;
	struct rp_invitation_text i;

	(void)p;
	(void)other;
	assert_answer(
	    rp_admin_account_add(w->rp, &c, "TARO", NULL, &a, &i), RP_OK);
}

static enum store_rc
drop_invitation(struct store_txn *t, void *arg)
{
	return store_invitation_remove(t, arg);
}

static void
invitation_used(struct world *w, struct person *p, struct person *other)
{
	uint8_t hash[32];

	(void)p;
	(void)other;
	assert_true(rp_invitation_hash(invitation.s, hash));
	assert_ok(__real_store_update(w->kit->s, drop_invitation, hash));
}

static void
loses_what_was_taken_meanwhile(void **state)
{
	static const struct {
		between *meanwhile;
		enum rp_answer want;
	} lost[] = {
		{ name_taken, RP_NAME_TAKEN },
		{ invitation_used, RP_INVITATION_UNKNOWN },
		{ nothing, RP_OK },
	};
	struct rp_signup s = { .name = "taro", .invitation = invitation.s };

	(void)state;
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		void *w;
		struct person *p = person_new();
		store_time expires;

		world_setup(&w);
		pending.w = w;
		assert_answer(rp_admin_invite(pending.w->rp, call(pending.w),
				  NULL, &invitation, &expires),
		    RP_OK);
		pending.fn = lost[i].meanwhile;
		assert_answer(sign_up_with(w, p, &s), lost[i].want);
		person_free(p);
		world_teardown(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_nothing_it_read_before),
		cmocka_unit_test(loses_what_was_taken_meanwhile),
	};

	return cmocka_run_group_tests_name("rp_between", tests, NULL, NULL);
}
