/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/companion.h"

#include "rp/accounts.h"
#include "web/server/approving.h"
#include "web/server/companions.h"
#include "web/server/handlers.h"
#include "web/server/history.h"
#include "web/server/reply.h"
#include "web/server/webauthn_json.h"

void
web_companion_list(struct web_request *r)
{
	struct rp_pending list[RP_PENDING_MAX];
	struct rp_resting resting;
	struct json_out o;
	size_t n = 0;

	if (!reply_unless_ok(r, rp_companion_list(r->site->rp, &r->call,
				    r->device, list, &n, &resting)))
		return;
	companion_begin(r, &o, 1024);
	json_out_array(&o, "approvals");
	for (size_t i = 0; i < n; i++) {
		json_out_object(&o, NULL);
		json_out_word(&o, "id", rp_id_write("apr_", list[i].id.b).s);
		json_out_time(&o, "expires_at", list[i].expires);
		json_out_object_end(&o);
	}
	json_out_array_end(&o);
	if (resting.rests) {
		json_out_object(&o, "resting");
		if (resting.until != 0)
			json_out_time(&o, "until", resting.until);
		json_out_object_end(&o);
	}
	shape_phone(&o, "phone", &r->device->phone);
	json_out_object(&o, "account");
	json_out_text(&o, "name", r->device->account.name);
	json_out_text(&o, "display_name", r->device->account.display_name);
	json_out_object_end(&o);
	companion_end(r, 200, &o);
}

static void
put_context(struct json_out *o, const struct rp_context *c)
{
	json_out_object(o, "approval");
	json_out_word(o, "id", rp_id_write("apr_", c->pending.id.b).s);
	json_out_word(o, "state", "pending");
	json_out_time(o, "asked_at", c->asked);
	json_out_time(o, "expires_at", c->pending.expires);
	json_out_word(o, "match", rp_match_name(c->match));
	json_out_bool(o, "trusted", c->trusted);
	json_out_object_end(o);
	if (c->match == STORE_MATCH_CHOOSE3) {
		json_out_array(o, "choices");
		for (size_t i = 0; i < STORE_SHOWN; i++)
			json_out_word(o, NULL, c->choices[i]);
		json_out_array_end(o);
	}
	/* As it stands: its bytes are what a hash of it is of. */
	json_out_raw(o, "context",
	    (struct slice){ (const uint8_t *)c->text.text, c->text.n });
}

void
web_companion_get(struct web_request *r)
{
	enum store_approval_state state = STORE_APPROVAL_PENDING;
	struct approval_id id;
	struct rp_context c;
	struct json_out o;
	enum rp_answer a;

	if (!approving_id(r, &id))
		return;
	a = rp_companion_look(
	    r->site->rp, &r->call, r->device, &id, &c, &state);
	if (!approving_unless_ok(r, a, state))
		return;
	companion_begin(r, &o, 2048);
	put_context(&o, &c);
	companion_end(r, 200, &o);
}

struct choice_body {
	const char *choice;
	struct slice seen;
	enum json_in_bool deny, report;
};

/* One of choice, deny and report; false once the problem has been replied. */
static bool
read_choice(struct web_request *r, struct rp_choice *c)
{
	static const struct json_in_field fields[] = {
		{ "choice", JSON_IN_TEXT, false, false, 16,
		    offsetof(struct choice_body, choice) },
		{ "seen", JSON_IN_BYTES, false, false, 32,
		    offsetof(struct choice_body, seen) },
		{ "deny", JSON_IN_BOOL, false, false, 0,
		    offsetof(struct choice_body, deny) },
		{ "report", JSON_IN_BOOL, false, false, 0,
		    offsetof(struct choice_body, report) },
	};
	struct choice_body b;
	const char *wrong = NULL;

	if (!REQUEST_READ(r, fields, &b))
		return false;
	if (b.seen.n != 0 && b.seen.n != 32)
		wrong = "seen";
	else if (b.deny == JSON_IN_FALSE)
		wrong = "deny";
	else if (b.report == JSON_IN_FALSE)
		wrong = "report";
	else if ((b.choice != NULL) + (b.deny == JSON_IN_TRUE) +
		     (b.report == JSON_IN_TRUE) !=
		 1)
		wrong = "choice";
	if (wrong != NULL) {
		(void)json_in_refuse(&r->json, PROBLEM_FIELD_TYPE, NULL, wrong);
		reply_problem(r, r->json.problem);
		return false;
	}
	c->decision = b.report == JSON_IN_TRUE ? RP_REPORT
		      : b.deny == JSON_IN_TRUE ? RP_DENY
					       : RP_CHOOSE;
	c->number = b.choice;
	c->seen = b.seen.n == 32 ? b.seen.p : NULL;
	return true;
}

