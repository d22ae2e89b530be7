/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_REPLY_H
#define WEB_SERVER_REPLY_H

#include "web/server/request.h"

/*
 * Each makes the one answer of a request.  A second call is ignored, so that
 * a handler may return after any of them.
 */

/* o becomes the body; where it failed the answer is a fault. */
void reply_json(struct web_request *r, unsigned status, struct json_out *o);
/*
 * A body that comes in pieces, for as long as read() has some: as
 * MHD_ContentReaderCallback, with the request as its first argument.
 */
typedef ssize_t reply_reader(void *request, uint64_t at, char *out, size_t max);
void reply_stream(struct web_request *r, const char *type, reply_reader *read);
/* A body in the arena that browsers may keep for so long, in seconds. */
void reply_bytes(struct web_request *r, const char *type, struct slice body,
    unsigned max_age);
void reply_empty(struct web_request *r); /* 204 */
void reply_redirect(
    struct web_request *r, unsigned status, const char *location);

/* With r->detail, r->json.field and r->call.retry_after_ms where they fit. */
void reply_problem(struct web_request *r, enum problem p);
/* The same with the credential that no account has, for the Signal API. */
void reply_unknown_passkey(struct web_request *r, struct slice credential_id);
/* Likewise any problem that left a new passkey without an account. */
void reply_orphaned_passkey(
    struct web_request *r, enum problem p, struct slice credential_id);
/*
 * What rp_*() answered, when it was no RP_OK: logs, counts and tells.  True
 * when it was RP_OK and the handler goes on.
 */
bool reply_unless_ok(struct web_request *r, enum rp_answer a);
/* The counters of reply_unless_ok() alone, and the line of what went well. */
void reply_note(struct web_request *r, enum rp_answer a);

/* The session's cookie goes out with the answer; or goes away. */
void reply_session_cookie(struct web_request *r, const struct rp_token *token);
void reply_session_gone(struct web_request *r);
void reply_cookie(struct web_request *r, const char *name, const char *value,
    int64_t max_age);
/* Clear-Site-Data, for a sign-out. */
void reply_clear_site(struct web_request *r);

/* One more header; value is copied. */
void reply_header(
    struct MHD_Response *response, const char *name, const char *value);

/* Set once, before the first request. */
void reply_use_hsts(bool on);
bool reply_hsts(void);

#endif
