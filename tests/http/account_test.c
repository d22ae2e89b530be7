/* SPDX-License-Identifier: Apache-2.0 */
/* What an account's owner sees and changes: passkeys, sessions, history. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/http/scene.h"
#include "webauthn/authdata.h"

const struct server_options scene = { 0 };

/* Adds a passkey on another authenticator; the answer's JSON is yours. */
static json_t *
add_passkey(struct visitor *v, struct softkey *other, const char *name)
{
	struct softkey *own = v->passkey;
	json_t *options = visitor_get(
	    v, "POST", "/api/v1/passkeys/options", json_object(), 200);
	json_t *body, *done;

	v->passkey = other;
	body = visitor_finish(options, visitor_create(v, options, NULL));
	v->passkey = own;
	if (name != NULL)
		json_object_set_new(body, "passkey_name", json_string(name));
	done = visitor_get(v, "POST", "/api/v1/passkeys/verify", body, 201);
	json_decref(options);
	return done;
}

static json_t *
list(struct visitor *v, const char *path, const char *member)
{
	json_t *j = visitor_get(v, "GET", path, NULL, 200);
	json_t *found = json_incref(json_object_get(j, member));

	json_decref(j);
	assert_true(json_is_array(found));
	return found;
}

/* How many of an array's entries have this text as that member. */
static size_t
count_with(const json_t *array, const char *member, const char *text)
{
	size_t i, n = 0;
	json_t *entry;

	json_array_foreach(array, i, entry) n +=
	    strcmp(json_at(entry, member), text) == 0;
	return n;
}

static void
a_second_passkey_is_added_renamed_and_removed(void **state)
{
	struct visitor *v = visitor_new(server);
	struct softkey *other = softkey_new(-7);
	json_t *added, *renamed, *removed, *left, *options, *session;
	int phones = -1;
	char path[128];

	(void)state;
	json_decref(visitor_sign_up(v, "two-keys"));
	options = visitor_get(
	    v, "POST", "/api/v1/passkeys/options", json_object(), 200);
	/* The one that is there already is named, so it is not made twice. */
	assert_int_equal(
	    json_array_size(json_object_get(
		json_object_get(options, "publicKey"), "excludeCredentials")),
	    1);
	json_decref(options);
	added = add_passkey(v, other, "Phone");
	assert_string_equal(json_at(added, "passkey.name"), "Phone");
	/* No phone to tell; the history has a notice for the next who looks. */
	assert_int_equal(
	    json_unpack(added, "{s:{s:i}}", "told", "phones", &phones), 0);
	assert_int_equal(phones, 0);
	session = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
	assert_string_equal(
	    json_at(session, "notices.0.event"), "passkey-added");
	json_decref(session);
	assert_int_equal(json_array_size(json_object_get(
			     json_object_get(json_object_get(added, "signal"),
				 "all_accepted"),
			     "allAcceptedCredentialIds")),
	    2);
	snprintf(path, sizeof(path), "/api/v1/passkeys/%s",
	    json_at(added, "passkey.id"));
	renamed = visitor_get(
	    v, "PATCH", path, json_pack("{s:s}", "name", "職場の電話"), 200);
	assert_string_equal(json_at(renamed, "passkey.name"), "職場の電話");
	removed = visitor_get(v, "DELETE", path, NULL, 200);
	assert_int_equal(json_array_size(json_object_get(
			     json_object_get(json_object_get(removed, "signal"),
				 "all_accepted"),
			     "allAcceptedCredentialIds")),
	    1);
	assert_true(json_is_integer(
	    json_object_get(json_object_get(removed, "told"), "phones")));
	left = list(v, "/api/v1/passkeys", "passkeys");
	assert_int_equal(json_array_size(left), 1);
	visitor_refused(v, "DELETE", path, NULL, 404, "not-found");
	json_decref(added);
	json_decref(renamed);
	json_decref(removed);
	json_decref(left);
	softkey_free(other);
	visitor_free(v);
}

