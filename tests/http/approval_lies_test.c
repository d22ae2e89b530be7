/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What strangers, thieves and late comers get of sign-in on another device:
 * each lie is refused by name, and leaves the request as it was.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/http/household.h"

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

static const char *
phone_path(const struct asker *b, const char *what)
{
	static char path[128];

	snprintf(path, sizeof(path), "/api/v1/companion/approvals/%s%s", b->id,
	    what);
	return path;
}

/* What is to be signed for a request, after a number was chosen. */
static json_t *
choose(struct companion *c, struct asker *b, const char *number)
{
	json_t *seen = companion_look(c, b->id);
	json_t *options = companion_choose(c, b->id, seen, number);

	assert_non_null(options);
	json_decref(seen);
	return options;
}

static struct answer
send_assertion(struct companion *c, struct asker *b, json_t *credential)
{
	return companion_ask(c, "POST", phone_path(b, "/assertion"),
	    json_pack("{s:o}", "credential", credential), NULL);
}

static void
approving_twice(void **state)
{
	struct household *h = *state;
	json_t *options;

	asker_ask(h->pc, h->name);
	options = choose(h->phone, h->pc, h->pc->number);
	json_decref(companion_sign(h->phone, h->pc->id, options));
	wants_state(send_assertion(h->phone, h->pc,
			visitor_sign(h->phone->v, options, NULL)),
	    409, "approval-over", "approved");
	wants_state(
	    companion_ask(h->phone, "POST", phone_path(h->pc, "/choice"),
		json_pack("{s:s}", "choice", h->pc->number), NULL),
	    409, "approval-over", "approved");
	json_decref(asker_collect(h->pc));
	wants_state(send_assertion(h->phone, h->pc,
			visitor_sign(h->phone->v, options, NULL)),
	    409, "approval-over", "collected");
	json_decref(options);
}

static void
from_two_phones_at_once(void **state)
{
	struct household *h = *state;
	struct companion *other = household_phone(h, "Tablet");
	json_t *options, *seen;

	asker_ask(h->pc, h->name);
	seen = companion_look(other, h->pc->id);
	options = choose(h->phone, h->pc, h->pc->number);
	/* The first choice is final, whoever makes it. */
	companion_refused(other, "POST", phone_path(h->pc, "/choice"),
	    json_pack("{s:s}", "choice", h->pc->number), 409, "choice-made");
	wants(
	    send_assertion(other, h->pc, visitor_sign(other->v, options, NULL)),
	    409, "choice-made");
	companion_refused(h->phone, "POST", phone_path(h->pc, "/choice"),
	    json_pack("{s:s}", "choice", household_other(seen, h->pc->number)),
	    409, "choice-made");
	/* The same one again is no other: its answer may have been lost. */
	json_decref(options);
	options = choose(h->phone, h->pc, h->pc->number);
	json_decref(companion_sign(h->phone, h->pc->id, options));
	json_decref(asker_collect(h->pc));
	json_decref(options);
	json_decref(seen);
	companion_free(other);
}

static void
by_another_accounts_passkey(void **state)
{
	struct household *h = *state, *ben = household_new(server);
	json_t *options;

	asker_ask(h->pc, h->name);
	options = choose(h->phone, h->pc, h->pc->number);
	wants(send_assertion(
		  h->phone, h->pc, visitor_sign(ben->phone->v, options, NULL)),
	    422, "passkey-refused");
	/* His phone is shown nothing of it. */
	companion_refused(ben->phone, "GET", phone_path(h->pc, ""), NULL, 404,
	    "approval-unknown");
	companion_refused(ben->phone, "POST", phone_path(h->pc, "/choice"),
	    json_pack("{s:b}", "deny", 1), 404, "approval-unknown");
	wants(send_assertion(ben->phone, h->pc,
		  visitor_sign(ben->phone->v, options, NULL)),
	    404, "approval-unknown");
	assert_string_equal(asker_state(h->pc, 0), "pending");
	json_decref(companion_sign(h->phone, h->pc->id, options));
	json_decref(asker_collect(h->pc));
	json_decref(options);
	household_free(ben);
}

