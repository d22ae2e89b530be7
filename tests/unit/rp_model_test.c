/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include <stdio.h>

/*
 * Things happen in random order, and a model in memory says beforehand what
 * each must come to.  Runs that fail say their seed; RP_MODEL_SEED repeats one.
 */
enum { NAMES = 3, KEYS = 6, SESSIONS = 40, STEPS = 600, RUNS = 6, NONE = -1 };

struct model_session {
	bool open; /* nobody ended it; time may have */
	int name, key;
	struct rp_signed_in in;
	struct rp_token token;
};

struct model_key {
	struct person *p;
	int owner; /* a name, or NONE */
	uint32_t counter; /* as stored */
};

struct model_account {
	bool there, locked;
	struct account_id id;
	size_t signed_in; /* times, as its history should say */
};

struct model {
	struct world *w;
	uint64_t seed;
	struct model_account accounts[NAMES];
	struct model_key keys[KEYS];
	struct model_session sessions[SESSIONS];
	int step;
};

static const char *const names[NAMES] = { "taro", "花子", "jiro@example.org" };

static int
any(struct model *m, int n)
{
	return (int)(numbers(&m->seed) % (uint64_t)n);
}

static void
expect(
    struct model *m, const char *what, enum rp_answer got, enum rp_answer want)
{
	if (got != want)
		fail_msg("step %d, %s: got %s, want %s", m->step, what,
		    rp_answer_name(got), rp_answer_name(want));
}

static bool
is_live(const struct model *m, const struct model_session *s)
{
	return s->open && m->w->now < store_session_expires(&s->in.session);
}

static bool
is_fresh(const struct model *m, const struct model_session *s)
{
	return m->w->now - s->in.session.proved <= 5 * MINUTE;
}

static int
passkeys(const struct model *m, int name)
{
	int n = 0;

	for (int i = 0; i < KEYS; i++)
		n += m->keys[i].owner == name;
	return n;
}

static void
end_all(struct model *m, int name, int but)
{
	for (int i = 0; i < SESSIONS; i++)
		if (m->sessions[i].name == name && i != but)
			m->sessions[i].open = false;
}

/* A place for a session, or NONE. */
static int
place(const struct model *m)
{
	for (int i = 0; i < SESSIONS; i++)
		if (!m->sessions[i].open)
			return i;
	return NONE;
}

static void
session_keep(struct model *m, int at, int name, int key)
{
	m->sessions[at] = (struct model_session){ .open = true,
		.name = name,
		.key = key,
		.in = m->keys[key].p->in,
		.token = m->keys[key].p->token };
}

/* ---- what may happen ---- */

static void
do_sign_up(struct model *m)
{
	int name = any(m, NAMES), key = any(m, KEYS), at = place(m);
	struct model_key *k = &m->keys[key];
	struct person before = *k->p;
	enum rp_answer a, want = RP_OK;

	if (at == NONE)
		return;
	k->p->counter = (uint32_t)any(m, 3) * 10;
	if (m->accounts[name].there)
		want = RP_NAME_TAKEN;
	else if (k->owner != NONE)
		want = RP_CREDENTIAL_TAKEN;
	a = sign_up_with(
	    m->w, k->p, &(struct rp_signup){ .name = names[name] });
	expect(m, "sign-up", a, want);
	if (a != RP_OK) {
		*k->p = before;
		return;
	}
	m->accounts[name] =
	    (struct model_account){ .there = true, .id = k->p->in.account.id };
	k->owner = name;
	k->counter = k->p->counter;
	session_keep(m, at, name, key);
}

static enum rp_answer
sign_in_answer(const struct model *m, const struct model_key *k, int name)
{
	if (name == NONE && k->owner == NONE)
		return RP_PASSKEY_UNKNOWN;
	if (name != NONE && k->owner != name)
		return RP_PASSKEY_REFUSED;
	if (m->accounts[k->owner].locked)
		return RP_ACCOUNT_LOCKED;
	if ((k->p->counter != 0 || k->counter != 0) &&
	    k->p->counter <= k->counter)
		return RP_SIGN_COUNT;
	return RP_OK;
}

static void
do_sign_in(struct model *m)
{
	int key = any(m, KEYS), at = place(m);
	int name = any(m, 2) == 0 ? NONE : any(m, NAMES);
	struct model_key *k = &m->keys[key];
	enum rp_answer a, want;

	if (at == NONE)
		return;
	if (k->counter != 0 || any(m, 4) == 0)
		k->p->counter = k->counter + (uint32_t)any(m, 4);
	want = sign_in_answer(m, k, name);
	a = sign_in(m->w, k->p, name == NONE ? NULL : names[name]);
	expect(m, "sign-in", a, want);
	if (a != RP_OK)
		return;
	assert_memory_equal(
	    &k->p->in.account.id, &m->accounts[k->owner].id, 16);
	k->counter = k->p->counter;
	m->accounts[k->owner].signed_in++;
	session_keep(m, at, k->owner, key);
}

