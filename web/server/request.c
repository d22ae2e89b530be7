/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/request.h"

#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

#include <microhttpd.h>
#include <openssl/rand.h>

#include "rp/accounts.h"
#include "web/clock.h"
#include "web/server/caller.h"
#include "web/server/language.h"
#include "web/server/reply.h"
#include "web/server/routes.h"
#include "web/server/static.h"
#include "web/server/text.h"
#include "webauthn/b64url.h"

enum { TARGET_MAX = 2048, BINDING_AGE = 400 * 86400 };

/*
 * Ids of requests are there to find a line in the log: they have to differ,
 * not to be secret.  A counter, started at random and well mixed (the
 * finaliser of splitmix64), costs less than randomness.
 */
static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static void
make_id(struct web_request *r)
{
	static _Atomic uint64_t counter;
	static _Atomic uint64_t start;
	uint64_t n = atomic_fetch_add_explicit(
		     &counter, 1, memory_order_relaxed),
		 s = atomic_load(&start), half[2];
	struct rp_id_text text;
	uint8_t id[16];

	if (s == 0) {
		uint64_t none = 0;

		(void)RAND_bytes((unsigned char *)&s, sizeof(s));
		/* Of two threads that come here at once, one start counts. */
		if (!atomic_compare_exchange_strong(&start, &none, s | 1))
			s = none;
		else
			s |= 1;
	}
	half[0] = mix(s ^ n);
	half[1] = mix(half[0] ^ s);
	memcpy(id, half, sizeof(id));
	text = rp_id_write("req_", id);
	memcpy(r->id, text.s, sizeof(r->id));
}

/* "http://host/path" may be sent for "/path" (RFC 9112 3.2.2). */
static struct slice
skip_authority(struct slice uri)
{
	const uint8_t *slash;

	if (uri.n < 8 || uri.p[0] == '/' ||
	    strncasecmp((const char *)uri.p, "http", 4) != 0 ||
	    (slash = memmem(uri.p, uri.n, "//", 2)) == NULL ||
	    (slash = memchr(
		 slash + 2, '/', (size_t)(uri.p + uri.n - slash - 2))) == NULL)
		return uri;
	return (struct slice){ slash, (size_t)(uri.p + uri.n - slash) };
}

/*
 * A request has 20 kB: too much for malloc() to have ready, so some of those
 * that ended are kept for the next.
 */
enum { SPARES = 64 };

static struct {
	pthread_mutex_t lock;
	struct web_request *list[SPARES];
	size_t n;
} spares = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct web_request *
memory_take(void)
{
	struct web_request *r = NULL;

	pthread_mutex_lock(&spares.lock);
	if (spares.n > 0)
		r = spares.list[--spares.n];
	pthread_mutex_unlock(&spares.lock);
	return r != NULL ? r : malloc(sizeof(*r));
}

static void
memory_give(struct web_request *r)
{
#if !defined(__SANITIZE_ADDRESS__)
	pthread_mutex_lock(&spares.lock);
	if (spares.n < SPARES) {
		spares.list[spares.n++] = r;
		r = NULL;
	}
	pthread_mutex_unlock(&spares.lock);
#endif
	free(r);
}

void
request_forget(void)
{
	while (spares.n > 0)
		free(spares.list[--spares.n]);
}

static struct connection *
peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

struct web_request *
request_new(struct web_server *server, struct site *site,
    struct MHD_Connection *connection, const char *uri)
{
	struct web_request *r = memory_take();
	struct slice target;
	char *copy;

	if (r == NULL) {
		site_drop(site);
		return NULL;
	}
	memset(r, 0, offsetof(struct web_request, id));
	arena_init(&r->arena, r->first, sizeof(r->first));
	r->server = server;
	r->site = site;
	r->connection = connection;
	r->peer = peer_of(connection);
	r->begun_us = clock_us();
	r->method = "";
	make_id(r);
	target = skip_authority(slice_of(uri));
	if (target.n > TARGET_MAX) {
		r->early = PROBLEM_HEADER_TOO_LARGE;
		return r;
	}
	if ((copy = arena_text(&r->arena, target)) == NULL) {
		request_free(r);
		return NULL;
	}
	r->query = (struct slice){ (uint8_t *)copy, target.n };
	r->path = text_take(&r->query, '?');
	return r;
}

void
request_free(struct web_request *r)
{
	if (r == NULL)
		return;
	if (r->response != NULL && !r->shared)
		MHD_destroy_response(r->response);
	arena_free(&r->arena);
	site_drop(r->site);
	memory_give(r);
}

bool
request_is_safe(const struct web_request *r)
{
	return strcmp(r->method, "GET") == 0 ||
	       strcmp(r->method, "HEAD") == 0 ||
	       strcmp(r->method, "OPTIONS") == 0;
}

static bool
may_change(struct web_request *r)
{
	return (r->route->flags & CHANGES) == 0 ||
	       reply_unless_ok(r, rp_account_may_change(r->site->rp, &r->call));
}

