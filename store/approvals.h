/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_APPROVALS_H
#define STORE_APPROVALS_H

#include "store/browsers.h"
#include "store/phones.h"

enum {
	STORE_APP_MAX = 63, /* what asks, as shown: "Itsumo Mail" */
	STORE_BINDING_MAX = 80, /* 20 characters shown verbatim */
	STORE_NETWORK_NAME_MAX = 63, /* "AS64496 Example Net"; "" unknown */
	STORE_NUMBER_MAX = 6, /* digits */
	STORE_SHOWN = 3,
};

/* Begins with the time at which it was asked for. */
struct approval_id {
	uint8_t b[16];
};

/* The values are stored. */
enum store_approval_state {
	STORE_APPROVAL_PENDING = 1,
	STORE_APPROVAL_CHOSEN = 2, /* a phone chose; it has yet to sign */
	STORE_APPROVAL_APPROVED = 3,
	STORE_APPROVAL_COLLECTED = 4, /* and the browser has its session */
	STORE_APPROVAL_MISMATCH = 5,
	STORE_APPROVAL_DENIED = 6,
	STORE_APPROVAL_REPORTED = 7,
	STORE_APPROVAL_EXPIRED = 8,
	STORE_APPROVAL_SUPERSEDED = 9,
	STORE_APPROVAL_CANCELLED = 10,
	/*
	 * Superseded, and nobody has written down that it was.  DISPLACED: by
	 * somebody else; who asked is not told, and waits on.
	 */
	STORE_APPROVAL_REPLACED = 11,
	STORE_APPROVAL_DISPLACED = 12,
};

/* How the number gets from the browser to the phone; stored. */
enum store_match {
	STORE_MATCH_NONE = 1, /* a trusted browser: no number */
	STORE_MATCH_CHOOSE3 = 2,
	STORE_MATCH_TYPE2 = 3,
	STORE_MATCH_TYPE6 = 4,
};

/* A request by a browser that waits, which a phone decides. */
struct store_approval {
	struct approval_id id;
	struct account_id account; /* a decoy's is nobody's */
	bool decoy; /* no phone is ever shown it */
	enum store_approval_state state;
	enum store_match match;
	store_time created, expires;
	store_time decided; /* 0: not yet */
	uint8_t nonce[32];
	uint8_t secret[32]; /* seals the number; no phone is told before */
	char number[STORE_NUMBER_MAX + 1];
	char shown[STORE_SHOWN][STORE_NUMBER_MAX + 1]; /* with CHOOSE3 */
	char app[STORE_APP_MAX + 1];
	char binding[STORE_BINDING_MAX + 1]; /* "": none */

	/* The browser that waits. */
	uint8_t cookie[32]; /* SHA-256 of its binding cookie */
	uint8_t key[64]; /* P-256: x, y */
	uint8_t network[16]; /* as struct rp_call has it */
	struct store_client client;
	char network_name[STORE_NETWORK_NAME_MAX + 1];
	struct browser_id kept; /* trusted; all zero: not */

	/* What the phone did, from CHOSEN on (denied and reported: the phone).
	 */
	struct phone_id phone;
	bool same_network; /* as was shown */
	char choice[STORE_NUMBER_MAX + 1];
	struct credential_ref credential; /* with APPROVED, MISMATCH */
};

enum store_rc store_approval_add(
    struct store_txn *t, const struct store_approval *a);
enum store_rc store_approval_get(struct store_txn *t,
    const struct approval_id *id, struct store_approval *a);
/* Keeps the indexes of open and of approved ones in step with a->state. */
enum store_rc store_approval_put(
    struct store_txn *t, const struct store_approval *a);
/*
 * The first that is still open, or superseded and not written down, although
 * it expired by now.  STORE_ABSENT: there is none.  What cannot be read is
 * passed over, and by an update it is open no more.
 */
enum store_rc store_approval_overdue(
    struct store_txn *t, store_time now, struct store_approval *a);
/*
 * One of the account's that is approved and not collected, whether it still
 * may be or not.  STORE_ABSENT: there is none.  What cannot be read is passed
 * over, in an update.
 */
enum store_rc store_approval_approved(struct store_txn *t,
    const struct account_id *account, struct store_approval *a);

/*
 * What stands between an account and too many requests.  Strangers, names
 * that no account has, have one too, under an id that is made from the name,
 * so that asking for them is the same work; and so has each network that asks
 * for one of them, under an id made from both.
 */
enum { STORE_BLOCKED_MAX = 16 };

/* Of a browser (its cookie, its key) or of a network. */
struct store_blocked {
	uint8_t hash[32];
	store_time until;
};

struct store_guard {
	struct account_id id;
	bool stranger; /* nobody's, or an asker's */
	store_time forget; /* swept then; 0: kept */
	struct approval_id pending; /* all zero: none; an asker's: the last */
	store_time asked[3]; /* the last ones not approved; 0: none */
	uint8_t level; /* of the wait between them */
	store_time mismatches[2]; /* the last ones; 0: none */
	store_time paused_until;
	bool off; /* until a passkey is used locally */
	store_time muted_until; /* no pushes before */
	bool passkey_optional; /* "always passkey" is switched off */
	struct store_blocked blocked[STORE_BLOCKED_MAX];
	size_t blocked_count;
};

/* An account that has none yet gets an empty one, and STORE_OK. */
enum store_rc store_guard_get(
    struct store_txn *t, const struct account_id *id, struct store_guard *g);
enum store_rc store_guard_put(struct store_txn *t, const struct store_guard *g);

#endif
