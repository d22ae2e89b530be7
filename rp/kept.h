/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_KEPT_H
#define RP_KEPT_H

#include "rp/browsers.h"
#include "rp/inside.h"

/*
 * The token of a kept browser is 48 bytes in base64url: 16 by which it is
 * found, which never change, and 32 that change with each sign-in.  The store
 * has the SHA-256 of both, so neither its files nor the public id of a browser
 * lead to a token; and who has the 16 but not the 32 had a token once.
 */
struct rp_kept_secret {
	struct browser_id id;
	uint8_t series[16];
	uint8_t hash[32];
};

/* False when text is no token of that form. */
bool rp_kept_read(const char *text, struct rp_kept_secret *s);

/* Of a new browser. */
bool rp_kept_make(struct rp_kept_secret *s, struct rp_kept_token *token);
/* The next one of the browser that *s is of. */
bool rp_kept_next(struct rp_kept_secret *s, struct rp_kept_token *token);

enum rp_kept {
	RP_KEPT_NOT, /* no such browser, or not any more */
	RP_KEPT_NOW, /* with the token that it has */
	RP_KEPT_BEFORE, /* with the one before */
	RP_KEPT_STOLEN, /* with an older one: a copy */
};

/* Looks the browser up and judges the token.  STORE_OK, or what failed. */
enum store_rc rp_kept_find(struct store_txn *t, const struct rp_call *call,
    const struct rp_kept_secret *s, enum rp_kept *kept,
    struct store_browser *b);

/* That the account keeps it, and not for too long.  STORE_ABSENT: no. */
enum store_rc rp_kept_trust(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account,
    const struct browser_id *id, struct store_trust *trust);

/*
 * Gives *b, which was found so (NOW or BEFORE), the token of *next, and more
 * time.  Who shows the one before has not heard of the present one: within a
 * minute another tab has it, and *rotated is false; later its answer was lost,
 * and the present one, should it ever come, is a copy's.
 */
enum store_rc rp_kept_rotate(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, enum rp_kept kept,
    const struct rp_kept_secret *next, struct store_browser *b, bool *rotated);

/*
 * A sign-in of that account on the browser: its token changes, the trust was
 * used, and the session is of this browser.  *rotated: the browser is to get
 * the token of next.
 */
enum store_rc rp_kept_used(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct rp_kept_secret *had,
    const struct rp_kept_secret *next, const struct account_id *account,
    struct store_session *session, enum rp_kept *kept, bool *rotated);

/* An update of its own: everybody throws the browser out, and is told. */
enum rp_answer rp_kept_theft(
    struct rp *rp, struct rp_call *call, const struct browser_id *id);

/* Ends an account's sessions on that browser (NULL: on any kept one). */
enum store_rc rp_kept_sessions_end(struct store_txn *t,
    const struct rp_call *call, const struct account_id *account,
    const struct browser_id *id, size_t *n);

/*
 * Throws one or (NULL) all of an account's out, with their sessions and with
 * what they are asking for.
 */
enum store_rc rp_kept_revoke(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account,
    const struct browser_id *id, struct rp_revoked *out);

#endif
