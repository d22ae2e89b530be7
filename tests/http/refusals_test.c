/* SPDX-License-Identifier: Apache-2.0 */
/* Ceremonies that are replayed, expired or somebody else's; passkeys that lie.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/http/scene.h"
#include "webauthn/authdata.h"

const struct server_options scene = { .config = "limits = off" };

static json_t *
login_options(struct visitor *v, const char *name)
{
	return visitor_get(v, "POST", "/api/v1/login/options",
	    name != NULL ? json_pack("{s:s}", "name", name) : json_object(),
	    200);
}

static json_t *
signup_options(struct visitor *v, const char *name)
{
	return visitor_get(v, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "name", name), 200);
}

/*
 * Wants this problem of a passkey that was made, and in it whether its
 * provider is to drop it.
 */
static void
leaves(struct visitor *v, const char *path, json_t *body, int status,
    const char *code, bool orphan)
{
	char id[128];
	struct answer a;

	snprintf(id, sizeof(id), "%s", json_at(body, "credential.rawId"));
	a = visitor_ask(v, "POST", path, body);
	assert_int_equal(a.status, status);
	assert_string_equal(answer_code(&a), code);
	assert_string_equal(
	    json_at(a.json, "signal.unknown.credentialId"), orphan ? id : "");
	assert_string_equal(
	    json_at(a.json, "signal.unknown.rpId"), orphan ? "localhost" : "");
	answer_free(&a);
}

/* Each lie of an authenticator or a page, and the verdict that the log names.
 */
static const struct {
	const char *name, *verdict;
	struct softkey_script lie;
} lies[] = {
	{ "another challenge", "challenge",
	    { .challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" } },
	{ "a longer origin", "origin",
	    { .origin = "http://localhost.evil.example" } },
	{ "no port", "origin", { .origin = "http://localhost" } },
	{ "in a frame of another site", "cross-origin",
	    { .cross_origin = "true" } },
	{ "another relying party", "rp-id-hash", { .rp_id = "example.org" } },
	{ "nobody there", "user-absent", { .flags = WA_FLAG_UV } },
	{ "no screen lock", "user-unverified", { .flags = WA_FLAG_UP } },
	{ "backed up, never eligible", "backup-flags",
	    { .flags = WA_FLAG_UP | WA_FLAG_UV | WA_FLAG_BS } },
	{ "the wrong type", "type", { .type = "payment.get" } },
	{ "client data that is no JSON", "client-data-form",
	    { .client_data = "{" } },
	{ "authenticator data cut short", "authdata-form",
	    { .authdata = { (const uint8_t *)"0123456789", 10 } } },
};

static void
each_lie_at_sign_in_is_refused_and_named(void **state)
{
	struct visitor *v = visitor_new(server);
	char words[128];

	(void)state;
	json_decref(visitor_sign_up(v, "liar"));
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		json_t *options = login_options(v, "liar");
		double before = server_metric(server, "itsumo_refusals_total");

		server_log_mark(server);
		visitor_refused(v, "POST", "/api/v1/login/verify",
		    visitor_finish(
			options, visitor_sign(v, options, &lies[i].lie)),
		    422, "passkey-refused");
		snprintf(words, sizeof(words), "event=sign-in verdict=%s",
		    lies[i].verdict);
		if (!server_logged(server, words))
			fail_msg("%s: no line with %s", lies[i].name, words);
		assert_true(
		    server_metric(server, "itsumo_refusals_total") > before);
		json_decref(options);
	}
	json_decref(visitor_sign_in(v, "liar"));
	visitor_free(v);
}

static void
each_lie_at_sign_up_is_refused_and_named(void **state)
{
	struct visitor *v = visitor_new(server);
	char words[128];

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		json_t *options = signup_options(v, "newcomer");

		server_log_mark(server);
		visitor_refused(v, "POST", "/api/v1/signup/verify",
		    visitor_finish(
			options, visitor_create(v, options, &lies[i].lie)),
		    422, "passkey-refused");
		snprintf(words, sizeof(words), "event=sign-up verdict=%s",
		    lies[i].verdict);
		if (!server_logged(server, words))
			fail_msg("%s: no line with %s", lies[i].name, words);
		json_decref(options);
	}
	/* None of them made half an account. */
	json_decref(visitor_sign_up(v, "newcomer"));
	visitor_free(v);
}

