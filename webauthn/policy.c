/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/policy.h"

#include "webauthn/algorithm.h"

/* What L3 5.4 recommends, then what else is sound; ES256 is what there is. */
static const int32_t all[] = { -7, -8, -257, -35, -36, -37, -38, -39, -258,
	-259, -47, -53, -48, -49, -50 };

/* Signatures of 128 bits of strength and more, by schemes with a proof. */
static const int32_t strong[] = { -7, -8, -35, -36, -53, -37, -38, -39, -48,
	-49, -50, -257 };

/* SafetyNet has ended.  None and self are refused under names of their own. */
static const char *const attested[] = { "none", "packed", "tpm", "android-key",
	"apple", "fido-u2f", "compound", NULL };

const struct wa_policy wa_policy_consumer = {
	.name = "consumer",
	.algorithms = all,
	.algorithm_count = sizeof(all) / sizeof(all[0]),
	.need_uv = true,
	.attestation = { .accept_unknown_formats = true },
};

const struct wa_policy wa_policy_enterprise = {
	.name = "enterprise",
	.algorithms = strong,
	.algorithm_count = sizeof(strong) / sizeof(strong[0]),
	.need_uv = true,
	.want_attestation = true,
	.backup = WA_BACKUP_NEVER,
	.refuse_backup_upgrade = true,
	.attestation = {
		.refuse_none = true,
		.refuse_self = true,
		.require_trusted = true,
		.formats = attested,
		.android_require_tee = true,
		.require_metadata = true,
		.refuse_expired_metadata = true,
	},
};

const struct wa_policy *
wa_policy_find(const char *name)
{
	static const struct wa_policy *const presets[] = { &wa_policy_consumer,
		&wa_policy_enterprise };

	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
		if (strcmp(presets[i]->name, name) == 0)
			return presets[i];
	}
	return NULL;
}

size_t
wa_policy_algorithms(const struct wa_policy *policy, int32_t *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < policy->algorithm_count && n < size; i++) {
		if (wa_algorithm_usable(policy->algorithms[i]))
			out[n++] = policy->algorithms[i];
	}
	return n;
}

struct wa_registration_expectation
wa_policy_registration(const struct wa_policy *policy, time_t at)
{
	struct wa_registration_expectation want = {
		.common.need_uv = policy->need_uv,
		.algorithms = policy->algorithms,
		.algorithm_count = policy->algorithm_count,
		.backup = policy->backup,
		.extensions = policy->extensions,
		.attestation = policy->attestation,
	};

	want.attestation.at = at;
	return want;
}

struct wa_assertion_expectation
wa_policy_assertion(const struct wa_policy *policy)
{
	return (struct wa_assertion_expectation){
		.common.need_uv = policy->need_uv,
		.ignore_sign_count = policy->ignore_sign_count,
		.refuse_backup_upgrade = policy->refuse_backup_upgrade,
		.extensions = {
			.requested = policy->extensions.requested,
			.refuse_unsolicited =
			    policy->extensions.refuse_unsolicited,
		},
	};
}
