/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CREDENTIALS_H
#define STORE_CREDENTIALS_H

#include "store/accounts.h"

enum {
	STORE_CREDENTIAL_ID_MAX = 1023,
	STORE_COSE_KEY_MAX = 2816, /* an ML-DSA-87 key with its map */
	STORE_PASSKEY_NAME_MAX = 128, /* bytes of UTF-8 */
	STORE_CREDENTIALS_MAX = 32, /* an account */
};

/* The first 16 bytes of SHA-256 of the credential id. */
struct credential_ref {
	uint8_t b[16];
};

enum store_transport {
	STORE_TRANSPORT_INTERNAL = 1,
	STORE_TRANSPORT_HYBRID = 2,
	STORE_TRANSPORT_USB = 4,
	STORE_TRANSPORT_NFC = 8,
	STORE_TRANSPORT_BLE = 16,
	STORE_TRANSPORT_SMART_CARD = 32,
};

/* What extensions said when it was made. */
enum store_trait {
	STORE_TRAIT_RESIDENT_TOLD = 1, /* credProps.rk was there */
	STORE_TRAIT_RESIDENT = 2, /* and true: found without a name */
	STORE_TRAIT_PRF = 4,
	STORE_TRAIT_LARGE_BLOB = 8,
};

/* The credential record of WebAuthn L3 section 4, and what its owner sees. */
struct store_credential {
	struct account_id account;
	uint8_t id[STORE_CREDENTIAL_ID_MAX];
	uint16_t id_n;
	uint8_t cose_key[STORE_COSE_KEY_MAX];
	uint16_t cose_key_n;
	uint8_t aaguid[16];
	uint8_t flags; /* WA_FLAG_UV, _BE, _BS, as last seen */
	uint8_t transports; /* of enum store_transport */
	uint8_t attestation; /* enum wa_attestation_type */
	uint8_t traits; /* of enum store_trait */
	uint8_t protection; /* credProtect: 1 to 3; 0: not told */
	uint8_t min_pin; /* minPinLength; 0: not told; 255: that or more */
	int32_t algorithm;
	uint32_t sign_count;
	store_time created;
	store_time last_used; /* 0: not since it was made */
	store_time counter_went_back; /* 0: never */
	char format[24]; /* attestation statement format */
	char name[STORE_PASSKEY_NAME_MAX + 1];
};

struct credential_ref store_credential_ref(struct slice credential_id);

/*
 * STORE_TAKEN when any account has that credential id, STORE_ABSENT when there
 * is no such account, STORE_REFUSED when it has STORE_CREDENTIALS_MAX already.
 */
enum store_rc store_credential_add(
    struct store_txn *t, const struct store_credential *c);
enum store_rc store_credential_get(struct store_txn *t,
    const struct account_id *account, const struct credential_ref *ref,
    struct store_credential *c);
/* By the whole credential id, whoever owns it. */
enum store_rc store_credential_find(
    struct store_txn *t, struct slice id, struct store_credential *c);
/*
 * Replaces the record; neither account, id nor cose_key changes: STORE_FAULT.
 */
enum store_rc store_credential_put(
    struct store_txn *t, const struct store_credential *c);
enum store_rc store_credential_remove(struct store_txn *t,
    const struct account_id *account, const struct credential_ref *ref);
/* All of an account's, oldest first; out holds STORE_CREDENTIALS_MAX. */
enum store_rc store_credentials_of(struct store_txn *t,
    const struct account_id *account, struct store_credential *out, size_t *n);

#endif
