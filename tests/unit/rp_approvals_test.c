/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include "rp/accounts.h"
#include "webauthn/hash.h"

/* ---- the way it should go ---- */

static void
lets_the_browser_in(void **state)
{
	struct home *h = *state;
	struct rp_context context;
	struct rp_commitment c;
	struct rp_device d;
	struct rp_pending list[RP_PENDING_MAX];
	enum store_approval_state s;
	size_t n;

	assert_answer(ask(h->w, &h->pc, "Anna"), RP_OK);
	assert_int_equal(strlen(h->pc.a.number), 2);
	assert_int_equal(h->pc.a.match, STORE_MATCH_CHOOSE3);
	assert_int_equal(h->pc.a.expires - h->w->now, 3 * MINUTE);
	assert_state(h, &h->pc, STORE_APPROVAL_PENDING);

	d = device(h->w, &h->phone);
	assert_answer(
	    rp_companion_list(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		list, &n, &(struct rp_resting){ 0 }),
	    RP_OK);
	assert_int_equal(n, 1);
	assert_memory_equal(&list[0].id, &h->pc.a.id, sizeof(list[0].id));
	d = device(h->w, &h->phone);
	assert_answer(
	    rp_companion_look(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		&list[0].id, &context, &s),
	    RP_OK);
	assert_string_equal(context.browser.browser, "Chrome 1001, Linux");
	assert_string_equal(context.app, "Example");
	assert_false(context.same_network);
	assert_false(context.trusted);

	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	assert_int_equal(c.allow.n, 1);
	/* That a phone has chosen does not show. */
	assert_state(h, &h->pc, STORE_APPROVAL_PENDING);
	assert_answer(collect(h->w, &h->pc), RP_COLLECT_REFUSED);
	assert_answer(sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_OK);
	assert_int_equal(s, STORE_APPROVAL_APPROVED);
	assert_state(h, &h->pc, STORE_APPROVAL_APPROVED);

	assert_answer(collect(h->w, &h->pc), RP_OK);
	assert_string_equal(h->pc.in.account.name, "anna");
	assert_int_equal(h->pc.in.session.method, STORE_METHOD_APPROVAL);
	assert_state(h, &h->pc, STORE_APPROVAL_COLLECTED);
	assert_answer(collect(h->w, &h->pc), RP_APPROVAL_OVER);
	assert_int_equal(events(h->w, h->anna, "approval", ""), 1);
	assert_int_equal(audited(h->w, "approval"), 1);
	assert_int_equal(guard_of(h, h->anna).level, 0);
}

static void
gives_a_session_that_proves_no_passkey(void **state)
{
	struct home *h = *state;
	struct person guest = { .key = h->anna->key };
	struct rp_new_phone phone = { .name = "X", .platform = "" };
	struct store_phone added;
	struct rp_creation o;
	struct rp_offer offer;
	struct rp_offer_text token;
	const char *const *amr;
	bool touch;

	sign_in_by(h->w, &h->pc, &h->phone, "anna");
	guest.in = h->pc.in;
	memcpy(phone.key, h->pc.key.xy, 64);
	assert_string_equal(
	    rp_method_acr(guest.in.session.method), "urn:itsumo:xdevice");
	amr = rp_method_amr(guest.in.session.method);
	assert_string_equal(amr[2], "mca");
	assert_true(rp_session_full(&guest.in, true));
	assert_int_equal(guest.in.session.ends, h->w->now + 30 * DAY);

	assert_answer(rp_session_check(h->w->rp, call(h->w), h->pc.token.s,
			  &guest.in, &touch),
	    RP_OK);
	assert_answer(
	    rp_session_fresh(h->w->rp, call(h->w), &guest.in), RP_PROOF_NEEDED);
	assert_answer(rp_passkey_add_begin(h->w->rp, call(h->w), &guest.in, &o),
	    RP_PROOF_NEEDED);
	assert_answer(
	    rp_passkey_rename(h->w->rp, call(h->w), &guest.in, &h->anna->ref,
		"mine", &(struct store_credential){ 0 }),
	    RP_PROOF_NEEDED);
	assert_answer(
	    rp_phone_add(h->w->rp, call(h->w), &guest.in, &phone, &added),
	    RP_PROOF_NEEDED);
	assert_answer(
	    rp_phone_remove(h->w->rp, call(h->w), &guest.in, &h->phone.id),
	    RP_PROOF_NEEDED);
	assert_answer(
	    rp_offer_begin(h->w->rp, call(h->w), &guest.in, &offer, &token),
	    RP_PROOF_NEEDED);
	assert_answer(always_passkey(h->w, &guest.in, false), RP_PROOF_NEEDED);
	/* A passkey used here makes good for it. */
	assert_answer(prove(h->w, &guest), RP_OK);
	assert_answer(
	    rp_passkey_add_begin(h->w->rp, call(h->w), &guest.in, &o), RP_OK);
	assert_string_equal(
	    rp_method_acr(guest.in.session.method), "urn:itsumo:xdevice");
}

