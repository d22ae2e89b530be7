/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include <stdio.h>

#include <pthread.h>

static struct rp_invitation_text
invite(struct world *w, const char *name)
{
	struct rp_invitation_text i;
	store_time expires;

	assert_answer(
	    rp_admin_invite(w->rp, call(w), name, &i, &expires), RP_OK);
	assert_int_equal(expires, w->now + 7 * DAY);
	return i;
}

static void
makes_an_account(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct store_credential c;
	struct rp_creation o;
	struct rp_new_passkey made;
	struct rp_signed_in in;
	bool touch;
	const struct rp_signup s = {
		.name = "Tarō", .display_name = " 山田　太郎 ", .locale = "ja"
	};

	p->counter = 3;
	assert_answer(rp_signup_begin(w->rp, call(w), &s, &o), RP_OK);
	assert_string_equal(o.name, "Tarō");
	assert_string_equal(o.display_name, "山田 太郎");
	assert_int_equal(o.expires, w->now + 5 * MINUTE);
	assert_int_equal(o.exclude.n, 0);
	assert_int_equal(o.wishes.user_verification, RP_REQUIRED);
	made = make_passkey(p, &o);
	made.transports = 0xff;
	w->now += SECOND;
	assert_answer(rp_signup_finish(w->rp, call(w), sealed(&o.ceremony),
			  &made, NULL, &p->in, &p->token, &c),
	    RP_OK);
	assert_string_equal(p->in.account.name, "Tarō");
	assert_string_equal(p->in.account.name_key, "tarō");
	assert_string_equal(p->in.account.locale, "ja");
	assert_int_equal(p->in.account.state, STORE_ACCOUNT_ACTIVE);
	assert_int_equal(p->in.account.created, w->now);
	assert_memory_equal(p->in.account.user_handle, o.user_handle, 32);
	assert_string_equal(c.name, "パスキー");
	assert_string_equal(c.format, "none");
	assert_int_equal(c.sign_count, 3);
	assert_int_equal(c.transports, 63);
	assert_int_equal(c.algorithm, -7);
	assert_int_equal(c.created, w->now);
	assert_int_equal(c.last_used, 0);
	assert_answer(
	    rp_session_check(w->rp, call(w), p->token.s, &in, &touch), RP_OK);
	assert_memory_equal(&in.account, &p->in.account, sizeof(in.account));
	assert_int_equal(in.session.proved, w->now);
	assert_answer(rp_session_fresh(w->rp, call(w), &in), RP_OK);
	assert_int_equal(events(w, p, "account-created", ""), 1);
	assert_int_equal(audited(w, "account-created"), 1);
	assert_int_equal(audited(w, "passkey-added"), 1);
	p->counter = 4;
	assert_answer(sign_in(w, p, "ＴＡＲŌ"), RP_OK);
	person_free(p);
}

static void
names_a_passkey(void **state)
{
	static const char google[17] =
	    "\xea\x9b\x8d\x66\x4d\x01\x1d\x21\x3c\xe4\xb6\xb4\x8c\xb5\x75\xd4";
	static const struct {
		const char *chosen, *aaguid, *name;
	} cases[] = {
		{ NULL, google, "Google Password Manager" },
		{ NULL, NULL, "Passkey" },
		{ " My  phone ", google, "My phone" },
		{ "a\nb", NULL, NULL },
	};
	struct world *w = *state;

	for (size_t i = 0; i < 4; i++) {
		struct person *p = person_new();
		char name[] = "taro0";
		struct rp_creation o;
		struct rp_new_passkey made;
		struct store_credential c;
		enum rp_answer a;

		name[4] = (char)('0' + i);
		assert_answer(rp_signup_begin(w->rp, call(w),
				  &(struct rp_signup){ .name = name }, &o),
		    RP_OK);
		made = make_passkey_by(p, &o,
		    &(struct softkey_script){ .aaguid = cases[i].aaguid });
		made.name = cases[i].chosen;
		a = rp_signup_finish(w->rp, call(w), sealed(&o.ceremony), &made,
		    NULL, &p->in, &p->token, &c);
		assert_answer(
		    a, cases[i].name != NULL ? RP_OK : RP_NAME_MALFORMED);
		if (cases[i].name != NULL)
			assert_string_equal(c.name, cases[i].name);
		else
			assert_non_null(w->call.hint);
		person_free(p);
	}
}

/* ---- refusals ---- */