/* What a passkey could do and what it did are two things. */
static void
a_passkey_says_whether_it_is_synced(void **state)
{
	static const struct {
		const char *name;
		uint8_t flags;
		bool eligible, synced;
	} cases[] = {
		{ "on-one-device", 0, false, false },
		{ "can-be-synced", WA_FLAG_BE, true, false },
		{ "synced", WA_FLAG_BE | WA_FLAG_BS, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct visitor *v = visitor_new(server);
		const struct softkey_script script = {
			.flags =
			    (uint8_t)(WA_FLAG_UP | WA_FLAG_UV | cases[i].flags)
		};
		json_t *options =
		    visitor_get(v, "POST", "/api/v1/signup/options",
			json_pack("{s:s}", "name", cases[i].name), 200);
		json_t *done = visitor_get(v, "POST", "/api/v1/signup/verify",
		    visitor_finish(
			options, visitor_create(v, options, &script)),
		    201);
		int eligible = -1, synced = -1;

		assert_int_equal(
		    json_unpack(done, "{s:{s:b, s:b}}", "passkey",
			"backup_eligible", &eligible, "synced", &synced),
		    0);
		assert_int_equal(eligible, cases[i].eligible);
		assert_int_equal(synced, cases[i].synced);
		json_decref(options);
		json_decref(done);
		visitor_free(v);
	}
}

/* Whose session a browser had, it has no more once it is somebody else's. */
static void
a_sign_up_ends_the_session_before(void **state)
{
	struct visitor *v = visitor_new(server), *w = visitor_new(server);
	struct softkey *first = v->passkey;
	json_t *sessions;

	(void)state;
	json_decref(visitor_sign_up(v, "before"));
	snprintf(w->cookies, sizeof(w->cookies), "%s", v->cookies);
	json_decref(visitor_get(w, "GET", "/api/v1/session", NULL, 200));
	v->passkey = softkey_new(-7);
	json_decref(visitor_sign_up(v, "after"));
	visitor_refused(
	    w, "GET", "/api/v1/session", NULL, 401, "session-expired");
	sessions = list(v, "/api/v1/sessions", "sessions");
	assert_int_equal(json_array_size(sessions), 1);
	json_decref(sessions);
	softkey_free(first);
	visitor_free(v);
	visitor_free(w);
}

static void
the_last_passkey_stays(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *done = visitor_sign_up(v, "last-key");
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "/api/v1/passkeys/%s",
	    json_at(done, "passkey.id"));
	visitor_refused(v, "DELETE", path, NULL, 409, "last-passkey");
	json_decref(visitor_sign_in(v, "last-key"));
	json_decref(done);
	visitor_free(v);
}

static void
a_credential_belongs_to_one_account(void **state)
{
	struct visitor *v = visitor_new(server), *w = visitor_new(server);
	json_t *options;

	(void)state;
	json_decref(visitor_sign_up(v, "owner"));
	options = visitor_get(w, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "name", "thief"), 200);
	softkey_free(w->passkey);
	w->passkey = v->passkey;
	visitor_refused(w, "POST", "/api/v1/signup/verify",
	    visitor_finish(options, visitor_create(w, options, NULL)), 409,
	    "credential-taken");
	json_decref(options);
	w->passkey = NULL;
	visitor_free(v);
	visitor_free(w);
}

/* Another's passkeys, sessions and history are not there for us. */
static void
nobody_touches_what_is_anothers(void **state)
{
	struct visitor *v = visitor_new(server), *w = visitor_new(server);
	json_t *theirs = visitor_sign_up(v, "hers"), *history;
	char path[128];

	(void)state;
	json_decref(visitor_sign_up(w, "his"));
	snprintf(path, sizeof(path), "/api/v1/passkeys/%s",
	    json_at(theirs, "passkey.id"));
	visitor_refused(w, "DELETE", path, NULL, 404, "not-found");
	visitor_refused(w, "PATCH", path, json_pack("{s:s}", "name", "x"), 404,
	    "not-found");
	snprintf(path, sizeof(path), "/api/v1/sessions/%s",
	    json_at(theirs, "session.id"));
	visitor_refused(w, "DELETE", path, NULL, 404, "not-found");
	history = list(v, "/api/v1/history", "entries");
	snprintf(path, sizeof(path), "/api/v1/history/%s/seen",
	    json_at(history, "0.id"));
	visitor_refused(w, "POST", path, json_object(), 404, "not-found");
	json_decref(visitor_get(v, "GET", "/api/v1/session", NULL, 200));
	json_decref(history);
	json_decref(theirs);
	visitor_free(v);
	visitor_free(w);
}

