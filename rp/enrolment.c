/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/enrolment.h"

#include <stdio.h>

#include "rp/accounts.h"
#include "rp/audit.h"
#include "rp/passkeys.h"
#include "store/spent.h"
#include "webauthn/b64url.h"
#include "webauthn/hash.h"

enum {
	TRANSPORTS = STORE_TRANSPORT_INTERNAL | STORE_TRANSPORT_HYBRID |
		     STORE_TRANSPORT_USB | STORE_TRANSPORT_NFC |
		     STORE_TRANSPORT_BLE | STORE_TRANSPORT_SMART_CARD
};

/*
 * Its owner's name for it, else its model's by its attestation, else its
 * provider's, else what one calls it.
 */
static enum rp_answer
name_it(struct rp_call *call, const struct rp_ceremony *ceremony,
    const char *chosen, const char *model, struct store_credential *c)
{
	const char *provider = rp_provider_name(c->aaguid), *hint;

	if (chosen != NULL)
		return rp_label_prepare(
		    chosen, c->name, sizeof(c->name), &call->hint);
	if (model != NULL &&
	    rp_label_prepare(model, c->name, sizeof(c->name), &hint) == RP_OK)
		return RP_OK;
	if (provider == NULL)
		provider = strcmp(ceremony->locale, "ja") == 0 ? "パスキー"
							       : "Passkey";
	snprintf(c->name, sizeof(c->name), "%s", provider);
	return RP_OK;
}

/* What the page and the authenticator told, whether it was asked or not. */
static void
fill_traits(const struct wa_extensions *e, struct store_credential *c)
{
	if (e->resident_key_told)
		c->traits |= STORE_TRAIT_RESIDENT_TOLD;
	if (e->resident_key)
		c->traits |= STORE_TRAIT_RESIDENT;
	if (e->prf)
		c->traits |= STORE_TRAIT_PRF;
	if (e->large_blob)
		c->traits |= STORE_TRAIT_LARGE_BLOB;
	c->protection = e->protection;
	c->min_pin =
	    (uint8_t)(e->min_pin_length < 255 ? e->min_pin_length : 255);
}

static bool
fill(const struct wa_registration_result *r, struct store_credential *c)
{
	if (r->credential_id.n > sizeof(c->id) ||
	    r->cose_key.n > sizeof(c->cose_key) ||
	    r->aaguid.n != sizeof(c->aaguid))
		return false;
	memcpy(c->id, r->credential_id.p, r->credential_id.n);
	c->id_n = (uint16_t)r->credential_id.n;
	memcpy(c->cose_key, r->cose_key.p, r->cose_key.n);
	c->cose_key_n = (uint16_t)r->cose_key.n;
	memcpy(c->aaguid, r->aaguid.p, sizeof(c->aaguid));
	c->flags = r->flags & (WA_FLAG_UV | WA_FLAG_BE | WA_FLAG_BS);
	c->attestation = (uint8_t)r->attestation;
	c->algorithm = r->algorithm;
	c->sign_count = r->sign_count;
	snprintf(c->format, sizeof(c->format), "%s", r->format);
	fill_traits(&r->extensions, c);
	return true;
}

/* What is to be a passkey has no name yet: whom it is for stands for it. */
static struct credential_ref
trier(const struct rp_ceremony *ceremony)
{
	struct credential_ref who;

	memcpy(who.b, ceremony->account.b, sizeof(who.b));
	return who;
}

static enum rp_answer
refuse(struct rp *rp, struct rp_call *call, const struct rp_ceremony *ceremony,
    enum wa_verdict v)
{
	const struct credential_ref who = trier(ceremony);

	if (v == WA_FAULT)
		return RP_FAULT;
	call->verdict = v;
	rp_count_refused(rp, call, &who);
	return RP_PASSKEY_REFUSED;
}

