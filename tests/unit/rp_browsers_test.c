/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <stdio.h>

/* Keeps the browser that it is signed in with, with its key. */
static struct store_trust
keep_as(struct home *h, struct asker *b, const struct rp_signed_in *who,
    const char *name)
{
	struct store_trust trust;
	struct rp_kept_token token;

	assert_answer(
	    rp_browser_keep(h->w->rp, call_of_asker(h->w, b), who, name,
		b->kept[0] != '\0' ? b->kept : NULL, b->key.xy, &trust, &token),
	    RP_OK);
	if (token.s[0] != '\0')
		memcpy(b->kept, token.s, sizeof(b->kept));
	return trust;
}

/* anna's browser, kept after an approval. */
static struct store_trust
kept(struct home *h, struct asker *b)
{
	sign_in_by(h->w, b, &h->phone, "anna");
	return keep_as(h, b, &b->in, "Desk");
}

static enum rp_answer
used(struct home *h, struct asker *b, const struct rp_signed_in *who)
{
	struct rp_kept_token token;
	enum rp_answer a;

	a = rp_browser_used(
	    h->w->rp, call_of_asker(h->w, b), who, b->kept, &token);
	if (a == RP_OK && token.s[0] != '\0')
		memcpy(b->kept, token.s, sizeof(b->kept));
	return a;
}

static enum rp_answer
session_of(struct home *h, const struct asker *b)
{
	struct rp_signed_in in;
	bool touch;

	return rp_session_check(h->w->rp, call(h->w), b->token.s, &in, &touch);
}

static size_t
list_of(struct home *h, const struct person *p, struct store_trust *out)
{
	size_t n;

	assert_answer(
	    rp_browsers_list(h->w->rp, call(h->w), &p->in, out, &n), RP_OK);
	return n;
}

static void
keeps_a_browser_under_a_name(void **state)
{
	struct home *h = *state;
	struct store_trust list[STORE_BROWSERS_MAX], t, own;

	t = kept(h, &h->pc);
	assert_string_equal(t.name, "Desk");
	assert_int_equal(t.method, STORE_METHOD_APPROVAL);
	assert_int_equal(list_of(h, h->anna, list), 1);
	assert_string_equal(list[0].name, "Desk");
	assert_string_equal(list[0].client.browser, "Chrome 1001, Linux");
	assert_int_equal(list_of(h, h->ben, list), 0);
	assert_answer(
	    rp_browser_own(h->w->rp, call(h->w), &h->pc.in, h->pc.kept, &own),
	    RP_OK);
	assert_memory_equal(&own.browser, &t.browser, sizeof(own.browser));
	assert_answer(
	    rp_browser_own(h->w->rp, call(h->w), &h->ben->in, h->pc.kept, &own),
	    RP_NOT_FOUND);
	assert_answer(rp_browser_rename(h->w->rp, call(h->w), &h->anna->in,
			  &t.browser, "  Study ", &own),
	    RP_OK);
	assert_string_equal(own.name, "Study");
	assert_answer(rp_browser_rename(h->w->rp, call(h->w), &h->ben->in,
			  &t.browser, "Mine", &own),
	    RP_NOT_FOUND);
	assert_answer(rp_browser_rename(h->w->rp, call(h->w), &h->anna->in,
			  &t.browser, "\x01", &own),
	    RP_NAME_MALFORMED);
	assert_int_equal(audited(h->w, "browser-kept"), 1);
}

static void
fills_the_name_in(void **state)
{
	struct home *h = *state;
	struct store_trust t;
	struct rp_kept_token token;

	sign_in_by(h->w, &h->pc, &h->phone, "anna");
	assert_answer(rp_browser_keep(h->w->rp, call_of_asker(h->w, &h->pc),
			  &h->pc.in, NULL, NULL, NULL, &t, &token),
	    RP_OK);
	assert_string_equal(t.name, "Chrome 1001, Linux");
}

