/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <stdio.h>

/* ---- from the phone itself ---- */

static struct rp_new_phone
a_phone(const struct device_key *k, const char *name)
{
	struct rp_new_phone p = { .name = name, .platform = "Test 1" };

	memcpy(p.key, k->xy, sizeof(p.key));
	return p;
}

static void
joins_on_itself(void **state)
{
	struct home *h = *state;
	struct store_phone list[STORE_PHONES_MAX];
	size_t n;

	assert_answer(
	    rp_phones_list(h->w->rp, call(h->w), &h->anna->in, list, &n),
	    RP_OK);
	assert_int_equal(n, 2);
	assert_memory_equal(&list[0].id, &h->phone.id, sizeof(list[0].id));
	assert_string_equal(list[0].name, "Phone");
	assert_string_equal(list[0].platform, "Test 1");
	assert_memory_equal(
	    &list[0].credential, &h->anna->ref, sizeof(h->anna->ref));
	assert_int_equal(events(h->w, h->anna, "phone-added", NULL), 2);
	assert_int_equal(audited(h->w, "phone-added"), 3);
}

static void
wants_a_fresh_proof_and_sense(void **state)
{
	struct home *h = *state;
	struct device_key k;
	struct rp_new_phone p;
	struct store_phone added;

	device_key_make(&k);
	p = a_phone(&k, "");
	assert_answer(
	    rp_phone_add(h->w->rp, call(h->w), &h->anna->in, &p, &added),
	    RP_NAME_MALFORMED);
	p = a_phone(&k, "P");
	p.key[0] ^= 1;
	assert_answer(
	    rp_phone_add(h->w->rp, call(h->w), &h->anna->in, &p, &added),
	    RP_KEY_MALFORMED);
	p = a_phone(&k, "P");
	snprintf(p.push.endpoint, sizeof(p.push.endpoint), "https://x/");
	assert_answer(
	    rp_phone_add(h->w->rp, call(h->w), &h->anna->in, &p, &added),
	    RP_PUSH_MALFORMED);
	p = a_phone(&k, "P");
	h->w->now += 6 * MINUTE;
	assert_answer(
	    rp_phone_add(h->w->rp, call(h->w), &h->anna->in, &p, &added),
	    RP_PROOF_NEEDED);
	assert_answer(rp_phone_rename(h->w->rp, call(h->w), &h->anna->in,
			  &h->phone.id, "Mine", &added),
	    RP_PROOF_NEEDED);
	assert_answer(
	    rp_phone_remove(h->w->rp, call(h->w), &h->anna->in, &h->phone.id),
	    RP_PROOF_NEEDED);
	assert_answer(prove(h->w, h->anna), RP_OK);
	assert_answer(rp_phone_rename(h->w->rp, call(h->w), &h->anna->in,
			  &h->phone.id, "Mine", &added),
	    RP_OK);
	assert_string_equal(added.name, "Mine");
	assert_answer(rp_phone_rename(h->w->rp, call(h->w), &h->anna->in,
			  &h->bens.id, "Mine", &added),
	    RP_NOT_FOUND);
	assert_answer(
	    rp_phone_remove(h->w->rp, call(h->w), &h->anna->in, &h->bens.id),
	    RP_NOT_FOUND);
	assert_answer(
	    rp_phone_remove(h->w->rp, call(h->w), &h->anna->in, &h->phone.id),
	    RP_OK);
	device_key_free(&k);
}

/* Stolen: whoever has it approves nothing any more, and its owner is told. */
static void
is_taken_away_by_the_administrator(void **state)
{
	struct home *h = *state;
	const struct account_id *anna = &h->anna->in.account.id;
	struct store_phone list[STORE_PHONES_MAX];
	struct rp_device d;
	struct proof p;
	size_t n;

	assert_answer(
	    rp_admin_phone_remove(h->w->rp, call(h->w), anna, &h->bens.id),
	    RP_NOT_FOUND);
	assert_answer(
	    rp_admin_phone_remove(h->w->rp, call(h->w), anna, &h->phone.id),
	    RP_OK);
	assert_answer(
	    rp_admin_phone_remove(h->w->rp, call(h->w), anna, &h->phone.id),
	    RP_NOT_FOUND);
	assert_answer(
	    rp_phones_list(h->w->rp, call(h->w), &h->anna->in, list, &n),
	    RP_OK);
	assert_int_equal(n, 1);
	proof_of_phone(h->w, &h->phone, &p);
	assert_answer(rp_device_prove(h->w->rp, call_of_phone(h->w, &h->phone),
			  &p.claims, &p.facts, &d),
	    RP_PHONE_UNKNOWN);
	assert_int_equal(events(h->w, h->anna, "phone-removed", NULL), 1);
	assert_int_equal(audited(h->w, "phone-removed"), 1);
}

