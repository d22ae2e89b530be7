/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <stdio.h>

#include "rp/ids.h"

/*
 * Walks requests at random, with a clock that moves, browsers and phones that
 * get in each other's way, and people who lie; beside a model that knows what
 * should come of each step.  Above all: nobody is let in without a verified
 * passkey of that account, the right number, and the browser's own key.
 */

enum {
	ASKERS = 3,
	NETWORKS = 8, /* from which they ask */
	PHONES = 3,
	REQUESTS = 24, /* that are remembered; the oldest is forgotten */
	STEPS = 4500, /* in each way of matching */
};

static const char *const names[] = { "anna", "ben", "nobody" };

/* What the model knows of one request. */
struct request {
	bool used;
	struct asker *asker;
	struct approval_id id;
	struct rp_approval shown;
	int account; /* of names[]; 2: nobody */
	unsigned network;
	bool hidden; /* from the phones */
	bool kept; /* by a browser that its account kept, */
	bool thrown_out; /* and does not keep any more */
	enum store_approval_state state;
	store_time expires, decided;
	int phone; /* that chose */
	bool right; /* and chose rightly */
	struct rp_commitment commitment;
};

struct model {
	struct home *h;
	struct world *w;
	uint64_t seed;
	struct phone *phones[PHONES];
	int phone_account[PHONES];
	struct asker askers[ASKERS];
	struct request requests[REQUESTS];
	size_t next;
	unsigned sessions, approved, mismatches, refused;
	unsigned resting, hidden, displaced;
	bool kept[ASKERS]; /* by anna */
	unsigned keeps, spared, ended;
};

static unsigned
dice(struct model *m, unsigned n)
{
	return (unsigned)(numbers(&m->seed) % n);
}

static bool
is_open(const struct request *r, store_time now)
{
	return (r->state == STORE_APPROVAL_PENDING ||
		   r->state == STORE_APPROVAL_CHOSEN) &&
	       now < r->expires;
}

/* What the browser should be told. */
static enum store_approval_state
expected(const struct request *r, store_time now)
{
	switch (r->state) {
	case STORE_APPROVAL_PENDING:
	case STORE_APPROVAL_CHOSEN:
	case STORE_APPROVAL_DISPLACED:
		return now < r->expires ? STORE_APPROVAL_PENDING
					: STORE_APPROVAL_EXPIRED;
	case STORE_APPROVAL_APPROVED:
		return now < r->decided + 2 * MINUTE ? STORE_APPROVAL_APPROVED
						     : STORE_APPROVAL_EXPIRED;
	default:
		return r->state;
	}
}

/* One of the last two as a rule: the others are over, most likely. */
static struct request *
any_request(struct model *m)
{
	size_t at = dice(m, REQUESTS);
	struct request *r;

	if (m->next >= 2 && dice(m, 4) != 0)
		at = (m->next - 1 - dice(m, 2)) % REQUESTS;
	r = &m->requests[at];
	/* The store keeps them for a day. */
	r->used &= m->w->now < r->expires + DAY;
	return r->used ? r : NULL;
}

/* As a rule one of the account that is asked for. */
static int
any_phone(struct model *m, const struct request *r)
{
	if (dice(m, 4) == 0)
		return (int)dice(m, PHONES);
	if (r->state == STORE_APPROVAL_CHOSEN && r->phone >= 0 &&
	    dice(m, 4) != 0)
		return r->phone;
	return r->account == 1 ? 2 : (int)dice(m, 2);
}

static struct person *
owner_of(struct model *m, int account)
{
	return account == 0 ? m->h->anna : m->h->ben;
}

/* Whether that phone is shown it. */
static bool
is_for(const struct model *m, const struct request *r, int p)
{
	return r->account == m->phone_account[p] && !r->hidden;
}

/* The asker as it was for this request. */
static struct asker
asker_of(const struct request *r)
{
	struct asker b = *r->asker;

	b.a = r->shown;
	b.network = r->network;
	return b;
}

/* ---- the steps ---- */

/* Its owner comes by with the passkey: what rests goes on. */
static void
sign_in_as(struct model *m, int account)
{
	m->w->network = 500000 + dice(m, 100000);
	assert_answer(sign_in(m->w, owner_of(m, account), NULL), RP_OK);
}

