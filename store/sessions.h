/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

#include "store/credentials.h"

enum {
	STORE_SESSIONS_MAX = 64, /* an account; the oldest gives way */
	STORE_BROWSER_MAX = 63, /* "Chrome, Windows" */
	STORE_ADDRESS_MAX = 45, /* an IPv6 address in text */
	STORE_PLACE_MAX = 63, /* "Kyoto, JP"; "" unknown */
};

/* Begins with the time of sign-in, so that writes land on the same pages. */
struct session_id {
	uint8_t b[16];
};

/* A browser that somebody keeps: see browsers.h. */
struct browser_id {
	uint8_t b[16];
};

/* Who is at the other end, as far as known; kept for the owner to read. */
struct store_client {
	char browser[STORE_BROWSER_MAX + 1];
	char address[STORE_ADDRESS_MAX + 1];
	char place[STORE_PLACE_MAX + 1];
};

/* How a session came about; the values are stored. */
enum store_method {
	STORE_METHOD_PASSKEY = 1,
	STORE_METHOD_APPROVAL = 2,
	STORE_METHOD_CODE = 3,
};

struct store_session {
	struct session_id id;
	uint8_t token_hash[32]; /* SHA-256; the token is never stored */
	struct account_id account;
	struct credential_ref credential; /* what it was opened with */
	struct browser_id browser; /* that its owner keeps; all zero: none */
	enum store_method method;
	store_time created;
	store_time proved; /* the last passkey ceremony */
	store_time last_seen;
	store_time idle_ms; /* ends so long after last_seen */
	store_time ends; /* and at this time at the latest */
	struct store_client client;
};

/* When s is over if nothing more is seen of it. */
store_time store_session_expires(const struct store_session *s);

/*
 * STORE_TAKEN when the id is in use, STORE_ABSENT when there is no such
 * account.  The account's oldest session ends when it would have more than it
 * may.
 */
enum store_rc store_session_add(
    struct store_txn *t, const struct store_session *s);
enum store_rc store_session_get(
    struct store_txn *t, const struct session_id *id, struct store_session *s);
enum store_rc store_session_put(
    struct store_txn *t, const struct store_session *s);
enum store_rc store_session_remove(
    struct store_txn *t, const struct session_id *id);
/*
 * An account's, newest first, without the expired and those that cannot be
 * read; out holds STORE_SESSIONS_MAX.
 */
enum store_rc store_sessions_of(struct store_txn *t,
    const struct account_id *account, store_time now, struct store_session *out,
    size_t *n);
/* All of an account's but *keep (NULL: all); *n is how many. */
enum store_rc store_sessions_end(struct store_txn *t,
    const struct account_id *account, const struct session_id *keep, size_t *n);

#endif
