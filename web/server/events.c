/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <microhttpd.h>

#include "web/clock.h"
#include "web/server/approving.h"
#include "web/server/handlers.h"
#include "web/server/reply.h"
#include "web/server/server.h"
#include "web/server/waiting.h"

/*
 * Server-sent events for a browser that waits for its phone.  Proxies end what
 * is silent for a minute or so: a comment comes each 15 s, and the stream ends
 * by itself before anybody ends it; the browser connects again.
 */
enum { HEARTBEAT_S = 15, STREAM_S = 55, TEXT_MAX = 511, SHAPE_MAX = 383 };

struct stream {
	struct approval_id id;
	enum store_approval_state told; /* 0: nothing yet */
	bool last; /* what is in text ends it */
	size_t n, at;
	char text[TEXT_MAX + 1];
};

static void
put_text(struct stream *s, const char *text)
{
	s->n = strlen(text);
	s->at = 0;
	memcpy(s->text, text, s->n);
}

/* An event with the state, named by it for Last-Event-ID. */
static bool
put_state(struct stream *s, const struct rp_approval *a)
{
	uint8_t room[2 * SHAPE_MAX];
	struct json_out o;
	struct arena arena;
	int n = -1;

	arena_init(&arena, room, sizeof(room));
	json_out_init(&o, &arena, SHAPE_MAX);
	json_out_object(&o, NULL);
	approving_shape(&o, a);
	json_out_object_end(&o);
	if (!o.failed)
		n = snprintf(s->text, sizeof(s->text),
		    "%sevent: state\nid: %s\ndata: %.*s\n\n",
		    s->told == 0 ? "retry: 2000\n" : "",
		    rp_approval_state_name(a->state), (int)o.n, o.p);
	arena_free(&arena);
	s->at = 0;
	s->n = n < 0 ? 0 : (size_t)n;
	s->told = a->state;
	s->last = approving_is_over(a->state);
	return n > 0 && (size_t)n < sizeof(s->text);
}

/* What is to be said now; false: it is time to end. */
static bool
look(struct web_request *r, struct stream *s)
{
	struct rp_approval a;

	r->call.now = clock_now();
	if (rp_approval_look(r->site->rp, &r->call, &s->id, &a) != RP_OK)
		return false;
	if (a.state != s->told)
		return put_state(s, &a);
	if (waiting_is_over(r->waiter))
		return false;
	put_text(s, ":\n\n");
	return true;
}

/* On a thread of the server, whenever the connection can take some more. */
static ssize_t
read_stream(void *request, uint64_t at, char *out, size_t max)
{
	struct web_request *r = request;
	struct stream *s = r->stream;
	size_t n;

	(void)at;
	if (s->at == s->n) {
		if (s->last)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (s->told != 0 && !waiting_woken(r->waiter)) {
			MHD_suspend_connection(r->connection);
			waiting_sleep(r->waiter, HEARTBEAT_S);
			return 0;
		}
		if (!look(r, s))
			return MHD_CONTENT_READER_END_OF_STREAM;
	}
	n = s->n - s->at < max ? s->n - s->at : max;
	memcpy(out, s->text + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

/* A browser that has seen the end already is told to stop asking (HTML 9.2). */
static bool
has_seen(const struct web_request *r, const struct rp_approval *a)
{
	const char *last = r->header[HEADER_LAST_EVENT_ID];

	return last != NULL && approving_is_over(a->state) &&
	       strcmp(last, rp_approval_state_name(a->state)) == 0;
}

void
web_approval_events(struct web_request *r)
{
	struct stream *s = arena_take(&r->arena, sizeof(*s));
	struct approval_id id;
	struct rp_approval a;

	if (!approving_id(r, &id) ||
	    !reply_unless_ok(
		r, rp_approval_look(r->site->rp, &r->call, &id, &a)))
		return;
	if (has_seen(r, &a)) {
		reply_empty(r);
		return;
	}
	if (s == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	*s = (struct stream){ .id = id };
	r->stream = s;
	if (waiting_begin(
		server_waiting(r->server), r, WAITING_APPROVAL, id.b, STREAM_S))
		reply_stream(r, "text/event-stream", read_stream);
	else
		reply_problem(r, PROBLEM_BUSY);
}
