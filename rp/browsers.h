/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_BROWSERS_H
#define RP_BROWSERS_H

#include "rp/rp.h"
#include "store/browsers.h"

/*
 * Trusted browsers: kept by an account under a name, after a sign-in with a
 * passkey or an approval.  Being kept spares the number of an approval, by
 * configuration; it never spares the passkey.
 *
 * The token is a cookie of its own ("__Host-ibr"), beside the binding cookie,
 * which never changes.  It changes with each sign-in; the one before is good
 * until its successor has signed in, since answers are lost; an older one is a
 * copy: everybody who keeps that browser throws it out, its sessions end, and
 * they are told.
 */
enum { RP_KEPT_TEXT = 64 };

struct rp_kept_token {
	char s[RP_KEPT_TEXT + 1];
};

/*
 * Keeps the browser that the caller is signed in with.  kept: its token, if
 * it has one already (another account may keep it too), or NULL.  key: the
 * browser's P-256 key, x and y; the number is spared only to who has it, so
 * with NULL it never is.  A browser has the key that it was first kept with:
 * with another one it is another browser, under another token, which the
 * account keeps instead.  name NULL: call->client.browser.
 *
 * Where no passkey has been used in this session (an approval opened it), the
 * owner is told: by a notice, and on the phones.
 *
 * RP_PROOF_NEEDED: the session is not a full one.  RP_NAME_MALFORMED with
 * call->hint.  RP_KEY_MALFORMED.
 */
enum rp_answer rp_browser_keep(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const char *name, const char *kept,
    const uint8_t *key, struct store_trust *trust, struct rp_kept_token *token);

/*
 * After a sign-in (rp_login_end()) in a browser that sent a token: gives it
 * its next one, notes that it was used, and ties the session to it when the
 * account keeps it.  RP_NOT_FOUND: the token is worth nothing; its cookie
 * should go.
 */
enum rp_answer rp_browser_used(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const char *kept,
    struct rp_kept_token *token);

/* Whether this browser (its token) is kept by the account, and as what. */
enum rp_answer rp_browser_own(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const char *kept,
    struct store_trust *trust);

/* The last used first; out holds STORE_BROWSERS_MAX. */
enum rp_answer rp_browsers_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct store_trust *out, size_t *n);
/* RP_PROOF_NEEDED: the session is not a full one. */
enum rp_answer rp_browser_rename(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct browser_id *id,
    const char *name, struct store_trust *trust);

struct rp_revoked {
	size_t browsers, sessions; /* how many ended */
};

/* One, or with NULL all.  Their sessions of this account end at once. */
enum rp_answer rp_browser_revoke(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct browser_id *id,
    struct rp_revoked *out);

/* The same for the command line and other parts of this floor. */
enum rp_answer rp_admin_browser_revoke(struct rp *rp, struct rp_call *call,
    const struct account_id *account, const struct browser_id *id,
    struct rp_revoked *out);
enum rp_answer rp_admin_browsers_list(struct rp *rp, struct rp_call *call,
    const struct account_id *account, struct store_trust *out, size_t *n);

#endif
