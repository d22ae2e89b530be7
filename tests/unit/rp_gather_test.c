/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include <stdlib.h>

/* Sign-ins that are kept together are each what they would be alone. */

enum { PEOPLE = 6 };

struct attempt {
	struct rp_call call;
	struct rp_login *login;
	struct rp_signed_in in;
	struct rp_token token;
	enum rp_answer judged;
};

static void
judge(struct world *w, struct person *p, const struct rp_request *o,
    const struct softkey_script *lies, struct attempt *a)
{
	struct wa_assertion got = assert_passkey(p, o, lies);

	a->call = *call(w);
	a->login = malloc(rp_login_size());
	assert_non_null(a->login);
	a->judged = rp_login_judge(
	    w->rp, &a->call, sealed(&o->ceremony), &got, NULL, a->login);
}

static enum rp_answer
end(struct attempt *a)
{
	enum rp_answer answer = rp_login_end(a->login, &a->in, &a->token);

	free(a->login);
	return answer;
}

static uint64_t
commits(struct world *w)
{
	struct store_stat st;

	assert_int_equal(store_stat(rp_store_of(w->rp), &st), STORE_OK);
	return st.commits;
}

static bool
is_signed_in(struct world *w, const struct attempt *a)
{
	struct rp_signed_in in;
	bool touch;

	return rp_session_check(w->rp, call(w), a->token.s, &in, &touch) ==
	       RP_OK;
}

static void
many_share_one_commit(void **state)
{
	struct world *w = *state;
	struct person *people[PEOPLE];
	struct attempt a[PEOPLE] = { 0 };
	struct rp_login *list[PEOPLE];
	struct rp_request o;
	uint64_t before;
	char name[16];

	for (int i = 0; i < PEOPLE; i++) {
		people[i] = person_new();
		(void)snprintf(name, sizeof(name), "many%d", i);
		sign_up(w, people[i], name);
		assert_answer(
		    rp_login_begin(w->rp, call(w), name, RP_REQUIRED, &o),
		    RP_OK);
		judge(w, people[i], &o, NULL, &a[i]);
		assert_answer(a[i].judged, RP_OK);
		list[i] = a[i].login;
	}
	before = commits(w);
	rp_logins_keep(w->rp, list, PEOPLE);
	assert_int_equal(commits(w), before + 1);
	for (int i = 0; i < PEOPLE; i++) {
		assert_false(rp_login_commits(a[i].login));
		assert_answer(end(&a[i]), RP_OK);
		assert_true(is_signed_in(w, &a[i]));
		assert_memory_equal(&a[i].in.account.id,
		    &people[i]->in.account.id, sizeof(struct account_id));
		person_free(people[i]);
	}
}

static void
the_same_ceremony_counts_once_among_them(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *q = person_new();
	struct attempt a[3] = { 0 };
	struct rp_login *list[3];
	struct rp_request o, other;

	sign_up(w, p, "twice");
	sign_up(w, q, "bystander");
	assert_answer(
	    rp_login_begin(w->rp, call(w), "twice", RP_REQUIRED, &o), RP_OK);
	assert_answer(
	    rp_login_begin(w->rp, call(w), "bystander", RP_REQUIRED, &other),
	    RP_OK);
	judge(w, p, &o, NULL, &a[0]);
	judge(w, p, &o, NULL, &a[1]);
	judge(w, q, &other, NULL, &a[2]);
	for (int i = 0; i < 3; i++)
		list[i] = a[i].login;
	rp_logins_keep(w->rp, list, 3);
	assert_answer(end(&a[0]), RP_OK);
	assert_answer(end(&a[1]), RP_CEREMONY_SPENT);
	assert_answer(end(&a[2]), RP_OK);
	assert_true(is_signed_in(w, &a[0]));
	assert_true(is_signed_in(w, &a[2]));
	person_free(p);
	person_free(q);
}

static void
who_was_locked_meanwhile_is_refused_alone(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *q = person_new();
	struct attempt a[2] = { 0 };
	struct rp_login *list[2];
	struct rp_request o, other;
	struct rp_call c;
	size_t n;

	sign_up(w, p, "locked");
	sign_up(w, q, "free");
	assert_answer(
	    rp_login_begin(w->rp, call(w), "locked", RP_REQUIRED, &o), RP_OK);
	assert_answer(
	    rp_login_begin(w->rp, call(w), "free", RP_REQUIRED, &other), RP_OK);
	judge(w, p, &o, NULL, &a[0]);
	judge(w, q, &other, NULL, &a[1]);
	c = (struct rp_call){ .now = w->now };
	assert_answer(
	    rp_admin_account_lock(w->rp, &c, &p->in.account.id, &n), RP_OK);
	list[0] = a[0].login;
	list[1] = a[1].login;
	rp_logins_keep(w->rp, list, 2);
	/* That it was refused is still to be written down. */
	assert_true(rp_login_commits(a[0].login));
	assert_false(rp_login_commits(a[1].login));
	assert_answer(end(&a[0]), RP_ACCOUNT_LOCKED);
	assert_answer(end(&a[1]), RP_OK);
	person_free(p);
	person_free(q);
}

/* What judging refuses needs no keeping; with a good signature, a line. */
static void
refusals_need_no_company(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	const struct softkey_script
	    forged = { .signature = { (const uint8_t *)"0", 1 } },
	    unverified = { .flags = WA_FLAG_UP };
	struct attempt a[2] = { 0 };
	struct rp_request o;
	uint64_t before;

	sign_up(w, p, "refused");
	assert_answer(
	    rp_login_begin(w->rp, call(w), "refused", RP_REQUIRED, &o), RP_OK);
	before = commits(w);
	judge(w, p, &o, &forged, &a[0]);
	assert_answer(a[0].judged, RP_PASSKEY_REFUSED);
	assert_false(rp_login_commits(a[0].login));
	judge(w, p, &o, &unverified, &a[1]);
	assert_answer(a[1].judged, RP_PASSKEY_REFUSED);
	assert_true(rp_login_commits(a[1].login));
	assert_int_equal(commits(w), before);
	assert_answer(end(&a[0]), RP_PASSKEY_REFUSED);
	assert_int_equal(commits(w), before);
	assert_answer(end(&a[1]), RP_PASSKEY_REFUSED);
	assert_int_equal(commits(w), before + 1);
	person_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    many_share_one_commit, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    the_same_ceremony_counts_once_among_them, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(
		    who_was_locked_meanwhile_is_refused_alone, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(
		    refusals_need_no_company, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
