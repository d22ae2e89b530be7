/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_REGISTRATION_H
#define WEBAUTHN_REGISTRATION_H

#include <time.h>

#include "webauthn/authdata.h"
#include "webauthn/expectation.h"
#include "webauthn/verdict.h"

/* What navigator.credentials.create() returned, decoded from base64url. */
struct wa_registration {
	struct slice credential_id; /* rawId */
	struct slice client_data_json;
	struct slice attestation_object;
};

/* DER certificates an attestation may end in: roots, intermediates, leaves. */
struct wa_trust_anchors {
	const struct slice *der;
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
};

/* Beside the expectation, what only a registration is judged by. */
struct wa_registration_expectation {
	struct wa_expectation common;
	const int32_t *algorithms; /* COSE, as offered in pubKeyCredParams */
	size_t algorithm_count;
	bool conditional_create; /* user presence is not needed (7.1 step 15) */
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
	struct slice aaguid; /* 16 bytes */
	int32_t algorithm;
	uint32_t sign_count;
	uint8_t flags; /* WA_FLAG_UP, _UV, _BE, _BS as received */
	const char *format; /* static: "none", "packed", … */
	enum wa_attestation_type attestation;
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
