/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_AUDIT_H
#define RP_AUDIT_H

#include "rp/rp.h"
#include "store/audit.h"

/*
 * The detail of an audit entry: logfmt, key=value apart by spaces, in the
 * order in which they were put.  Values with anything but letters, digits and
 * -_.:@/+ are quoted, with \" and \\ and \xNN inside.  A detail that would be
 * longer than this loses its last values, never a part of one.
 */
enum { RP_AUDIT_MAX = 1024 };

struct rp_audit {
	size_t n;
	char s[RP_AUDIT_MAX];
};

/* Empty values are left out.  At most 254 bytes of a value are kept. */
void rp_audit_text(struct rp_audit *a, const char *key, const char *value);
void rp_audit_number(struct rp_audit *a, const char *key, uint64_t value);
void rp_audit_id(struct rp_audit *a, const char *key, const char *prefix,
    const uint8_t id[16]);
/* Who asked: address and browser. */
void rp_audit_client(struct rp_audit *a, const struct rp_call *call);

/* account may be NULL: of no account. */
enum store_rc rp_audit_append(struct store_txn *t, const struct rp_call *call,
    const struct account_id *account, const char *event,
    const struct rp_audit *a);

#endif
