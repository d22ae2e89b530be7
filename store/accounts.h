/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_ACCOUNTS_H
#define STORE_ACCOUNTS_H

#include "store/store.h"

enum {
	STORE_NAME_MAX = 254, /* bytes of UTF-8, without the NUL */
	STORE_DISPLAY_NAME_MAX = 254,
	STORE_LOCALE_MAX = 15,
	STORE_USER_HANDLE = 32,
};

/* Begins with the time it was made: accounts made together lie together. */
struct account_id {
	uint8_t b[16];
};

enum store_account_state {
	STORE_ACCOUNT_ACTIVE = 1,
	STORE_ACCOUNT_LOCKED = 2,
};

struct store_account {
	struct account_id id;
	uint8_t user_handle[STORE_USER_HANDLE]; /* random; tells nothing */
	enum store_account_state state;
	store_time created;
	store_time changed; /* when state was last set */
	char name[STORE_NAME_MAX + 1]; /* as its owner wrote it */
	char name_key[STORE_NAME_MAX + 1]; /* as it is compared; unique */
	char display_name[STORE_DISPLAY_NAME_MAX + 1];
	char locale[STORE_LOCALE_MAX + 1]; /* "ja", "en"; "" unknown */
};

/* STORE_TAKEN when the name_key or the id belongs to an account. */
enum store_rc store_account_add(
    struct store_txn *t, const struct store_account *a);
enum store_rc store_account_get(
    struct store_txn *t, const struct account_id *id, struct store_account *a);
enum store_rc store_account_by_name(
    struct store_txn *t, const char *name_key, struct account_id *id);
/*
 * Replaces the record; neither id, user_handle, name_key nor created changes:
 * STORE_FAULT.
 */
enum store_rc store_account_put(
    struct store_txn *t, const struct store_account *a);

/*
 * Removes the account with its credentials, sessions, history, notices and
 * invitations.  What the audit log says of it stays.
 */
enum store_rc store_account_remove(
    struct store_txn *t, const struct account_id *id);

/*
 * Accounts in the order in which they were made, from the first one after
 * *after (all zero: from the beginning).  Writes at most max, *n of them.  One
 * that cannot be read is left out.
 */
enum store_rc store_accounts_list(struct store_txn *t,
    const struct account_id *after, struct store_account *out, size_t max,
    size_t *n);

#endif
