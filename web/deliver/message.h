/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_MESSAGE_H
#define WEB_DELIVER_MESSAGE_H

#include "store/outbox.h"
#include "store/phones.h"

/* What the worker, the drivers and the store's side of them share. */

/* What becomes of a message after an attempt. */
enum deliver_end {
	DELIVER_DONE, /* handed over: no more to do */
	DELIVER_GONE, /* who it was for is not there any more */
	DELIVER_AGAIN, /* later */
	DELIVER_GIVEN_UP, /* never; kept to be seen */
};

/* How an attempt went; its name is in the log and in the metrics. */
#define DELIVER_REASONS(X)                                                     \
	X(DELIVER_SENT, DELIVER_DONE, "sent")                                  \
	X(DELIVER_MUTED, DELIVER_DONE, "muted") /* its owner wants none */     \
	X(DELIVER_DECOY, DELIVER_DONE, "decoy") /* for the work it makes */    \
	X(DELIVER_NOBODY, DELIVER_GIVEN_UP, "no-subscription")                 \
	X(DELIVER_UNSUBSCRIBED, DELIVER_GONE, "gone") /* 404, 410 */           \
	X(DELIVER_TOO_LARGE, DELIVER_AGAIN, "too-large") /* 413 */             \
	X(DELIVER_RATE_LIMITED, DELIVER_AGAIN, "rate-limited") /* 429 */       \
	X(DELIVER_SERVER_ERROR, DELIVER_AGAIN, "server-error") /* 5xx */       \
	X(DELIVER_UNREACHABLE, DELIVER_AGAIN, "unreachable")                   \
	X(DELIVER_TIMEOUT, DELIVER_AGAIN, "timeout")                           \
	X(DELIVER_TLS, DELIVER_AGAIN, "tls")                                   \
	X(DELIVER_RESTING, DELIVER_AGAIN, "resting") /* see breaker.h */       \
	X(DELIVER_BUSY, DELIVER_AGAIN, "busy") /* we have no room */           \
	X(DELIVER_STOPPED, DELIVER_AGAIN, "stopped") /* we are ending */       \
	X(DELIVER_FAULT, DELIVER_AGAIN, "fault") /* the machine failed */      \
	X(DELIVER_ENDPOINT, DELIVER_GIVEN_UP, "endpoint-refused")              \
	X(DELIVER_ADDRESS, DELIVER_GIVEN_UP, "address-refused")                \
	X(DELIVER_KEYS, DELIVER_GIVEN_UP, "keys-refused")                      \
	X(DELIVER_PAYLOAD, DELIVER_GIVEN_UP, "payload-too-long")               \
	X(DELIVER_REDIRECT, DELIVER_GIVEN_UP, "redirect") /* 3xx */            \
	X(DELIVER_MALFORMED, DELIVER_GIVEN_UP, "malformed") /* 400 */          \
	X(DELIVER_FORBIDDEN, DELIVER_GIVEN_UP, "forbidden") /* 401, 403 */     \
	X(DELIVER_UNEXPECTED, DELIVER_GIVEN_UP, "unexpected") /* others */

enum deliver_reason {
#define X(id, end, name) id,
	DELIVER_REASONS(X)
#undef X
	    DELIVER_REASON_COUNT,
};

const char *deliver_reason_name(enum deliver_reason r);
enum deliver_end deliver_reason_end(enum deliver_reason r);

/* A message that was taken, and what its kind needs besides. */
struct deliver_message {
	struct store_message message;
	struct store_push push; /* PUSH: the phone's; endpoint "": none */
	bool muted; /* PUSH: the phone wants none now */
};

struct deliver_report {
	enum deliver_reason reason;
	unsigned status; /* of HTTP or SMTP; 0: there was none */
	store_time wait_ms; /* AGAIN: not before; 0: as you think */
	uint64_t took_us; /* from hand-over to answer; 0: not sent */
};

/* Called once for each attempt, perhaps before send returns; any thread. */
typedef void deliver_report_fn(void *ticket, const struct deliver_report *r);

/*
 * How messages of one kind leave.  send must not block: it copies what it
 * needs of m, starts, and returns.
 */
struct deliver_driver {
	void (*send)(void *self, const struct deliver_message *m,
	    store_time now, deliver_report_fn *report, void *ticket);
	void *self;
};

enum { DELIVER_KINDS = STORE_MESSAGE_MAIL + 1 };

/* "push", "sms", "mail" */
const char *deliver_kind_name(enum store_message_kind kind);

#endif
