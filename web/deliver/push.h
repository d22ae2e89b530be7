/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_PUSH_H
#define WEB_DELIVER_PUSH_H

#include "web/deliver/message.h"
#include "web/deliver/sender.h"
#include "web/deliver/vapid.h"
#include "web/deliver/webpush.h"

/*
 * The driver of STORE_MESSAGE_PUSH: Web Push to browsers and to UnifiedPush,
 * which speaks the same (RFC 8030, 8291, 8292).  The message's payload is the
 * plaintext; its topic, mixed with the phone's id, is the Topic, so that a
 * push service cannot tell which phones belong together.
 */
struct push;

struct push_config {
	const struct endpoint_rules *rules;
	struct vapid *vapid;
	struct sender *sender; /* all three outlive the driver */
	size_t padded; /* 0: WEBPUSH_PADDED */
};

/* NULL when there is no memory. */
struct push *push_open(const struct push_config *c);
/* After the sender was stopped, so that nothing of ours is under way. */
void push_close(struct push *p);

struct deliver_driver push_driver(struct push *p);

/* What an answer of a push service means. */
enum deliver_reason push_reason(const struct sender_reply *r);

#endif
