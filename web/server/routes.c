/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/routes.h"

#include "web/server/handlers.h"

enum {
	SMALL = 8192,
	/* A statement with eight certificates of 8 kB, in base64url. */
	REGISTRATION = 131072,
	ASSERTION = 32768,
};

/* clang-format off */
const struct route routes[] = {
	{ "POST", "/api/v1/login/options", ANYONE, 0, SMALL, web_login_options, NULL },
	{ "POST", "/api/v1/login/verify", ANYONE, GATHERED, ASSERTION, web_login_verify, "sign-in" },
	{ "GET", "/api/v1/session", ACCOUNT, 0, 0, web_session_get, NULL },
	{ "GET", "/api/v1/service", ANYONE, 0, 0, web_service_get, NULL },
	{ "GET", "/api/v1/openapi.json", ANYONE, 0, 0, web_openapi_get, NULL },
	{ "POST", "/api/v1/invitations/check", ANYONE, 0, SMALL, web_invitation_check, NULL },
	{ "POST", "/api/v1/signup/options", ANYONE, 0, SMALL, web_signup_options, NULL },
	{ "POST", "/api/v1/signup/verify", ANYONE, COMMITS, REGISTRATION, web_signup_verify, "sign-up" },
	{ "POST", "/api/v1/proof/options", ACCOUNT, 0, SMALL, web_proof_options, NULL },
	{ "POST", "/api/v1/proof/verify", ACCOUNT, COMMITS, ASSERTION, web_proof_verify, "proof" },
	{ "POST", "/api/v1/logout", ACCOUNT, COMMITS, SMALL, web_logout, NULL },
	{ "GET", "/api/v1/account", ACCOUNT, 0, 0, web_account_get, NULL },
	{ "PATCH", "/api/v1/account", ACCOUNT, COMMITS | CHANGES, SMALL, web_account_patch, NULL },
	{ "DELETE", "/api/v1/account", ACCOUNT, COMMITS | FRESH, SMALL, web_account_delete, NULL },
	{ "GET", "/api/v1/passkeys", ACCOUNT, 0, 0, web_passkeys_get, NULL },
	{ "POST", "/api/v1/passkeys/options", ACCOUNT, FRESH, SMALL, web_passkeys_options, NULL },
	{ "POST", "/api/v1/passkeys/verify", ACCOUNT, COMMITS | CHANGES, REGISTRATION, web_passkeys_verify, "passkey-add" },
	{ "PATCH", "/api/v1/passkeys/{id}", ACCOUNT, COMMITS | CHANGES | FRESH, SMALL, web_passkey_patch, NULL },
	{ "DELETE", "/api/v1/passkeys/{id}", ACCOUNT, COMMITS | FRESH, SMALL, web_passkey_delete, NULL },
	{ "GET", "/api/v1/models/{id}/icon", ANYONE, 0, 0, web_model_icon, NULL },
	{ "GET", "/api/v1/sessions", ACCOUNT, 0, 0, web_sessions_get, NULL },
	{ "DELETE", "/api/v1/sessions/{id}", ACCOUNT, COMMITS, SMALL, web_session_delete, NULL },
	{ "DELETE", "/api/v1/sessions", ACCOUNT, COMMITS | OTHERS, SMALL, web_sessions_delete, NULL },
	{ "GET", "/api/v1/history", ACCOUNT, PAGED, 0, web_history_get, NULL },
	{ "POST", "/api/v1/history/{id}/seen", ACCOUNT, COMMITS, SMALL, web_history_seen, NULL },
	{ "POST", "/api/v1/approvals", ANYONE, COMMITS | APPROVALS, SMALL, web_approvals_post, "approval-ask" },
	{ "GET", "/api/v1/approvals/{id}", ANYONE, BOUND | APPROVALS | WAITS, 0, web_approval_get, NULL },
	{ "GET", "/api/v1/approvals/{id}/events", ANYONE, BOUND | APPROVALS, 0, web_approval_events, NULL },
	{ "POST", "/api/v1/approvals/{id}/cancel", ANYONE, COMMITS | APPROVALS, SMALL, web_approval_cancel, NULL },
	{ "POST", "/api/v1/approvals/{id}/collect", ANYONE, COMMITS | APPROVALS, SMALL, web_approval_collect, "approval-collect" },
	{ "POST", "/api/v1/phones/offers", ACCOUNT, COMMITS | CHANGES | FRESH | APPROVALS, SMALL, web_offers_post, NULL },
	{ "POST", "/api/v1/phones/offers/state", ANYONE, APPS | APPROVALS | WAITS, SMALL, web_offer_state, NULL },
	{ "GET", "/api/v1/phones/offers/{id}", ACCOUNT, APPROVALS | WAITS, 0, web_offer_get, NULL },
	{ "POST", "/api/v1/phones/offers/{id}/confirm", ACCOUNT, COMMITS | CHANGES | APPROVALS, SMALL, web_offer_confirm, "phone-confirm" },
	{ "POST", "/api/v1/phones/options", ANYONE, APPS | APPROVALS, SMALL, web_phones_options, NULL },
	{ "POST", "/api/v1/phones", ANYONE, COMMITS | APPS | APPROVALS, REGISTRATION, web_phones_post, "phone-add" },
	{ "GET", "/api/v1/phones", ACCOUNT, APPROVALS, 0, web_phones_get, NULL },
	{ "PATCH", "/api/v1/phones/{id}", ACCOUNT, COMMITS | CHANGES | FRESH | APPROVALS, SMALL, web_phone_patch, NULL },
	{ "DELETE", "/api/v1/phones/{id}", ACCOUNT, COMMITS | FRESH | APPROVALS, SMALL, web_phone_delete, NULL },
	{ "PUT", "/api/v1/phones/{id}/push", PHONE, COMMITS | CHANGES | APPS | APPROVALS, SMALL, web_phone_push, "phone-push" },
	{ "GET", "/api/v1/companion/approvals", PHONE, COMMITS | APPS | APPROVALS, 0, web_companion_list, "companion" },
	{ "GET", "/api/v1/companion/approvals/{id}", PHONE, COMMITS | APPS | APPROVALS, 0, web_companion_get, "companion-look" },
	{ "POST", "/api/v1/companion/approvals/{id}/choice", PHONE, COMMITS | APPS | APPROVALS, SMALL, web_companion_choice, "companion-choice" },
	{ "POST", "/api/v1/companion/approvals/{id}/assertion", PHONE, COMMITS | APPS | APPROVALS, ASSERTION, web_companion_assertion, "companion-assertion" },
	{ "GET", "/api/v1/companion/history", PHONE, COMMITS | APPS | APPROVALS | PAGED, 0, web_companion_history, NULL },
	{ "POST", "/api/v1/companion/lock", PHONE, COMMITS | APPS | APPROVALS, SMALL, web_companion_lock, "companion-lock" },
	{ "POST", "/api/v1/companion/leave", PHONE, COMMITS | APPS | APPROVALS, SMALL, web_companion_leave, NULL },
	{ "PUT", "/api/v1/companion/mute", PHONE, COMMITS | CHANGES | APPS | APPROVALS, SMALL, web_companion_mute, NULL },
	{ "GET", "/api/v1/companion/browsers", PHONE, COMMITS | APPS | APPROVALS, 0, web_companion_browsers, NULL },
	{ "PATCH", "/api/v1/companion/browsers/{id}", PHONE, COMMITS | CHANGES | APPS | APPROVALS, SMALL, web_companion_browser_patch, NULL },
	{ "DELETE", "/api/v1/companion/browsers/{id}", PHONE, COMMITS | APPS | APPROVALS, SMALL, web_companion_browser_delete, NULL },
	{ "DELETE", "/api/v1/companion/browsers", PHONE, COMMITS | APPS | APPROVALS, SMALL, web_companion_browsers_delete, NULL },
	{ "GET", "/api/v1/browsers", ACCOUNT, 0, 0, web_browsers_get, NULL },
	{ "POST", "/api/v1/browsers", ACCOUNT, COMMITS | CHANGES, SMALL, web_browsers_post, "browser-keep" },
	{ "PATCH", "/api/v1/browsers/{id}", ACCOUNT, COMMITS | CHANGES, SMALL, web_browser_patch, NULL },
	{ "DELETE", "/api/v1/browsers/{id}", ACCOUNT, COMMITS, SMALL, web_browser_delete, NULL },
	{ "DELETE", "/api/v1/browsers", ACCOUNT, COMMITS, SMALL, web_browsers_delete, NULL },
	{ "GET", "/.well-known/assetlinks.json", ANYONE, 0, 0, web_assetlinks, NULL },
	{ "GET", "/.well-known/apple-app-site-association", ANYONE, 0, 0, web_apple_app_site, NULL },
	{ "GET", "/.well-known/passkey-endpoints", ANYONE, 0, 0, web_passkey_endpoints, NULL },
	{ "GET", "/.well-known/change-password", ANYONE, 0, 0, web_change_password, NULL },
	{ "GET", "/.well-known/webauthn", ANYONE, 0, 0, web_related_origins, NULL },
	{ "POST", "/attestation/options", ANYONE, TOOLS | CONFORMANCE, SMALL, web_attestation_options, NULL },
	{ "POST", "/attestation/result", ANYONE, COMMITS | TOOLS | CONFORMANCE, REGISTRATION, web_attestation_result, "conformance-register" },
	{ "POST", "/assertion/options", ANYONE, TOOLS | CONFORMANCE, SMALL, web_assertion_options, NULL },
	{ "POST", "/assertion/result", ANYONE, GATHERED | TOOLS | CONFORMANCE, ASSERTION, web_assertion_result, "conformance-sign-in" },
};
/* clang-format on */

