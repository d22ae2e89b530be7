/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/ceremony.h"

#include "rp/login.h"
#include "rp/passkeys.h"
#include "web/server/reply.h"
#include "web/server/webauthn_json.h"

struct body {
	const char *ceremony, *passkey_name;
	const struct json_node *credential;
};

static const struct json_in_field fields[] = {
	{ "ceremony", JSON_IN_TEXT, true, false, RP_CEREMONY_MAX,
	    offsetof(struct body, ceremony) },
	{ "credential", JSON_IN_OBJECT, true, false, 0,
	    offsetof(struct body, credential) },
	{ "passkey_name", JSON_IN_TEXT, false, false, STORE_PASSKEY_NAME_MAX,
	    offsetof(struct body, passkey_name) },
};

bool
ceremony_read_registration(
    struct web_request *r, struct ceremony_registration *out)
{
	struct body b;

	if (!request_read(r, fields, 3, &b))
		return false;
	if (!webauthn_json_registration(
		&r->json, b.credential, "credential", &out->got)) {
		reply_problem(r, r->json.problem);
		return false;
	}
	out->ceremony = slice_of(b.ceremony);
	out->got.name = b.passkey_name;
	return true;
}

bool
ceremony_read_assertion(struct web_request *r, struct ceremony_assertion *out)
{
	struct body b;

	/* Without passkey_name. */
	if (!request_read(r, fields, 2, &b))
		return false;
	if (!webauthn_json_assertion(
		&r->json, b.credential, "credential", &out->got)) {
		reply_problem(r, r->json.problem);
		return false;
	}
	out->ceremony = slice_of(b.ceremony);
	return true;
}

bool
ceremony_unless_ok(struct web_request *r, enum rp_answer a,
    const struct ceremony_registration *made)
{
	const struct slice id = made->got.registration.credential_id;

	/* With another name, or after a proof, it can be sent once more. */
	if (a == RP_OK || a == RP_NAME_MALFORMED || a == RP_PROOF_NEEDED ||
	    !rp_passkey_orphaned(r->site->rp, id))
		return reply_unless_ok(r, a);
	reply_note(r, a);
	reply_orphaned_passkey(r, problem_of_answer(a), id);
	return false;
}

void
ceremony_judge_login(struct web_request *r, struct slice ceremony,
    const struct wa_assertion *got, const struct session_id *old,
    web_handler *finish)
{
	enum rp_answer a;

	if ((r->login = arena_take(&r->arena, rp_login_size())) == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	a = rp_login_judge(r->site->rp, &r->call, ceremony, got, old, r->login);
	if (a == RP_OK || rp_login_commits(r->login))
		r->finish = finish;
	else
		finish(r);
}

static void
begin(struct web_request *r, struct json_out *o,
    const struct rp_ceremony_text *ceremony, store_time expires)
{
	json_out_init(o, &r->arena, 2048);
	json_out_object(o, NULL);
	json_out_word(o, "ceremony", ceremony->s);
	json_out_time(o, "expires_at", expires);
	json_out_object(o, "publicKey");
}

static void
end(struct web_request *r, struct json_out *o)
{
	json_out_object_end(o);
	json_out_object_end(o);
	reply_json(r, 200, o);
}

void
ceremony_reply_creation(struct web_request *r, const struct rp_creation *c)
{
	struct json_out o;

	begin(r, &o, &c->ceremony, c->expires);
	webauthn_json_creation(&o, r->site, c, (struct slice){ 0 });
	/* Says whether the passkey can be found without a name. */
	json_out_object(&o, "extensions");
	json_out_bool(&o, "credProps", true);
	json_out_object_end(&o);
	end(r, &o);
}

void
ceremony_reply_request(struct web_request *r, const struct rp_request *q)
{
	struct json_out o;

	begin(r, &o, &q->ceremony, q->expires);
	webauthn_json_request(&o, r->site, q);
	end(r, &o);
}
