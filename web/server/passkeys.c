/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/passkeys.h"

#include "web/server/ceremony.h"
#include "web/server/handlers.h"
#include "web/server/reply.h"
#include "web/server/shapes.h"

/* Whether the caller's session was opened with c. */
static bool
is_current(const struct web_request *r, const struct store_credential *c)
{
	struct credential_ref ref =
	    store_credential_ref((struct slice){ c->id, c->id_n });

	return memcmp(ref.b, r->who.session.credential.b, sizeof(ref.b)) == 0;
}

void
web_passkeys_get(struct web_request *r)
{
	struct store_credential *list =
	    arena_take(&r->arena, STORE_CREDENTIALS_MAX * sizeof(*list));
	struct json_out o;
	size_t n = 0;

	if (list == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	if (!reply_unless_ok(
		r, rp_passkeys_list(r->site->rp, &r->call, &r->who, list, &n)))
		return;
	json_out_init(&o, &r->arena, 4096);
	json_out_object(&o, NULL);
	json_out_array(&o, "passkeys");
	for (size_t i = 0; i < n; i++)
		shape_passkey(
		    &o, NULL, r->site, &list[i], is_current(r, &list[i]));
	json_out_array_end(&o);
	shape_signal_of(r, &o, list, n);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

void
web_passkeys_options(struct web_request *r)
{
	struct rp_creation c;
	int none;

	if (request_read(r, NULL, 0, &none) && request_bind(r) &&
	    reply_unless_ok(
		r, rp_passkey_add_begin(r->site->rp, &r->call, &r->who, &c)))
		ceremony_reply_creation(r, &c);
}

static void
put_told(const struct web_request *r, struct json_out *o)
{
	json_out_object(o, "told");
	json_out_int(o, "phones", (int64_t)r->call.phones_told);
	json_out_object_end(o);
}

/* {passkey, signal}, and of a new one who was told. */
static void
reply_passkey(
    struct web_request *r, unsigned status, const struct store_credential *c)
{
	struct json_out o;

	json_out_init(&o, &r->arena, 2048);
	json_out_object(&o, NULL);
	shape_passkey(&o, "passkey", r->site, c, is_current(r, c));
	(void)shape_signal(r, &o);
	if (status == 201)
		put_told(r, &o);
	json_out_object_end(&o);
	reply_json(r, status, &o);
}

void
web_passkeys_verify(struct web_request *r)
{
	struct ceremony_registration b;
	struct store_credential added;

	if (ceremony_read_registration(r, &b) &&
	    ceremony_unless_ok(r,
		rp_passkey_add_finish(
		    r->site->rp, &r->call, &r->who, b.ceremony, &b.got, &added),
		&b))
		reply_passkey(r, 201, &added);
}

void
web_passkey_patch(struct web_request *r)
{
	struct body {
		const char *name;
	} b;
	static const struct json_in_field fields[] = {
		{ "name", JSON_IN_TEXT, true, false, STORE_PASSKEY_NAME_MAX,
		    offsetof(struct body, name) },
	};
	struct store_credential renamed;
	struct credential_ref ref;

	if (request_id(r, "pk_", ref.b) && REQUEST_READ(r, fields, &b) &&
	    reply_unless_ok(r, rp_passkey_rename(r->site->rp, &r->call, &r->who,
				   &ref, b.name, &renamed)))
		reply_passkey(r, 200, &renamed);
}

void
web_passkey_delete(struct web_request *r)
{
	struct credential_ref ref;
	struct json_out o;
	size_t ended = 0;

	if (!request_id(r, "pk_", ref.b) ||
	    !reply_unless_ok(r, rp_passkey_remove(r->site->rp, &r->call,
				    &r->who, &ref, &ended)))
		return;
	json_out_init(&o, &r->arena, 1024);
	json_out_object(&o, NULL);
	(void)shape_signal(r, &o);
	json_out_int(&o, "sessions_ended", (int64_t)ended);
	put_told(r, &o);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}
