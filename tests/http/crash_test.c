/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill -9 at random moments under load: what was acknowledged is there when
 * the server is back, what was spent stays spent, the audit log is whole.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/http/claims.h"
#include "tests/http/visitor.h"

enum { CLIENTS = 6, KEPT_MAX = 48, ACCOUNTS_MAX = 4096, CRASHES = 200 };

static const struct server_options options = { .config = "limits = off" };

/* What one client holds against the server. */
struct client {
	pthread_t thread;
	struct visitor *visitor;
	unsigned round, number;
	bool signed_up; /* acknowledged */
	char token[128]; /* of the last acknowledged sign-in */
	json_t *spent[KEPT_MAX]; /* bodies that were acknowledged */
	size_t spent_n;
	bool spent_up; /* the first of them is a sign-up */
	json_t *unknown; /* a body whose answer never came */
	bool unknown_up;
};

/* Everybody who was ever told that there is an account. */
static struct {
	char name[32];
	struct softkey *passkey;
	uint32_t sign_count;
} accounts[ACCOUNTS_MAX];
static size_t account_n;

static struct client clients[CLIENTS];
static uint64_t acknowledged, replayed, settled;

static void
name_of(const struct client *c, char name[32])
{
	snprintf(name, 32, "crash-%u-%u", c->round, c->number);
}

/* Options from the server, or NULL when it is gone. */
static json_t *
ask_options(struct client *c, const char *path)
{
	char name[32];
	struct answer a;
	json_t *j;

	name_of(c, name);
	/* Sessions add up: none of them ends another. */
	visitor_set_cookie(c->visitor, "__Host-isid", NULL);
	a = visitor_ask(
	    c->visitor, "POST", path, json_pack("{s:s}", "name", name));
	j = a.status == 200 ? json_incref(a.json) : NULL;
	answer_free(&a);
	return j;
}

/* Finishes; false when the server went away first. */
static bool
finish(struct client *c, const char *path, json_t *body, int status)
{
	struct answer a =
	    visitor_ask(c->visitor, "POST", path, json_incref(body));
	int got = a.status;

	answer_free(&a);
	if (got == 0) {
		c->unknown = body;
		c->unknown_up = status == 201;
		return false;
	}
	if (got != status) {
		fprintf(stderr, "%s: %d\n", path, got);
		abort();
	}
	snprintf(c->token, sizeof(c->token), "%s",
	    visitor_cookie(c->visitor, "__Host-isid"));
	if (c->spent_n < KEPT_MAX)
		c->spent[c->spent_n++] = body;
	else
		json_decref(body);
	return true;
}

static void *
load(void *arg)
{
	struct client *c = arg;
	json_t *o = ask_options(c, "/api/v1/signup/options"), *body;

	if (o == NULL)
		return NULL;
	body = visitor_finish(o, visitor_create(c->visitor, o, NULL));
	json_decref(o);
	if (!finish(c, "/api/v1/signup/verify", body, 201))
		return NULL;
	c->signed_up = true;
	while ((o = ask_options(c, "/api/v1/login/options")) != NULL) {
		body = visitor_finish(o, visitor_sign(c->visitor, o, NULL));
		json_decref(o);
		if (!finish(c, "/api/v1/login/verify", body, 200))
			break;
	}
	return NULL;
}

static int
replay(struct client *c, json_t *body, bool up)
{
	struct answer a;
	int status;

	visitor_set_cookie(c->visitor, "__Host-isid", NULL);
	a = visitor_ask(c->visitor, "POST",
	    up ? "/api/v1/signup/verify" : "/api/v1/login/verify",
	    json_incref(body));
	status = a.status;
	if (status == 409)
		assert_string_equal(answer_code(&a), "ceremony-spent");
	answer_free(&a);
	return status;
}

/* A finish without an answer happened or did not; then it is settled. */
static void
settle_unknown(struct client *c)
{
	int status = replay(c, c->unknown, c->unknown_up);

	if (status != 409)
		assert_int_equal(status, c->unknown_up ? 201 : 200);
	assert_int_equal(replay(c, c->unknown, c->unknown_up), 409);
	c->signed_up = true;
	settled++;
}

static void
keep_account(struct client *c)
{
	assert_true(account_n < ACCOUNTS_MAX);
	name_of(c, accounts[account_n].name);
	accounts[account_n].passkey = c->visitor->passkey;
	accounts[account_n].sign_count = c->visitor->sign_count;
	account_n++;
	c->visitor->passkey = NULL;
}

static void
check_client(struct client *c)
{
	if (c->token[0] != '\0') {
		visitor_set_cookie(c->visitor, "__Host-isid", c->token);
		json_decref(visitor_get(
		    c->visitor, "GET", "/api/v1/session", NULL, 200));
	}
	for (size_t i = 0; i < c->spent_n; i++, replayed++) {
		assert_int_equal(replay(c, c->spent[i], i == 0), 409);
		json_decref(c->spent[i]);
	}
	acknowledged += c->spent_n;
	if (c->unknown != NULL)
		settle_unknown(c);
	json_decref(c->unknown);
	if (c->signed_up)
		keep_account(c);
	visitor_free(c->visitor);
}

static void
one_crash(struct server *s, unsigned round)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){
			.round = round, .number = i, .visitor = visitor_new(s)
		};
		assert_int_equal(
		    pthread_create(&clients[i].thread, NULL, load, &clients[i]),
		    0);
	}
	nanosleep(&(struct timespec){ .tv_nsec = random() % 120000000 }, NULL);
	server_signal(s, SIGKILL);
	server_wait(s);
	for (unsigned i = 0; i < CLIENTS; i++)
		pthread_join(clients[i].thread, NULL);
	server_again(s, &options);
	for (unsigned i = 0; i < CLIENTS; i++)
		check_client(&clients[i]);
	if (round % 10 == 9)
		assert_int_equal(
		    server_cli(s, NULL, "audit", "verify", NULL), 0);
}

/* Everybody from all rounds can still sign in. */
static void
check_accounts(struct server *s)
{
	for (size_t i = 0; i < account_n; i++) {
		struct visitor *v = visitor_new(s);

		softkey_free(v->passkey);
		v->passkey = accounts[i].passkey;
		v->sign_count = accounts[i].sign_count;
		json_decref(visitor_sign_in(v, accounts[i].name));
		visitor_free(v);
	}
}

static void
nothing_acknowledged_is_lost(void **state)
{
	const char *given = getenv("ITSUMO_SEED"),
		   *n = getenv("ITSUMO_CRASHES");
	unsigned seed = given ? (unsigned)atoi(given) : (unsigned)time(NULL);
	unsigned crashes = n ? (unsigned)atoi(n) : CRASHES;
	struct server *s = server_start(&options);

	(void)state;
	print_message("# ITSUMO_SEED=%u\n", seed);
	srandom(seed);
	for (unsigned round = 0; round < crashes; round++)
		one_crash(s, round);
	check_accounts(s);
	assert_int_equal(server_cli(s, NULL, "audit", "verify", NULL), 0);
	print_message("# %u crashes, %zu accounts, %zu acknowledged, "
		      "%zu replayed, %zu settled\n",
	    crashes, account_n, (size_t)acknowledged, (size_t)replayed,
	    (size_t)settled);
	assert_true(acknowledged > crashes);
	server_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_acknowledged_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