/* What is to be signed, as options for navigator.credentials.get(). */
static void
put_commitment(
    struct web_request *r, struct json_out *o, const struct rp_commitment *c)
{
	struct rp_request *q = arena_take(&r->arena, sizeof(*q));

	if (q == NULL) {
		o->failed = true;
		return;
	}
	q->expires = c->expires;
	q->user_verification = RP_REQUIRED;
	q->allow = c->allow;
	memcpy(q->challenge, c->challenge, sizeof(q->challenge));
	json_out_object(o, "publicKey");
	webauthn_json_request(o, r->site, q);
	json_out_object_end(o);
	json_out_raw(o, "transaction",
	    (struct slice){ (const uint8_t *)c->t.text, c->t.n });
}

void
web_companion_choice(struct web_request *r)
{
	enum store_approval_state state = STORE_APPROVAL_PENDING;
	struct rp_commitment *c = arena_take(&r->arena, sizeof(*c));
	struct rp_choice choice;
	struct approval_id id;
	struct json_out o;
	enum rp_answer a;

	if (!approving_id(r, &id) || !read_choice(r, &choice))
		return;
	if (c == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	a = rp_companion_choose(
	    r->site->rp, &r->call, r->device, &id, &choice, c, &state);
	if (!approving_unless_ok(r, a, state))
		return;
	companion_begin(r, &o, 4096);
	json_out_word(&o, "state", rp_approval_state_name(state));
	if (choice.decision == RP_CHOOSE)
		put_commitment(r, &o, c);
	companion_end(r, 200, &o);
}

void
web_companion_assertion(struct web_request *r)
{
	struct body {
		const struct json_node *credential;
	} b;
	static const struct json_in_field fields[] = {
		{ "credential", JSON_IN_OBJECT, true, false, 0,
		    offsetof(struct body, credential) },
	};
	enum store_approval_state state = STORE_APPROVAL_PENDING;
	struct wa_assertion got;
	struct approval_id id;
	struct json_out o;
	enum rp_answer a;

	if (!approving_id(r, &id) || !REQUEST_READ(r, fields, &b))
		return;
	if (!webauthn_json_assertion(
		&r->json, b.credential, "credential", &got)) {
		reply_problem(r, r->json.problem);
		return;
	}
	a = rp_companion_assert(
	    r->site->rp, &r->call, r->device, &id, &got, &state);
	if (a == RP_PASSKEY_UNKNOWN) {
		reply_note(r, a);
		reply_unknown_passkey(r, got.credential_id);
		return;
	}
	if (!approving_unless_ok(r, a, state))
		return;
	companion_begin(r, &o, 64);
	json_out_word(&o, "state", rp_approval_state_name(state));
	companion_end(r, 200, &o);
}

void
web_companion_history(struct web_request *r)
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
	if (!reply_unless_ok(r, rp_companion_history(r->site->rp, &r->call,
				    r->device, &before, list, limit, &n)))
		return;
	companion_begin(r, &o, 4096);
	history_put(&o, list, n, limit);
	companion_end(r, 200, &o);
}