static void
step_sign_in(struct model *m)
{
	sign_in_as(m, (int)dice(m, 2));
}

/*
 * One that the same network asked for is superseded; one that the phones had
 * is displaced by one that they have now.
 */
static void
give_way(struct model *m, int account, unsigned network, bool seen)
{
	for (size_t i = 0; i < REQUESTS; i++) {
		struct request *r = &m->requests[i];

		if (!r->used || r->account != account)
			continue;
		if (r->network == network &&
		    expected(r, m->w->now) == STORE_APPROVAL_PENDING) {
			r->state = STORE_APPROVAL_SUPERSEDED;
		} else if (seen && !r->hidden && is_open(r, m->w->now)) {
			r->state = STORE_APPROVAL_DISPLACED;
			m->displaced++;
		}
	}
}

static void
step_ask(struct model *m)
{
	struct asker *b = &m->askers[dice(m, ASKERS)];
	const int account = dice(m, 10) == 0 ? 2 : (int)dice(m, 2);
	struct request *r;
	enum rp_answer a;
	bool hidden, kept;

	b->network = 2000 + dice(m, NETWORKS);
	a = ask(m->w, b, names[account]);
	if (a == RP_APPROVALS_RESTING) {
		m->resting++;
		if (account != 2 && dice(m, 2) == 0)
			sign_in_as(m, account);
		return;
	}
	assert_answer(a, RP_OK);
	hidden = account != 2 && row_of(m->h, b).decoy;
	m->hidden += hidden;
	give_way(m, account, b->network, !hidden);
	kept = account == 0 && m->kept[b - m->askers];
	assert_int_equal(b->a.match == STORE_MATCH_NONE, kept);
	m->spared += kept;
	r = &m->requests[m->next++ % REQUESTS];
	*r = (struct request){ .used = true,
		.kept = kept,
		.asker = b,
		.id = b->a.id,
		.shown = b->a,
		.account = account,
		.network = b->network,
		.hidden = hidden,
		.state = STORE_APPROVAL_PENDING,
		.expires = m->w->now + 3 * MINUTE };
}

static void
step_choose(struct model *m)
{
	struct request *r = any_request(m);
	int p;
	bool right = dice(m, 3) != 0;
	struct rp_commitment c;
	struct asker b;
	enum rp_answer a, want = RP_OK;

	if (r == NULL)
		return;
	b = asker_of(r);
	p = any_phone(m, r);
	right |= r->kept;
	a = choose(m->w, m->phones[p], &b,
	    right ? b.a.number : wrong_number(m->w, &b), &c);
	if (!is_for(m, r, p))
		want = RP_APPROVAL_UNKNOWN;
	else if (!is_open(r, m->w->now))
		want = RP_APPROVAL_OVER;
	else if (r->state == STORE_APPROVAL_CHOSEN &&
		 (r->phone != p || r->right != right))
		want = RP_CHOICE_MADE;
	assert_answer(a, want);
	if (a != RP_OK)
		return;
	r->state = STORE_APPROVAL_CHOSEN;
	r->phone = p;
	r->right = right;
	r->commitment = c;
}

static void
step_refuse(struct model *m)
{
	struct request *r = any_request(m);
	int p;
	const bool report = dice(m, 8) == 0;
	enum rp_answer a, want = RP_OK;
	struct asker b;

	if (r == NULL)
		return;
	b = asker_of(r);
	p = any_phone(m, r);
	a = decide(m->w, m->phones[p], &b, report ? RP_REPORT : RP_DENY);
	if (!is_for(m, r, p))
		want = RP_APPROVAL_UNKNOWN;
	else if (!is_open(r, m->w->now))
		want = RP_APPROVAL_OVER;
	assert_answer(a, want);
	if (a == RP_OK)
		r->state =
		    report ? STORE_APPROVAL_REPORTED : STORE_APPROVAL_DENIED;
}

