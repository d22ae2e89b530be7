/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include <stdio.h>

#include "rp/approvals.h"
#include "rp/ids.h"

/* ---- accounts, by their owners ---- */

static enum rp_answer
change(struct world *w, struct person *p, const char *display_name,
    const char *locale, struct store_account *a)
{
	const struct rp_account_change change = { display_name, locale, NULL };

	return rp_account_change(w->rp, call(w), &p->in, &change, a);
}

static void
changes_what_is_shown(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct store_account a;
	size_t n;

	sign_up(w, p, "taro");
	assert_answer(change(w, p, " 山田　太郎 ", "ja", &a), RP_OK);
	assert_string_equal(a.display_name, "山田 太郎");
	assert_string_equal(a.locale, "ja");
	assert_string_equal(a.name, "taro");
	assert_int_equal(events(w, p, "display-name-changed", ""), 1);
	assert_int_equal(audited(w, "display-name-changed"), 1);
	/* The same again, or the language alone, is no news. */
	assert_answer(change(w, p, "山田 太郎", NULL, &a), RP_OK);
	assert_answer(change(w, p, NULL, "en", &a), RP_OK);
	assert_string_equal(a.locale, "en");
	assert_string_equal(a.display_name, "山田 太郎");
	assert_int_equal(events(w, p, "display-name-changed", ""), 1);
	assert_answer(change(w, p, "\u202e", NULL, &a), RP_NAME_MALFORMED);
	assert_non_null(w->call.hint);
	assert_answer(change(w, p, NULL, "e n", &a), RP_NAME_MALFORMED);
	assert_answer(
	    change(w, p, NULL, "0123456789abcdef", &a), RP_NAME_MALFORMED);
	/* None at all is one, too. */
	assert_answer(change(w, p, " \u3000", NULL, &a), RP_OK);
	assert_string_equal(a.display_name, "");
	assert_answer(change(w, p, "", NULL, &a), RP_OK);
	assert_int_equal(events(w, p, "display-name-changed", ""), 2);
	assert_answer(
	    rp_sessions_end(w->rp, call(w), &p->in, false, &n), RP_OK);
	assert_answer(change(w, p, "x", NULL, &a), RP_SESSION_EXPIRED);
	person_free(p);
}

/* All that was asked for, or nothing. */
static void
changes_all_or_nothing(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	const bool off = false;
	struct rp_account_change all = { "花子", "ja", &off };
	struct store_account a;
	bool on = false;

	sign_up(w, p, "taro");
	/* Refused for its name: the switch is as it was. */
	all.display_name = "\u202e";
	assert_answer(rp_account_change(w->rp, call(w), &p->in, &all, &a),
	    RP_NAME_MALFORMED);
	assert_answer(rp_always_passkey(w->rp, call(w), &p->in, &on), RP_OK);
	assert_true(on);
	/* Refused for its switch: the name is. */
	w->now += HOUR;
	all.display_name = "花子";
	assert_answer(rp_account_change(w->rp, call(w), &p->in, &all, &a),
	    RP_PROOF_NEEDED);
	assert_answer(change(w, p, NULL, NULL, &a), RP_OK);
	assert_string_equal(a.display_name, "taro");
	assert_string_equal(a.locale, "");
	assert_int_equal(events(w, p, "display-name-changed", NULL), 0);

	assert_answer(prove(w, p), RP_OK);
	assert_answer(
	    rp_account_change(w->rp, call(w), &p->in, &all, &a), RP_OK);
	assert_string_equal(a.display_name, "花子");
	assert_string_equal(a.locale, "ja");
	assert_answer(rp_always_passkey(w->rp, call(w), &p->in, &on), RP_OK);
	assert_false(on);
	assert_int_equal(events(w, p, "always-passkey-off", NULL), 1);
	assert_int_equal(events(w, p, "display-name-changed", NULL), 1);
	person_free(p);
}

