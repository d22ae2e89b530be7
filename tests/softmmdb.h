/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTMMDB_H
#define TESTS_SOFTMMDB_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes small MaxMind DB files (format 2.0, IPv6, records of 24 bits).
 * Begin it with all zero.  A value is written where softmmdb_here() says, and
 * networks are then put to it; a map is its size and then names and values in
 * turn.
 */
enum { SOFTMMDB_NODES = 2048, SOFTMMDB_DATA = 4096 };

struct softmmdb {
	/* Another node; 0: nothing; below 0: data at -1 - it. */
	int32_t nodes[SOFTMMDB_NODES][2];
	size_t nodes_n;
	uint8_t data[SOFTMMDB_DATA];
	size_t data_n;
};

size_t softmmdb_here(const struct softmmdb *m);
void softmmdb_map(struct softmmdb *m, size_t n);
void softmmdb_text(struct softmmdb *m, const char *text);
void softmmdb_number(struct softmmdb *m, uint32_t value);
/* "192.0.2.0" or "2001:db8::", and its bits as written so. */
void softmmdb_put(
    struct softmmdb *m, const char *network, unsigned bits, size_t data);
void softmmdb_write(const struct softmmdb *m, const char *file);

#endif