/* Whatever a phone may bring: truth, or one lie. */
static void
step_sign(struct model *m)
{
	static const struct softkey_script lies[] = {
		{ .flags = WA_FLAG_UP },
		{ .origin = "https://evil.example" },
		{ .challenge = SOFTKEY_CHALLENGE },
	};
	struct request *r = any_request(m), *other = any_request(m);
	int p;
	const unsigned how = dice(m, 8);
	struct phone phone;
	const struct softkey_script *lie = NULL;
	const struct rp_commitment *c;
	enum store_approval_state s;
	enum rp_answer a;
	bool truth;
	struct asker b;

	if (r == NULL || other == NULL)
		return;
	b = asker_of(r);
	p = any_phone(m, r);
	phone = *m->phones[p];
	c = &r->commitment;
	truth = how < 4;
	if (how >= 4 && how < 7)
		lie = &lies[how - 4];
	if (how == 7) {
		/* The assertion of another request, or another's passkey. */
		c = &other->commitment;
		truth = other == r;
		if (dice(m, 2) == 0) {
			c = &r->commitment;
			phone.owner = owner_of(m, 1 - m->phone_account[p]);
			truth = false;
		}
	}
	a = sign(m->w, &phone, &b, c, lie, &s);
	if (a == RP_RATE_LIMITED)
		return;
	if (!is_for(m, r, p)) {
		assert_answer(a, RP_APPROVAL_UNKNOWN);
	} else if (!is_open(r, m->w->now)) {
		assert_answer(a, RP_APPROVAL_OVER);
	} else if (r->state == STORE_APPROVAL_PENDING) {
		assert_answer(a, RP_CHOICE_MISSING);
	} else if (r->phone != p) {
		assert_answer(a, RP_CHOICE_MADE);
	} else if (!truth) {
		assert_answer(a, RP_PASSKEY_REFUSED);
		m->refused++;
	} else {
		assert_answer(a, RP_OK);
		r->state = r->right ? STORE_APPROVAL_APPROVED
				    : STORE_APPROVAL_MISMATCH;
		r->decided = m->w->now;
		assert_int_equal(s, r->state);
		m->approved += r->right;
		m->mismatches += !r->right;
	}
}

/* anna keeps the browser that she was let in with, if she still is. */
static void
keep(struct model *m, struct asker *b)
{
	struct rp_kept_token token;
	struct store_trust trust;
	enum rp_answer a;

	if (strcmp(b->in.account.name, "anna") != 0)
		return;
	a = rp_browser_keep(m->w->rp, call_of_asker(m->w, b), &b->in, "X",
	    b->kept[0] != '\0' ? b->kept : NULL, b->key.xy, &trust, &token);
	if (a == RP_SESSION_EXPIRED)
		return;
	assert_answer(a, RP_OK);
	if (token.s[0] != '\0')
		memcpy(b->kept, token.s, sizeof(b->kept));
	m->kept[b - m->askers] = true;
	m->keeps++;
}

/* Perhaps with somebody else's cookie or key. */
static void
step_collect(struct model *m)
{
	struct request *r = any_request(m);
	const unsigned how = dice(m, 4);
	struct asker b, other = m->askers[dice(m, ASKERS)];
	enum rp_answer a, want;
	bool own_cookie = true, own_key = true;

	if (r == NULL)
		return;
	b = asker_of(r);
	if (how == 0) {
		own_cookie = other.cookie == b.cookie;
		b.cookie = other.cookie;
	} else if (how == 1) {
		own_key = other.key.key == b.key.key;
		b.key = other.key;
	}
	a = collect(m->w, &b);
	if (a == RP_RATE_LIMITED)
		return;
	if (!own_cookie)
		want = RP_APPROVAL_UNKNOWN;
	else if (!own_key)
		want = RP_COLLECT_REFUSED;
	else if (expected(r, m->w->now) == STORE_APPROVAL_PENDING)
		want = RP_COLLECT_REFUSED;
	else if (expected(r, m->w->now) == STORE_APPROVAL_APPROVED &&
		 !r->thrown_out)
		want = RP_OK;
	else
		want = RP_APPROVAL_OVER;
	assert_answer(a, want);
	if (a != RP_OK)
		return;
	/* The one thing that all of this is about. */
	assert_true(own_cookie && own_key);
	assert_true(r->right);
	assert_int_equal(r->state, STORE_APPROVAL_APPROVED);
	assert_int_equal(m->phone_account[r->phone], r->account);
	assert_string_equal(b.in.account.name, names[r->account]);
	assert_int_equal(b.in.session.method, STORE_METHOD_APPROVAL);
	assert_int_equal(b.in.session.proved, 0);
	r->state = STORE_APPROVAL_COLLECTED;
	r->asker->in = b.in;
	memcpy(r->asker->kept, b.kept, sizeof(b.kept));
	m->sessions++;
	if (dice(m, 4) != 0)
		keep(m, r->asker);
}

