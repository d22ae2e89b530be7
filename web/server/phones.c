/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/phones.h"

#include "rp/accounts.h"
#include "rp/companion.h"
#include "rp/login.h"
#include "web/deliver/deliver.h"
#include "web/server/ceremony.h"
#include "web/server/companions.h"
#include "web/server/handlers.h"
#include "web/server/jws.h"
#include "web/server/reply.h"
#include "web/server/webauthn_json.h"

enum { OFFER_MAX = 128, PUSH_KEY_MAX = 128 };

/* ---- what a phone brings along ---- */

struct new_phone {
	const char *offer, *ceremony, *name, *platform;
	const struct json_node *credential, *device_jwk, *push;
};

static const struct json_in_field new_phone_fields[] = {
	{ "offer", JSON_IN_TEXT, false, false, OFFER_MAX,
	    offsetof(struct new_phone, offer) },
	{ "ceremony", JSON_IN_TEXT, false, false, RP_CEREMONY_MAX,
	    offsetof(struct new_phone, ceremony) },
	{ "credential", JSON_IN_OBJECT, false, false, 0,
	    offsetof(struct new_phone, credential) },
	{ "name", JSON_IN_TEXT, true, false, STORE_PHONE_NAME_MAX,
	    offsetof(struct new_phone, name) },
	{ "platform", JSON_IN_TEXT, false, false, STORE_PLATFORM_MAX,
	    offsetof(struct new_phone, platform) },
	{ "device_jwk", JSON_IN_OBJECT, true, false, 0,
	    offsetof(struct new_phone, device_jwk) },
	{ "push", JSON_IN_OBJECT, false, true, 0,
	    offsetof(struct new_phone, push) },
};

/* Says what is wrong with the request; always false. */
static bool
refused(struct web_request *r)
{
	reply_problem(r, r->json.problem);
	return false;
}

static bool
refuse(struct web_request *r, enum problem p, const char *name)
{
	(void)json_in_refuse(&r->json, p, NULL, name);
	return refused(r);
}

/* What PushSubscription.toJSON() gives; browsers may add members to it. */
static bool
read_push(
    struct web_request *r, const struct json_node *push, struct store_push *out)
{
	struct subscription {
		const char *endpoint;
		const struct json_node *keys;
	} s;
	struct keys {
		struct slice p256dh, auth;
	} k;
	static const struct json_in_field fields[] = {
		{ "endpoint", JSON_IN_TEXT, true, false, STORE_ENDPOINT_MAX,
		    offsetof(struct subscription, endpoint) },
		{ "keys", JSON_IN_OBJECT, true, false, 0,
		    offsetof(struct subscription, keys) },
	}, key_fields[] = {
		{ "p256dh", JSON_IN_BYTES, true, false, PUSH_KEY_MAX,
		    offsetof(struct keys, p256dh) },
		{ "auth", JSON_IN_BYTES, true, false, PUSH_KEY_MAX,
		    offsetof(struct keys, auth) },
	};

	memset(out, 0, sizeof(*out));
	if (push == NULL)
		return true;
	if (!json_in_read(&r->json, push, "push", fields, 2, true, &s) ||
	    !json_in_read(
		&r->json, s.keys, "push.keys", key_fields, 2, true, &k))
		return refused(r);
	if (r->site->deliver == NULL)
		r->detail = "pushes are off";
	else
		r->detail = deliver_push_judge(r->site->deliver,
		    slice_of(s.endpoint), k.p256dh, k.auth, out);
	if (r->detail == NULL)
		return true;
	reply_note(r, RP_PUSH_MALFORMED);
	reply_problem(r, PROBLEM_PUSH_MALFORMED);
	return false;
}

static bool
read_phone(struct web_request *r, struct new_phone *b, struct rp_new_phone *got)
{
	if (!REQUEST_READ(r, new_phone_fields, b))
		return false;
	got->name = b->name;
	got->platform = b->platform != NULL ? b->platform : "";
	if (!jwk_read(&r->json, b->device_jwk, "device_jwk", got->key))
		return refused(r);
	return read_push(r, b->push, &got->push);
}

/* ---- joining ---- */

void
web_phones_options(struct web_request *r)
{
	struct body {
		const char *offer;
	} b;
	static const struct json_in_field fields[] = {
		{ "offer", JSON_IN_TEXT, false, false, OFFER_MAX,
		    offsetof(struct body, offer) },
	};
	struct rp_creation c;
	struct rp_request q;

	if (!REQUEST_READ(r, fields, &b) || !request_bind(r))
		return;
	if (b.offer != NULL) {
		if (reply_unless_ok(r,
			rp_offer_options(r->site->rp, &r->call, b.offer, &c)))
			ceremony_reply_creation(r, &c);
	} else if (!request_session(r))
		reply_problem(r, PROBLEM_SESSION_NONE);
	else if (reply_unless_ok(
		     r, rp_proof_begin(r->site->rp, &r->call, &r->who, &q)))
		ceremony_reply_request(r, &q);
}

