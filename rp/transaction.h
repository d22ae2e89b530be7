/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_TRANSACTION_H
#define RP_TRANSACTION_H

#include "rp/rp.h"
#include "store/approvals.h"

/*
 * T: all that a phone was shown of a request and what its owner chose.  Its
 * RFC 8785 text is what a passkey signs for an approval, so that the evidence
 * says what was approved, and not only that something was.
 *
 * Members, in their order: account, app, approval, binding (when there is
 * one), browser {address, jkt, name, network, place}, choice, exp, iat, match,
 * nonce, phone, rp_id, same_network, sealed, shown [numbers in the order on
 * the screen], trusted, v.  Strings but for exp and iat (seconds),
 * same_network, shown, trusted and v (1).
 *
 * sealed is the right number under a secret of the request.  Nobody can learn
 * the number from it, and nobody can say afterwards that it was another one:
 * with the secret, which the audit log has, it is compared again.
 */
enum { RP_TRANSACTION_MAX = 1535 };

struct rp_transaction {
	char text[RP_TRANSACTION_MAX + 1];
	size_t n;
};

struct rp_sealed_number {
	char s[44];
};

bool rp_transaction_seal(const uint8_t secret[32], const char *number,
    struct rp_sealed_number *sealed);

/* The three numbers in the order in which that phone shows them. */
bool rp_transaction_order(const struct store_approval *a,
    const struct phone_id *phone, const char *shown[STORE_SHOWN]);

/*
 * T from the request's own record, never from what a phone sent.  False: the
 * machine failed.
 */
bool rp_transaction_write(const char *rp_id, const struct store_approval *a,
    const struct phone_id *phone, bool same_network, const char *choice,
    struct rp_transaction *t);

/*
 * What is shown before the choice: T without choice and nonce.  Its SHA-256
 * is how a phone says what it had on its screen.
 */
bool rp_transaction_context(const char *rp_id, const struct store_approval *a,
    const struct phone_id *phone, bool same_network, struct rp_transaction *t);

/* SHA-256("itsumo approval v1", a zero byte, text). */
bool rp_transaction_challenge(struct slice text, uint8_t challenge[32]);

#endif