static void
shows_each_phone_the_same_again(void **state)
{
	struct home *h = *state;
	struct rp_context one, two;
	enum store_approval_state s;
	bool number_there = false;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	for (int i = 0; i < 2; i++) {
		struct rp_device d = device(h->w, &h->phone);

		assert_answer(
		    rp_companion_look(h->w->rp, call_of_phone(h->w, &h->phone),
			&d, &h->pc.a.id, i == 0 ? &one : &two, &s),
		    RP_OK);
	}
	assert_string_equal(one.text.text, two.text.text);
	for (int i = 0; i < STORE_SHOWN; i++) {
		assert_string_equal(one.choices[i], two.choices[i]);
		number_there |= strcmp(one.choices[i], h->pc.a.number) == 0;
	}
	assert_true(number_there);
	assert_null(strstr(one.text.text, "nonce"));
	assert_null(strstr(one.text.text, "choice"));
}

static void
says_whether_the_network_is_the_same(void **state)
{
	struct home *h = *state;
	struct rp_context context;
	struct rp_commitment c;
	struct rp_device d;
	enum store_approval_state s;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	h->phone.network = h->pc.network;
	d = device(h->w, &h->phone);
	assert_answer(
	    rp_companion_look(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		&h->pc.a.id, &context, &s),
	    RP_OK);
	assert_true(context.same_network);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	assert_non_null(strstr(c.t.text, "\"same_network\":true"));
	/* Signed as it was shown, wherever the phone is by then. */
	h->phone.network = 9;
	assert_answer(sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_OK);
}

/* ---- wrong numbers and bad signatures ---- */

static void
ends_at_a_wrong_number(void **state)
{
	struct home *h = *state;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, false), STORE_APPROVAL_MISMATCH);
	assert_state(h, &h->pc, STORE_APPROVAL_MISMATCH);
	assert_answer(collect(h->w, &h->pc), RP_APPROVAL_OVER);
	assert_answer(
	    decide(h->w, &h->phone, &h->pc, RP_DENY), RP_APPROVAL_OVER);
	/* It is evidence all the same. */
	assert_int_equal(audited(h->w, "approval"), 1);
	assert_int_equal(events(h->w, h->anna, "approval", "mismatch"), 1);
}

static void
learns_nothing_without_a_signature(void **state)
{
	static const struct {
		const char *name;
		struct softkey_script lie;
	} lies[] = {
		{ "no signature of this key",
		    { .signature = { (const uint8_t *)"0", 1 } } },
		{ "another challenge", { .challenge = SOFTKEY_CHALLENGE } },
		{ "another origin", { .origin = "https://example.net" } },
		{ "a frame elsewhere", { .cross_origin = "true" } },
		{ "a registration", { .type = "webauthn.create" } },
		{ "another party", { .rp_id = "example.net" } },
		{ "no verification", { .flags = WA_FLAG_UP } },
	};
	struct home *h = *state;
	struct rp_commitment c;
	enum store_approval_state s;

	for (int right = 0; right < 2; right++) {
		struct store_approval before, after;

		h->w->now += HOUR;
		assert_answer(prove(h->w, h->anna), RP_OK);
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_answer(
		    choose(h->w, &h->phone, &h->pc,
			right ? h->pc.a.number : wrong_number(h->w, &h->pc),
			&c),
		    RP_OK);
		before = row_of(h, &h->pc);
		for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
			assert_answer(
			    sign(h->w, &h->phone, &h->pc, &c, &lies[i].lie, &s),
			    RP_PASSKEY_REFUSED);
		}
		after = row_of(h, &h->pc);
		assert_memory_equal(&before, &after, sizeof(before));
		assert_state(h, &h->pc, STORE_APPROVAL_PENDING);
		assert_int_equal(audited(h->w, "approval"), right ? 1 : 0);
		/* And then it is signed, and the outcome is what it is. */
		assert_answer(
		    sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_OK);
		assert_int_equal(s,
		    right ? STORE_APPROVAL_APPROVED : STORE_APPROVAL_MISMATCH);
		h->w->network++;
		h->phone.network++;
	}
}

