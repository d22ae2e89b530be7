/* SPDX-License-Identifier: Apache-2.0 */
/* Two processes on one store, asked for the same at the same moment. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/http/household.h"
#include "tests/unit/push_service.h"

enum { ROUNDS = 6 };

static struct server *servers[2];
static struct push_service *service;

static int
setup(void **state)
{
	*state = household_new(servers[0]);
	return 0;
}

static int
teardown(void **state)
{
	household_free(*state);
	return 0;
}

/* One request at each of them. */
struct side {
	pthread_t thread;
	pthread_barrier_t *start;
	struct asker *asker; /* collects, or */
	struct companion *phone; /* asks for this */
	char path[128];
	json_t *body;
	int status;
	char code[64];
};

static void *
run(void *arg)
{
	struct side *s = arg;
	struct answer a;

	(void)pthread_barrier_wait(s->start);
	a = s->asker != NULL
		? visitor_ask(s->asker->v, "POST", s->path, s->body)
		: companion_ask(s->phone, "POST", s->path, s->body, NULL);
	s->status = a.status;
	snprintf(s->code, sizeof(s->code), "%s", answer_code(&a));
	answer_free(&a);
	return NULL;
}

/* Both at once: one gets what it asked for, the other one that problem. */
static void
both(struct side sides[2], const char *code)
{
	pthread_barrier_t start;

	assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
	for (int i = 0; i < 2; i++) {
		sides[i].start = &start;
		assert_int_equal(
		    pthread_create(&sides[i].thread, NULL, run, &sides[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(sides[i].thread, NULL), 0);
	assert_int_equal(pthread_barrier_destroy(&start), 0);
	assert_int_equal(sides[0].status + sides[1].status, 200 + 409);
	assert_string_equal(sides[sides[0].status == 200 ? 1 : 0].code, code);
}

/* The same phone, on a connection to the other process. */
static struct companion *
at_the_other(const struct companion *c)
{
	struct companion *twin = companion_new(visitor_new(servers[1]));

	softproof_key_free(&twin->key);
	*twin = (struct companion){ .v = twin->v, .key = c->key };
	memcpy(twin->id, c->id, sizeof(twin->id));
	return twin;
}

static void
twin_free(struct companion *twin)
{
	visitor_free(twin->v);
	free(twin);
}

static void
ask_once_more(struct household *h)
{
	/* Its owner is there, so that nothing rests. */
	json_decref(visitor_sign_in(h->phone->v, h->name));
	asker_ask(h->pc, h->name);
}

static json_t *
choice(const char *number)
{
	return json_pack("{s:s}", "choice", number);
}

static const char *
path_of(const struct household *h, const char *what)
{
	static char path[128];

	snprintf(path, sizeof(path), "/api/v1/companion/approvals/%s%s",
	    h->pc->id, what);
	return path;
}

static void
one_choice_stands(void **state)
{
	struct household *h = *state;
	struct companion *twin = at_the_other(h->phone);

	for (int i = 0; i < ROUNDS; i++) {
		struct side sides[2] = { { .phone = h->phone },
			{ .phone = twin } };
		json_t *seen;

		ask_once_more(h);
		seen = companion_look(h->phone, h->pc->id);
		sides[0].body = choice(h->pc->number);
		sides[1].body = choice(household_other(seen, h->pc->number));
		for (int k = 0; k < 2; k++)
			memcpy(sides[k].path, path_of(h, "/choice"),
			    sizeof(sides[k].path));
		both(sides, "choice-made");
		json_decref(seen);
	}
	twin_free(twin);
}

static void
one_assertion_counts(void **state)
{
	struct household *h = *state;
	struct companion *twin = at_the_other(h->phone);

	for (int i = 0; i < ROUNDS; i++) {
		struct side sides[2] = { { .phone = h->phone },
			{ .phone = twin } };
		json_t *seen, *options, *signed_by;

		ask_once_more(h);
		seen = companion_look(h->phone, h->pc->id);
		options =
		    companion_choose(h->phone, h->pc->id, seen, h->pc->number);
		assert_non_null(options);
		signed_by = visitor_sign(h->phone->v, options, NULL);
		for (int k = 0; k < 2; k++) {
			sides[k].body =
			    json_pack("{s:O}", "credential", signed_by);
			memcpy(sides[k].path, path_of(h, "/assertion"),
			    sizeof(sides[k].path));
		}
		both(sides, "approval-over");
		assert_string_equal(asker_state(h->pc, 0), "approved");
		json_decref(signed_by);
		json_decref(options);
		json_decref(seen);
	}
	twin_free(twin);
}

static void
one_session_is_opened(void **state)
{
	struct household *h = *state;
	struct asker twin = *h->pc;

	twin.v = visitor_new(servers[1]);
	for (int i = 0; i < ROUNDS; i++) {
		struct side sides[2] = { { .asker = h->pc },
			{ .asker = &twin } };

		ask_once_more(h);
		companion_decide(
		    h->phone, h->pc->id, h->pc->number, "approved");
		memcpy(twin.id, h->pc->id, sizeof(twin.id));
		memcpy(twin.v->cookies, h->pc->v->cookies,
		    sizeof(twin.v->cookies));
		for (int k = 0; k < 2; k++) {
			sides[k].body = asker_proof(sides[k].asker, NULL);
			snprintf(sides[k].path, sizeof(sides[k].path), "%s",
			    asker_path(h->pc, "/collect"));
		}
		both(sides, "approval-over");
	}
	visitor_free(twin.v);
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

/* Each of them looks for messages that are due, and one sends each. */
static void
a_message_goes_once(void **state)
{
	struct household *more[4];
	unsigned want = push_service_hits(service, NULL);
	char endpoint[80];

	(void)state;
	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%u/201",
	    push_service_port(service));
	for (size_t i = 0; i < 4; i++) {
		char path[96];

		more[i] = household_new(servers[i % 2]);
		snprintf(path, sizeof(path), "/api/v1/phones/%s/push",
		    more[i]->phone->id);
		json_decref(companion_get(more[i]->phone, "PUT", path,
		    json_pack("{s:o}", "push",
			companion_push(more[i]->phone, endpoint)),
		    200));
	}
	/* Each before the next one, which would take its place. */
	for (size_t i = 0; i < 12; i++) {
		asker_ask(more[i % 4]->pc, more[i % 4]->name);
		heard(++want);
	}
	/* A second one would come with the next look of the other process. */
	nanosleep(&(struct timespec){ .tv_sec = 2 }, NULL);
	assert_int_equal(push_service_hits(service, NULL), want);
	for (size_t i = 0; i < 4; i++)
		household_free(more[i]);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(one_choice_stands),
		EACH(one_assertion_counts),
		EACH(one_session_is_opened),
		cmocka_unit_test(a_message_goes_once),
	};
	int ports[2] = { server_free_port(), server_free_port() }, failed;
	struct server_options o = { .port = ports[0] };
	char config[512];

	service = push_service_start();
	snprintf(config, sizeof(config),
	    "limits = off\nrp_id = localhost\n"
	    "origins = { \"http://localhost:%d\", \"http://localhost:%d\" }\n"
	    "push_hosts = { \"http://127.0.0.1:%u\" }\n"
	    "push_networks = { \"127.0.0.0/8\" }\n",
	    ports[0], ports[1], push_service_port(service));
	o.config = config;
	servers[0] = server_start(&o);
	o.port = ports[1];
	o.beside = servers[0];
	servers[1] = server_start(&o);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_end(servers[1]);
	server_end(servers[0]);
	push_service_stop(service);
	return failed;
}
