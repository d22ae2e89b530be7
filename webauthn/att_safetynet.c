/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/attestation.h"

#include <openssl/x509v3.h>

#include "webauthn/b64.h"
#include "webauthn/hash.h"
#include "webauthn/jws.h"

/*
 * WebAuthn L3 section 8.5, editor's draft of 2026-07-30, which calls it
 * deprecated: Google answers no such requests since 2025.  What was kept from
 * before can still be read.
 */

#define HOST "attest.android.com"

/* A response is made within the ceremony.  FIDO's conformance tests allow it
 * to be a minute old; clocks differ, so the same ahead. */
#define AGE_MAX_MS 60000

/* The base64, with padding, of SHA-256 over what the other formats sign. */
static enum wa_verdict
judge_nonce(const struct wa_statement *st, const json_t *payload)
{
	const struct slice parts[2] = { st->authdata_raw,
		st->client_data_hash };
	const char *sent = json_string_value(json_object_get(payload, "nonce"));
	char nonce[WA_B64_SIZE(32)];
	uint8_t hash[32];

	if (!wa_hash_parts(WA_SHA256, parts, 2, hash) ||
	    !wa_b64_encode((struct slice){ hash, 32 }, nonce, sizeof(nonce)))
		return WA_FAULT;
	return sent != NULL && strcmp(sent, nonce) == 0 ? WA_OK
							: WA_SAFETYNET_NONCE;
}

static enum wa_verdict
judge_time(const struct wa_statement *st, const json_t *payload)
{
	const json_t *stamp = json_object_get(payload, "timestampMs");
	const json_int_t now = (json_int_t)st->policy->at * 1000;
	const json_int_t then = json_integer_value(stamp);

	return json_is_integer(stamp) && then <= now + AGE_MAX_MS &&
		       then >= now - AGE_MAX_MS
		   ? WA_OK
		   : WA_SAFETYNET_TIME;
}

static enum wa_verdict
judge_response(const struct wa_statement *st, const struct wa_jws *jws)
{
	enum wa_verdict v;

	if (X509_check_host(jws->path->certs[0], HOST, strlen(HOST),
		X509_CHECK_FLAG_NO_WILDCARDS, NULL) != 1)
		return WA_SAFETYNET_HOST;
	if ((v = judge_nonce(st, jws->payload)) != WA_OK)
		return v;
	if (!json_is_true(json_object_get(jws->payload, "ctsProfileMatch")))
		return WA_SAFETYNET_DEVICE;
	return judge_time(st, jws->payload);
}

static enum wa_verdict
verify(const struct wa_statement *st, struct wa_attested *out)
{
	struct wa_jws jws = { 0 };
	struct wa_cbor ver, response;
	enum wa_verdict v;

	if (st->map.value != 2 || !wa_cbor_get_text(&st->map, "ver", &ver) ||
	    ver.kind != WA_CBOR_TEXT || ver.bytes.n == 0 ||
	    !wa_cbor_get_text(&st->map, "response", &response) ||
	    response.kind != WA_CBOR_BYTES)
		return WA_STATEMENT_FORM;
	if ((v = wa_jws_verify(response.bytes, &jws)) != WA_OK)
		return v == WA_STATEMENT_FORM ? WA_SAFETYNET_RESPONSE : v;
	if ((v = judge_response(st, &jws)) == WA_OK) {
		*out = (struct wa_attested){ .type = WA_ATTESTATION_UNCERTAIN,
			.path = jws.path };
		jws.path = NULL; /* now the caller's */
	}
	wa_jws_clear(&jws);
	return v;
}

const struct wa_attestation wa_att_safetynet = {
	.format = "android-safetynet",
	.verify = verify,
	.legacy = true,
};