static void
has_room_for_ten(void **state)
{
	struct home *h = *state;
	struct device_key k;
	struct rp_new_phone p;
	struct store_phone added;
	struct rp_offer offer;
	struct rp_offer_text token;

	device_key_make(&k);
	p = a_phone(&k, "P");
	for (int i = 2; i < STORE_PHONES_MAX; i++)
		assert_answer(rp_phone_add(h->w->rp, call(h->w), &h->anna->in,
				  &p, &added),
		    RP_OK);
	assert_answer(
	    rp_phone_add(h->w->rp, call(h->w), &h->anna->in, &p, &added),
	    RP_PHONES_FULL);
	assert_answer(
	    rp_offer_begin(h->w->rp, call(h->w), &h->anna->in, &offer, &token),
	    RP_PHONES_FULL);
	device_key_free(&k);
}

/* ---- by an offer ---- */

/* What a phone that scanned the code does. */
struct scan {
	struct rp_offer offer;
	struct rp_offer_text token;
	struct person *holder; /* of the phone: its authenticator */
	struct device_key key;
	struct phone_id id;
};

static void
offer(struct home *h, struct scan *s)
{
	memset(s, 0, sizeof(*s));
	s->holder = person_new();
	device_key_make(&s->key);
	assert_answer(rp_offer_begin(h->w->rp, call(h->w), &h->anna->in,
			  &s->offer, &s->token),
	    RP_OK);
}

static void
scan_free(struct scan *s)
{
	person_free(s->holder);
	device_key_free(&s->key);
}

static enum rp_answer
reply(struct home *h, struct scan *s)
{
	struct rp_creation o;
	struct rp_new_passkey made;
	struct rp_new_phone p = a_phone(&s->key, "New phone");
	enum rp_answer a;

	a = rp_offer_options(h->w->rp, call_by(h->w, 77, 88), s->token.s, &o);
	if (a != RP_OK)
		return a;
	made = make_passkey(s->holder, &o);
	return rp_offer_answer(h->w->rp, call_by(h->w, 77, 88), s->token.s,
	    sealed(&o.ceremony), &made, &p, &s->id);
}

static enum rp_answer
confirm(struct home *h, struct scan *s, bool yes)
{
	struct store_phone added;

	return rp_offer_confirm(
	    h->w->rp, call(h->w), &h->anna->in, &s->offer.id, yes, &added);
}

static enum store_offer_state
offer_state(struct home *h, struct scan *s)
{
	struct rp_offer o;

	assert_answer(
	    rp_offer_state(h->w->rp, call(h->w), s->token.s, &o), RP_OK);
	return o.state;
}

static void
joins_by_an_offer(void **state)
{
	struct home *h = *state;
	struct scan s;
	struct phone joined;
	struct rp_offer seen;
	struct proof proof;
	struct rp_device d;

	offer(h, &s);
	assert_int_equal(offer_state(h, &s), STORE_OFFER_OPEN);
	assert_answer(confirm(h, &s, true), RP_OFFER_OPEN);
	assert_answer(reply(h, &s), RP_OK);
	assert_int_equal(offer_state(h, &s), STORE_OFFER_ANSWERED);

	/* Not yet in: neither the phone nor its passkey. */
	memset(&joined, 0, sizeof(joined));
	joined.owner = s.holder;
	joined.key = s.key;
	joined.id = s.id;
	proof_of_phone(h->w, &joined, &proof);
	assert_answer(rp_device_prove(h->w->rp, call(h->w), &proof.claims,
			  &proof.facts, &d),
	    RP_PHONE_UNKNOWN);
	assert_answer(sign_in(h->w, s.holder, NULL), RP_PASSKEY_UNKNOWN);

	assert_answer(rp_offer_look(h->w->rp, call(h->w), &h->anna->in,
			  &s.offer.id, &seen),
	    RP_OK);
	assert_string_equal(seen.name, "New phone");
	assert_string_equal(seen.client.address, "192.0.2.88");
	assert_answer(confirm(h, &s, true), RP_OK);
	assert_int_equal(offer_state(h, &s), STORE_OFFER_CONFIRMED);
	assert_answer(confirm(h, &s, true), RP_OFFER_OVER);

	proof_of_phone(h->w, &joined, &proof);
	assert_answer(rp_device_prove(h->w->rp, call(h->w), &proof.claims,
			  &proof.facts, &d),
	    RP_OK);
	assert_string_equal(d.account.name, "anna");
	assert_answer(sign_in(h->w, s.holder, NULL), RP_OK);
	assert_string_equal(s.holder->in.account.name, "anna");
	sign_in_by(h->w, &h->pc, &joined, "anna");
	scan_free(&s);
}

