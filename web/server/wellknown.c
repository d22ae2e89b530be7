/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/deliver.h"
#include "web/server/companions.h"
#include "web/server/handlers.h"
#include "web/server/openapi.h"
#include "web/server/reply.h"

/* What a page or an app has to know before it asks a phone. */
static void
put_approvals(struct web_request *r, struct json_out *o)
{
	const struct deliver *d = r->site->deliver;
	char key[VAPID_KEY_TEXT + 1];

	json_out_object(o, "approvals");
	json_out_bool(o, "on", r->site->config->approvals);
	json_out_word(o, "match", r->site->config->approval_match);
	json_out_object_end(o);
	json_out_object(o, "companion");
	companion_says(r, o);
	json_out_object_end(o);
	json_out_object(o, "push");
	json_out_bool(o, "on", d != NULL);
	if (d != NULL) {
		deliver_push_key(d, key);
		json_out_word(o, "application_server_key", key);
	}
	json_out_object_end(o);
}

void
web_service_get(struct web_request *r)
{
	const struct config *c = r->site->config;
	struct json_out o;

	json_out_init(&o, &r->arena, 512);
	json_out_object(&o, NULL);
	json_out_text(&o, "name", c->rp_name);
	json_out_word(&o, "rp_id", c->rp_id);
	json_out_word(&o, "sign_up", c->sign_up);
	json_out_bool(&o, "trial", c->trial);
	if (*c->support != '\0')
		json_out_text(&o, "support", c->support);
	put_approvals(r, &o);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

void
web_openapi_get(struct web_request *r)
{
	struct json_out o;

	json_out_init(&o, &r->arena, web_openapi_size + 16);
	json_out_raw(&o, NULL, (struct slice){ web_openapi, web_openapi_size });
	reply_json(r, 200, &o);
}

/* The first of our own origins that has pages. */
static const char *
home(const struct web_request *r)
{
	const struct config_list *l = &r->site->config->origins;

	for (size_t i = 0; i < l->n; i++)
		if (strncmp(l->v[i], "http", 4) == 0)
			return l->v[i];
	return "";
}

static void
put_url(struct web_request *r, struct json_out *o, const char *key,
    const char *path)
{
	const char *origin = home(r);
	size_t n = strlen(origin), m = strlen(path);
	char *url = arena_take(&r->arena, n + m + 1);

	if (url == NULL) {
		o->failed = true;
		return;
	}
	memcpy(url, origin, n);
	memcpy(url + n, path, m + 1);
	json_out_text(o, key, url);
}

/* W3C: Relying Party passkey endpoints. */
void
web_passkey_endpoints(struct web_request *r)
{
	struct json_out o;

	json_out_init(&o, &r->arena, 512);
	json_out_object(&o, NULL);
	put_url(r, &o, "enroll", "/account#add");
	put_url(r, &o, "manage", "/account");
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

/* W3C: A well-known URL for changing passwords; here a passkey is changed. */
void
web_change_password(struct web_request *r)
{
	reply_redirect(r, 302, "/account");
}

/* L3 5.11.1 */
void
web_related_origins(struct web_request *r)
{
	const struct config_list *l = &r->site->config->related_origins;
	struct json_out o;

	if (l->n == 0) {
		reply_problem(r, PROBLEM_NOT_FOUND);
		return;
	}
	json_out_init(&o, &r->arena, 512);
	json_out_object(&o, NULL);
	json_out_array(&o, "origins");
	for (size_t i = 0; i < l->n; i++)
		json_out_text(&o, NULL, l->v[i]);
	json_out_array_end(&o);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}
