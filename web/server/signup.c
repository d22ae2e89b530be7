/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/signup.h"

#include "rp/accounts.h"
#include "web/server/ceremony.h"
#include "web/server/handlers.h"
#include "web/server/reply.h"
#include "web/server/shapes.h"

enum { INVITATION_MAX = 128 };

void
web_invitation_check(struct web_request *r)
{
	struct body {
		const char *invitation;
	} b;
	static const struct json_in_field fields[] = {
		{ "invitation", JSON_IN_TEXT, true, false, INVITATION_MAX,
		    offsetof(struct body, invitation) },
	};
	struct rp_invitation i;
	struct json_out o;

	if (!REQUEST_READ(r, fields, &b) ||
	    !reply_unless_ok(r,
		rp_invitation_check(r->site->rp, &r->call, b.invitation, &i)))
		return;
	json_out_init(&o, &r->arena, 512);
	json_out_object(&o, NULL);
	json_out_word(&o, "kind", i.for_account ? "passkey" : "account");
	if (*i.name != '\0')
		json_out_text(&o, "name", i.name);
	if (*i.display_name != '\0')
		json_out_text(&o, "display_name", i.display_name);
	json_out_time(&o, "expires_at", i.expires);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

void
web_signup_options(struct web_request *r)
{
	struct body {
		const char *name, *display_name, *invitation;
	} b;
	static const struct json_in_field fields[] = {
		{ "name", JSON_IN_TEXT, false, false, STORE_NAME_MAX,
		    offsetof(struct body, name) },
		{ "display_name", JSON_IN_TEXT, false, false,
		    STORE_DISPLAY_NAME_MAX,
		    offsetof(struct body, display_name) },
		{ "invitation", JSON_IN_TEXT, false, false, INVITATION_MAX,
		    offsetof(struct body, invitation) },
	};
	struct rp_signup s = { 0 };
	struct rp_creation c;

	if (!REQUEST_READ(r, fields, &b) || !request_bind(r))
		return;
	if (b.name == NULL && b.invitation == NULL) {
		(void)json_in_refuse(
		    &r->json, PROBLEM_FIELD_MISSING, NULL, "name");
		reply_problem(r, r->json.problem);
		return;
	}
	s.name = b.name;
	s.display_name = b.display_name;
	s.invitation = b.invitation;
	s.locale = request_language(r);
	if (reply_unless_ok(r, rp_signup_begin(r->site->rp, &r->call, &s, &c)))
		ceremony_reply_creation(r, &c);
}

void
web_signup_verify(struct web_request *r)
{
	struct ceremony_registration b;
	struct store_credential passkey;
	struct session_id old;
	bool had;
	struct rp_token token;
	struct json_out o;
	enum rp_answer a;

	if (!ceremony_read_registration(r, &b))
		return;
	if ((had = request_session(r)))
		old = r->who.session.id;
	a = rp_signup_finish(r->site->rp, &r->call, b.ceremony, &b.got,
	    had ? &old : NULL, &r->who, &token, &passkey);
	if (!ceremony_unless_ok(r, a, &b))
		return;
	reply_session_cookie(r, &token);
	json_out_init(&o, &r->arena, 2048);
	json_out_object(&o, NULL);
	shape_account(&o, "account", &r->who.account);
	shape_session(&o, "session", &r->who.session, true);
	shape_passkey(&o, "passkey", r->site, &passkey, true);
	shape_signal_of(r, &o, &passkey, 1);
	json_out_object_end(&o);
	reply_json(r, 201, &o);
}
