/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/login.h"

#include "rp/passkeys.h"
#include "web/server/browsers.h"
#include "web/server/ceremony.h"
#include "web/server/handlers.h"
#include "web/server/models.h"
#include "web/server/reply.h"
#include "web/server/shapes.h"
#include "web/server/signed_in.h"

void
web_login_options(struct web_request *r)
{
	struct body {
		const char *name;
	} b;
	static const struct json_in_field fields[] = {
		{ "name", JSON_IN_TEXT, false, false, STORE_NAME_MAX,
		    offsetof(struct body, name) },
	};
	struct rp_request q;

	if (REQUEST_READ(r, fields, &b) && request_bind(r) &&
	    reply_unless_ok(r,
		rp_login_begin(r->site->rp, &r->call, b.name, RP_REQUIRED, &q)))
		ceremony_reply_request(r, &q);
}

void
reply_signed_in(struct web_request *r)
{
	/* As in shape_signal(). */
	struct store_credential list[STORE_CREDENTIALS_MAX];
	struct json_out o;
	size_t n = 0;

	json_out_init(&o, &r->arena, 2048);
	json_out_object(&o, NULL);
	shape_account(&o, "account", &r->who.account);
	shape_session(&o, "session", &r->who.session, true);
	/*
	 * The sign-in stands, whatever becomes of this list: without it the
	 * page tells the browser nothing.
	 */
	if (rp_passkeys_list(r->site->rp, &r->call, &r->who, list, &n) ==
	    RP_OK) {
		model_warn(r, list, n);
		shape_signal_of(r, &o, list, n);
	}
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

/* Its token changes with each sign-in, which is a commit of its own. */
static void
login_on_kept(struct web_request *r)
{
	browser_signed_in(r);
	reply_signed_in(r);
}

static void
login_verified(struct web_request *r)
{
	struct rp_token token;
	enum rp_answer a = rp_login_end(r->login, &r->who, &token);

	if (a == RP_PASSKEY_UNKNOWN) {
		reply_note(r, a);
		reply_unknown_passkey(r, r->credential_id);
		return;
	}
	if (!reply_unless_ok(r, a))
		return;
	reply_session_cookie(r, &token);
	if (request_cookie(r, COOKIE_KEPT) != NULL)
		r->finish = login_on_kept;
	else
		reply_signed_in(r);
}

void
web_login_verify(struct web_request *r)
{
	struct ceremony_assertion b;
	struct session_id old;
	bool had;

	if (!ceremony_read_assertion(r, &b))
		return;
	r->credential_id = b.got.credential_id;
	if ((had = request_session(r)))
		old = r->who.session.id;
	ceremony_judge_login(
	    r, b.ceremony, &b.got, had ? &old : NULL, login_verified);
}

void
web_proof_options(struct web_request *r)
{
	struct rp_request q;
	int none;

	if (request_read(r, NULL, 0, &none) && request_bind(r) &&
	    reply_unless_ok(
		r, rp_proof_begin(r->site->rp, &r->call, &r->who, &q)))
		ceremony_reply_request(r, &q);
}

void
web_proof_verify(struct web_request *r)
{
	struct ceremony_assertion b;
	struct store_session session;
	struct json_out o;
	enum rp_answer a;

	if (!ceremony_read_assertion(r, &b))
		return;
	a = rp_proof_finish(
	    r->site->rp, &r->call, &r->who, b.ceremony, &b.got, &session);
	if (a == RP_PASSKEY_UNKNOWN) {
		reply_note(r, a);
		reply_unknown_passkey(r, b.got.credential_id);
		return;
	}
	if (!reply_unless_ok(r, a))
		return;
	json_out_init(&o, &r->arena, 1024);
	json_out_object(&o, NULL);
	shape_session(&o, "session", &session, true);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}
