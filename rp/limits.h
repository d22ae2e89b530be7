/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_LIMITS_H
#define RP_LIMITS_H

#include "store/store.h"

/*
 * How often something may happen, by whom: token buckets in memory, in a
 * table of fixed size.  When it is full the bucket that is nearest to being
 * full again is given up, which forgets least.
 */
struct rp_limits;

enum rp_limit {
	/* Of a network, which many people may share. */
	RP_LIMIT_OPTIONS_NETWORK, /* begins of ceremonies */
	RP_LIMIT_REFUSED_NETWORK, /* refused finishes */
	RP_LIMIT_NAME_TAKEN_NETWORK, /* asking whether a name is taken */
	RP_LIMIT_SIGN_UP_NETWORK, /* accounts that strangers made */
	RP_LIMIT_INVITATION_NETWORK, /* invitations that are none */
	RP_LIMIT_APPROVALS_NETWORK, /* requests for an approval */
	RP_LIMIT_DEVICE_NETWORK, /* refused proofs of phones and browsers */
	/* Of what one holder may have thousands of networks in. */
	RP_LIMIT_SIGN_UP_WIDE,
	RP_LIMIT_APPROVALS_WIDE,
	/* Of what belongs to one person. */
	RP_LIMIT_APPROVALS_NAME, /* requests for an approval, for one name */
	RP_LIMIT_DEVICE_ONE, /* refused proofs naming one, from one network */
	RP_LIMIT_REFUSED_PASSKEY, /* refused finishes with it, in one browser */
	RP_LIMIT_NAME_TAKEN_INVITATION, /* asking, with one invitation */
	RP_LIMIT_OPTIONS_ACCOUNT, /* begins by who is signed in */
	RP_LIMIT_SIGN_IN_ACCOUNT, /* what its passkeys have written down */
	RP_LIMIT_CHANGES_ACCOUNT, /* what is changed by who is signed in */
	RP_LIMIT_KINDS
};

/*
 * factor, from 1 on: networks may do so many times as much as usual, since
 * so many more people share one.
 */
struct rp_limits *rp_limits_new(size_t buckets, unsigned factor);
/* Another owner of the same buckets. */
struct rp_limits *rp_limits_take(struct rp_limits *l);
void rp_limits_free(struct rp_limits *l);

/*
 * Takes one from the bucket of (kind, who).  true, or false and *retry_ms when
 * it is empty: ask again after so long.
 */
bool rp_limit_take(struct rp_limits *l, enum rp_limit kind, struct slice who,
    store_time now, store_time *retry_ms);
/* Whether one could be taken, without taking it. */
bool rp_limit_ask(struct rp_limits *l, enum rp_limit kind, struct slice who,
    store_time now, store_time *retry_ms);
/* Whether nothing is missing from it. */
bool rp_limit_full(
    struct rp_limits *l, enum rp_limit kind, struct slice who, store_time now);

#endif
