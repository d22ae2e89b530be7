/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <stdio.h>

#include "webauthn/hash.h"

/* ---- proofs ---- */

static enum rp_answer
prove_it(struct home *h, const struct proof *p, struct rp_device *d)
{
	return rp_device_prove(
	    h->w->rp, call_of_phone(h->w, &h->phone), &p->claims, &p->facts, d);
}

struct lie {
	const char *name;
	void (*tell)(struct home *h, struct proof *p);
	bool sign; /* by the phone, after the lie */
	enum rp_answer want;
};

#define LIE(name) static void name(struct home *h, struct proof *p)

LIE(truth)
{
	(void)h;
	(void)p;
}
LIE(no_typ)
{
	(void)h;
	p->claims.typ = NULL;
}
LIE(typ_of_collecting)
{
	(void)h;
	p->claims.typ = RP_COLLECT_PROOF_TYP;
}
LIE(no_algorithm)
{
	(void)h;
	p->claims.alg = NULL;
}
LIE(algorithm_none)
{
	(void)h;
	p->claims.alg = "none";
}
LIE(algorithm_hmac)
{
	(void)h;
	p->claims.alg = "HS256";
}
LIE(no_phone)
{
	(void)h;
	p->claims.phone = NULL;
}
LIE(phone_malformed)
{
	(void)h;
	p->claims.phone = "phn_";
}
LIE(phone_unknown)
{
	(void)h;
	p->phone[8] = p->phone[8] == 'A' ? 'B' : 'A';
}
LIE(phone_of_another)
{
	struct proof other;

	proof_of_phone(h->w, &h->tablet, &other);
	memcpy(p->phone, other.phone, sizeof(p->phone));
}
LIE(no_htm)
{
	(void)h;
	p->claims.htm = NULL;
}
LIE(other_htm)
{
	(void)h;
	p->claims.htm = "GET";
}
LIE(no_htu)
{
	(void)h;
	p->claims.htu = NULL;
}
LIE(other_htu)
{
	(void)h;
	p->claims.htu = SOFTKEY_ORIGIN "/api/v1/companion/lock";
}
LIE(no_jti)
{
	(void)h;
	p->claims.jti = NULL;
}
LIE(jti_short)
{
	(void)h;
	p->claims.jti = "123456789012345";
}
LIE(jti_long)
{
	(void)h;
	p->claims.jti = "1234567890123456789012345678901234567890"
			"1234567890123456789012345";
}
LIE(jti_with_a_space)
{
	(void)h;
	p->claims.jti = "12345678 90123456";
}
LIE(no_iat)
{
	(void)h;
	p->claims.has_iat = false;
}
LIE(iat_negative)
{
	(void)h;
	p->claims.iat = -1;
}
LIE(iat_of_no_year)
{
	(void)h;
	p->claims.iat = INT64_MAX;
}
LIE(iat_old)
{
	(void)h;
	p->claims.iat -= 121;
}
LIE(iat_to_come)
{
	(void)h;
	p->claims.iat += 121;
}
LIE(iat_a_little_old)
{
	(void)h;
	p->claims.iat -= 120;
}
LIE(body_unsigned)
{
	(void)h;
	p->facts.body = slice_of("{}");
}
LIE(body_of_another)
{
	(void)h;
	p->facts.body = slice_of("{}");
	p->claims.has_ath = true;
	assert_true(wa_sha256(slice_of("{ }"), p->claims.ath));
}
LIE(body_signed)
{
	(void)h;
	p->facts.body = slice_of("{}");
	p->claims.has_ath = true;
	assert_true(wa_sha256(slice_of("{}"), p->claims.ath));
}
LIE(body_where_none_is)
{
	(void)h;
	p->claims.has_ath = true;
	assert_true(wa_sha256(slice_of("{}"), p->claims.ath));
}
LIE(other_bytes)
{
	(void)h;
	p->input[0] ^= 1;
}
LIE(signature_bit)
{
	(void)h;
	p->signature[40] ^= 0x10;
}
LIE(signature_cut)
{
	(void)h;
	p->claims.signature.n = 63;
}
LIE(signed_by_another)
{
	proof_sign(p, &h->tablet.key);
}