static void
spares_the_number_and_never_the_passkey(void **state)
{
	struct home *h = *state;
	struct rp_commitment c;
	struct rp_context context;
	struct rp_device d;
	enum store_approval_state s;

	kept(h, &h->pc);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(h->pc.a.match, STORE_MATCH_NONE);
	assert_string_equal(h->pc.a.number, "");
	d = device(h->w, &h->phone);
	assert_answer(
	    rp_companion_look(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		&h->pc.a.id, &context, &s),
	    RP_OK);
	assert_true(context.trusted);
	assert_answer(collect(h->w, &h->pc), RP_COLLECT_REFUSED);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, "47", &c), RP_CHOICE_MALFORMED);
	assert_answer(choose(h->w, &h->phone, &h->pc, "", &c), RP_OK);
	assert_answer(collect(h->w, &h->pc), RP_COLLECT_REFUSED);
	assert_answer(sign(h->w, &h->phone, &h->pc, &c,
			  &(struct softkey_script){ .flags = WA_FLAG_UP }, &s),
	    RP_PASSKEY_REFUSED);
	assert_answer(sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_OK);
	assert_int_equal(s, STORE_APPROVAL_APPROVED);
	assert_answer(collect(h->w, &h->pc), RP_OK);
	assert_int_not_equal(h->pc.in.session.browser.b[0] |
				 h->pc.in.session.browser.b[1] |
				 h->pc.in.session.browser.b[2],
	    0);
	/* By configuration it does not. */
	h->w->config.number_always = true;
	world_reopen(h->w);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(h->pc.a.match, STORE_MATCH_CHOOSE3);
}

static void
spares_it_for_who_keeps_it_alone(void **state)
{
	struct home *h = *state;
	struct asker thief;

	kept(h, &h->pc);
	assert_answer(ask(h->w, &h->pc, "ben"), RP_OK);
	assert_int_equal(h->pc.a.match, STORE_MATCH_CHOOSE3);
	assert_false(h->pc.kept_lost);
	/* The token without the key that the browser is known by. */
	thief = h->tv;
	memcpy(thief.kept, h->pc.kept, sizeof(thief.kept));
	assert_answer(ask(h->w, &thief, "anna"), RP_OK);
	assert_int_equal(thief.a.match, STORE_MATCH_CHOOSE3);
	/* Things that are no token of ours. */
	snprintf(thief.kept, sizeof(thief.kept), "x");
	assert_answer(ask(h->w, &thief, "anna"), RP_OK);
	assert_int_equal(thief.a.match, STORE_MATCH_CHOOSE3);
	assert_true(thief.kept_lost);
	memset(thief.kept, 'A', sizeof(thief.kept) - 1);
	h->w->now += DAY;
	assert_answer(ask(h->w, &thief, "anna"), RP_OK);
	assert_int_equal(thief.a.match, STORE_MATCH_CHOOSE3);
	assert_true(thief.kept_lost);
}

/*
 * A thief has the cookie, and an account: the key that a browser is known by
 * does not become the thief's by keeping it in that account.
 */
static void
keeps_the_key_it_was_kept_with(void **state)
{
	struct home *h = *state;
	struct store_trust list[STORE_BROWSERS_MAX], own;
	struct asker thief = h->tv;

	kept(h, &h->pc);
	memcpy(thief.kept, h->pc.kept, sizeof(thief.kept));
	own = keep_as(h, &thief, &h->ben->in, "Mine");
	assert_string_not_equal(thief.kept, h->pc.kept);
	assert_int_equal(list_of(h, h->anna, list), 1);
	assert_memory_not_equal(
	    &list[0].browser, &own.browser, sizeof(own.browser));
	/* With either token: the one that was stolen, and the one it got. */
	assert_answer(ask(h->w, &thief, "anna"), RP_OK);
	assert_int_equal(thief.a.match, STORE_MATCH_CHOOSE3);
	memcpy(thief.kept, h->pc.kept, sizeof(thief.kept));
	assert_answer(ask(h->w, &thief, "anna"), RP_OK);
	assert_int_equal(thief.a.match, STORE_MATCH_CHOOSE3);
	/* And the browser whose it is goes on as before. */
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(h->pc.a.match, STORE_MATCH_NONE);
	assert_false(h->pc.kept_lost);
}

