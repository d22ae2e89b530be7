/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/models.h"

#include <stdlib.h>

#include "rp/ids.h"
#include "rp/passkeys.h"
#include "web/config_judge.h"
#include "web/log.h"
#include "web/server/handlers.h"
#include "web/server/reply.h"
#include "webauthn/b64.h"

enum { ICON_AGE_S = 86400 };

/*
 * The metadata in force, for wa_mds_unref(), and the model in it; NULL, where
 * it is not known.
 */
static struct wa_mds *
find(const struct site *site, const uint8_t aaguid[16], struct wa_mds_entry *e)
{
	struct wa_mds_shelf *shelf =
	    site == NULL ? NULL : metadata_shelf(site->metadata);
	struct wa_mds *mds = shelf == NULL ? NULL : wa_mds_shelf_take(shelf);

	if (mds != NULL && wa_mds_find(mds, (struct slice){ aaguid, 16 }, e))
		return mds;
	wa_mds_unref(mds);
	return NULL;
}

/* What speaks against a model by the policy; "" where nothing does. */
static const char *
status_against(const struct site *site, const struct wa_mds_entry *e)
{
	if (e->statuses == 0)
		return "";
	return wa_mds_status_name(
	    e->statuses & WA_MDS_UNDESIRED &
	    ~site->trust.policy.attestation.tolerated_statuses);
}

void
model_put(struct json_out *o, const struct site *site,
    const struct store_credential *c)
{
	static const char form[] = "/api/v1/models/%s/icon";
	char aaguid[RP_AAGUID_TEXT + 1], icon[sizeof(form) + RP_AAGUID_TEXT];
	struct wa_mds_entry e = { .name = rp_provider_name(c->aaguid) };
	struct wa_mds *mds = find(site, c->aaguid, &e);
	const char *against = status_against(site, &e);

	rp_aaguid_write(c->aaguid, aaguid);
	json_out_object(o, "provider");
	json_out_word(o, "aaguid", aaguid);
	if (e.name != NULL)
		json_out_text(o, "name", e.name);
	if (metadata_png(e.icon).n > 0) {
		(void)snprintf(icon, sizeof(icon), form, aaguid);
		json_out_word(o, "icon", icon);
	}
	if (*against != '\0')
		json_out_word(o, "status", against);
	json_out_object_end(o);
	wa_mds_unref(mds);
}

static void
warn(const struct web_request *r, const struct store_credential *c,
    const struct credential_ref *ref)
{
	struct wa_mds_entry e = { 0 };
	struct wa_mds *mds = find(r->site, c->aaguid, &e);
	const char *against = status_against(r->site, &e);
	struct log_line l;

	if (*against != '\0') {
		log_begin(&l, WEB_LOG_WARNING, "model");
		log_text(&l, "status", against);
		log_text(&l, "model", e.name);
		log_text(&l, "attestation",
		    c->attestation == WA_ATTESTATION_TRUSTED ? "trusted" : "");
		log_text(&l, "user", rp_id_write("acc_", c->account.b).s);
		log_text(&l, "cred", rp_id_write("pk_", ref->b).s);
		log_send(&l);
	}
	wa_mds_unref(mds);
}

void
model_warn(const struct web_request *r, const struct store_credential *passkeys,
    size_t n)
{
	const struct credential_ref *used = &r->who.session.credential;

	for (size_t i = 0; i < n; i++) {
		struct credential_ref ref = store_credential_ref(
		    (struct slice){ passkeys[i].id, passkeys[i].id_n });

		if (memcmp(ref.b, used->b, sizeof(ref.b)) == 0)
			warn(r, &passkeys[i], &ref);
	}
}

/* The picture in the arena, since the metadata may go while it is sent. */
static bool
decode(struct web_request *r, struct slice base64, struct slice *png)
{
	bool starved = false;
	uint8_t *p = wa_b64_decode(base64, &png->n, &starved), *own;

	if (p == NULL)
		return false;
	if ((own = arena_take(&r->arena, png->n)) != NULL)
		memcpy(own, p, png->n);
	free(p);
	png->p = own;
	return own != NULL;
}

/*
 * An address of its own, and always of one type, so that pages need not allow
 * images in text and nobody's picture can be anything but a picture.
 */
void
web_model_icon(struct web_request *r)
{
	const char *text = arena_text(&r->arena, r->parameter);
	struct wa_mds_entry e = { 0 };
	struct wa_mds *mds = NULL;
	struct slice png = { 0 };
	uint8_t aaguid[16];

	if (text != NULL && config_aaguid(text, aaguid))
		mds = find(r->site, aaguid, &e);
	if (metadata_png(e.icon).n > 0 && decode(r, metadata_png(e.icon), &png))
		reply_bytes(r, "image/png", png, ICON_AGE_S);
	else
		reply_problem(r, PROBLEM_NOT_FOUND);
	wa_mds_unref(mds);
}
