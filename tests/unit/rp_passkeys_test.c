/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include <stdio.h>

static size_t
passkeys(struct world *w, const struct person *p)
{
	static struct store_credential list[STORE_CREDENTIALS_MAX];
	size_t n;

	assert_answer(
	    rp_passkeys_list(w->rp, call(w), &p->in, list, &n), RP_OK);
	return n;
}

static void
adds_and_lists(void **state)
{
	static struct store_credential list[STORE_CREDENTIALS_MAX];
	struct world *w = *state;
	struct person *p = person_new(), *second = person_new();
	struct rp_creation o;
	struct rp_new_passkey made;
	struct store_credential c;
	size_t n;

	sign_up(w, p, "taro");
	w->now += MINUTE;
	assert_answer(rp_passkey_add_begin(w->rp, call(w), &p->in, &o), RP_OK);
	assert_int_equal(o.exclude.n, 1);
	assert_memory_equal(o.exclude.list[0].id, softkey_id(p->key).p, 32);
	assert_memory_equal(o.user_handle, p->in.account.user_handle, 32);
	assert_string_equal(o.name, "taro");
	made = make_passkey(second, &o);
	made.name = "Second";
	assert_answer(rp_passkey_add_finish(w->rp, call(w), &p->in,
			  sealed(&o.ceremony), &made, &c),
	    RP_OK);
	assert_string_equal(c.name, "Second");
	assert_answer(
	    rp_passkeys_list(w->rp, call(w), &p->in, list, &n), RP_OK);
	assert_int_equal(n, 2);
	assert_memory_equal(list[0].id, softkey_id(p->key).p, 32);
	assert_memory_equal(list[1].id, softkey_id(second->key).p, 32);
	assert_int_equal(events(w, p, "passkey-added", ""), 1);
	assert_int_equal(audited(w, "passkey-added"), 2);
	assert_answer(sign_in(w, second, NULL), RP_OK);
	assert_memory_equal(&second->in.account.id, &p->in.account.id, 16);
	person_free(p);
	person_free(second);
}

/* ---- what adding answers ---- */

enum lie {
	TRUTH,
	FOREIGN,
	LATE,
	OTHERS_CEREMONY,
	SIGN_UPS_CEREMONY,
	UNVERIFIED,
	KEY_TAKEN,
	REPLAYED,
	SIGNED_OUT,
	LOCKED,
	STALE_AT_THE_END,
	STALE_AT_THE_BEGIN,
	STALE_ELSEWHERE,
};

static const struct {
	enum lie lie;
	enum rp_answer want;
} lies[] = {
	{ TRUTH, RP_OK },
	{ FOREIGN, RP_CEREMONY_FOREIGN },
	{ LATE, RP_CEREMONY_EXPIRED },
	{ OTHERS_CEREMONY, RP_CEREMONY_ACCOUNT },
	{ SIGN_UPS_CEREMONY, RP_CEREMONY_KIND },
	{ UNVERIFIED, RP_PASSKEY_REFUSED },
	{ KEY_TAKEN, RP_CREDENTIAL_TAKEN },
	{ REPLAYED, RP_CEREMONY_SPENT },
	{ SIGNED_OUT, RP_SESSION_EXPIRED },
	{ LOCKED, RP_SESSION_EXPIRED },
	{ STALE_AT_THE_END, RP_OK },
	{ STALE_AT_THE_BEGIN, RP_PROOF_NEEDED },
	{ STALE_ELSEWHERE, RP_PROOF_NEEDED },
};

static enum rp_answer
add(struct world *w, enum lie lie, struct person *p, struct person *other,
    struct person *key)
{
	struct rp_creation o;
	struct rp_new_passkey made;
	struct store_credential c;
	enum rp_answer a;
	const struct rp_signed_in stale = p->in;
	size_t n;

