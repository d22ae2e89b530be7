/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_OUTBOX_H
#define WEB_DELIVER_OUTBOX_H

#include "web/deliver/source.h"

/*
 * The worker: takes messages that are due, hands each to the driver of its
 * kind, and keeps what became of it.  One thread; those who write messages
 * never wait for it.
 *
 * A message is taken with a lease in a transaction before it is sent, and
 * settled in another one after, so a process that is killed at any moment
 * loses none: when the lease is over it is due again, here or in another
 * process on the same store.
 */
struct outbox;

struct outbox_config {
	struct deliver_source source;
	/* By enum store_message_kind.  A kind without one waits. */
	struct deliver_driver drivers[DELIVER_KINDS];
	unsigned under_way; /* at most; 0: 128 */
	store_time lease_ms; /* more than a driver takes; 0: 20 000 */
	store_time look_ms; /* for what others wrote; 0: 1 000 */
};

/* Starts it.  NULL when the machine failed. */
struct outbox *outbox_open(const struct outbox_config *c);

/*
 * There may be something to send: call it after each commit that wrote a
 * message.  Never blocks; safe in any thread and in a signal handler.
 */
void outbox_wake(struct outbox *o);

/* Takes no more; returns at once. */
void outbox_stop(struct outbox *o);

/*
 * Waits until all that is under way was reported, and keeps it: whoever the
 * drivers hand it to must have been stopped before, or may take its time.
 */
void outbox_close(struct outbox *o);

/*
 * How long until the next attempt, after `attempts` of them: 1 s, doubled each
 * time, up to a minute where somebody waits for it and to an hour else; at
 * least `least`; a quarter more or less by `chance`, a random number, so that
 * what failed together does not come back together.
 */
store_time outbox_backoff(
    unsigned attempts, bool urgent, store_time least, uint32_t chance);

#endif
