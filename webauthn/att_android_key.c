/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/attestation.h"

#include "webauthn/android.h"
#include "webauthn/evp.h"
#include "webauthn/x5c.h"

/* WebAuthn L3 section 8.4, editor's draft of 2026-07-30. */

/* 1.3.6.1.4.1.11129.2.1.17 */
#define OID_KEY_DESCRIPTION WA_OID("\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\x11")

/*
 * The union of both lists, or the tee's alone where the policy insists on
 * hardware.  Where both name an origin, both must be right.
 */
static enum wa_verdict
judge_lists(const struct wa_attestation_policy *policy,
    const struct wa_android_description *d)
{
	struct wa_android_list a = d->tee;

	if (d->tee.all_applications || d->software.all_applications)
		return WA_ANDROID_ALL_APPLICATIONS;
	if (!policy->android_require_tee) {
		const struct wa_android_list *s = &d->software;

		a.generated = (a.generated || !a.has_origin) &&
			      (s->generated || !s->has_origin);
		a.has_origin = a.has_origin || s->has_origin;
		a.may_sign = a.may_sign || s->may_sign;
		a.has_purpose = a.has_purpose || s->has_purpose;
	}
	if (a.has_origin ? !a.generated : !policy->android_lists_optional)
		return WA_ANDROID_ORIGIN;
	if (a.has_purpose ? !a.may_sign : !policy->android_lists_optional)
		return WA_ANDROID_PURPOSE;
	return WA_OK;
}

static enum wa_verdict
judge_extension(const struct wa_statement *st, X509 *cert)
{
	struct wa_android_description d;
	struct slice value;
	bool critical;

	if (wa_certificate_extension(
		cert, OID_KEY_DESCRIPTION, &value, &critical) != 1 ||
	    !wa_android_description_parse(value, &d))
		return WA_ANDROID_EXTENSION;
	if (!slice_equal(d.challenge, st->client_data_hash))
		return WA_ANDROID_CHALLENGE;
	return judge_lists(st->policy, &d);
}

static enum wa_verdict
judge_signature(
    const struct wa_statement *st, EVP_PKEY *key, int64_t alg, struct slice sig)
{
	const struct slice parts[2] = { st->authdata_raw,
		st->client_data_hash };
	const struct wa_algorithm *a = wa_algorithm_find(alg);
	enum wa_verdict v;

	if (a == NULL || a->attestation_only)
		return WA_STATEMENT_ALGORITHM;
	v = wa_evp_verify(key, a, parts, sig);
	return v == WA_SIGNATURE ? WA_STATEMENT_SIGNATURE : v;
}

static enum wa_verdict
verify(const struct wa_statement *st, struct wa_attested *out)
{
	struct wa_cbor alg, sig, x5c;
	struct wa_x5c *path = NULL;
	enum wa_verdict v;
	int64_t id;

	if (st->map.value != 3 || !wa_cbor_get_text(&st->map, "alg", &alg) ||
	    !wa_cbor_int(&alg, &id) ||
	    !wa_cbor_get_text(&st->map, "sig", &sig) ||
	    sig.kind != WA_CBOR_BYTES ||
	    !wa_cbor_get_text(&st->map, "x5c", &x5c))
		return WA_STATEMENT_FORM;
	if ((v = wa_x5c_parse(&x5c, &path)) != WA_OK)
		return v;
	if ((v = judge_signature(st, path->key, id, sig.bytes)) != WA_OK ||
	    (v = wa_evp_same_key(path->key, st->key)) != WA_OK ||
	    (v = judge_extension(st, path->certs[0])) != WA_OK)
		goto out;
	*out = (struct wa_attested){ .type = WA_ATTESTATION_UNCERTAIN,
		.path = path };
	path = NULL; /* now the caller's */
out:
	wa_x5c_free(path);
	return v;
}

const struct wa_attestation wa_att_android_key = {
	.format = "android-key",
	.verify = verify,
};