static const struct lie lies[] = {
	{ "the truth", truth, true, RP_OK },
	{ "no typ", no_typ, true, RP_DEVICE_PROOF_MALFORMED },
	{ "a collection's typ", typ_of_collecting, true,
	    RP_DEVICE_PROOF_MALFORMED },
	{ "no alg", no_algorithm, true, RP_DEVICE_PROOF_MALFORMED },
	{ "alg none", algorithm_none, true, RP_DEVICE_PROOF_MALFORMED },
	{ "alg HS256", algorithm_hmac, true, RP_DEVICE_PROOF_MALFORMED },
	{ "no phone", no_phone, true, RP_DEVICE_PROOF_MALFORMED },
	{ "a phone's prefix", phone_malformed, true, RP_PHONE_UNKNOWN },
	{ "a phone that never was", phone_unknown, true, RP_PHONE_UNKNOWN },
	{ "another phone", phone_of_another, true, RP_DEVICE_PROOF_REFUSED },
	{ "no htm", no_htm, true, RP_DEVICE_PROOF_MALFORMED },
	{ "another method", other_htm, true, RP_DEVICE_PROOF_REFUSED },
	{ "no htu", no_htu, true, RP_DEVICE_PROOF_MALFORMED },
	{ "another address", other_htu, true, RP_DEVICE_PROOF_REFUSED },
	{ "no jti", no_jti, true, RP_DEVICE_PROOF_MALFORMED },
	{ "a short jti", jti_short, true, RP_DEVICE_PROOF_MALFORMED },
	{ "a long jti", jti_long, true, RP_DEVICE_PROOF_MALFORMED },
	{ "a jti with a space", jti_with_a_space, true,
	    RP_DEVICE_PROOF_MALFORMED },
	{ "no iat", no_iat, true, RP_DEVICE_PROOF_MALFORMED },
	{ "an iat before 1970", iat_negative, true, RP_DEVICE_PROOF_MALFORMED },
	{ "an iat of no year", iat_of_no_year, true,
	    RP_DEVICE_PROOF_MALFORMED },
	{ "an old iat", iat_old, true, RP_DEVICE_PROOF_REFUSED },
	{ "an iat to come", iat_to_come, true, RP_DEVICE_PROOF_REFUSED },
	{ "an iat just good", iat_a_little_old, true, RP_OK },
	{ "a body unsigned", body_unsigned, true, RP_DEVICE_PROOF_REFUSED },
	{ "another body", body_of_another, true, RP_DEVICE_PROOF_REFUSED },
	{ "a body signed", body_signed, true, RP_OK },
	{ "a hash of no body", body_where_none_is, true,
	    RP_DEVICE_PROOF_REFUSED },
	{ "other bytes", other_bytes, false, RP_DEVICE_PROOF_REFUSED },
	{ "a bit of the signature", signature_bit, false,
	    RP_DEVICE_PROOF_REFUSED },
	{ "a signature cut", signature_cut, false, RP_DEVICE_PROOF_MALFORMED },
	{ "another phone's key", signed_by_another, false,
	    RP_DEVICE_PROOF_REFUSED },
};

static void
names_each_lie(void **state)
{
	struct home *h = *state;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct rp_device d;
		struct proof p;
		enum rp_answer got;

		proof_of_phone(h->w, &h->phone, &p);
		lies[i].tell(h, &p);
		if (lies[i].sign)
			proof_sign(&p, &h->phone.key);
		got = prove_it(h, &p, &d);
		if (got != lies[i].want)
			fail_msg("%s: %s", lies[i].name, rp_answer_name(got));
	}
}

static void
serves_once(void **state)
{
	struct home *h = *state;
	struct rp_pending list[RP_PENDING_MAX];
	struct rp_device d, again;
	struct proof p;
	size_t n;

	proof_of_phone(h->w, &h->phone, &p);
	assert_answer(prove_it(h, &p, &d), RP_OK);
	assert_answer(prove_it(h, &p, &again), RP_OK);
	assert_answer(rp_companion_list(h->w->rp, call(h->w), &d, list, &n,
			  &(struct rp_resting){ 0 }),
	    RP_OK);
	assert_answer(rp_companion_list(h->w->rp, call(h->w), &again, list, &n,
			  &(struct rp_resting){ 0 }),
	    RP_DEVICE_PROOF_REFUSED);
	assert_answer(rp_companion_leave(h->w->rp, call(h->w), &again),
	    RP_DEVICE_PROOF_REFUSED);
	/* As long as it could be of this time. */
	h->w->now += 2 * MINUTE;
	assert_answer(prove_it(h, &p, &again), RP_OK);
	assert_answer(rp_companion_list(h->w->rp, call(h->w), &again, list, &n,
			  &(struct rp_resting){ 0 }),
	    RP_DEVICE_PROOF_REFUSED);
	h->w->now += SECOND;
	assert_answer(prove_it(h, &p, &again), RP_DEVICE_PROOF_REFUSED);
}

