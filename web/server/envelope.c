/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/envelope.h"

#include <stdlib.h>
#include <strings.h>

#include <microhttpd.h>

#include "web/server/caller.h"
#include "web/server/origin.h"
#include "web/server/routes.h"

enum {
	HEADER_MAX = 8192,
	LINES_MAX = 8, /* of one name: more than proxies in a row */
};

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
	[HEADER_SEC_FETCH_MODE] = { "Sec-Fetch-Mode", true },
	[HEADER_SEC_FETCH_SITE] = { "Sec-Fetch-Site", true },
	[HEADER_TRANSFER_ENCODING] = { "Transfer-Encoding", true },
	[HEADER_USER_AGENT] = { "User-Agent", false },
	[HEADER_X_FORWARDED_FOR] = { "X-Forwarded-For", false },
};

/* A list that came in several lines is one list (RFC 9110 5.3). */
static bool
join(struct web_request *r, enum web_header h, const char *value, size_t n)
{
	size_t before = strlen(r->header[h]);
	char *both = arena_take(&r->arena, before + n + 2);

	if (both == NULL)
		return false;
	memcpy(both, r->header[h], before);
	both[before] = ',';
	memcpy(both + before + 1, value, n);
	both[before + 1 + n] = '\0';
	r->header[h] = both;
	return true;
}

/* Looks at no further line. */
static enum MHD_Result
stop(struct web_request *r, enum problem p)
{
	r->early = p;
	return MHD_NO;
}

static enum MHD_Result
take_header(void *arg, enum MHD_ValueKind kind, const char *key, size_t key_n,
    const char *value, size_t n)
{
	struct web_request *r = arg;

	(void)kind;
	r->header_bytes += key_n + n + 4;
	if (r->header_bytes > HEADER_MAX)
		return stop(r, PROBLEM_HEADER_TOO_LARGE);
	if (value == NULL)
		return MHD_YES;
	for (int h = 0; h < HEADER_COUNT; h++) {
		const char *name = headers[h].name;

		if ((name[0] | 32) != (key[0] | 32) ||
		    strcasecmp(name, key) != 0)
			continue;
		if (r->header[h] == NULL)
			r->header[h] = value;
		else if (++r->header_again[h] == LINES_MAX)
			return stop(r, PROBLEM_HEADER_TOO_LARGE);
		else if (headers[h].once)
			r->header_twice = true;
		else if (!join(r, (enum web_header)h, value, n))
			return stop(r, PROBLEM_FAULT);
		break;
	}
	return MHD_YES;
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

uint64_t
envelope_length(const struct web_request *r)
{
	const char *said = r->header[HEADER_CONTENT_LENGTH];

	return said == NULL ? 0 : strtoull(said, NULL, 10);
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
	if (r->header_twice || (r->header[HEADER_TRANSFER_ENCODING] != NULL &&
				   r->header[HEADER_CONTENT_LENGTH] != NULL))
		return PROBLEM_REQUEST_MALFORMED;
	/* A proxy may have put its own name there. */
	if (!caller_is_proxied(r) &&
	    !origin_host_is_ours(
		r->header[HEADER_HOST], (const char *const *)r->site->origins))
		return PROBLEM_MISDIRECTED;
	if (r->route == NULL && !request_is_safe(r))
		return r->allow == NULL ? PROBLEM_NOT_FOUND : PROBLEM_METHOD;
	if (envelope_length(r) > (r->route == NULL ? 0 : r->route->body_max))
		return PROBLEM_BODY_TOO_LARGE;
	if (request_is_safe(r))
		return PROBLEM_NONE;
	if (!may_come_from_there(r))
		return PROBLEM_CROSS_SITE;
	if ((has_body || strcmp(r->method, "DELETE") != 0) &&
	    !origin_type_is_json(r->header[HEADER_CONTENT_TYPE]))
		return PROBLEM_CONTENT_TYPE;
	return PROBLEM_NONE;
}

void
envelope_begin(struct web_request *r, const char *method)
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
envelope_take_body(struct web_request *r, const void *p, size_t n)
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
