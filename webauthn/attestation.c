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

/* 23, 24. */
static enum wa_verdict
judge_trust(const struct wa_attestation_policy *policy,
    const struct wa_attested *attested, enum wa_attestation_type *type)
{
	enum wa_verdict v;

	*type = attested->type;
	if (attested->settled)
		return WA_OK;
	if (attested->type == WA_ATTESTATION_NONE && policy->refuse_none)
		return WA_NONE_REFUSED;
	if (attested->type == WA_ATTESTATION_SELF && policy->refuse_self)
		return WA_SELF_REFUSED;
	if (attested->path == NULL)
		return policy->require_trusted ? WA_TRUST_PATH : WA_OK;
	v = policy->anchors.count == 0
		? WA_TRUST_PATH
		: wa_x5c_lead(attested->path, &policy->anchors, policy->at);
	if (v == WA_OK)
		*type = WA_ATTESTATION_TRUSTED;
	else if (v == WA_TRUST_PATH && !policy->require_trusted)
		v = WA_OK;
	return v;
}

enum wa_verdict
wa_attestation_judge(const struct wa_cbor *name, const struct wa_statement *st,
    enum wa_attestation_type *type, const char **format)
{
	const struct wa_attestation *a = find(name);
	struct wa_attested attested = { 0 };
	enum wa_verdict v;

	if (a == NULL)
		return WA_FORMAT;
	if ((v = a->verify(st, &attested)) != WA_OK) /* 22 */
		return v;
	v = judge_trust(st->policy, &attested, type);
	if (v == WA_OK)
		*format = a->format;
	wa_x5c_free(attested.path);
	return v;
}