static void
sessions_are_listed_and_ended(void **state)
{
	struct visitor *v = visitor_new(server), *w = visitor_new(server);
	struct softkey *spare = w->passkey;
	json_t *sessions, *mine, *theirs, *ended;
	char path[128];

	(void)state;
	json_decref(visitor_sign_up(v, "sessions"));
	/* The same passkey in another browser. */
	w->passkey = v->passkey;
	w->sign_count = v->sign_count;
	memcpy(w->user_handle, v->user_handle, sizeof(v->user_handle));
	w->user_handle_n = v->user_handle_n;
	theirs = visitor_sign_in(w, "sessions");
	sessions = list(v, "/api/v1/sessions", "sessions");
	assert_int_equal(json_array_size(sessions), 2);
	assert_int_equal(count_with(sessions, "address", "127.0.0.1"), 2);
	json_decref(sessions);
	snprintf(path, sizeof(path), "/api/v1/sessions/%s",
	    json_at(theirs, "session.id"));
	visitor_get(v, "DELETE", path, NULL, 204);
	visitor_refused(
	    w, "GET", "/api/v1/session", NULL, 401, "session-expired");
	json_decref(theirs);

	theirs = visitor_sign_in(w, NULL);
	ended =
	    visitor_get(v, "DELETE", "/api/v1/sessions?others=true", NULL, 200);
	assert_int_equal(
	    json_integer_value(json_object_get(ended, "sessions_ended")), 1);
	json_decref(ended);
	visitor_refused(
	    w, "GET", "/api/v1/session", NULL, 401, "session-expired");
	mine = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
	json_decref(mine);
	json_decref(theirs);

	theirs = visitor_sign_in(w, NULL);
	ended = visitor_get(v, "DELETE", "/api/v1/sessions", NULL, 200);
	assert_int_equal(
	    json_integer_value(json_object_get(ended, "sessions_ended")), 2);
	visitor_refused(v, "GET", "/api/v1/session", NULL, 401, "session-none");
	visitor_refused(
	    w, "GET", "/api/v1/session", NULL, 401, "session-expired");
	json_decref(ended);
	json_decref(theirs);
	w->passkey = spare;
	visitor_free(v);
	visitor_free(w);
}

static void
history_tells_what_was_done_and_refused(void **state)
{
	struct visitor *v = visitor_new(server);
	/* Signed by the true passkey, whose device looked away. */
	const struct softkey_script unverified = { .flags = WA_FLAG_UP };
	json_t *options, *history;

	(void)state;
	json_decref(visitor_sign_up(v, "history"));
	options = visitor_get(v, "POST", "/api/v1/login/options",
	    json_pack("{s:s}", "name", "history"), 200);
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, visitor_sign(v, options, &unverified)), 422,
	    "passkey-refused");
	json_decref(options);
	json_decref(visitor_sign_in(v, "history"));
	history = list(v, "/api/v1/history", "entries");
	assert_string_equal(json_at(history, "0.event"), "sign-in");
	assert_true(
	    json_is_true(json_object_get(json_array_get(history, 0), "ok")));
	assert_string_equal(json_at(history, "0.method"), "passkey");
	assert_string_equal(json_at(history, "0.acr"), "urn:itsumo:passkey");
	assert_string_equal(json_at(history, "0.amr.0"), "pop");
	assert_string_equal(json_at(history, "0.amr.1"), "user");
	assert_string_equal(json_at(history, "1.event"), "sign-in");
	assert_string_equal(json_at(history, "1.reason"), "user-unverified");
	/* What was refused proved nothing. */
	assert_string_equal(json_at(history, "1.method"), "passkey");
	assert_string_equal(json_at(history, "1.acr"), "");
	assert_int_equal(count_with(history, "event", "account-created"), 1);
	json_decref(history);
	visitor_free(v);
}

