/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_APPROVALS_H
#define RP_APPROVALS_H

#include "rp/device.h"
#include "store/approvals.h"

/*
 * Sign-in on another device.  A browser asks and waits; a phone of the
 * account chooses the number that the browser shows, and signs; the browser
 * collects its session.  This header is the browser's side, companion.h the
 * phone's.
 */

/* What a browser asks with. */
struct rp_approval_ask {
	const char *name; /* of the account, as typed */
	uint8_t key[64]; /* the browser's, P-256: x, y */
	const char *kept; /* its token as a kept browser, or NULL */
	const char *app; /* what asks; NULL: rp_name */
	/*
	 * In the words of who asks, shown verbatim as theirs, or NULL; one for
	 * which rp_binding_is_one().
	 */
	const char *binding;
	const char *network_name; /* of call->client.address; NULL unknown */
};

/* What a browser that waits may know. */
struct rp_approval {
	struct approval_id id; /* "apr_" */
	/*
	 * PENDING until it is over; a phone's choice does not show, nor that
	 * somebody else's took its place.  Never CHOSEN, never DISPLACED.
	 * EXPIRED from `expires` on, whether that is written or not.
	 */
	enum store_approval_state state;
	enum store_match match;
	char number[STORE_NUMBER_MAX + 1]; /* "" with NONE */
	store_time created, expires; /* APPROVED: to be collected before */
};

/*
 * 1 to 20 printable characters, as OpenID Connect CIBA wants of a
 * binding_message: nothing that breaks a line or turns its direction.
 */
bool rp_binding_is_one(const char *text);

/* "pending", "approved", … */
const char *rp_approval_state_name(enum store_approval_state s);
/* "none", "choose3", "type2", "type6" */
const char *rp_match_name(enum store_match m);
/* False when there is no such name, and for "none". */
bool rp_match_find(const char *name, enum store_match *m);

/*
 * Asks for an approval, in one commit with the pushes to the account's
 * phones.  The last request from the same network is superseded, and on the
 * phones whatever was pending.  A name that no account has, or none can have,
 * gets the same answer for the same work, meets the same limits, and expires;
 * and so does the request that may not reach the phones now (guard.h), because
 * too many were made from elsewhere, or for what the owner did.
 *
 * RP_APPROVALS_RESTING with call->retry_after_ms: too many requests from that
 * network that were not approved, a wrong number for one of them, or one that
 * was reported; or very many from everywhere.  RP_KEY_MALFORMED,
 * RP_RATE_LIMITED, RP_STORAGE_FULL, RP_FAULT.
 *
 * *kept_lost: ask->kept is worth nothing any more (its cookie should go);
 * when an old token was used the browser was thrown out and its owners told.
 */
enum rp_answer rp_approval_begin(struct rp *rp, struct rp_call *call,
    const struct rp_approval_ask *ask, struct rp_approval *out,
    bool *kept_lost);

/*
 * How it stands.  Only for the browser that asked (call->browser):
 * RP_APPROVAL_UNKNOWN else.  A read; as cheap as a look at one record.
 */
enum rp_answer rp_approval_look(struct rp *rp, struct rp_call *call,
    const struct approval_id *id, struct rp_approval *out);

/* By the browser that asked.  RP_APPROVAL_UNKNOWN, RP_APPROVAL_OVER. */
enum rp_answer rp_approval_cancel(
    struct rp *rp, struct rp_call *call, const struct approval_id *id);

/*
 * Opens the session of an approved request, once: for the browser that asked
 * (its cookie, in call->browser) with the key that it asked with (claims: typ
 * RP_COLLECT_PROOF_TYP, this approval, facts->url, a fresh iat).  Ends *old,
 * if not NULL.  The session's method is STORE_METHOD_APPROVAL and its proved
 * is 0: it is no fresh proof until a passkey was used in that browser.
 *
 * kept, new_kept: the browser's token as a kept one (or NULL), and, with
 * new_kept->s[0] != 0, the one it has from now on.
 *
 * RP_APPROVAL_UNKNOWN: no such approval of this browser's; RP_APPROVAL_OVER:
 * it ended some other way, or was collected; RP_COLLECT_REFUSED: not approved
 * yet, or the proof is not good; RP_ACCOUNT_LOCKED; RP_STORAGE_FULL, RP_FAULT.
 */
struct rp_collect {
	struct approval_id id;
	struct rp_claims claims;
	struct rp_facts facts;
	const struct session_id *old;
	const char *kept;
};

struct rp_kept_token;

enum rp_answer rp_approval_collect(struct rp *rp, struct rp_call *call,
    const struct rp_collect *c, struct rp_signed_in *in, struct rp_token *token,
    struct rp_kept_token *new_kept);

/*
 * Writes down what has expired while nobody looked, at most limit of them,
 * and tells who waits.  For the same clock that calls store_sweep(), at least
 * every few seconds.  *n is how many.
 */
enum rp_answer rp_approvals_expire(
    struct rp *rp, struct rp_call *call, unsigned limit, unsigned *n);

/* ---- always passkey ---- */

/*
 * Whether a session is a full one: opened by a passkey or an approval; or by
 * a code, when a passkey was used in it since, or the account's owner has
 * switched "always passkey" off.  A limited one keeps and renames no browser,
 * lets no phone in and leaves the switch alone; what wants a fresh proof
 * (passkeys, phones, the account itself) no session may without a passkey
 * used in it, and none takes a notice down.
 */
enum rp_answer rp_always_passkey(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, bool *on);
bool rp_session_full(const struct rp_signed_in *who, bool always_passkey);

/* OpenID Connect acr of who came in that way: "urn:itsumo:passkey",
 * "urn:itsumo:xdevice", "urn:itsumo:code". */
const char *rp_method_acr(enum store_method m);
/* amr (RFC 8176), ended by NULL: "pop", "user", "mca" … */
const char *const *rp_method_amr(enum store_method m);

#endif