/* A browser that has lost its key is kept again, and stands there once. */
static void
is_another_one_with_another_key(void **state)
{
	struct home *h = *state;
	struct store_trust list[STORE_BROWSERS_MAX];
	struct asker fresh = h->tv;

	kept(h, &h->pc);
	memcpy(fresh.kept, h->pc.kept, sizeof(fresh.kept));
	fresh.cookie = h->pc.cookie;
	keep_as(h, &fresh, &h->anna->in, "Desk again");
	assert_int_equal(list_of(h, h->anna, list), 1);
	assert_string_equal(list[0].name, "Desk again");
	assert_answer(ask(h->w, &fresh, "anna"), RP_OK);
	assert_int_equal(fresh.a.match, STORE_MATCH_NONE);
}

static void
spares_nothing_without_a_key(void **state)
{
	struct home *h = *state;
	struct rp_kept_token token;
	struct store_trust t;

	assert_answer(rp_browser_keep(h->w->rp, call_of_asker(h->w, &h->pc),
			  &h->anna->in, "Bare", NULL, NULL, &t, &token),
	    RP_OK);
	memcpy(h->pc.kept, token.s, sizeof(h->pc.kept));
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(h->pc.a.match, STORE_MATCH_CHOOSE3);
	/* Nor does a key that comes later make it one that has one. */
	memcpy(h->tv.kept, h->pc.kept, sizeof(h->tv.kept));
	keep_as(h, &h->tv, &h->ben->in, "Mine");
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	assert_int_equal(h->tv.a.match, STORE_MATCH_CHOOSE3);
}

static void
gives_another_token_at_each_sign_in(void **state)
{
	struct home *h = *state;
	char first[RP_KEPT_TEXT + 1], second[RP_KEPT_TEXT + 1];

	kept(h, &h->pc);
	memcpy(first, h->pc.kept, sizeof(first));
	h->w->now += HOUR;
	sign_in_by(h->w, &h->pc, &h->phone, "anna");
	memcpy(second, h->pc.kept, sizeof(second));
	assert_string_not_equal(first, second);
	/* The same browser: what finds it stays. */
	assert_memory_equal(first, second, 16);
	/* By a passkey in that browser likewise. */
	h->w->now += HOUR;
	assert_answer(sign_in(h->w, h->anna, "anna"), RP_OK);
	assert_answer(used(h, &h->pc, &h->anna->in), RP_OK);
	assert_string_not_equal(h->pc.kept, second);
	/* A second tab, a minute late at most, gets none and is no thief. */
	memcpy(first, h->pc.kept, sizeof(first));
	memcpy(h->pc.kept, second, sizeof(second));
	h->w->now += MINUTE;
	assert_answer(used(h, &h->pc, &h->anna->in), RP_OK);
	assert_string_equal(h->pc.kept, second);
	memcpy(h->pc.kept, first, sizeof(first));
	assert_answer(used(h, &h->pc, &h->anna->in), RP_OK);
}

/* The answer with the next token never came, as often as not. */
static void
takes_a_lost_answer_for_no_theft(void **state)
{
	struct home *h = *state;
	struct store_trust list[STORE_BROWSERS_MAX];
	char old[RP_KEPT_TEXT + 1];

	kept(h, &h->pc);
	memcpy(old, h->pc.kept, sizeof(old));
	for (int i = 0; i < 3; i++) {
		h->w->now += i == 0 ? 2 * MINUTE : DAY;
		memcpy(h->pc.kept, old, sizeof(old));
		assert_answer(used(h, &h->pc, &h->anna->in), RP_OK);
		assert_string_not_equal(h->pc.kept, old);
	}
	/* The number is spared meanwhile. */
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(h->pc.a.match, STORE_MATCH_NONE);
	assert_int_equal(list_of(h, h->anna, list), 1);
	assert_int_equal(audited(h->w, "browser-copied"), 0);
	/* Once the next one has signed in, the old one is a copy. */
	assert_answer(used(h, &h->pc, &h->anna->in), RP_OK);
	memcpy(h->pc.kept, old, sizeof(old));
	assert_answer(used(h, &h->pc, &h->anna->in), RP_NOT_FOUND);
	assert_int_equal(audited(h->w, "browser-copied"), 1);
}

