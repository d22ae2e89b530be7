/* SPDX-License-Identifier: Apache-2.0 */
/* Signing up, signing in, the session and its cookies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/http/meddler.h"
#include "tests/http/scene.h"

const struct server_options scene = { 0 };

static void
signs_up_and_is_signed_in(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *done = visitor_sign_up(v, "Hanako@Example.org");
	json_t *session;

	(void)state;
	assert_string_equal(
	    json_at(done, "account.name"), "Hanako@Example.org");
	assert_int_equal(strncmp(json_at(done, "account.id"), "acc_", 4), 0);
	assert_int_equal(strncmp(json_at(done, "session.id"), "ses_", 4), 0);
	assert_int_equal(strncmp(json_at(done, "passkey.id"), "pk_", 3), 0);
	assert_string_equal(json_at(done, "session.method"), "passkey");
	assert_string_equal(
	    json_at(done, "signal.all_accepted.rpId"), "localhost");
	assert_string_equal(json_at(done, "passkey.credential_id"),
	    json_at(done, "signal.all_accepted.allAcceptedCredentialIds.0"));
	session = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
	assert_string_equal(
	    json_at(session, "account.id"), json_at(done, "account.id"));
	json_decref(session);
	json_decref(done);
	visitor_free(v);
}

static void
signs_in_with_a_name_and_without(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *named, *unnamed;

	(void)state;
	json_decref(visitor_sign_up(v, "taro"));
	visitor_get(v, "POST", "/api/v1/logout", json_object(), 204);
	visitor_refused(v, "GET", "/api/v1/session", NULL, 401, "session-none");
	named = visitor_sign_in(v, "TARO");
	unnamed = visitor_sign_in(v, NULL);
	assert_string_equal(json_at(named, "account.name"), "taro");
	assert_string_equal(json_at(unnamed, "account.name"), "taro");
	/* A session of its own each time. */
	assert_string_not_equal(
	    json_at(named, "session.id"), json_at(unnamed, "session.id"));
	json_decref(named);
	json_decref(unnamed);
	visitor_free(v);
}

/* A name in full width or another case is the same name; some are none. */
static void
names_are_compared_as_people_read_them(void **state)
{
	static const char *const same[] = { "jiro", "JIRO", "ｊｉｒｏ",
		"ＪＩＲＯ" };
	static const char *const none[] = { "", " ", "a b", "a\tb", "a\u200bb",
		"\u202exyz" };
	struct visitor *v = visitor_new(server);

	(void)state;
	json_decref(visitor_sign_up(v, "Jiro"));
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		visitor_refused(v, "POST", "/api/v1/signup/options",
		    json_pack("{s:s}", "name", same[i]), 409, "name-taken");
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		visitor_refused(v, "POST", "/api/v1/signup/options",
		    json_pack("{s:s}", "name", none[i]), 400, "name-malformed");
	visitor_free(v);
	v = visitor_new(server);
	json_decref(visitor_sign_up(v, "山田太郎"));
	json_decref(visitor_sign_in(v, "山田太郎"));
	visitor_free(v);
}

/* The shape of a JSON value: its members' names and types, not its texts. */
static void
shape_of(const json_t *j, char *out, size_t size)
{
	const char *name;
	json_t *value;
	size_t i;

	snprintf(
	    out + strlen(out), size - strlen(out), "%d(", (int)json_typeof(j));
	if (json_is_object(j))
		json_object_foreach((json_t *)(uintptr_t)j, name, value)
		{
			snprintf(
			    out + strlen(out), size - strlen(out), "%s:", name);
			shape_of(value, out, size);
		}
	json_array_foreach(j, i, value) shape_of(value, out, size);
	if (json_is_string(j))
		snprintf(out + strlen(out), size - strlen(out), "%zu",
		    json_string_length(j));
	snprintf(out + strlen(out), size - strlen(out), ")");
}

static void
shape_of_options(struct visitor *v, const char *name, char *out, size_t size)
{
	json_t *j = visitor_get(v, "POST", "/api/v1/login/options",
	    json_pack("{s:s}", "name", name), 200);

	/* How much is sealed in it may differ by a name's length. */
	json_object_del(j, "ceremony");
	out[0] = '\0';
	shape_of(j, out, size);
	json_decref(j);
}