static void
with_another_requests_assertion(void **state)
{
	struct household *h = *state;
	json_t *first, *second, *credential;

	asker_ask(h->pc, h->name);
	first = choose(h->phone, h->pc, h->pc->number);
	credential = visitor_sign(h->phone->v, first, NULL);
	asker_ask(h->pc, h->name);
	second = choose(h->phone, h->pc, h->pc->number);
	wants(send_assertion(h->phone, h->pc, credential), 422,
	    "passkey-refused");
	assert_string_equal(asker_state(h->pc, 0), "pending");
	json_decref(companion_sign(h->phone, h->pc->id, second));
	json_decref(first);
	json_decref(second);
}

/* The companion notices what the server would have changed… */
static void
a_companion_signs_only_what_it_showed(void **state)
{
	static const char *const members[] = { "app", "account", "rp_id",
		"phone", "approval" };
	struct household *h = *state;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		json_t *seen, *context;
		char *hash;

		asker_ask(h->pc, h->name);
		seen = companion_look(h->phone, h->pc->id);
		context = json_object_get(seen, "context");
		json_object_set_new(
		    context, members[i], json_string("something else"));
		/* …and so does the server, when it is told what was shown. */
		hash = companion_seen(context);
		companion_refused(h->phone, "POST",
		    phone_path(h->pc, "/choice"),
		    json_pack(
			"{s:s, s:s}", "choice", h->pc->number, "seen", hash),
		    409, "approval-changed");
		free(hash);
		json_decref(companion_refuse(h->phone, h->pc->id, "deny"));
		json_decref(seen);
		/* Three in an hour: the next is another household's. */
		if (i == 2) {
			household_free(h);
			h = household_new(server);
		}
	}
	*state = h;
}

/* A good signature over something else is no approval of this. */
static void
over_a_changed_context(void **state)
{
	struct household *h = *state;
	struct softkey_script lie = {
		.challenge = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"
	};
	json_t *options;

	asker_ask(h->pc, h->name);
	options = choose(h->phone, h->pc, h->pc->number);
	wants(send_assertion(
		  h->phone, h->pc, visitor_sign(h->phone->v, options, &lie)),
	    422, "passkey-refused");
	assert_string_equal(asker_state(h->pc, 0), "pending");
	json_decref(options);
}

/* Who cannot sign learns nothing of the number. */
static void
no_oracle_for_bad_signatures(void **state)
{
	static const struct softkey_script lies[] = {
		{ .flags = 1 }, /* nobody was verified */
		{ .origin = "https://evil.example" },
		{ .rp_id = "evil.example" },
		{ .type = "webauthn.create" },
		{ .signature = { (const uint8_t *)"0\6\2\1\1\2\1\1", 8 } },
	};
	char said[2][8192] = { "", "" };

	(void)state;
	for (int right = 0; right < 2; right++) {
		struct household *h = household_new(server);
		json_t *seen, *options;

		asker_ask(h->pc, h->name);
		seen = companion_look(h->phone, h->pc->id);
		options = choose(h->phone, h->pc,
		    right ? h->pc->number
			  : household_other(seen, h->pc->number));
		for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
			struct answer a = send_assertion(h->phone, h->pc,
			    visitor_sign(h->phone->v, options, &lies[i]));
			size_t n = strlen(said[right]);

			json_object_del(a.json, "instance");
			snprintf(said[right] + n, sizeof(said[right]) - n,
			    "%d %s ", a.status, answer_code(&a));
			assert_string_equal(answer_code(&a), "passkey-refused");
			answer_free(&a);
		}
		assert_string_equal(asker_state(h->pc, 0), "pending");
		json_decref(options);
		json_decref(seen);
		household_free(h);
	}
	assert_string_equal(said[0], said[1]);
}

static void
choices_of_no_form(void **state)
{
	static const char *const bodies[] = { "{}", "{\"choice\":47}",
		"{\"deny\":false}", "{\"report\":false}",
		"{\"deny\":true,\"report\":true}",
		"{\"choice\":\"47\",\"deny\":true}",
		"{\"choice\":\"47\",\"seen\":\"AAAA\"}",
		"{\"choice\":\"47\",\"surprise\":1}" };
	static const char *const numbers[] = { "", "4", "470", "00", " 47",
		"४७" };
	struct softkey_script early = { .challenge = "AQID" };
	struct household *h = *state;

	asker_ask(h->pc, h->name);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct answer a = companion_ask(h->phone, "POST",
		    phone_path(h->pc, "/choice"),
		    json_loads(bodies[i], 0, NULL), NULL);

		if (a.status != 400 ||
		    strncmp(answer_code(&a), "field-", 6) != 0)
			fail_msg("%s: %d %s", bodies[i], a.status, a.body);
		answer_free(&a);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		companion_refused(h->phone, "POST",
		    phone_path(h->pc, "/choice"),
		    json_pack("{s:s}", "choice", numbers[i]), 400,
		    "choice-malformed");
	/* None of these was a choice. */
	wants(send_assertion(
		  h->phone, h->pc, visitor_sign(h->phone->v, NULL, &early)),
	    409, "choice-missing");
	companion_decide(h->phone, h->pc->id, h->pc->number, "approved");
}

