/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_TPM_H
#define WEBAUTHN_TPM_H

#include "webauthn/cose.h"

/*
 * The two structures in a TPM's attestation, taken apart by TPM 2.0 Library,
 * Part 2.  Slices point into what was parsed.
 */

enum { WA_TPM_RSA = 0x0001, WA_TPM_ECC = 0x0023 };

/* TPMT_PUBLIC, 12.2.4, of a key that signs. */
struct wa_tpm_public {
	uint16_t type; /* WA_TPM_RSA or WA_TPM_ECC */
	uint16_t name_algorithm;
	uint32_t attributes;
	struct slice policy; /* authPolicy */
	bool scheme_is_null;
	uint16_t scheme; /* TPM_ALG_ID */
	enum wa_hash scheme_hash; /* where there is a scheme */
	uint32_t exponent; /* RSA, as it stands: 0 means 65537 */
	struct slice n; /* RSA */
	uint16_t curve; /* ECC: TPM_ECC_CURVE */
	struct slice x, y; /* ECC */
};

/* TPMS_ATTEST, 10.12.8, as far as it is judged. */
struct wa_tpm_attest {
	struct slice extra_data;
	struct slice name; /* of TPMS_CERTIFY_INFO: algorithm, digest */
};

/*
 * Judge form alone: every length, every selector, nothing behind.  Of an area
 * also that it is of a key that signs, by the rules of 8.3 and 12.2.3; of an
 * attest that a TPM made it, and for TPM2_Certify: magic and type.
 * False, and the output left alone, otherwise.
 */
bool wa_tpm_public_parse(struct slice raw, struct wa_tpm_public *area);
bool wa_tpm_attest_parse(struct slice raw, struct wa_tpm_attest *info);

/* The area holds that credential key. */
bool wa_tpm_public_is(
    const struct wa_tpm_public *area, const struct wa_cose *key);

/* The hash that a TPM_ALG_ID stands for; WA_HASH_NONE: none of ours. */
enum wa_hash wa_tpm_hash(uint16_t algorithm);

/*
 * The TCG knows a manufacturer of that name, "id:" and eight hexadecimal
 * digits in capitals (TCG Vendor ID Registry).
 */
bool wa_tpm_manufacturer_known(struct slice name);

#endif