static void
is_refused_by_name(void **state)
{
	struct home *h = *state;
	struct scan s;

	offer(h, &s);
	assert_answer(reply(h, &s), RP_OK);
	assert_answer(confirm(h, &s, false), RP_OK);
	assert_int_equal(offer_state(h, &s), STORE_OFFER_REFUSED);
	assert_answer(confirm(h, &s, true), RP_OFFER_OVER);
	assert_answer(sign_in(h->w, s.holder, NULL), RP_PASSKEY_UNKNOWN);
	assert_int_equal(audited(h->w, "phone-added"), 3);
	scan_free(&s);
}

static void
is_answered_by_the_first(void **state)
{
	struct home *h = *state;
	struct scan s, late;

	offer(h, &s);
	offer(h, &late);
	late.token = s.token;
	assert_answer(reply(h, &s), RP_OK);
	assert_answer(reply(h, &late), RP_OFFER_OVER);
	scan_free(&s);
	scan_free(&late);
}

static void
is_good_for_ten_minutes(void **state)
{
	struct home *h = *state;
	struct scan s;
	struct rp_offer seen;
	unsigned swept;

	offer(h, &s);
	h->w->now += 10 * MINUTE - 1;
	assert_answer(reply(h, &s), RP_OK);
	h->w->now += 1;
	assert_answer(confirm(h, &s, true), RP_OFFER_UNKNOWN);
	assert_answer(rp_offer_state(h->w->rp, call(h->w), s.token.s, &seen),
	    RP_OFFER_UNKNOWN);
	assert_answer(reply(h, &s), RP_OFFER_UNKNOWN);
	assert_ok(store_sweep(h->w->kit->s, h->w->now, 1000, &swept));
	assert_int_equal(entries(h->w->kit->s, TABLE_OFFERS), 0);
	scan_free(&s);
}

static void
belongs_to_the_session_that_showed_it(void **state)
{
	struct home *h = *state;
	struct scan s;
	struct rp_signed_in first = h->anna->in;
	struct rp_offer seen;
	struct store_phone added;

	offer(h, &s);
	assert_answer(reply(h, &s), RP_OK);
	assert_answer(rp_offer_look(h->w->rp, call(h->w), &h->ben->in,
			  &s.offer.id, &seen),
	    RP_OFFER_UNKNOWN);
	assert_answer(rp_offer_confirm(h->w->rp, call(h->w), &h->ben->in,
			  &s.offer.id, true, &added),
	    RP_OFFER_UNKNOWN);
	/* Nor to another session of the same account. */
	assert_answer(sign_in(h->w, h->anna, NULL), RP_OK);
	assert_answer(confirm(h, &s, true), RP_OFFER_UNKNOWN);
	assert_answer(rp_session_end(h->w->rp, call(h->w), &first), RP_OK);
	assert_answer(rp_offer_confirm(h->w->rp, call(h->w), &first,
			  &s.offer.id, true, &added),
	    RP_SESSION_EXPIRED);
	scan_free(&s);
}

static void
takes_options_of_this_offer_alone(void **state)
{
	struct home *h = *state;
	struct scan s, other;
	struct rp_creation o;
	struct rp_new_passkey made;
	struct rp_new_phone p;

	offer(h, &s);
	offer(h, &other);
	p = a_phone(&s.key, "P");
	assert_answer(
	    rp_offer_options(h->w->rp, call(h->w), other.token.s, &o), RP_OK);
	made = make_passkey(s.holder, &o);
	assert_answer(rp_offer_answer(h->w->rp, call(h->w), s.token.s,
			  sealed(&o.ceremony), &made, &p, &s.id),
	    RP_CEREMONY_ACCOUNT);
	/* And not those of an ordinary passkey. */
	assert_answer(
	    rp_passkey_add_begin(h->w->rp, call(h->w), &h->anna->in, &o),
	    RP_OK);
	made = make_passkey(s.holder, &o);
	assert_answer(rp_offer_answer(h->w->rp, call(h->w), s.token.s,
			  sealed(&o.ceremony), &made, &p, &s.id),
	    RP_CEREMONY_KIND);
	assert_answer(
	    rp_offer_options(h->w->rp, call(h->w), "x", &o), RP_OFFER_UNKNOWN);
	other.token.s[50] = other.token.s[50] == 'A' ? 'B' : 'A';
	assert_answer(rp_offer_options(h->w->rp, call(h->w), other.token.s, &o),
	    RP_OFFER_UNKNOWN);
	scan_free(&s);
	scan_free(&other);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		TEST(joins_on_itself),
		TEST(wants_a_fresh_proof_and_sense),
		TEST(is_taken_away_by_the_administrator),
		TEST(has_room_for_ten),
		TEST(joins_by_an_offer),
		TEST(is_refused_by_name),
		TEST(is_answered_by_the_first),
		TEST(is_good_for_ten_minutes),
		TEST(belongs_to_the_session_that_showed_it),
		TEST(takes_options_of_this_offer_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
