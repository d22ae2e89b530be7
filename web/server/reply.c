/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/reply.h"

#include <inttypes.h>
#include <stdio.h>

#include <microhttpd.h>

#include "web/log.h"
#include "web/server/caller.h"
#include "web/server/routes.h"
#include "web/server/static.h"

static bool hsts;

void
reply_use_hsts(bool on)
{
	hsts = on;
}

bool
reply_hsts(void)
{
	return hsts;
}

void
reply_header(struct MHD_Response *response, const char *name, const char *value)
{
	/* Refused only for want of memory: then the header is not there. */
	(void)MHD_add_response_header(response, name, value);
}

enum { STREAM_BLOCK = 512 };

/* What each answer has in front. */
static void
put_head(struct web_request *r, struct MHD_Response *m, unsigned status,
    const char *type)
{
	r->status = status;
	r->response = m;
	if (type != NULL)
		reply_header(m, "Content-Type", type);
	/* libmicrohttpd may have no memory left for more than this. */
	if (r->early == PROBLEM_HEADER_TOO_LARGE)
		return;
	reply_header(m, "Cache-Control", "no-store");
	reply_header(m, "X-Content-Type-Options", "nosniff");
	reply_header(m, "Content-Security-Policy",
	    "default-src 'none'; frame-ancestors 'none'");
	reply_header(m, "Cross-Origin-Resource-Policy", "same-origin");
	reply_header(m, "Referrer-Policy", "no-referrer");
	if (hsts)
		reply_header(
		    m, "Strict-Transport-Security", "max-age=63072000");
	reply_header(m, "X-Request-Id", r->id);
	for (size_t i = 0; i < r->set_cookie_n; i++)
		reply_header(m, "Set-Cookie", r->set_cookie[i]);
}

/* The answer begins: body bytes live in the arena. */
static struct MHD_Response *
begin(struct web_request *r, unsigned status, const char *type, const void *p,
    size_t n)
{
	struct MHD_Response *m;

	if (r->response != NULL)
		return NULL;
	/* The bytes outlive the response: both go with the request. */
	m = MHD_create_response_from_buffer(
	    n, (void *)(uintptr_t)p, MHD_RESPMEM_PERSISTENT);
	if (m != NULL)
		put_head(r, m, status, type);
	return m;
}

void
reply_json(struct web_request *r, unsigned status, struct json_out *o)
{
	if (o->failed || o->depth != 0) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	(void)begin(r, status, "application/json", o->p, o->n);
}

void
reply_stream(struct web_request *r, const char *type, reply_reader *read)
{
	struct MHD_Response *m;

	if (r->response != NULL)
		return;
	m = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, STREAM_BLOCK, read, r, NULL);
	if (m == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	put_head(r, m, 200, type);
	/* Proxies that gather an answer before they pass it on. */
	reply_header(m, "X-Accel-Buffering", "no");
}

void
reply_bytes(struct web_request *r, const char *type, struct slice body,
    unsigned max_age)
{
	struct MHD_Response *m = begin(r, 200, type, body.p, body.n);
	char text[48];

	if (m == NULL)
		return;
	(void)MHD_del_response_header(m, "Cache-Control", "no-store");
	(void)snprintf(text, sizeof(text), "private, max-age=%u", max_age);
	reply_header(m, "Cache-Control", text);
}

void
reply_empty(struct web_request *r)
{
	(void)begin(r, 204, NULL, "", 0);
}

void
reply_redirect(struct web_request *r, unsigned status, const char *location)
{
	struct MHD_Response *m = begin(r, status, NULL, "", 0);

	if (m != NULL)
		reply_header(m, "Location", location);
}

static int64_t
retry_seconds(const struct web_request *r, enum problem p)
{
	switch (p) {
	case PROBLEM_RATE_LIMITED:
	case PROBLEM_APPROVALS_RESTING:
		return (r->call.retry_after_ms + 999) / 1000;
	case PROBLEM_BUSY:
	case PROBLEM_DRAINING:
		return 1;
	case PROBLEM_STORAGE_FULL:
		return 60;
	default:
		return 0;
	}
}

/* A line in the log: how a ceremony ended, or why a request was refused. */
static void
note(struct web_request *r, const char *refused, unsigned status)
{
	const struct rp_call *call = &r->call;
	const char *event = r->route == NULL || r->route->event == NULL
				? "request"
				: r->route->event;
	enum log_level level =
	    status >= 500     ? WEB_LOG_ERROR
	    : refused == NULL ? WEB_LOG_DEBUG /* the audit log has it */
	    : r->route == NULL || r->route->event == NULL ? WEB_LOG_INFO
							  : WEB_LOG_NOTICE;
	char address[STORE_ADDRESS_MAX + 1];
	struct log_line l;

	log_begin(&l, level, event);
	if (!l.wanted)
		return;
	log_text(&l, "request", r->id);
	log_text(&l, refused == NULL ? "result" : "refused",
	    refused == NULL ? "ok" : refused);
	if (r->has_call && call->verdict != WA_OK)
		log_text(&l, "verdict", wa_verdict_name(call->verdict));
	if (r->has_call && call->account_known)
		log_text(&l, "user", rp_id_write("acc_", call->account.b).s);
	if (r->has_call && call->credential_known)
		log_text(&l, "cred", rp_id_write("pk_", call->credential.b).s);
	address_write(caller_address(r), address);
	log_text(&l, "address", address);
	if (refused != NULL) {
		log_text(&l, "field", r->json.field);
		log_text(&l, "route", r->route == NULL ? "" : r->route->path);
	}
	log_send(&l);
}