const size_t route_count = sizeof(routes) / sizeof(*routes);

_Static_assert(sizeof(routes) / sizeof(*routes) < METRIC_ROUTES_MAX - 1,
    "each route has a place in the metrics, and pages have one of their own");

/*
 * Whether path has the form of pattern.  Segments are compared as sent: the
 * API's paths need no escapes, so what has any is none of them.
 */
static bool
match(const char *pattern, struct slice path, struct slice *parameter)
{
	static const char hole[] = "{id}";
	const char *p = strchr(pattern, '{');
	size_t head = p == NULL ? strlen(pattern) : (size_t)(p - pattern), n;
	struct slice rest;

	if (path.n < head || memcmp(path.p, pattern, head) != 0)
		return false;
	if (p == NULL)
		return path.n == head;
	rest = (struct slice){ path.p + head, path.n - head };
	for (n = 0; n < rest.n && rest.p[n] != '/'; n++)
		;
	if (n == 0 || !slice_equal((struct slice){ rest.p + n, rest.n - n },
			  slice_of(p + sizeof(hole) - 1)))
		return false;
	*parameter = (struct slice){ rest.p, n };
	return true;
}

static bool
is_there(const struct route *r, bool conformance)
{
	return conformance || (r->flags & CONFORMANCE) == 0;
}

