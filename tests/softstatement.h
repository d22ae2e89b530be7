/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTSTATEMENT_H
#define TESTS_SOFTSTATEMENT_H

#include "tests/softkey.h"
#include "webauthn/algorithm.h"

/* Inside the software authenticator: its state, and its statements. */

struct softkey {
	const struct wa_algorithm *algorithm;
	EVP_PKEY *key;
	EVP_PKEY *attestation_key;
	int32_t attestation_alg; /* that the key above is of */
	struct softca *ca;
	struct soft_bytes id, cose;
	struct soft_bytes client_data, authdata, signature, object;
};

/* Appends the attestation object around k->authdata. */
void softstatement_object(struct softkey *k, const struct softkey_script *s,
    struct slice client_data_hash, struct soft_bytes *out);

#endif