/* libcbor would believe these headers and allocate what they claim. */
static void
cbor_that_claims_too_much_costs_nothing(void **state)
{
	static const struct {
		const char *name;
		struct slice statement;
	} claims[] = {
		{ "an array of 2^28",
		    { (const uint8_t *)"\x9a\x10\x00\x00\x00", 5 } },
		{ "a map of 2^63",
		    { (const uint8_t *)"\xbb\x80\0\0\0\0\0\0\0", 9 } },
		{ "nested arrays",
		    { (const uint8_t *)"\x81\x81\x81\x81\x81\x81"
				       "\x81\x81\x81\x81\x81\x81\x81\x81\x81"
				       "\x81\x81\x81\xa0",
			19 } },
		{ "no definite length", { (const uint8_t *)"\xbf\xff", 2 } },
		{ "a tag", { (const uint8_t *)"\xc0\xa0", 2 } },
		{ "a key twice",
		    { (const uint8_t *)"\xa2\x01\x01\x01\x01", 5 } },
		{ "nothing", { (const uint8_t *)"", 0 } },
	};
	struct visitor *v = visitor_new(server);

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		const struct softkey_script lie = { .format_sent = "none",
			.statement = claims[i].statement };
		json_t *options = signup_options(v, "claimant");
		clock_t began = clock();

		visitor_refused(v, "POST", "/api/v1/signup/verify",
		    visitor_finish(options, visitor_create(v, options, &lie)),
		    422, "passkey-refused");
		(void)began;
		json_decref(options);
	}
	visitor_free(v);
}

static void
a_finished_ceremony_is_spent(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *options, *body, *again;

	(void)state;
	options = signup_options(v, "replayed");
	body = visitor_finish(options, visitor_create(v, options, NULL));
	again = json_deep_copy(body);
	json_decref(visitor_get(v, "POST", "/api/v1/signup/verify", body, 201));
	visitor_refused(
	    v, "POST", "/api/v1/signup/verify", again, 409, "ceremony-spent");
	json_decref(options);

	options = login_options(v, "replayed");
	body = visitor_finish(options, visitor_sign(v, options, NULL));
	again = json_deep_copy(body);
	json_decref(visitor_get(v, "POST", "/api/v1/login/verify", body, 200));
	server_log_mark(server);
	visitor_refused(
	    v, "POST", "/api/v1/login/verify", again, 409, "ceremony-spent");
	assert_true(server_logged(server, "refused=ceremony-spent"));
	json_decref(options);
	visitor_free(v);
}

/* Nothing was written of what proved nothing, so it may be tried again. */
static void
a_refused_ceremony_may_be_tried_again(void **state)
{
	struct visitor *v = visitor_new(server);
	const struct softkey_script lie = {
		.signature = { (const uint8_t *)"0", 1 },
	};
	json_t *options;

	(void)state;
	json_decref(visitor_sign_up(v, "again"));
	options = login_options(v, "again");
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, visitor_sign(v, options, &lie)), 422,
	    "passkey-refused");
	json_decref(visitor_get(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, visitor_sign(v, options, NULL)), 200));
	json_decref(options);
	visitor_free(v);
}

static void
a_ceremony_belongs_to_the_browser_that_began_it(void **state)
{
	struct visitor *v = visitor_new(server), *w = visitor_new(server);
	json_t *options, *body;
	char kept[256];

	(void)state;
	json_decref(visitor_sign_up(v, "foreign"));
	options = login_options(v, "foreign");
	json_decref(
	    login_options(w, "foreign")); /* w has a cookie of its own */
	body = visitor_finish(options, visitor_sign(v, options, NULL));
	server_log_mark(server);
	visitor_refused(w, "POST", "/api/v1/login/verify", json_deep_copy(body),
	    400, "ceremony-foreign");
	assert_true(server_logged(server, "refused=ceremony-foreign"));
	snprintf(kept, sizeof(kept), "%s", visitor_cookie(v, "__Host-itb"));
	visitor_set_cookie(v, "__Host-itb", NULL);
	visitor_refused(v, "POST", "/api/v1/login/verify", json_deep_copy(body),
	    400, "ceremony-foreign");
	visitor_set_cookie(v, "__Host-itb", kept);
	json_decref(visitor_get(v, "POST", "/api/v1/login/verify", body, 200));
	json_decref(options);
	visitor_free(v);
	visitor_free(w);
}