/* ---- what ends more than one ---- */

/* What was approved and not collected. */
static void
void_all(struct model *m, int account)
{
	for (size_t i = 0; i < REQUESTS; i++) {
		struct request *r = &m->requests[i];

		if (!r->used || r->account != account ||
		    expected(r, m->w->now) != STORE_APPROVAL_APPROVED)
			continue;
		r->state = STORE_APPROVAL_CANCELLED;
		m->ended++;
	}
}

/* What the phones have: of a kept browser, or whoever asked. */
static void
cancel_open(struct model *m, int account, bool kept_only)
{
	for (size_t i = 0; i < REQUESTS; i++) {
		struct request *r = &m->requests[i];

		if (!r->used || r->account != account ||
		    (kept_only && !r->kept))
			continue;
		if (is_open(r, m->w->now) && !r->hidden)
			r->state = STORE_APPROVAL_CANCELLED;
		r->thrown_out |= r->kept;
	}
}

static void
forget_kept(struct model *m)
{
	for (size_t i = 0; i < ASKERS; i++) {
		m->kept[i] = false;
		m->askers[i].kept[0] = '\0';
	}
}

static void
step_sign_out(struct model *m)
{
	const int account = (int)dice(m, 2);
	size_t n;

	sign_in_as(m, account);
	assert_answer(rp_sessions_end(m->w->rp, call(m->w),
			  &owner_of(m, account)->in, true, &n),
	    RP_OK);
	void_all(m, account);
}

static void
step_lock(struct model *m)
{
	const int account = (int)dice(m, 2);
	const struct account_id *id = &owner_of(m, account)->in.account.id;
	size_t n;

	assert_answer(
	    rp_admin_account_lock(m->w->rp, call(m->w), id, &n), RP_OK);
	assert_answer(rp_admin_account_unlock(m->w->rp, call(m->w), id), RP_OK);
	void_all(m, account);
	cancel_open(m, account, false);
	if (account == 0)
		forget_kept(m);
	sign_in_as(m, account);
}

/* A phone goes, and another one takes its place. */
static void
step_phone(struct model *m)
{
	const int p = (int)dice(m, PHONES), account = m->phone_account[p];
	struct person *owner = owner_of(m, account);

	sign_in_as(m, account);
	assert_answer(rp_phone_remove(
			  m->w->rp, call(m->w), &owner->in, &m->phones[p]->id),
	    RP_OK);
	void_all(m, account);
	for (size_t i = 0; i < REQUESTS; i++)
		if (m->requests[i].phone == p)
			m->requests[i].phone = -1;
	phone_free(m->phones[p]);
	phone_join(m->w, m->phones[p], owner);
}

static void
step_throw_out(struct model *m)
{
	struct rp_revoked out;

	assert_answer(rp_admin_browser_revoke(m->w->rp, call(m->w),
			  &m->h->anna->in.account.id, NULL, &out),
	    RP_OK);
	cancel_open(m, 0, true);
	forget_kept(m);
}

static void
step_cancel(struct model *m)
{
	struct request *r = any_request(m);
	struct asker b;
	enum rp_answer a;

	if (r == NULL)
		return;
	b = asker_of(r);
	a = rp_approval_cancel(m->w->rp, call_of_asker(m->w, &b), &r->id);
	assert_answer(a, expected(r, m->w->now) == STORE_APPROVAL_PENDING
			     ? RP_OK
			     : RP_APPROVAL_OVER);
	if (a == RP_OK)
		r->state = STORE_APPROVAL_CANCELLED;
}

