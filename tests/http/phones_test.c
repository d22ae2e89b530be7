/* SPDX-License-Identifier: Apache-2.0 */
/* How a phone comes to an account, what wakes it, and how it goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/http/household.h"
#include "tests/unit/push_service.h"

static struct server *server;
static struct push_service *service;
static char endpoint[64];

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
offer_new(struct visitor *v)
{
	return visitor_get(
	    v, "POST", "/api/v1/phones/offers", json_object(), 201);
}

static const char *
offer_path(const json_t *offer, const char *what)
{
	static char path[128];

	snprintf(path, sizeof(path), "/api/v1/phones/offers/%s%s",
	    json_at(offer, "offer.id"), what);
	return path;
}

static void
a_phone_joins_by_a_code_on_the_screen(void **state)
{
	struct household *h = *state;
	struct visitor *computer = h->phone->v;
	struct companion *c = companion_new(visitor_new(server));
	json_t *offer = offer_new(computer), *seen, *got, *told;
	const char *token = json_at(offer, "offer.token"), *url;

	url = json_at(offer, "offer.url");
	assert_true(strncmp(url, server_origin(server),
			strlen(server_origin(server))) == 0);
	/* The secret stands behind a #, which is never sent. */
	assert_string_equal(strstr(url, "/companion#offer=") + 17, token);
	assert_non_null(strstr(json_at(offer, "offer.qr_svg"), "<svg "));
	seen = visitor_get(computer, "GET", offer_path(offer, ""), NULL, 200);
	assert_string_equal(json_at(seen, "offer.state"), "open");
	assert_null(json_object_get(json_object_get(seen, "offer"), "phone"));
	json_decref(seen);

	companion_answer(c, token, "New phone");
	/* It is nobody's before the computer says so. */
	companion_refused(c, "GET", "/api/v1/companion/approvals", NULL, 401,
	    "phone-unknown");
	seen = visitor_get(
	    computer, "GET", offer_path(offer, "?wait=25"), NULL, 200);
	assert_string_equal(json_at(seen, "offer.state"), "answered");
	assert_string_equal(json_at(seen, "offer.phone.name"), "New phone");
	assert_string_equal(json_at(seen, "offer.phone.platform"), "Test 1");
	assert_string_equal(json_at(seen, "offer.phone.address"), "127.0.0.1");
	json_decref(seen);
	got = visitor_get(computer, "POST", offer_path(offer, "/confirm"),
	    json_pack("{s:b}", "confirm", 1), 200);
	assert_string_equal(json_at(got, "phone.id"), c->id);
	told = companion_await(c, token);
	assert_string_equal(json_string_value(told), "confirmed");

	/* With its own passkey it lets somebody in. */
	asker_ask(h->pc, h->name);
	companion_decide(c, h->pc->id, h->pc->number, "approved");
	json_decref(asker_collect(h->pc));
	json_decref(told);
	json_decref(got);
	json_decref(offer);
	companion_free(c);
}

static void
a_phone_is_not_confirmed(void **state)
{
	struct household *h = *state;
	struct companion *c = companion_new(visitor_new(server));
	json_t *offer = offer_new(h->phone->v), *told;

	visitor_refused(h->phone->v, "POST", offer_path(offer, "/confirm"),
	    json_pack("{s:b}", "confirm", 1), 409, "offer-open");
	companion_answer(c, json_at(offer, "offer.token"), "Not mine");
	json_decref(
	    visitor_get(h->phone->v, "POST", offer_path(offer, "/confirm"),
		json_pack("{s:b}", "confirm", 0), 200));
	told = companion_await(c, json_at(offer, "offer.token"));
	assert_string_equal(json_string_value(told), "refused");
	companion_refused(c, "GET", "/api/v1/companion/approvals", NULL, 401,
	    "phone-unknown");
	visitor_refused(h->phone->v, "POST", offer_path(offer, "/confirm"),
	    json_pack("{s:b}", "confirm", 1), 409, "offer-over");
	json_decref(told);
	json_decref(offer);
	companion_free(c);
}

