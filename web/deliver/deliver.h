/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_DELIVER_H
#define WEB_DELIVER_DELIVER_H

#include "web/deliver/endpoint.h"
#include "web/deliver/message.h"
#include "web/deliver/vapid.h"

/*
 * Messages out, as a whole: what main.c starts and stops, and what the routes
 * ask.  Everything else in this folder stands behind it.
 */
struct deliver;

struct deliver_config {
	struct store *store; /* outlives it */
	struct slice vapid_key; /* see vapid_open() */
	const char *push_subject; /* mailto: or https: */
	const char *const *push_hosts; /* see endpoint_rules_open() */
	const char *const *push_networks;
	const char *proxy; /* see sender.h, also for these */
	const char *ca_file;
	const char *const *connect_to;
	unsigned timeout_ms; /* an answer must be here; 0: 10 000 */
	/* Drivers of other kinds; their .send NULL: such messages wait. */
	struct deliver_driver sms, mail;
};

enum { DELIVER_TROUBLE_MAX = 255 };

/*
 * Starts two threads, and sends what is due.  After fork().  NULL, and in
 * trouble what is wrong with the configuration, in English.
 */
struct deliver *deliver_open(
    const struct deliver_config *c, char trouble[DELIVER_TROUBLE_MAX + 1]);

/* Call it after a commit that wrote a message.  Never blocks. */
void deliver_wake(struct deliver *d);

/*
 * Takes no more, waits at most grace_ms for answers, keeps what they say.
 * What had no answer is sent again by whoever serves next.
 */
void deliver_close(struct deliver *d, unsigned grace_ms);

/* The applicationServerKey for PushManager.subscribe(), base64url. */
void deliver_push_key(const struct deliver *d, char text[VAPID_KEY_TEXT + 1]);

/*
 * Judges a subscription that a phone sent, its keys decoded.  NULL and *push
 * filled, or the name of what is wrong: of ENDPOINT_VERDICTS or
 * WEBPUSH_ANSWERS.
 */
const char *deliver_push_judge(const struct deliver *d, struct slice endpoint,
    struct slice p256dh, struct slice auth, struct store_push *push);

#endif
