/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_APPROVAL_CODEC_H
#define STORE_APPROVAL_CODEC_H

#include "store/approvals.h"
#include "store/changes.h"
#include "store/codec.h"
#include "store/outbox.h"

/* The records of sign-in on another device as bytes; the rules of codec.h. */

void phone_encode(struct writer *w, const struct store_phone *p);
bool phone_decode(struct slice value, struct store_phone *p);
void offer_encode(struct writer *w, const struct store_offer *o);
bool offer_decode(struct slice value, struct store_offer *o);
void browser_encode(struct writer *w, const struct store_browser *b);
bool browser_decode(struct slice value, struct store_browser *b);
void trust_encode(struct writer *w, const struct store_trust *t);
bool trust_decode(struct slice value, struct store_trust *t);
void approval_encode(struct writer *w, const struct store_approval *a);
bool approval_decode(struct slice value, struct store_approval *a);
void guard_encode(struct writer *w, const struct store_guard *g);
bool guard_decode(struct slice value, struct store_guard *g);
void message_encode(struct writer *w, const struct store_message *m);
bool message_decode(struct slice value, struct store_message *m);

/* A text that may be longer than 255 bytes. */
void writer_long_text(struct writer *w, const char *s, size_t size);
void cursor_long_text(struct cursor *c, char *dst, size_t size);

enum {
	PHONE_RECORD_MAX =
	    1 + 16 + 64 + 129 + 64 + 2 + STORE_ENDPOINT_MAX + 65 + 16 + 32,
	OFFER_RECORD_MAX = 1 + 32 + 16 + 16 + 1 + 16 + 16 + 2 +
			   PHONE_RECORD_MAX + 2 + CREDENTIAL_RECORD_MAX +
			   CLIENT_RECORD_MAX,
	BROWSER_RECORD_MAX = 1 + 96 + 24 + 1 + 16 * STORE_BROWSER_ACCOUNTS_MAX,
	TRUST_RECORD_MAX = 1 + 129 + 1 + 16 + CLIENT_RECORD_MAX,
	NUMBER_RECORD_MAX = 1 + STORE_NUMBER_MAX,
	APPROVAL_RECORD_MAX =
	    1 + 16 + 3 + 24 + 64 + (2 + STORE_SHOWN) * NUMBER_RECORD_MAX + 64 +
	    81 + 32 + 64 + 16 + CLIENT_RECORD_MAX + 64 + 16 + 16 + 1 + 16,
	GUARD_RECORD_MAX = 1 + 1 + 8 + 16 + 24 + 1 + 16 + 8 + 1 + 8 + 1 + 1 +
			   40 * STORE_BLOCKED_MAX,
	MESSAGE_RECORD_MAX = 1 + 3 + 16 + 2 + STORE_ADDRESS_TEXT_MAX + 2 +
			     STORE_PAYLOAD_MAX + 32 + 24 + 4 + 96,
};

/* What the sweeper does with them: see internal.h. */
enum store_rc approval_expire(struct store_txn *t, struct slice key);
enum store_rc guard_expire(
    struct store_txn *t, struct slice key, store_time now);
enum store_rc browser_expire(
    struct store_txn *t, struct slice key, store_time now);
enum store_rc offer_expire(struct store_txn *t, struct slice key);
enum store_rc message_expire(struct store_txn *t, struct slice key);

/* What goes with an account: what points to a record of its cluster. */
enum store_rc phone_forget(struct store_txn *t, struct slice phone);
enum store_rc trust_forget(struct store_txn *t,
    const struct account_id *account, struct slice browser);
enum store_rc guard_forget(struct store_txn *t, const struct account_id *id);

#endif
