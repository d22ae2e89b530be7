/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_CEREMONY_H
#define RP_CEREMONY_H

#include "rp/inside.h"

/*
 * A ceremony between its begin and its finish.  It is not stored: it travels
 * with the page, sealed, and only that it was spent is ever written.
 */

/* The values are sealed; one is never given a second meaning. */
enum rp_ceremony_kind {
	RP_CEREMONY_OF_SIGN_UP = 1,
	RP_CEREMONY_OF_LOGIN = 2,
	RP_CEREMONY_OF_PROOF = 3,
	RP_CEREMONY_OF_PASSKEY = 4,
	RP_CEREMONY_OF_PHONE = 5, /* invitation: the offer's token_hash */
};

/* Whom it names; sealed likewise. */
enum rp_ceremony_names {
	RP_NAMES_NOBODY = 1, /* discoverable, or an account yet to be made */
	RP_NAMES_ACCOUNT = 2,
	RP_NAMES_STRANGER =
	    3, /* a name that has no passkey: decoys were sent */
};

struct rp_ceremony {
	enum rp_ceremony_kind kind;
	enum rp_ceremony_names names;
	store_time begun, expires;
	uint8_t challenge[32];
	struct account_id account; /* with RP_NAMES_ACCOUNT */
	uint8_t user_handle[STORE_USER_HANDLE];
	struct rp_wishes wishes;
	bool invited;
	uint8_t invitation[32]; /* its token_hash, with invited */
	char name[STORE_NAME_MAX + 1];
	char display_name[STORE_DISPLAY_NAME_MAX + 1];
	char locale[STORE_LOCALE_MAX + 1];
};

enum { RP_CEREMONY_RP_ID_MAX = 253 };

/* Names the keys, so that a ceremony says which one sealed it. */
bool rp_ceremony_keys(struct rp *rp);

/* A ceremony of that kind that begins now, with a challenge, naming nobody. */
bool rp_ceremony_begin(const struct rp *rp, const struct rp_call *call,
    enum rp_ceremony_kind kind, struct rp_ceremony *c);

/* Binds it to call's browser.  False when the machine failed. */
bool rp_ceremony_seal(const struct rp *rp, const struct rp_call *call,
    const struct rp_ceremony *c, struct rp_ceremony_text *text);

/*
 * What was sealed; *c is as it was then.  RP_CEREMONY_MALFORMED: not text of
 * ours, or not one bit as it was; _KIND, _FOREIGN (not this browser),
 * _ACCOUNT (account is not NULL and not the one named), _EXPIRED.
 */
enum rp_answer rp_ceremony_open(const struct rp *rp, const struct rp_call *call,
    struct slice text, enum rp_ceremony_kind kind,
    const struct account_id *account, struct rp_ceremony *c);

/* What the authenticator's answer is held against.  c must outlive it. */
struct wa_expectation rp_ceremony_expectation(
    const struct rp *rp, const struct rp_ceremony *c);

#endif