static void
refuses_names(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();

	sign_up(w, p, "taro");
	assert_answer(sign_up_with(w, p, &(struct rp_signup){ .name = "TARO" }),
	    RP_NAME_TAKEN);
	assert_answer(sign_up_with(w, p, &(struct rp_signup){ .name = "a b" }),
	    RP_NAME_MALFORMED);
	assert_non_null(w->call.hint);
	assert_answer(sign_up_with(w, p, &(struct rp_signup){ .name = NULL }),
	    RP_NAME_MALFORMED);
	assert_answer(
	    sign_up_with(w, p,
		&(struct rp_signup){ .name = "b", .display_name = "\u202e" }),
	    RP_NAME_MALFORMED);
	/* What asks for another language than ours is no reason to refuse. */
	assert_answer(
	    sign_up_with(w, p,
		&(struct rp_signup){ .name = "taro", .locale = "../../etc" }),
	    RP_NAME_TAKEN);
	person_free(p);
}

enum lie {
	TRUTH,
	FOREIGN,
	LATE,
	CUT,
	OTHER_KIND,
	UNVERIFIED,
	ORIGIN,
	TAKEN_SINCE,
	KEY_TAKEN,
	CLOSED_SINCE,
	REPLAYED,
};

static const struct {
	enum lie lie;
	enum rp_answer want;
	enum wa_verdict verdict;
} lies[] = {
	{ TRUTH, RP_OK, WA_OK },
	{ FOREIGN, RP_CEREMONY_FOREIGN, WA_OK },
	{ LATE, RP_CEREMONY_EXPIRED, WA_OK },
	{ CUT, RP_CEREMONY_MALFORMED, WA_OK },
	{ OTHER_KIND, RP_CEREMONY_KIND, WA_OK },
	{ UNVERIFIED, RP_PASSKEY_REFUSED, WA_USER_UNVERIFIED },
	{ ORIGIN, RP_PASSKEY_REFUSED, WA_ORIGIN },
	{ TAKEN_SINCE, RP_NAME_TAKEN, WA_OK },
	{ KEY_TAKEN, RP_CREDENTIAL_TAKEN, WA_OK },
	{ CLOSED_SINCE, RP_SIGN_UP_CLOSED, WA_OK },
	{ REPLAYED, RP_CEREMONY_SPENT, WA_OK },
};

static void
lies_about(struct world *w, enum lie lie, struct person *p, struct person *o,
    struct rp_creation *c)
{
	struct rp_request login;

	switch (lie) {
	case LATE:
		w->now += 5 * MINUTE;
		break;
	case CUT:
		c->ceremony.s[10] = c->ceremony.s[10] == 'A' ? 'B' : 'A';
		break;
	case OTHER_KIND:
		assert_answer(
		    rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &login),
		    RP_OK);
		c->ceremony = login.ceremony;
		break;
	case UNVERIFIED:
		p->flags = WA_FLAG_UP;
		break;
	case TAKEN_SINCE:
		sign_up(w, o, "taro");
		break;
	case KEY_TAKEN:
		softkey_set_id(p->key, softkey_id(o->key));
		sign_up(w, o, "hanako");
		break;
	case CLOSED_SINCE:
		w->config.sign_up = RP_SIGN_UP_MODE_CLOSED;
		world_reopen(w);
		break;
	default:
		break;
	}
}

static void
one_case(size_t i)
{
	void *state;
	struct world *w;
	struct person *p = person_new(), *other = person_new();
	struct rp_creation o;
	struct rp_new_passkey made;
	struct store_credential c;
	struct store_stat before, after;
	enum rp_answer a;

	world_setup(&state);
	w = state;
	assert_answer(rp_signup_begin(w->rp, call(w),
			  &(struct rp_signup){ .name = "taro" }, &o),
	    RP_OK);
	lies_about(w, lies[i].lie, p, other, &o);
	made = make_passkey(p, &o);
	if (lies[i].lie == ORIGIN)
		made = make_passkey_by(p, &o,
		    &(struct softkey_script){
			.origin = "https://example.com" });
	if (lies[i].lie == REPLAYED)
		assert_answer(
		    rp_signup_finish(w->rp, call(w), sealed(&o.ceremony), &made,
			NULL, &p->in, &p->token, &c),
		    RP_OK);
	assert_ok(store_stat(w->kit->s, &before));
	a = rp_signup_finish(w->rp,
	    call_by(w, lies[i].lie == FOREIGN ? 2 : 1, 1), sealed(&o.ceremony),
	    &made, NULL, &p->in, &p->token, &c);
	if (a != lies[i].want)
		fail_msg("%zu: got %s, want %s", i, rp_answer_name(a),
		    rp_answer_name(lies[i].want));
	assert_int_equal(w->call.verdict, lies[i].verdict);
	assert_ok(store_stat(w->kit->s, &after));
	assert_int_equal(after.accounts - before.accounts, a == RP_OK);
	assert_int_equal(after.history - before.history, a == RP_OK);
	/* A chain opens with an entry of its own. */
	if (a != RP_OK)
		assert_int_equal(after.audit, before.audit);
	person_free(p);
	person_free(other);
	world_teardown(&state);
}

