/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/handlers.h"
#include "web/server/reply.h"

/*
 * Which apps may use the passkeys of this domain, and open its links: Digital
 * Asset Links, and Apple's associated domains.
 */

static void
put_android(struct web_request *r, struct json_out *o, const char *app)
{
	size_t n = strcspn(app, ":");
	const char *package =
	    arena_text(&r->arena, (struct slice){ (const uint8_t *)app, n });

	if (package == NULL) {
		o->failed = true;
		return;
	}
	json_out_object(o, NULL);
	json_out_array(o, "relation");
	json_out_word(o, NULL, "delegate_permission/common.get_login_creds");
	json_out_word(o, NULL, "delegate_permission/common.handle_all_urls");
	json_out_array_end(o);
	json_out_object(o, "target");
	json_out_word(o, "namespace", "android_app");
	json_out_word(o, "package_name", package);
	json_out_array(o, "sha256_cert_fingerprints");
	json_out_word(o, NULL, app + n + 1);
	json_out_array_end(o);
	json_out_object_end(o);
	json_out_object_end(o);
}

void
web_assetlinks(struct web_request *r)
{
	const struct config_list *l = &r->site->config->android_apps;
	struct json_out o;

	if (l->n == 0) {
		reply_problem(r, PROBLEM_NOT_FOUND);
		return;
	}
	json_out_init(&o, &r->arena, 512);
	json_out_array(&o, NULL);
	for (size_t i = 0; i < l->n; i++)
		put_android(r, &o, l->v[i]);
	json_out_array_end(&o);
	reply_json(r, 200, &o);
}

static void
put_list(struct json_out *o, const char *key, const struct config_list *l)
{
	json_out_array(o, key);
	for (size_t i = 0; i < l->n; i++)
		json_out_word(o, NULL, l->v[i]);
	json_out_array_end(o);
}

void
web_apple_app_site(struct web_request *r)
{
	const struct config_list *l = &r->site->config->apple_apps;
	struct json_out o;

	if (l->n == 0) {
		reply_problem(r, PROBLEM_NOT_FOUND);
		return;
	}
	json_out_init(&o, &r->arena, 512);
	json_out_object(&o, NULL);
	json_out_object(&o, "webcredentials");
	put_list(&o, "apps", l);
	json_out_object_end(&o);
	json_out_object(&o, "applinks");
	json_out_array(&o, "details");
	json_out_object(&o, NULL);
	put_list(&o, "appIDs", l);
	json_out_array(&o, "components");
	json_out_object(&o, NULL);
	json_out_word(&o, "/", "/companion");
	json_out_object_end(&o);
	json_out_array_end(&o);
	json_out_object_end(&o);
	json_out_array_end(&o);
	json_out_object_end(&o);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}
