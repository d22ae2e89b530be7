/* SPDX-License-Identifier: Apache-2.0 */
/* What proves that a phone asks, and what does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/http/household.h"

#define LIST "/api/v1/companion/approvals"

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

static void
proofs_of_another_form(void **state)
{
	struct household *h = *state;
	const struct softproof_script lies[] = {
		{ .typ = "itsumo-collect+jwt" },
		{ .typ = "JWT" },
		{ .alg = "none" },
		{ .alg = "HS256" },
		{ .header = "{\"typ\":\"itsumo-device+jwt\",\"alg\":\"ES256\","
			    "\"kid\":\"a\"}" },
		{ .claims = "{}" },
		{ .claims = "[]" },
		{ .claims = "{\"iat\":\"now\"}" },
		{ .jti = "" },
		{ .jti = "short" },
		{ .jti = "with blanks in the text" },
		{ .signature = { (const uint8_t *)"0E\2!", 4 } },
	};

	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		wants(companion_ask(h->phone, "GET", LIST, NULL, &lies[i]), 400,
		    "device-proof-malformed");
	/* None, or what is no JWS at all. */
	visitor_refused(
	    h->phone->v, "GET", LIST, NULL, 400, "device-proof-malformed");
	h->phone->v->extra = "Itsumo-Device: a.b.c\r\n";
	visitor_refused(
	    h->phone->v, "GET", LIST, NULL, 400, "device-proof-malformed");
	/* Two of them are one too many. */
	h->phone->v->extra = "Itsumo-Device: a\r\nItsumo-Device: b\r\n";
	visitor_refused(
	    h->phone->v, "GET", LIST, NULL, 400, "request-malformed");
	h->phone->v->extra = NULL;
}

static void
proofs_of_something_else(void **state)
{
	struct household *h = *state, *ben = household_new(server);
	const int64_t now = (int64_t)time(NULL);
	char other[128];
	const struct softproof_script lies[] = {
		{ .htm = "POST" }, { .htm = "get" }, { .htu = other },
		{ .htu = "https://evil.example" LIST }, { .htu = LIST },
		{ .iat = now - 125 }, { .iat = now + 125 }, { .iat = 1 },
		{ .body = slice_of("{}") }, /* but there is none */
		{ .by = &ben->phone->key }, /* a forged device key */
		{ .phone = ben->phone->id }, /* another's name */
	};

	snprintf(other, sizeof(other), "%s/api/v1/companion/lock",
	    server_origin(server));
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		wants(companion_ask(h->phone, "GET", LIST, NULL, &lies[i]), 401,
		    "device-proof-refused");
	wants(companion_ask(h->phone, "GET", LIST, NULL,
		  &(struct softproof_script){
		      .phone = "phn_AAAAAAAAAAAAAAAAAAAAAA" }),
	    401, "phone-unknown");
	/* A body that is not the one that was signed. */
	wants(companion_ask(h->phone, "POST", "/api/v1/companion/lock",
		  json_object(),
		  &(struct softproof_script){ .body = slice_of("{\"a\":1}") }),
	    401, "device-proof-refused");
	wants(companion_ask(h->phone, "GET", LIST, NULL, NULL), 200, "");
	household_free(ben);
}

static void
a_proof_serves_once(void **state)
{
	struct household *h = *state;
	struct softproof_script s = { .jti = "0123456789abcdefghij" };
	char path[128];

	wants(companion_ask(h->phone, "GET", LIST, NULL, &s), 200, "");
	s.iat = (int64_t)time(NULL);
	wants(companion_ask(h->phone, "GET", LIST, NULL, &s), 401,
	    "device-proof-refused");
	/* Nor for another request, within what it is good for. */
	asker_ask(h->pc, h->name);
	snprintf(path, sizeof(path), LIST "/%s", h->pc->id);
	wants(companion_ask(h->phone, "GET", path, NULL, &s), 401,
	    "device-proof-refused");
	s.jti = NULL;
	wants(companion_ask(h->phone, "GET", path, NULL, &s), 200, "");
}

/* Its query is no part of what is signed, its address is. */
static void
at_whichever_address_is_ours(void **state)
{
	struct household *h = *state;

	wants(companion_ask(h->phone, "GET",
		  "/api/v1/companion/history?limit=3", NULL, NULL),
	    200, "");
	wants(companion_ask(h->phone, "GET",
		  "/api/v1/companion/history?limit=3", NULL,
		  &(struct softproof_script){
		      .htu = "http://localhost/api/v1/companion/history" }),
	    401, "device-proof-refused");
}

/* A page of another site cannot make a phone's calls, even with a proof. */
static void
not_from_another_site(void **state)
{
	struct household *h = *state;

	h->phone->v->extra = "Origin: https://evil.example\r\n";
	wants(companion_ask(h->phone, "POST", "/api/v1/companion/lock",
		  json_object(), NULL),
	    403, "cross-site");
	h->phone->v->extra = "Sec-Fetch-Site: cross-site\r\n";
	wants(companion_ask(h->phone, "POST", "/api/v1/companion/lock",
		  json_object(), NULL),
	    403, "cross-site");
	h->phone->v->extra = NULL;
	wants(companion_ask(h->phone, "GET", LIST, NULL, NULL), 200, "");
}

static void
many_bad_ones_from_one_network_have_to_wait(void **state)
{
	struct server *s = server_start(NULL);
	struct household *h = household_new(s);
	struct softproof_script lie = { .by = &h->pc->key };
	struct answer a;
	int n = 0;

	(void)state;
	do {
		a = companion_ask(h->phone, "GET", LIST, NULL, &lie);
		n++;
		if (a.status == 401)
			assert_string_equal(
			    answer_code(&a), "device-proof-refused");
	} while (a.status == 401 && n < 1000 && (answer_free(&a), true));
	assert_int_equal(a.status, 429);
	assert_string_equal(answer_code(&a), "rate-limited");
	assert_non_null(answer_header(&a, "Retry-After"));
	assert_in_range(n, 301, 900);
	answer_free(&a);
	household_free(h);
	server_end(s);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(proofs_of_another_form),
		EACH(proofs_of_something_else),
		EACH(a_proof_serves_once),
		EACH(at_whichever_address_is_ours),
		EACH(not_from_another_site),
		cmocka_unit_test(many_bad_ones_from_one_network_have_to_wait),
	};
	int failed;

	server =
	    server_start(&(struct server_options){ .config = "limits = off" });
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_end(server);
	return failed;
}