/* ---- who may collect ---- */

static void
refused_to(struct asker *b, const char *path, json_t *body, const char *method,
    int status, const char *code)
{
	visitor_refused(b->v, method, path, body, status, code);
}

static void
with_a_stolen_id(void **state)
{
	struct household *h = *state;
	struct asker *thief = asker_new(server);

	/* With a cookie of its own, and without any. */
	asker_ask(thief, "nobody");
	household_approve(h, h->pc);
	for (int times = 0; times < 2; times++) {
		refused_to(thief, asker_path(h->pc, ""), NULL, "GET", 404,
		    "approval-unknown");
		refused_to(thief, asker_path(h->pc, "/events"), NULL, "GET",
		    404, "approval-unknown");
		refused_to(thief, asker_path(h->pc, "/cancel"), json_object(),
		    "POST", 404, "approval-unknown");
		refused_to(thief, asker_path(h->pc, "/collect"),
		    asker_proof(h->pc, NULL), "POST", 404, "approval-unknown");
		visitor_set_cookie(thief->v, "__Host-itb", NULL);
	}
	json_decref(asker_collect(h->pc));
	asker_free(thief);
}

static void
with_a_stolen_cookie(void **state)
{
	struct household *h = *state;
	struct asker *thief = asker_new(server);

	household_approve(h, h->pc);
	visitor_set_cookie(
	    thief->v, "__Host-itb", visitor_cookie(h->pc->v, "__Host-itb"));
	snprintf(thief->id, sizeof(thief->id), "%s", h->pc->id);
	/* The thief lacks the key. */
	refused_to(thief, asker_path(h->pc, "/collect"),
	    asker_proof(thief, NULL), "POST", 403, "collect-refused");
	json_decref(asker_collect(h->pc));
	asker_free(thief);
}

static void
with_proofs_of_something_else(void **state)
{
	struct household *h = *state;
	const int64_t now = (int64_t)time(NULL);
	struct softproof_key other;
	const struct softproof_script lies[] = {
		{ .typ = "itsumo-device+jwt" },
		{ .typ = "JWT" },
		{ .alg = "none" },
		{ .approval = "apr_AAAAAAAAAAAAAAAAAAAAAA" },
		{ .approval = "" },
		{ .htu = "http://localhost/api/v1/approvals" },
		{ .htu = "https://evil.example/collect" },
		{ .iat = now - 200 },
		{ .iat = now + 200 },
		{ .jti = "" },
		{ .jti = "short" },
		{ .claims = "{}" },
		{ .header = "{\"alg\":\"ES256\"}" },
		{ .signature = { (const uint8_t *)"", 0 } },
		{ .by = &other },
	};

	softproof_key_make(&other);
	/* Not even before there is anything to collect. */
	asker_ask(h->pc, h->name);
	refused_to(h->pc, asker_path(h->pc, "/collect"),
	    asker_proof(h->pc, NULL), "POST", 403, "collect-refused");
	companion_decide(h->phone, h->pc->id, h->pc->number, "approved");
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		refused_to(h->pc, asker_path(h->pc, "/collect"),
		    asker_proof(h->pc, &lies[i]), "POST", 403,
		    "collect-refused");
	refused_to(h->pc, asker_path(h->pc, "/collect"),
	    json_pack("{s:s}", "proof", "a.b.c"), "POST", 403,
	    "collect-refused");
	refused_to(h->pc, asker_path(h->pc, "/collect"), json_object(), "POST",
	    400, "field-missing");
	/* Nothing of this used it up. */
	json_decref(asker_collect(h->pc));
	softproof_key_free(&other);
}