/* The thief used it first: what they got is worth nothing, and tells. */
static void
finds_the_thief_whoever_comes_first(void **state)
{
	for (int again = 0; again < 2; again++) {
		struct home *h = *state;
		struct asker thief;

		kept(h, &h->pc);
		thief = h->pc;
		h->w->now += HOUR;
		assert_answer(used(h, &thief, &h->ben->in), RP_OK);
		h->w->now += HOUR;
		if (again) {
			assert_answer(used(h, &thief, &h->ben->in), RP_OK);
			assert_answer(
			    used(h, &h->pc, &h->anna->in), RP_NOT_FOUND);
		} else {
			assert_answer(used(h, &h->pc, &h->anna->in), RP_OK);
			assert_answer(
			    used(h, &thief, &h->ben->in), RP_NOT_FOUND);
		}
		assert_int_equal(audited(h->w, "browser-copied"), 1);
		home_teardown(state);
		home_setup(state);
	}
}

static void
notices_a_copy(void **state)
{
	struct home *h = *state;
	char old[RP_KEPT_TEXT + 1];
	struct store_trust list[STORE_BROWSERS_MAX];

	kept(h, &h->pc);
	keep_as(h, &h->pc, &h->ben->in, "Anna's");
	memcpy(old, h->pc.kept, sizeof(old));
	for (int i = 0; i < 2; i++) {
		h->w->now += HOUR;
		sign_in_by(h->w, &h->pc, &h->phone, "anna");
	}
	memcpy(h->tv.kept, old, sizeof(old));
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	assert_true(h->tv.kept_lost);
	assert_int_equal(h->tv.a.match, STORE_MATCH_CHOOSE3);
	/* Everybody who kept it has thrown it out, and reads of it. */
	assert_int_equal(list_of(h, h->anna, list), 0);
	assert_int_equal(list_of(h, h->ben, list), 0);
	assert_answer(session_of(h, &h->pc), RP_SESSION_EXPIRED);
	assert_int_equal(
	    events(h->w, h->anna, "browser-copied", "token-reused"), 1);
	assert_int_equal(audited(h->w, "browser-copied"), 2);
	assert_answer(used(h, &h->pc, &h->anna->in), RP_NOT_FOUND);
}

static void
notices_a_copy_at_a_passkey_sign_in_too(void **state)
{
	struct home *h = *state;
	char old[RP_KEPT_TEXT + 1];
	struct store_trust list[STORE_BROWSERS_MAX];

	kept(h, &h->pc);
	memcpy(old, h->pc.kept, sizeof(old));
	assert_answer(used(h, &h->pc, &h->pc.in), RP_OK);
	h->w->now += HOUR;
	assert_answer(used(h, &h->pc, &h->pc.in), RP_OK);
	memcpy(h->pc.kept, old, sizeof(old));
	assert_answer(used(h, &h->pc, &h->anna->in), RP_NOT_FOUND);
	assert_int_equal(list_of(h, h->anna, list), 0);
	assert_int_equal(audited(h->w, "browser-copied"), 1);
}

static void
throws_one_out_with_its_sessions(void **state)
{
	struct home *h = *state;
	struct store_trust list[STORE_BROWSERS_MAX], pc, tv;
	struct rp_revoked out;
	struct rp_device d;

	pc = kept(h, &h->pc);
	h->w->now += SECOND;
	tv = kept(h, &h->tv);
	assert_answer(session_of(h, &h->pc), RP_OK);
	assert_answer(rp_browser_revoke(
			  h->w->rp, call(h->w), &h->ben->in, &pc.browser, &out),
	    RP_NOT_FOUND);
	assert_answer(rp_browser_revoke(h->w->rp, call(h->w), &h->anna->in,
			  &pc.browser, &out),
	    RP_OK);
	assert_int_equal(out.browsers, 1);
	assert_int_equal(out.sessions, 1);
	assert_answer(session_of(h, &h->pc), RP_SESSION_EXPIRED);
	assert_answer(session_of(h, &h->tv), RP_OK);
	assert_int_equal(list_of(h, h->anna, list), 1);
	/* It is a browser like any other again. */
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(h->pc.a.match, STORE_MATCH_CHOOSE3);
	assert_true(h->pc.kept_lost);
	/* From the phone, too. */
	d = device(h->w, &h->phone);
	assert_answer(
	    rp_companion_browser_revoke(h->w->rp,
		call_of_phone(h->w, &h->phone), &d, &pc.browser, &out),
	    RP_NOT_FOUND);
	assert_answer(
	    rp_companion_browser_revoke(h->w->rp,
		call_of_phone(h->w, &h->phone), &d, &tv.browser, &out),
	    RP_OK);
	assert_answer(session_of(h, &h->tv), RP_SESSION_EXPIRED);
	assert_int_equal(list_of(h, h->anna, list), 0);
}