	/* Begun in a session that is fresh, finished in one that is not. */
	if (lie == STALE_ELSEWHERE) {
		w->now += 6 * MINUTE;
		assert_answer(sign_in(w, p, NULL), RP_OK);
	}
	if (lie == STALE_AT_THE_END)
		w->now += 4 * MINUTE;
	if (lie == STALE_AT_THE_BEGIN)
		w->now += 5 * MINUTE + 1;
	a = lie == SIGN_UPS_CEREMONY
		? rp_signup_begin(
		      w->rp, call(w), &(struct rp_signup){ .name = "jiro" }, &o)
		: rp_passkey_add_begin(w->rp, call(w),
		      lie == OTHERS_CEREMONY ? &other->in : &p->in, &o);
	if (a != RP_OK)
		return a;
	if (lie == UNVERIFIED)
		key->flags = WA_FLAG_UP;
	made = make_passkey(lie == KEY_TAKEN ? other : key, &o);
	if (lie == LATE)
		w->now += 5 * MINUTE;
	if (lie == STALE_AT_THE_END)
		w->now += 4 * MINUTE;
	if (lie == REPLAYED)
		assert_answer(rp_passkey_add_finish(w->rp, call(w), &p->in,
				  sealed(&o.ceremony), &made, &c),
		    RP_OK);
	if (lie == STALE_ELSEWHERE)
		p->in = stale;
	if (lie == SIGNED_OUT)
		assert_answer(rp_session_end(w->rp, call(w), &p->in), RP_OK);
	if (lie == LOCKED)
		assert_answer(rp_admin_account_lock(
				  w->rp, call(w), &p->in.account.id, &n),
		    RP_OK);
	return rp_passkey_add_finish(w->rp,
	    call_by(w, lie == FOREIGN ? 2 : 1, 1), &p->in, sealed(&o.ceremony),
	    &made, &c);
}

static void
one_case(size_t i)
{
	void *state;
	struct world *w;
	struct person *p = person_new(), *other = person_new(),
		      *key = person_new();
	enum rp_answer a;

	world_setup(&state);
	w = state;
	sign_up(w, p, "taro");
	sign_up(w, other, "hanako");
	a = add(w, lies[i].lie, p, other, key);
	if (a != lies[i].want)
		fail_msg("%zu: got %s, want %s", i, rp_answer_name(a),
		    rp_answer_name(lies[i].want));
	assert_int_equal(
	    passkeys(w, p), a == RP_OK || lies[i].lie == REPLAYED ? 2 : 1);
	person_free(p);
	person_free(other);
	person_free(key);
	world_teardown(&state);
}

static void
answers_each_lie(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		one_case(i);
}

static void
has_room_for_so_many(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_creation before, o;
	struct rp_new_passkey made;
	struct store_credential c;
	struct person *late = person_new();

	w->config.no_limits = true;
	world_reopen(w);
	sign_up(w, p, "taro");
	assert_answer(
	    rp_passkey_add_begin(w->rp, call(w), &p->in, &before), RP_OK);
	for (int i = 1; i < STORE_CREDENTIALS_MAX; i++) {
		struct person *key = person_new();

		assert_answer(add_passkey(w, p, key), RP_OK);
		person_free(key);
	}
	assert_int_equal(passkeys(w, p), STORE_CREDENTIALS_MAX);
	assert_answer(
	    rp_passkey_add_begin(w->rp, call(w), &p->in, &o), RP_PASSKEYS_FULL);
	/* Also for one that began while there was room. */
	made = make_passkey(late, &before);
	assert_answer(rp_passkey_add_finish(w->rp, call(w), &p->in,
			  sealed(&before.ceremony), &made, &c),
	    RP_PASSKEYS_FULL);
	person_free(p);
	person_free(late);
}

/* ---- rename, remove ---- */

static void
renames(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new();
	struct store_credential c;
	char longest[STORE_PASSKEY_NAME_MAX + 2];

	sign_up(w, p, "taro");
	sign_up(w, other, "hanako");
	assert_answer(rp_passkey_rename(w->rp, call(w), &p->in, &p->ref,
			  " 太郎の　電話 ", &c),
	    RP_OK);
	assert_string_equal(c.name, "太郎の 電話");
	assert_true(stored(w, p, &c));
	assert_string_equal(c.name, "太郎の 電話");
	assert_int_equal(events(w, p, "passkey-renamed", ""), 1);
	assert_int_equal(audited(w, "passkey-renamed"), 1);
	assert_answer(
	    rp_passkey_rename(w->rp, call(w), &p->in, &p->ref, " ", &c),
	    RP_NAME_MALFORMED);
	assert_answer(
	    rp_passkey_rename(w->rp, call(w), &p->in, &p->ref, "a\nb", &c),
	    RP_NAME_MALFORMED);
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_answer(
	    rp_passkey_rename(w->rp, call(w), &p->in, &p->ref, longest, &c),
	    RP_NAME_MALFORMED);
	assert_answer(
	    rp_passkey_rename(w->rp, call(w), &p->in, &other->ref, "mine", &c),
	    RP_NOT_FOUND);
	w->now += 5 * MINUTE + 1;
	assert_answer(
	    rp_passkey_rename(w->rp, call(w), &p->in, &p->ref, "x", &c),
	    RP_PROOF_NEEDED);
	person_free(p);
	person_free(other);
}

