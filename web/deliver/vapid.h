/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_VAPID_H
#define WEB_DELIVER_VAPID_H

#include "store/store.h"
#include "web/deliver/p256.h"

/*
 * How a push service knows that a message is ours: RFC 8292.  One key for the
 * installation; a browser's subscription is bound to it, so that another key
 * makes every phone subscribe anew.  Any thread may call.
 */
struct vapid;

#define VAPID_ANSWERS(X)                                                       \
	X(VAPID_OK, "ok")                                                      \
	X(VAPID_KEY, "vapid-key") /* no P-256 private key */                   \
	X(VAPID_SUBJECT, "vapid-subject") /* no mailto: or https: URI */       \
	X(VAPID_FAULT, "fault")

enum vapid_answer {
#define X(id, name) id,
	VAPID_ANSWERS(X)
#undef X
};

const char *vapid_answer_name(enum vapid_answer a);

enum {
	VAPID_SUBJECT_MAX = 255,
	VAPID_ORIGIN_MAX = 271,
	VAPID_HEADER_MAX = 1535,
	VAPID_KEY_TEXT = 87, /* base64url of a public key */
};

/*
 * key: what the key file holds: 32 bytes, or their base64url (43 characters,
 * a newline after them or not), or PEM.  subject: whom the push service may
 * write to when something is wrong.
 */
enum vapid_answer vapid_open(
    struct slice key, const char *subject, struct vapid **out);
void vapid_close(struct vapid *v);

/* The applicationServerKey for PushManager.subscribe(), base64url. */
void vapid_public_key(const struct vapid *v, char text[VAPID_KEY_TEXT + 1]);

/*
 * The value of the Authorization header for a push service, such as
 * "https://push.example:8443".  Good for twelve hours; the same one is given
 * out for six, since push services remember those that they have checked.
 * False when the origin is too long or the machine failed.
 */
bool vapid_header(struct vapid *v, const char *origin, store_time now,
    char header[VAPID_HEADER_MAX + 1]);

#endif