static void
goes_when_asked(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *heir = person_new();
	struct store_credential c;
	struct store_stat st;
	struct rp_signed_in in;
	bool touch;

	sign_up(w, p, "taro");
	w->now += 5 * MINUTE + 1;
	assert_answer(
	    rp_account_remove_own(w->rp, call(w), &p->in), RP_PROOF_NEEDED);
	assert_answer(prove(w, p), RP_OK);
	assert_answer(rp_account_remove_own(w->rp, call(w), &p->in), RP_OK);
	assert_false(stored(w, p, &c));
	assert_answer(rp_session_check(w->rp, call(w), p->token.s, &in, &touch),
	    RP_SESSION_EXPIRED);
	assert_answer(
	    rp_account_remove_own(w->rp, call(w), &p->in), RP_SESSION_EXPIRED);
	assert_ok(store_stat(w->kit->s, &st));
	assert_int_equal(st.accounts + st.credentials + st.sessions, 0);
	assert_int_equal(st.history, 0);
	assert_int_equal(audited(w, "account-created"), 1);
	assert_int_equal(audited(w, "account-removed"), 1);
	/* The name is free; who had it before is somebody else. */
	sign_up(w, heir, "taro");
	assert_answer(sign_in(w, p, NULL), RP_PASSKEY_UNKNOWN);
	assert_answer(sign_in(w, p, "taro"), RP_PASSKEY_REFUSED);
	person_free(p);
	person_free(heir);
}

/* ---- history and notices ---- */

static void
pages_through_history(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new();
	struct store_history page[RP_HISTORY_PAGE_MAX];
	struct history_id from = { { 0 } };
	store_time last;
	size_t n, seen = 0;

	sign_up(w, other, "hanako");
	sign_up(w, p, "taro");
	for (int i = 0; i < 25; i++) {
		w->now += SECOND;
		assert_answer(sign_in(w, p, NULL), RP_OK);
	}
	last = w->now + 1;
	do {
		assert_answer(rp_history_list(
				  w->rp, call(w), &p->in, &from, page, 10, &n),
		    RP_OK);
		for (size_t i = 0; i < n; i++) {
			assert_true(page[i].at < last);
			last = page[i].at;
			assert_memory_equal(
			    &page[i].account, &p->in.account.id, 16);
			assert_int_equal(
			    page[i].expires, page[i].at + 400 * DAY);
		}
		seen += n;
		if (n > 0)
			from = page[n - 1].id;
	} while (n > 0);
	assert_int_equal(seen, 26);
	/* The last one of the last page. */
	assert_string_equal(page[5].event, "account-created");
	assert_string_equal(page[5].passkey, "Passkey");
	assert_string_equal(page[5].client.browser, "Chrome 1, Linux");
	assert_int_equal(page[5].method, STORE_METHOD_PASSKEY);
	person_free(p);
	person_free(other);
}

static void
takes_notices_down(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new();
	struct store_history list[8];
	struct history_id first;
	size_t n;

	sign_up(w, other, "hanako");
	p->counter = 5;
	sign_up(w, p, "taro");
	for (int i = 0; i < 3; i++) {
		w->now += SECOND;
		p->counter = 1;
		assert_answer(sign_in(w, p, NULL), RP_SIGN_COUNT);
	}
	/* They are found under whatever came after them. */
	p->counter = 5;
	for (int i = 0; i < 40; i++) {
		p->counter++;
		w->now += SECOND;
		assert_answer(sign_in(w, p, NULL), RP_OK);
	}
	assert_answer(
	    rp_notices_list(w->rp, call(w), &p->in, list, 8, &n), RP_OK);
	assert_int_equal(n, 3);
	assert_answer(
	    rp_notices_list(w->rp, call(w), &p->in, list, 2, &n), RP_OK);
	assert_int_equal(n, 2);
	first = list[0].id;
	assert_answer(
	    rp_notice_seen(w->rp, call(w), &other->in, &first), RP_NOT_FOUND);
	assert_answer(rp_notice_seen(w->rp, call(w), &p->in, &first), RP_OK);
	assert_answer(
	    rp_notices_list(w->rp, call(w), &p->in, list, 8, &n), RP_OK);
	assert_int_equal(n, 2);
	assert_int_equal(events(w, p, "sign-in", "sign-count"), 3);
	person_free(p);
	person_free(other);
}

/* ---- the administrator ---- */

