/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/accounts.h"
#include "rp/login.h"
#include "rp/signup.h"
#include "web/server/ceremony.h"
#include "web/server/handlers.h"
#include "web/server/reply.h"
#include "web/server/webauthn_json.h"

/*
 * The server API of FIDO's conformance tools, for them, for other test tools
 * and for load generators.  Anybody may make an account by it, or add a
 * passkey to one that is there, so it is served with --conformance alone.
 * The ceremony travels in a cookie, since the API has no place for it.
 */

enum { CEREMONY_AGE = 3600, EXTENSIONS_MAX = 4096 };

static void
begin(struct web_request *r, struct json_out *o)
{
	json_out_init(o, &r->arena, 2048);
	json_out_object(o, NULL);
	json_out_word(o, "status", "ok");
	json_out_word(o, "errorMessage", "");
}

static void
end(struct web_request *r, struct json_out *o, const char *ceremony)
{
	json_out_object_end(o);
	reply_cookie(r, COOKIE_CONFORMANCE, ceremony,
	    *ceremony == '\0' ? 0 : CEREMONY_AGE);
	reply_json(r, 200, o);
}

/* What was asked goes back as it came. */
static void
echo(struct json_out *o, const char *key, const struct json_node *node)
{
	if (node != NULL && node->text.n <= EXTENSIONS_MAX)
		json_out_raw(o, key, node->text);
}

/* The ceremony of the cookie; empty, and then none opens, where there is none.
 */
static struct slice
ceremony(const struct web_request *r)
{
	const char *all = r->header[HEADER_COOKIE];

	return all == NULL ? (struct slice){ 0 }
			   : cookie_find(slice_of(all), COOKIE_CONFORMANCE);
}

/* False once field-type has been replied. */
static bool
read_requirement(struct web_request *r, const char *text, const char *field,
    enum rp_requirement *out)
{
	static const enum rp_requirement all[] = { RP_REQUIRED, RP_PREFERRED,
		RP_DISCOURAGED };

	if (text == NULL)
		return true;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(text, webauthn_json_requirement(all[i])) == 0) {
			*out = all[i];
			return true;
		}
	(void)json_in_refuse(&r->json, PROBLEM_FIELD_TYPE, NULL, field);
	reply_problem(r, r->json.problem);
	return false;
}

static bool
read_conveyance(struct web_request *r, const char *text,
    enum rp_attestation_conveyance *out)
{
	static const char *const names[] = {
		[RP_CONVEY_NONE] = "none",
		[RP_CONVEY_INDIRECT] = "indirect",
		[RP_CONVEY_DIRECT] = "direct",
		[RP_CONVEY_ENTERPRISE] = "enterprise",
	};

	if (text == NULL)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum rp_attestation_conveyance)i;
			return true;
		}
	(void)json_in_refuse(&r->json, PROBLEM_FIELD_TYPE, NULL, "attestation");
	reply_problem(r, r->json.problem);
	return false;
}

/* authenticatorSelection, as far as a server has to do with it. */
static bool
read_selection(
    struct web_request *r, const struct json_node *node, struct rp_wishes *w)
{
	struct selection {
		const char *user_verification, *resident_key;
		enum json_in_bool require_resident_key;
	} s;
	static const struct json_in_field fields[] = {
		{ "userVerification", JSON_IN_TEXT, false, false, 32,
		    offsetof(struct selection, user_verification) },
		{ "residentKey", JSON_IN_TEXT, false, false, 32,
		    offsetof(struct selection, resident_key) },
		{ "requireResidentKey", JSON_IN_BOOL, false, false, 0,
		    offsetof(struct selection, require_resident_key) },
	};

	/* L3 5.4.4: what holds where nothing is said. */
	w->user_verification = RP_PREFERRED;
	w->resident_key = RP_DISCOURAGED;
	if (node == NULL)
		return true;
	if (!json_in_read(&r->json, node, "authenticatorSelection", fields,
		sizeof(fields) / sizeof(*fields), true, &s)) {
		reply_problem(r, r->json.problem);
		return false;
	}
	if (s.require_resident_key == JSON_IN_TRUE)
		w->resident_key = RP_REQUIRED;
	return read_requirement(r, s.user_verification,
		   "authenticatorSelection.userVerification",
		   &w->user_verification) &&
	       read_requirement(r, s.resident_key,
		   "authenticatorSelection.residentKey", &w->resident_key);
}

struct attestation_options {
	const char *name, *display_name, *attestation;
	const struct json_node *selection, *extensions;
};

