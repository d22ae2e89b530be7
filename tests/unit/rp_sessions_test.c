/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include <stdio.h>

#include "rp/audit.h"
#include "rp/ids.h"
#include "webauthn/b64url.h"

static enum rp_answer
check(struct world *w, const char *token)
{
	struct rp_signed_in in;
	bool touch;

	return rp_session_check(w->rp, call(w), token, &in, &touch);
}

static void
ends_in_time(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_signed_in in;
	store_time start;
	bool touch;

	sign_up(w, p, "taro");
	start = w->now;
	/* Idle. */
	w->now = start + 14 * DAY - 1;
	assert_answer(check(w, p->token.s), RP_OK);
	w->now = start + 14 * DAY;
	assert_answer(check(w, p->token.s), RP_SESSION_EXPIRED);
	assert_answer(rp_session_touch(w->rp, call(w), &p->in.session.id),
	    RP_SESSION_EXPIRED);
	assert_answer(
	    rp_session_end(w->rp, call(w), &p->in), RP_SESSION_EXPIRED);
	/* Seen every day, and over all the same. */
	for (int day = 1; day < 90; day++) {
		w->now = start + day * DAY;
		assert_answer(
		    rp_session_check(w->rp, call(w), p->token.s, &in, &touch),
		    RP_OK);
		assert_true(touch);
		assert_answer(
		    rp_session_touch(w->rp, call(w), &in.session.id), RP_OK);
	}
	w->now = start + 90 * DAY - 1;
	assert_answer(check(w, p->token.s), RP_OK);
	w->now = start + 90 * DAY;
	assert_answer(check(w, p->token.s), RP_SESSION_EXPIRED);
	person_free(p);
}

static void
is_touched_now_and_then(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_signed_in in;
	struct store_stat before, after;
	store_time start;
	bool touch;

	sign_up(w, p, "taro");
	start = w->now;
	w->now = start + 5 * MINUTE - 1;
	assert_answer(
	    rp_session_check(w->rp, call(w), p->token.s, &in, &touch), RP_OK);
	assert_false(touch);
	w->now++;
	w->network = 9;
	assert_answer(
	    rp_session_check(w->rp, call(w), p->token.s, &in, &touch), RP_OK);
	assert_true(touch);
	assert_answer(rp_session_touch(w->rp, call(w), &in.session.id), RP_OK);
	/* Of two tabs one writes. */
	assert_ok(store_stat(w->kit->s, &before));
	assert_answer(rp_session_touch(w->rp, call(w), &in.session.id), RP_OK);
	assert_ok(store_stat(w->kit->s, &after));
	assert_int_equal(after.commits, before.commits);
	assert_answer(
	    rp_session_check(w->rp, call(w), p->token.s, &in, &touch), RP_OK);
	assert_false(touch);
	assert_int_equal(in.session.last_seen, w->now);
	assert_int_equal(in.session.created, start);
	assert_string_equal(in.session.client.address, "192.0.2.9");
	/* A clock that is a little behind moves nothing. */
	w->now -= 5 * MINUTE - 1;
	assert_answer(
	    rp_session_check(w->rp, call(w), p->token.s, &in, &touch), RP_OK);
	assert_false(touch);
	/* One that was ahead must not put off the end. */
	w->now -= HOUR;
	assert_answer(
	    rp_session_check(w->rp, call(w), p->token.s, &in, &touch), RP_OK);
	assert_true(touch);
	assert_answer(rp_session_touch(w->rp, call(w), &in.session.id), RP_OK);
	w->now += 14 * DAY;
	assert_answer(check(w, p->token.s), RP_SESSION_EXPIRED);
	person_free(p);
}