static void
throws_all_out(void **state)
{
	struct home *h = *state;
	struct store_trust list[STORE_BROWSERS_MAX];
	struct rp_revoked out;

	kept(h, &h->pc);
	kept(h, &h->tv);
	keep_as(h, &h->tv, &h->ben->in, "Shared");
	assert_answer(
	    rp_browser_revoke(h->w->rp, call(h->w), &h->anna->in, NULL, &out),
	    RP_OK);
	assert_int_equal(out.browsers, 2);
	assert_int_equal(out.sessions, 2);
	/* The session that is not on a kept browser goes on. */
	assert_int_equal(list_of(h, h->anna, list), 0);
	/* Another account keeps what it keeps. */
	assert_int_equal(list_of(h, h->ben, list), 1);
	assert_answer(
	    rp_browser_revoke(h->w->rp, call(h->w), &h->anna->in, NULL, &out),
	    RP_OK);
	assert_int_equal(out.browsers, 0);
}

static void
forgets_what_is_not_used(void **state)
{
	struct home *h = *state;
	struct store_trust list[STORE_BROWSERS_MAX];
	unsigned swept;

	kept(h, &h->pc);
	h->w->now += 90 * DAY - 1;
	assert_int_equal(list_of(h, h->anna, list), 1);
	h->w->now += 1;
	assert_int_equal(list_of(h, h->anna, list), 0);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(h->pc.a.match, STORE_MATCH_CHOOSE3);
	assert_ok(store_sweep(h->w->kit->s, h->w->now, 1000, &swept));
	assert_int_equal(entries(h->w->kit->s, TABLE_BROWSERS), 0);
}

static void
ends_after_four_hundred_days_at_most(void **state)
{
	struct home *h = *state;
	struct store_trust list[STORE_BROWSERS_MAX];

	kept(h, &h->pc);
	for (int i = 0; i < 4; i++) {
		h->w->now += 80 * DAY;
		sign_in_by(h->w, &h->pc, &h->phone, "anna");
		assert_int_equal(h->pc.a.match, STORE_MATCH_NONE);
	}
	h->w->now += 80 * DAY;
	assert_int_equal(list_of(h, h->anna, list), 0);
	sign_in_by(h->w, &h->pc, &h->phone, "anna");
	assert_int_equal(h->pc.a.match, STORE_MATCH_CHOOSE3);
}

static void
keeps_so_many_and_no_more(void **state)
{
	struct home *h = *state;
	struct store_trust list[STORE_BROWSERS_MAX];
	struct asker b;
	size_t n = 0;

	for (unsigned i = 0; i < STORE_BROWSERS_MAX + 3; i++) {
		asker_make(&b, 50 + i);
		b.in = h->anna->in;
		h->w->now += SECOND;
		keep_as(h, &b, &b.in, "Another");
		asker_free(&b);
	}
	n = list_of(h, h->anna, list);
	assert_int_equal(n, STORE_BROWSERS_MAX);
	/* The ones unused longest are gone. */
	assert_int_equal(list[0].last_used, h->w->now);
	assert_int_equal(list[n - 1].last_used,
	    h->w->now - (STORE_BROWSERS_MAX - 1) * SECOND);
	assert_int_equal(
	    entries(h->w->kit->s, TABLE_BROWSERS), STORE_BROWSERS_MAX);
}

static void
is_gone_with_the_account(void **state)
{
	struct home *h = *state;
	struct store_trust list[STORE_BROWSERS_MAX];

	kept(h, &h->pc);
	keep_as(h, &h->pc, &h->ben->in, "Shared");
	kept(h, &h->tv);
	assert_answer(prove(h->w, h->anna), RP_OK);
	assert_answer(
	    rp_account_remove_own(h->w->rp, call(h->w), &h->anna->in), RP_OK);
	assert_int_equal(list_of(h, h->ben, list), 1);
	assert_int_equal(entries(h->w->kit->s, TABLE_BROWSERS), 1);
	assert_int_equal(entries(h->w->kit->s, TABLE_PHONES), 1);
}

