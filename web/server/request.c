/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/request.h"

#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

#include <microhttpd.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "rp/accounts.h"
#include "rp/sessions.h"
#include "web/clock.h"
#include "web/server/device.h"
#include "web/server/language.h"
#include "web/server/origin.h"
#include "web/server/place.h"
#include "web/server/reply.h"
#include "web/server/routes.h"
#include "web/server/static.h"
#include "web/server/text.h"
#include "web/server/useragent.h"
#include "webauthn/b64url.h"

enum { HEADER_MAX = 8192, TARGET_MAX = 2048, BINDING_TEXT = 43 };
enum { BINDING_AGE = 400 * 86400 };

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

static const struct {
	const char *name;
	bool once; /* twice it would be read by us as others do not */
} headers[HEADER_COUNT] = {
	[HEADER_ACCEPT] = { "Accept", false },
	[HEADER_ACCEPT_ENCODING] = { "Accept-Encoding", false },
	[HEADER_ACCEPT_LANGUAGE] = { "Accept-Language", false },
	[HEADER_CONTENT_LENGTH] = { "Content-Length", true },
	[HEADER_CONTENT_TYPE] = { "Content-Type", true },
	[HEADER_COOKIE] = { "Cookie", true },
	[HEADER_EXPECT] = { "Expect", true },
	[HEADER_FORWARDED] = { "Forwarded", false },
	[HEADER_HOST] = { "Host", true },
	[HEADER_IF_NONE_MATCH] = { "If-None-Match", false },
	[HEADER_ITSUMO_DEVICE] = { "Itsumo-Device", true },
	[HEADER_LAST_EVENT_ID] = { "Last-Event-ID", true },
	[HEADER_ORIGIN] = { "Origin", true },
	[HEADER_SEC_CH_UA] = { "Sec-CH-UA", false },
	[HEADER_SEC_CH_UA_PLATFORM] = { "Sec-CH-UA-Platform", false },
	[HEADER_SEC_FETCH_SITE] = { "Sec-Fetch-Site", true },
	[HEADER_TRANSFER_ENCODING] = { "Transfer-Encoding", true },
	[HEADER_USER_AGENT] = { "User-Agent", false },
	[HEADER_X_FORWARDED_FOR] = { "X-Forwarded-For", false },
};

/* A list that came in several lines is one list (RFC 9110 5.3). */
static void
join(struct web_request *r, enum web_header h, const char *value, size_t n)
{
	size_t before = strlen(r->header[h]);
	char *both = arena_take(&r->arena, before + n + 2);

	if (both == NULL)
		return;
	memcpy(both, r->header[h], before);
	both[before] = ',';
	memcpy(both + before + 1, value, n);
	both[before + 1 + n] = '\0';
	r->header[h] = both;
}

static enum MHD_Result
take_header(void *arg, enum MHD_ValueKind kind, const char *key, size_t key_n,
    const char *value, size_t n)
{
	struct web_request *r = arg;

	(void)kind;
	r->header_bytes += key_n + n + 4;
	if (value == NULL)
		return MHD_YES;
	for (int h = 0; h < HEADER_COUNT; h++) {
		const char *name = headers[h].name;

		if ((name[0] | 32) != (key[0] | 32) ||
		    strcasecmp(name, key) != 0)
			continue;
		if (r->header[h] == NULL)
			r->header[h] = value;
		else if (headers[h].once)
			r->header_twice = true;
		else
			join(r, (enum web_header)h, value, n);
		break;
	}
	return MHD_YES;
}

static bool
is_safe(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
	       strcmp(method, "OPTIONS") == 0;
}

/*
 * Tools and apps send neither header; a page that calls must be ours all the
 * same.
 */
static bool
may_come_from_there(const struct web_request *r)
{
	const char *site = r->header[HEADER_SEC_FETCH_SITE];
	const char *origin = r->header[HEADER_ORIGIN];

	if (r->route != NULL && (r->route->flags & (TOOLS | APPS)) != 0 &&
	    site == NULL && origin == NULL)
		return true;
	return origin_is_ours(
	    site, origin, (const char *const *)r->site->origins);
}

static bool
declared_too_large(const struct web_request *r, size_t max)
{
	const char *said = r->header[HEADER_CONTENT_LENGTH];

	return said != NULL && strtoull(said, NULL, 10) > max;
}

