/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_AUDIT_CHAIN_H
#define STORE_AUDIT_CHAIN_H

#include "store/codec.h"

/*
 * What writing and verifying the audit log have in common.
 *
 * The entry `number` of a chain lies under chain, number.  Its hash covers
 * its place, all its fields and the hash of the entry before it (of the first:
 * zeros).  A chain's head (number and hash of its last entry) lies in another
 * table, so that a tail that was cut off is missed.  The first entry of a
 * chain names the heads of all chains that had grown since they were named
 * last, so that a chain cut off together with its head is missed too.
 */
#define AUDIT_OPENING "audit-chain-opened"

enum {
	AUDIT_CHAIN = 16,
	AUDIT_KEY = AUDIT_CHAIN + 8,
	AUDIT_NAMED = AUDIT_CHAIN + 8 + 32, /* a head in an opening */
	AUDIT_NAMED_MAX = 256, /* in one entry */
};

struct audit_key {
	uint8_t b[AUDIT_KEY];
};

struct audit_key audit_key(const uint8_t chain[AUDIT_CHAIN], uint64_t number);

/*
 * The two places of a head: not yet named by an opening since it grew, and
 * named.  An opening reads the first kind alone, however many chains there
 * have ever been.
 */
struct audit_head_key {
	uint8_t b[1 + AUDIT_CHAIN];
};

struct audit_head_key audit_head_key(
    const uint8_t chain[AUDIT_CHAIN], bool named);

/* False where the machine failed. */
bool audit_hash(const struct audit_key *place, const uint8_t previous[32],
    const struct store_audit_entry *e, uint8_t hash[32]);

#endif
