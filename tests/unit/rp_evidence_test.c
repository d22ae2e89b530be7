/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <stdio.h>

#include "rp/ids.h"
#include "webauthn/b64url.h"

/* The one entry "approval" of the log. */
struct found {
	char detail[STORE_AUDIT_DETAIL_MAX + 1];
	size_t n;
	struct account_id account;
};

static void
find(const struct store_audit_entry *e, void *arg)
{
	struct found *f = arg;

	if (!slice_equal(e->event, slice_of("approval")))
		return;
	memcpy(f->detail, e->detail.p, e->detail.n);
	f->n = e->detail.n;
	f->detail[f->n] = '\0';
	f->account = e->account;
}

static struct found
evidence(struct home *h, bool right)
{
	struct store_audit_report report;
	struct found f = { .n = 0 };

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	(void)answer(h->w, &h->phone, &h->pc, right);
	assert_ok(store_audit_verify(h->w->kit->s, find, &f, &report));
	assert_true(report.sound);
	assert_true(f.n > 0);
	return f;
}

static enum wa_verdict
verify(const struct found *f, const char **what)
{
	uint8_t room[STORE_AUDIT_DETAIL_MAX];
	struct rp_evidence e;
	const struct slice detail = { (const uint8_t *)f->detail, f->n };

	return rp_evidence_verify(
	    detail, &f->account, "example.org", room, &e, what);
}

static void
verifies_again(void **state)
{
	struct home *h = *state;
	struct rp_approvals_report r;
	struct found f;
	const char *what;

	f = evidence(h, true);
	assert_int_equal(verify(&f, &what), WA_OK);
	assert_null(what);
	f = evidence(h, false);
	assert_int_equal(verify(&f, &what), WA_OK);
	assert_answer(
	    rp_approvals_verify(h->w->kit->s, "example.org", &r), RP_OK);
	assert_true(r.sound);
	assert_int_equal(r.approved, 1);
	assert_int_equal(r.mismatches, 1);
	/* Also when the account, its phone and its passkey are gone. */
	assert_answer(
	    rp_account_remove_own(h->w->rp, call(h->w), &h->anna->in), RP_OK);
	assert_answer(
	    rp_approvals_verify(h->w->kit->s, "example.org", &r), RP_OK);
	assert_true(r.sound);
	assert_int_equal(r.approved, 1);
}

/* No byte of it can be another one, wherever it stands. */
static void
holds_to_every_byte(void **state)
{
	struct home *h = *state;
	struct found f = evidence(h, true), changed;
	const char *what, *id = strstr(f.detail, " credential=");
	const size_t from = (size_t)(id - f.detail) + strlen(" credential=");
	const size_t to = (size_t)(strstr(id, " key=") - f.detail);

	for (size_t i = 0; i < f.n; i++) {
		/*
		 * A passkey signs neither its id nor that the log names it;
		 * for that there is the chain.
		 */
		if (i >= from && i < to)
			continue;
		changed = f;
		changed.detail[i] = f.detail[i] == 'A'   ? 'B'
				    : f.detail[i] == '4' ? '5'
							 : 'A';
		if (changed.detail[i] == f.detail[i])
			continue;
		if (verify(&changed, &what) == WA_OK)
			fail_msg("byte %zu: %.20s", i, f.detail + i);
		assert_non_null(what);
	}
	for (size_t n = 0; n < f.n; n++) {
		changed = f;
		changed.n = n;
		assert_int_not_equal(verify(&changed, &what), WA_OK);
	}
	changed = f;
	changed.detail[changed.n++] = ' ';
	assert_int_not_equal(verify(&changed, &what), WA_OK);
}