static void
a_ceremony_is_of_one_kind(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *login, *signup, *add, *proof;

	(void)state;
	json_decref(visitor_sign_up(v, "kinds"));
	login = login_options(v, "kinds");
	signup = signup_options(v, "kinds-2");
	proof =
	    visitor_get(v, "POST", "/api/v1/proof/options", json_object(), 200);
	add = visitor_get(
	    v, "POST", "/api/v1/passkeys/options", json_object(), 200);
	visitor_refused(v, "POST", "/api/v1/proof/verify",
	    visitor_finish(login, visitor_sign(v, login, NULL)), 400,
	    "ceremony-kind");
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(proof, visitor_sign(v, proof, NULL)), 400,
	    "ceremony-kind");
	visitor_refused(v, "POST", "/api/v1/passkeys/verify",
	    visitor_finish(signup, visitor_create(v, signup, NULL)), 400,
	    "ceremony-kind");
	visitor_refused(v, "POST", "/api/v1/signup/verify",
	    visitor_finish(add, visitor_create(v, add, NULL)), 400,
	    "ceremony-kind");
	json_decref(login);
	json_decref(signup);
	json_decref(add);
	json_decref(proof);
	visitor_free(v);
}

/* One browser, two accounts: what one began the other does not finish. */
static void
a_ceremony_is_of_one_account(void **state)
{
	struct visitor *v = visitor_new(server);
	struct softkey *first = v->passkey, *second = softkey_new(-7);
	json_t *proof, *add;

	(void)state;
	json_decref(visitor_sign_up(v, "account-1"));
	proof =
	    visitor_get(v, "POST", "/api/v1/proof/options", json_object(), 200);
	add = visitor_get(
	    v, "POST", "/api/v1/passkeys/options", json_object(), 200);
	v->passkey = second;
	json_decref(visitor_sign_up(v, "account-2"));
	server_log_mark(server);
	visitor_refused(v, "POST", "/api/v1/proof/verify",
	    visitor_finish(proof, visitor_sign(v, proof, NULL)), 400,
	    "ceremony-account");
	assert_true(server_logged(server, "refused=ceremony-account"));
	visitor_refused(v, "POST", "/api/v1/passkeys/verify",
	    visitor_finish(add, visitor_create(v, add, NULL)), 400,
	    "ceremony-account");
	json_decref(proof);
	json_decref(add);
	v->passkey = first;
	softkey_free(second);
	visitor_free(v);
}

/* A name was given: another account's passkey does not answer for it. */
static void
anothers_passkey_does_not_answer_for_a_name(void **state)
{
	struct visitor *v = visitor_new(server), *w = visitor_new(server);
	json_t *options;

	(void)state;
	json_decref(visitor_sign_up(v, "named"));
	json_decref(visitor_sign_up(w, "intruder"));
	options = login_options(w, "named");
	visitor_refused(w, "POST", "/api/v1/login/verify",
	    visitor_finish(options, visitor_sign(w, options, NULL)), 422,
	    "passkey-refused");
	json_decref(options);
	visitor_free(v);
	visitor_free(w);
}

/* A discoverable passkey has to say whose it is, and to say the truth. */
static void
a_user_handle_is_checked(void **state)
{
	struct visitor *v = visitor_new(server);
	uint8_t wrong[32] = { 1, 2, 3 };
	const struct softkey_script lie = { .user_handle = { wrong, 32 } };
	json_t *options, *credential;

	(void)state;
	json_decref(visitor_sign_up(v, "handle"));
	options = login_options(v, NULL);
	server_log_mark(server);
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, visitor_sign(v, options, &lie)), 422,
	    "passkey-refused");
	assert_true(server_logged(server, "verdict=user-handle"));
	credential = visitor_sign(v, options, NULL);
	json_object_del(json_object_get(credential, "response"), "userHandle");
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, credential), 422, "passkey-refused");
	assert_true(server_logged(server, "verdict=user-handle-missing"));
	json_decref(options);
	visitor_free(v);
}

/* Turning a bit anywhere in a sealed ceremony unseals nothing. */
static void
a_sealed_ceremony_cannot_be_changed(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *options, *body;
	char sealed[4096];
	size_t n;

	(void)state;
	json_decref(visitor_sign_up(v, "sealed"));
	options = login_options(v, "sealed");
	body = visitor_finish(options, visitor_sign(v, options, NULL));
	snprintf(sealed, sizeof(sealed), "%s", json_at(options, "ceremony"));
	n = strlen(sealed);
	for (size_t i = 0; i < n - 1; i++) {
		char kept = sealed[i];

		sealed[i] = kept == 'A' ? 'B' : 'A';
		json_object_set_new(body, "ceremony", json_string(sealed));
		visitor_refused(v, "POST", "/api/v1/login/verify",
		    json_deep_copy(body), 400, "ceremony-malformed");
		sealed[i] = kept;
	}
	/* Cut short it is malformed, as a text or as what is in it. */
	for (size_t i = 0; i < n; i += 5) {
		struct answer a;

		json_object_set_new(body, "ceremony", json_stringn(sealed, i));
		a = visitor_ask(
		    v, "POST", "/api/v1/login/verify", json_deep_copy(body));
		assert_int_equal(a.status, 400);
		assert_non_null(strstr(answer_code(&a), "-malformed"));
		answer_free(&a);
	}
	json_object_set_new(body, "ceremony", json_string(sealed));
	json_decref(visitor_get(v, "POST", "/api/v1/login/verify", body, 200));
	json_decref(options);
	visitor_free(v);
}

