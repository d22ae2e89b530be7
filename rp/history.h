/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_HISTORY_H
#define RP_HISTORY_H

#include "rp/inside.h"
#include "store/history.h"

/* What an entry says beside who, when and from where. */
struct rp_event {
	const char *event; /* "sign-in" */
	const char *reason; /* of a refusal; NULL: it was done */
	const char *passkey; /* its name; NULL: none */
	enum store_method method;
	bool notice;
};

/* Appends an entry to an account's history. */
enum store_rc rp_history_append(struct store_txn *t, const struct rp *rp,
    const struct rp_call *call, const struct account_id *account,
    const struct rp_event *e);

#endif