static void
answers_each_lie(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		one_case(i);
}

/* A browser has one session: the next begins where the last one ends. */
static void
ends_the_session_the_browser_had(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *next = person_new();
	struct rp_new_passkey made;
	struct rp_creation o;
	struct store_credential c;
	struct rp_signed_in in;
	bool touch;

	sign_up(w, p, "taro");
	/* One that is refused ends nothing. */
	assert_answer(rp_signup_begin(w->rp, call(w),
			  &(struct rp_signup){ .name = "hanako" }, &o),
	    RP_OK);
	made = make_passkey_by(next, &o,
	    &(struct softkey_script){ .origin = "https://example.com" });
	assert_answer(
	    rp_signup_finish(w->rp, call(w), sealed(&o.ceremony), &made,
		&p->in.session.id, &next->in, &next->token, &c),
	    RP_PASSKEY_REFUSED);
	assert_answer(
	    rp_session_check(w->rp, call(w), p->token.s, &in, &touch), RP_OK);
	made = make_passkey(next, &o);
	assert_answer(
	    rp_signup_finish(w->rp, call(w), sealed(&o.ceremony), &made,
		&p->in.session.id, &next->in, &next->token, &c),
	    RP_OK);
	assert_answer(rp_session_check(w->rp, call(w), p->token.s, &in, &touch),
	    RP_SESSION_EXPIRED);
	assert_int_equal(events(w, p, "sign-out", NULL), 1);
	assert_answer(
	    rp_session_check(w->rp, call(w), next->token.s, &in, &touch),
	    RP_OK);
	person_free(p);
	person_free(next);
}

/* Who leaves the field empty has none; who leaves it out is called so. */
static void
needs_no_display_name(void **state)
{
	struct world *w = *state;
	struct rp_creation o;

	assert_answer(
	    rp_signup_begin(w->rp, call(w),
		&(struct rp_signup){ .name = "taro", .display_name = "" }, &o),
	    RP_OK);
	assert_string_equal(o.display_name, "");
	assert_answer(rp_signup_begin(w->rp, call(w),
			  &(struct rp_signup){ .name = "taro" }, &o),
	    RP_OK);
	assert_string_equal(o.display_name, "taro");
}

/* ---- invitations ---- */

static void
heeds_who_may_sign_up(void **state)
{
	static const struct {
		enum rp_sign_up mode;
		bool invited;
		enum rp_answer want;
	} cases[] = {
		{ RP_SIGN_UP_MODE_OPEN, false, RP_OK },
		{ RP_SIGN_UP_MODE_OPEN, true, RP_OK },
		{ RP_SIGN_UP_MODE_INVITATION, false, RP_SIGN_UP_CLOSED },
		{ RP_SIGN_UP_MODE_INVITATION, true, RP_OK },
		{ RP_SIGN_UP_MODE_CLOSED, false, RP_SIGN_UP_CLOSED },
		{ RP_SIGN_UP_MODE_CLOSED, true, RP_SIGN_UP_CLOSED },
	};
	struct world *w = *state;

	for (size_t i = 0; i < 6; i++) {
		struct person *p = person_new();
		char name[] = "taro0";
		struct rp_invitation_text invitation;
		struct rp_signup s = { .name = name };

		name[4] = (char)('0' + i);
		w->config.sign_up = cases[i].mode;
		world_reopen(w);
		if (cases[i].invited) {
			invitation = invite(w, NULL);
			s.invitation = invitation.s;
		}
		assert_answer(sign_up_with(w, p, &s), cases[i].want);
		person_free(p);
	}
}