/* What was verified becomes a record. */
static enum rp_answer
accept(struct rp *rp, struct rp_call *call, const struct rp_ceremony *ceremony,
    const struct rp_new_passkey *got, const struct wa_registration_result *r,
    struct store_credential *c)
{
	memset(c, 0, sizeof(*c));
	if (!fill(r, c))
		return refuse(rp, call, ceremony, WA_KEY_FORM);
	c->transports = got->transports & TRANSPORTS;
	c->created = call->now;
	call->credential_known = true;
	call->credential =
	    store_credential_ref((struct slice){ c->id, c->id_n });
	return name_it(call, ceremony, got->name, r->model_name, c);
}

enum rp_answer
rp_enrolment_judge(struct rp *rp, struct rp_call *call,
    const struct rp_ceremony *ceremony, const struct rp_new_passkey *got,
    struct store_credential *c)
{
	struct wa_registration_expectation want = {
		.common = rp_ceremony_expectation(rp, ceremony),
		.algorithms = rp->config.algorithms,
		.algorithm_count = rp->config.algorithm_count,
		.backup = rp->config.backup,
		.extensions = rp->config.extensions,
		.attestation = rp->config.attestation,
	};
	const struct credential_ref who = trier(ceremony);
	struct wa_registration_result r;
	struct wa_mds *metadata = NULL;
	enum rp_answer answer;
	enum wa_verdict v;

	if ((answer = rp_limit_passkey(rp, call, &who)) != RP_OK)
		return answer;
	if (rp->config.metadata != NULL)
		metadata = wa_mds_shelf_take(rp->config.metadata);
	want.attestation.at = (time_t)(call->now / 1000);
	want.attestation.metadata = metadata;
	v = wa_registration_verify(&want, &got->registration, &r);
	answer = v == WA_OK ? accept(rp, call, ceremony, got, &r, c)
			    : refuse(rp, call, ceremony, v);
	wa_mds_unref(metadata); /* which has the model's name */
	return answer;
}

enum rp_answer
rp_enrolment_free(struct store_txn *t, const struct rp_ceremony *ceremony,
    const struct store_credential *c, size_t *had)
{
	struct store_credential list[STORE_CREDENTIALS_MAX];
	enum store_rc rc;

	rc = store_spent(t, ceremony->challenge, ceremony->expires);
	if (rc != STORE_ABSENT)
		return rc == STORE_OK ? RP_CEREMONY_SPENT : RP_FAULT;
	rc = store_credential_find(
	    t, (struct slice){ c->id, c->id_n }, &list[0]);
	if (rc != STORE_ABSENT)
		return rc == STORE_OK ? RP_CREDENTIAL_TAKEN : RP_FAULT;
	if ((rc = store_credentials_of(t, &c->account, list, had)) != STORE_OK)
		return rp_answer_of(rc, RP_FAULT);
	return *had < STORE_CREDENTIALS_MAX ? RP_OK : RP_PASSKEYS_FULL;
}

enum store_rc
rp_enrolment_audit(struct store_txn *t, const struct rp_call *call,
    const struct store_credential *c, const char *by)
{
	const struct credential_ref ref =
	    store_credential_ref((struct slice){ c->id, c->id_n });
	struct rp_audit d = { 0 };
	char key[WA_B64URL_SIZE(32)];
	uint8_t hash[32];

	if (!wa_sha256((struct slice){ c->cose_key, c->cose_key_n }, hash) ||
	    !wa_b64url_encode((struct slice){ hash, 32 }, key, sizeof(key)))
		return STORE_FAULT;
	/* These two first: what it approves is held against them. */
	rp_audit_id(&d, "passkey", "pk_", ref.b);
	rp_audit_text(&d, "key", key);
	rp_audit_text(&d, "format", c->format);
	rp_audit_number(&d, "flags", c->flags);
	if (c->traits != 0)
		rp_audit_number(&d, "traits", c->traits);
	if (c->protection != 0)
		rp_audit_number(&d, "protection", c->protection);
	if (c->min_pin != 0)
		rp_audit_number(&d, "min_pin", c->min_pin);
	rp_audit_text(&d, "by", by);
	rp_audit_client(&d, call);
	return rp_audit_append(t, call, &c->account, "passkey-added", &d);
}