/* A server of its own, since its ceremonies are short. */
static void
a_ceremony_expires(void **state)
{
	struct server *own = server_start(
	    &(struct server_options){ .config = "ceremony_time = \"1s\"" });
	struct visitor *v = visitor_new(own);
	json_t *options, *body;

	(void)state;
	options = visitor_get(v, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "name", "slow"), 200);
	body = visitor_finish(options, visitor_create(v, options, NULL));
	nanosleep(
	    &(struct timespec){ .tv_sec = 1, .tv_nsec = 100000000 }, NULL);
	server_log_mark(own);
	leaves(v, "/api/v1/signup/verify", body, 410, "ceremony-expired", true);
	assert_true(server_logged(own, "refused=ceremony-expired"));
	json_decref(options);
	visitor_free(v);
	server_end(own);
}

/* A passkey that its device made and we did not keep is nobody's. */
static void
an_orphaned_passkey_is_signalled(void **state)
{
	struct visitor *v = visitor_new(server), *w = visitor_new(server);
	const struct softkey_script lie = { .flags = WA_FLAG_UP };
	struct softkey *own = v->passkey, *other = softkey_new(-7);
	json_t *first = signup_options(v, "race"),
	       *second = signup_options(w, "race"), *body;

	(void)state;
	body = visitor_finish(first, visitor_create(v, first, NULL));
	json_decref(visitor_get(
	    v, "POST", "/api/v1/signup/verify", json_deep_copy(body), 201));
	/* Sent twice, it was kept. */
	leaves(v, "/api/v1/signup/verify", body, 409, "ceremony-spent", false);
	/* Another's came too late for the name. */
	leaves(w, "/api/v1/signup/verify",
	    visitor_finish(second, visitor_create(w, second, NULL)), 409,
	    "name-taken", true);
	json_decref(first);
	json_decref(second);

	first = visitor_get(
	    v, "POST", "/api/v1/passkeys/options", json_object(), 200);
	v->passkey = other;
	leaves(v, "/api/v1/passkeys/verify",
	    visitor_finish(first, visitor_create(v, first, &lie)), 422,
	    "passkey-refused", true);
	/* With a name that can be one it is sent again, and kept. */
	body = visitor_finish(first, visitor_create(v, first, NULL));
	json_object_set_new(body, "passkey_name", json_string("\u202e"));
	leaves(v, "/api/v1/passkeys/verify", json_deep_copy(body), 400,
	    "name-malformed", false);
	json_object_set_new(body, "passkey_name", json_string("Key"));
	json_decref(
	    visitor_get(v, "POST", "/api/v1/passkeys/verify", body, 201));
	json_decref(first);
	v->passkey = own;
	softkey_free(other);
	visitor_free(v);
	visitor_free(w);
}

/* What is an account's already, or is shown as if it were, is not. */
static void
a_passkey_in_use_is_not_signalled(void **state)
{
	struct visitor *v = visitor_new(server), *w = visitor_new(server);
	static const char *const names[] = { "keeps-it", "nobody-has-it" };
	struct softkey *own = w->passkey;
	json_t *options;

	(void)state;
	json_decref(visitor_sign_up(v, names[0]));
	w->passkey = v->passkey;
	options = signup_options(w, "would-have-it");
	leaves(w, "/api/v1/signup/verify",
	    visitor_finish(options, visitor_create(w, options, NULL)), 409,
	    "credential-taken", false);
	w->passkey = own;
	for (size_t i = 0; i < 2; i++) {
		json_t *shown = login_options(w, names[i]);
		json_t *body =
		    visitor_finish(options, visitor_create(w, options, NULL));
		json_t *credential = json_object_get(body, "credential");
		const char *id =
		    json_at(shown, "publicKey.allowCredentials.0.id");

		assert_true(*id != '\0');
		json_object_set_new(credential, "id", json_string(id));
		json_object_set_new(credential, "rawId", json_string(id));
		leaves(w, "/api/v1/signup/verify", body, 422, "passkey-refused",
		    false);
		json_decref(shown);
	}
	json_decref(options);
	visitor_free(v);
	visitor_free(w);
}

