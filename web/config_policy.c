/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include <string.h>

#include <openssl/crypto.h>

#include "web/config_judge.h"
#include "webauthn/algorithm.h"
#include "webauthn/mds.h"
#include "webauthn/policy.h"

/* Judges of what new passkeys have to be. */

static bool
one_of(const char *value, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(value, *words) == 0)
			return true;
	return false;
}

static bool
lists(const struct config_list *l, const char *word)
{
	return l->n > 0 && one_of(word, (const char *const *)l->v);
}

const char *
judge_policy(const char *value)
{
	return wa_policy_find(value) != NULL
		   ? NULL
		   : "is neither consumer nor enterprise";
}

const char *
judge_user_verification(const char *value)
{
	return strcmp(value, "required") == 0
		   ? NULL
		   : "is not offered: a passkey is all there is to sign in "
		     "with, so it is required";
}

/* Of options that follow the policy where they are empty. */
static const char *
judge_word(const char *value, const char *const *words, const char *complaint)
{
	return *value == '\0' || one_of(value, words) ? NULL : complaint;
}

const char *
judge_attestation(const char *value)
{
	static const char *const words[] = { "any", "required", "trusted",
		NULL };

	return judge_word(value, words, "is none of any, required, trusted");
}

const char *
judge_backup(const char *value)
{
	static const char *const words[] = { "any", "never", "always", NULL };

	return judge_word(value, words, "is none of any, never, always");
}

const char *
judge_accept(const char *value)
{
	static const char *const words[] = { "accept", "refuse", NULL };

	return judge_word(value, words, "is neither accept nor refuse");
}

const char *
judge_demand(const char *value)
{
	static const char *const words[] = { "required", "optional", NULL };

	return judge_word(value, words, "is neither required nor optional");
}

const char *
judge_format(const char *value)
{
	static const char *const known[] = { "none", "packed", "tpm",
		"android-key", "android-safetynet", "fido-u2f", "apple",
		"compound", NULL };

	return one_of(value, known)
		   ? NULL
		   : "is no format we know (none, packed, tpm, android-key, "
		     "android-safetynet, fido-u2f, apple, compound)";
}

bool
config_aaguid(const char *text, uint8_t aaguid[16])
{
	for (size_t i = 0; i < 16; i++, text += 2) {
		int hi, lo;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return false;
		hi = OPENSSL_hexchar2int((unsigned char)text[0]);
		lo = hi < 0 ? -1 : OPENSSL_hexchar2int((unsigned char)text[1]);
		if (lo < 0)
			return false;
		aaguid[i] = (uint8_t)(hi << 4 | lo);
	}
	return *text == '\0';
}

const char *
judge_aaguid(const char *value)
{
	uint8_t aaguid[16];

	return config_aaguid(value, aaguid)
		   ? NULL
		   : "is no AAGUID such as "
		     "39a5647e-1853-446c-a1f6-a79bae9f5bc7";
}

/* TCG TPM Vendor ID Registry, as it stands in certificates. */
const char *
judge_tpm_manufacturer(const char *value)
{
	return strncmp(value, "id:", 3) == 0 && strlen(value) == 11 &&
		       strspn(value + 3, "0123456789ABCDEF") == 8
		   ? NULL
		   : "is not of the form id:FFFFF1D0";
}

const char *
judge_status(const char *value)
{
	return (wa_mds_status_find(value) & WA_MDS_UNDESIRED) != 0
		   ? NULL
		   : "is no status that speaks against a model (REVOKED, "
		     "USER_VERIFICATION_BYPASS, …)";
}

int32_t
config_algorithm(const char *name)
{
	static const struct {
		const char *name;
		int32_t cose;
	} known[] = { { "ES256", -7 }, { "EdDSA", -8 }, { "ES384", -35 },
		{ "ES512", -36 }, { "PS256", -37 }, { "PS384", -38 },
		{ "PS512", -39 }, { "ES256K", -47 }, { "ML-DSA-44", -48 },
		{ "ML-DSA-65", -49 }, { "ML-DSA-87", -50 }, { "Ed448", -53 },
		{ "RS256", -257 }, { "RS384", -258 }, { "RS512", -259 } };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcasecmp(known[i].name, name) == 0)
			return known[i].cose;
	return 0;
}

const char *
judge_algorithm(const char *value)
{
	const int32_t cose = config_algorithm(value);

	if (cose == 0)
		return "is no algorithm we know (ES256, ES384, ES512, EdDSA, "
		       "RS256, …)";
	return wa_algorithm_usable(cose)
		   ? NULL
		   : "is one that this machine's OpenSSL has not (ML-DSA needs "
		     "3.5)";
}

/* What holds of the whole, by the option or else by the preset. */
static bool
demands(const char *option, const char *word, bool preset)
{
	return *option == '\0' ? preset : strcmp(option, word) == 0;
}

/* Where an attestation's path is to lead. */
static void
judge_anchors(const struct config *c,
    const struct wa_attestation_policy *preset, struct config_problems *p)
{
	const bool metadata = *c->metadata != '\0';

	if (demands(c->metadata_models, "required", preset->require_metadata) &&
	    !metadata)
		config_complain(p, true,
		    "metadata_models: to be known to metadata models need "
		    "metadata and metadata_root; without it metadata_models = "
		    "optional, and attestation_anchors");
	else if (demands(c->attestation, "trusted", preset->require_trusted) &&
		 !metadata && *c->attestation_anchors == '\0')
		config_complain(p, true,
		    "attestation: trusted needs attestation_anchors, or "
		    "metadata");
	if (metadata != (*c->metadata_root != '\0'))
		config_complain(
		    p, true, "metadata, metadata_root: one needs the other");
	if (metadata && *c->metadata_host == '\0')
		config_complain(p, false,
		    "metadata_host: whoever has a certificate under "
		    "metadata_root may sign metadata");
}

/* The one and the other that nothing can be. */
static void
judge_agreement(const struct config *c,
    const struct wa_attestation_policy *preset, struct config_problems *p)
{
	bool named = *c->attestation == '\0'
			 ? preset->refuse_none
			 : strcmp(c->attestation, "any") != 0;

	if (named && c->attestation_formats.n == 1 &&
	    lists(&c->attestation_formats, "none"))
		config_complain(p, true,
		    "attestation_formats: none is no attestation, and one is "
		    "required");
	for (size_t i = 0; i < c->aaguids_refused.n; i++)
		if (lists(&c->aaguids_allowed, c->aaguids_refused.v[i]))
			config_complain(p, true,
			    "aaguids_refused: %s is in aaguids_allowed, too",
			    c->aaguids_refused.v[i]);
	if (c->aaguids_allowed.n > 0 &&
	    !demands(c->attestation, "trusted", preset->require_trusted))
		config_complain(p, false,
		    "aaguids_allowed: any passkey may claim to be one of "
		    "them, unless attestation = trusted");
}

void
config_judge_policy(const struct config *c, struct config_problems *p)
{
	const struct wa_policy *preset = wa_policy_find(c->policy);

	if (preset == NULL) /* which has been said */
		return;
	if (c->algorithms.n > CONFIG_ALGORITHMS_MAX)
		config_complain(p, true, "algorithms: %d of them at most",
		    CONFIG_ALGORITHMS_MAX);
	judge_anchors(c, &preset->attestation, p);
	judge_agreement(c, &preset->attestation, p);
}