static void
an_offer_is_for_one_phone_and_one_computer(void **state)
{
	struct household *h = *state, *ben = household_new(server);
	struct companion *c = companion_new(visitor_new(server));
	struct companion *late = companion_new(visitor_new(server));
	json_t *offer = offer_new(h->phone->v), *other, *options;
	const char *token = json_at(offer, "offer.token");

	options = visitor_get(late->v, "POST", "/api/v1/phones/options",
	    json_pack("{s:s}", "offer", token), 200);
	companion_answer(c, token, "First");
	visitor_refused(late->v, "POST", "/api/v1/phones/options",
	    json_pack("{s:s}", "offer", token), 409, "offer-over");
	{
		json_t *body = visitor_finish(
		    options, visitor_create(late->v, options, NULL));

		json_object_set_new(body, "offer", json_string(token));
		json_object_set_new(body, "name", json_string("Second"));
		json_object_set_new(body, "device_jwk", companion_jwk(late));
		visitor_refused(late->v, "POST", "/api/v1/phones",
		    json_incref(body), 409, "offer-over");
		/* Options of one offer are none of another. */
		other = offer_new(h->phone->v);
		json_object_set(body, "offer",
		    json_object_get(json_object_get(other, "offer"), "token"));
		visitor_refused(late->v, "POST", "/api/v1/phones", body, 400,
		    "ceremony-account");
	}
	/* Nobody else sees it, and nobody else confirms. */
	visitor_refused(ben->phone->v, "GET", offer_path(offer, ""), NULL, 404,
	    "offer-unknown");
	visitor_refused(ben->phone->v, "POST", offer_path(offer, "/confirm"),
	    json_pack("{s:b}", "confirm", 1), 404, "offer-unknown");
	visitor_refused(late->v, "POST", "/api/v1/phones/options",
	    json_pack("{s:s}", "offer", "made-up"), 404, "offer-unknown");
	visitor_refused(late->v, "POST", "/api/v1/phones/offers/state",
	    json_pack("{s:s}", "offer", "made-up"), 404, "offer-unknown");
	visitor_refused(h->phone->v, "GET", "/api/v1/phones/offers/off_x", NULL,
	    404, "offer-unknown");
	json_decref(options);
	json_decref(other);
	json_decref(offer);
	companion_free(c);
	companion_free(late);
	household_free(ben);
}

static void
only_who_is_signed_in_adds_a_phone(void **state)
{
	struct visitor *v = visitor_new(server);
	struct companion *c = companion_new(v);

	(void)state;
	visitor_refused(v, "POST", "/api/v1/phones/options", json_object(), 401,
	    "session-none");
	visitor_refused(v, "POST", "/api/v1/phones",
	    json_pack(
		"{s:s, s:o}", "name", "Phone", "device_jwk", companion_jwk(c)),
	    401, "session-none");
	visitor_refused(v, "POST", "/api/v1/phones/offers", json_object(), 401,
	    "session-none");
	visitor_refused(v, "GET", "/api/v1/phones", NULL, 401, "session-none");
	companion_free(c);
}

static void
what_cannot_be_a_phone(void **state)
{
	struct household *h = *state;
	struct visitor *v = h->phone->v;
	static const struct {
		const char *patch, *code;
	} wrong[] = {
		{ "{\"name\":\"\"}", "name-malformed" },
		{ "{\"name\":7}", "field-type" },
		{ "{\"device_jwk\":{}}", "field-missing" },
		{ "{\"push\":\"x\"}", "field-type" },
		{ "{\"push\":{}}", "field-missing" },
		{ "{\"ceremony\":\"x\"}", "field-missing" },
		{ "{\"surprise\":1}", "field-unknown" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		json_t *body = json_pack("{s:s, s:o}", "name", "Phone",
		    "device_jwk", companion_jwk(h->phone));
		json_t *patch = json_loads(wrong[i].patch, 0, NULL);

		json_object_update(body, patch);
		visitor_refused(
		    v, "POST", "/api/v1/phones", body, 400, wrong[i].code);
		json_decref(patch);
	}
}

/* What points inside our network is refused when it comes in. */
static void
endpoints_that_lead_elsewhere(void **state)
{
	static const char *const wrong[] = { "http://127.0.0.1/x",
		"https://127.0.0.1/x", "https://169.254.169.254/latest",
		"https://localhost/x", "https://10.0.0.1/x", "https://[::1]/x",
		"https://push.evil.example/x",
		"https://fcm.googleapis.com@10.0.0.1/x",
		"https://fcm.googleapis.com:22/x", "file:///etc/passwd",
		"ftp://fcm.googleapis.com/x", "" };
	struct household *h = *state;
	char path[96];

	snprintf(path, sizeof(path), "/api/v1/phones/%s/push", h->phone->id);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct answer a = companion_ask(h->phone, "PUT", path,
		    json_pack(
			"{s:o}", "push", companion_push(h->phone, wrong[i])),
		    NULL);

		if (a.status != 400 ||
		    strcmp(answer_code(&a), "push-malformed") != 0)
			fail_msg("%s: %d %s", wrong[i], a.status, a.body);
		assert_non_null(json_object_get(a.json, "detail"));
		answer_free(&a);
	}
	/* Keys that nobody can encrypt to. */
	wants(companion_ask(h->phone, "PUT", path,
		  json_pack("{s:{s:s, s:{s:s, s:s}}}", "push", "endpoint",
		      endpoint, "keys", "p256dh", "AAAA", "auth", "AAAA"),
		  NULL),
	    400, "push-malformed");
	/* Another phone's is not to be had. */
	wants(companion_ask(h->phone, "PUT",
		  "/api/v1/phones/phn_AAAAAAAAAAAAAAAAAAAAAA/push",
		  json_pack("{s:n}", "push"), NULL),
	    404, "not-found");
	assert_int_equal(push_service_hits(service, NULL), 0);
}