/* What can be said before the body is there. */
static enum problem
judge(const struct web_request *r)
{
	bool has_body = r->header[HEADER_TRANSFER_ENCODING] != NULL ||
			(r->header[HEADER_CONTENT_LENGTH] != NULL &&
			    strcmp(r->header[HEADER_CONTENT_LENGTH], "0") != 0);

	if (r->early != PROBLEM_NONE)
		return r->early;
	if (r->header_bytes > HEADER_MAX)
		return PROBLEM_HEADER_TOO_LARGE;
	if (r->header_twice || (r->header[HEADER_TRANSFER_ENCODING] != NULL &&
				   r->header[HEADER_CONTENT_LENGTH] != NULL))
		return PROBLEM_REQUEST_MALFORMED;
	if (r->route == NULL && !is_safe(r->method))
		return r->allow == NULL ? PROBLEM_NOT_FOUND : PROBLEM_METHOD;
	if (declared_too_large(r, r->route == NULL ? 0 : r->route->body_max))
		return PROBLEM_BODY_TOO_LARGE;
	if (is_safe(r->method))
		return PROBLEM_NONE;
	if (!may_come_from_there(r))
		return PROBLEM_CROSS_SITE;
	if ((has_body || strcmp(r->method, "DELETE") != 0) &&
	    !origin_type_is_json(r->header[HEADER_CONTENT_TYPE]))
		return PROBLEM_CONTENT_TYPE;
	return PROBLEM_NONE;
}

void
request_begin(struct web_request *r, const char *method)
{
	r->method = method;
	(void)MHD_get_connection_values_n(
	    r->connection, MHD_HEADER_KIND, take_header, r);
	r->route = route_find(method, r->path, r->site->config->conformance,
	    &r->parameter, &r->arena, &r->allow);
	if (r->route != NULL && (r->route->flags & APPROVALS) != 0 &&
	    !r->site->config->approvals)
		r->route = NULL;
	r->early = judge(r);
}

void
request_take_body(struct web_request *r, const void *p, size_t n)
{
	size_t max = r->route == NULL ? 0 : r->route->body_max, room;
	uint8_t *body;

	if (r->early != PROBLEM_NONE || r->too_large)
		return;
	if (n > max - r->body_n) {
		r->too_large = true;
		r->early = PROBLEM_BODY_TOO_LARGE;
		return;
	}
	if (n > r->body_room - r->body_n) {
		/* At once what was declared, else by doubling. */
		room = r->header[HEADER_CONTENT_LENGTH] != NULL
			   ? (size_t)strtoull(
				 r->header[HEADER_CONTENT_LENGTH], NULL, 10)
			   : 2 * (r->body_n + n);
		if ((body = arena_take(&r->arena, room)) == NULL ||
		    room < r->body_n + n) {
			r->early = PROBLEM_FAULT;
			return;
		}
		if (r->body_n > 0)
			memcpy(body, r->body, r->body_n);
		r->body = body;
		r->body_room = room;
	}
	memcpy(r->body + r->body_n, p, n);
	r->body_n += n;
}

static struct address
client_address(const struct web_request *r)
{
	static const struct network everybody = { .bits = 0 };
	static const struct networks anyone = { &everybody, 1 };
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	bool rfc7239 =
	    strcmp(r->site->config->forwarded_header, "forwarded") == 0;
	const char *list = r->header[rfc7239 ? HEADER_FORWARDED
					     : HEADER_X_FORWARDED_FOR],
		   *last;
	const struct networks *trusted = &r->site->proxies;
	struct address peer = { { [15] = 1 } };

	if (list == NULL)
		list = "";
	if (info == NULL || info->client_addr == NULL ||
	    !address_of_socket(info->client_addr, &peer)) {
		/* At the end of a Unix socket is a proxy, but only one. */
		trusted = &anyone;
		last = strrchr(list, ',');
		list = last == NULL ? list : last + 1;
	}
	return (rfc7239 ? address_of_client_7239 : address_of_client)(
	    trusted, peer, slice_of(list));
}

/* SHA-256 of the binding cookie, or zeros: no ceremony has those. */
static bool
hash_binding(struct slice text, uint8_t hash[32])
{
	static _Atomic(EVP_MD *) sha256;
	EVP_MD *md = atomic_load_explicit(&sha256, memory_order_acquire);

	if (md == NULL) {
		EVP_MD *none = NULL;

		if ((md = EVP_MD_fetch(NULL, "SHA2-256", NULL)) == NULL)
			return false;
		if (!atomic_compare_exchange_strong(&sha256, &none, md)) {
			EVP_MD_free(md);
			md = none;
		}
	}
	return EVP_Digest(text.p, text.n, hash, NULL, md, NULL) == 1;
}

