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

/*
 * Those that are good at `now`, in no order that means anything, from the
 * first one after `after` (NULL: from the beginning).  Writes at most max, *n
 * of them; fewer than max: there are no more.
 */
enum store_rc store_invitations_list(struct store_txn *t,
    const uint8_t after[32], store_time now, struct store_invitation *out,
    size_t max, size_t *n);
/* By the first half of its token_hash, which tells nothing of the token. */
enum store_rc store_invitation_find(struct store_txn *t, const uint8_t half[16],
    store_time now, struct store_invitation *i);
/* All that are for that account; *n is how many there were. */
enum store_rc store_invitations_end(
    struct store_txn *t, const struct account_id *account, size_t *n);

#endif
