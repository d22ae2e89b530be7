/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/attestation.h"

#include "webauthn/x5c.h"

/* Numbers in comments are steps of WebAuthn L3 section 7.1, as dated in
 * registration.c. */

static const struct wa_attestation *const formats[] = {
	&wa_att_none,
	&wa_att_packed,
	&wa_att_tpm,
	&wa_att_apple,
	&wa_att_android_key,
	&wa_att_u2f,
	&wa_att_safetynet,
	&wa_att_compound,
};

/* 21.  Compared as bytes: case matters. */
static const struct wa_attestation *
find(const struct wa_cbor *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (wa_cbor_is_text(name, formats[i]->format))
			return formats[i];
	}
	return NULL;
}

static bool
format_welcome(const struct wa_attestation_policy *policy, const char *format)
{
	if (policy->formats == NULL)
		return true;
	for (size_t i = 0; policy->formats[i] != NULL; i++) {
		if (strcmp(policy->formats[i], format) == 0)
			return true;
	}
	return false;
}

static bool
lists_model(const struct wa_models *models, struct slice aaguid)
{
	for (size_t i = 0; i < models->count; i++) {
		if (slice_equal(
			aaguid, (struct slice){ models->aaguids[i], 16 }))
			return true;
	}
	return false;
}

static bool
model_welcome(const struct wa_attestation_policy *policy, struct slice aaguid)
{
	return (policy->models_allowed == NULL ||
		   lists_model(policy->models_allowed, aaguid)) &&
	       (policy->models_refused == NULL ||
		   !lists_model(policy->models_refused, aaguid));
}

/* 23.  Models of U2F are known by the key of their certificate. */
static enum wa_verdict
find_model(const struct wa_statement *st, const struct wa_x5c *path,
    struct wa_mds_entry *entry, bool *found)
{
	const struct wa_mds *mds = st->policy->metadata;
	uint8_t id[20];

	*found = wa_mds_find(mds, st->authdata->aaguid, entry);
	for (size_t i = 0; i < path->count && !*found; i++) {
		if (!wa_certificate_key_id(path->certs[i], id))
			return WA_FAULT;
		*found = wa_mds_find_key(
		    mds, (struct slice){ id, sizeof(id) }, entry);
	}
	return WA_OK;
}

/* FIDO MDS 3.1.4: what became known of the model. */
static enum wa_verdict
judge_model(const struct wa_attestation_policy *policy,
    const struct wa_mds_entry *entry, bool found)
{
	const unsigned against = WA_MDS_UNDESIRED & ~policy->tolerated_statuses;

	if (policy->refuse_expired_metadata &&
	    wa_mds_expired(policy->metadata, policy->at))
		return WA_METADATA_EXPIRED;
	if (!found)
		return policy->require_metadata ? WA_MODEL_UNKNOWN : WA_OK;
	return (entry->statuses & against) != 0 ? WA_MODEL_STATUS : WA_OK;
}

/* 24.  To the model's anchors, and to those of the policy. */
static enum wa_verdict
lead(const struct wa_attestation_policy *policy, const struct wa_x5c *path,
    const struct wa_mds_entry *entry)
{
	struct wa_lead to = { entry->anchors, policy->revoked, policy->at };
	enum wa_verdict v = WA_TRUST_PATH;

	if (to.anchors.count > 0)
		v = wa_x5c_lead(path, &to);
	to.anchors = policy->anchors;
	if (v == WA_TRUST_PATH && to.anchors.count > 0)
		v = wa_x5c_lead(path, &to);
	return v;
}

/* 23, 24, where there is a path. */
static enum wa_verdict
judge_path(const struct wa_statement *st, const struct wa_x5c *path,
    struct wa_judged *out)
{
	const struct wa_attestation_policy *policy = st->policy;
	struct wa_mds_entry entry = { 0 };
	bool found = false;
	enum wa_verdict v;

	if (policy->metadata != NULL &&
	    ((v = find_model(st, path, &entry, &found)) != WA_OK ||
		(v = judge_model(policy, &entry, found)) != WA_OK))
		return v;
	if (policy->metadata == NULL && policy->require_metadata)
		return WA_MODEL_UNKNOWN;
	v = lead(policy, path, &entry);
	if (v == WA_TRUST_PATH && !policy->require_trusted)
		return WA_OK; /* as uncertain as before */
	if (v == WA_OK) {
		out->type = WA_ATTESTATION_TRUSTED;
		out->model_name = entry.name;
		out->model_statuses = entry.statuses;
	}
	return v;
}

/* 23, 24. */
static enum wa_verdict
judge_trust(const struct wa_statement *st, const struct wa_attested *attested,
    struct wa_judged *out)
{
	const struct wa_attestation_policy *policy = st->policy;

	if (attested->type == WA_ATTESTATION_NONE && policy->refuse_none)
		return WA_NONE_REFUSED;
	if (attested->type == WA_ATTESTATION_SELF && policy->refuse_self)
		return WA_SELF_REFUSED;
	if (attested->path == NULL)
		return policy->require_trusted ? WA_TRUST_PATH : WA_OK;
	return judge_path(st, attested->path, out);
}

/* A format of tomorrow says nothing to us: that is no attestation. */
static enum wa_verdict
judge_unknown(const struct wa_cbor *name, const struct wa_statement *st,
    struct wa_judged *out)
{
	const struct wa_attested nothing = { .type = WA_ATTESTATION_NONE };
	enum wa_verdict v;

	if (!st->policy->accept_unknown_formats)
		return WA_FORMAT;
	if ((v = judge_trust(st, &nothing, out)) != WA_OK)
		return v;
	*out = (struct wa_judged){ .type = WA_ATTESTATION_NONE,
		.format = wa_att_none.format,
		.unknown_format = name->bytes };
	return WA_OK;
}

enum wa_verdict
wa_attestation_judge(const struct wa_cbor *name, const struct wa_statement *st,
    struct wa_judged *out)
{
	const struct wa_attestation *a = find(name);
	struct wa_attested attested = { 0 };
	struct wa_judged judged;
	enum wa_verdict v;

	if (!model_welcome(st->policy, st->authdata->aaguid))
		return WA_MODEL_REFUSED;
	if (a == NULL)
		return judge_unknown(name, st, out);
	if (!format_welcome(st->policy, a->format))
		return WA_FORMAT_REFUSED;
	if ((v = a->verify(st, &attested)) != WA_OK) /* 22 */
		return v;
	judged = attested.inside;
	judged.type = attested.type;
	judged.format = a->format;
	v = attested.settled ? WA_OK : judge_trust(st, &attested, &judged);
	if (v == WA_OK)
		*out = judged;
	wa_x5c_free(attested.path);
	return v;
}