static void
takes_no_passkey_of_another_account(void **state)
{
	struct home *h = *state;
	struct rp_commitment c;
	enum store_approval_state s;
	struct phone mixed = h->phone;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	mixed.owner = h->ben;
	assert_answer(
	    sign(h->w, &mixed, &h->pc, &c, NULL, &s), RP_PASSKEY_REFUSED);
	/* One that nobody has. */
	mixed.owner = person_new();
	assert_answer(
	    sign(h->w, &mixed, &h->pc, &c, NULL, &s), RP_PASSKEY_UNKNOWN);
	person_free(mixed.owner);
	/* Another account's phone does not even see it. */
	assert_answer(
	    decide(h->w, &h->bens, &h->pc, RP_DENY), RP_APPROVAL_UNKNOWN);
	assert_answer(choose(h->w, &h->bens, &h->pc, h->pc.a.number, &c),
	    RP_APPROVAL_UNKNOWN);
	assert_state(h, &h->pc, STORE_APPROVAL_PENDING);
}

static void
takes_no_assertion_of_another_request(void **state)
{
	struct home *h = *state;
	struct rp_commitment old, c;
	enum store_approval_state s;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &old), RP_OK);
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->tv, h->tv.a.number, &c), RP_OK);
	assert_memory_not_equal(old.challenge, c.challenge, 32);
	assert_answer(
	    sign(h->w, &h->phone, &h->tv, &old, NULL, &s), RP_PASSKEY_REFUSED);
	assert_answer(sign(h->w, &h->phone, &h->tv, &c, NULL, &s), RP_OK);
}

