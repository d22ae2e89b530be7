/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TABLES_H
#define STORE_TABLES_H

/*
 * The tables.  The numbers are stored (in the expiry index), and so are the
 * names: a table keeps both for good.
 */
enum store_table {
	TABLE_SETTINGS = 0, /* name */
	TABLE_ACCOUNTS = 1, /* account id, kind, suffix: see cluster.h */
	TABLE_NAMES = 2, /* name_key */
	TABLE_CREDENTIALS = 3, /* credential ref */
	TABLE_SESSIONS = 4, /* session id */
	TABLE_HISTORY = 5, /* history id */
	TABLE_SPENT = 6, /* expiry, 16 bytes of the challenge */
	TABLE_INVITATIONS = 7, /* hash of the token */
	TABLE_EXPIRY = 8, /* expiry, table, key */
	TABLE_AUDIT = 9, /* chain, number */
	TABLE_HEADS = 10, /* named or not, chain */
	TABLE_PHONES = 11, /* phone id */
	TABLE_OFFERS = 12, /* offer id */
	TABLE_BROWSERS = 13, /* browser id */
	TABLE_APPROVALS = 14, /* see approvals.c */
	TABLE_GUARDS = 15, /* account id, or a stranger's */
	TABLE_OUTBOX = 16, /* 'm', id; 'd', due, kind, id; 't', topic */
	TABLE_CHANGES = 17, /* number; 0: the last one's */
	STORE_TABLES,
};

#endif
