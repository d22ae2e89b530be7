/* SPDX-License-Identifier: Apache-2.0 */
/* Browsers that an account keeps: what they are spared, and how they end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/http/household.h"

#define COOKIE "__Host-ibr"

static struct server *server;

static int
setup(void **state)
{
	*state = household_new(server);
	return 0;
}

static int
teardown(void **state)
{
	household_free(*state);
	return 0;
}

static json_t *
key_of(const struct asker *b)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "kty", "EC", "crv", "P-256",
	    "x", b->key.x, "y", b->key.y);
}

/* Keeps a browser that is signed in; its id, until the next call. */
static const char *
keep(struct asker *b, const char *name)
{
	static char id[32];
	json_t *j = visitor_get(b->v, "POST", "/api/v1/browsers",
	    json_pack("{s:s, s:o}", "name", name, "browser_jwk", key_of(b)),
	    201);

	snprintf(id, sizeof(id), "%s", json_at(j, "browser.id"));
	assert_string_equal(json_at(j, "browser.name"), name);
	json_decref(j);
	return id;
}

static const char *
path_of(const char *id)
{
	static char path[64];

	snprintf(path, sizeof(path), "/api/v1/browsers/%s", id);
	return path;
}

static void
kept_with_a_name(void **state)
{
	struct household *h = *state;
	struct visitor *v = h->pc->v;
	char id[32];
	json_t *j;

	household_let_in(h, h->pc);
	assert_string_equal(visitor_cookie(v, COOKIE), "");
	snprintf(id, sizeof(id), "%s", keep(h->pc, "Work computer"));
	assert_string_not_equal(visitor_cookie(v, COOKIE), "");
	j = visitor_get(v, "GET", "/api/v1/browsers", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(j, "browsers")), 1);
	assert_string_equal(json_at(j, "browsers.0.id"), id);
	assert_string_equal(json_at(j, "browsers.0.method"), "approval");
	assert_string_equal(json_at(j, "browsers.0.address"), "127.0.0.1");
	assert_true(json_is_true(json_object_get(
	    json_array_get(json_object_get(j, "browsers"), 0), "current")));
	json_decref(j);
	/* The account sees it from elsewhere too; there it is another one. */
	j = visitor_get(h->phone->v, "GET", "/api/v1/browsers", NULL, 200);
	assert_true(json_is_false(json_object_get(
	    json_array_get(json_object_get(j, "browsers"), 0), "current")));
	json_decref(j);
	j = visitor_get(
	    v, "PATCH", path_of(id), json_pack("{s:s}", "name", "Desk"), 200);
	assert_string_equal(json_at(j, "browser.name"), "Desk");
	json_decref(j);
	visitor_refused(v, "PATCH", path_of(id), json_pack("{s:s}", "name", ""),
	    400, "name-malformed");
	visitor_refused(v, "PATCH", path_of("brw_AAAAAAAAAAAAAAAAAAAAAA"),
	    json_pack("{s:s}", "name", "x"), 404, "not-found");
	j = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
	assert_string_equal(json_at(j, "session.kept_browser"), id);
	json_decref(j);
}

static void
it_is_spared_the_number_but_not_the_passkey(void **state)
{
	struct household *h = *state;
	char token[128];
	json_t *seen, *options;

	household_let_in(h, h->pc);
	(void)keep(h->pc, "PC");
	snprintf(token, sizeof(token), "%s", visitor_cookie(h->pc->v, COOKIE));
	visitor_get(h->pc->v, "POST", "/api/v1/logout", json_object(), 204);
	asker_ask(h->pc, h->name);
	assert_string_equal(h->pc->number, "");
	seen = companion_look(h->phone, h->pc->id);
	assert_string_equal(json_at(seen, "approval.match"), "none");
	assert_true(json_is_true(
	    json_object_get(json_object_get(seen, "approval"), "trusted")));
	options = companion_choose(h->phone, h->pc->id, seen, "");
	assert_non_null(options);
	/* Without the signature there is no session. */
	assert_string_equal(asker_state(h->pc, 0), "pending");
	json_decref(companion_sign(h->phone, h->pc->id, options));
	json_decref(asker_collect(h->pc));
	/* The token changed with the sign-in. */
	assert_string_not_equal(visitor_cookie(h->pc->v, COOKIE), token);
	json_decref(options);
	json_decref(seen);
}