static void
shows_and_records_a_counter_that_went_back(void **state)
{
	struct home *h = *state;
	struct rp_commitment c;
	struct store_credential k;
	enum store_approval_state s;

	h->anna->counter = 9;
	assert_answer(sign_in(h->w, h->anna, "anna"), RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	h->anna->counter = 5;
	assert_answer(
	    sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_SIGN_COUNT);
	assert_state(h, &h->pc, STORE_APPROVAL_PENDING);
	assert_int_equal(events(h->w, h->anna, "approval", "sign-count"), 1);
	assert_true(stored(h->w, h->anna, &k));
	assert_int_equal(k.counter_went_back, h->w->now);
	h->anna->counter = 10;
	assert_answer(sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_OK);
	assert_true(stored(h->w, h->anna, &k));
	assert_int_equal(k.sign_count, 10);
}

/* As a sign-in in a browser does. */
static void
learns_from_the_passkey(void **state)
{
	struct home *h = *state;
	const struct softkey_script synced = {
		.flags = WA_FLAG_UP | WA_FLAG_UV | WA_FLAG_BE | WA_FLAG_BS
	};
	enum store_approval_state s;
	struct store_credential k;
	struct rp_commitment c;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	h->anna->counter = 7;
	assert_answer(sign(h->w, &h->phone, &h->pc, &c, &synced, &s), RP_OK);
	assert_true(stored(h->w, h->anna, &k));
	assert_int_equal(k.sign_count, 7);
	assert_int_equal(k.flags, WA_FLAG_UV | WA_FLAG_BE | WA_FLAG_BS);
	assert_int_equal(k.last_used, h->w->now);
	assert_int_equal(events(h->w, h->anna, "backup-eligible", ""), 1);
}

/* ---- the first choice ---- */

static void
holds_to_the_first_choice(void **state)
{
	struct home *h = *state;
	struct rp_commitment c, again;
	enum store_approval_state s;
	char wrong[STORE_NUMBER_MAX + 1];

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	snprintf(wrong, sizeof(wrong), "%s", wrong_number(h->w, &h->pc));
	assert_answer(sign(h->w, &h->phone, &h->pc,
			  &(struct rp_commitment){ .expires = 0 }, NULL, &s),
	    RP_CHOICE_MISSING);
	assert_answer(choose(h->w, &h->phone, &h->pc, wrong, &c), RP_OK);
	assert_answer(choose(h->w, &h->phone, &h->pc, h->pc.a.number, &again),
	    RP_CHOICE_MADE);
	assert_answer(choose(h->w, &h->tablet, &h->pc, h->pc.a.number, &again),
	    RP_CHOICE_MADE);
	assert_answer(
	    choose(h->w, &h->tablet, &h->pc, wrong, &again), RP_CHOICE_MADE);
	/* The same again, by the same phone: its answer may have been lost. */
	assert_answer(choose(h->w, &h->phone, &h->pc, wrong, &again), RP_OK);
	assert_memory_equal(c.challenge, again.challenge, 32);
	assert_answer(
	    sign(h->w, &h->tablet, &h->pc, &c, NULL, &s), RP_CHOICE_MADE);
	assert_answer(sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_OK);
	assert_int_equal(s, STORE_APPROVAL_MISMATCH);
	assert_answer(
	    sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_APPROVAL_OVER);
	assert_int_equal(s, STORE_APPROVAL_MISMATCH);
}

static void
approves_once(void **state)
{
	struct home *h = *state;
	struct rp_commitment c;
	enum store_approval_state s;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	assert_answer(sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_OK);
	assert_answer(
	    sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_APPROVAL_OVER);
	assert_int_equal(s, STORE_APPROVAL_APPROVED);
	assert_answer(
	    sign(h->w, &h->tablet, &h->pc, &c, NULL, &s), RP_APPROVAL_OVER);
	assert_answer(
	    decide(h->w, &h->tablet, &h->pc, RP_REPORT), RP_APPROVAL_OVER);
	assert_int_equal(audited(h->w, "approval"), 1);
}

static void
takes_only_numbers_that_could_be_meant(void **state)
{
	static const char *const none[] = { "", "4", "474", "4x", " 7", "00" };
	struct home *h = *state;
	struct rp_commitment c;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_answer(choose(h->w, &h->phone, &h->pc, none[i], &c),
		    RP_CHOICE_MALFORMED);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, NULL, &c), RP_CHOICE_MALFORMED);
	/* None of that was a choice. */
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
}

static void
signs_only_what_was_seen(void **state)
{
	struct home *h = *state;
	struct rp_context context;
	struct rp_commitment out;
	struct rp_device d = device(h->w, &h->phone);
	struct rp_choice c = { .decision = RP_CHOOSE };
	enum store_approval_state s;
	uint8_t seen[32];

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    rp_companion_look(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		&h->pc.a.id, &context, &s),
	    RP_OK);
	assert_true(wa_sha256(slice_of(context.text.text), seen));
	c.number = h->pc.a.number;
	c.seen = seen;
	/* The phone has come into the browser's network since. */
	h->phone.network = h->pc.network;
	d = device(h->w, &h->phone);
	assert_answer(
	    rp_companion_choose(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		&h->pc.a.id, &c, &out, &s),
	    RP_APPROVAL_CHANGED);
	assert_int_equal(row_of(h, &h->pc).state, STORE_APPROVAL_PENDING);
	h->phone.network = 3000;
	d = device(h->w, &h->phone);
	assert_answer(
	    rp_companion_choose(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		&h->pc.a.id, &c, &out, &s),
	    RP_OK);
}

