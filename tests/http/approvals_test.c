/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sign-in on another device, as a browser and a phone go through it, and each
 * way that it ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void
choose_path(char path[128], const struct asker *b)
{
	snprintf(path, 128, "/api/v1/companion/approvals/%s/choice", b->id);
}

static void
a_phone_lets_a_browser_in(void **state)
{
	struct household *h = *state;
	json_t *seen, *options, *done, *in;

	asker_ask(h->pc, h->name);
	assert_int_equal(strlen(h->pc->number), 2);
	assert_string_equal(asker_state(h->pc, 0), "pending");
	assert_string_equal(companion_pending(h->phone), h->pc->id);

	seen = companion_look(h->phone, h->pc->id);
	assert_int_equal(json_array_size(json_object_get(seen, "choices")), 3);
	assert_string_equal(json_at(seen, "approval.match"), "choose3");
	assert_string_equal(json_at(seen, "context.approval"), h->pc->id);
	assert_string_equal(json_at(seen, "context.phone"), h->phone->id);
	assert_string_equal(json_at(seen, "context.rp_id"), "localhost");
	assert_string_equal(
	    json_at(seen, "context.browser.address"), "127.0.0.1");
	assert_true(json_is_true(
	    json_object_get(json_object_get(seen, "context"), "same_network")));

	/* Choosing says nothing to who waits. */
	options = companion_choose(h->phone, h->pc->id, seen, h->pc->number);
	assert_non_null(options);
	assert_string_equal(json_at(options, "state"), "pending");
	assert_string_equal(asker_state(h->pc, 0), "pending");
	done = companion_sign(h->phone, h->pc->id, options);
	assert_string_equal(json_at(done, "state"), "approved");
	assert_string_equal(asker_state(h->pc, 0), "approved");
	assert_string_equal(companion_pending(h->phone), "");

	in = asker_collect(h->pc);
	assert_string_equal(json_at(in, "account.name"), h->name);
	assert_string_equal(json_at(in, "session.method"), "approval");
	assert_string_equal(json_at(in, "session.acr"), "urn:itsumo:xdevice");
	assert_string_equal(json_at(in, "session.amr.2"), "mca");
	/* No passkey was used here yet. */
	assert_null(
	    json_object_get(json_object_get(in, "session"), "proved_at"));
	assert_string_equal(asker_state(h->pc, 0), "collected");
	json_decref(in);
	json_decref(done);
	json_decref(options);
	json_decref(seen);
}

static void
such_a_session_changes_no_devices(void **state)
{
	struct household *h = *state;
	struct visitor *pc = h->pc->v;

	household_let_in(h, h->pc);
	json_decref(visitor_get(pc, "GET", "/api/v1/session", NULL, 200));
	json_decref(visitor_get(pc, "GET", "/api/v1/phones", NULL, 200));
	visitor_refused(pc, "POST", "/api/v1/passkeys/options", json_object(),
	    403, "proof-needed");
	visitor_refused(pc, "POST", "/api/v1/phones/offers", json_object(), 403,
	    "proof-needed");
	visitor_refused(
	    pc, "DELETE", "/api/v1/account", NULL, 403, "proof-needed");
	visitor_refused(pc, "PATCH", "/api/v1/account",
	    json_pack("{s:b}", "always_passkey", 0), 403, "proof-needed");
}

static void
a_wrong_number_ends_it(void **state)
{
	struct household *h = *state;
	struct answer a;
	json_t *seen;

	asker_ask(h->pc, h->name);
	seen = companion_look(h->phone, h->pc->id);
	companion_decide(h->phone, h->pc->id,
	    household_other(seen, h->pc->number), "mismatch");
	json_decref(seen);
	assert_string_equal(asker_state(h->pc, 0), "mismatch");
	wants_state(visitor_ask(h->pc->v, "POST", asker_path(h->pc, "/collect"),
			asker_proof(h->pc, NULL)),
	    409, "approval-over", "mismatch");
	/* And requests rest for a quarter of an hour. */
	a = visitor_ask(
	    h->pc->v, "POST", "/api/v1/approvals", asker_body(h->pc, h->name));
	assert_int_equal(a.status, 429);
	assert_string_equal(answer_code(&a), "approvals-resting");
	assert_in_range(atoi(answer_header(&a, "Retry-After")), 800, 900);
	answer_free(&a);
}

static void
denied(void **state)
{
	struct household *h = *state;
	json_t *done;

	asker_ask(h->pc, h->name);
	done = companion_refuse(h->phone, h->pc->id, "deny");
	assert_string_equal(json_at(done, "state"), "denied");
	json_decref(done);
	assert_string_equal(asker_state(h->pc, 0), "denied");
	assert_string_equal(companion_pending(h->phone), "");
	asker_ask(h->pc, h->name);
}