static void
takes_an_invitation_once(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new();
	struct rp_invitation_text i = invite(w, "Taro");
	struct rp_invitation about;
	struct rp_signup s = { .invitation = i.s };
	struct rp_creation o, o2;
	struct rp_new_passkey made;
	struct store_credential c;

	assert_answer(rp_invitation_check(w->rp, call(w), i.s, &about), RP_OK);
	assert_false(about.for_account);
	assert_string_equal(about.name, "Taro");
	assert_int_equal(about.expires, w->now + 7 * DAY);
	/* Two begin with it; one finishes. */
	assert_answer(rp_signup_begin(w->rp, call(w), &s, &o), RP_OK);
	s.name = "hanako";
	assert_answer(rp_signup_begin(w->rp, call(w), &s, &o2), RP_OK);
	made = make_passkey(p, &o);
	assert_answer(rp_signup_finish(w->rp, call(w), sealed(&o.ceremony),
			  &made, NULL, &p->in, &p->token, &c),
	    RP_OK);
	assert_string_equal(p->in.account.name, "Taro");
	made = make_passkey(other, &o2);
	assert_answer(rp_signup_finish(w->rp, call(w), sealed(&o2.ceremony),
			  &made, NULL, &other->in, &other->token, &c),
	    RP_INVITATION_UNKNOWN);
	assert_answer(sign_up_with(w, other, &s), RP_INVITATION_UNKNOWN);
	assert_answer(rp_invitation_check(w->rp, call(w), i.s, &about),
	    RP_INVITATION_UNKNOWN);
	person_free(p);
	person_free(other);
}

static void
refuses_invitations_that_are_none(void **state)
{
	static const char *const texts[] = { "", "x",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", "\xff\xff" };
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_invitation_text i = invite(w, NULL);
	struct rp_invitation about;

	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++) {
		const struct rp_signup s = { .name = "taro",
			.invitation = texts[n] };

		assert_answer(
		    rp_invitation_check(w->rp, call(w), texts[n], &about),
		    RP_INVITATION_UNKNOWN);
		assert_answer(sign_up_with(w, p, &s), RP_INVITATION_UNKNOWN);
	}
	w->now += 7 * DAY;
	assert_answer(rp_invitation_check(w->rp, call(w), i.s, &about),
	    RP_INVITATION_UNKNOWN);
	person_free(p);
}

/* The first passkey of an account that was added, then one to recover it. */
static void
gives_an_account_a_passkey(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *again = person_new();
	struct store_account added;
	struct rp_invitation_text i;
	struct rp_invitation about;
	struct rp_signup s = { 0 };
	struct store_history notices[4];
	size_t n;

	w->config.sign_up = RP_SIGN_UP_MODE_CLOSED;
	world_reopen(w);
	assert_answer(
	    rp_admin_account_add(w->rp, call(w), "taro", "Tarō", &added, &i),
	    RP_OK);
	s.invitation = i.s;
	assert_answer(rp_invitation_check(w->rp, call(w), i.s, &about), RP_OK);
	assert_true(about.for_account);
	assert_string_equal(about.name, "taro");
	assert_string_equal(about.display_name, "Tarō");
	assert_answer(sign_up_with(w, p, &s), RP_OK);
	assert_memory_equal(&p->in.account.id, &added.id, 16);
	assert_memory_equal(p->handle, added.user_handle, 32);
	assert_answer(sign_up_with(w, p, &s), RP_INVITATION_UNKNOWN);
	assert_answer(
	    rp_notices_list(w->rp, call(w), &p->in, notices, 4, &n), RP_OK);
	assert_int_equal(n, 0);

	w->now += DAY;
	i = invite(w, "TARO");
	assert_answer(sign_up_with(w, again, &s), RP_OK);
	assert_memory_equal(&again->in.account.id, &added.id, 16);
	assert_int_equal(events(w, p, "passkey-added", ""), 2);
	/* Nobody who was signed in did that: its owner is told. */
	assert_answer(
	    rp_notices_list(w->rp, call(w), &p->in, notices, 4, &n), RP_OK);
	assert_int_equal(n, 1);
	assert_string_equal(notices[0].event, "passkey-added");

	assert_answer(
	    rp_admin_account_lock(w->rp, call(w), &added.id, &n), RP_OK);
	i = invite(w, "taro");
	assert_answer(sign_up_with(w, again, &s), RP_ACCOUNT_LOCKED);
	person_free(p);
	person_free(again);
}

/* ---- the conformance API ---- */

