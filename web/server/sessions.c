/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/sessions.h"

#include "rp/accounts.h"
#include "web/server/handlers.h"
#include "web/server/reply.h"
#include "web/server/shapes.h"

enum { NOTICES_MAX = 10 };

void
web_session_get(struct web_request *r)
{
	struct store_history *list =
	    arena_take(&r->arena, NOTICES_MAX * sizeof(*list));
	struct json_out o;
	size_t n = 0;

	if (list == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	if (!reply_unless_ok(r, rp_notices_list(r->site->rp, &r->call, &r->who,
				    list, NOTICES_MAX, &n)))
		return;
	json_out_init(&o, &r->arena, 2048);
	json_out_object(&o, NULL);
	shape_account(&o, "account", &r->who.account);
	shape_session(&o, "session", &r->who.session, true);
	json_out_array(&o, "notices");
	for (size_t i = 0; i < n; i++)
		shape_history(&o, NULL, &list[i]);
	json_out_array_end(&o);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

void
web_logout(struct web_request *r)
{
	int none;

	if (!request_read(r, NULL, 0, &none) ||
	    !reply_unless_ok(r, rp_session_end(r->site->rp, &r->call, &r->who)))
		return;
	/* What the browser keeps beside the cookie are keys: they stay its own.
	 */
	reply_session_gone(r);
	reply_empty(r);
}

void
web_sessions_get(struct web_request *r)
{
	struct store_session *list =
	    arena_take(&r->arena, STORE_SESSIONS_MAX * sizeof(*list));
	struct json_out o;
	size_t n = 0;

	if (list == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	if (!reply_unless_ok(
		r, rp_sessions_list(r->site->rp, &r->call, &r->who, list, &n)))
		return;
	json_out_init(&o, &r->arena, 4096);
	json_out_object(&o, NULL);
	json_out_array(&o, "sessions");
	for (size_t i = 0; i < n; i++)
		shape_session(&o, NULL, &list[i],
		    memcmp(list[i].id.b, r->who.session.id.b,
			sizeof(list[i].id.b)) == 0);
	json_out_array_end(&o);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

void
web_session_delete(struct web_request *r)
{
	struct session_id id;
	bool own;

	if (!request_id(r, "ses_", id.b))
		return;
	own = memcmp(id.b, r->who.session.id.b, sizeof(id.b)) == 0;
	if (!reply_unless_ok(
		r, own ? rp_session_end(r->site->rp, &r->call, &r->who)
		       : rp_session_end_other(
			     r->site->rp, &r->call, &r->who, &id)))
		return;
	if (own)
		reply_session_gone(r);
	reply_empty(r);
}

void
web_sessions_delete(struct web_request *r)
{
	struct slice said = request_query(r, "others");
	bool others = slice_equal(said, slice_of("true"));
	struct json_out o;
	size_t n = 0;

	if (!others && said.p != NULL &&
	    !slice_equal(said, slice_of("false"))) {
		(void)json_in_refuse(
		    &r->json, PROBLEM_FIELD_TYPE, NULL, "others");
		reply_problem(r, r->json.problem);
		return;
	}
	if (!reply_unless_ok(
		r, rp_sessions_end(r->site->rp, &r->call, &r->who, others, &n)))
		return;
	if (!others)
		reply_session_gone(r);
	json_out_init(&o, &r->arena, 64);
	json_out_object(&o, NULL);
	json_out_int(&o, "sessions_ended", (int64_t)n);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}