/* Likewise for sessions and for proofs. */
static void
sessions_and_proofs_grow_old(void **state)
{
	struct server *own = server_start(&(struct server_options){
	    .config = "session_idle = \"2s\"\nproof_time = \"1s\"" });
	struct visitor *v = visitor_new(own);

	(void)state;
	json_decref(visitor_sign_up(v, "old"));
	nanosleep(
	    &(struct timespec){ .tv_sec = 1, .tv_nsec = 100000000 }, NULL);
	visitor_refused(v, "POST", "/api/v1/passkeys/options", json_object(),
	    403, "proof-needed");
	visitor_refused(
	    v, "DELETE", "/api/v1/account", NULL, 403, "proof-needed");
	json_decref(visitor_prove(v));
	json_decref(visitor_get(
	    v, "POST", "/api/v1/passkeys/options", json_object(), 200));
	nanosleep(
	    &(struct timespec){ .tv_sec = 2, .tv_nsec = 100000000 }, NULL);
	visitor_refused(
	    v, "GET", "/api/v1/session", NULL, 401, "session-expired");
	visitor_free(v);
	server_end(own);
}

/* Who began in time may look for a security key as long as there is any. */
static void
a_passkey_is_added_when_its_proof_was_fresh(void **state)
{
	struct server *own = server_start(
	    &(struct server_options){ .config = "proof_time = \"3s\"" });
	struct visitor *v = visitor_new(own);
	struct softkey *first = v->passkey;
	json_t *options, *body;

	(void)state;
	json_decref(visitor_sign_up(v, "slow"));
	options = visitor_get(
	    v, "POST", "/api/v1/passkeys/options", json_object(), 200);
	v->passkey = softkey_new(-7);
	body = visitor_finish(options, visitor_create(v, options, NULL));
	nanosleep(
	    &(struct timespec){ .tv_sec = 3, .tv_nsec = 100000000 }, NULL);
	visitor_refused(
	    v, "DELETE", "/api/v1/account", NULL, 403, "proof-needed");
	json_decref(
	    visitor_get(v, "POST", "/api/v1/passkeys/verify", body, 201));
	json_decref(options);
	softkey_free(first);
	visitor_free(v);
	server_end(own);
}

/* Asking for options, however often and by whom, leaves the disk alone. */
static void
options_write_nothing(void **state)
{
	struct visitor *v = visitor_new(server);
	double commits;

	(void)state;
	json_decref(visitor_sign_up(v, "writes"));
	commits = server_metric(server, "itsumo_store_commits_total");
	assert_true(commits > 0);
	for (int i = 0; i < 50; i++) {
		char name[32];

		snprintf(name, sizeof(name), "no-write-%d", i);
		json_decref(login_options(v, NULL));
		json_decref(login_options(v, name));
		json_decref(login_options(v, "writes"));
		json_decref(signup_options(v, name));
		json_decref(visitor_get(
		    v, "POST", "/api/v1/proof/options", json_object(), 200));
		json_decref(visitor_get(
		    v, "POST", "/api/v1/passkeys/options", json_object(), 200));
	}
	assert_true(
	    server_metric(server, "itsumo_store_commits_total") == commits);
	visitor_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_lie_at_sign_in_is_refused_and_named),
		cmocka_unit_test(each_lie_at_sign_up_is_refused_and_named),
		cmocka_unit_test(cbor_that_claims_too_much_costs_nothing),
		cmocka_unit_test(a_finished_ceremony_is_spent),
		cmocka_unit_test(a_refused_ceremony_may_be_tried_again),
		cmocka_unit_test(
		    a_ceremony_belongs_to_the_browser_that_began_it),
		cmocka_unit_test(a_ceremony_is_of_one_kind),
		cmocka_unit_test(a_ceremony_is_of_one_account),
		cmocka_unit_test(anothers_passkey_does_not_answer_for_a_name),
		cmocka_unit_test(a_user_handle_is_checked),
		cmocka_unit_test(a_sealed_ceremony_cannot_be_changed),
		cmocka_unit_test(an_orphaned_passkey_is_signalled),
		cmocka_unit_test(a_passkey_in_use_is_not_signalled),
		cmocka_unit_test(a_ceremony_expires),
		cmocka_unit_test(sessions_and_proofs_grow_old),
		cmocka_unit_test(a_passkey_is_added_when_its_proof_was_fresh),
		cmocka_unit_test(options_write_nothing),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
