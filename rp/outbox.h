/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_OUTBOX_H
#define RP_OUTBOX_H

#include "rp/rp.h"
#include "store/outbox.h"
#include "store/phones.h"

/*
 * For who delivers: takes a message, sends it, says what became of it.  Any
 * number of threads and processes may do so on one store.
 */

/* What to send, and where. */
struct rp_delivery {
	struct store_message message; /* payload: what a push encrypts, JSON */
	struct store_push push; /* with STORE_MESSAGE_PUSH */
	uint8_t topic[16]; /* likewise; all zero: none.  base64url of
			    * it is the Topic header */
};

/*
 * The next message of `kinds` (bit 1 << kind) that is due, for a minute.
 * Those whose phone is gone, muted or has no subscription are dropped on the
 * way.  RP_NOT_FOUND: none is due; *next is when one will be (0: none waits).
 */
enum rp_answer rp_delivery_take(struct rp *rp, struct rp_call *call,
    unsigned kinds, struct rp_delivery *out, store_time *next);

enum rp_delivered {
	RP_DELIVERED, /* accepted by the service */
	RP_DELIVERY_LATER, /* 429, 5xx, no answer: again after a while */
	RP_DELIVERY_NEVER, /* will not go: 4xx, refused address */
	RP_DELIVERY_GONE, /* 404, 410: the subscription ended */
};

/*
 * What became of it.  LATER: after 5 s, 15 s, 1, 5, 15, 60 minutes, or
 * retry_after_ms when that is more, until the message expires; then it is
 * given up.  NEVER gives it up; given up messages can be seen for a week.
 * GONE removes the subscription from the phone, if it is still that one.
 * RP_NOT_FOUND: somebody else has it by now; nothing is to be done.
 * trouble: for the operator, without secrets; NULL: none.
 */
enum rp_answer rp_delivery_done(struct rp *rp, struct rp_call *call,
    const struct rp_delivery *d, enum rp_delivered what,
    store_time retry_after_ms, const char *trouble);

#endif