void
web_companion_lock(struct web_request *r)
{
	struct json_out o;
	size_t n = 0;
	int none;

	if (!request_read(r, NULL, 0, &none) ||
	    !reply_unless_ok(
		r, rp_companion_lock(r->site->rp, &r->call, r->device, &n)))
		return;
	companion_begin(r, &o, 64);
	json_out_int(&o, "sessions_ended", (int64_t)n);
	companion_end(r, 200, &o);
}

void
web_companion_leave(struct web_request *r)
{
	int none;

	if (request_read(r, NULL, 0, &none) &&
	    reply_unless_ok(
		r, rp_companion_leave(r->site->rp, &r->call, r->device)))
		reply_empty(r);
}

/* {mute: "off" | "1h" | "8h" | "24h"} */
void
web_companion_mute(struct web_request *r)
{
	static const struct {
		const char *word;
		store_time ms;
	} spans[] = { { "off", 0 }, { "1h", 3600000 }, { "8h", 28800000 },
		{ "24h", 86400000 } };
	struct body {
		const char *span;
	} b;
	static const struct json_in_field fields[] = {
		{ "mute", JSON_IN_TEXT, true, false, 8,
		    offsetof(struct body, span) },
	};
	const size_t count = sizeof(spans) / sizeof(*spans);
	struct json_out o;
	store_time until;
	size_t i = 0;

	if (!REQUEST_READ(r, fields, &b))
		return;
	while (i < count && strcmp(spans[i].word, b.span) != 0)
		i++;
	if (i == count) {
		(void)json_in_refuse(
		    &r->json, PROBLEM_FIELD_TYPE, NULL, "mute");
		reply_problem(r, r->json.problem);
		return;
	}
	until = spans[i].ms == 0 ? 0 : r->call.now + spans[i].ms;
	if (!reply_unless_ok(
		r, rp_companion_mute(r->site->rp, &r->call, r->device, until)))
		return;
	companion_begin(r, &o, 64);
	if (until != 0)
		json_out_time(&o, "muted_until", until);
	companion_end(r, 200, &o);
}

void
web_companion_browsers(struct web_request *r)
{
	struct store_trust *list =
	    arena_take(&r->arena, STORE_BROWSERS_MAX * sizeof(*list));
	struct json_out o;
	size_t n = 0;

	if (list == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return;
	}
	if (!reply_unless_ok(r, rp_companion_browsers(r->site->rp, &r->call,
				    r->device, list, &n)))
		return;
	companion_begin(r, &o, 4096);
	json_out_array(&o, "browsers");
	for (size_t i = 0; i < n; i++)
		shape_trust(&o, NULL, &list[i], false);
	json_out_array_end(&o);
	companion_end(r, 200, &o);
}

void
web_companion_browser_patch(struct web_request *r)
{
	struct body {
		const char *name;
	} b;
	static const struct json_in_field fields[] = {
		{ "name", JSON_IN_TEXT, true, false, STORE_BROWSER_NAME_MAX,
		    offsetof(struct body, name) },
	};
	struct browser_id id;
	struct store_trust t;
	struct json_out o;

	if (!request_id(r, "brw_", id.b) || !REQUEST_READ(r, fields, &b) ||
	    !reply_unless_ok(r, rp_companion_browser_rename(r->site->rp,
				    &r->call, r->device, &id, b.name, &t)))
		return;
	companion_begin(r, &o, 1024);
	shape_trust(&o, "browser", &t, false);
	companion_end(r, 200, &o);
}

static void
revoke(struct web_request *r, const struct browser_id *id)
{
	struct rp_revoked n = { 0 };
	struct json_out o;

	if (!reply_unless_ok(r, rp_companion_browser_revoke(
				    r->site->rp, &r->call, r->device, id, &n)))
		return;
	companion_begin(r, &o, 128);
	shape_revoked(&o, &n);
	companion_end(r, 200, &o);
}

void
web_companion_browser_delete(struct web_request *r)
{
	struct browser_id id;

	if (request_id(r, "brw_", id.b))
		revoke(r, &id);
}

void
web_companion_browsers_delete(struct web_request *r)
{
	revoke(r, NULL);
}