/* Chosen at home, and signed on the way: what is shown again is signed. */
static void
shows_again_what_was_chosen_from(void **state)
{
	struct home *h = *state;
	struct rp_context before, after;
	enum store_approval_state s;
	struct rp_commitment c;
	struct rp_device d;

	h->phone.network = h->pc.network;
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	d = device(h->w, &h->phone);
	assert_answer(
	    rp_companion_look(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		&h->pc.a.id, &before, &s),
	    RP_OK);
	assert_true(before.same_network);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	h->phone.network = 3000;
	d = device(h->w, &h->phone);
	assert_answer(
	    rp_companion_look(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		&h->pc.a.id, &after, &s),
	    RP_OK);
	assert_string_equal(before.text.text, after.text.text);
	assert_true(after.same_network);
	/* Asked for again, it is what it was. */
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	assert_non_null(strstr(c.t.text, "\"same_network\":true"));
	assert_answer(sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_OK);
	assert_int_equal(s, STORE_APPROVAL_APPROVED);
}

static void
takes_words_that_can_be_shown(void **state)
{
	static const char *const good[] = { "1", "Order 12", "注文 12番",
		"12345678901234567890",
		"一二三四五六七八九十一二三四五六七八九十",
		"\xf0\x9f\x90\x88" };
	static const char *const bad[] = { "", "123456789012345678901",
		"two\nlines", "tab\t", "\x7f", "\xff", "\xed\xa0\x80",
		"\xe2\x80\xae evil", "\xe2\x80\xa8", "\xc2\x85",
		"\xe2\x81\xa6x", "\xef\xbf\xbf", "\xee\x80\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!rp_binding_is_one(good[i]))
			fail_msg("good %zu", i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rp_binding_is_one(bad[i]))
			fail_msg("bad %zu", i);
}

/* ---- the other ends ---- */

static void
expires(void **state)
{
	struct home *h = *state;
	struct rp_commitment c;
	enum store_approval_state s;
	unsigned n = 9;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	h->w->now += 3 * MINUTE - 1;
	assert_state(h, &h->pc, STORE_APPROVAL_PENDING);
	assert_answer(rp_approvals_expire(h->w->rp, call(h->w), 10, &n), RP_OK);
	assert_int_equal(n, 0);
	h->w->now += 1;
	assert_state(h, &h->pc, STORE_APPROVAL_EXPIRED);
	assert_answer(
	    sign(h->w, &h->phone, &h->pc, &c, NULL, &s), RP_APPROVAL_OVER);
	assert_int_equal(s, STORE_APPROVAL_EXPIRED);
	assert_answer(choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c),
	    RP_APPROVAL_OVER);
	assert_answer(collect(h->w, &h->pc), RP_APPROVAL_OVER);
	assert_answer(rp_approval_cancel(
			  h->w->rp, call_of_asker(h->w, &h->pc), &h->pc.a.id),
	    RP_APPROVAL_OVER);
	/* The clock writes it down, once. */
	assert_answer(rp_approvals_expire(h->w->rp, call(h->w), 10, &n), RP_OK);
	assert_int_equal(n, 1);
	assert_answer(rp_approvals_expire(h->w->rp, call(h->w), 10, &n), RP_OK);
	assert_int_equal(n, 0);
	assert_int_equal(events(h->w, h->anna, "approval", "expired"), 1);
	assert_state(h, &h->pc, STORE_APPROVAL_EXPIRED);
}

/* The guard of one account is lost; the request of another is not. */
static void
expires_past_what_cannot_be_read(void **state)
{
	struct home *h = *state;
	struct account_id anna = h->anna->in.account.id;
	unsigned n = 9;
	size_t ended;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	h->w->now += 1;
	assert_answer(ask(h->w, &h->tv, "nobody here"), RP_OK);
	spoil(h->w->kit->s, TABLE_GUARDS, SLICE(anna.b));
	h->w->now += 3 * MINUTE;
	assert_answer(rp_approvals_expire(h->w->rp, call(h->w), 10, &n), RP_OK);
	assert_int_equal(n, 2);
	assert_answer(rp_approvals_expire(h->w->rp, call(h->w), 10, &n), RP_OK);
	assert_int_equal(n, 0);
	assert_state(h, &h->pc, STORE_APPROVAL_EXPIRED);
	/* And the account can be locked. */
	assert_answer(
	    rp_admin_account_lock(h->w->rp, call(h->w), &anna, &ended), RP_OK);
	assert_true(ended > 0);
}