static void
ends_with_the_phone(void **state)
{
	struct home *h = *state;
	struct rp_pending list[RP_PENDING_MAX];
	struct rp_device d = device(h->w, &h->phone);
	struct rp_commitment c;
	struct proof p;
	enum store_approval_state s;
	size_t n;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	assert_answer(
	    rp_phone_remove(h->w->rp, call(h->w), &h->anna->in, &h->phone.id),
	    RP_OK);
	/* Proved before, removed since. */
	assert_answer(rp_companion_list(h->w->rp, call(h->w), &d, list, &n,
			  &(struct rp_resting){ 0 }),
	    RP_PHONE_UNKNOWN);
	proof_of_phone(h->w, &h->phone, &p);
	assert_answer(prove_it(h, &p, &d), RP_PHONE_UNKNOWN);
	/* What it chose nobody else can sign. */
	assert_answer(
	    sign(h->w, &h->tablet, &h->pc, &c, NULL, &s), RP_CHOICE_MADE);
}

static void
forgets_forged_proofs_after_a_while(void **state)
{
	struct home *h = *state;
	struct rp_device d;
	struct proof p;
	int refused = 0;

	for (int i = 0; i < 1000; i++) {
		proof_of_phone(h->w, &h->phone, &p);
		p.signature[1] ^= 1;
		if (prove_it(h, &p, &d) == RP_RATE_LIMITED)
			break;
		refused++;
	}
	assert_int_equal(refused, 300);
	h->w->now += 10 * MINUTE;
	proof_of_phone(h->w, &h->phone, &p);
	assert_answer(prove_it(h, &p, &d), RP_OK);
}

/* Somebody behind the same address, who has no phone or another one. */
static void
is_heard_among_many_bad_ones(void **state)
{
	struct home *h = *state;
	struct rp_device d;
	struct proof p;

	h->tv.network = h->phone.network;
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	for (int i = 0; i < 400; i++) {
		proof_of_phone(h->w, &h->bens, &p);
		if (i % 2 == 0)
			p.claims.phone = "phn_AAAAAAAAAAAAAAAAAAAAAA";
		p.signature[1] ^= 1;
		(void)prove_it(h, &p, &d);
	}
	assert_answer(prove_it(h, &p, &d), RP_RATE_LIMITED);
	proof_of_phone(h->w, &h->bens, &p);
	assert_answer(prove_it(h, &p, &d), RP_RATE_LIMITED);
	/* The phone refuses, approves, and its browser collects. */
	assert_answer(decide(h->w, &h->phone, &h->tv, RP_DENY), RP_OK);
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->tv, true), STORE_APPROVAL_APPROVED);
	assert_answer(collect(h->w, &h->tv), RP_OK);
	/* Bad ones that name it are counted for it. */
	for (int i = 0; i < 400; i++) {
		proof_of_phone(h->w, &h->phone, &p);
		p.signature[1] ^= 1;
		(void)prove_it(h, &p, &d);
	}
	proof_of_phone(h->w, &h->phone, &p);
	assert_answer(prove_it(h, &p, &d), RP_RATE_LIMITED);
	h->phone.network++;
	proof_of_phone(h->w, &h->phone, &p);
	assert_answer(prove_it(h, &p, &d), RP_OK);
}

/* ---- what else a phone may do ---- */

static void
locks_the_account(void **state)
{
	struct home *h = *state;
	struct rp_device d;
	struct store_trust trust;
	struct rp_kept_token token;
	struct rp_invitation_text link;
	struct rp_signed_in in;
	struct proof p;
	store_time expires;
	size_t n;
	bool touch;

	sign_in_by(h->w, &h->pc, &h->phone, "anna");
	assert_answer(
	    rp_browser_keep(h->w->rp, call_of_asker(h->w, &h->pc), &h->pc.in,
		"Desk", NULL, h->pc.key.xy, &trust, &token),
	    RP_OK);
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	assert_answer(
	    rp_admin_invite(h->w->rp, call(h->w), "anna", &link, &expires),
	    RP_OK);
	d = device(h->w, &h->phone);
	assert_answer(
	    rp_companion_lock(h->w->rp, call_of_phone(h->w, &h->phone), &d, &n),
	    RP_OK);
	assert_int_equal(n, 2);
	assert_answer(
	    rp_session_check(h->w->rp, call(h->w), h->pc.token.s, &in, &touch),
	    RP_SESSION_EXPIRED);
	assert_answer(rp_session_check(
			  h->w->rp, call(h->w), h->anna->token.s, &in, &touch),
	    RP_SESSION_EXPIRED);
	assert_state(h, &h->tv, STORE_APPROVAL_CANCELLED);
	assert_int_equal(entries(h->w->kit->s, TABLE_BROWSERS), 0);
	assert_int_equal(entries(h->w->kit->s, TABLE_INVITATIONS), 0);
	proof_of_phone(h->w, &h->phone, &p);
	assert_answer(prove_it(h, &p, &d), RP_ACCOUNT_LOCKED);
	assert_answer(sign_in(h->w, h->anna, "anna"), RP_ACCOUNT_LOCKED);
	assert_int_equal(audited(h->w, "account-locked"), 1);
	assert_answer(rp_admin_account_unlock(
			  h->w->rp, call(h->w), &h->anna->in.account.id),
	    RP_OK);
	assert_answer(sign_in(h->w, h->anna, "anna"), RP_OK);
	assert_true(events(h->w, h->anna, "account-locked", NULL) >= 1);
}

