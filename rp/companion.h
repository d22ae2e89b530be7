/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_COMPANION_H
#define RP_COMPANION_H

#include "rp/approvals.h"
#include "rp/browsers.h"
#include "rp/transaction.h"
#include "store/history.h"
#include "webauthn/assertion.h"

/*
 * What a phone of the account may do, having proved to be it: rp_device_prove()
 * first, then one of these.  Each uses the proof up; RP_DEVICE_PROOF_REFUSED
 * when it was used before, RP_PHONE_UNKNOWN when the phone was removed since.
 */

struct rp_pending {
	struct approval_id id;
	store_time expires;
};

/* The account's pending requests; no push is needed to find them. */
enum { RP_PENDING_MAX = 1 };

/* Whether requests rest: who asks is not told, and looks for them here. */
struct rp_resting {
	bool rests;
	store_time until; /* 0: until a passkey is used in a browser */
};

enum rp_answer rp_companion_list(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, struct rp_pending out[RP_PENDING_MAX],
    size_t *n, struct rp_resting *resting);

/* What a phone shows of a request. */
struct rp_context {
	struct rp_pending pending;
	enum store_match match;
	const char *choices[STORE_SHOWN]; /* with CHOOSE3, in their order */
	char numbers[STORE_SHOWN][STORE_NUMBER_MAX + 1]; /* their bytes */
	char app[STORE_APP_MAX + 1];
	char binding[STORE_BINDING_MAX + 1];
	struct store_client browser;
	char network_name[STORE_NETWORK_NAME_MAX + 1];
	bool same_network; /* as this phone */
	bool trusted; /* a browser that the account keeps */
	store_time asked;
	struct rp_transaction text; /* T without choice and nonce */
};

/* RP_APPROVAL_UNKNOWN: not of this account; RP_APPROVAL_OVER with *state. */
enum rp_answer rp_companion_look(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct approval_id *id,
    struct rp_context *out, enum store_approval_state *state);

enum rp_decision {
	RP_CHOOSE, /* number, or "" with STORE_MATCH_NONE */
	RP_DENY, /* "not me" */
	RP_REPORT, /* "not me, and stop it" */
};

struct rp_choice {
	enum rp_decision decision;
	const char *number;
	const uint8_t
	    *seen; /* SHA-256 of the context shown, 32 bytes; or NULL */
};

/* What the phone's passkey signs. */
struct rp_commitment {
	uint8_t challenge[32];
	struct rp_transaction t;
	store_time expires;
	struct rp_descriptors allow; /* the account's; the phone's own first */
};

/*
 * The first choice is final: RP_CHOICE_MADE when this or another phone made
 * one.  RP_OK and *out: to be signed.  Denying and reporting need no signature
 * and are final at once, also after a choice: RP_OK, *state says so.
 *
 * RP_CHOICE_MALFORMED: not a number of this request's form, which is no
 * choice.  RP_APPROVAL_CHANGED: seen is not what would be signed (the phone
 * has moved to another network, say); it is no choice either: look again.
 * RP_APPROVAL_UNKNOWN; RP_APPROVAL_OVER with *state.
 */
enum rp_answer rp_companion_choose(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct approval_id *id,
    const struct rp_choice *choice, struct rp_commitment *out,
    enum store_approval_state *state);

/*
 * Verifies the assertion over T and only then compares the number.  RP_OK:
 * *state is APPROVED or MISMATCH; both are in the audit log with their
 * evidence.  RP_PASSKEY_REFUSED, RP_PASSKEY_UNKNOWN, RP_SIGN_COUNT: not a good
 * assertion by a passkey of this account over this T; nothing has changed, and
 * the answer does not depend on the number.  RP_CHOICE_MISSING: this phone has
 * not chosen.  RP_APPROVAL_UNKNOWN; RP_APPROVAL_OVER with *state;
 * RP_RATE_LIMITED.
 */
enum rp_answer rp_companion_assert(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct approval_id *id,
    const struct wa_assertion *got, enum store_approval_state *state);

/* The account's history; as rp_history_list(). */
enum rp_answer rp_companion_history(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct history_id *before,
    struct store_history *out, size_t max, size_t *n);

/*
 * Locks the account: every session ends, every browser is thrown out, what is
 * pending is cancelled.  *sessions is how many ended.
 */
enum rp_answer rp_companion_lock(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, size_t *sessions);

/* The phone leaves: it is no phone of the account any more. */
enum rp_answer rp_companion_leave(
    struct rp *rp, struct rp_call *call, const struct rp_device *device);

/* A new subscription; endpoint "" takes it away.  RP_PUSH_MALFORMED. */
enum rp_answer rp_companion_push(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct store_push *push);

/* No pushes to this phone before `until` (0: again at once). */
enum rp_answer rp_companion_mute(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, store_time until);

/* Browsers that the account keeps; another name; one or (NULL) all out. */
enum rp_answer rp_companion_browsers(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, struct store_trust *out, size_t *n);
/* RP_NOT_FOUND; RP_NAME_MALFORMED with call->hint. */
enum rp_answer rp_companion_browser_rename(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct browser_id *id,
    const char *name, struct store_trust *renamed);
enum rp_answer rp_companion_browser_revoke(struct rp *rp, struct rp_call *call,
    const struct rp_device *device, const struct browser_id *id,
    struct rp_revoked *out);

#endif