static void
reported(void **state)
{
	struct household *h = *state;
	struct asker *other = asker_new(server);
	json_t *done, *notices;

	asker_ask(h->pc, h->name);
	done = companion_refuse(h->phone, h->pc->id, "report");
	assert_string_equal(json_at(done, "state"), "reported");
	json_decref(done);
	assert_string_equal(asker_state(h->pc, 0), "reported");
	/* Neither that browser nor that network asks again. */
	visitor_refused(h->pc->v, "POST", "/api/v1/approvals",
	    asker_body(h->pc, h->name), 429, "approvals-resting");
	visitor_refused(other->v, "POST", "/api/v1/approvals",
	    asker_body(other, h->name), 429, "approvals-resting");
	/* And the owner is told. */
	notices = visitor_get(h->phone->v, "GET", "/api/v1/session", NULL, 200);
	assert_string_equal(json_at(notices, "notices.0.event"), "approval");
	assert_string_equal(json_at(notices, "notices.0.reason"), "reported");
	json_decref(notices);
	asker_free(other);
}

static void
cancelled(void **state)
{
	struct household *h = *state;
	char path[128];

	asker_ask(h->pc, h->name);
	visitor_get(
	    h->pc->v, "POST", asker_path(h->pc, "/cancel"), json_object(), 204);
	assert_string_equal(asker_state(h->pc, 0), "cancelled");
	choose_path(path, h->pc);
	wants_state(companion_ask(h->phone, "POST", path,
			json_pack("{s:s}", "choice", h->pc->number), NULL),
	    409, "approval-over", "cancelled");
	wants_state(visitor_ask(h->pc->v, "POST", asker_path(h->pc, "/cancel"),
			json_object()),
	    409, "approval-over", "cancelled");
}

static void
superseded(void **state)
{
	struct household *h = *state;
	struct asker *other = asker_new(server);
	char path[128];

	asker_ask(h->pc, h->name);
	asker_ask(other, h->name);
	assert_string_equal(asker_state(h->pc, 0), "superseded");
	assert_string_equal(companion_pending(h->phone), other->id);
	snprintf(
	    path, sizeof(path), "/api/v1/companion/approvals/%s", h->pc->id);
	wants_state(companion_ask(h->phone, "GET", path, NULL, NULL), 409,
	    "approval-over", "superseded");
	companion_decide(h->phone, other->id, other->number, "approved");
	json_decref(asker_collect(other));
	asker_free(other);
}

static void
expired(void **state)
{
	struct server *s = server_start(&(struct server_options){
	    .config = "limits = off\napproval_time = 2s" });
	struct household *h = household_new(s);
	json_t *seen, *history;
	char path[128];

	(void)state;
	asker_ask(h->pc, h->name);
	seen = companion_look(h->phone, h->pc->id);
	/* Who waits is told when it is over. */
	assert_string_equal(asker_state(h->pc, 25), "expired");
	choose_path(path, h->pc);
	wants_state(companion_ask(h->phone, "POST", path,
			json_pack("{s:s}", "choice", h->pc->number), NULL),
	    409, "approval-over", "expired");
	wants_state(visitor_ask(h->pc->v, "POST", asker_path(h->pc, "/collect"),
			asker_proof(h->pc, NULL)),
	    409, "approval-over", "expired");
	assert_string_equal(companion_pending(h->phone), "");
	/* The owner reads of it, though nobody looked. */
	do
		history = visitor_get(
		    h->phone->v, "GET", "/api/v1/history?limit=1", NULL, 200);
	while (strcmp(json_at(history, "entries.0.event"), "approval") != 0 &&
	       (json_decref(history), true));
	assert_string_equal(json_at(history, "entries.0.reason"), "expired");
	json_decref(history);
	json_decref(seen);
	household_free(h);
	server_end(s);
}

static void
type_it(const char *match, size_t digits, const char *wrong)
{
	char config[64], path[128];
	struct server *s;
	struct household *h;
	json_t *seen;

	snprintf(
	    config, sizeof(config), "limits = off\napproval_match = %s", match);
	s = server_start(&(struct server_options){ .config = config });
	h = household_new(s);
	asker_ask(h->pc, h->name);
	assert_int_equal(strlen(h->pc->number), digits);
	seen = companion_look(h->phone, h->pc->id);
	assert_null(json_object_get(seen, "choices"));
	assert_string_equal(json_at(seen, "context.match"), match);
	json_decref(seen);
	choose_path(path, h->pc);
	companion_refused(h->phone, "POST", path,
	    json_pack("{s:s}", "choice", wrong), 400, "choice-malformed");
	companion_decide(h->phone, h->pc->id, h->pc->number, "approved");
	json_decref(asker_collect(h->pc));
	/* A number of that form that is another one. */
	asker_ask(h->pc, h->name);
	memcpy(path, h->pc->number, sizeof(h->pc->number));
	path[0] = path[0] == '9' ? '8' : '9';
	companion_decide(h->phone, h->pc->id, path, "mismatch");
	household_free(h);
	server_end(s);
}