static void
removes_with_its_sessions(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *second = person_new();
	struct person *other = person_new();
	struct rp_token first, by_second[2];
	struct store_credential c;
	struct rp_signed_in in;
	bool touch;
	size_t ended;

	sign_up(w, other, "hanako");
	sign_up(w, p, "taro");
	first = p->token;
	assert_answer(
	    rp_passkey_remove(w->rp, call(w), &p->in, &p->ref, &ended),
	    RP_LAST_PASSKEY);
	assert_answer(add_passkey(w, p, second), RP_OK);
	assert_answer(sign_in(w, second, NULL), RP_OK);
	by_second[0] = second->token;
	w->now += SECOND;
	assert_answer(sign_in(w, second, NULL), RP_OK);
	by_second[1] = second->token;
	assert_answer(
	    rp_passkey_remove(w->rp, call(w), &p->in, &other->ref, &ended),
	    RP_NOT_FOUND);
	/* The one who asks stays, also when it is their own passkey's. */
	assert_answer(rp_passkey_remove(
			  w->rp, call(w), &second->in, &second->ref, &ended),
	    RP_OK);
	assert_int_equal(ended, 1);
	assert_answer(
	    rp_session_check(w->rp, call(w), by_second[0].s, &in, &touch),
	    RP_SESSION_EXPIRED);
	assert_answer(
	    rp_session_check(w->rp, call(w), by_second[1].s, &in, &touch),
	    RP_OK);
	assert_answer(
	    rp_session_check(w->rp, call(w), first.s, &in, &touch), RP_OK);
	assert_false(stored(w, second, &c));
	assert_answer(sign_in(w, second, NULL), RP_PASSKEY_UNKNOWN);
	assert_int_equal(events(w, p, "passkey-removed", ""), 1);
	assert_int_equal(audited(w, "passkey-removed"), 1);
	assert_answer(
	    rp_passkey_remove(w->rp, call(w), &p->in, &second->ref, &ended),
	    RP_NOT_FOUND);
	w->now += 5 * MINUTE + 1;
	assert_answer(
	    rp_passkey_remove(w->rp, call(w), &p->in, &p->ref, &ended),
	    RP_PROOF_NEEDED);
	person_free(p);
	person_free(second);
	person_free(other);
}

/* Removed while somebody signs in with it: the finish finds it gone. */
static void
is_gone_for_who_began(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *second = person_new();
	struct rp_request o;
	struct wa_assertion got;
	struct rp_signed_in in;
	struct rp_token token;
	size_t ended;

	sign_up(w, p, "taro");
	assert_answer(add_passkey(w, p, second), RP_OK);
	w->now += SECOND;
	assert_answer(
	    rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &o), RP_OK);
	got = assert_passkey(second, &o, NULL);
	assert_answer(
	    rp_passkey_remove(w->rp, call(w), &p->in, &second->ref, &ended),
	    RP_OK);
	assert_answer(login_finish(w->rp, call(w), sealed(&o.ceremony), &got,
			  NULL, &in, &token),
	    RP_PASSKEY_UNKNOWN);
	person_free(p);
	person_free(second);
}

static void
knows_providers(void **state)
{
	static const struct {
		const char *aaguid, *name;
	} known[] = {
		{ "\xfb\xfc\x30\x07\x15\x4e\x4e\xcc\x8c\x0b\x6e\x02\x05\x57"
		  "\xd7\xbd",
		    "iCloud Keychain" },
		{ "\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06"
		  "\x07\x08",
		    "Chromium test authenticator" },
		{ "\xff\x4d\xac\x45\xed\xe8\x4e\xc2\xac\xed\xcf\x66\x10\x3f"
		  "\x43\x35",
		    "YubiKey 5" },
		{ "\xba\xda\x55\x66\xa7\xaa\x40\x1f\xbd\x96\x45\x61\x9a\x55"
		  "\x12\x0d",
		    "1Password" },
	};
	const uint8_t none[16] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_string_equal(
		    rp_provider_name((const uint8_t *)known[i].aaguid),
		    known[i].name);
	assert_null(rp_provider_name(none));
	assert_null(rp_provider_name((const uint8_t *)softkey_aaguid));
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(adds_and_lists),
		cmocka_unit_test(answers_each_lie),
		T(has_room_for_so_many),
		T(renames),
		T(removes_with_its_sessions),
		T(is_gone_for_who_began),
		cmocka_unit_test(knows_providers),
	};

	return cmocka_run_group_tests_name("rp_passkeys", tests, NULL, NULL);
}
