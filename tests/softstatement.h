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

/* What the formats share.  hash is that of the client data. */
const struct wa_algorithm *softstatement_algorithm(
    const struct softkey_script *s);
EVP_PKEY *softstatement_key(struct softkey *k, const struct softkey_script *s);

/* "alg", "sig" and "x5c", each with its lies, as members of a map. */
void softstatement_alg(const struct softkey_script *s,
    const struct wa_algorithm *a, struct soft_bytes *out);
void softstatement_sig(const struct softkey_script *s, EVP_PKEY *key,
    const struct wa_algorithm *a, struct slice x, struct slice y,
    struct soft_bytes *out);
void softstatement_x5c(struct softkey *k, const struct softkey_script *s,
    EVP_PKEY *key, const struct softca_script *by_rules,
    struct soft_bytes *out);

/* How many members a lie adds to or takes from a map. */
size_t softstatement_members(const struct softkey_script *s, size_t truth);
void softstatement_member_more(
    const struct softkey_script *s, struct soft_bytes *out);

/* One format each: appends its statement. */
typedef void softstatement_put(struct softkey *k,
    const struct softkey_script *s, struct slice hash, struct soft_bytes *out);
softstatement_put softstatement_tpm, softstatement_android_key,
    softstatement_apple, softstatement_safetynet;

#endif