/* ---- who is told ---- */

static size_t
rings(struct home *h)
{
	size_t nobody;

	return push_drain(h->w, &nobody);
}

static void
tells_of_one_that_an_approval_let_in(void **state)
{
	struct home *h = *state;
	struct store_history notice;
	struct person guest = { .key = h->anna->key };
	size_t n;

	sign_in_by(h->w, &h->pc, &h->phone, "anna");
	rings(h);
	keep_as(h, &h->pc, &h->pc.in, "Desk");
	assert_int_equal(rings(h), 2);
	/* Nor can who was let in take the notice down. */
	assert_answer(
	    rp_notices_list(h->w->rp, call(h->w), &h->pc.in, &notice, 1, &n),
	    RP_OK);
	assert_int_equal(n, 1);
	assert_string_equal(notice.event, "browser-kept");
	assert_answer(
	    rp_notice_seen(h->w->rp, call(h->w), &h->pc.in, &notice.id),
	    RP_PROOF_NEEDED);
	guest.in = h->pc.in;
	assert_answer(prove(h->w, &guest), RP_OK);
	assert_answer(
	    rp_notice_seen(h->w->rp, call(h->w), &h->pc.in, &notice.id), RP_OK);
	/* With a passkey used there it is no news. */
	keep_as(h, &h->tv, &h->anna->in, "TV");
	assert_int_equal(rings(h), 0);
	assert_answer(
	    rp_notices_list(h->w->rp, call(h->w), &h->pc.in, &notice, 1, &n),
	    RP_OK);
	assert_int_equal(n, 1);
	assert_string_not_equal(notice.event, "browser-kept");
}

/* ---- the switch ---- */

static enum store_rc
put_session(struct store_txn *t, void *arg)
{
	return store_session_put(t, arg);
}

/* What a session may do that was opened by a code. */
static void
try_all(struct home *h, const struct rp_signed_in *who, enum rp_answer full)
{
	struct rp_new_phone phone = { .name = "X", .platform = "" };
	struct store_trust list[STORE_BROWSERS_MAX], t;
	struct rp_kept_token token;
	struct rp_revoked revoked;
	struct rp_creation creation;
	struct store_phone added;
	struct rp_offer offer;
	struct rp_offer_text text;
	struct offer_id none = { { 1 } };
	size_t n;

	memcpy(phone.key, h->pc.key.xy, sizeof(phone.key));
	assert_answer(rp_browser_keep(h->w->rp, call(h->w), who, "Cafe", NULL,
			  NULL, &t, &token),
	    full);
	assert_answer(
	    rp_browsers_list(h->w->rp, call(h->w), who, list, &n), RP_OK);
	assert_true(n > 0);
	assert_answer(
	    rp_browser_rename(h->w->rp, call(h->w), who,
		full == RP_OK ? &t.browser : &list[0].browser, "Mine", &t),
	    full);
	assert_answer(
	    rp_offer_confirm(h->w->rp, call(h->w), who, &none, true, &added),
	    full == RP_OK ? RP_OFFER_UNKNOWN : full);
	assert_answer(always_passkey(h->w, who, true), full);
	/* These want a passkey whatever the switch says. */
	assert_answer(always_passkey(h->w, who, false), RP_PROOF_NEEDED);
	assert_answer(
	    rp_passkey_add_begin(h->w->rp, call(h->w), who, &creation),
	    RP_PROOF_NEEDED);
	assert_answer(rp_phone_add(h->w->rp, call(h->w), who, &phone, &added),
	    RP_PROOF_NEEDED);
	assert_answer(rp_phone_remove(h->w->rp, call(h->w), who, &h->phone.id),
	    RP_PROOF_NEEDED);
	assert_answer(rp_offer_begin(h->w->rp, call(h->w), who, &offer, &text),
	    RP_PROOF_NEEDED);
	assert_answer(rp_notice_seen(h->w->rp, call(h->w), who,
			  &(struct history_id){ { 1 } }),
	    RP_PROOF_NEEDED);
	/* Throwing out harms nobody; its own would end the session. */
	for (size_t i = 0; full == RP_OK && i < n; i++)
		if (strcmp(list[i].name, "TV") == 0)
			assert_answer(rp_browser_revoke(h->w->rp, call(h->w),
					  who, &list[i].browser, &revoked),
			    RP_OK);
}