/* A session to act by; it may have ended. */
static struct model_session *
somebody(struct model *m)
{
	struct model_session *s = &m->sessions[any(m, SESSIONS)];

	return s->in.session.created == 0 ? NULL : s;
}

static void
do_prove(struct model *m)
{
	struct model_session *s = somebody(m);
	struct model_key *k;
	struct person p;
	enum rp_answer a, want;

	if (s == NULL)
		return;
	k = &m->keys[s->key];
	if (k->counter != 0)
		k->p->counter = k->counter + 1;
	p = *k->p;
	p.in = s->in;
	/* The account's own answer first; then whether one is signed in. */
	if (k->owner == NONE || !m->accounts[k->owner].there ||
	    memcmp(&m->accounts[k->owner].id, &s->in.account.id, 16) != 0)
		want = RP_PASSKEY_REFUSED;
	else
		want = sign_in_answer(m, k, k->owner);
	if (want == RP_OK && !is_live(m, s))
		want = RP_SESSION_EXPIRED;
	a = prove(m->w, &p);
	expect(m, "proof", a, want);
	if (a != RP_OK)
		return;
	s->in = p.in;
	k->counter = k->p->counter;
}

static void
do_add(struct model *m)
{
	struct model_session *s = somebody(m);
	int key = any(m, KEYS);
	struct model_key *k = &m->keys[key];
	struct person by, before = *k->p;
	enum rp_answer a, want = RP_OK;

	if (s == NULL)
		return;
	by = (struct person){ .in = s->in };
	k->p->counter = (uint32_t)any(m, 2);
	if (!is_fresh(m, s))
		want = RP_PROOF_NEEDED;
	else if (!is_live(m, s))
		want = RP_SESSION_EXPIRED;
	else if (k->owner != NONE)
		want = RP_CREDENTIAL_TAKEN;
	a = add_passkey(m->w, &by, k->p);
	expect(m, "add", a, want);
	if (a != RP_OK) {
		*k->p = before;
		return;
	}
	k->owner = s->name;
	k->counter = k->p->counter;
}

static void
do_remove_passkey(struct model *m)
{
	struct model_session *s = somebody(m);
	int key = any(m, KEYS);
	struct model_key *k = &m->keys[key];
	enum rp_answer a, want = RP_OK;
	size_t ended, should = 0;

	if (s == NULL)
		return;
	if (!is_fresh(m, s))
		want = RP_PROOF_NEEDED;
	else if (!is_live(m, s))
		want = RP_SESSION_EXPIRED;
	else if (k->owner != s->name)
		want = RP_NOT_FOUND;
	else if (passkeys(m, s->name) == 1)
		want = RP_LAST_PASSKEY;
	a = rp_passkey_remove(m->w->rp, call(m->w), &s->in, &k->p->ref, &ended);
	expect(m, "remove", a, want);
	if (a != RP_OK)
		return;
	for (int i = 0; i < SESSIONS; i++) {
		struct model_session *other = &m->sessions[i];

		/* By the passkey as it was: it may have been added again. */
		if (other == s || other->key != key || other->name != s->name ||
		    !is_live(m, other))
			continue;
		other->open = false;
		should++;
	}
	assert_int_equal(ended, should);
	k->owner = NONE;
	k->counter = 0;
}

static void
do_sign_out(struct model *m)
{
	struct model_session *s = somebody(m);
	enum rp_answer want;
	size_t n;
	int how;

	if (s == NULL)
		return;
	how = any(m, 3);
	want = is_live(m, s) ? RP_OK : RP_SESSION_EXPIRED;
	expect(m, "sign-out",
	    how == 0
		? rp_session_end(m->w->rp, call(m->w), &s->in)
		: rp_sessions_end(m->w->rp, call(m->w), &s->in, how == 1, &n),
	    want);
	if (want != RP_OK)
		return;
	if (how == 0)
		s->open = false;
	else
		end_all(m, s->name, how == 1 ? (int)(s - m->sessions) : NONE);
}

static void
do_lock(struct model *m)
{
	int name = any(m, NAMES);
	struct model_account *a = &m->accounts[name];
	size_t n;

	if (a->id.b[15] == 0 && !a->there)
		return;
	if (any(m, 2) == 0) {
		expect(m, "lock",
		    rp_admin_account_lock(m->w->rp, call(m->w), &a->id, &n),
		    a->there ? RP_OK : RP_NOT_FOUND);
		if (a->there && !a->locked)
			end_all(m, name, NONE);
		a->locked = a->there;
	} else {
		expect(m, "unlock",
		    rp_admin_account_unlock(m->w->rp, call(m->w), &a->id),
		    a->there ? RP_OK : RP_NOT_FOUND);
		a->locked = false;
	}
}

