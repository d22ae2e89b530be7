/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_ALGORITHM_H
#define WEBAUTHN_ALGORITHM_H

#include <stddef.h>
#include <stdint.h>

#include "webauthn/hash.h"

/* COSE key types, RFC 9053 section 7 and the IANA registry. */
enum wa_key_type {
	WA_KEY_OKP = 1,
	WA_KEY_EC2 = 2,
	WA_KEY_RSA = 3,
	WA_KEY_AKP = 7,
};

/* One row of the table of algorithms: adding one is adding a row. */
struct wa_algorithm {
	int32_t id; /* COSE */
	const char *name; /* as in the registry */
	enum wa_key_type key_type;
	int curve; /* COSE; EC2 and OKP */
	const char *openssl; /* of EC2 the group, else the key type */
	size_t size; /* of a coordinate or a raw key, in bytes */
	enum wa_hash hash; /* WA_HASH_NONE: it takes the message whole */
	bool pss; /* RSA: with that padding */
	bool attestation_only; /* RS1: old TPMs sign statements with it */
};

/* The algorithm of that COSE number, or NULL: we know of none. */
const struct wa_algorithm *wa_algorithm_find(int64_t id);

/*
 * The algorithm is known, is allowed for credentials, and the OpenSSL at hand
 * has it: what may be offered in pubKeyCredParams.
 */
bool wa_algorithm_usable(int64_t id);

#endif