static void
a_stranger_does_not_learn_who_has_an_account(void **state)
{
	/* Without limits, since this stranger asks for many names. */
	struct server *s =
	    server_start(&(struct server_options){ .config = "limits = off" });
	struct visitor *v = visitor_new(s), *w = visitor_new(s);
	char known[4096], unknown[4096], again[4096];
	json_t *a, *b;

	(void)state;
	json_decref(visitor_sign_up(v, "saburo"));
	shape_of_options(w, "saburo", known, sizeof(known));
	/* About one name in nine gets a decoy of just this shape. */
	for (int i = 0; i < 500; i++) {
		char name[32];

		snprintf(name, sizeof(name), "nobody-%d", i);
		shape_of_options(w, name, unknown, sizeof(unknown));
		if (strcmp(known, unknown) == 0)
			break;
	}
	/* Real ones have one passkey of 32 bytes here, and so have some decoys.
	 */
	assert_string_equal(known, unknown);
	/* The same each time, or asking twice would tell. */
	a = visitor_get(w, "POST", "/api/v1/login/options",
	    json_pack("{s:s}", "name", "nobody"), 200);
	b = visitor_get(w, "POST", "/api/v1/login/options",
	    json_pack("{s:s}", "name", "NOBODY"), 200);
	assert_true(json_equal(json_object_get(json_object_get(a, "publicKey"),
				   "allowCredentials"),
	    json_object_get(
		json_object_get(b, "publicKey"), "allowCredentials")));
	assert_string_not_equal(json_at(a, "publicKey.challenge"),
	    json_at(b, "publicKey.challenge"));
	json_decref(a);
	json_decref(b);
	shape_of_options(w, "a b", again, sizeof(again));
	assert_string_not_equal(again, "");
	visitor_free(v);
	visitor_free(w);
	server_end(s);
}

/* Every Set-Cookie of an answer has these attributes. */
static void
check_cookies(const struct answer *a, const char *name, bool http_only)
{
	char start[64];
	const char *line;
	size_t n;
	char text[4096];

	snprintf(start, sizeof(start), "\r\nSet-Cookie: %s=", name);
	line = strcasestr(a->head, start);
	assert_non_null(line);
	line += 2;
	n = strcspn(line, "\r");
	snprintf(text, sizeof(text), "%.*s", (int)n, line);
	assert_non_null(strcasestr(text, "; Path=/"));
	assert_non_null(strcasestr(text, "; Secure"));
	assert_non_null(strcasestr(text, "; SameSite=Lax"));
	assert_null(strcasestr(text, "Domain="));
	assert_int_equal(strcasestr(text, "; HttpOnly") != NULL, http_only);
}

static void
cookies_are_host_bound_and_closed_to_scripts(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *options;
	struct answer a;

	(void)state;
	a = visitor_ask(v, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "name", "cookie"));
	assert_int_equal(a.status, 200);
	check_cookies(&a, "__Host-itb", true);
	options = json_incref(a.json);
	answer_free(&a);
	a = visitor_ask(v, "POST", "/api/v1/signup/verify",
	    visitor_finish(options, visitor_create(v, options, NULL)));
	assert_int_equal(a.status, 201);
	check_cookies(&a, "__Host-isid", true);
	assert_int_equal(strlen(visitor_cookie(v, "__Host-isid")), 64);
	answer_free(&a);
	a = visitor_ask(v, "POST", "/api/v1/logout", json_object());
	assert_int_equal(a.status, 204);
	/* A phone that signs out goes on to approve: its key stays. */
	assert_null(answer_header(&a, "Clear-Site-Data"));
	assert_string_equal(visitor_cookie(v, "__Host-isid"), "");
	answer_free(&a);
	json_decref(options);
	visitor_free(v);
}

/* A token that an attacker knew before is worth nothing after a sign-in. */
static void
signing_in_ends_the_session_that_the_browser_had(void **state)
{
	struct visitor *v = visitor_new(server);
	char before[128];

	(void)state;
	json_decref(visitor_sign_up(v, "rotate"));
	snprintf(
	    before, sizeof(before), "%s", visitor_cookie(v, "__Host-isid"));
	json_decref(visitor_sign_in(v, "rotate"));
	assert_string_not_equal(before, visitor_cookie(v, "__Host-isid"));
	visitor_set_cookie(v, "__Host-isid", before);
	visitor_refused(
	    v, "GET", "/api/v1/session", NULL, 401, "session-expired");
	visitor_free(v);
}

