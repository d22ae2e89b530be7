/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/enrolment.h"

#include <stdio.h>

#include "rp/accounts.h"
#include "rp/audit.h"
#include "rp/passkeys.h"
#include "store/spent.h"

enum {
	TRANSPORTS = STORE_TRANSPORT_INTERNAL | STORE_TRANSPORT_HYBRID |
		     STORE_TRANSPORT_USB | STORE_TRANSPORT_NFC |
		     STORE_TRANSPORT_BLE | STORE_TRANSPORT_SMART_CARD
};

/* Its owner's name for it, else its provider's, else what one calls it. */
static enum rp_answer
name_it(struct rp_call *call, const struct rp_ceremony *ceremony,
    const char *chosen, struct store_credential *c)
{
	const char *provider = rp_provider_name(c->aaguid);

	if (chosen != NULL)
		return rp_label_prepare(
		    chosen, c->name, sizeof(c->name), &call->hint);
	if (provider == NULL)
		provider = strcmp(ceremony->locale, "ja") == 0 ? "パスキー"
							       : "Passkey";
	snprintf(c->name, sizeof(c->name), "%s", provider);
	return RP_OK;
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
	return true;
}

static enum rp_answer
refuse(struct rp *rp, struct rp_call *call, enum wa_verdict v)
{
	if (v == WA_FAULT)
		return RP_FAULT;
	call->verdict = v;
	(void)rp_count_network(rp, call, RP_LIMIT_REFUSED_NETWORK);
	return RP_PASSKEY_REFUSED;
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
		.attestation = rp->config.attestation,
	};
	struct wa_registration_result r;
	enum rp_answer answer;
	enum wa_verdict v;

	answer = rp_limit_network(rp, call, RP_LIMIT_REFUSED_NETWORK);
	if (answer != RP_OK)
		return answer;
	want.attestation.at = (time_t)(call->now / 1000);
	v = wa_registration_verify(&want, &got->registration, &r);
	if (v != WA_OK)
		return refuse(rp, call, v);
	memset(c, 0, sizeof(*c));
	if (!fill(&r, c))
		return refuse(rp, call, WA_KEY_FORM);
	c->transports = got->transports & TRANSPORTS;
	c->created = call->now;
	call->credential_known = true;
	call->credential =
	    store_credential_ref((struct slice){ c->id, c->id_n });
	return name_it(call, ceremony, got->name, c);
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

	rp_audit_id(&d, "passkey", "pk_", ref.b);
	rp_audit_text(&d, "format", c->format);
	rp_audit_number(&d, "flags", c->flags);
	rp_audit_text(&d, "by", by);
	rp_audit_client(&d, call);
	return rp_audit_append(t, call, &c->account, "passkey-added", &d);
}