static void
step_time(struct model *m)
{
	static const store_time steps[] = { 1, SECOND, 10 * SECOND };
	static const store_time leaps[] = { MINUTE, 3 * MINUTE, 16 * MINUTE,
		HOUR };
	unsigned n;

	m->w->now += dice(m, 12) != 0 ? steps[dice(m, 3)] : leaps[dice(m, 4)];
	if (dice(m, 2) == 0)
		assert_answer(
		    rp_approvals_expire(m->w->rp, call(m->w), 100, &n), RP_OK);
	if (dice(m, 4) == 0)
		assert_ok(store_sweep(m->w->kit->s, m->w->now, 100, &n));
}

/* What every browser is told is what the model says. */
static void
compare(struct model *m)
{
	for (size_t i = 0; i < REQUESTS; i++) {
		struct request *r = &m->requests[i];
		struct asker b;

		if (!r->used)
			continue;
		if (m->w->now >= r->expires + DAY) {
			r->used = false;
			continue;
		}
		b = asker_of(r);
		assert_string_equal(rp_approval_state_name(state_of(m->w, &b)),
		    rp_approval_state_name(expected(r, m->w->now)));
	}
}

static void
walk(struct model *m)
{
	static void (*const steps[])(struct model *) = { step_ask, step_choose,
		step_choose, step_choose, step_sign, step_sign, step_sign,
		step_sign, step_sign, step_sign, step_collect, step_collect,
		step_collect, step_collect, step_time };
	static void (*const rare[])(struct model *) = { step_refuse,
		step_cancel, step_sign_in, step_refuse, step_cancel,
		step_sign_in, step_sign_out, step_lock, step_phone,
		step_throw_out };

	for (int i = 0; i < STEPS; i++) {
		for (int p = 0; p < PHONES; p++)
			m->phones[p]->network = 600000 + dice(m, 100000);
		if (dice(m, 16) != 0)
			steps[dice(m, sizeof(steps) / sizeof(steps[0]))](m);
		else
			rare[dice(m, sizeof(rare) / sizeof(rare[0]))](m);
		if (i % 16 == 0)
			compare(m);
	}
}

/* One way of matching numbers. */
static void
walk_in(struct home *h, enum store_match match)
{
	struct rp_approvals_report r;
	struct model m = { .h = h,
		.w = h->w,
		.seed = 20261121 + (uint64_t)match,
		.phones = { &h->phone, &h->tablet, &h->bens },
		.phone_account = { 0, 0, 1 } };

	for (unsigned i = 0; i < ASKERS; i++)
		asker_make(&m.askers[i], 10 + i);
	/* So that what the guards say is what is tested. */
	h->w->config.no_limits = true;
	h->w->config.approval_match = (uint8_t)match;
	world_reopen(h->w);
	walk(&m);
	/* It went everywhere, and the log says the same. */
	print_message(
	    "# %s: %u sessions, %u approved, %u mismatches, %u refused,"
	    " %u resting, %u hidden, %u displaced, %u kept, %u spared,"
	    " %u ended\n",
	    rp_match_name(match), m.sessions, m.approved, m.mismatches,
	    m.refused, m.resting, m.hidden, m.displaced, m.keeps, m.spared,
	    m.ended);
	assert_true(m.sessions > 8);
	assert_true(m.mismatches > 5);
	assert_true(m.refused > 20);
	assert_true(m.resting > 20);
	assert_true(m.hidden > 10);
	assert_true(m.displaced > 10);
	assert_true(m.spared > 0);
	assert_answer(
	    rp_approvals_verify(h->w->kit->s, "example.org", &r), RP_OK);
	assert_true(r.sound);
	assert_int_equal(r.approved, m.approved);
	assert_int_equal(r.mismatches, m.mismatches);
	for (unsigned i = 0; i < ASKERS; i++)
		asker_free(&m.askers[i]);
}

static void
lets_nobody_in_any_other_way(void **state)
{
	static const enum store_match ways[] = { STORE_MATCH_CHOOSE3,
		STORE_MATCH_TYPE2, STORE_MATCH_TYPE6 };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		walk_in(*state, ways[i]);
		home_teardown(state);
		home_setup(state);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    lets_nobody_in_any_other_way, home_setup, home_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
