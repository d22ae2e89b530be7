/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/shapes.h"

#include "rp/accounts.h"
#include "rp/approvals.h"
#include "rp/passkeys.h"
#include "web/server/models.h"
#include "web/server/webauthn_json.h"
#include "webauthn/authdata.h"

static void
put_id(struct json_out *o, const char *prefix, const uint8_t id[16])
{
	struct rp_id_text text = rp_id_write(prefix, id);

	json_out_word(o, "id", text.s);
}

static const char *
method_name(enum store_method m)
{
	switch (m) {
	case STORE_METHOD_PASSKEY:
		return "passkey";
	case STORE_METHOD_APPROVAL:
		return "approval";
	case STORE_METHOD_CODE:
		return "code";
	}
	return NULL;
}

static void
put_client(struct json_out *o, const struct store_client *c)
{
	json_out_text(o, "browser", c->browser);
	json_out_text(o, "address", c->address);
	json_out_text(o, "place", c->place);
}

void
shape_account(
    struct json_out *o, const char *key, const struct store_account *a)
{
	json_out_object(o, key);
	put_id(o, "acc_", a->id.b);
	json_out_text(o, "name", a->name);
	json_out_text(o, "display_name", a->display_name);
	json_out_text(o, "locale", a->locale);
	json_out_time(o, "created_at", a->created);
	json_out_bytes(o, "user_handle",
	    (struct slice){ a->user_handle, sizeof(a->user_handle) });
	json_out_object_end(o);
}

/* How sure it is, and by what (RFC 8176). */
static void
put_acr(struct json_out *o, enum store_method m)
{
	json_out_word(o, "acr", rp_method_acr(m));
	json_out_array(o, "amr");
	for (const char *const *amr = rp_method_amr(m); *amr != NULL; amr++)
		json_out_word(o, NULL, *amr);
	json_out_array_end(o);
}

void
shape_session(struct json_out *o, const char *key,
    const struct store_session *s, bool current)
{
	static const struct browser_id unkept;
	const char *method = method_name(s->method);

	json_out_object(o, key);
	put_id(o, "ses_", s->id.b);
	json_out_word(o, "method", method == NULL ? "" : method);
	json_out_time(o, "created_at", s->created);
	put_acr(o, s->method);
	/* Never yet in one that a phone opened. */
	if (s->proved != 0)
		json_out_time(o, "proved_at", s->proved);
	json_out_time(o, "last_seen_at", s->last_seen);
	json_out_time(o, "expires_at", store_session_expires(s));
	put_client(o, &s->client);
	if (memcmp(&s->browser, &unkept, sizeof(unkept)) != 0)
		json_out_word(
		    o, "kept_browser", rp_id_write("brw_", s->browser.b).s);
	json_out_bool(o, "current", current);
	json_out_object_end(o);
}

void
shape_trust(struct json_out *o, const char *key, const struct store_trust *t,
    bool current)
{
	const char *method = method_name(t->method);

	json_out_object(o, key);
	put_id(o, "brw_", t->browser.b);
	json_out_text(o, "name", t->name);
	json_out_word(o, "method", method == NULL ? "" : method);
	json_out_time(o, "kept_at", t->since);
	json_out_time(o, "last_used_at", t->last_used);
	put_client(o, &t->client);
	json_out_bool(o, "current", current);
	json_out_object_end(o);
}

void
shape_revoked(struct json_out *o, const struct rp_revoked *n)
{
	json_out_int(o, "browsers_revoked", (int64_t)n->browsers);
	json_out_int(o, "sessions_ended", (int64_t)n->sessions);
}

void
shape_passkey(struct json_out *o, const char *key, const struct site *site,
    const struct store_credential *c, bool current)
{
	struct slice id = { c->id, c->id_n };
	struct credential_ref ref = store_credential_ref(id);

	json_out_object(o, key);
	put_id(o, "pk_", ref.b);
	json_out_bytes(o, "credential_id", id);
	json_out_text(o, "name", c->name);
	model_put(o, site, c);
	json_out_time(o, "created_at", c->created);
	if (c->last_used != 0)
		json_out_time(o, "last_used_at", c->last_used);
	/* L3 6.1.3: whether it can leave its device, and whether it has. */
	json_out_bool(o, "backup_eligible", (c->flags & WA_FLAG_BE) != 0);
	json_out_bool(o, "synced", (c->flags & WA_FLAG_BS) != 0);
	if ((c->traits & STORE_TRAIT_RESIDENT_TOLD) != 0)
		json_out_bool(
		    o, "discoverable", (c->traits & STORE_TRAIT_RESIDENT) != 0);
	webauthn_json_transports(o, c->transports);
	if (c->counter_went_back != 0)
		json_out_time(o, "counter_went_back_at", c->counter_went_back);
	json_out_bool(o, "current", current);
	json_out_object_end(o);
}

void
shape_history(
    struct json_out *o, const char *key, const struct store_history *h)
{
	const char *method = method_name(h->method);

	json_out_object(o, key);
	put_id(o, "his_", h->id.b);
	json_out_time(o, "at", h->at);
	json_out_text(o, "event", h->event);
	json_out_bool(o, "ok", h->ok);
	if (*h->reason != '\0')
		json_out_text(o, "reason", h->reason);
	if (method != NULL)
		json_out_word(o, "method", method);
	/* What was refused proved nothing. */
	if (method != NULL && h->ok)
		put_acr(o, h->method);
	if (*h->passkey != '\0')
		json_out_text(o, "passkey", h->passkey);
	put_client(o, &h->client);
	json_out_bool(o, "notice", h->notice);
	json_out_object_end(o);
}

void
shape_signal_of(struct web_request *r, struct json_out *o,
    const struct store_credential *passkeys, size_t n)
{
	const struct store_account *a = &r->who.account;
	const char *rp_id = r->site->config->rp_id;
	struct slice handle = { a->user_handle, sizeof(a->user_handle) };

	json_out_object(o, "signal");
	json_out_object(o, "all_accepted");
	json_out_word(o, "rpId", rp_id);
	json_out_bytes(o, "userId", handle);
	json_out_array(o, "allAcceptedCredentialIds");
	for (size_t i = 0; i < n; i++)
		json_out_bytes(o, NULL,
		    (struct slice){ passkeys[i].id, passkeys[i].id_n });
	json_out_array_end(o);
	json_out_object_end(o);
	json_out_object(o, "current_user");
	json_out_word(o, "rpId", rp_id);
	json_out_bytes(o, "userId", handle);
	json_out_text(o, "name", a->name);
	json_out_text(o, "displayName", a->display_name);
	json_out_object_end(o);
	json_out_object_end(o);
}

enum rp_answer
shape_signal(struct web_request *r, struct json_out *o)
{
	/* On the stack, where nobody has to look for 130 kB in one piece. */
	struct store_credential list[STORE_CREDENTIALS_MAX];
	enum rp_answer a;
	size_t n = 0;

	a = rp_passkeys_list(r->site->rp, &r->call, &r->who, list, &n);
	if (a == RP_OK)
		shape_signal_of(r, o, list, n);
	return a;
}