static void
do_remove_account(struct model *m)
{
	struct model_session *s = somebody(m);
	enum rp_answer want = RP_OK;

	if (s == NULL || any(m, 4) != 0)
		return;
	if (!is_fresh(m, s))
		want = RP_PROOF_NEEDED;
	else if (!is_live(m, s))
		want = RP_SESSION_EXPIRED;
	expect(m, "remove the account",
	    rp_account_remove_own(m->w->rp, call(m->w), &s->in), want);
	if (want != RP_OK)
		return;
	end_all(m, s->name, NONE);
	m->accounts[s->name].there = m->accounts[s->name].locked = false;
	for (int i = 0; i < KEYS; i++)
		if (m->keys[i].owner == s->name)
			m->keys[i] =
			    (struct model_key){ m->keys[i].p, NONE, 0 };
}

static void
do_wait(struct model *m)
{
	const store_time waits[] = { SECOND, MINUTE, 3 * MINUTE, HOUR, DAY,
		6 * DAY };
	unsigned swept;

	m->w->now += waits[any(m, any(m, 4) == 0 ? 6 : 3)];
	if (any(m, 8) == 0)
		assert_ok(store_sweep(m->w->kit->s, m->w->now, 100, &swept));
}

typedef void action(struct model *m);
static action *const actions[] = { do_sign_up, do_sign_in, do_sign_in,
	do_sign_in, do_prove, do_prove, do_add, do_add, do_remove_passkey,
	do_remove_passkey, do_sign_out, do_lock, do_remove_account, do_wait,
	do_wait };

/* ---- what must be so at any time ---- */

static void
sessions_agree(struct model *m)
{
	for (int i = 0; i < SESSIONS; i++) {
		struct model_session *s = &m->sessions[i];
		struct rp_signed_in in;
		enum rp_answer a;
		bool touch;

		if (s->in.session.created == 0)
			continue;
		a = rp_session_check(
		    m->w->rp, call(m->w), s->token.s, &in, &touch);
		expect(m, "a session", a,
		    is_live(m, s) ? RP_OK : RP_SESSION_EXPIRED);
		if (a == RP_OK)
			assert_memory_equal(
			    &in.account.id, &m->accounts[s->name].id, 16);
	}
}

static void
passkeys_agree(struct model *m)
{
	struct store_stat st;
	size_t n = 0, accounts = 0;

	for (int i = 0; i < KEYS; i++) {
		struct store_credential c;
		bool there = stored(m->w, m->keys[i].p, &c);

		assert_int_equal(there, m->keys[i].owner != NONE);
		if (!there)
			continue;
		n++;
		assert_memory_equal(
		    &c.account, &m->accounts[m->keys[i].owner].id, 16);
		assert_int_equal(c.sign_count, m->keys[i].counter);
	}
	for (int i = 0; i < NAMES; i++)
		accounts += m->accounts[i].there;
	assert_ok(store_stat(m->w->kit->s, &st));
	assert_int_equal(st.credentials, n);
	assert_int_equal(st.accounts, accounts);
}

static void
histories_agree(struct model *m)
{
	for (int i = 0; i < NAMES; i++) {
		struct person p = { .in.account.id = m->accounts[i].id };

		if (m->accounts[i].there)
			assert_int_equal(events(m->w, &p, "sign-in", ""),
			    m->accounts[i].signed_in);
	}
	assert_true(audited(m->w, "sign-in") > 0);
}

static void
run(uint64_t seed)
{
	static struct model m;
	void *state;

	print_message("# seed %llu\n", (unsigned long long)seed);
	world_setup(&state);
	m = (struct model){ .w = state, .seed = seed };
	m.w->config.no_limits = true;
	world_reopen(m.w);
	for (int i = 0; i < KEYS; i++)
		m.keys[i] = (struct model_key){ person_new(), NONE, 0 };
	for (m.step = 0; m.step < STEPS; m.step++) {
		actions[any(&m, sizeof(actions) / sizeof(actions[0]))](&m);
		if (m.step % 10 != 0)
			continue;
		sessions_agree(&m);
		passkeys_agree(&m);
	}
	histories_agree(&m);
	for (int i = 0; i < KEYS; i++)
		person_free(m.keys[i].p);
	world_teardown(&state);
}

static void
agrees_with_the_model(void **state)
{
	const char *given = getenv("RP_MODEL_SEED");

	(void)state;
	if (given != NULL) {
		run(strtoull(given, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= RUNS; seed++)
		run(seed * UINT64_C(0x9e3779b97f4a7c15));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_model),
	};

	return cmocka_run_group_tests_name("rp_model", tests, NULL, NULL);
}
