/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_REQUEST_H
#define WEB_SERVER_REQUEST_H

#include "rp/ids.h"
#include "rp/rp.h"
#include "web/server/arena.h"
#include "web/server/cookies.h"
#include "web/server/json_in.h"
#include "web/server/json_out.h"
#include "web/server/pool.h"
#include "web/server/problem.h"
#include "web/server/server.h"
#include "web/server/site.h"

struct MHD_Connection;
struct MHD_Response;
struct connection;
struct route;
struct rp_device;
struct rp_login;
struct stream;
struct waiter;
struct web_request;
struct web_server;

typedef void web_handler(struct web_request *r);

/* The headers that anything here looks at. */
enum web_header {
	HEADER_ACCEPT,
	HEADER_ACCEPT_ENCODING,
	HEADER_ACCEPT_LANGUAGE,
	HEADER_CONTENT_LENGTH,
	HEADER_CONTENT_TYPE,
	HEADER_COOKIE,
	HEADER_EXPECT,
	HEADER_FORWARDED,
	HEADER_HOST,
	HEADER_IF_NONE_MATCH,
	HEADER_ITSUMO_DEVICE,
	HEADER_LAST_EVENT_ID,
	HEADER_ORIGIN,
	HEADER_SEC_CH_UA,
	HEADER_SEC_CH_UA_PLATFORM,
	HEADER_SEC_FETCH_MODE,
	HEADER_SEC_FETCH_SITE,
	HEADER_TRANSFER_ENCODING,
	HEADER_USER_AGENT,
	HEADER_X_FORWARDED_FOR,
	HEADER_COUNT
};

enum web_stage {
	STAGE_NEW,
	STAGE_BODY,
	STAGE_WORK, /* on a worker, or with the keeper: not to be touched */
	STAGE_KEPT, /* by the keeper; r->finish is to come */
	STAGE_AGAIN, /* has waited for news: all of it once more */
	STAGE_DONE,
};

/*
 * One request, from its first line to its last byte out.  Everything that a
 * handler takes from its arena is gone with it.
 */
struct web_request {
	struct pool_job job;
	struct web_server *server;
	struct site *site;
	struct MHD_Connection *connection;
	struct connection *peer; /* see connections.h; NULL: not known */
	const struct route *route; /* NULL: none has this path */
	uint64_t begun_us;
	enum web_stage stage;
	enum server_place place;
	bool has_session; /* who is known */
	bool touch; /* rp_session_touch() is due */
	bool too_large; /* the body, as it came in */
	bool has_call; /* call is filled */
	bool has_address; /* address is */
	enum problem early; /* found before the body was read */

	struct slice path, query; /* as sent, in the arena */
	const char *method;
	const char *header[HEADER_COUNT]; /* NULL: not sent */
	uint8_t header_again[HEADER_COUNT]; /* further lines of that name */
	size_t header_bytes;
	bool header_twice; /* one that may stand only once */
	struct slice parameter; /* what stood for {id} in the path */
	uint8_t *body;
	size_t body_n, body_room, swallowed;

	struct json_in json;

	/* A handler in two parts: what comes once login was kept. */
	web_handler *finish; /* NULL: it was in one */
	struct rp_login *login;
	struct slice credential_id; /* that it is about */
	struct web_request *waits_behind;

	/* Sign-in on another device. */
	struct rp_device *device; /* of routes for phones: who asks */
	struct waiter *waiter; /* registered for news */
	struct stream *stream; /* of events; see events.c */
	bool sleeps; /* no answer yet: until there are news */

	const char *detail; /* for a problem; static */
	const char *state; /* likewise: how it stands instead */

	/* The answer. */
	unsigned status;
	struct MHD_Response *response;
	bool shared; /* response belongs to all, not to this request */
	const char *set_cookie[3];
	size_t set_cookie_n;
	const char *allow; /* with 405 */

	/* What follows is not zeroed at birth. */
	char id[RP_ID_TEXT + 1]; /* "req_…" */
	struct arena arena;
	struct address address; /* see caller_address() */
	struct rp_call call;
	struct rp_signed_in who;
	_Alignas(max_align_t) uint8_t first[16384];
};

/* NULL when there is no memory.  uri: as it was sent. */
struct web_request *request_new(struct web_server *server, struct site *site,
    struct MHD_Connection *connection, const char *uri);
void request_free(struct web_request *r);
/* Gives back the memory of requests that is kept for the next ones. */
void request_forget(void);

/* Checks the session where the route wants one, and runs the handler. */
void request_run(struct web_request *r);
/* Whether the method is one that changes nothing. */
bool request_is_safe(const struct web_request *r);

/* For handlers: */

/*
 * Reads the body by a table of members into *out; see json_in_read().  False
 * once the problem has been replied.
 */
bool request_read(struct web_request *r, const struct json_in_field *fields,
    size_t n, void *out);
#define REQUEST_READ(r, fields, out)                                           \
	request_read((r), (fields), sizeof(fields) / sizeof(*(fields)), (out))

/*
 * Sees to it that the browser has its binding cookie: where it has none, one
 * is made and set with the answer.  False once a fault has been replied.
 */
bool request_bind(struct web_request *r);

/* The value of a query parameter, undecoded; empty where there is none. */
struct slice request_query(const struct web_request *r, const char *name);
/* The value of a cookie as it was sent; empty where there is none. */
struct slice request_cookie_sent(const struct web_request *r, const char *name);
/* The same, as a string; NULL where there is none. */
const char *request_cookie(struct web_request *r, const char *name);
/* Reads {id} of the path; false once not-found has been replied. */
bool request_id(struct web_request *r, const char *prefix, uint8_t id[16]);
/* The session of the cookie where it has a live one, whatever the route. */
bool request_session(struct web_request *r);
/* The language for pages and for what is kept of a new account. */
const char *request_language(const struct web_request *r);

#endif
