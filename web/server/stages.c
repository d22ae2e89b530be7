/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/stages.h"

#include "rp/login.h"
#include "web/clock.h"
#include "web/log.h"
#include "web/metrics.h"
#include "web/server/caller.h"
#include "web/server/connections.h"
#include "web/server/envelope.h"
#include "web/server/gather.h"
#include "web/server/pool.h"
#include "web/server/reply.h"
#include "web/server/routes.h"
#include "web/server/server.h"
#include "web/server/waiting.h"

enum {
	/* A body over its limit is read on to be answered, but not for ever. */
	SWALLOW_MAX = 1 << 20,
	SMALL_BODY = 16384,
	/* Who waits is woken sooner; this is for what nobody thought of. */
	SLEEP_S = 60,
};

static void
move(struct web_request *r, enum server_place to)
{
	server_moves(r->server, r->place, to);
	r->place = to;
}

/* The first line is there: the request begins. */
void *
stages_begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct web_server *s = cls;
	struct web_request *r = request_new(s, server_site(s), connection, uri);

	if (r != NULL)
		server_moves(s, PLACES, r->place);
	return r;
}

void
stages_end(void *cls, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct web_request *r = *state;

	(void)cls;
	(void)connection;
	(void)why;
	if (r == NULL)
		return;
	waiting_forget(r);
	/* The next request is awaited. */
	connection_await(r->peer);
	move(r, PLACES);
	request_free(r);
	*state = NULL;
}

static void
log_access(struct web_request *r, uint64_t us)
{
	char path[128], address[STORE_ADDRESS_MAX + 1];
	struct log_line l;
	size_t n = r->path.n < sizeof(path) - 1 ? r->path.n : sizeof(path) - 1;

	log_begin(&l, WEB_LOG_INFO, "access");
	if (!l.wanted)
		return;
	memcpy(path, r->path.p == NULL ? (const uint8_t *)"" : r->path.p, n);
	path[n] = '\0';
	log_text(&l, "request", r->id);
	address_write(caller_address(r), address);
	log_text(&l, "address", address);
	log_text(&l, "method", r->method);
	log_text(&l, "path", path);
	log_int(&l, "status", r->status);
	log_int(&l, "us", (int64_t)us);
	log_send(&l);
}

/* Hands the answer to MHD, which sends it. */
static enum MHD_Result
send_answer(struct web_request *r)
{
	uint64_t us = clock_us() - r->begun_us;

	if (r->response == NULL)
		return MHD_NO; /* no memory for any answer: hang up */
	metrics_request(route_number(r->route), r->status, us);
	if (r->site->config->access_log)
		log_access(r, us);
	/* A shared one belongs to all connections, those that stay too. */
	if (server_draining(r->server) && !r->shared)
		(void)MHD_add_response_header(
		    r->response, "Connection", "close");
	/* A stream takes its time; it has an end of its own. */
	if (r->stream == NULL) {
		connection_await(r->peer);
		move(r, PLACE_OUT);
	} else
		connection_rest(r->peer);
	return MHD_queue_response(r->connection, r->status, r->response);
}

/* What is left of a handler may leave something itself. */
static void
finish(struct web_request *r)
{
	web_handler *last;

	do {
		last = r->finish;
		last(r);
	} while (r->response == NULL && r->finish != last);
}

/* On a worker: the handler, or what is left of it. */
static void
run_job(struct pool_job *job)
{
	struct web_request *r = (struct web_request *)(void *)job;
	struct MHD_Connection *connection = r->connection;

	if (r->finish != NULL)
		finish(r);
	else
		request_run(r);
	if (r->sleeps) {
		waiting_sleep(r->waiter, SLEEP_S);
		return;
	}
	r->stage = STAGE_DONE;
	/* From here on r is the connection's again. */
	MHD_resume_connection(connection);
}

/* Others have it until the connection is resumed. */
static void
rest(struct web_request *r)
{
	connection_rest(r->peer);
	MHD_suspend_connection(r->connection);
}