static void
once(void **state)
{
	struct household *h = *state;
	json_t *proof;

	household_approve(h, h->pc);
	proof = asker_proof(h->pc, NULL);
	json_decref(visitor_get(h->pc->v, "POST", asker_path(h->pc, "/collect"),
	    json_incref(proof), 200));
	wants_state(
	    visitor_ask(h->pc->v, "POST", asker_path(h->pc, "/collect"), proof),
	    409, "approval-over", "collected");
	wants_state(visitor_ask(h->pc->v, "POST", asker_path(h->pc, "/collect"),
			asker_proof(h->pc, NULL)),
	    409, "approval-over", "collected");
}

static void
requests_of_no_form(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"{\"name\":\"a\"}",
		"{\"name\":7,\"browser_jwk\":{}}",
		"{\"name\":\"a\",\"browser_jwk\":{}}",
		"{\"name\":\"a\",\"browser_jwk\":\"x\"}",
		("{\"name\":\"a\",\"browser_jwk\":{\"kty\":\"EC\","
		 "\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}}"),
	};
	struct household *h = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct answer a = visitor_ask(h->pc->v, "POST",
		    "/api/v1/approvals", json_loads(bodies[i], 0, NULL));

		if (a.status != 400 ||
		    strncmp(answer_code(&a), "field-", 6) != 0)
			fail_msg("%s: %d %s", bodies[i], a.status, a.body);
		answer_free(&a);
	}
	/* A point that is not on the curve. */
	visitor_refused(h->pc->v, "POST", "/api/v1/approvals",
	    json_pack("{s:s, s:{s:s, s:s, s:s, s:s}}", "name", h->name,
		"browser_jwk", "kty", "EC", "crv", "P-256", "x", h->pc->key.x,
		"y", h->pc->key.x),
	    400, "key-malformed");
	visitor_refused(h->pc->v, "GET", "/api/v1/approvals/apr_x", NULL, 404,
	    "approval-unknown");
	asker_ask(h->pc, h->name);
	for (int i = 0; i < 4; i++) {
		static const char *const waits[] = { "26", "-1", "x", "1000" };
		char path[160];

		snprintf(path, sizeof(path), "%s?wait=%s",
		    asker_path(h->pc, ""), waits[i]);
		visitor_refused(h->pc->v, "GET", path, NULL, 400, "field-type");
	}
	/* Only pages of ours ask. */
	{
		json_t *body = asker_body(h->pc, h->name);
		char *text = json_dumps(body, 0), headers[256];

		snprintf(headers, sizeof(headers),
		    "Origin: https://evil.example\r\n"
		    "Content-Type: application/json\r\n"
		    "Content-Length: %zu\r\n",
		    strlen(text));
		wants(visitor_ask_raw(h->pc->v, "POST", "/api/v1/approvals",
			  headers, slice_of(text)),
		    403, "cross-site");
		free(text);
		json_decref(body);
	}
}

/* ---- a server that shows one thing and has another signed ---- */

static void
shown_but_not_signed(void **state)
{
	struct household *h = *state;
	json_t *seen, *lie, *options;

	asker_ask(h->pc, h->name);
	seen = companion_look(h->phone, h->pc->id);
	assert_true(companion_is_honest(seen));
	for (int i = 0; i < 4; i++) {
		json_t *approval;

		lie = json_deep_copy(seen);
		approval = json_object_get(lie, "approval");
		if (i == 0)
			json_array_set_new(json_object_get(lie, "choices"), 0,
			    json_string("11"));
		else if (i == 1)
			json_object_set_new(approval, "trusted", json_true());
		else if (i == 2)
			json_object_set_new(
			    approval, "match", json_string("none"));
		else
			json_object_del(lie, "choices");
		assert_null(
		    companion_choose(h->phone, h->pc->id, lie, h->pc->number));
		json_decref(lie);
	}
	/* Nothing was chosen by that. */
	options = companion_choose(h->phone, h->pc->id, seen, h->pc->number);
	assert_non_null(options);
	json_decref(options);
	json_decref(seen);
}

