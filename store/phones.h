/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PHONES_H
#define STORE_PHONES_H

#include "store/credentials.h"
#include "store/sessions.h"

enum {
	STORE_PHONES_MAX = 10, /* an account */
	STORE_PHONE_NAME_MAX = 128, /* bytes of UTF-8 */
	STORE_PLATFORM_MAX = 63, /* "Android 15", as it says of itself */
	STORE_ENDPOINT_MAX = 1023,
};

struct phone_id {
	uint8_t b[16];
};

/* A push subscription, RFC 8030 and 8291. */
struct store_push {
	char endpoint[STORE_ENDPOINT_MAX + 1]; /* "": none */
	uint8_t p256dh[65]; /* uncompressed point */
	uint8_t auth[16];
};

/* A phone that may approve: a key that never leaves it. */
struct store_phone {
	struct phone_id id;
	struct account_id account;
	struct credential_ref credential; /* the passkey it was set up with */
	uint8_t key[64]; /* its device key, P-256: x, y */
	char name[STORE_PHONE_NAME_MAX + 1];
	char platform[STORE_PLATFORM_MAX + 1];
	struct store_push push;
	store_time push_changed; /* set, or removed, then; 0: never had one */
	store_time created;
	store_time last_seen;
	store_time muted_until; /* no pushes before; 0: not muted */
};

/*
 * STORE_REFUSED: the account has STORE_PHONES_MAX.  STORE_ABSENT: there is no
 * such account.  STORE_TAKEN: the id belongs to a phone.
 */
enum store_rc store_phone_add(struct store_txn *t, const struct store_phone *p);
enum store_rc store_phone_get(
    struct store_txn *t, const struct phone_id *id, struct store_phone *p);
/* Replaces the record; neither account, key nor created changes. */
enum store_rc store_phone_put(struct store_txn *t, const struct store_phone *p);
enum store_rc store_phone_remove(
    struct store_txn *t, const struct phone_id *id);
/*
 * An account's, oldest first; out holds STORE_PHONES_MAX.  One that cannot be
 * read is left out.
 */
enum store_rc store_phones_of(struct store_txn *t,
    const struct account_id *account, struct store_phone *out, size_t *n);

/*
 * A way for a phone to join an account: made on a computer that is signed in,
 * answered by the phone that scanned it, confirmed on the computer.
 */
struct offer_id {
	uint8_t b[16];
};

enum store_offer_state {
	STORE_OFFER_OPEN = 1, /* no phone has answered */
	STORE_OFFER_ANSWERED = 2, /* one has; phone and passkey are filled */
	STORE_OFFER_CONFIRMED = 3,
	STORE_OFFER_REFUSED = 4,
};

struct store_offer {
	struct offer_id id;
	uint8_t token_hash[32]; /* SHA-256; the token is never stored */
	struct account_id account;
	struct session_id session; /* that made it */
	enum store_offer_state state;
	store_time created, expires;
	struct store_phone phone; /* as it will be */
	struct store_credential passkey; /* likewise */
	struct store_client client; /* where the phone answered from */
};

enum store_rc store_offer_add(struct store_txn *t, const struct store_offer *o);
/* STORE_ABSENT also when it has expired by now. */
enum store_rc store_offer_get(struct store_txn *t, const struct offer_id *id,
    store_time now, struct store_offer *o);
/* Neither account, token_hash nor the times change. */
enum store_rc store_offer_put(struct store_txn *t, const struct store_offer *o);

#endif