static void
keeps_what_was_approved_for_two_minutes(void **state)
{
	struct home *h = *state;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	h->w->now += 3 * MINUTE - 1;
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, true), STORE_APPROVAL_APPROVED);
	h->w->now += 2 * MINUTE - 1;
	assert_state(h, &h->pc, STORE_APPROVAL_APPROVED);
	h->w->now += 1;
	assert_state(h, &h->pc, STORE_APPROVAL_EXPIRED);
	assert_answer(collect(h->w, &h->pc), RP_APPROVAL_OVER);
}

static void
is_the_only_one(struct home *h, const struct asker *b)
{
	const struct rp_device d = device(h->w, &h->phone);
	struct rp_pending list[RP_PENDING_MAX];
	struct rp_resting resting;
	size_t n;

	assert_answer(
	    rp_companion_list(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		list, &n, &resting),
	    RP_OK);
	assert_int_equal(n, 1);
	assert_memory_equal(&list[0].id, &b->a.id, sizeof(list[0].id));
}

/* Who asked is told, if it was from the same network. */
static void
gives_way_to_a_newer_request(void **state)
{
	struct home *h = *state;

	for (int same = 0; same < 2; same++) {
		struct rp_commitment c;
		enum store_approval_state s;
		unsigned n;

		h->w->now += HOUR;
		h->pc.network = 80;
		h->tv.network = same ? 80 : 81;
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_answer(
		    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
		assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
		assert_state(h, &h->pc,
		    same ? STORE_APPROVAL_SUPERSEDED : STORE_APPROVAL_PENDING);
		assert_state(h, &h->tv, STORE_APPROVAL_PENDING);
		/* The phone is told whoever it was. */
		assert_answer(sign(h->w, &h->phone, &h->pc, &c, NULL, &s),
		    RP_APPROVAL_OVER);
		assert_string_equal(rp_approval_state_name(s), "superseded");
		is_the_only_one(h, &h->tv);
		assert_answer(collect(h->w, &h->pc),
		    same ? RP_APPROVAL_OVER : RP_COLLECT_REFUSED);
		assert_int_equal(answer(h->w, &h->phone, &h->tv, true),
		    STORE_APPROVAL_APPROVED);
		/* Its owner reads of it, and so does the log. */
		h->w->now += 3 * MINUTE;
		assert_answer(
		    rp_approvals_expire(h->w->rp, call(h->w), 9, &n), RP_OK);
		assert_int_equal(n, 1);
		assert_int_equal(
		    events(h->w, h->anna, "approval", "superseded"), same + 1);
		assert_int_equal(audited(h->w, "approval-ended"), same + 1);
		assert_state(h, &h->pc,
		    same ? STORE_APPROVAL_SUPERSEDED : STORE_APPROVAL_EXPIRED);
		assert_answer(
		    rp_approvals_expire(h->w->rp, call(h->w), 9, &n), RP_OK);
		assert_int_equal(n, 0);
	}
}

/* Of one that was displaced nobody says that it was, asked in any way. */
static void
can_be_cancelled_when_it_was_displaced(void **state)
{
	struct home *h = *state;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	assert_answer(rp_approval_cancel(
			  h->w->rp, call_of_asker(h->w, &h->pc), &h->pc.a.id),
	    RP_OK);
	assert_state(h, &h->pc, STORE_APPROVAL_CANCELLED);
	is_the_only_one(h, &h->tv);
	/* Asked for again it is superseded, and the other one displaced. */
	h->w->now += HOUR;
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	{
		struct asker before = h->pc;

		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_state(h, &before, STORE_APPROVAL_SUPERSEDED);
	}
	assert_state(h, &h->tv, STORE_APPROVAL_PENDING);
	is_the_only_one(h, &h->pc);
}

/* Whose time was over when the next one came, before anybody noted it. */
static void
is_noted_as_expired_when_another_comes_first(void **state)
{
	struct home *h = *state;
	unsigned n;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	h->w->now += 3 * MINUTE;
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(rp_approvals_expire(h->w->rp, call(h->w), 9, &n), RP_OK);
	assert_int_equal(n, 1);
	assert_int_equal(events(h->w, h->anna, "approval", "expired"), 1);
	assert_int_equal(audited(h->w, "approval-ended"), 1);
	assert_state(h, &h->pc, STORE_APPROVAL_PENDING);
	is_the_only_one(h, &h->pc);
}

static void
is_cancelled_by_the_browser_alone(void **state)
{
	struct home *h = *state;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(rp_approval_cancel(
			  h->w->rp, call_of_asker(h->w, &h->tv), &h->pc.a.id),
	    RP_APPROVAL_UNKNOWN);
	assert_answer(rp_approval_cancel(
			  h->w->rp, call_of_asker(h->w, &h->pc), &h->pc.a.id),
	    RP_OK);
	assert_state(h, &h->pc, STORE_APPROVAL_CANCELLED);
	assert_answer(
	    decide(h->w, &h->phone, &h->pc, RP_DENY), RP_APPROVAL_OVER);
}

static void
is_denied_at_any_time_before(void **state)
{
	struct home *h = *state;
	struct rp_commitment c;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(decide(h->w, &h->phone, &h->pc, RP_DENY), RP_OK);
	assert_state(h, &h->pc, STORE_APPROVAL_DENIED);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	/* Also by the other phone, and after a choice. */
	assert_answer(decide(h->w, &h->tablet, &h->pc, RP_DENY), RP_OK);
	assert_state(h, &h->pc, STORE_APPROVAL_DENIED);
	assert_answer(collect(h->w, &h->pc), RP_APPROVAL_OVER);
	assert_int_equal(events(h->w, h->anna, "approval", "denied"), 2);
	assert_int_equal(audited(h->w, "approval-denied"), 2);
}

/* ---- collecting ---- */

static void
gives_the_session_to_nobody_else(void **state)
{
	struct home *h = *state;
	struct asker thief;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, true), STORE_APPROVAL_APPROVED);
	/* The id alone; the id and the key; the id and the cookie. */
	thief = h->tv;
	thief.a = h->pc.a;
	assert_answer(collect(h->w, &thief), RP_APPROVAL_UNKNOWN);
	assert_answer(rp_approval_look(h->w->rp, call_of_asker(h->w, &thief),
			  &h->pc.a.id, &thief.a),
	    RP_APPROVAL_UNKNOWN);
	thief = h->pc;
	thief.cookie = h->tv.cookie;
	assert_answer(collect(h->w, &thief), RP_APPROVAL_UNKNOWN);
	thief = h->tv;
	thief.a = h->pc.a;
	thief.cookie = h->pc.cookie;
	assert_answer(collect(h->w, &thief), RP_COLLECT_REFUSED);
	assert_answer(collect(h->w, &h->pc), RP_OK);
}

