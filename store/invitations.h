/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_INVITATIONS_H
#define STORE_INVITATIONS_H

#include "store/accounts.h"

/* A one-time way to make an account, or the first passkey of one. */
struct store_invitation {
	uint8_t token_hash[32]; /* SHA-256; the token is never stored */
	store_time created;
	store_time expires;
	bool for_account; /* account says whose; else a new one */
	struct account_id account;
	char name[STORE_NAME_MAX + 1]; /* proposed to a new one; "" open */
};

/*
 * STORE_TAKEN when the token_hash is in use, STORE_ABSENT when it is for an
 * account that is not there.
 */
enum store_rc store_invitation_add(
    struct store_txn *t, const struct store_invitation *i);
/* STORE_ABSENT when it never was, was used, or has expired by now. */
enum store_rc store_invitation_get(struct store_txn *t,
    const uint8_t token_hash[32], store_time now, struct store_invitation *i);
enum store_rc store_invitation_remove(
    struct store_txn *t, const uint8_t token_hash[32]);

#endif