static void
joins_for_conformance_alone(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *second = person_new();
	struct rp_creation o;
	struct rp_request r;
	const struct rp_signup s = { .name = "taro",
		.join = true,
		.wishes = { .user_verification = RP_PREFERRED,
		    .resident_key = RP_DISCOURAGED,
		    .attestation = RP_CONVEY_DIRECT } };

	sign_up(w, p, "taro");
	assert_answer(sign_up_with(w, second, &s), RP_NAME_TAKEN);
	assert_answer(
	    rp_login_begin(w->rp, call(w), "taro", RP_DISCOURAGED, &r), RP_OK);
	assert_int_equal(r.user_verification, RP_REQUIRED);
	w->config.conformance = true;
	world_reopen(w);
	assert_answer(rp_signup_begin(w->rp, call(w), &s, &o), RP_OK);
	assert_int_equal(o.exclude.n, 1);
	assert_int_equal(o.wishes.user_verification, RP_PREFERRED);
	assert_int_equal(o.wishes.resident_key, RP_DISCOURAGED);
	assert_int_equal(o.wishes.attestation, RP_CONVEY_DIRECT);
	second->flags = WA_FLAG_UP;
	assert_answer(sign_up_with(w, second, &s), RP_OK);
	assert_memory_equal(&second->in.account.id, &p->in.account.id, 16);
	/* What was asked for in the begin is what is asked of the answer. */
	assert_answer(sign_in(w, second, "taro"), RP_PASSKEY_REFUSED);
	second->flags = 0;
	assert_answer(sign_in(w, second, "taro"), RP_OK);
	person_free(p);
	person_free(second);
}

/* ---- races ---- */

enum { RACERS = 6 };

struct racer {
	struct world *w;
	pthread_barrier_t *start;
	struct rp_call call;
	struct person *p;
	struct rp_creation o;
	struct rp_new_passkey made;
	enum rp_answer answer;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	struct store_credential c;

	pthread_barrier_wait(r->start);
	r->answer = rp_signup_finish(r->w->rp, &r->call, sealed(&r->o.ceremony),
	    &r->made, NULL, &r->p->in, &r->p->token, &c);
	return NULL;
}

/* How many of RACERS made an account, each with a begin of its own. */
static void
race_all(struct world *w, const char *invitation, const char *const *names,
    enum rp_answer loser)
{
	static struct racer r[RACERS];
	pthread_t threads[RACERS];
	pthread_barrier_t start;
	size_t won = 0;

	pthread_barrier_init(&start, NULL, RACERS);
	for (int i = 0; i < RACERS; i++) {
		const struct rp_signup s = { .name = names[i],
			.invitation = invitation };

		r[i] = (struct racer){
			.w = w, .start = &start, .p = person_new()
		};
		assert_answer(
		    rp_signup_begin(w->rp, call(w), &s, &r[i].o), RP_OK);
		r[i].made = make_passkey(r[i].p, &r[i].o);
		r[i].call = *call(w);
	}
	for (int i = 0; i < RACERS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, race, &r[i]), 0);
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < RACERS; i++) {
		won += r[i].answer == RP_OK;
		if (r[i].answer != RP_OK)
			assert_answer(r[i].answer, loser);
		person_free(r[i].p);
	}
	assert_int_equal(won, 1);
	pthread_barrier_destroy(&start);
}

static void
lets_one_win(void **state)
{
	static const char *const same[RACERS] = { "taro", "Taro", "TARO",
		"ｔaro", "taRo", "taro" };
	static const char *const others[RACERS] = { "a", "b", "c", "d", "e",
		"f" };
	struct world *w = *state;
	struct rp_invitation_text i = invite(w, NULL);
	struct store_stat st;

	w->config.no_limits = true;
	world_reopen(w);
	race_all(w, NULL, same, RP_NAME_TAKEN);
	race_all(w, i.s, others, RP_INVITATION_UNKNOWN);
	assert_ok(store_stat(w->kit->s, &st));
	assert_int_equal(st.accounts, 2);
	assert_int_equal(st.credentials, 2);
	assert_int_equal(st.sessions, 2);
}

/* ---- limits ---- */

static void
limits_who_asks_for_names(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_creation o;
	const struct rp_signup taken = { .name = "taro" },
			       open = { .name = "hanako" };
	int n = 0;

	sign_up(w, p, "taro");
	w->network = 2;
	while (rp_signup_begin(w->rp, call(w), &taken, &o) == RP_NAME_TAKEN)
		n++;
	assert_int_equal(n, 100);
	/* And then no name is told from another, until some time has passed. */
	assert_answer(
	    rp_signup_begin(w->rp, call(w), &open, &o), RP_RATE_LIMITED);
	assert_int_equal(w->call.retry_after_ms, 15 * SECOND);
	w->now += 15 * SECOND;
	assert_answer(rp_signup_begin(w->rp, call(w), &open, &o), RP_OK);
	person_free(p);
}