static void
answer_without_route(struct web_request *r)
{
	if (r->allow != NULL)
		reply_problem(r, PROBLEM_METHOD);
	else if (strcmp(r->method, "OPTIONS") == 0)
		reply_problem(r, PROBLEM_NOT_FOUND);
	else
		static_reply(r);
}

/* The first that the route has not, that has no value, or stands twice. */
static struct slice
strange_parameter(const struct web_request *r)
{
	static const struct {
		unsigned flag;
		const char *name;
	} known[] = { { PAGED, "limit" }, { PAGED, "after" }, { WAITS, "wait" },
		{ OTHERS, "others" } };
	const size_t n = sizeof(known) / sizeof(*known);
	struct slice rest = r->query;
	unsigned seen = 0;
	size_t i;

	while (rest.n > 0) {
		struct slice pair = text_take(&rest, '&');
		struct slice name = text_take(&pair, '=');

		if (pair.p == NULL)
			return name;
		for (i = 0; i < n; i++)
			if ((r->route->flags & known[i].flag) != 0 &&
			    slice_equal(name, slice_of(known[i].name)))
				break;
		if (i == n || (seen & 1U << i) != 0)
			return name;
		seen |= 1U << i;
	}
	return (struct slice){ 0 };
}

/* Like a member of a body: what is misspelt is said, not passed over. */
static bool
judge_query(struct web_request *r)
{
	struct slice name = { 0 };
	char *text;

	if (strncmp(r->route->path, "/api/", 5) == 0)
		name = strange_parameter(r);
	if (name.p == NULL)
		return true;
	text = arena_text(&r->arena, name);
	(void)json_in_refuse(
	    &r->json, PROBLEM_FIELD_UNKNOWN, NULL, text == NULL ? "" : text);
	r->detail = "of the query";
	reply_problem(r, r->json.problem);
	return false;
}

void
request_run(struct web_request *r)
{
	if (r->early != PROBLEM_NONE) {
		reply_problem(r, r->early);
		return;
	}
	if (r->route == NULL) {
		answer_without_route(r);
		return;
	}
	caller_fill(r);
	if (caller_may_ask(r) && judge_query(r) && may_change(r))
		r->route->handle(r);
	if (r->response == NULL && r->finish == NULL && !r->sleeps)
		reply_problem(r, PROBLEM_FAULT);
}

bool
request_read(struct web_request *r, const struct json_in_field *fields,
    size_t n, void *out)
{
	struct slice body = { r->body, r->body_n };

	if (json_in_parse(&r->json, &r->arena, body) &&
	    json_in_read(&r->json, r->json.root, NULL, fields, n, false, out))
		return true;
	reply_problem(r, r->json.problem);
	return false;
}

bool
request_bind(struct web_request *r)
{
	uint8_t secret[32];
	char text[COOKIE_BROWSER_TEXT + 1];

	if (request_cookie_sent(r, COOKIE_BROWSER).n == COOKIE_BROWSER_TEXT)
		return true;
	if (RAND_bytes(secret, sizeof(secret)) != 1 ||
	    !wa_b64url_encode(
		(struct slice){ secret, sizeof(secret) }, text, sizeof(text)) ||
	    !cookie_hash(slice_of(text), r->call.browser)) {
		reply_problem(r, PROBLEM_FAULT);
		return false;
	}
	reply_cookie(r, COOKIE_BROWSER, text, BINDING_AGE);
	return true;
}

struct slice
request_cookie_sent(const struct web_request *r, const char *name)
{
	const char *all = r->header[HEADER_COOKIE];

	return all == NULL ? (struct slice){ 0 }
			   : cookie_find(slice_of(all), name);
}

const char *
request_cookie(struct web_request *r, const char *name)
{
	struct slice value = request_cookie_sent(r, name);

	return value.n == 0 ? NULL : arena_text(&r->arena, value);
}

struct slice
request_query(const struct web_request *r, const char *name)
{
	struct slice rest = r->query, want = slice_of(name);

	while (rest.n > 0) {
		struct slice pair = text_take(&rest, '&');
		struct slice key = text_take(&pair, '=');

		if (slice_equal(key, want))
			return pair;
	}
	return (struct slice){ 0 };
}

bool
request_id(struct web_request *r, const char *prefix, uint8_t id[16])
{
	char *text = arena_text(&r->arena, r->parameter);

	if (text != NULL && rp_id_read(prefix, text, id))
		return true;
	reply_problem(r, PROBLEM_NOT_FOUND);
	return false;
}

bool
request_session(struct web_request *r)
{
	if (request_cookie_sent(r, COOKIE_SESSION).n == 0)
		return false;
	caller_fill(r);
	return caller_session(r) == RP_OK;
}

const char *
request_language(const struct web_request *r)
{
	return language_choose(request_cookie_sent(r, COOKIE_LANG),
	    r->header[HEADER_ACCEPT_LANGUAGE]);
}
