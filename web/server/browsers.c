/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/browsers.h"

#include "web/server/handlers.h"
#include "web/server/jws.h"
#include "web/server/reply.h"
#include "web/server/shapes.h"

/* Browsers keep cookies for 400 days at most; the store decides before. */
enum { KEPT_AGE = 400 * 86400 };

void
browser_token(struct web_request *r, const struct rp_kept_token *token)
{
	if (token->s[0] != '\0')
		reply_cookie(r, COOKIE_KEPT, token->s, KEPT_AGE);
}

void
browser_forgotten(struct web_request *r)
{
	if (request_cookie(r, COOKIE_KEPT) != NULL)
		reply_cookie(r, COOKIE_KEPT, "", 0);
}

void
browser_signed_in(struct web_request *r)
{
	const char *kept = request_cookie(r, COOKIE_KEPT);
	struct rp_kept_token next = { { 0 } };
	enum rp_answer a;

	if (kept == NULL)
		return;
	a = rp_browser_used(r->site->rp, &r->call, &r->who, kept, &next);
	if (a == RP_OK)
		browser_token(r, &next);
	else if (a == RP_NOT_FOUND)
		browser_forgotten(r);
}

/* Which of its browsers the account calls from; false: none. */
static bool
own_browser(struct web_request *r, struct browser_id *id)
{
	const char *kept = request_cookie(r, COOKIE_KEPT);
	struct store_trust own;

	if (kept == NULL ||
	    rp_browser_own(r->site->rp, &r->call, &r->who, kept, &own) != RP_OK)
		return false;
	*id = own.browser;
	return true;
}

void
web_browsers_get(struct web_request *r)
{
	struct store_trust *list =
	    arena_take(&r->arena, STORE_BROWSERS_MAX * sizeof(*list));
	struct browser_id own;
	struct json_out o;
	bool has_own;
	size_t n = 0;

	if (list == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	if (!reply_unless_ok(
		r, rp_browsers_list(r->site->rp, &r->call, &r->who, list, &n)))
		return;
	has_own = own_browser(r, &own);
	json_out_init(&o, &r->arena, 4096);
	json_out_object(&o, NULL);
	json_out_array(&o, "browsers");
	for (size_t i = 0; i < n; i++)
		shape_trust(&o, NULL, &list[i],
		    has_own &&
			memcmp(&list[i].browser, &own, sizeof(own)) == 0);
	json_out_array_end(&o);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

static void
reply_browser(struct web_request *r, unsigned status,
    const struct store_trust *t, bool current)
{
	struct json_out o;

	json_out_init(&o, &r->arena, 1024);
	json_out_object(&o, NULL);
	shape_trust(&o, "browser", t, current);
	json_out_object_end(&o);
	reply_json(r, status, &o);
}

void
web_browsers_post(struct web_request *r)
{
	struct body {
		const char *name;
		const struct json_node *jwk;
	} b;
	static const struct json_in_field fields[] = {
		{ "name", JSON_IN_TEXT, false, false, STORE_BROWSER_NAME_MAX,
		    offsetof(struct body, name) },
		{ "browser_jwk", JSON_IN_OBJECT, false, false, 0,
		    offsetof(struct body, jwk) },
	};
	struct rp_kept_token token;
	struct store_trust t;
	uint8_t key[64];

	if (!REQUEST_READ(r, fields, &b))
		return;
	if (b.jwk != NULL && !jwk_read(&r->json, b.jwk, "browser_jwk", key)) {
		reply_problem(r, r->json.problem);
		return;
	}
	if (!reply_unless_ok(r, rp_browser_keep(r->site->rp, &r->call, &r->who,
				    b.name, request_cookie(r, COOKIE_KEPT),
				    b.jwk != NULL ? key : NULL, &t, &token)))
		return;
	browser_token(r, &token);
	reply_browser(r, 201, &t, true);
}

void
web_browser_patch(struct web_request *r)
{
	struct body {
		const char *name;
	} b;
	static const struct json_in_field fields[] = {
		{ "name", JSON_IN_TEXT, true, false, STORE_BROWSER_NAME_MAX,
		    offsetof(struct body, name) },
	};
	struct browser_id id, own;
	struct store_trust t;

	if (!request_id(r, "brw_", id.b) || !REQUEST_READ(r, fields, &b) ||
	    !reply_unless_ok(r, rp_browser_rename(r->site->rp, &r->call,
				    &r->who, &id, b.name, &t)))
		return;
	reply_browser(r, 200, &t,
	    own_browser(r, &own) && memcmp(&own, &id, sizeof(own)) == 0);
}

/* id: NULL for all. */
static void
revoke(struct web_request *r, const struct browser_id *id)
{
	static const struct browser_id none;
	const struct browser_id *mine = &r->who.session.browser;
	struct rp_revoked n = { 0 };
	struct json_out o;
	bool own;

	own = memcmp(mine, &none, sizeof(none)) != 0 &&
	      (id == NULL || memcmp(mine, id, sizeof(*id)) == 0);
	if (!reply_unless_ok(
		r, rp_browser_revoke(r->site->rp, &r->call, &r->who, id, &n)))
		return;
	if (own)
		reply_session_gone(r);
	json_out_init(&o, &r->arena, 128);
	json_out_object(&o, NULL);
	shape_revoked(&o, &n);
	json_out_object_end(&o);
	/* No Clear-Site-Data: the keys there may be a phone's. */
	reply_json(r, 200, &o);
}

void
web_browser_delete(struct web_request *r)
{
	struct browser_id id;

	if (request_id(r, "brw_", id.b))
		revoke(r, &id);
}

void
web_browsers_delete(struct web_request *r)
{
	revoke(r, NULL);
}