static struct slice
cookie(const struct web_request *r, const char *name)
{
	const char *all = r->header[HEADER_COOKIE];

	return all == NULL ? (struct slice){ 0 }
			   : cookie_find(slice_of(all), name);
}

/* Fills what the floor below is told of every request. */
static void
fill_call(struct web_request *r)
{
	struct slice binding;
	struct address client;

	if (r->has_call)
		return;
	r->has_call = true;
	memset(&r->call, 0, sizeof(r->call));
	r->call.now = clock_now();
	client = client_address(r);
	address_network(&client, r->call.network);
	binding = cookie(r, COOKIE_BROWSER);
	/* Tools carry the ceremony in a cookie of its own. */
	if (binding.n == BINDING_TEXT &&
	    (!is_safe(r->method) || (r->route->flags & BOUND) != 0) &&
	    (r->route->flags & TOOLS) == 0)
		(void)hash_binding(binding, r->call.browser);
	if ((r->route->flags & (COMMITS | GATHERED)) == 0)
		return;
	/* Only what is written down says who it was. */
	address_write(&client, r->call.client.address);
	useragent_name(r->header[HEADER_USER_AGENT],
	    r->header[HEADER_SEC_CH_UA], r->header[HEADER_SEC_CH_UA_PLATFORM],
	    r->call.client.browser);
	place_find(r->site->place, &client, r->call.client.place);
}

/* RP_OK, or why nobody is signed in. */
static enum rp_answer
check_session(struct web_request *r)
{
	struct slice token = cookie(r, COOKIE_SESSION);
	enum rp_answer a;
	char *text;

	if (r->has_session)
		return RP_OK;
	if (token.n == 0)
		return RP_SESSION_NONE;
	if ((text = arena_text(&r->arena, token)) == NULL)
		return RP_FAULT;
	a = rp_session_check(r->site->rp, &r->call, text, &r->who, &r->touch);
	r->has_session = a == RP_OK;
	return a;
}

bool
request_session(struct web_request *r)
{
	if (cookie(r, COOKIE_SESSION).n == 0)
		return false;
	if (r->route != NULL)
		fill_call(r);
	else if (!r->has_call) {
		memset(&r->call, 0, sizeof(r->call));
		r->call.now = clock_now();
		r->has_call = true;
	}
	return check_session(r) == RP_OK;
}

bool
request_wants_touch(struct web_request *r)
{
	if (r->route == NULL || r->route->who != ACCOUNT ||
	    r->early != PROBLEM_NONE)
		return false;
	fill_call(r);
	return check_session(r) == RP_OK && r->touch;
}

static bool
may_ask(struct web_request *r)
{
	enum rp_answer a;

	if (r->route->who == ANYONE)
		return true;
	if (r->route->who == PHONE)
		return device_prove(r);
	if ((a = check_session(r)) != RP_OK) {
		if (a == RP_SESSION_NONE || a == RP_SESSION_EXPIRED)
			reply_session_gone(r);
		return reply_unless_ok(r, a);
	}
	/* A session that cannot be touched now is touched next time. */
	if (r->touch)
		(void)rp_session_touch(
		    r->site->rp, &r->call, &r->who.session.id);
	return (r->route->flags & FRESH) == 0 ||
	       reply_unless_ok(
		   r, rp_session_fresh(r->site->rp, &r->call, &r->who));
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
	fill_call(r);
	if (may_ask(r) && may_change(r))
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
	char text[BINDING_TEXT + 1];

	if (cookie(r, COOKIE_BROWSER).n == BINDING_TEXT)
		return true;
	if (RAND_bytes(secret, sizeof(secret)) != 1 ||
	    !wa_b64url_encode(
		(struct slice){ secret, sizeof(secret) }, text, sizeof(text)) ||
	    !hash_binding(slice_of(text), r->call.browser)) {
		reply_problem(r, PROBLEM_FAULT);
		return false;
	}
	reply_cookie(r, COOKIE_BROWSER, text, BINDING_AGE);
	return true;
}

const char *
request_cookie(struct web_request *r, const char *name)
{
	struct slice value = cookie(r, name);

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

const char *
request_language(const struct web_request *r)
{
	return language_choose(
	    cookie(r, COOKIE_LANG), r->header[HEADER_ACCEPT_LANGUAGE]);
}