static void
wants_a_proof_for_this_collection(void **state)
{
	struct home *h = *state;
	struct rp_kept_token kept;
	struct rp_signed_in in;
	struct rp_token token;

	assert_answer(ask(h->w, &h->tv, "ben"), RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, true), STORE_APPROVAL_APPROVED);
	for (int lie = 0; lie <= 9; lie++) {
		struct rp_collect c = { .id = h->pc.a.id };
		struct proof p;
		char other[32];

		proof_of_asker(h->w, &h->pc, &p);
		snprintf(other, sizeof(other), "%s", p.approval);
		other[6]++;
		switch (lie) {
		case 0:
			p.claims.typ = RP_DEVICE_PROOF_TYP;
			break;
		case 1:
			p.claims.alg = "none";
			break;
		case 2:
			p.claims.approval = other;
			break;
		case 3:
			p.claims.approval = NULL;
			break;
		case 4:
			p.claims.htu = SOFTKEY_ORIGIN "/";
			break;
		case 5:
			p.claims.iat -= 121;
			break;
		case 6:
			p.claims.iat += 121;
			break;
		case 7:
			p.signature[63] ^= 1;
			break;
		case 8:
			p.claims.jti = "short";
			break;
		case 9:
			p.input[0] ^= 1;
			break;
		}
		c.claims = p.claims;
		c.facts = p.facts;
		assert_answer(
		    rp_approval_collect(h->w->rp, call_of_asker(h->w, &h->pc),
			&c, &in, &token, &kept),
		    RP_COLLECT_REFUSED);
	}
	assert_answer(collect(h->w, &h->pc), RP_OK);
}