static void
finds_accounts(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct store_account a;
	struct rp_id_text id;
	const struct account_id none = { { 9 } };

	sign_up(w, p, "Taro@example.org");
	id = rp_id_write("acc_", p->in.account.id.b);
	assert_answer(rp_admin_account_find(w->rp, call(w), id.s, &a), RP_OK);
	assert_string_equal(a.name, "Taro@example.org");
	assert_answer(
	    rp_admin_account_find(w->rp, call(w), "tARO@EXAMPLE.ORG", &a),
	    RP_OK);
	id = rp_id_write("acc_", none.b);
	assert_answer(
	    rp_admin_account_find(w->rp, call(w), id.s, &a), RP_NOT_FOUND);
	assert_answer(
	    rp_admin_account_find(w->rp, call(w), "hanako", &a), RP_NOT_FOUND);
	assert_answer(
	    rp_admin_account_find(w->rp, call(w), "a b", &a), RP_NOT_FOUND);
	person_free(p);
}

static void
adds_accounts(void **state)
{
	struct world *w = *state;
	struct store_account a;
	struct rp_invitation_text i;

	assert_answer(
	    rp_admin_account_add(w->rp, call(w), "Taro", NULL, &a, &i), RP_OK);
	assert_string_equal(a.display_name, "Taro");
	assert_int_equal(strlen(i.s), RP_INVITATION_TEXT);
	assert_answer(
	    rp_admin_account_add(w->rp, call(w), "TARO", NULL, &a, &i),
	    RP_NAME_TAKEN);
	assert_answer(rp_admin_account_add(w->rp, call(w), "a b", NULL, &a, &i),
	    RP_NAME_MALFORMED);
	assert_answer(rp_admin_account_add(w->rp, call(w), "b", "\n", &a, &i),
	    RP_NAME_MALFORMED);
	assert_int_equal(audited(w, "account-created"), 1);
	assert_int_equal(audited(w, "invitation-made"), 1);
}

static void
locks_and_unlocks(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	const struct account_id none = { { 9 } };
	struct store_account a;
	struct store_history list[8];
	struct rp_signed_in in;
	bool touch;
	size_t n;

	sign_up(w, p, "taro");
	assert_answer(sign_in(w, p, NULL), RP_OK);
	w->now += MINUTE;
	assert_answer(
	    rp_admin_account_lock(w->rp, call(w), &p->in.account.id, &n),
	    RP_OK);
	assert_int_equal(n, 2);
	assert_answer(rp_session_check(w->rp, call(w), p->token.s, &in, &touch),
	    RP_SESSION_EXPIRED);
	assert_answer(sign_in(w, p, NULL), RP_ACCOUNT_LOCKED);
	assert_answer(sign_in(w, p, "taro"), RP_ACCOUNT_LOCKED);
	assert_answer(rp_admin_account_find(w->rp, call(w), "taro", &a), RP_OK);
	assert_int_equal(a.state, STORE_ACCOUNT_LOCKED);
	assert_int_equal(a.changed, w->now);
	/* Once more changes nothing. */
	assert_answer(
	    rp_admin_account_lock(w->rp, call(w), &p->in.account.id, &n),
	    RP_OK);
	assert_int_equal(n, 0);
	assert_int_equal(audited(w, "account-locked"), 1);
	assert_answer(
	    rp_admin_account_unlock(w->rp, call(w), &p->in.account.id), RP_OK);
	assert_answer(
	    rp_admin_account_unlock(w->rp, call(w), &p->in.account.id), RP_OK);
	assert_int_equal(audited(w, "account-unlocked"), 1);
	assert_answer(sign_in(w, p, NULL), RP_OK);
	assert_answer(
	    rp_notices_list(w->rp, call(w), &p->in, list, 8, &n), RP_OK);
	assert_int_equal(n, 2);
	assert_answer(
	    rp_admin_account_lock(w->rp, call(w), &none, &n), RP_NOT_FOUND);
	assert_answer(
	    rp_admin_account_unlock(w->rp, call(w), &none), RP_NOT_FOUND);
	person_free(p);
}

static void
removes_accounts(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();

	sign_up(w, p, "taro");
	assert_answer(
	    rp_admin_account_remove(w->rp, call(w), &p->in.account.id), RP_OK);
	assert_answer(
	    rp_admin_account_remove(w->rp, call(w), &p->in.account.id),
	    RP_NOT_FOUND);
	assert_answer(sign_in(w, p, NULL), RP_PASSKEY_UNKNOWN);
	assert_int_equal(audited(w, "account-removed"), 1);
	person_free(p);
}

