/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/history.h"
#include "rp/accounts.h"
#include "web/server/handlers.h"
#include "web/server/reply.h"
#include "web/server/shapes.h"

enum { PAGE = 25 };

/* ?limit=: 1 to RP_HISTORY_PAGE_MAX; 0 where it is none of these. */
static size_t
read_limit(struct slice text)
{
	size_t n = 0;

	if (text.n == 0)
		return PAGE;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || i > 2)
			return 0;
		n = n * 10 + (size_t)(text.p[i] - '0');
	}
	return n > RP_HISTORY_PAGE_MAX ? 0 : n;
}

static bool
refuse(struct web_request *r, const char *name)
{
	(void)json_in_refuse(&r->json, PROBLEM_FIELD_TYPE, NULL, name);
	reply_problem(r, r->json.problem);
	return false;
}

bool
history_query(struct web_request *r, size_t *limit, struct history_id *before)
{
	struct slice after = request_query(r, "after");
	char *text;

	*before = (struct history_id){ { 0 } };
	if ((*limit = read_limit(request_query(r, "limit"))) == 0)
		return refuse(r, "limit");
	if (after.n == 0)
		return true;
	if ((text = arena_text(&r->arena, after)) == NULL ||
	    !rp_id_read("his_", text, before->b))
		return refuse(r, "after");
	return true;
}

void
history_put(struct json_out *o, const struct store_history *list, size_t n,
    size_t limit)
{
	json_out_array(o, "entries");
	for (size_t i = 0; i < n; i++)
		shape_history(o, NULL, &list[i]);
	json_out_array_end(o);
	/* A full page may have another behind it, if only an empty one. */
	if (n == limit) {
		struct rp_id_text next = rp_id_write("his_", list[n - 1].id.b);

		json_out_word(o, "next", next.s);
	}
}

void
web_history_get(struct web_request *r)
{
	struct history_id before;
	struct store_history *list;
	struct json_out o;
	size_t limit, n = 0;

	if (!history_query(r, &limit, &before))
		return;
	if ((list = arena_take(&r->arena, limit * sizeof(*list))) == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	if (!reply_unless_ok(r, rp_history_list(r->site->rp, &r->call, &r->who,
				    &before, list, limit, &n)))
		return;
	json_out_init(&o, &r->arena, 4096);
	json_out_object(&o, NULL);
	history_put(&o, list, n, limit);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

void
web_history_seen(struct web_request *r)
{
	struct history_id id;
	int none;

	if (request_id(r, "his_", id.b) && request_read(r, NULL, 0, &none) &&
	    reply_unless_ok(
		r, rp_notice_seen(r->site->rp, &r->call, &r->who, &id)))
		reply_empty(r);
}