/* What is no token of ours, and what was one. */
static void
knows_its_tokens(void **state)
{
	static const char *const texts[] = { "", "x", "====",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAA",
		"\xff\xff",
		/* of a time that has not come */
		"________________________________________________________"
		"________" };
	struct world *w = *state;
	struct person *p = person_new();
	char turned[RP_TOKEN_TEXT + 1];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_answer(check(w, texts[i]), RP_SESSION_NONE);
	sign_up(w, p, "taro");
	/* Whichever character is another, it opens nothing. */
	for (size_t i = 0; i < RP_TOKEN_TEXT; i++) {
		enum rp_answer a;

		strcpy(turned, p->token.s);
		turned[i] = turned[i] == 'A' ? 'B' : 'A';
		a = check(w, turned);
		/* The id's first half is a time; its second, chance. */
		assert_true(a == RP_SESSION_NONE ||
			    (i < 22 && a == RP_SESSION_EXPIRED));
	}
	assert_answer(check(w, p->token.s), RP_OK);
	assert_answer(rp_session_end(w->rp, call(w), &p->in), RP_OK);
	assert_answer(check(w, p->token.s), RP_SESSION_EXPIRED);
	person_free(p);
}

static void
is_stored_as_a_hash(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	uint8_t *bytes, token[48];
	FILE *f;
	long n;
	size_t raw;
	char path[192];

	sign_up(w, p, "taro");
	snprintf(path, sizeof(path), "%s/data.mdb", w->kit->dir);
	assert_non_null(f = fopen(path, "rb"));
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	n = ftell(f);
	rewind(f);
	bytes = malloc((size_t)n);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)n, f), n);
	fclose(f);
	/* The name is there, which shows that it was looked for rightly. */
	assert_non_null(memmem(bytes, (size_t)n, "taro", 4));
	assert_true(
	    wa_b64url_decode(slice_of(p->token.s), token, sizeof(token), &raw));
	assert_non_null(memmem(bytes, (size_t)n, token, 16));
	assert_null(memmem(bytes, (size_t)n, token + 16, 16));
	assert_null(memmem(bytes, (size_t)n, token + 32, 16));
	assert_null(memmem(bytes, (size_t)n, p->token.s + 24, 40));
	person_free(p);
	free(bytes);
}

/* ---- ending ---- */

static void
ends_as_asked(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new();
	struct store_session list[STORE_SESSIONS_MAX];
	struct rp_signed_in in[4], mixed;
	struct rp_token token[4];
	size_t n;

	sign_up(w, other, "hanako");
	sign_up(w, p, "taro");
	for (int i = 0; i < 4; i++) {
		w->now += SECOND;
		assert_answer(sign_in(w, p, NULL), RP_OK);
		in[i] = p->in;
		token[i] = p->token;
	}
	assert_answer(
	    rp_sessions_list(w->rp, call(w), &in[0], list, &n), RP_OK);
	assert_int_equal(n, 5);
	assert_memory_equal(&list[0].id, &in[3].session.id, 16);
	/* Another's is not there for me. */
	assert_answer(
	    rp_session_end_other(w->rp, call(w), &in[0], &other->in.session.id),
	    RP_NOT_FOUND);
	assert_answer(check(w, other->token.s), RP_OK);
	assert_answer(
	    rp_session_end_other(w->rp, call(w), &in[0], &in[1].session.id),
	    RP_OK);
	assert_answer(check(w, token[1].s), RP_SESSION_EXPIRED);
	assert_answer(
	    rp_session_end_other(w->rp, call(w), &in[0], &in[1].session.id),
	    RP_NOT_FOUND);
	/* One's account and another's session are nobody. */
	mixed = in[0];
	mixed.session = other->in.session;
	assert_answer(
	    rp_session_end(w->rp, call(w), &mixed), RP_SESSION_EXPIRED);
	assert_answer(check(w, other->token.s), RP_OK);
	/* Who is signed out ends nobody's session. */
	assert_answer(
	    rp_session_end_other(w->rp, call(w), &in[1], &in[0].session.id),
	    RP_SESSION_EXPIRED);
	assert_answer(rp_sessions_end(w->rp, call(w), &in[0], true, &n), RP_OK);
	assert_int_equal(n, 3);
	assert_answer(check(w, token[0].s), RP_OK);
	assert_answer(check(w, token[2].s), RP_SESSION_EXPIRED);
	/* And when there is nothing to end, nothing is written. */
	assert_answer(rp_sessions_end(w->rp, call(w), &in[0], true, &n), RP_OK);
	assert_int_equal(n, 0);
	assert_answer(
	    rp_sessions_end(w->rp, call(w), &in[0], false, &n), RP_OK);
	assert_int_equal(n, 1);
	assert_answer(check(w, token[0].s), RP_SESSION_EXPIRED);
	assert_answer(rp_sessions_end(w->rp, call(w), &in[0], false, &n),
	    RP_SESSION_EXPIRED);
	assert_int_equal(events(w, p, "session-ended", NULL), 1);
	assert_int_equal(events(w, p, "sign-out-everywhere", NULL), 2);
	assert_int_equal(audited(w, "sign-out-everywhere"), 2);
	person_free(p);
	person_free(other);
}

