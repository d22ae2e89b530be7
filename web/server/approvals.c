/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/approvals.h"

#include "rp/browsers.h"
#include "web/server/approving.h"
#include "web/server/browsers.h"
#include "web/server/device.h"
#include "web/server/handlers.h"
#include "web/server/jws.h"
#include "web/server/place.h"
#include "web/server/reply.h"
#include "web/server/signed_in.h"
#include "web/server/waiting.h"

bool
approving_id(struct web_request *r, struct approval_id *id)
{
	char *text = arena_text(&r->arena, r->parameter);

	if (text != NULL && rp_id_read("apr_", text, id->b))
		return true;
	reply_problem(r, PROBLEM_APPROVAL_UNKNOWN);
	return false;
}

bool
approving_unless_ok(
    struct web_request *r, enum rp_answer a, enum store_approval_state state)
{
	if (a == RP_APPROVAL_OVER)
		r->state = rp_approval_state_name(state);
	return reply_unless_ok(r, a);
}

bool
approving_is_over(enum store_approval_state state)
{
	return state != STORE_APPROVAL_PENDING;
}

void
approving_shape(struct json_out *o, const struct rp_approval *a)
{
	json_out_object(o, "approval");
	json_out_word(o, "id", rp_id_write("apr_", a->id.b).s);
	json_out_word(o, "state", rp_approval_state_name(a->state));
	json_out_time(o, "expires_at", a->expires);
	if (!approving_is_over(a->state)) {
		json_out_word(o, "match", rp_match_name(a->match));
		if (a->number[0] != '\0')
			json_out_word(o, "number", a->number);
	}
	json_out_object_end(o);
}

static void
reply_approval(
    struct web_request *r, unsigned status, const struct rp_approval *a)
{
	struct json_out o;

	json_out_init(&o, &r->arena, 512);
	json_out_object(&o, NULL);
	approving_shape(&o, a);
	json_out_object_end(&o);
	reply_json(r, status, &o);
}

void
web_approvals_post(struct web_request *r)
{
	struct body {
		const char *name, *binding;
		const struct json_node *jwk;
	} b;
	static const struct json_in_field fields[] = {
		{ "name", JSON_IN_TEXT, true, false, STORE_NAME_MAX,
		    offsetof(struct body, name) },
		{ "binding", JSON_IN_TEXT, false, false, STORE_BINDING_MAX,
		    offsetof(struct body, binding) },
		{ "browser_jwk", JSON_IN_OBJECT, true, false, 0,
		    offsetof(struct body, jwk) },
	};
	char network[STORE_NETWORK_NAME_MAX + 1] = "";
	struct rp_approval_ask ask = { .network_name = network };
	struct rp_approval made;
	struct address client;
	bool kept_lost = false;
	enum rp_answer a;

	if (!REQUEST_READ(r, fields, &b))
		return;
	if (!jwk_read(&r->json, b.jwk, "browser_jwk", ask.key)) {
		reply_problem(r, r->json.problem);
		return;
	}
	if (b.binding != NULL && !rp_binding_is_one(b.binding)) {
		(void)json_in_refuse(
		    &r->json, PROBLEM_FIELD_TYPE, NULL, "binding");
		reply_problem(r, r->json.problem);
		return;
	}
	if (!request_bind(r))
		return;
	if (address_parse(slice_of(r->call.client.address), &client))
		place_network(r->site->networks, &client, network);
	ask.name = b.name;
	ask.binding = b.binding;
	ask.kept = request_cookie(r, COOKIE_KEPT);
	a = rp_approval_begin(r->site->rp, &r->call, &ask, &made, &kept_lost);
	if (kept_lost)
		browser_forgotten(r);
	if (reply_unless_ok(r, a))
		reply_approval(r, 201, &made);
}

void
web_approval_get(struct web_request *r)
{
	struct approval_id id;
	struct rp_approval a;
	bool waits;

	/* Whose it is, before who waits for it longest has to give way. */
	if (!approving_id(r, &id) ||
	    !reply_unless_ok(
		r, rp_approval_look(r->site->rp, &r->call, &id, &a)) ||
	    !waiting_wanted(r, WAITING_APPROVAL, id.b, &waits))
		return;
	/* News until it was registered woke nobody. */
	if (waits && !reply_unless_ok(
			 r, rp_approval_look(r->site->rp, &r->call, &id, &a)))
		return;
	if (waits && !approving_is_over(a.state))
		r->sleeps = true;
	else
		reply_approval(r, 200, &a);
}

void
web_approval_cancel(struct web_request *r)
{
	struct approval_id id;
	struct rp_approval now = { .state = STORE_APPROVAL_CANCELLED };
	enum rp_answer a;
	int none;

	if (!approving_id(r, &id) || !request_read(r, NULL, 0, &none))
		return;
	a = rp_approval_cancel(r->site->rp, &r->call, &id);
	if (a == RP_APPROVAL_OVER)
		(void)rp_approval_look(r->site->rp, &r->call, &id, &now);
	if (approving_unless_ok(r, a, now.state))
		reply_empty(r);
}

/* {proof}, read; false once the problem has been replied. */
static bool
read_proof(struct web_request *r, struct rp_collect *c)
{
	struct body {
		const char *proof;
	} b;
	static const struct json_in_field fields[] = {
		{ "proof", JSON_IN_TEXT, true, false, JWS_MAX,
		    offsetof(struct body, proof) },
	};

	if (!REQUEST_READ(r, fields, &b))
		return false;
	c->facts.method = r->method;
	if (!jws_read(slice_of(b.proof), RP_COLLECT_PROOF_TYP, &r->arena,
		&c->claims)) {
		reply_note(r, RP_COLLECT_REFUSED);
		reply_problem(r, PROBLEM_COLLECT_REFUSED);
	} else if ((c->facts.url = device_url(r, c->claims.htu)) == NULL)
		reply_problem(r, PROBLEM_FAULT);
	else
		return true;
	return false;
}

void
web_approval_collect(struct web_request *r)
{
	struct rp_collect c = { .kept = request_cookie(r, COOKIE_KEPT) };
	struct rp_approval now = { .state = STORE_APPROVAL_COLLECTED };
	struct rp_kept_token kept = { { 0 } };
	struct session_id old;
	struct rp_token token;
	enum rp_answer a;

	if (!approving_id(r, &c.id) || !read_proof(r, &c))
		return;
	if (request_session(r)) {
		old = r->who.session.id;
		c.old = &old;
	}
	a = rp_approval_collect(
	    r->site->rp, &r->call, &c, &r->who, &token, &kept);
	if (a == RP_APPROVAL_OVER)
		(void)rp_approval_look(r->site->rp, &r->call, &c.id, &now);
	/* Approved by what is gone: a phone, a passkey, a browser's trust. */
	if (now.state == STORE_APPROVAL_APPROVED)
		now.state = STORE_APPROVAL_CANCELLED;
	if (!approving_unless_ok(r, a, now.state))
		return;
	browser_token(r, &kept);
	reply_session_cookie(r, &token);
	reply_signed_in(r);
}
