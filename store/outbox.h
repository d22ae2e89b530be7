/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "store/accounts.h"

/*
 * Messages that are to be sent.  A message is written in the transaction that
 * causes it, so that it is sent if and only if that was kept.  Who sends takes
 * it with a lease: while that lasts nobody else gets it, and when the sender
 * dies it is due again.  So a message is sent at least once, and as a rule
 * once; what it says never changes.
 */
enum {
	STORE_ADDRESS_TEXT_MAX = 320, /* a mail address or a number, in text */
	STORE_PAYLOAD_MAX = 8192,
	STORE_TROUBLE_MAX = 95,
};

/* The values are stored. */
enum store_message_kind {
	STORE_MESSAGE_PUSH = 1, /* to a phone */
	STORE_MESSAGE_SMS = 2,
	STORE_MESSAGE_MAIL = 3,
};

enum store_message_state {
	STORE_MESSAGE_WAITS = 1, /* or is being sent: see due */
	STORE_MESSAGE_GIVEN_UP = 2, /* kept to be seen, until it is forgotten */
};

/* Begins with the time at which it was written. */
struct message_id {
	uint8_t b[16];
};

struct store_message {
	struct message_id id;
	enum store_message_kind kind;
	enum store_message_state state;
	bool urgent; /* somebody waits for it */
	struct account_id account; /* whose; all zero: nobody's */
	/*
	 * Push: the phone's id; empty: nobody's, written for the sake of the
	 * work alone, and done as soon as it is taken.
	 */
	uint8_t to[STORE_ADDRESS_TEXT_MAX];
	uint16_t to_n;
	uint8_t payload[STORE_PAYLOAD_MAX];
	uint16_t payload_n;
	/*
	 * Messages about the same thing: a newer one takes the place of an
	 * older one that has not gone yet.  All zero: stands alone.
	 */
	uint8_t topic[32];
	store_time created;
	store_time due; /* not to be sent before */
	store_time expires; /* nor from then on */
	/*
	 * How often it was taken.  It is also the lease: an answer with
	 * another number comes from somebody who took it too long ago.
	 */
	uint32_t attempts;
	char trouble[STORE_TROUBLE_MAX + 1]; /* of the last attempt; "" none */
};

/*
 * Adds m, with the id, state and attempts that are new (m's are not looked
 * at), removing an older one with its topic that has not gone.
 */
enum store_rc store_message_add(
    struct store_txn *t, const struct store_message *m);

/*
 * Takes the first message of `kinds` (bit 1 << kind) that is due, for
 * lease_ms.  One whose time is over is given up on the way, with the trouble
 * "expired", and so is one that cannot be read.  STORE_ABSENT: there is none
 * now; what was given up is written all the same, so the update has to be kept.
 */
enum store_rc store_message_take(struct store_txn *t, unsigned kinds,
    store_time now, store_time lease_ms, struct store_message *m);

/*
 * What became of it.  All three answer STORE_ABSENT when the message is gone
 * or was taken by somebody else since.  trouble is kept for the operator, who
 * may read it: no secret, no whole address.
 */
enum store_rc store_message_done(
    struct store_txn *t, const struct message_id *id, uint32_t attempt);
enum store_rc store_message_retry(struct store_txn *t,
    const struct message_id *id, uint32_t attempt, store_time when,
    const char *trouble);
/* Kept until `forget`, then swept. */
enum store_rc store_message_give_up(struct store_txn *t,
    const struct message_id *id, uint32_t attempt, store_time forget,
    const char *trouble);

/* When the next one of kinds is due.  STORE_ABSENT: none waits. */
enum store_rc store_message_next(
    struct store_txn *t, unsigned kinds, store_time *due);

enum store_rc store_message_get(
    struct store_txn *t, const struct message_id *id, struct store_message *m);

struct store_outbox_stat {
	uint64_t waiting, given_up;
};
enum store_rc store_outbox_stat(
    struct store_txn *t, struct store_outbox_stat *st);

#endif