static enum rp_answer
sign_up_numbered(struct world *w, int number, const char *invitation)
{
	struct person *p = person_new();
	char name[16];
	enum rp_answer a;

	snprintf(name, sizeof(name), "taro%d", number);
	a = sign_up_with(w, p,
	    &(struct rp_signup){ .name = name, .invitation = invitation });
	person_free(p);
	return a;
}

static void
limits_who_makes_accounts(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_new_passkey made;
	struct rp_creation o;
	struct store_credential c;
	enum rp_answer a;
	int n = 0;

	/* Begun in time, and finished when there is none left. */
	assert_answer(rp_signup_begin(w->rp, call(w),
			  &(struct rp_signup){ .name = "hanako" }, &o),
	    RP_OK);
	while ((a = sign_up_numbered(w, n, NULL)) == RP_OK && n < 1000)
		n++;
	assert_answer(a, RP_RATE_LIMITED);
	assert_int_equal(n, 200);
	made = make_passkey(p, &o);
	assert_answer(rp_signup_finish(w->rp, call(w), sealed(&o.ceremony),
			  &made, NULL, &p->in, &p->token, &c),
	    RP_RATE_LIMITED);
	person_free(p);
}

/* Whom somebody invited is no stranger, whatever strangers do there. */
static void
counts_the_invited_apart(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_invitation_text i = invite(w, NULL), other = invite(w, NULL);
	struct rp_signup taken = { .name = "taro", .invitation = i.s };
	struct rp_invitation about;
	struct rp_creation o;
	int n = 0;

	sign_up(w, p, "taro");
	while (sign_up_numbered(w, n, NULL) == RP_OK)
		n++;
	for (n = 0;
	     rp_signup_begin(w->rp, call(w), &taken, &o) == RP_NAME_TAKEN;)
		n++;
	/* Names are asked for by one invitation as well, and not by another. */
	assert_int_equal(n, 20);
	assert_answer(sign_up_numbered(w, 1000, i.s), RP_RATE_LIMITED);
	assert_answer(
	    rp_invitation_check(w->rp, call(w), other.s, &about), RP_OK);
	assert_answer(sign_up_numbered(w, 1000, other.s), RP_OK);
	w->now += 3 * MINUTE;
	assert_answer(sign_up_numbered(w, 1001, i.s), RP_OK);
	person_free(p);
}

static void
limits_who_guesses_invitations(void **state)
{
	static const char guess[] =
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct world *w = *state;
	struct rp_invitation_text i = invite(w, NULL);
	struct rp_signup s = { .name = "taro", .invitation = guess };
	struct rp_invitation about;
	struct rp_creation o;
	int n = 0;

	while (rp_invitation_check(w->rp, call(w), guess, &about) ==
	       RP_INVITATION_UNKNOWN)
		n++;
	assert_int_equal(n, 100);
	assert_true(w->call.retry_after_ms > 0);
	assert_answer(rp_signup_begin(w->rp, call(w), &s, &o), RP_RATE_LIMITED);
	s.invitation = "short";
	assert_answer(rp_signup_begin(w->rp, call(w), &s, &o), RP_RATE_LIMITED);
	/* One that is an invitation is heard. */
	assert_answer(rp_invitation_check(w->rp, call(w), i.s, &about), RP_OK);
	assert_answer(sign_up_numbered(w, 1, i.s), RP_OK);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(makes_an_account),
		T(names_a_passkey),
		T(refuses_names),
		cmocka_unit_test(answers_each_lie),
		T(heeds_who_may_sign_up),
		T(ends_the_session_the_browser_had),
		T(needs_no_display_name),
		T(takes_an_invitation_once),
		T(refuses_invitations_that_are_none),
		T(gives_an_account_a_passkey),
		T(joins_for_conformance_alone),
		T(lets_one_win),
		T(limits_who_asks_for_names),
		T(limits_who_makes_accounts),
		T(counts_the_invited_apart),
		T(limits_who_guesses_invitations),
	};

	return cmocka_run_group_tests_name("rp_signup", tests, NULL, NULL);
}