/* One page after another shows each entry once, newest first. */
static void
history_comes_in_pages(void **state)
{
	struct visitor *v = visitor_new(server);
	char path[256], last[64] = "~", after[128] = "";
	size_t seen = 0;

	(void)state;
	json_decref(visitor_sign_up(v, "pages"));
	for (int i = 0; i < 5; i++)
		json_decref(visitor_sign_in(v, "pages"));
	for (int pages = 0; pages < 20; pages++) {
		json_t *j, *entry;
		size_t i;

		snprintf(
		    path, sizeof(path), "/api/v1/history?limit=2%s", after);
		j = visitor_get(v, "GET", path, NULL, 200);
		json_array_foreach(json_object_get(j, "entries"), i, entry)
		{
			assert_true(strcmp(json_at(entry, "at"), last) <= 0);
			snprintf(
			    last, sizeof(last), "%s", json_at(entry, "at"));
			seen++;
		}
		snprintf(after, sizeof(after), "&after=%s", json_at(j, "next"));
		if (*json_at(j, "next") == '\0') {
			json_decref(j);
			break;
		}
		json_decref(j);
	}
	assert_true(seen >= 6 && seen <= 8);
	visitor_free(v);
}

/* A counter that went back: refused, recorded, told, and taken down once read.
 */
static void
a_copied_passkey_is_noticed(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *options, *session, *passkeys;
	char path[128];

	(void)state;
	json_decref(visitor_sign_up(v, "copied"));
	json_decref(visitor_sign_in(v, "copied"));
	json_decref(visitor_sign_in(v, "copied"));
	options = visitor_get(v, "POST", "/api/v1/login/options",
	    json_pack("{s:s}", "name", "copied"), 200);
	server_log_mark(server);
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(
		options, visitor_sign(v, options,
			     &(struct softkey_script){ .sign_count = 1 })),
	    422, "sign-count");
	assert_true(server_logged(server, "sign-count"));
	json_decref(options);
	session = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
	assert_string_equal(json_at(session, "notices.0.reason"), "sign-count");
	passkeys = list(v, "/api/v1/passkeys", "passkeys");
	assert_string_not_equal(
	    json_at(passkeys, "0.counter_went_back_at"), "");
	snprintf(path, sizeof(path), "/api/v1/history/%s/seen",
	    json_at(session, "notices.0.id"));
	visitor_get(v, "POST", path, json_object(), 204);
	json_decref(session);
	session = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
	assert_int_equal(
	    json_array_size(json_object_get(session, "notices")), 0);
	json_decref(session);
	json_decref(passkeys);
	visitor_free(v);
}

static void
the_account_is_changed_and_removed(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *changed, *options;

	(void)state;
	json_decref(visitor_sign_up(v, "changing"));
	changed = visitor_get(v, "PATCH", "/api/v1/account",
	    json_pack("{s:s, s:s}", "display_name", "花子", "locale", "ja"),
	    200);
	assert_string_equal(json_at(changed, "account.display_name"), "花子");
	assert_string_equal(json_at(changed, "account.locale"), "ja");
	assert_string_equal(
	    json_at(changed, "signal.current_user.displayName"), "花子");
	/* One that is refused takes nothing of the others along. */
	visitor_refused(v, "PATCH", "/api/v1/account",
	    json_pack(
		"{s:s, s:b}", "display_name", "\u202e", "always_passkey", 0),
	    400, "name-malformed");
	json_decref(changed);
	changed = visitor_get(v, "GET", "/api/v1/account", NULL, 200);
	assert_true(json_is_true(json_object_get(
	    json_object_get(changed, "settings"), "always_passkey")));
	json_decref(changed);
	changed = visitor_get(v, "PATCH", "/api/v1/account",
	    json_pack("{s:s}", "display_name", ""), 200);
	assert_string_equal(json_at(changed, "account.display_name"), "");
	assert_string_equal(
	    json_at(changed, "signal.current_user.displayName"), "");
	visitor_get(v, "DELETE", "/api/v1/account", NULL, 204);
	visitor_refused(v, "GET", "/api/v1/session", NULL, 401, "session-none");
	options =
	    visitor_get(v, "POST", "/api/v1/login/options", json_object(), 200);
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, visitor_sign(v, options, NULL)), 422,
	    "passkey-unknown");
	/* The name is free again. */
	json_decref(options);
	json_decref(visitor_sign_up(v, "changing"));
	json_decref(changed);
	visitor_free(v);
}