/* What the conformance tools read instead of a problem. */
static void
failed(struct web_request *r, const struct problem_text *t)
{
	struct json_out o;
	char message[256];

	(void)snprintf(message, sizeof(message), "%s%s%s: %s", t->code,
	    *r->json.field == '\0' ? "" : " ", r->json.field, t->title);
	json_out_init(&o, &r->arena, 256);
	json_out_object(&o, NULL);
	json_out_word(&o, "status", "failed");
	json_out_text(&o, "errorMessage", message);
	json_out_object_end(&o);
	if (o.failed)
		o.n = 0;
	(void)begin(r, t->status, "application/json", o.p, o.n);
}

/* What some problems have in front as well. */
static void
put_problem_head(
    struct web_request *r, struct MHD_Response *m, enum problem p, int64_t wait)
{
	char digits[24];

	if (p == PROBLEM_METHOD && r->allow != NULL)
		reply_header(m, "Allow", r->allow);
	/* Of no use to browsers, but part of every 401 (RFC 9110 15.5.2). */
	if (problem_text(p)->status == 401)
		reply_header(m, "WWW-Authenticate",
		    r->route != NULL && r->route->who == PHONE
			? "Itsumo-Device"
			: "Itsumo-Session");
	if (wait > 0) {
		(void)snprintf(digits, sizeof(digits), "%" PRId64, wait);
		reply_header(m, "Retry-After", digits);
	}
}

/* Trouble as a page, where a person would see the answer. */
static bool
error_page(struct web_request *r, enum problem p, unsigned status, int64_t wait)
{
	struct MHD_Response *m = status < 500 ? NULL : static_error(r);

	if (m == NULL)
		return false;
	r->status = status;
	r->response = m;
	reply_header(m, "X-Request-Id", r->id);
	put_problem_head(r, m, p, wait);
	return true;
}

static void
problem(struct web_request *r, enum problem p, struct slice unknown)
{
	const struct problem_text *t = problem_text(p);
	int64_t wait = retry_seconds(r, p);
	struct MHD_Response *m;
	struct json_out o;
	char type[64] = "urn:itsumo:problem:";

	if (r->response != NULL)
		return;
	metrics_problem(p);
	note(r, t->code, t->status);
	if (r->route != NULL && (r->route->flags & CONFORMANCE) != 0) {
		failed(r, t);
		return;
	}
	if (error_page(r, p, t->status, wait))
		return;
	strncat(type, t->code, sizeof(type) - strlen(type) - 1);
	json_out_init(&o, &r->arena, 512);
	json_out_object(&o, NULL);
	json_out_word(&o, "type", type);
	json_out_word(&o, "title", t->title);
	json_out_int(&o, "status", t->status);
	json_out_word(&o, "code", t->code);
	json_out_word(&o, "instance", r->id);
	if (r->detail != NULL)
		json_out_text(&o, "detail", r->detail);
	if (*r->json.field != '\0' && p == r->json.problem)
		json_out_text(&o, "field", r->json.field);
	if (r->state != NULL)
		json_out_word(&o, "state", r->state);
	if (wait > 0)
		json_out_int(&o, "retry_after", wait);
	if (unknown.n > 0) {
		json_out_object(&o, "signal");
		json_out_object(&o, "unknown");
		json_out_word(&o, "rpId", r->site->config->rp_id);
		json_out_bytes(&o, "credentialId", unknown);
		json_out_object_end(&o);
		json_out_object_end(&o);
	}
	json_out_object_end(&o);
	if (o.failed)
		o.n = 0;
	m = begin(r, t->status, "application/problem+json", o.p, o.n);
	if (m != NULL)
		put_problem_head(r, m, p, wait);
}

void
reply_problem(struct web_request *r, enum problem p)
{
	problem(r, p, (struct slice){ 0 });
}

void
reply_unknown_passkey(struct web_request *r, struct slice credential_id)
{
	problem(r, PROBLEM_PASSKEY_UNKNOWN, credential_id);
}

void
reply_orphaned_passkey(
    struct web_request *r, enum problem p, struct slice credential_id)
{
	problem(r, p, credential_id);
}

void
reply_note(struct web_request *r, enum rp_answer a)
{
	if (r->route->event != NULL || a == RP_RATE_LIMITED)
		metrics_answer(route_number(r->route), a, r->call.verdict);
	/* What was refused has its line where the problem is replied. */
	if (a == RP_OK && r->route->event != NULL)
		note(r, NULL, 200);
}

bool
reply_unless_ok(struct web_request *r, enum rp_answer a)
{
	reply_note(r, a);
	if (a == RP_OK)
		return true;
	if (a == RP_NAME_MALFORMED)
		r->detail = r->call.hint;
	reply_problem(r, problem_of_answer(a));
	return false;
}

void
reply_cookie(
    struct web_request *r, const char *name, const char *value, int64_t max_age)
{
	const size_t max = sizeof(r->set_cookie) / sizeof(*r->set_cookie);
	char *text = arena_take(&r->arena, COOKIE_MAX);

	if (text == NULL || r->set_cookie_n == max ||
	    !cookie_write(text, name, value, max_age))
		return;
	r->set_cookie[r->set_cookie_n++] = text;
}

void
reply_session_cookie(struct web_request *r, const struct rp_token *token)
{
	int64_t left = (r->who.session.ends - r->call.now) / 1000;

	reply_cookie(r, COOKIE_SESSION, token->s, left > 1 ? left : 1);
}

void
reply_session_gone(struct web_request *r)
{
	const char *cookies = r->header[HEADER_COOKIE];

	/* Only who has one is told to drop it. */
	if (cookies != NULL && strstr(cookies, COOKIE_SESSION) != NULL)
		reply_cookie(r, COOKIE_SESSION, "", 0);
}

void
reply_clear_site(struct web_request *r)
{
	if (r->response != NULL)
		reply_header(r->response, "Clear-Site-Data", "\"storage\"");
}