/* The words of who asks: as they stand, or not at all. */
static void
words_of_who_asks(void **state)
{
	static const char *const bad[] = { "", "two\nlines",
		"123456789012345678901", "\xe2\x80\xae evil" };
	struct household *h = *state;
	json_t *body, *j, *seen, *options;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		body = asker_body(h->pc, h->name);
		json_object_set_new(body, "binding", json_string(bad[i]));
		visitor_refused(h->pc->v, "POST", "/api/v1/approvals", body,
		    400, "field-type");
	}
	body = asker_body(h->pc, h->name);
	json_object_set_new(body, "app", json_string("Your Bank"));
	visitor_refused(
	    h->pc->v, "POST", "/api/v1/approvals", body, 400, "field-unknown");
	body = asker_body(h->pc, h->name);
	json_object_set_new(body, "binding", json_string("注文 \"12\""));
	j = visitor_get(h->pc->v, "POST", "/api/v1/approvals", body, 201);
	snprintf(h->pc->id, sizeof(h->pc->id), "%s", json_at(j, "approval.id"));
	seen = companion_look(h->phone, h->pc->id);
	assert_string_equal(json_at(seen, "context.binding"), "注文 \"12\"");
	options = companion_choose(
	    h->phone, h->pc->id, seen, json_at(j, "approval.number"));
	assert_non_null(options);
	assert_string_equal(
	    json_at(options, "transaction.binding"), "注文 \"12\"");
	json_decref(options);
	json_decref(seen);
	json_decref(j);
}

/* ---- many ---- */

enum { FLOOD = 10000, THREADS = 8 };

struct flood {
	pthread_t thread;
	const char *name;
	unsigned number, let, resting, other;
};

/* From one address after the other, as if a proxy said so. */
static void *
flood(void *arg)
{
	struct flood *f = arg;
	struct asker *b = asker_new(server);

	for (unsigned i = 0; i < FLOOD / THREADS; i++) {
		char from[64];
		struct answer a;

		snprintf(from, sizeof(from), "X-Forwarded-For: 10.%u.%u.%u\r\n",
		    f->number, i / 250, 1 + i % 250);
		b->v->extra = from;
		visitor_set_cookie(b->v, "__Host-itb", NULL);
		a = visitor_ask(
		    b->v, "POST", "/api/v1/approvals", asker_body(b, f->name));
		if (a.status == 201)
			f->let++;
		else if (strcmp(answer_code(&a), "approvals-resting") == 0)
			f->resting++;
		else
			f->other++;
		answer_free(&a);
	}
	asker_free(b);
	return NULL;
}

static void
ten_thousand_requests_for_one_account(void **state)
{
	struct server *usual = server;
	struct flood floods[THREADS] = { { .name = NULL } };
	unsigned let = 0, resting = 0, other = 0;
	struct household *h;

	(void)state;
	server = server_start(&(struct server_options){
	    .config = "trusted_proxies = { \"127.0.0.1\" }" });
	h = household_new(server);
	for (unsigned i = 0; i < THREADS; i++) {
		floods[i].name = h->name;
		floods[i].number = i;
		assert_int_equal(
		    pthread_create(&floods[i].thread, NULL, flood, &floods[i]),
		    0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(floods[i].thread, NULL);
		let += floods[i].let;
		resting += floods[i].resting;
		other += floods[i].other;
	}
	/*
	 * Each from a network of its own: sixty, one more each minute that
	 * this took, and one a thread that had been let through already.
	 */
	assert_in_range(let, 60, 60 + THREADS + 4);
	assert_int_equal(let + resting, FLOOD);
	assert_int_equal(other, 0);
	/* The phone has one request, and its owner can still use a passkey. */
	assert_string_not_equal(companion_pending(h->phone), "");
	json_decref(visitor_sign_in(h->phone->v, h->name));
	household_free(h);
	server_end(server);
	server = usual;
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(shown_but_not_signed),
		EACH(words_of_who_asks),
		EACH(approving_twice),
		EACH(from_two_phones_at_once),
		EACH(by_another_accounts_passkey),
		EACH(with_another_requests_assertion),
		EACH(a_companion_signs_only_what_it_showed),
		EACH(over_a_changed_context),
		cmocka_unit_test(no_oracle_for_bad_signatures),
		EACH(choices_of_no_form),
		EACH(with_a_stolen_id),
		EACH(with_a_stolen_cookie),
		EACH(with_proofs_of_something_else),
		EACH(once),
		EACH(requests_of_no_form),
		cmocka_unit_test(ten_thousand_requests_for_one_account),
	};
	int failed;

	server =
	    server_start(&(struct server_options){ .config = "limits = off" });
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_end(server);
	return failed;
}