/* Each change leaves history and audit: not without end, by who is signed in.
 */
static void
changes_have_a_limit(void **state)
{
	struct visitor *v = visitor_new(server), *w = visitor_new(server);
	struct answer a = { 0 };
	json_t *ended, *passkeys;
	char path[128];
	int n = 0;

	(void)state;
	json_decref(visitor_sign_up(v, "restless"));
	json_decref(visitor_sign_up(w, "restful"));
	passkeys = list(v, "/api/v1/passkeys", "passkeys");
	snprintf(path, sizeof(path), "/api/v1/passkeys/%s",
	    json_at(passkeys, "0.id"));
	for (; n < 500; n++) {
		a = visitor_ask(v, "PATCH", path,
		    json_pack("{s:s}", "name", n % 2 == 0 ? "even" : "odd"));
		if (a.status != 200)
			break;
		answer_free(&a);
	}
	assert_int_equal(a.status, 429);
	assert_string_equal(answer_code(&a), "rate-limited");
	assert_in_range(atoi(answer_header(&a, "Retry-After")), 1, 30);
	answer_free(&a);
	assert_in_range(n, 60, 100);
	visitor_refused(v, "POST", "/api/v1/browsers",
	    json_pack("{s:s}", "name", "PC"), 429, "rate-limited");
	visitor_refused(v, "PATCH", "/api/v1/account",
	    json_pack("{s:s}", "display_name", "x"), 429, "rate-limited");
	/* Not what is read, what ends, nor what somebody else does. */
	json_decref(visitor_get(v, "GET", "/api/v1/account", NULL, 200));
	json_decref(visitor_get(w, "PATCH", "/api/v1/account",
	    json_pack("{s:s}", "display_name", "x"), 200));
	ended = visitor_get(v, "DELETE", "/api/v1/sessions", NULL, 200);
	assert_int_equal(
	    json_integer_value(json_object_get(ended, "sessions_ended")), 1);
	json_decref(visitor_sign_in(v, "restless"));
	json_decref(ended);
	json_decref(passkeys);
	visitor_free(v);
	visitor_free(w);
}

/* The Signal API is told of a passkey that is nobody's. */
static void
an_unknown_passkey_is_signalled(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *options =
	    visitor_get(v, "POST", "/api/v1/login/options", json_object(), 200);
	struct answer a;

	(void)state;
	memset(v->user_handle, 7, 32);
	v->user_handle_n = 32;
	a = visitor_ask(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, visitor_sign(v, options, NULL)));
	assert_int_equal(a.status, 422);
	assert_string_equal(answer_code(&a), "passkey-unknown");
	assert_string_equal(
	    json_at(a.json, "signal.unknown.rpId"), "localhost");
	assert_int_equal(
	    strlen(json_at(a.json, "signal.unknown.credentialId")), 43);
	answer_free(&a);
	json_decref(options);
	visitor_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_passkey_is_added_renamed_and_removed),
		cmocka_unit_test(a_passkey_says_whether_it_is_synced),
		cmocka_unit_test(a_sign_up_ends_the_session_before),
		cmocka_unit_test(the_last_passkey_stays),
		cmocka_unit_test(a_credential_belongs_to_one_account),
		cmocka_unit_test(nobody_touches_what_is_anothers),
		cmocka_unit_test(sessions_are_listed_and_ended),
		cmocka_unit_test(history_tells_what_was_done_and_refused),
		cmocka_unit_test(history_comes_in_pages),
		cmocka_unit_test(a_copied_passkey_is_noticed),
		cmocka_unit_test(the_account_is_changed_and_removed),
		cmocka_unit_test(changes_have_a_limit),
		cmocka_unit_test(an_unknown_passkey_is_signalled),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