static void
numbers_that_are_typed(void **state)
{
	(void)state;
	type_it("type2", 2, "472");
	type_it("type6", 6, "47");
}

/* The names of members, in their order, and the kinds of their values. */
static void
shape_of(const json_t *j, char *out, size_t size)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)j, key, v)
	{
		size_t n = strlen(out);

		snprintf(out + n, size - n, "%s:%d:%zu ", key,
		    (int)json_typeof(v),
		    json_is_string(v) ? json_string_length(v) : 0);
		shape_of(v, out, size);
	}
}

/* Head fields but for what names the moment or the request. */
static void
head_of(const struct answer *a, char *out, size_t size)
{
	static const char *const fields[] = { "Content-Type", "Content-Length",
		"Cache-Control", "Retry-After", "X-Content-Type-Options" };

	snprintf(out, size, "%d ", a->status);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char *v = answer_header(a, fields[i]);
		size_t n = strlen(out);

		snprintf(out + n, size - n, "%s ", v != NULL ? v : "-");
	}
}

static void
trace(struct asker *b, const char *name, char out[8192])
{
	struct answer a =
	    visitor_ask(b->v, "POST", "/api/v1/approvals", asker_body(b, name));
	size_t n = strlen(out);

	head_of(&a, out + n, 8192 - n);
	shape_of(a.json, out, 8192);
	snprintf(b->id, sizeof(b->id), "%s", json_at(a.json, "approval.id"));
	answer_free(&a);
	a = visitor_ask(b->v, "GET", asker_path(b, ""), NULL);
	n = strlen(out);
	head_of(&a, out + n, 8192 - n);
	shape_of(a.json, out, 8192);
	answer_free(&a);
}

/* What three requests and one too many look like, and what ends them. */
static void
nobody_learns_whether_an_account_exists(void **state)
{
	struct household *h = *state;
	char known[8192] = "", unknown[8192] = "", impossible[8192] = "";
	struct asker *askers[3] = { asker_new(server), asker_new(server),
		asker_new(server) };
	struct {
		const char *name;
		char *out;
	} all[] = { { h->name, known }, { "nobody7", unknown },
		{ " no\\one ", impossible } };

	for (size_t i = 0; i < 3; i++) {
		for (int times = 0; times < 4; times++)
			trace(askers[i], all[i].name, all[i].out);
		asker_free(askers[i]);
	}
	assert_string_equal(unknown, known);
	assert_string_equal(impossible, known);
	assert_non_null(strstr(known, "429"));
}

static void
it_can_be_switched_off(void **state)
{
	struct server *s = server_start(
	    &(struct server_options){ .config = "approvals = off" });
	struct asker *b = asker_new(s);
	json_t *service;

	(void)state;
	visitor_refused(b->v, "POST", "/api/v1/approvals",
	    asker_body(b, "anna"), 404, "not-found");
	visitor_refused(
	    b->v, "GET", "/api/v1/companion/approvals", NULL, 404, "not-found");
	service = visitor_get(b->v, "GET", "/api/v1/service", NULL, 200);
	assert_true(json_is_false(
	    json_object_get(json_object_get(service, "approvals"), "on")));
	json_decref(service);
	asker_free(b);
	server_end(s);
}

static void
the_log_proves_each_of_them(void **state)
{
	struct household *h = *state;
	json_t *before = server_cli_json(server, "audit", "verify", NULL);
	json_t *after, *seen;

	household_let_in(h, h->pc);
	asker_ask(h->pc, h->name);
	seen = companion_look(h->phone, h->pc->id);
	companion_decide(h->phone, h->pc->id,
	    household_other(seen, h->pc->number), "mismatch");
	after = server_cli_json(server, "audit", "verify", NULL);
	assert_true(json_is_true(json_object_get(after, "sound")));
	assert_int_equal(json_integer_value(json_object_get(after, "approved")),
	    json_integer_value(json_object_get(before, "approved")) + 1);
	assert_int_equal(
	    json_integer_value(json_object_get(after, "mismatches")),
	    json_integer_value(json_object_get(before, "mismatches")) + 1);
	json_decref(seen);
	json_decref(before);
	json_decref(after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_phone_lets_a_browser_in, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    such_a_session_changes_no_devices, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_wrong_number_ends_it, setup, teardown),
		cmocka_unit_test_setup_teardown(denied, setup, teardown),
		cmocka_unit_test_setup_teardown(reported, setup, teardown),
		cmocka_unit_test_setup_teardown(cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(superseded, setup, teardown),
		cmocka_unit_test(expired),
		cmocka_unit_test(numbers_that_are_typed),
		cmocka_unit_test_setup_teardown(
		    nobody_learns_whether_an_account_exists, setup, teardown),
		cmocka_unit_test(it_can_be_switched_off),
		cmocka_unit_test_setup_teardown(
		    the_log_proves_each_of_them, setup, teardown),
	};
	int failed;

	server =
	    server_start(&(struct server_options){ .config = "limits = off" });
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_end(server);
	return failed;
}
