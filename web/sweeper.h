/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SWEEPER_H
#define WEB_SWEEPER_H

#include "web/server/server.h"

/*
 * A thread that ends requests for an approval whose time is over, looks for
 * news of models, and removes what has expired, in small commits.
 */
struct sweeper;

/*
 * By which time a record has to have expired so that it is removed.  Clocks
 * are set wrong, and right again: what is removed must not count as unexpired
 * afterwards, or a ceremony whose mark is gone could be used twice, and what
 * must not be lost must not go because of a wrong date.  So it is the earliest
 * time that the clock has shown during the last SWEEP_KEPT_MS, or a little
 * longer, of a clock that nobody sets.
 *
 * A mark goes when its ceremony has expired by that.  If the clock was right
 * once in these minutes, it has expired in truth.  If it never was, each mark
 * that was made by the right time is older than they are; no ceremony, device
 * proof or approval lives so long.  And a clock that is set back by less
 * revives nothing.
 */
enum { SWEEP_KEPT_MS = 90 * 60 * 1000 };

/* All zero at first. */
struct sweep_horizon {
	bool begun, full; /* full: `before` is what it says */
	int64_t since; /* when it began to look at `low` */
	store_time low; /* the earliest time shown since */
	store_time before; /* and in the SWEEP_KEPT_MS before that */
};

/*
 * To be asked every few seconds: `still` is in milliseconds of the clock that
 * nobody sets, `now` is what the other one shows.  -1 for the first
 * SWEEP_KEPT_MS: nothing can be said yet.
 */
store_time sweep_horizon(
    struct sweep_horizon *h, int64_t still, store_time now);

/*
 * One commit of each kind, and how many records it took; when there may be
 * more, as many as SWEEP_COMMIT.  What the store could not do is logged and
 * counted, and 0.
 */
enum { SWEEP_COMMIT = 256 }; /* a few milliseconds of the writer */
unsigned sweep_expired(struct store *s, store_time horizon);
unsigned sweep_requests(struct rp *rp, store_time now);

/* Both outlive it. */
struct sweeper *sweeper_start(struct store *s, struct web_server *server);
void sweeper_stop(struct sweeper *w);

#endif