static void
gives_nothing_to_a_locked_account(void **state)
{
	struct home *h = *state;
	struct rp_device d;
	size_t n;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, true), STORE_APPROVAL_APPROVED);
	d = device(h->w, &h->tablet);
	assert_answer(rp_companion_lock(
			  h->w->rp, call_of_phone(h->w, &h->tablet), &d, &n),
	    RP_OK);
	assert_answer(collect(h->w, &h->pc), RP_APPROVAL_OVER);
}

static void
gives_nothing_when_the_passkey_is_gone(void **state)
{
	struct home *h = *state;
	struct person *spare = person_new();
	size_t n;

	assert_answer(add_passkey(h->w, h->anna, spare), RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, true), STORE_APPROVAL_APPROVED);
	assert_answer(rp_passkey_remove(h->w->rp, call(h->w), &h->anna->in,
			  &h->anna->ref, &n),
	    RP_OK);
	assert_answer(collect(h->w, &h->pc), RP_APPROVAL_OVER);
	person_free(spare);
}

/* ---- modes ---- */

static void
takes_typed_numbers(void **state)
{
	static const struct {
		uint8_t match;
		size_t digits;
	} modes[] = { { STORE_MATCH_TYPE2, 2 }, { STORE_MATCH_TYPE6, 6 } };
	struct home *h = *state;
	struct rp_commitment c;

	for (size_t i = 0; i < 2; i++) {
		h->w->config.approval_match = modes[i].match;
		world_reopen(h->w);
		h->w->now += DAY;
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_int_equal(strlen(h->pc.a.number), modes[i].digits);
		assert_answer(choose(h->w, &h->phone, &h->pc, "1", &c),
		    RP_CHOICE_MALFORMED);
		assert_int_equal(answer(h->w, &h->phone, &h->pc, true),
		    STORE_APPROVAL_APPROVED);
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_int_equal(answer(h->w, &h->phone, &h->pc, false),
		    STORE_APPROVAL_MISMATCH);
		/* The one mismatch a day that does not switch it off. */
		assert_answer(sign_in(h->w, h->anna, "anna"), RP_OK);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		TEST(lets_the_browser_in),
		TEST(gives_a_session_that_proves_no_passkey),
		TEST(shows_each_phone_the_same_again),
		TEST(says_whether_the_network_is_the_same),
		TEST(ends_at_a_wrong_number),
		TEST(learns_nothing_without_a_signature),
		TEST(takes_no_passkey_of_another_account),
		TEST(takes_no_assertion_of_another_request),
		TEST(shows_and_records_a_counter_that_went_back),
		TEST(learns_from_the_passkey),
		TEST(holds_to_the_first_choice),
		TEST(approves_once),
		TEST(takes_only_numbers_that_could_be_meant),
		TEST(signs_only_what_was_seen),
		TEST(expires),
		TEST(expires_past_what_cannot_be_read),
		TEST(keeps_what_was_approved_for_two_minutes),
		TEST(shows_again_what_was_chosen_from),
		TEST(takes_words_that_can_be_shown),
		TEST(gives_way_to_a_newer_request),
		TEST(can_be_cancelled_when_it_was_displaced),
		TEST(is_noted_as_expired_when_another_comes_first),
		TEST(is_cancelled_by_the_browser_alone),
		TEST(is_denied_at_any_time_before),
		TEST(gives_the_session_to_nobody_else),
		TEST(wants_a_proof_for_this_collection),
		TEST(gives_nothing_to_a_locked_account),
		TEST(gives_nothing_when_the_passkey_is_gone),
		TEST(takes_typed_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
