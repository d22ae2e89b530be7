/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/registration.h"

#include "webauthn/attestation.h"
#include "webauthn/client_data.h"
#include "webauthn/hash.h"
#include "webauthn/second_opinion.h"
#include "webauthn/signature.h"

/*
 * Numbers in comments are steps of WebAuthn L3 section 7.1, editor's draft of
 * 2026-07-30.
 */

/* The three members of an attestation object, L3 6.5.4. */
struct attestation_object {
	struct wa_cbor format, statement;
	struct slice authdata;
};

/* 13. */
static enum wa_verdict
parse_object(struct slice raw, struct attestation_object *o)
{
	struct cursor c = cursor_over(raw);
	const struct wa_cbor map = cursor_cbor_item(&c);
	struct wa_cbor authdata;

	if (c.malformed)
		return WA_CBOR_FORM;
	if (!cursor_finished(&c) || map.kind != WA_CBOR_MAP || map.value != 3 ||
	    !wa_cbor_get_text(&map, "fmt", &o->format) ||
	    o->format.kind != WA_CBOR_TEXT ||
	    !wa_cbor_get_text(&map, "attStmt", &o->statement) ||
	    !wa_cbor_get_text(&map, "authData", &authdata) ||
	    authdata.kind != WA_CBOR_BYTES)
		return WA_ATTESTATION_OBJECT_FORM;
	o->authdata = authdata.bytes;
	return WA_OK;
}

static enum wa_verdict
judge_authdata(const struct wa_authdata *ad,
    const struct wa_registration_expectation *want)
{
	const bool be = ad->flags & WA_FLAG_BE, bs = ad->flags & WA_FLAG_BS;
	uint8_t hash[32];

	if (!wa_sha256(slice_of(want->common.rp_id), hash))
		return WA_FAULT;
	if (!slice_equal(ad->rp_id_hash, (struct slice){ hash, 32 })) /* 14 */
		return WA_RP_ID_HASH;
	if (!(ad->flags & WA_FLAG_UP) && !want->conditional_create) /* 15 */
		return WA_USER_ABSENT;
	if (want->common.need_uv && !(ad->flags & WA_FLAG_UV)) /* 16 */
		return WA_USER_UNVERIFIED;
	if (bs && !be) /* 17 */
		return WA_BACKUP_FLAGS;
	if (!(ad->flags & WA_FLAG_AT) || ad->credential_id.n == 0)
		return WA_AUTHDATA_FORM;
	if (want->backup == WA_BACKUP_NEVER && be) /* 18 */
		return WA_BACKUP_REFUSED;
	if (want->backup == WA_BACKUP_ALWAYS && !be)
		return WA_BACKUP_REQUIRED;
	return WA_OK;
}

/* 20, and that the key is one at all: with fmt none nobody else looks. */
static enum wa_verdict
judge_key(const struct wa_registration_expectation *want, struct slice raw,
    struct wa_cose *key)
{
	enum wa_verdict v = wa_cose_parse(raw, key);

	if (v != WA_OK || (v = wa_key_judge(key)) != WA_OK)
		return v;
	for (size_t i = 0; i < want->algorithm_count; i++) {
		if (want->algorithms[i] == key->algorithm->id)
			return WA_OK;
	}
	return WA_ALGORITHM;
}

/* 21 to 24, and the second opinion of what was found good. */
static enum wa_verdict
judge_attestation(const struct wa_registration_expectation *want,
    const struct attestation_object *object, const struct wa_statement *st,
    struct wa_judged *judged)
{
	enum wa_verdict v = wa_attestation_judge(&object->format, st, judged);

	if (v != WA_OK)
		return v;
	return wa_second_opinion(judged->format, st, want->common.rp_id);
}

enum wa_verdict
wa_registration_verify(const struct wa_registration_expectation *want,
    const struct wa_registration *got, struct wa_registration_result *result)
{
	static const uint8_t zeros[16];
	struct wa_judged judged = { 0 };
	struct attestation_object object;
	struct wa_extensions extensions;
	struct wa_authdata ad;
	struct wa_cose key;
	struct wa_statement st;
	uint8_t hash[32];
	enum wa_verdict v;

	if ((v = wa_client_data_judge(got->client_data_json, "webauthn.create",
		 &want->common)) != WA_OK || /* 5 to 11 */
	    (v = parse_object(got->attestation_object, &object)) != WA_OK ||
	    (v = wa_authdata_parse(object.authdata, &ad)) != WA_OK || /* 25 */
	    (v = judge_authdata(&ad, want)) != WA_OK || /* 14 to 18 */
	    (v = judge_key(want, ad.cose_key, &key)) != WA_OK || /* 20 */
	    (v = wa_extensions_read(ad.extensions, got->client_extensions,
		 &want->extensions, &extensions)) != WA_OK) /* 28 */
		return v;
	/* What the browser calls the credential is what was attested. */
	if (!slice_equal(got->credential_id, ad.credential_id))
		return WA_CREDENTIAL_ID;
	if (!wa_sha256(got->client_data_json, hash)) /* 12 */
		return WA_FAULT;
	st = (struct wa_statement){
		.map = object.statement,
		.authdata_raw = object.authdata,
		.authdata = &ad,
		.key = &key,
		.client_data_hash = { hash, sizeof(hash) },
		.policy = &want->attestation,
	};
	if ((v = judge_attestation(want, &object, &st, &judged)) != WA_OK)
		return v;
	*result = (struct wa_registration_result){
		/* 27 */
		.credential_id = ad.credential_id,
		.cose_key = ad.cose_key,
		.aaguid = judged.signs_no_model ? (struct slice){ zeros, 16 }
						: ad.aaguid,
		.algorithm = key.algorithm->id,
		.sign_count = ad.sign_count,
		.flags = ad.flags &
			 (WA_FLAG_UP | WA_FLAG_UV | WA_FLAG_BE | WA_FLAG_BS),
		.format = judged.format,
		.attestation = judged.type,
		.unknown_format = judged.unknown_format,
		.legacy = judged.legacy,
		.extensions = extensions,
		.model_name = judged.model_name,
		.model_statuses = judged.model_statuses,
	};
	return WA_OK;
}
