/* SPDX-License-Identifier: Apache-2.0 */
/* The FIDO2 server conformance API: `itsumo serve --conformance`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/http/scene.h"
#include "webauthn/authdata.h"

static const char *const args[] = { "--conformance", NULL };
const struct server_options scene = {
	.args = args,
};

/* {publicKey: …}, as the helpers read options. */
static json_t *
wrapped(json_t *options)
{
	assert_string_equal(json_at(options, "status"), "ok");
	assert_string_equal(json_at(options, "errorMessage"), "");
	return json_pack("{s:o}", "publicKey", options);
}

static json_t *
attestation_options(struct visitor *v, const char *name)
{
	return wrapped(visitor_get(v, "POST", "/attestation/options",
	    json_pack("{s:s, s:s, s:s, s:{s:b, s:s, s:s}}", "username", name,
		"displayName", "Somebody", "attestation", "direct",
		"authenticatorSelection", "requireResidentKey", 0,
		"authenticatorAttachment", "cross-platform", "userVerification",
		"preferred"),
	    200));
}

static json_t *
assertion_options(struct visitor *v, const char *name)
{
	return wrapped(visitor_get(v, "POST", "/assertion/options",
	    json_pack(
		"{s:s, s:s}", "username", name, "userVerification", "required"),
	    200));
}

static void
registered(struct visitor *v, const char *name)
{
	json_t *options = attestation_options(v, name);
	json_t *done = visitor_get(v, "POST", "/attestation/result",
	    visitor_create(v, options, NULL), 200);

	assert_string_equal(json_at(done, "status"), "ok");
	assert_string_equal(json_at(done, "errorMessage"), "");
	json_decref(done);
	json_decref(options);
}

static void
what_was_asked_comes_back_in_the_options(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *options = attestation_options(v, "asked");

	(void)state;
	assert_string_equal(
	    json_at(options, "publicKey.attestation"), "direct");
	assert_string_equal(
	    json_at(
		options, "publicKey.authenticatorSelection.userVerification"),
	    "preferred");
	assert_string_equal(
	    json_at(options,
		"publicKey.authenticatorSelection.authenticatorAttachment"),
	    "cross-platform");
	assert_string_equal(json_at(options, "publicKey.user.name"), "asked");
	assert_string_equal(
	    json_at(options, "publicKey.user.displayName"), "Somebody");
	assert_int_equal(
	    strlen(json_at(options, "publicKey.challenge")) >= 22, 1);
	json_decref(options);
	visitor_free(v);
}

static void
registers_and_signs_in(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *options, *done;

	(void)state;
	registered(v, "conform");
	options = assertion_options(v, "conform");
	assert_int_equal(
	    json_array_size(json_object_get(
		json_object_get(options, "publicKey"), "allowCredentials")),
	    1);
	done = visitor_get(v, "POST", "/assertion/result",
	    visitor_sign(v, options, NULL), 200);
	assert_string_equal(json_at(done, "status"), "ok");
	json_decref(done);
	json_decref(options);
	visitor_free(v);
}

/* Refusals: HTTP 4xx, status "failed", and a message. */
static void
failed(struct visitor *v, const char *path, json_t *body)
{
	struct answer a = visitor_ask(v, "POST", path, body);

	if (a.status < 400 || a.status >= 500 ||
	    strcmp(json_at(a.json, "status"), "failed") != 0 ||
	    *json_at(a.json, "errorMessage") == '\0')
		fail_msg("%s: %d %s", path, a.status, a.body);
	answer_free(&a);
}

static void
lies_fail(void **state)
{
	static const struct softkey_script lies[] = {
		{ .challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
		{ .origin = "https://example.org" },
		{ .rp_id = "example.org" },
		{ .type = "webauthn.other" },
		{ .flags = WA_FLAG_UV },
		{ .flags = WA_FLAG_UP },
		{ .client_data = "[]" },
		{ .trailing = { (const uint8_t *)"x", 1 } },
	};
	struct visitor *v = visitor_new(server);
	json_t *options;

	(void)state;
	registered(v, "failing");
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		options = assertion_options(v, "failing");
		failed(
		    v, "/assertion/result", visitor_sign(v, options, &lies[i]));
		json_decref(options);
	}
	failed(v, "/attestation/options", json_object());
	failed(v, "/attestation/result", json_object());
	failed(v, "/assertion/result", json_pack("{s:s}", "id", "AAAA"));
	visitor_free(v);
}

static void
a_result_counts_once(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *options, *credential;

	(void)state;
	registered(v, "once");
	options = assertion_options(v, "once");
	credential = visitor_sign(v, options, NULL);
	json_decref(visitor_get(
	    v, "POST", "/assertion/result", json_deep_copy(credential), 200));
	failed(v, "/assertion/result", credential);
	json_decref(options);
	visitor_free(v);
}

/* Tools send neither Origin nor Fetch Metadata; pages of others send both. */
static void
tools_are_let_in_and_other_sites_are_not(void **state)
{
	static const char plain[] =
	    "Content-Type: application/json\r\nContent-Length: 34\r\n";
	static const char foreign[] =
	    "Content-Type: application/json\r\nContent-Length: 34\r\n"
	    "Origin: https://evil.example\r\n";
	static const char body[] = "{\"username\":\"a\",\"displayName\":\"a\"}";
	struct visitor *v = visitor_new(server);
	struct answer a;

	(void)state;
	assert_int_equal(sizeof(body) - 1, 34);
	a = visitor_ask_raw(
	    v, "POST", "/attestation/options", plain, slice_of(body));
	assert_int_equal(a.status, 200);
	answer_free(&a);
	a = visitor_ask_raw(
	    v, "POST", "/attestation/options", foreign, slice_of(body));
	assert_int_equal(a.status, 403);
	answer_free(&a);
	visitor_free(v);
}

static void
is_off_unless_asked_for(void **state)
{
	struct server *plain = server_start(NULL);
	struct visitor *v = visitor_new(plain);

	(void)state;
	visitor_refused(
	    v, "POST", "/attestation/options", json_object(), 404, "not-found");
	visitor_refused(
	    v, "POST", "/assertion/result", json_object(), 404, "not-found");
	visitor_free(v);
	server_end(plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_asked_comes_back_in_the_options),
		cmocka_unit_test(registers_and_signs_in),
		cmocka_unit_test(lies_fail),
		cmocka_unit_test(a_result_counts_once),
		cmocka_unit_test(tools_are_let_in_and_other_sites_are_not),
		cmocka_unit_test(is_off_unless_asked_for),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