static void
leaves(void **state)
{
	struct home *h = *state;
	struct rp_device d = device(h->w, &h->phone);
	struct store_phone list[STORE_PHONES_MAX];
	struct proof p;
	size_t n;

	assert_answer(
	    rp_companion_leave(h->w->rp, call_of_phone(h->w, &h->phone), &d),
	    RP_OK);
	proof_of_phone(h->w, &h->phone, &p);
	assert_answer(prove_it(h, &p, &d), RP_PHONE_UNKNOWN);
	assert_answer(
	    rp_phones_list(h->w->rp, call(h->w), &h->anna->in, list, &n),
	    RP_OK);
	assert_int_equal(n, 1);
	assert_memory_equal(&list[0].id, &h->tablet.id, sizeof(list[0].id));
	assert_int_equal(events(h->w, h->anna, "phone-left", NULL), 1);
}

static struct store_phone
phone_row(struct home *h, const struct phone *p)
{
	struct store_phone row;
	struct store_txn *t;

	assert_ok(store_read_begin(h->w->kit->s, &t));
	assert_ok(store_phone_get(t, &p->id, &row));
	store_read_end(t);
	return row;
}

static void
changes_where_pushes_go(void **state)
{
	struct home *h = *state;
	struct store_push push = phone_row(h, &h->phone).push;
	struct rp_device d = device(h->w, &h->phone);

	h->w->now += HOUR;
	d = device(h->w, &h->phone);
	snprintf(push.endpoint, sizeof(push.endpoint), "https://other/2");
	assert_answer(rp_companion_push(
			  h->w->rp, call_of_phone(h->w, &h->phone), &d, &push),
	    RP_OK);
	assert_string_equal(
	    phone_row(h, &h->phone).push.endpoint, "https://other/2");
	assert_int_equal(phone_row(h, &h->phone).push_changed, h->w->now);
	d = device(h->w, &h->phone);
	push.p256dh[64] ^= 1;
	assert_answer(rp_companion_push(
			  h->w->rp, call_of_phone(h->w, &h->phone), &d, &push),
	    RP_PUSH_MALFORMED);
	push.p256dh[64] ^= 1;
	push.p256dh[0] = 2;
	assert_answer(rp_companion_push(
			  h->w->rp, call_of_phone(h->w, &h->phone), &d, &push),
	    RP_PUSH_MALFORMED);
	push.p256dh[0] = 4;
	snprintf(push.endpoint, sizeof(push.endpoint), "file:///etc/passwd");
	assert_answer(rp_companion_push(
			  h->w->rp, call_of_phone(h->w, &h->phone), &d, &push),
	    RP_PUSH_MALFORMED);
	snprintf(push.endpoint, sizeof(push.endpoint), "https://a b/");
	assert_answer(rp_companion_push(
			  h->w->rp, call_of_phone(h->w, &h->phone), &d, &push),
	    RP_PUSH_MALFORMED);
	memset(&push, 0, sizeof(push));
	assert_answer(rp_companion_push(
			  h->w->rp, call_of_phone(h->w, &h->phone), &d, &push),
	    RP_OK);
	d = device(h->w, &h->phone);
	assert_answer(rp_companion_mute(h->w->rp,
			  call_of_phone(h->w, &h->phone), &d, h->w->now + HOUR),
	    RP_OK);
	assert_int_equal(phone_row(h, &h->phone).muted_until, h->w->now + HOUR);
}

static void
reads_the_history(void **state)
{
	struct home *h = *state;
	struct history_id before = { { 0 } };
	struct rp_device d = device(h->w, &h->phone);
	struct store_history page[8];
	size_t n;

	assert_answer(
	    rp_companion_history(h->w->rp, call_of_phone(h->w, &h->phone), &d,
		&before, page, 8, &n),
	    RP_OK);
	assert_int_equal(n, 3);
	assert_string_equal(page[0].event, "phone-added");
	assert_string_equal(page[2].event, "account-created");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		TEST(names_each_lie),
		TEST(serves_once),
		TEST(ends_with_the_phone),
		TEST(forgets_forged_proofs_after_a_while),
		TEST(is_heard_among_many_bad_ones),
		TEST(locks_the_account),
		TEST(leaves),
		TEST(changes_where_pushes_go),
		TEST(reads_the_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
