/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/trust.h"

#include <stdlib.h>
#include <string.h>

#include "web/server/metadata.h"

static const char *const *
words(const struct config_list *l)
{
	return l->n > 0 ? (const char *const *)l->v : NULL;
}

/* Where an option is set it says whether; else the preset has said it. */
static void
follow(bool *flag, const char *option, const char *yes)
{
	if (*option != '\0')
		*flag = strcmp(option, yes) == 0;
}

static void
fill_algorithms(struct trust *t, const struct config *c)
{
	size_t n = c->algorithms.n;

	if (n == 0)
		n = wa_policy_algorithms(
		    &t->policy, t->algorithms, CONFIG_ALGORITHMS_MAX);
	else
		for (size_t i = 0; i < n; i++)
			t->algorithms[i] = config_algorithm(c->algorithms.v[i]);
	t->policy.algorithms = t->algorithms;
	t->policy.algorithm_count = n;
}

static void
fill_attestation(struct wa_attestation_policy *a, const struct config *c)
{
	const char *how = c->attestation;

	if (*how != '\0') {
		a->refuse_none = a->refuse_self = strcmp(how, "any") != 0;
		a->require_trusted = strcmp(how, "trusted") == 0;
	}
	if (c->attestation_formats.n > 0)
		a->formats = words(&c->attestation_formats);
	a->tpm_manufacturers = words(&c->tpm_manufacturers);
	follow(&a->accept_unknown_formats, c->attestation_unknown, "accept");
	follow(&a->android_require_tee, c->android_tee, "required");
	follow(&a->u2f_require_zero_aaguid, c->u2f_zero_aaguid, "required");
	follow(&a->require_metadata, c->metadata_models, "required");
	follow(&a->refuse_expired_metadata, c->metadata_expired, "refuse");
	for (size_t i = 0; i < c->metadata_tolerated.n; i++)
		a->tolerated_statuses |=
		    wa_mds_status_find(c->metadata_tolerated.v[i]);
}

static bool
fill_models(struct trust *t, const struct config *c)
{
	const struct config_list *lists[] = { &c->aaguids_allowed,
		&c->aaguids_refused };
	const size_t n = lists[0]->n + lists[1]->n;
	struct wa_attestation_policy *a = &t->policy.attestation;
	size_t at = 0;

	if (n == 0)
		return true;
	if ((t->aaguids = calloc(n, sizeof(*t->aaguids))) == NULL)
		return false;
	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l]->n; i++)
			if (!config_aaguid(lists[l]->v[i], t->aaguids[at++]))
				return false;
	t->allowed =
	    (struct wa_models){ (const uint8_t(*)[16])t->aaguids, lists[0]->n };
	t->refused =
	    (struct wa_models){ (const uint8_t(*)[16])t->aaguids + lists[0]->n,
		    lists[1]->n };
	a->models_allowed = lists[0]->n > 0 ? &t->allowed : NULL;
	a->models_refused = lists[1]->n > 0 ? &t->refused : NULL;
	return true;
}

static bool
fill_files(struct trust *t, const struct config *c)
{
	bool good = true;

	if (*c->attestation_anchors != '\0')
		good = derfile_add(&t->anchors, DERFILE_CERTIFICATES,
		    "attestation_anchors", c->attestation_anchors);
	good = derfile_add_all(&t->crls, DERFILE_CRLS, "attestation_crls",
		   &c->attestation_crls) &&
	       good;
	t->policy.attestation.anchors =
	    (struct wa_trust_anchors){ t->anchors.der, t->anchors.n };
	t->policy.attestation.revoked =
	    (struct wa_revocation_lists){ t->crls.der, t->crls.n };
	return good;
}

/*
 * Asked for is what the pages ask for; and credProtect, which browsers ask of
 * security keys on their own.
 */
static void
fill_extensions(struct wa_extension_policy *e, const struct config *c)
{
	e->requested = WA_EXT_CRED_PROPS | WA_EXT_CRED_PROTECT;
	follow(&e->refuse_unsolicited, c->extensions_unasked, "refuse");
}

/* L3 5.4.7: who asks for none may be given no AAGUID either. */
static bool
wants_statements(const struct trust *t, const struct config *c)
{
	const struct wa_attestation_policy *a = &t->policy.attestation;

	return a->refuse_none || a->require_metadata ||
	       a->models_allowed != NULL || a->models_refused != NULL ||
	       c->attestation_formats.n > 0;
}

bool
trust_fill(struct trust *t, const struct config *c)
{
	bool good;

	t->policy = *wa_policy_find(c->policy);
	fill_algorithms(t, c);
	fill_attestation(&t->policy.attestation, c);
	fill_extensions(&t->policy.extensions, c);
	if (*c->backup_eligibility != '\0')
		t->policy.backup = strcmp(c->backup_eligibility, "any") == 0
				       ? WA_BACKUP_EITHER
				   : strcmp(c->backup_eligibility, "never") == 0
				       ? WA_BACKUP_NEVER
				       : WA_BACKUP_ALWAYS;
	/* What is to stay in one device may not begin to leave it later. */
	t->policy.refuse_backup_upgrade = t->policy.backup == WA_BACKUP_NEVER;
	good = fill_models(t, c) ||
	       derfile_complain("aaguids_allowed", c->policy, "no memory");
	t->policy.want_attestation = wants_statements(t, c);
	return fill_files(t, c) && good;
}

void
trust_clear(struct trust *t)
{
	derfile_clear(&t->anchors);
	derfile_clear(&t->crls);
	free(t->aaguids);
	*t = (struct trust){ 0 };
}

bool
trust_check(const struct config *c)
{
	struct trust t = { 0 };
	struct metadata *m = metadata_new(c);
	bool good = trust_fill(&t, c);

	good = m != NULL && metadata_check(m) && good;
	metadata_free(m);
	trust_clear(&t);
	return good;
}
