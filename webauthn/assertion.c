/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/assertion.h"

#include "webauthn/client_data.h"
#include "webauthn/cose.h"
#include "webauthn/hash.h"
#include "webauthn/signature.h"

/*
 * Numbers in comments are steps of WebAuthn L3 section 7.2, editor's draft of
 * 2026-07-30.
 */

/* 6, as far as it needs no store. */
static enum wa_verdict
judge_owner(const struct wa_assertion_expectation *want,
    const struct wa_assertion *got, const struct wa_credential *credential)
{
	if (!slice_equal(got->credential_id, credential->credential_id))
		return WA_CREDENTIAL_ID;
	if (got->user_handle.n == 0)
		return want->need_user_handle ? WA_USER_HANDLE_MISSING : WA_OK;
	return slice_equal(got->user_handle, credential->user_handle)
		   ? WA_OK
		   : WA_USER_HANDLE;
}

/* 15, and L3 10.1.1: where we asked with an AppID and the client used it, its
 * hash stands instead.  That is for credentials of U2F times alone. */
static enum wa_verdict
judge_rp_id(const struct wa_authdata *ad,
    const struct wa_assertion_expectation *want, bool appid_used)
{
	const char *id = want->appid != NULL && appid_used ? want->appid
							   : want->common.rp_id;
	uint8_t hash[32];

	if (!wa_sha256(slice_of(id), hash))
		return WA_FAULT;
	return slice_equal(ad->rp_id_hash, (struct slice){ hash, 32 })
		   ? WA_OK
		   : WA_RP_ID_HASH;
}

static enum wa_verdict
judge_flags(const struct wa_authdata *ad,
    const struct wa_assertion_expectation *want,
    const struct wa_credential *credential)
{
	const bool be = ad->flags & WA_FLAG_BE, bs = ad->flags & WA_FLAG_BS;

	if (!(ad->flags & WA_FLAG_UP)) /* 16 */
		return WA_USER_ABSENT;
	if (want->common.need_uv && !(ad->flags & WA_FLAG_UV)) /* 17 */
		return WA_USER_UNVERIFIED;
	if (bs && !be) /* 18 */
		return WA_BACKUP_FLAGS;
	if (credential->backup_eligible && !be) /* 19.1 */
		return WA_BACKUP_CHANGED;
	if (!credential->backup_eligible && be && want->refuse_backup_upgrade)
		return WA_BACKUP_CHANGED; /* 19.2 */
	return WA_OK;
}

/* 20, 21. */
static enum wa_verdict
judge_signature(
    const struct wa_assertion *got, const struct wa_credential *credential)
{
	uint8_t hash[32];
	struct wa_cose key;
	enum wa_verdict v;

	if ((v = wa_cose_parse(credential->cose_key, &key)) != WA_OK)
		return v;
	if (!wa_sha256(got->client_data_json, hash))
		return WA_FAULT;
	return wa_signature_verify(&key, got->authenticator_data,
	    (struct slice){ hash, 32 }, got->signature);
}

/* 22.  A counter that stands still at zero is no counter at all. */
static bool
went_back(const struct wa_authdata *ad, const struct wa_credential *credential)
{
	return (ad->sign_count != 0 || credential->sign_count != 0) &&
	       ad->sign_count <= credential->sign_count;
}

enum wa_verdict
wa_assertion_verify(const struct wa_assertion_expectation *want,
    const struct wa_assertion *got, const struct wa_credential *credential,
    struct wa_assertion_result *result)
{
	struct wa_extensions extensions;
	struct wa_authdata ad;
	enum wa_verdict v;
	bool back;

	if ((v = judge_owner(want, got, credential)) != WA_OK || /* 6 */
	    (v = wa_client_data_judge(got->client_data_json, "webauthn.get",
		 &want->common)) != WA_OK || /* 8 to 14 */
	    (v = wa_authdata_parse(got->authenticator_data, &ad)) != WA_OK ||
	    (v = wa_extensions_read(ad.extensions, got->client_extensions,
		 &want->extensions, &extensions)) != WA_OK || /* 23 */
	    (v = judge_rp_id(&ad, want, got->appid_used || extensions.appid)) !=
		WA_OK || /* 15 */
	    (v = judge_flags(&ad, want, credential)) != WA_OK ||
	    (v = judge_signature(got, credential)) != WA_OK) /* 20, 21 */
		return v;
	back = went_back(&ad, credential);
	if (back && !want->ignore_sign_count) /* 22 */
		return WA_SIGN_COUNT;

	*result = (struct wa_assertion_result){
		/* 24 */
		.sign_count = ad.sign_count,
		.flags = ad.flags &
			 (WA_FLAG_UP | WA_FLAG_UV | WA_FLAG_BE | WA_FLAG_BS),
		.became_backup_eligible =
		    !credential->backup_eligible && (ad.flags & WA_FLAG_BE),
		.sign_count_went_back = back,
		.extensions = extensions,
	};
	return WA_OK;
}
