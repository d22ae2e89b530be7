/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_DEVICE_H
#define RP_DEVICE_H

#include "rp/rp.h"
#include "store/phones.h"

/*
 * Proofs by a key that never leaves a phone or a browser: a compact JWS
 * (ES256), one for each request, as DPoP has it.  The edge takes the text
 * apart and decodes it, refusing what is no JWS; what it says is judged here.
 */
struct rp_claims {
	const char *typ, *alg; /* of its header; NULL: not there */
	const char *phone; /* "phn_…"; NULL likewise */
	const char *approval; /* "apr_…" */
	const char *htm, *htu, *jti;
	int64_t iat; /* seconds */
	bool has_iat;
	bool has_ath;
	uint8_t ath[32];
	struct slice signing_input; /* header.payload, as it was sent */
	struct slice signature; /* r, s */
};

/* The request that carries it, as the edge received it. */
struct rp_facts {
	const char *method;
	const char *url; /* origin and path, without query */
	struct slice body; /* empty: none */
};

enum { RP_PROOF_SKEW_MS = 120 * 1000, RP_JTI_MAX = 64 };

#define RP_DEVICE_PROOF_TYP "itsumo-device+jwt"
#define RP_COLLECT_PROOF_TYP "itsumo-collect+jwt"

/*
 * A phone that has proved to be itself.  Every function that takes one uses
 * its proof up, in the transaction of what it does or in one of its own, so a
 * proof serves one call.
 */
struct rp_device {
	struct store_account account;
	struct store_phone phone;
	uint8_t proof[32]; /* names the proof among all */
	store_time proof_expires;
};

/*
 * Whose phone signed this request.  RP_DEVICE_PROOF_MALFORMED: claims are
 * missing or of the wrong form; RP_PHONE_UNKNOWN: removed, or never was;
 * RP_DEVICE_PROOF_REFUSED: of another request, too old, or not signed by the
 * phone's key (one answer for all three); RP_ACCOUNT_LOCKED; RP_RATE_LIMITED;
 * RP_FAULT.  Writes nothing.  That it was used before shows when it is used.
 */
enum rp_answer rp_device_prove(struct rp *rp, struct rp_call *call,
    const struct rp_claims *claims, const struct rp_facts *facts,
    struct rp_device *device);

/* A P-256 key as x, y is a point on its curve.  RP_KEY_MALFORMED, RP_FAULT. */
enum rp_answer rp_es256_key_judge(const uint8_t key[64]);

/*
 * signature is that of the key over the bytes, as JOSE has it (r, s).  RP_OK,
 * RP_DEVICE_PROOF_REFUSED, RP_FAULT.
 */
enum rp_answer rp_es256_verify(
    const uint8_t key[64], struct slice signed_bytes, struct slice signature);

/* The JWK thumbprint of a P-256 key, RFC 7638.  False: the machine failed. */
bool rp_es256_thumbprint(const uint8_t key[64], uint8_t jkt[32]);

#endif
