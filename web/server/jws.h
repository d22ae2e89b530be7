/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_JWS_H
#define WEB_SERVER_JWS_H

#include "rp/device.h"
#include "web/server/json_in.h"

/*
 * Proofs by the key of a phone or a browser, as they travel: a JWS in compact
 * form (RFC 7515 7.1) with ES256.  Form alone is judged here: rp judges what
 * the claims say, and the signature.
 */
enum { JWS_MAX = 4096 };

/*
 * Three parts in base64url; a header of {"typ", "alg"} and nothing else, typ
 * as wanted and alg "ES256"; a payload that is an object, in which the claims
 * that we read have their types and stand once, and others are passed over;
 * a signature of 64 bytes.  False where anything is otherwise.  *c points into
 * text and the arena.
 */
bool jws_read(
    struct slice text, const char *typ, struct arena *a, struct rp_claims *c);

/*
 * Reads a public key on P-256 as WebCrypto exports it (RFC 7517, 7518 6.2):
 * kty, crv, x and y, of 32 bytes each; ext, key_ops, alg, use and kid may
 * stand there too.  A private one is refused (field-unknown).  Whether it is a
 * point on the curve is rp_es256_key_judge()'s.  False with a problem in in.
 */
bool jwk_read(struct json_in *in, const struct json_node *jwk,
    const char *where, uint8_t key[64]);

#endif
