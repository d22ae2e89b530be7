/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTPROOF_H
#define TESTS_SOFTPROOF_H

#include <openssl/evp.h>

#include "tests/softcbor.h"

/*
 * The key of a phone or of a browser, and proofs by it: compact JWS, which
 * tell the truth unless a script says otherwise.  Ends the program where the
 * machine fails: this is for tests.
 */
struct softproof_key {
	EVP_PKEY *key;
	uint8_t xy[64];
	char x[44], y[44]; /* the same in base64url, as a JWK has them */
};

void softproof_key_make(struct softproof_key *k);
void softproof_key_free(struct softproof_key *k);

/* What is NULL or 0 is left out of the claims, but for typ, alg and iat. */
struct softproof_script {
	const char *typ, *alg; /* NULL: "itsumo-device+jwt", "ES256" */
	const char *phone, *approval, *htm, *htu;
	const char *jti; /* NULL: a new one; "": left out */
	int64_t iat; /* seconds; 0: now */
	struct slice body; /* its hash is claimed; empty: none is */

	const char *header, *claims; /* instead of all of it, as JSON */
	const char *more; /* put before the claims' last brace: ",\"a\":1" */
	struct slice signature; /* instead of the truth */
	const struct softproof_key *by; /* who signs instead */
};

/* The text; yours to free(). */
char *softproof_make(
    const struct softproof_key *k, const struct softproof_script *s);

#endif
