/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_WATCH_H
#define RP_WATCH_H

#include "rp/approvals.h"
#include "rp/phones.h"
#include "store/outbox.h"

/*
 * For threads that wake those who wait.  One watch costs one descriptor and no
 * thread; whoever owns it polls the descriptor, with a time-out of a second,
 * and reads whenever poll() returns, for whatever reason.  Changes made by any
 * process on the store arrive here, its own included.
 */
struct rp_watch;

enum rp_change_kind {
	RP_CHANGE_APPROVAL, /* look at it: rp_approval_look() */
	RP_CHANGE_OUTBOX, /* something is to be sent */
	RP_CHANGE_OFFER,
	RP_CHANGE_ANY, /* some were missed: look at everything */
};

struct rp_change {
	enum rp_change_kind kind;
	union {
		struct approval_id approval;
		struct message_id message;
		struct offer_id offer;
	} id;
};

/* Changes from now on.  RP_FAULT. */
enum rp_answer rp_watch_open(struct rp *rp, struct rp_watch **watch);
void rp_watch_close(struct rp_watch *watch);
int rp_watch_fd(const struct rp_watch *watch);

/* Calls each for every change since the last read.  RP_OK or RP_FAULT. */
enum rp_answer rp_watch_read(struct rp_watch *watch,
    void (*each)(const struct rp_change *c, void *arg), void *arg);

#endif
