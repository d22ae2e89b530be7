/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/accounts.h"
#include "rp/approvals.h"

#include "web/server/handlers.h"
#include "web/server/reply.h"
#include "web/server/shapes.h"

/* False once the problem has been replied. */
static bool
put_settings(struct web_request *r, struct json_out *o)
{
	bool always = true;

	if (!reply_unless_ok(
		r, rp_always_passkey(r->site->rp, &r->call, &r->who, &always)))
		return false;
	json_out_object(o, "settings");
	json_out_bool(o, "always_passkey", always);
	json_out_object_end(o);
	return true;
}

void
web_account_get(struct web_request *r)
{
	struct json_out o;

	json_out_init(&o, &r->arena, 1024);
	json_out_object(&o, NULL);
	shape_account(&o, "account", &r->who.account);
	if (!put_settings(r, &o))
		return;
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

static bool
is_locale(const char *s)
{
	return *s == '\0' || strcmp(s, "ja") == 0 || strcmp(s, "en") == 0;
}

void
web_account_patch(struct web_request *r)
{
	struct body {
		const char *display_name, *locale;
		enum json_in_bool always_passkey;
	} b;
	static const struct json_in_field fields[] = {
		{ "display_name", JSON_IN_TEXT, false, false,
		    STORE_DISPLAY_NAME_MAX,
		    offsetof(struct body, display_name) },
		{ "locale", JSON_IN_TEXT, false, false, STORE_LOCALE_MAX,
		    offsetof(struct body, locale) },
		{ "always_passkey", JSON_IN_BOOL, false, false, 0,
		    offsetof(struct body, always_passkey) },
	};
	struct rp_account_change change;
	struct json_out o;
	bool always;

	if (!REQUEST_READ(r, fields, &b))
		return;
	if (b.locale != NULL && !is_locale(b.locale)) {
		(void)json_in_refuse(
		    &r->json, PROBLEM_FIELD_TYPE, NULL, "locale");
		reply_problem(r, r->json.problem);
		return;
	}
	always = b.always_passkey == JSON_IN_TRUE;
	change = (struct rp_account_change){ b.display_name, b.locale,
		b.always_passkey != JSON_IN_ABSENT ? &always : NULL };
	if (!reply_unless_ok(r, rp_account_change(r->site->rp, &r->call,
				    &r->who, &change, &r->who.account)))
		return;
	json_out_init(&o, &r->arena, 1024);
	json_out_object(&o, NULL);
	shape_account(&o, "account", &r->who.account);
	if (!put_settings(r, &o))
		return;
	(void)shape_signal(r, &o);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

void
web_account_delete(struct web_request *r)
{
	if (!reply_unless_ok(
		r, rp_account_remove_own(r->site->rp, &r->call, &r->who)))
		return;
	reply_session_gone(r);
	reply_empty(r);
	reply_clear_site(r);
}
