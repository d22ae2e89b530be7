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

static const uint8_t zeros[16];
static const struct slice no_model = { zeros, sizeof(zeros) };

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

/* What U2F signs names no model: a list of those that are welcome has it only
 * where it has the zeros that U2F's devices send. */
static bool
model_welcome(const struct wa_attestation_policy *policy,
    const struct wa_attestation *a, struct slice aaguid)
{
	const struct slice signed_aaguid =
	    a != NULL && a->signs_no_model ? no_model : aaguid;

	return (policy->models_allowed == NULL ||
		   lists_model(policy->models_allowed, signed_aaguid)) &&
	       (policy->models_refused == NULL ||
		   (!lists_model(policy->models_refused, aaguid) &&
		       !lists_model(policy->models_refused, signed_aaguid)));
}

/* By the key of the certificate that signed, and of no other in x5c: nobody
 * has led the path anywhere yet, and anything may stand behind the first. */
static enum wa_verdict
find_by_key(const struct wa_mds *mds, const struct wa_x5c *path,
    struct wa_mds_entry *entry, bool *found)
{
	uint8_t id[20];

	if (path == NULL)
		return WA_OK;
	if (!wa_certificate_key_id(path->certs[0], id))
		return WA_FAULT;
	*found = wa_mds_find_key(mds, (struct slice){ id, sizeof(id) }, entry);
	return WA_OK;
}

/*
 * 23.  A model is known by its AAGUID, one of U2F by the key of its
 * certificate alone: it signs no AAGUID.  Where both are known what was
 * reported of either counts.
 */
static enum wa_verdict
find_model(const struct wa_statement *st, const struct wa_attested *attested,
    bool signs_no_model, struct wa_mds_entry *entry, bool *found)
{
	const struct wa_mds *mds = st->policy->metadata;
	struct wa_mds_entry by_key = { 0 };
	bool has_key = false;
	enum wa_verdict v;

	*found =
	    !signs_no_model && wa_mds_find(mds, st->authdata->aaguid, entry);
	if ((v = find_by_key(mds, attested->path, &by_key, &has_key)) != WA_OK)
		return v;
	if (!*found)
		*entry = by_key;
	entry->statuses |= by_key.statuses;
	*found = *found || has_key;
	return WA_OK;
}

/* FIDO MDS 3.1.4: what became known of the model.  Of none and self it is the
 * client's own word that speaks against it. */
static enum wa_verdict
judge_model(const struct wa_statement *st, const struct wa_attested *attested,
    bool signs_no_model, struct wa_mds_entry *entry, bool *found)
{
	const struct wa_attestation_policy *policy = st->policy;
	const unsigned against = WA_MDS_UNDESIRED & ~policy->tolerated_statuses;
	enum wa_verdict v;

	if (policy->metadata == NULL)
		return policy->require_metadata ? WA_MODEL_UNKNOWN : WA_OK;
	if (policy->refuse_expired_metadata &&
	    wa_mds_expired(policy->metadata, policy->at))
		return WA_METADATA_EXPIRED;
	v = find_model(st, attested, signs_no_model, entry, found);
	if (v != WA_OK)
		return v;
	if (!*found)
		return policy->require_metadata ? WA_MODEL_UNKNOWN : WA_OK;
	return (entry->statuses & against) != 0 ? WA_MODEL_STATUS : WA_OK;
}

/*
 * 24.  A model that is known leads to its own anchors: another vendor's root
 * does not speak for it.  One that is not leads to those of the policy.
 */
static enum wa_verdict
lead(const struct wa_attestation_policy *policy, const struct wa_x5c *path,
    const struct wa_mds_entry *entry, bool found)
{
	struct wa_lead to = { entry->anchors, policy->revoked, policy->at };
	enum wa_verdict v = WA_TRUST_PATH;

	if (found && to.anchors.count > 0)
		v = wa_x5c_lead(path, &to);
	to.anchors = policy->anchors;
	if (v == WA_TRUST_PATH && to.anchors.count > 0 &&
	    (!found || policy->anchors_beside_metadata))
		v = wa_x5c_lead(path, &to);
	return v;
}

/* 23, 24. */
static enum wa_verdict
judge_trust(const struct wa_statement *st, const struct wa_attested *attested,
    struct wa_judged *out)
{
	const struct wa_attestation_policy *policy = st->policy;
	struct wa_mds_entry entry = { 0 };
	bool found = false;
	enum wa_verdict v;

	if (attested->type == WA_ATTESTATION_NONE && policy->refuse_none)
		return WA_NONE_REFUSED;
	if (attested->type == WA_ATTESTATION_SELF && policy->refuse_self)
		return WA_SELF_REFUSED;
	v = judge_model(st, attested, out->signs_no_model, &entry, &found);
	if (v != WA_OK)
		return v;
	v = attested->path == NULL
		? WA_TRUST_PATH
		: lead(policy, attested->path, &entry, found);
	if (v == WA_TRUST_PATH && !policy->require_trusted)
		return WA_OK; /* as uncertain as before */
	if (v == WA_OK) {
		out->type = WA_ATTESTATION_TRUSTED;
		out->model_name = entry.name;
		out->model_statuses = entry.statuses;
	}
	return v;
}

/* A format of tomorrow says nothing to us: that is no attestation. */
static enum wa_verdict
judge_unknown(const struct wa_cbor *name, const struct wa_statement *st,
    struct wa_judged *out)
{
	const struct wa_attested nothing = { .type = WA_ATTESTATION_NONE };
	struct wa_judged judged = { .type = WA_ATTESTATION_NONE,
		.format = wa_att_none.format,
		.unknown_format = name->bytes };
	enum wa_verdict v;

	if (!st->policy->accept_unknown_formats)
		return WA_FORMAT;
	if ((v = judge_trust(st, &nothing, &judged)) == WA_OK)
		*out = judged;
	return v;
}

enum wa_verdict
wa_attestation_judge(const struct wa_cbor *name, const struct wa_statement *st,
    struct wa_judged *out)
{
	const struct wa_attestation *a = find(name);
	struct wa_attested attested = { 0 };
	struct wa_judged judged;
	enum wa_verdict v;

	if (!model_welcome(st->policy, a, st->authdata->aaguid))
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
	judged.legacy = judged.legacy || a->legacy;
	judged.signs_no_model = judged.signs_no_model || a->signs_no_model;
	v = attested.settled ? WA_OK : judge_trust(st, &attested, &judged);
	if (v == WA_OK)
		*out = judged;
	wa_x5c_free(attested.path);
	return v;
}