/* On the phone that scanned an offer: it waits for the computer then. */
static void
answer_offer(struct web_request *r, const struct new_phone *b,
    const struct rp_new_phone *got)
{
	struct rp_new_passkey passkey = { .name = NULL };
	struct phone_id id;
	struct json_out o;

	if (b->ceremony == NULL) {
		(void)refuse(r, PROBLEM_FIELD_MISSING, "ceremony");
		return;
	}
	if (b->credential == NULL) {
		(void)refuse(r, PROBLEM_FIELD_MISSING, "credential");
		return;
	}
	if (!webauthn_json_registration(
		&r->json, b->credential, "credential", &passkey)) {
		(void)refused(r);
		return;
	}
	passkey.name = b->name;
	if (!reply_unless_ok(r, rp_offer_answer(r->site->rp, &r->call, b->offer,
				    slice_of(b->ceremony), &passkey, got, &id)))
		return;
	companion_begin(r, &o, 512);
	json_out_object(&o, "phone");
	json_out_word(&o, "id", rp_id_write("phn_", id.b).s);
	json_out_text(&o, "name", b->name);
	json_out_object_end(&o);
	json_out_word(&o, "state", "waiting");
	companion_end(r, 201, &o);
}

/* With a fresh use of the phone's passkey, where the session wants one. */
static bool
prove(struct web_request *r, const struct new_phone *b)
{
	struct wa_assertion got;
	enum rp_answer a;

	if (b->credential == NULL && b->ceremony == NULL)
		return true;
	if (b->credential == NULL)
		return refuse(r, PROBLEM_FIELD_MISSING, "credential");
	if (b->ceremony == NULL)
		return refuse(r, PROBLEM_FIELD_MISSING, "ceremony");
	if (!webauthn_json_assertion(
		&r->json, b->credential, "credential", &got))
		return refused(r);
	a = rp_proof_finish(r->site->rp, &r->call, &r->who,
	    slice_of(b->ceremony), &got, &r->who.session);
	if (a != RP_PASSKEY_UNKNOWN)
		return reply_unless_ok(r, a);
	reply_note(r, a);
	reply_unknown_passkey(r, got.credential_id);
	return false;
}

void
web_phones_post(struct web_request *r)
{
	struct rp_new_phone got = { .name = NULL };
	struct store_phone added;
	struct new_phone b;
	struct json_out o;

	if (!read_phone(r, &b, &got))
		return;
	if (b.offer != NULL) {
		answer_offer(r, &b, &got);
		return;
	}
	if (!request_session(r)) {
		reply_problem(r, PROBLEM_SESSION_NONE);
		return;
	}
	if (!prove(r, &b) ||
	    !reply_unless_ok(r, rp_account_may_change(r->site->rp, &r->call)) ||
	    !reply_unless_ok(
		r, rp_phone_add(r->site->rp, &r->call, &r->who, &got, &added)))
		return;
	companion_begin(r, &o, 1024);
	shape_phone(&o, "phone", &added);
	json_out_word(&o, "state", "in");
	companion_end(r, 201, &o);
}

/* ---- the phone itself ---- */

void
web_phone_push(struct web_request *r)
{
	struct body {
		const struct json_node *push;
	} b;
	static const struct json_in_field fields[] = {
		{ "push", JSON_IN_OBJECT, false, true, 0,
		    offsetof(struct body, push) },
	};
	struct store_push push;
	struct phone_id id;
	struct json_out o;

	if (!request_id(r, "phn_", id.b))
		return;
	if (memcmp(&id, &r->device->phone.id, sizeof(id)) != 0) {
		reply_problem(r, PROBLEM_NOT_FOUND);
		return;
	}
	if (!REQUEST_READ(r, fields, &b) || !read_push(r, b.push, &push) ||
	    !reply_unless_ok(
		r, rp_companion_push(r->site->rp, &r->call, r->device, &push)))
		return;
	companion_begin(r, &o, 64);
	json_out_bool(&o, "push", push.endpoint[0] != '\0');
	companion_end(r, 200, &o);
}

/* ---- the account's owner ---- */

void
web_phones_get(struct web_request *r)
{
	struct store_phone *list =
	    arena_take(&r->arena, STORE_PHONES_MAX * sizeof(*list));
	struct json_out o;
	size_t n = 0;

	if (list == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	if (!reply_unless_ok(
		r, rp_phones_list(r->site->rp, &r->call, &r->who, list, &n)))
		return;
	json_out_init(&o, &r->arena, 2048);
	json_out_object(&o, NULL);
	json_out_array(&o, "phones");
	for (size_t i = 0; i < n; i++)
		shape_phone(&o, NULL, &list[i]);
	json_out_array_end(&o);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

void
web_phone_patch(struct web_request *r)
{
	struct body {
		const char *name;
	} b;
	static const struct json_in_field fields[] = {
		{ "name", JSON_IN_TEXT, true, false, STORE_PHONE_NAME_MAX,
		    offsetof(struct body, name) },
	};
	struct store_phone renamed;
	struct phone_id id;
	struct json_out o;

	if (!request_id(r, "phn_", id.b) || !REQUEST_READ(r, fields, &b) ||
	    !reply_unless_ok(r, rp_phone_rename(r->site->rp, &r->call, &r->who,
				    &id, b.name, &renamed)))
		return;
	json_out_init(&o, &r->arena, 512);
	json_out_object(&o, NULL);
	shape_phone(&o, "phone", &renamed);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

void
web_phone_delete(struct web_request *r)
{
	struct phone_id id;

	if (request_id(r, "phn_", id.b) &&
	    reply_unless_ok(
		r, rp_phone_remove(r->site->rp, &r->call, &r->who, &id)))
		reply_empty(r);
}