static void
swap(struct found *f, const char *from, const char *to)
{
	char *at = strstr(f->detail, from);

	assert_non_null(at);
	assert_int_equal(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
}

static void
names_what_does_not_hold(void **state)
{
	struct home *h = *state;
	struct found f = evidence(h, true), changed = f;
	char number[32], other[32];
	const char *what;

	/* Another account's; another party's. */
	changed.account = h->ben->in.account.id;
	assert_int_not_equal(verify(&changed, &what), WA_OK);
	assert_string_equal(what, "account");
	/* An approval made of a mismatch, and the other way round. */
	changed = f;
	snprintf(number, sizeof(number), "number=%s", h->pc.a.number);
	snprintf(other, sizeof(other), "number=%s",
	    strcmp(h->pc.a.number, "12") == 0 ? "34" : "12");
	swap(&changed, number, other);
	assert_int_not_equal(verify(&changed, &what), WA_OK);
	assert_string_equal(what, "number");
	changed = f;
	swap(&changed, "outcome=approved", "outcome=mismatch");
	assert_int_not_equal(verify(&changed, &what), WA_OK);
	assert_string_equal(what, "outcome");
	changed = f;
	snprintf(number, sizeof(number), "choice=%s", h->pc.a.number);
	memcpy(other, "choice=", 7);
	swap(&changed, number, other);
	assert_int_not_equal(verify(&changed, &what), WA_OK);
	assert_string_equal(what, "choice");
}

/* An app on Android signs with an origin that is no URL. */
#define APK "android:apk-key-hash:Aq4XpWhBl-Dw3vrBkX8dV4mBmHV3y0R5vLS1cX9HfeU"

static void
verifies_what_an_app_has_signed(void **state)
{
	static const char *const origins[] = { SOFTKEY_ORIGIN, APK, NULL };
	static const struct softkey_script from_app = { .origin = APK };
	struct home *h = *state;
	struct rp_approvals_report r;
	struct rp_commitment c;
	enum store_approval_state s;

	/* Not before the configuration names it. */
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(
	    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
	assert_answer(sign(h->w, &h->phone, &h->pc, &c, &from_app, &s),
	    RP_PASSKEY_REFUSED);
	h->w->config.origins = origins;
	world_reopen(h->w);
	assert_answer(sign(h->w, &h->phone, &h->pc, &c, &from_app, &s), RP_OK);
	assert_int_equal(s, STORE_APPROVAL_APPROVED);
	assert_answer(collect(h->w, &h->pc), RP_OK);
	assert_answer(
	    rp_approvals_verify(h->w->kit->s, "example.org", &r), RP_OK);
	assert_true(r.sound);
	assert_int_equal(r.approved, 1);
}

/* ---- in the log ---- */

static bool
is_approval(struct slice key, struct slice value, void *arg)
{
	struct slice *found = arg;
	static uint8_t bytes[STORE_AUDIT_DETAIL_MAX + 512];
	static uint8_t name[64];

	if (memmem(value.p, value.n, "outcome=approved", 16) == NULL)
		return true;
	memcpy(name, key.p, key.n);
	memcpy(bytes, value.p, value.n);
	found[0] = (struct slice){ name, key.n };
	found[1] = (struct slice){ bytes, value.n };
	return false;
}

static enum store_rc
forge(struct store_txn *t, void *arg)
{
	const char *from = arg;
	struct slice found[2] = { { 0 }, { 0 } };
	uint8_t *at;

	assert_ok(engine_range(t, TABLE_AUDIT, (struct slice){ 0 },
	    (struct slice){ 0 }, is_approval, found));
	at = memmem(found[1].p, found[1].n, from, strlen(from));
	assert_non_null(at);
	at[strlen(from)] ^= 1;
	return engine_put(t, TABLE_AUDIT, found[0], found[1], ENGINE_REPLACE);
}

/* One byte in the store's own files. */
static void
names_the_entry_that_was_changed(void **state)
{
	struct home *h = *state;
	struct rp_approvals_report r;
	struct found f = evidence(h, true);

	(void)f;
	assert_ok(store_update(h->w->kit->s, forge, (void *)" signature="));
	assert_answer(
	    rp_approvals_verify(h->w->kit->s, "example.org", &r), RP_OK);
	assert_false(r.sound);
	assert_int_equal(r.approved, 0);
	assert_non_null(strstr(r.trouble, rp_id_write("apr_", h->pc.a.id.b).s));
	assert_non_null(strstr(r.trouble, "verdict=signature"));
}

/* A log forged with all its hashes made anew: the passkey still tells. */
static enum store_rc
append(struct store_txn *t, void *arg)
{
	return store_audit_append(t, arg);
}

static void
finds_a_forgery_in_a_sound_log(void **state)
{
	struct home *h = *state;
	struct rp_approvals_report r;
	struct found f = evidence(h, false);
	struct store_audit_entry e = { .at = h->w->now,
		.account = h->anna->in.account.id,
		.event = slice_of("approval") };
	char number[32], wrong[32];

	/* The mismatch told as an approval, its number said to be right. */
	swap(&f, "outcome=mismatch", "outcome=approved");
	snprintf(number, sizeof(number), "number=%s", h->pc.a.number);
	snprintf(wrong, sizeof(wrong), "number=%s", wrong_number(h->w, &h->pc));
	swap(&f, number, wrong);
	e.detail = (struct slice){ (const uint8_t *)f.detail, f.n };
	assert_ok(store_update(h->w->kit->s, append, &e));
	assert_answer(
	    rp_approvals_verify(h->w->kit->s, "example.org", &r), RP_OK);
	/* T, which the phone signed, has sealed the number before. */
	assert_false(r.sound);
	assert_int_equal(r.mismatches, 1);
	assert_int_equal(r.approved, 0);
	assert_non_null(strstr(r.trouble, rp_id_write("apr_", h->pc.a.id.b).s));
	assert_non_null(strstr(r.trouble, "what=number"));
}

/*
 * Whoever can append makes a request up and signs it with a passkey of their
 * own; every signature is good.
 */
static void
finds_an_approval_under_a_foreign_key(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct home *h = *state;
		struct rp_approvals_report r;
		struct rp_commitment c;
		struct store_credential bens, annas;
		char challenge[WA_B64URL_SIZE(32)];
		char detail[STORE_AUDIT_DETAIL_MAX + 1];
		struct softkey_script script = { .challenge = challenge };
		struct store_audit_entry entry = { .at = h->w->now,
			.account = h->anna->in.account.id,
			.event = slice_of("approval") };
		struct rp_evidence e = { .outcome = STORE_APPROVAL_APPROVED,
			.origin = SOFTKEY_ORIGIN };
		struct wa_assertion got;
		size_t n;

		assert_true(stored(h->w, h->ben, &bens));
		assert_true(stored(h->w, h->anna, &annas));
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		assert_answer(
		    choose(h->w, &h->phone, &h->pc, h->pc.a.number, &c), RP_OK);
		assert_true(wa_b64url_encode((struct slice){ c.challenge, 32 },
		    challenge, sizeof(challenge)));
		got = softkey_assert(
		    i == 2 ? h->anna->key : h->ben->key, &script);
		e.approval = h->pc.a.id;
		memcpy(e.number, h->pc.a.number, sizeof(e.number));
		memcpy(e.choice, h->pc.a.number, sizeof(e.choice));
		memcpy(e.secret, row_of(h, &h->pc).secret, 32);
		e.transaction = slice_of(c.t.text);
		e.client_data_json = got.client_data_json;
		e.authenticator_data = got.authenticator_data;
		e.signature = got.signature;
		/* As anna's passkey, as ben's, and the truth. */
		e.credential_id = i == 1
				      ? (struct slice){ bens.id, bens.id_n }
				      : (struct slice){ annas.id, annas.id_n };
		e.cose_key =
		    i == 2 ? (struct slice){ annas.cose_key, annas.cose_key_n }
			   : (struct slice){ bens.cose_key, bens.cose_key_n };
		assert_true(rp_evidence_write(&e, detail, &n));
		entry.detail = (struct slice){ (uint8_t *)detail, n };
		assert_ok(store_update(h->w->kit->s, append, &entry));
		assert_answer(
		    rp_approvals_verify(h->w->kit->s, "example.org", &r),
		    RP_OK);
		assert_int_equal(r.sound, i == 2);
		assert_int_equal(r.approved, i == 2);
		if (i < 2) {
			assert_non_null(strstr(
			    r.trouble, rp_id_write("apr_", h->pc.a.id.b).s));
			assert_non_null(strstr(r.trouble, "what=key"));
		}
		home_teardown(state);
		home_setup(state);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		TEST(verifies_again),
		TEST(holds_to_every_byte),
		TEST(names_what_does_not_hold),
		TEST(verifies_what_an_app_has_signed),
		TEST(names_the_entry_that_was_changed),
		TEST(finds_a_forgery_in_a_sound_log),
		TEST(finds_an_approval_under_a_foreign_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
