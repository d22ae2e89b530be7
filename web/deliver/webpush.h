/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_WEBPUSH_H
#define WEB_DELIVER_WEBPUSH_H

#include "web/deliver/p256.h"

/*
 * The body of a Web Push message: RFC 8291 over the content coding aes128gcm
 * of RFC 8188, in one record.  Pure functions: randomness can be given.
 */

#define WEBPUSH_ANSWERS(X)                                                     \
	X(WEBPUSH_OK, "ok")                                                    \
	X(WEBPUSH_P256DH_LENGTH, "p256dh-length") /* not 65 bytes */           \
	X(WEBPUSH_P256DH_POINT, "p256dh-point") /* not on P-256 */             \
	X(WEBPUSH_AUTH_LENGTH, "auth-length") /* not 16 bytes */               \
	X(WEBPUSH_TOO_LONG, "too-long") /* does not fit */                     \
	X(WEBPUSH_FAULT, "fault") /* the machine failed */

enum webpush_answer {
#define X(id, name) id,
	WEBPUSH_ANSWERS(X)
#undef X
};

const char *webpush_answer_name(enum webpush_answer a);

enum {
	WEBPUSH_AUTH = 16,
	WEBPUSH_SALT = 16,
	/* RFC 8291 section 4: push services need not take more than 4096. */
	WEBPUSH_BODY_MAX = 4096,
	/* Header 86 bytes, delimiter 1, tag 16. */
	WEBPUSH_PLAIN_MAX = WEBPUSH_BODY_MAX - 86 - 1 - 16,
	WEBPUSH_PADDED = 256,
};

/* The keys of a subscription, as PushSubscription.toJSON() names them. */
struct webpush_keys {
	uint8_t p256dh[P256_PUBLIC];
	uint8_t auth[WEBPUSH_AUTH];
};

/*
 * Judges the keys that a browser sent, decoded.  WEBPUSH_OK and *keys, or
 * which one is bad and *keys left alone.
 */
enum webpush_answer webpush_keys_judge(
    struct slice p256dh, struct slice auth, struct webpush_keys *keys);

/* What makes one message differ from the next.  Never used twice. */
struct webpush_chance {
	struct p256_pair pair;
	uint8_t salt[WEBPUSH_SALT];
};

struct webpush_body {
	size_t n;
	uint8_t b[WEBPUSH_BODY_MAX];
};

/*
 * Encrypts `plain`, padded with zeros (which the browser takes off) to
 * `padded` bytes, so that messages of one size tell nothing by their length:
 * the body has padded + 103 bytes.  chance: NULL for random.
 *
 * WEBPUSH_TOO_LONG when plain is longer than padded or padded than
 * WEBPUSH_PLAIN_MAX; WEBPUSH_P256DH_POINT; WEBPUSH_FAULT.
 */
enum webpush_answer webpush_encrypt(const struct webpush_keys *keys,
    struct slice plain, size_t padded, const struct webpush_chance *chance,
    struct webpush_body *body);

#endif
