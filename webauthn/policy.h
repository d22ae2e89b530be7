/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_POLICY_H
#define WEBAUTHN_POLICY_H

#include "webauthn/assertion.h"
#include "webauthn/registration.h"

/*
 * What a deployment wants, in one place: copied into the expectation of each
 * ceremony by the functions below, which then adds what is the ceremony's own.
 */
struct wa_policy {
	const char *name;
	const int32_t *algorithms; /* in the order they are offered */
	size_t algorithm_count;
	bool need_uv; /* userVerification "required" */
	bool want_attestation; /* ask for "direct", not "none" */
	enum wa_backup_policy backup;
	bool refuse_backup_upgrade;
	bool ignore_sign_count;
	struct wa_extension_policy extensions;
	struct wa_attestation_policy attestation; /* but for .at */
};

/*
 * The presets.  consumer: whoever has a passkey may use it; attestation is not
 * asked for, and not judged beyond its own words.  enterprise: keys that stay
 * in one device of a model that FIDO's metadata knows, has nothing against, and
 * gives the anchor of; without metadata that is in date it takes no new key.
 * Who has anchors of their own instead switches require_metadata off.
 */
extern const struct wa_policy wa_policy_consumer, wa_policy_enterprise;

/* By its name; NULL: there is none such. */
const struct wa_policy *wa_policy_find(const char *name);

/* The algorithms of a policy that the OpenSSL at hand has; returns how many,
 * at most size. */
size_t wa_policy_algorithms(
    const struct wa_policy *policy, int32_t *out, size_t size);

/* What the policy says of one ceremony, at a time; the rest is zero. */
struct wa_registration_expectation wa_policy_registration(
    const struct wa_policy *policy, time_t at);
struct wa_assertion_expectation wa_policy_assertion(
    const struct wa_policy *policy);

#endif