/* Waits until the service has heard so many; 20 s at most. */
static void
heard(unsigned n)
{
	for (int ms = 0; ms < 20000 && push_service_hits(service, NULL) < n;
	     ms += 5)
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	assert_int_equal(push_service_hits(service, NULL), n);
}

static void
a_phone_is_woken(void **state)
{
	struct household *h = *state;
	struct push_request r;
	unsigned before = push_service_hits(service, NULL);
	char path[96], value[128];
	json_t *j;

	snprintf(path, sizeof(path), "/api/v1/phones/%s/push", h->phone->id);
	j = companion_get(h->phone, "PUT", path,
	    json_pack("{s:o}", "push", companion_push(h->phone, endpoint)),
	    200);
	assert_true(json_is_true(json_object_get(j, "push")));
	json_decref(j);
	asker_ask(h->pc, h->name);
	heard(before + 1);
	push_service_last(service, &r);
	assert_true(
	    push_request_header(&r, "Content-Encoding", value, sizeof(value)));
	assert_string_equal(value, "aes128gcm");
	assert_true(push_request_header(&r, "Urgency", value, sizeof(value)));
	assert_string_equal(value, "high");
	/* Nothing of it can be read on the way. */
	assert_null(memmem(r.b, r.n, h->pc->id, strlen(h->pc->id)));
	assert_null(memmem(r.b, r.n, h->name, strlen(h->name)));
	/* Muted, it is left in peace. */
	json_decref(companion_get(h->phone, "PUT", "/api/v1/companion/mute",
	    json_pack("{s:s}", "mute", "8h"), 200));
	asker_ask(h->pc, h->name);
	json_decref(companion_get(h->phone, "PUT", "/api/v1/companion/mute",
	    json_pack("{s:s}", "mute", "off"), 200));
	asker_ask(h->pc, h->name);
	heard(before + 2);
	/* And without a subscription, but the list has it all the same. */
	j = companion_get(
	    h->phone, "PUT", path, json_pack("{s:n}", "push"), 200);
	assert_true(json_is_false(json_object_get(j, "push")));
	json_decref(j);
	assert_string_equal(companion_pending(h->phone), h->pc->id);
	companion_refused(h->phone, "PUT", "/api/v1/companion/mute",
	    json_pack("{s:s}", "mute", "2h"), 400, "field-type");
}

/* A service that does not work fails no sign-in. */
static void
a_dead_subscription_fails_nobody(void **state)
{
	struct household *h = *state;
	unsigned before = push_service_hits(service, NULL);
	char gone[80], path[96];
	json_t *j;

	snprintf(gone, sizeof(gone), "http://127.0.0.1:%u/410",
	    push_service_port(service));
	snprintf(path, sizeof(path), "/api/v1/phones/%s/push", h->phone->id);
	json_decref(companion_get(h->phone, "PUT", path,
	    json_pack("{s:o}", "push", companion_push(h->phone, gone)), 200));
	household_let_in(h, h->pc);
	heard(before + 1);
	/* The subscription is forgotten; the phone is not. */
	do
		j = companion_get(
		    h->phone, "GET", "/api/v1/companion/approvals", NULL, 200);
	while (json_is_true(
		   json_object_get(json_object_get(j, "phone"), "push")) &&
	       (json_decref(j), true));
	assert_string_equal(json_at(j, "phone.name"), "Phone");
	json_decref(j);
}