static void
unless_the_number_is_always_wanted(void **state)
{
	struct server *s = server_start(&(struct server_options){
	    .config = "limits = off\napproval_always_number = on" });
	struct household *h = household_new(s);

	(void)state;
	household_let_in(h, h->pc);
	(void)keep(h->pc, "PC");
	asker_ask(h->pc, h->name);
	assert_int_equal(strlen(h->pc->number), 2);
	household_free(h);
	server_end(s);
}

/* Who has the cookie but not the key is asked for the number. */
static void
a_stolen_cookie_spares_nothing(void **state)
{
	struct household *h = *state;
	struct asker *thief = asker_new(server);

	household_let_in(h, h->pc);
	(void)keep(h->pc, "PC");
	visitor_set_cookie(thief->v, COOKIE, visitor_cookie(h->pc->v, COOKIE));
	asker_ask(thief, h->name);
	assert_int_equal(strlen(thief->number), 2);
	asker_free(thief);
}

static void
the_token_changes_with_each_sign_in(void **state)
{
	struct household *h = *state;
	struct visitor *v = h->phone->v;
	char first[128], second[128];
	json_t *j;

	j = visitor_get(v, "POST", "/api/v1/browsers",
	    json_pack("{s:s}", "name", "Kept"), 201);
	json_decref(j);
	snprintf(first, sizeof(first), "%s", visitor_cookie(v, COOKIE));
	json_decref(visitor_sign_in(v, h->name));
	snprintf(second, sizeof(second), "%s", visitor_cookie(v, COOKIE));
	assert_string_not_equal(first, second);
	j = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
	assert_string_not_equal(json_at(j, "session.kept_browser"), "");
	json_decref(j);
	/* The one before is good for a minute: its answer may be lost. */
	visitor_set_cookie(v, COOKIE, first);
	json_decref(visitor_sign_in(v, h->name));
	j = visitor_get(v, "GET", "/api/v1/browsers", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(j, "browsers")), 1);
	json_decref(j);
	/* One that is older yet is a copy. */
	visitor_set_cookie(v, COOKIE, second);
	json_decref(visitor_sign_in(v, h->name));
	visitor_set_cookie(v, COOKIE, first);
	json_decref(visitor_sign_in(v, h->name));
	assert_string_equal(visitor_cookie(v, COOKIE), "");
	j = visitor_get(v, "GET", "/api/v1/session", NULL, 200);
	assert_string_equal(json_at(j, "notices.0.event"), "browser-copied");
	json_decref(j);
	j = visitor_get(v, "GET", "/api/v1/browsers", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(j, "browsers")), 0);
	json_decref(j);
}

static void
revoked_it_is_out_at_once(void **state)
{
	struct household *h = *state;
	struct asker *other = asker_new(server);
	char id[32];
	json_t *j;

	household_let_in(h, h->pc);
	household_let_in(h, other);
	snprintf(id, sizeof(id), "%s", keep(h->pc, "PC"));
	(void)keep(other, "Other");
	/* From the phone. */
	{
		char path[96];

		snprintf(
		    path, sizeof(path), "/api/v1/companion/browsers/%s", id);
		j = companion_get(
		    h->phone, "GET", "/api/v1/companion/browsers", NULL, 200);
		assert_int_equal(
		    json_array_size(json_object_get(j, "browsers")), 2);
		json_decref(j);
		j = companion_get(h->phone, "PATCH", path,
		    json_pack("{s:s}", "name", " My  PC "), 200);
		assert_string_equal(json_at(j, "browser.name"), "My PC");
		assert_string_equal(json_at(j, "browser.id"), id);
		json_decref(j);
		companion_refused(h->phone, "PATCH", path,
		    json_pack("{s:s}", "name", ""), 400, "name-malformed");
		companion_refused(h->phone, "PATCH",
		    "/api/v1/companion/browsers/brw_AAAAAAAAAAAAAAAAAAAAAA",
		    json_pack("{s:s}", "name", "x"), 404, "not-found");
		j = companion_get(h->phone, "DELETE", path, NULL, 200);
		assert_int_equal(
		    json_integer_value(json_object_get(j, "sessions_ended")),
		    1);
		json_decref(j);
		companion_refused(
		    h->phone, "DELETE", path, NULL, 404, "not-found");
	}
	visitor_refused(
	    h->pc->v, "GET", "/api/v1/session", NULL, 401, "session-expired");
	/* Its number is asked for again, and its cookie goes. */
	asker_ask(h->pc, h->name);
	assert_int_equal(strlen(h->pc->number), 2);
	assert_string_equal(visitor_cookie(h->pc->v, COOKIE), "");
	/* All of them, by one of them: it is out itself. */
	j = visitor_get(other->v, "DELETE", "/api/v1/browsers", NULL, 200);
	assert_int_equal(
	    json_integer_value(json_object_get(j, "browsers_revoked")), 1);
	json_decref(j);
	assert_string_equal(visitor_cookie(other->v, "__Host-isid"), "");
	visitor_refused(
	    other->v, "GET", "/api/v1/session", NULL, 401, "session-none");
	asker_free(other);
}