static enum MHD_Result
give_to_worker(struct web_request *r)
{
	r->stage = STAGE_WORK;
	r->job.run = run_job;
	rest(r);
	if (pool_submit(server_pool(r->server), &r->job))
		return MHD_YES;
	METRIC_ADD(busy, 1);
	reply_problem(r, PROBLEM_BUSY);
	r->stage = STAGE_DONE;
	MHD_resume_connection(r->connection);
	return MHD_YES;
}

/* What a handler left to come: with others, or, a refusal, alone. */
static enum MHD_Result
go_on(struct web_request *r)
{
	if (rp_login_commits(r->login))
		return give_to_worker(r);
	r->stage = STAGE_WORK;
	rest(r);
	gather_add(server_gather(r->server), r);
	return MHD_YES;
}

static enum MHD_Result
was_kept(struct web_request *r)
{
	if (rp_login_commits(r->login))
		return give_to_worker(r);
	r->finish(r);
	return r->response != NULL ? send_answer(r) : give_to_worker(r);
}

/* Nothing to say yet: the connection rests until there is. */
static enum MHD_Result
go_to_sleep(struct web_request *r)
{
	r->stage = STAGE_WORK;
	rest(r);
	waiting_sleep(r->waiter, SLEEP_S);
	return MHD_YES;
}

/* Everything is there: answers now, or has a worker do it. */
static enum MHD_Result
dispatch(struct web_request *r)
{
	bool commits = r->route != NULL && (r->route->flags & COMMITS) != 0;

	if (r->early == PROBLEM_NONE && r->place == PLACE_IN) {
		move(r, PLACE_HERE);
		if (server_closed(r->server))
			return MHD_NO;
	}
	if (r->early == PROBLEM_NONE && (commits || caller_wants_touch(r)))
		return give_to_worker(r);
	request_run(r);
	if (r->sleeps)
		return go_to_sleep(r);
	return r->finish == NULL ? send_answer(r) : go_on(r);
}

/* As if it had come now: the session may have ended meanwhile. */
static enum MHD_Result
look_again(struct web_request *r)
{
	r->sleeps = r->has_session = r->touch = false;
	r->call.now = clock_now();
	return dispatch(r);
}

/*
 * Whether there is no point in reading the body.  A small one that is refused
 * is read all the same, so that the connection lives on.
 */
static bool
answer_at_once(const struct web_request *r)
{
	return r->early == PROBLEM_BODY_TOO_LARGE ||
	       r->early == PROBLEM_HEADER_TOO_LARGE ||
	       r->early == PROBLEM_REQUEST_MALFORMED ||
	       (r->early != PROBLEM_NONE &&
		   (r->header[HEADER_EXPECT] != NULL ||
		       envelope_length(r) > SMALL_BODY));
}

enum MHD_Result
stages_go(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_n, void **state)
{
	struct web_request *r = *state;

	(void)cls;
	(void)connection;
	(void)url;
	(void)version;
	if (r == NULL)
		return MHD_NO;
	switch (r->stage) {
	case STAGE_NEW:
		envelope_begin(r, method);
		/* What began before the signal is done to its end. */
		if (r->early == PROBLEM_NONE && server_draining(r->server))
			r->early = PROBLEM_DRAINING;
		r->stage = STAGE_BODY;
		if (!answer_at_once(r))
			return MHD_YES;
		request_run(r);
		return send_answer(r);
	case STAGE_BODY:
		if (*upload_n == 0)
			return dispatch(r);
		envelope_take_body(r, upload, *upload_n);
		r->swallowed += *upload_n;
		*upload_n = 0;
		return r->swallowed > SWALLOW_MAX ? MHD_NO : MHD_YES;
	case STAGE_WORK:
		return MHD_YES;
	case STAGE_KEPT:
		return was_kept(r);
	case STAGE_AGAIN:
		return look_again(r);
	case STAGE_DONE:
		return send_answer(r);
	}
	return MHD_NO;
}