static void
listed_renamed_and_removed(void **state)
{
	struct household *h = *state;
	struct companion *other = household_phone(h, "Tablet");
	struct visitor *v = h->phone->v;
	char path[96];
	json_t *j;

	j = visitor_get(v, "GET", "/api/v1/phones", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(j, "phones")), 2);
	assert_string_equal(json_at(j, "phones.0.name"), "Phone");
	assert_string_equal(json_at(j, "phones.1.name"), "Tablet");
	json_decref(j);
	snprintf(path, sizeof(path), "/api/v1/phones/%s", other->id);
	j = visitor_get(
	    v, "PATCH", path, json_pack("{s:s}", "name", "Pad"), 200);
	assert_string_equal(json_at(j, "phone.name"), "Pad");
	json_decref(j);
	visitor_get(v, "DELETE", path, NULL, 204);
	visitor_refused(v, "DELETE", path, NULL, 404, "not-found");
	/* A phone that was removed proves nothing any more. */
	companion_refused(other, "GET", "/api/v1/companion/approvals", NULL,
	    401, "phone-unknown");
	/* One may leave by itself. */
	companion_get(
	    h->phone, "POST", "/api/v1/companion/leave", json_object(), 204);
	companion_refused(h->phone, "GET", "/api/v1/companion/approvals", NULL,
	    401, "phone-unknown");
	companion_free(other);
}

static void
ten_at_most(void **state)
{
	struct household *h = *state;
	struct companion *all[9];

	for (int i = 0; i < 9; i++)
		all[i] = household_phone(h, "One more");
	visitor_refused(h->phone->v, "POST", "/api/v1/phones/offers",
	    json_object(), 409, "phones-full");
	visitor_refused(h->phone->v, "POST", "/api/v1/phones",
	    json_pack("{s:s, s:o}", "name", "Phone", "device_jwk",
		companion_jwk(h->phone)),
	    409, "phones-full");
	for (int i = 0; i < 9; i++)
		companion_free(all[i]);
}

static void
it_locks_the_account(void **state)
{
	struct household *h = *state;
	json_t *j, *history;

	household_let_in(h, h->pc);
	history = companion_get(
	    h->phone, "GET", "/api/v1/companion/history?limit=5", NULL, 200);
	assert_string_equal(json_at(history, "entries.0.event"), "sign-in");
	assert_string_equal(json_at(history, "entries.0.method"), "approval");
	json_decref(history);
	j = companion_get(
	    h->phone, "POST", "/api/v1/companion/lock", json_object(), 200);
	assert_int_equal(
	    json_integer_value(json_object_get(j, "sessions_ended")), 2);
	json_decref(j);
	visitor_refused(
	    h->pc->v, "GET", "/api/v1/session", NULL, 401, "session-expired");
	companion_refused(h->phone, "GET", "/api/v1/companion/approvals", NULL,
	    403, "account-locked");
	/* Who asks is told nothing of that. */
	asker_ask(h->pc, h->name);
	assert_string_equal(asker_state(h->pc, 0), "pending");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_phone_joins_by_a_code_on_the_screen),
		EACH(a_phone_is_not_confirmed),
		EACH(an_offer_is_for_one_phone_and_one_computer),
		cmocka_unit_test(only_who_is_signed_in_adds_a_phone),
		EACH(what_cannot_be_a_phone),
		EACH(endpoints_that_lead_elsewhere),
		EACH(a_phone_is_woken),
		EACH(a_dead_subscription_fails_nobody),
		EACH(listed_renamed_and_removed),
		EACH(ten_at_most),
		EACH(it_locks_the_account),
	};
	char config[256];
	int failed;

	service = push_service_start();
	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%u/201",
	    push_service_port(service));
	snprintf(config, sizeof(config),
	    "limits = off\n"
	    "push_hosts = { \"http://127.0.0.1:%u\", "
	    "\"fcm.googleapis.com\" }\n"
	    "push_networks = { \"127.0.0.0/8\" }\n",
	    push_service_port(service));
	server = server_start(&(struct server_options){ .config = config });
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_end(server);
	push_service_stop(service);
	return failed;
}