static void
limits_what_a_code_has_opened(void **state)
{
	struct home *h = *state;
	struct person guest = { .key = h->anna->key };

	kept(h, &h->pc);
	keep_as(h, &h->tv, &h->anna->in, "TV");
	assert_answer(sign_in(h->w, h->anna, "anna"), RP_OK);
	guest.in = h->anna->in;
	guest.in.session.method = STORE_METHOD_CODE;
	guest.in.session.proved = 0;
	assert_ok(store_update(h->w->kit->s, put_session, &guest.in.session));
	try_all(h, &guest.in, RP_PROOF_NEEDED);
	/* Its owner has said that a code is enough. */
	assert_answer(sign_in(h->w, h->anna, "anna"), RP_OK);
	assert_answer(always_passkey(h->w, &h->anna->in, false), RP_OK);
	try_all(h, &guest.in, RP_OK);
	/* And a passkey used there is always enough. */
	assert_answer(prove(h->w, &guest), RP_OK);
	assert_answer(always_passkey(h->w, &guest.in, false), RP_OK);
}

static void
is_always_passkey_unless_switched_off(void **state)
{
	struct home *h = *state;
	struct rp_signed_in code = h->anna->in;
	unsigned swept;
	bool on;

	assert_answer(
	    rp_always_passkey(h->w->rp, call(h->w), &h->anna->in, &on), RP_OK);
	assert_true(on);
	code.session.method = STORE_METHOD_CODE;
	code.session.proved = 0;
	assert_string_equal(
	    rp_method_acr(code.session.method), "urn:itsumo:code");
	assert_false(rp_session_full(&code, on));
	assert_true(rp_session_full(&h->anna->in, on));
	h->w->now += HOUR;
	assert_answer(
	    always_passkey(h->w, &h->anna->in, false), RP_PROOF_NEEDED);
	assert_answer(prove(h->w, h->anna), RP_OK);
	assert_answer(always_passkey(h->w, &h->anna->in, false), RP_OK);
	assert_int_equal(events(h->w, h->anna, "always-passkey-off", ""), 1);
	/* It stays as it was set, however long. */
	h->w->now += 13 * DAY;
	assert_ok(store_sweep(h->w->kit->s, h->w->now, 1000, &swept));
	assert_answer(
	    rp_always_passkey(h->w->rp, call(h->w), &h->anna->in, &on), RP_OK);
	assert_false(on);
	assert_true(rp_session_full(&code, on));
	assert_answer(always_passkey(h->w, &h->anna->in, true), RP_OK);
	assert_answer(
	    rp_always_passkey(h->w->rp, call(h->w), &h->anna->in, &on), RP_OK);
	assert_true(on);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		TEST(keeps_a_browser_under_a_name),
		TEST(fills_the_name_in),
		TEST(spares_the_number_and_never_the_passkey),
		TEST(spares_it_for_who_keeps_it_alone),
		TEST(keeps_the_key_it_was_kept_with),
		TEST(is_another_one_with_another_key),
		TEST(spares_nothing_without_a_key),
		TEST(gives_another_token_at_each_sign_in),
		TEST(takes_a_lost_answer_for_no_theft),
		TEST(finds_the_thief_whoever_comes_first),
		TEST(notices_a_copy),
		TEST(notices_a_copy_at_a_passkey_sign_in_too),
		TEST(throws_one_out_with_its_sessions),
		TEST(throws_all_out),
		TEST(forgets_what_is_not_used),
		TEST(ends_after_four_hundred_days_at_most),
		TEST(keeps_so_many_and_no_more),
		TEST(is_gone_with_the_account),
		TEST(tells_of_one_that_an_approval_let_in),
		TEST(limits_what_a_code_has_opened),
		TEST(is_always_passkey_unless_switched_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
