/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_BROWSERS_H
#define STORE_BROWSERS_H

#include "store/sessions.h"

enum {
	STORE_BROWSER_NAME_MAX = 128, /* bytes of UTF-8 */
	STORE_BROWSERS_MAX = 32, /* an account keeps; the one unused
				  * longest gives way */
	STORE_BROWSER_ACCOUNTS_MAX = 8, /* keep one browser; likewise */
};

/*
 * A browser that somebody keeps, and its token, which changes with each
 * sign-in.  Its id is public; what finds it is part of the token.
 */
struct store_browser {
	struct browser_id id;
	uint8_t token_hash[32]; /* SHA-256 of the token it has */
	uint8_t previous_hash[32]; /* and had before */
	uint8_t key_thumbprint[32]; /* RFC 7638; all zero: it has no key */
	store_time created;
	store_time rotated; /* when the token was last changed */
	store_time expires; /* swept then, with what keeps it */
	struct account_id
	    accounts[STORE_BROWSER_ACCOUNTS_MAX]; /* who keep it */
	size_t account_count;
};

/* That an account keeps a browser. */
struct store_trust {
	struct account_id account;
	struct browser_id browser;
	char name[STORE_BROWSER_NAME_MAX + 1];
	enum store_method method; /* of the sign-in it began with */
	store_time since;
	store_time last_used;
	struct store_client client; /* as last seen */
};

/* The browser alone.  STORE_TAKEN when the id is there. */
enum store_rc store_browser_add(
    struct store_txn *t, const struct store_browser *b);
enum store_rc store_browser_get(
    struct store_txn *t, const struct browser_id *id, struct store_browser *b);
/* accounts and account_count are the store's: what they are here is ignored. */
enum store_rc store_browser_put(
    struct store_txn *t, const struct store_browser *b);
/* With all trust in it. */
enum store_rc store_browser_remove(
    struct store_txn *t, const struct browser_id *id);

/* Adds or replaces.  STORE_ABSENT: no such account, or no such browser. */
enum store_rc store_trust_put(
    struct store_txn *t, const struct store_trust *trust);
enum store_rc store_trust_get(struct store_txn *t,
    const struct account_id *account, const struct browser_id *browser,
    struct store_trust *trust);
/* The browser goes with the last account that kept it. */
enum store_rc store_trust_remove(struct store_txn *t,
    const struct account_id *account, const struct browser_id *browser);
/*
 * An account's, the last used first; out holds STORE_BROWSERS_MAX.  One that
 * cannot be read is left out.
 */
enum store_rc store_trusts_of(struct store_txn *t,
    const struct account_id *account, struct store_trust *out, size_t *n);

#endif