static void
revokes_sessions(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new();
	const struct account_id none = { { 9 } };
	size_t n;

	sign_up(w, p, "taro");
	sign_up(w, other, "hanako");
	assert_answer(sign_in(w, p, NULL), RP_OK);
	assert_answer(sign_in(w, p, NULL), RP_OK);
	assert_answer(rp_admin_session_revoke(w->rp, call(w), &p->in.account.id,
			  &other->in.session.id, &n),
	    RP_NOT_FOUND);
	assert_answer(rp_admin_session_revoke(w->rp, call(w), &p->in.account.id,
			  &p->in.session.id, &n),
	    RP_OK);
	assert_int_equal(n, 1);
	assert_answer(rp_admin_session_revoke(w->rp, call(w), &p->in.account.id,
			  &p->in.session.id, &n),
	    RP_NOT_FOUND);
	assert_answer(rp_admin_session_revoke(
			  w->rp, call(w), &p->in.account.id, NULL, &n),
	    RP_OK);
	assert_int_equal(n, 2);
	assert_answer(rp_admin_session_revoke(
			  w->rp, call(w), &p->in.account.id, NULL, &n),
	    RP_OK);
	assert_int_equal(n, 0);
	assert_answer(rp_admin_session_revoke(w->rp, call(w), &none, NULL, &n),
	    RP_NOT_FOUND);
	assert_int_equal(events(w, p, "session-ended", ""), 2);
	assert_int_equal(audited(w, "session-ended"), 2);
	person_free(p);
	person_free(other);
}

/* ---- links, and devices that are lost ---- */

static struct rp_invitation_text
invite(struct world *w, const char *name)
{
	struct rp_invitation_text i;
	store_time expires;

	assert_answer(
	    rp_admin_invite(w->rp, call(w), name, &i, &expires), RP_OK);
	return i;
}

static void
assert_link(struct world *w, const struct rp_invitation_text *i, bool good)
{
	struct rp_invitation about;

	assert_answer(rp_invitation_check(w->rp, call(w), i->s, &about),
	    good ? RP_OK : RP_INVITATION_UNKNOWN);
}

/* How many there are, read a few at a time. */
static size_t
links(struct world *w)
{
	struct store_invitation list[3];
	size_t n, total = 0;

	do {
		assert_answer(
		    rp_admin_invitations_list(w->rp, call(w),
			total > 0 ? list[2].token_hash : NULL, list, 3, &n),
		    RP_OK);
		total += n;
	} while (n == 3);
	return total;
}

static void
lists_and_revokes_links(void **state)
{
	struct world *w = *state;
	struct rp_invitation_text made[7];
	const uint8_t none[16] = { 9 };

	assert_int_equal(links(w), 0);
	for (int i = 0; i < 7; i++) {
		made[i] = invite(w, i % 2 == 0 ? NULL : "taro");
		assert_int_equal(links(w), i + 1);
	}
	assert_answer(
	    rp_admin_invitation_revoke(w->rp, call(w), none), RP_NOT_FOUND);
	assert_answer(
	    rp_admin_invitation_revoke(w->rp, call(w), made[3].id), RP_OK);
	assert_answer(rp_admin_invitation_revoke(w->rp, call(w), made[3].id),
	    RP_NOT_FOUND);
	for (int i = 0; i < 7; i++)
		assert_link(w, &made[i], i != 3);
	assert_int_equal(links(w), 6);
	assert_int_equal(audited(w, "invitation-revoked"), 1);
	/* What has expired is none, swept or not. */
	w->now += 7 * DAY;
	assert_int_equal(links(w), 0);
	assert_answer(rp_admin_invitation_revoke(w->rp, call(w), made[0].id),
	    RP_NOT_FOUND);
}

