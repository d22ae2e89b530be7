/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_INSIDE_H
#define RP_INSIDE_H

/* What the files of this floor share.  Nothing above it includes this. */

#include <stdatomic.h>

#include "rp/limits.h"
#include "rp/rp.h"

struct rp {
	struct rp_config config; /* defaults filled in */
	struct rp_keys keys;
	uint8_t seal_id[2][4]; /* which key a ceremony was sealed with */
	unsigned seal_count; /* 2, or 1 when there was none before */
	struct store *store;
	struct rp_limits *limits;
	uint8_t nobody[STORE_USER_HANDLE]; /* a user handle nobody has */
	_Atomic uint64_t stand_in[2]; /* an account_id; see rp/decoys.h */
};

/*
 * Whether call's network may have one more of kind, without counting it.
 * RP_OK, or RP_RATE_LIMITED with call->retry_after_ms.
 */
enum rp_answer rp_limit_network(
    struct rp *rp, struct rp_call *call, enum rp_limit kind);
/* Counts one; answers as rp_limit_network(). */
enum rp_answer rp_count_network(
    struct rp *rp, struct rp_call *call, enum rp_limit kind);
/* The same for who is no network. */
enum rp_answer rp_limit_of(
    struct rp *rp, struct rp_call *call, enum rp_limit kind, struct slice who);
enum rp_answer rp_count_of(
    struct rp *rp, struct rp_call *call, enum rp_limit kind, struct slice who);
enum rp_answer rp_count_account(struct rp *rp, struct rp_call *call,
    enum rp_limit kind, const struct account_id *account);

/*
 * Whether a passkey may be tried.  One that was refused nothing lately in
 * call's browser may, whatever others do on the same network; after that it
 * takes the network's bucket and its own.
 */
enum rp_answer rp_limit_passkey(
    struct rp *rp, struct rp_call *call, const struct credential_ref *ref);
/* It was refused: counts that against both. */
void rp_count_refused(
    struct rp *rp, struct rp_call *call, const struct credential_ref *ref);

/* Inside an update: keep nothing, and say a. */
static inline enum store_rc
rp_refuse(enum rp_answer *said, enum rp_answer a)
{
	*said = a;
	return STORE_REFUSED;
}

/* What the store's answer to a read comes to; absent: what that means here. */
static inline enum rp_answer
rp_answer_of(enum store_rc rc, enum rp_answer absent)
{
	return rc == STORE_OK       ? RP_OK
	       : rc == STORE_ABSENT ? absent
	       : rc == STORE_FULL   ? RP_STORAGE_FULL
				    : RP_FAULT;
}

/*
 * Runs an update.  What fn said in *said is the answer when it refused; every
 * other answer of the store has one meaning.
 */
enum rp_answer rp_update(
    struct rp *rp, store_fn *fn, void *arg, const enum rp_answer *said);

/* A new id whose first 8 bytes are the time. */
bool rp_id_make(store_time now, uint8_t id[16]);

#endif