static bool
read_open(struct web_request *r, const struct json_in_field *fields, size_t n,
    void *out)
{
	struct slice body = { r->body, r->body_n };

	if (json_in_parse(&r->json, &r->arena, body) &&
	    json_in_read(&r->json, r->json.root, NULL, fields, n, true, out))
		return true;
	reply_problem(r, r->json.problem);
	return false;
}

void
web_attestation_options(struct web_request *r)
{
	static const struct json_in_field fields[] = {
		{ "username", JSON_IN_TEXT, true, false, STORE_NAME_MAX,
		    offsetof(struct attestation_options, name) },
		{ "displayName", JSON_IN_TEXT, false, false,
		    STORE_DISPLAY_NAME_MAX,
		    offsetof(struct attestation_options, display_name) },
		{ "attestation", JSON_IN_TEXT, false, false, 32,
		    offsetof(struct attestation_options, attestation) },
		{ "authenticatorSelection", JSON_IN_OBJECT, false, false, 0,
		    offsetof(struct attestation_options, selection) },
		{ "extensions", JSON_IN_OBJECT, false, false, 0,
		    offsetof(struct attestation_options, extensions) },
	};
	struct attestation_options b;
	struct rp_signup s = { .locale = "", .join = true };
	struct rp_creation c;
	struct json_out o;

	if (!read_open(r, fields, sizeof(fields) / sizeof(*fields), &b) ||
	    !read_conveyance(r, b.attestation, &s.wishes.attestation) ||
	    !read_selection(r, b.selection, &s.wishes))
		return;
	s.name = b.name;
	s.display_name = b.display_name;
	if (!reply_unless_ok(r, rp_signup_begin(r->site->rp, &r->call, &s, &c)))
		return;
	begin(r, &o);
	webauthn_json_creation(&o, r->site, &c,
	    b.selection != NULL ? b.selection->text : (struct slice){ 0 });
	echo(&o, "extensions", b.extensions);
	end(r, &o, c.ceremony.s);
}

void
web_attestation_result(struct web_request *r)
{
	int nothing;
	struct rp_new_passkey got = { 0 };
	struct store_credential passkey;
	struct rp_token token;
	struct json_out o;

	if (!read_open(r, NULL, 0, &nothing))
		return;
	if (!webauthn_json_registration(&r->json, r->json.root, NULL, &got)) {
		reply_problem(r, r->json.problem);
		return;
	}
	if (!reply_unless_ok(
		r, rp_signup_finish(r->site->rp, &r->call, ceremony(r), &got,
		       NULL, &r->who, &token, &passkey)))
		return;
	begin(r, &o);
	end(r, &o, "");
}

/* The tools want a failure for a name that nobody has, and no decoys. */
static bool
is_there(struct web_request *r, const char *name)
{
	struct store_account *a = arena_take(&r->arena, sizeof(*a));

	return reply_unless_ok(r,
	    a == NULL ? RP_FAULT
		      : rp_admin_account_find(r->site->rp, &r->call, name, a));
}

void
web_assertion_options(struct web_request *r)
{
	struct body {
		const char *name, *user_verification;
		const struct json_node *extensions;
	} b;
	static const struct json_in_field fields[] = {
		{ "username", JSON_IN_TEXT, false, false, STORE_NAME_MAX,
		    offsetof(struct body, name) },
		{ "userVerification", JSON_IN_TEXT, false, false, 32,
		    offsetof(struct body, user_verification) },
		{ "extensions", JSON_IN_OBJECT, false, false, 0,
		    offsetof(struct body, extensions) },
	};
	enum rp_requirement uv = RP_PREFERRED;
	struct rp_request q;
	struct json_out o;

	if (!read_open(r, fields, sizeof(fields) / sizeof(*fields), &b) ||
	    !read_requirement(
		r, b.user_verification, "userVerification", &uv) ||
	    (b.name != NULL && !is_there(r, b.name)) ||
	    !reply_unless_ok(
		r, rp_login_begin(r->site->rp, &r->call, b.name, uv, &q)))
		return;
	begin(r, &o);
	webauthn_json_request(&o, r->site, &q);
	echo(&o, "extensions", b.extensions);
	end(r, &o, q.ceremony.s);
}

static void
assertion_judged(struct web_request *r)
{
	struct rp_token token;
	struct json_out o;

	if (!reply_unless_ok(r, rp_login_end(r->login, &r->who, &token)))
		return;
	begin(r, &o);
	end(r, &o, "");
}

void
web_assertion_result(struct web_request *r)
{
	int nothing;
	struct wa_assertion got;

	if (!read_open(r, NULL, 0, &nothing))
		return;
	if (!webauthn_json_assertion(&r->json, r->json.root, NULL, &got)) {
		reply_problem(r, r->json.problem);
		return;
	}
	ceremony_judge_login(r, ceremony(r), &got, NULL, assertion_judged);
}
