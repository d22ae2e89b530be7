/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_SENDER_H
#define WEB_DELIVER_SENDER_H

#include "web/deliver/endpoint.h"

/*
 * HTTP out: one thread that keeps any number of requests going at once, and
 * connections open between them (HTTP/2 where the other side has it).  Every
 * request is a POST.  Redirects are not followed, cookies not kept, proxies
 * not taken from the environment, and bodies of answers thrown away.
 */
struct sender;

struct sender_config {
	/*
	 * What requests marked `judged` may connect to.  Copied as a pointer:
	 * outlives the sender.
	 */
	const struct endpoint_rules *rules;
	unsigned requests; /* at a time, at most; 0: 256 */
	unsigned per_host; /* connections, at most; 0: 8 */
	unsigned timeout_ms; /* from submission to answer; 0: 10 000 */
	unsigned connect_ms; /* for a connection to stand; 0: 5 000 */
	const char *proxy; /* URL, or NULL; it then judges addresses */
	const char *ca_file; /* PEM; NULL: the system's */
	/*
	 * "HOST:PORT:TO-HOST:TO-PORT", ending with NULL, or NULL: goes to the
	 * latter in place of the former, TLS and Host being for the former.
	 * The address is judged all the same.
	 */
	const char *const *connect_to;
};

struct sender_request {
	const char *url;
	const char *const *headers; /* "Name: value", ending with NULL */
	struct slice body;
	bool judged; /* the URL is a stranger's: judge where it leads */
};

enum sender_end {
	SENDER_ANSWERED, /* .status is an HTTP status */
	SENDER_UNREACHABLE, /* no such name, refused, broken off */
	SENDER_TIMEOUT,
	SENDER_TLS, /* certificate or handshake */
	SENDER_ADDRESS, /* leads only where the rules forbid */
	SENDER_STOPPED, /* by sender_stop(), before the end */
	SENDER_FAULT,
};

struct sender_reply {
	enum sender_end end;
	unsigned status;
	int64_t retry_after_ms; /* as the answer said, at most a day; or 0 */
	uint64_t took_us; /* since it was submitted */
};

/* Called once for each request, on the sender's thread: must not block. */
typedef void sender_done(void *arg, const struct sender_reply *r);

/* NULL when the machine failed. */
struct sender *sender_open(const struct sender_config *c);

/*
 * Takes no more, waits at most grace_ms for what is going on, and ends the
 * rest as SENDER_STOPPED.  Once.
 */
void sender_stop(struct sender *s, unsigned grace_ms);

/* After sender_stop(), when nobody submits any more. */
void sender_close(struct sender *s);

/*
 * Copies the request and returns at once, from any thread.  False, and done
 * is not called, when there are too many, none are taken any more, or there
 * is no memory.
 */
bool sender_submit(struct sender *s, const struct sender_request *r,
    sender_done *done, void *arg);

#endif
