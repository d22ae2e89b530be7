/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTJWS_H
#define TESTS_SOFTJWS_H

#include "tests/softca.h"

/* Makes JWS in compact form with certificates in the header, as SafetyNet and
 * the FIDO metadata service do. */

struct softjws_script {
	const char *alg; /* in the header; NULL: the true one */
	const char *host; /* of the signer's certificate */
	bool elliptic; /* the key is of P-256, not RSA */
	bool critical, no_x5c, bad_signature;
	bool long_header, long_signature; /* of 300 members; a byte behind */
	size_t certificates; /* 0: two */
};

/* Appends the JWS around a payload, signed with key, certified by ca. */
void softjws_make(struct softca *ca, EVP_PKEY *key,
    const struct softjws_script *script, struct slice payload,
    struct soft_bytes *out);

#endif