static void
signs_out(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();

	sign_up(w, p, "taro");
	assert_answer(rp_session_end(w->rp, call(w), &p->in), RP_OK);
	assert_answer(
	    rp_session_end(w->rp, call(w), &p->in), RP_SESSION_EXPIRED);
	assert_int_equal(events(w, p, "sign-out", NULL), 1);
	assert_int_equal(audited(w, "sign-out"), 1);
	person_free(p);
}

/* ---- ids, and what the log keeps ---- */

static void
writes_ids_one_way(void **state)
{
	static const char *const wrong[] = { "", "acc_", "acc", "pk_",
		"acc_AAAAAAAAAAAAAAAAAAAAA", "acc_AAAAAAAAAAAAAAAAAAAAAAA",
		"acc_AAAAAAAAAAAAAAAAAAAAAB",
		"acc_AAAAAAAAAAAAAAAAAAAAA=", "ACC_AAAAAAAAAAAAAAAAAAAAAA",
		"pk_AAAAAAAAAAAAAAAAAAAAAA", " acc_AAAAAAAAAAAAAAAAAAAAAA",
		"acc_AAAAAAAAAAAAAAAAAAAAAA " };
	uint8_t id[16], back[16];
	struct rp_id_text text;

	(void)state;
	for (int i = 0; i < 16; i++)
		id[i] = (uint8_t)(i * 17);
	text = rp_id_write("acc_", id);
	assert_int_equal(strlen(text.s), RP_ID_TEXT);
	assert_true(rp_id_read("acc_", text.s, back));
	assert_memory_equal(id, back, 16);
	assert_false(rp_id_read("pk_", text.s, back));
	text = rp_id_write("pk_", id);
	assert_true(rp_id_read("pk_", text.s, back));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(rp_id_read("acc_", wrong[i], back));
}

static void
writes_details_one_way(void **state)
{
	struct rp_audit d = { 0 };
	const uint8_t id[16] = { 0 };
	char longest[1000];
	size_t before;

	(void)state;
	rp_audit_text(&d, "name", "taro@example.org");
	rp_audit_text(&d, "empty", "");
	rp_audit_text(&d, "browser", "Chrome, \"Linux\"\\\n\x7f");
	rp_audit_number(&d, "n", 0);
	rp_audit_number(&d, "most", UINT64_MAX);
	rp_audit_id(&d, "by", "ses_", id);
	rp_audit_text(&d, "ja", "太郎");
	d.s[d.n] = '\0';
	assert_string_equal(d.s,
	    "name=taro@example.org "
	    "browser=\"Chrome, \\\"Linux\\\"\\\\\\x0a\\x7f\" n=0 "
	    "most=18446744073709551615 by=ses_AAAAAAAAAAAAAAAAAAAAAA "
	    "ja=\"太郎\"");
	/* Too much is left out whole. */
	memset(longest, '\n', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	d.n = 0;
	rp_audit_text(&d, "a", longest);
	assert_int_equal(d.n, 2 + 2 + 4 * 254);
	before = d.n;
	rp_audit_text(&d, "b", "xx");
	assert_int_equal(d.n, before);
	rp_audit_text(&d, "b", "");
	assert_int_equal(d.n, before);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(ends_in_time),
		T(is_touched_now_and_then),
		T(knows_its_tokens),
		T(is_stored_as_a_hash),
		T(ends_as_asked),
		T(signs_out),
		cmocka_unit_test(writes_ids_one_way),
		cmocka_unit_test(writes_details_one_way),
	};

	return cmocka_run_group_tests_name("rp_sessions", tests, NULL, NULL);
}