static void
each_for_its_own_account(void **state)
{
	struct household *h = *state, *ben = household_new(server);
	char id[32];

	household_let_in(h, h->pc);
	snprintf(id, sizeof(id), "%s", keep(h->pc, "PC"));
	visitor_refused(
	    ben->phone->v, "DELETE", path_of(id), NULL, 404, "not-found");
	visitor_refused(ben->phone->v, "PATCH", path_of(id),
	    json_pack("{s:s}", "name", "mine"), 404, "not-found");
	/* For another account it is any browser. */
	asker_ask(h->pc, ben->name);
	assert_int_equal(strlen(h->pc->number), 2);
	household_free(ben);
}

static void
always_passkey(void **state)
{
	struct household *h = *state;
	struct visitor *v = h->phone->v;
	json_t *j = visitor_get(v, "GET", "/api/v1/account", NULL, 200);

	assert_true(json_is_true(
	    json_object_get(json_object_get(j, "settings"), "always_passkey")));
	json_decref(j);
	j = visitor_get(v, "PATCH", "/api/v1/account",
	    json_pack("{s:b}", "always_passkey", 0), 200);
	assert_true(json_is_false(
	    json_object_get(json_object_get(j, "settings"), "always_passkey")));
	json_decref(j);
	j = visitor_get(v, "GET", "/api/v1/account", NULL, 200);
	assert_true(json_is_false(
	    json_object_get(json_object_get(j, "settings"), "always_passkey")));
	json_decref(j);
	visitor_refused(v, "PATCH", "/api/v1/account",
	    json_pack("{s:s}", "always_passkey", "off"), 400, "field-type");
}

static void
apps_share_the_domain(void **state)
{
	struct server *s = server_start(&(struct server_options){
	    .config = "android_apps = { \"org.example.app:"
		      "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
		      "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\" }\n"
		      "apple_apps = { \"ABCDE12345.org.example.app\" }" });
	struct visitor *v = visitor_new(s);
	struct household *h = *state;
	json_t *j;

	j = visitor_get(v, "GET", "/.well-known/assetlinks.json", NULL, 200);
	assert_string_equal(
	    json_at(j, "0.target.package_name"), "org.example.app");
	assert_string_equal(json_at(j, "0.relation.0"),
	    "delegate_permission/common.get_login_creds");
	assert_int_equal(
	    strlen(json_at(j, "0.target.sha256_cert_fingerprints.0")), 95);
	json_decref(j);
	j = visitor_get(
	    v, "GET", "/.well-known/apple-app-site-association", NULL, 200);
	assert_string_equal(
	    json_at(j, "webcredentials.apps.0"), "ABCDE12345.org.example.app");
	json_decref(j);
	visitor_free(v);
	server_end(s);
	visitor_refused(h->phone->v, "GET", "/.well-known/assetlinks.json",
	    NULL, 404, "not-found");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(kept_with_a_name),
		EACH(it_is_spared_the_number_but_not_the_passkey),
		cmocka_unit_test(unless_the_number_is_always_wanted),
		EACH(a_stolen_cookie_spares_nothing),
		EACH(the_token_changes_with_each_sign_in),
		EACH(revoked_it_is_out_at_once),
		EACH(each_for_its_own_account),
		EACH(always_passkey),
		EACH(apps_share_the_domain),
	};
	int failed;

	server =
	    server_start(&(struct server_options){ .config = "limits = off" });
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_end(server);
	return failed;
}