static const char *
list_methods(struct slice path, bool conformance, struct arena *a)
{
	char text[64] = "";
	struct slice ignored;

	for (size_t i = 0; i < route_count; i++) {
		const char *m = routes[i].method;

		if (!is_there(&routes[i], conformance) ||
		    !match(routes[i].path, path, &ignored))
			continue;
		if (*text != '\0')
			strcat(text, ", ");
		strcat(text, m);
		if (strcmp(m, "GET") == 0)
			strcat(text, ", HEAD");
	}
	return *text == '\0' ? NULL : arena_text(a, slice_of(text));
}

const struct route *
route_find(const char *method, struct slice path, bool conformance,
    struct slice *parameter, struct arena *a, const char **allow)
{
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (size_t i = 0; i < route_count; i++)
		if (is_there(&routes[i], conformance) &&
		    strcmp(routes[i].method, method) == 0 &&
		    match(routes[i].path, path, parameter))
			return &routes[i];
	*allow = list_methods(path, conformance, a);
	return NULL;
}

unsigned
route_number(const struct route *r)
{
	return r == NULL ? METRIC_ROUTES_MAX - 1 : (unsigned)(r - routes);
}

struct metric_route
route_name(unsigned route)
{
	const struct route *r = &routes[route];

	if (route >= route_count)
		return (struct metric_route){ "ANY", "pages", "" };
	return (struct metric_route){ r->method, r->path,
		r->event == NULL ? "" : r->event };
}
