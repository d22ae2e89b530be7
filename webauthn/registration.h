/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_REGISTRATION_H
#define WEBAUTHN_REGISTRATION_H

#include <time.h>

#include "webauthn/authdata.h"
#include "webauthn/expectation.h"
#include "webauthn/extensions.h"
#include "webauthn/mds.h"
#include "webauthn/trust.h"
#include "webauthn/verdict.h"

/* What navigator.credentials.create() returned, decoded from base64url. */
struct wa_registration {
	struct slice credential_id; /* rawId */
	struct slice client_data_json;
	struct slice attestation_object;
	struct slice
	    client_extensions; /* clientExtensionResults; may be empty */
};

/* A list of AAGUIDs. */
struct wa_models {
	const uint8_t (*aaguids)[16];
	size_t count;
};

/*
 * Which attestations are welcome.  Zero is the consumer's default: none and
 * self attestation accepted, a certificate path verified where one is sent
 * but led to no anchor.
 */
struct wa_attestation_policy {
	bool refuse_none;
	bool refuse_self;
	bool require_trusted; /* the path must reach an anchor */
	struct wa_trust_anchors anchors;
	time_t at; /* the time that certificates are judged at */

	/* TPM makers beside those the TCG lists: "id:FFFFF1D0"; ends with
	 * NULL, or NULL for none. */
	const char *const *tpm_manufacturers;
	bool android_require_tee; /* origin and purpose enforced by hardware */
	bool android_lists_optional; /* they may be missing, but not be wrong */
	bool u2f_require_zero_aaguid; /* as FIDO's conformance tests want */

	struct wa_revocation_lists revoked;

	/* Formats that are welcome, by name; ends with NULL, or NULL for all
	 * that we know.  One that we do not know counts as no attestation
	 * where accept_unknown_formats says so. */
	const char *const *formats;
	bool accept_unknown_formats;

	/* AAGUIDs that are welcome, and that are not; NULL: any, none.  They
	 * are the client's word alone unless require_trusted.  U2F signs none:
	 * it is welcome where models_allowed has sixteen zeros. */
	const struct wa_models *models_allowed, *models_refused;

	/* What is known of models; NULL: nothing.  A model that is found leads
	 * to its own anchors and not to those above, unless
	 * anchors_beside_metadata says that these speak for every model.  A
	 * status out of WA_MDS_UNDESIRED that is not tolerated refuses it,
	 * whatever attests it: of none and self the AAGUID is the client's
	 * word, and counts against it. */
	const struct wa_mds *metadata;
	bool anchors_beside_metadata;
	bool require_metadata; /* the model must be known, attested or not */
	bool refuse_expired_metadata;
	unsigned tolerated_statuses; /* WA_MDS_… */
};

/* Whether a credential may be one that can be backed up: a synced passkey. */
enum wa_backup_policy {
	WA_BACKUP_EITHER,
	WA_BACKUP_NEVER, /* bound to one device */
	WA_BACKUP_ALWAYS,
};

/* Beside the expectation, what only a registration is judged by. */
struct wa_registration_expectation {
	struct wa_expectation common;
	const int32_t *algorithms; /* COSE, as offered in pubKeyCredParams */
	size_t algorithm_count;
	bool conditional_create; /* user presence is not needed (7.1 step 15) */
	enum wa_backup_policy backup; /* 7.1 step 18 */
	struct wa_extension_policy extensions;
	struct wa_attestation_policy attestation;
};

enum wa_attestation_type {
	WA_ATTESTATION_NONE, /* fmt "none" */
	WA_ATTESTATION_SELF,
	WA_ATTESTATION_UNCERTAIN, /* a path that was led to no anchor */
	WA_ATTESTATION_TRUSTED, /* a path that reached an anchor */
};

/*
 * The credential record of WebAuthn L3 section 4, as far as a registration
 * fills it.  All slices point into the bytes of the wa_registration.
 */
struct wa_registration_result {
	struct slice credential_id; /* 1 to 1023 bytes */
	struct slice cose_key; /* judged: alg, curve, point, lengths */
	struct slice aaguid; /* 16 bytes; static zeros where U2F attests */
	int32_t algorithm;
	uint32_t sign_count;
	uint8_t flags; /* WA_FLAG_UP, _UV, _BE, _BS as received */
	const char *format; /* static: "none", "packed", … */
	enum wa_attestation_type attestation;
	struct slice unknown_format; /* its name, where that was accepted */
	bool legacy; /* the format has ended: SafetyNet, alone or inside */
	struct wa_extensions extensions;
	/* The model's, from metadata, where its attestation is TRUSTED; as long
	 * as that lives.  Else NULL and 0. */
	const char *model_name;
	unsigned model_statuses; /* WA_MDS_… */
};

/*
 * Judges a registration by WebAuthn L3 section 7.1, steps 5 to 25.  Whether
 * the credential id is taken already (step 26) is for the store to say.
 * Knows no clock, no store and no network.
 *
 * Returns WA_OK and fills *result; else the name of the first refusal, or
 * WA_FAULT where the machine failed, and leaves *result alone.
 */
enum wa_verdict wa_registration_verify(
    const struct wa_registration_expectation *want,
    const struct wa_registration *got, struct wa_registration_result *result);

#endif