/* A link to an account is a way into it. */
static void
links_to_an_account_end_with_its_doors(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new(),
		      *new = person_new();
	struct rp_invitation_text theirs, mine[20];
	struct rp_signup s = { .invitation = mine[0].s };
	size_t n;

	sign_up(w, p, "taro");
	sign_up(w, other, "hanako");
	theirs = invite(w, "hanako");
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 20; i++)
			mine[i] = invite(w, "TARO");
		if (round == 0)
			assert_answer(sign_up_with(w, new, &s), RP_OK);
		else if (round == 1)
			assert_answer(rp_admin_account_lock(w->rp, call(w),
					  &p->in.account.id, &n),
			    RP_OK);
		else
			assert_answer(rp_admin_session_revoke(w->rp, call(w),
					  &p->in.account.id, NULL, &n),
			    RP_OK);
		if (round == 1)
			assert_answer(rp_admin_account_unlock(
					  w->rp, call(w), &p->in.account.id),
			    RP_OK);
		for (int i = 0; i < 20; i++)
			assert_link(w, &mine[i], false);
		assert_link(w, &theirs, true);
		w->now += DAY / 2;
	}
	/* One session is another matter. */
	assert_answer(sign_in(w, p, NULL), RP_OK);
	mine[0] = invite(w, "taro");
	assert_answer(rp_admin_session_revoke(w->rp, call(w), &p->in.account.id,
			  &p->in.session.id, &n),
	    RP_OK);
	assert_link(w, &mine[0], true);
	assert_int_equal(links(w), 2);
	/* Nobody was signed in the last time: no news but for the log. */
	assert_int_equal(events(w, p, "session-ended", ""), 1);
	assert_int_equal(audited(w, "invitation-revoked"), 1);
	person_free(p);
	person_free(other);
	person_free(new);
}

static void
removes_passkeys_of_lost_devices(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *second = person_new(),
		      *other = person_new();
	const struct credential_ref none = { { 9 } };
	struct credential_ref first, theirs;
	struct store_credential c;
	struct store_history list[8];
	struct rp_signed_in in;
	bool touch;
	size_t n;

	sign_up(w, p, "taro");
	sign_up(w, other, "hanako");
	first = p->in.session.credential;
	theirs = other->in.session.credential;
	assert_answer(add_passkey(w, p, second), RP_OK);
	assert_answer(sign_in(w, p, NULL), RP_OK);
	assert_answer(sign_in(w, second, NULL), RP_OK);
	assert_answer(rp_admin_passkey_remove(
			  w->rp, call(w), &p->in.account.id, &none, true, &n),
	    RP_NOT_FOUND);
	assert_answer(rp_admin_passkey_remove(
			  w->rp, call(w), &p->in.account.id, &theirs, true, &n),
	    RP_NOT_FOUND);
	assert_answer(rp_admin_passkey_remove(
			  w->rp, call(w), &p->in.account.id, &first, false, &n),
	    RP_OK);
	assert_int_equal(n, 2);
	assert_answer(rp_session_check(w->rp, call(w), p->token.s, &in, &touch),
	    RP_SESSION_EXPIRED);
	assert_answer(
	    rp_session_check(w->rp, call(w), second->token.s, &in, &touch),
	    RP_OK);
	assert_false(stored(w, p, &c));
	assert_int_equal(events(w, p, "passkey-removed", ""), 1);
	assert_int_equal(audited(w, "passkey-removed"), 1);
	assert_answer(
	    rp_notices_list(w->rp, call(w), &second->in, list, 8, &n), RP_OK);
	assert_true(n >= 1);
	/* Without the last one nobody comes in: that has to be meant. */
	first = second->in.session.credential;
	assert_answer(rp_admin_passkey_remove(
			  w->rp, call(w), &p->in.account.id, &first, false, &n),
	    RP_LAST_PASSKEY);
	assert_answer(
	    rp_session_check(w->rp, call(w), second->token.s, &in, &touch),
	    RP_OK);
	assert_answer(rp_admin_passkey_remove(
			  w->rp, call(w), &p->in.account.id, &first, true, &n),
	    RP_OK);
	assert_answer(sign_in(w, second, NULL), RP_PASSKEY_UNKNOWN);
	person_free(p);
	person_free(second);
	person_free(other);
}

static void
names_every_answer(void **state)
{
	(void)state;
	assert_string_equal(rp_answer_name(RP_OK), "ok");
	assert_string_equal(rp_answer_name(RP_SIGN_COUNT), "sign-count");
	assert_string_equal(rp_answer_name(RP_FAULT), "fault");
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(changes_what_is_shown),
		T(changes_all_or_nothing),
		T(goes_when_asked),
		T(pages_through_history),
		T(takes_notices_down),
		T(finds_accounts),
		T(adds_accounts),
		T(locks_and_unlocks),
		T(removes_accounts),
		T(revokes_sessions),
		T(lists_and_revokes_links),
		T(links_to_an_account_end_with_its_doors),
		T(removes_passkeys_of_lost_devices),
		cmocka_unit_test(names_every_answer),
	};

	return cmocka_run_group_tests_name("rp_admin", tests, NULL, NULL);
}