/* Each byte of a session token counts. */
static void
forged_and_cut_tokens_are_nobodys(void **state)
{
	struct visitor *v = visitor_new(server);
	char token[128], forged[256];
	size_t n;

	(void)state;
	json_decref(visitor_sign_up(v, "forge"));
	snprintf(token, sizeof(token), "%s", visitor_cookie(v, "__Host-isid"));
	n = strlen(token);
	for (size_t i = 0; i < n; i++) {
		struct answer a;

		snprintf(forged, sizeof(forged), "%s", token);
		forged[i] = forged[i] == 'A' ? 'B' : 'A';
		visitor_set_cookie(v, "__Host-isid", forged);
		a = visitor_ask(v, "GET", "/api/v1/session", NULL);
		assert_int_equal(a.status, 401);
		answer_free(&a);
	}
	for (size_t i = 0; i < n; i += 7) {
		snprintf(forged, sizeof(forged), "%.*s", (int)i, token);
		visitor_set_cookie(v, "__Host-isid", forged);
		visitor_refused(
		    v, "GET", "/api/v1/session", NULL, 401, "session-none");
	}
	snprintf(forged, sizeof(forged), "%sA", token);
	visitor_set_cookie(v, "__Host-isid", forged);
	visitor_refused(v, "GET", "/api/v1/session", NULL, 401, "session-none");
	server_log_mark(server);
	visitor_set_cookie(v, "__Host-isid", forged);
	visitor_refused(v, "GET", "/api/v1/session", NULL, 401, "session-none");
	assert_true(server_logged(server, "refused=session-none"));
	visitor_set_cookie(v, "__Host-isid", token);
	json_decref(visitor_get(v, "GET", "/api/v1/session", NULL, 200));
	visitor_free(v);
}

static void
a_proof_is_fresh_for_risky_steps(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *proved, *session;

	(void)state;
	json_decref(visitor_sign_up(v, "prover"));
	session = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
	proved = visitor_prove(v);
	assert_string_equal(
	    json_at(proved, "session.id"), json_at(session, "session.id"));
	assert_true(strcmp(json_at(proved, "session.proved_at"),
			json_at(session, "session.proved_at")) > 0);
	json_decref(proved);
	json_decref(session);
	visitor_free(v);
}

/* What a session that was used is written down with: all of it, whoever reads
 * its account after a while. */
static void
a_session_that_was_used_keeps_where_it_is(void **state)
{
	enum { SIX_MINUTES = 6 * 60 * 1000 };
	static const char *const paths[] = { "/api/v1/session",
		"/api/v1/passkeys" };
	struct meddler *m = meddler_new(server);
	struct visitor *v = visitor_new(server);
	json_t *before, *after;

	(void)state;
	v->extra = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) "
		   "Gecko/20100101 Firefox/120.0\r\n";
	before = visitor_sign_up(v, "stays");
	assert_string_equal(json_at(before, "session.address"), "127.0.0.1");
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		meddler_age_session(
		    m, json_at(before, "session.id"), SIX_MINUTES);
		json_decref(visitor_get(v, "GET", paths[i], NULL, 200));
		after = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
		assert_string_equal(
		    json_at(after, "session.address"), "127.0.0.1");
		assert_string_equal(json_at(after, "session.browser"),
		    json_at(before, "session.browser"));
		assert_true(strcmp(json_at(after, "session.last_seen_at"),
				json_at(before, "session.last_seen_at")) >= 0);
		json_decref(after);
	}
	json_decref(before);
	visitor_free(v);
	meddler_free(m);
}

/* Pages, scripts and answers say how they may be used. */
static void
answers_protect_themselves(void **state)
{
	static const char *const paths[] = { "/", "/signup", "/account",
		"/api/v1/service", "/no/such/thing" };
	struct visitor *v = visitor_new(server);

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct answer a = visitor_ask(v, "GET", paths[i], NULL);
		const char *csp = answer_header(&a, "Content-Security-Policy");

		assert_non_null(csp);
		assert_non_null(strstr(csp, "default-src 'none'"));
		assert_non_null(strstr(csp, "frame-ancestors 'none'"));
		assert_null(strstr(csp, "unsafe"));
		assert_string_equal(
		    answer_header(&a, "X-Content-Type-Options"), "nosniff");
		if (strncmp(paths[i], "/api/", 5) != 0)
			assert_non_null(answer_header(&a, "Referrer-Policy"));
		answer_free(&a);
	}
	visitor_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_up_and_is_signed_in),
		cmocka_unit_test(signs_in_with_a_name_and_without),
		cmocka_unit_test(names_are_compared_as_people_read_them),
		cmocka_unit_test(a_stranger_does_not_learn_who_has_an_account),
		cmocka_unit_test(cookies_are_host_bound_and_closed_to_scripts),
		cmocka_unit_test(
		    signing_in_ends_the_session_that_the_browser_had),
		cmocka_unit_test(forged_and_cut_tokens_are_nobodys),
		cmocka_unit_test(a_proof_is_fresh_for_risky_steps),
		cmocka_unit_test(a_session_that_was_used_keeps_where_it_is),
		cmocka_unit_test(answers_protect_themselves),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
