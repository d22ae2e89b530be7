/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "store/store.h"

/*
 * The bytes of a record: its version, then its fields one after another.
 * Numbers are big-endian, a text is its length in one byte and its bytes,
 * longer bytes have their length in two.  Values lie unaligned in the store
 * and die with the transaction: they are read by a cursor and copied.
 */

/* Writes into somebody's array.  What does not fit makes it bad for good. */
struct writer {
	uint8_t *p;
	size_t n, room;
	bool bad;
};

#define WRITER(array) ((struct writer){ .p = (array), .room = sizeof(array) })

void writer_bytes(struct writer *w, const void *p, size_t n);
/* The low `width` bytes of v; a number that needs more is bad. */
void writer_be(struct writer *w, uint64_t v, size_t width);
/* Times before 1970 are bad. */
void writer_time(struct writer *w, store_time v);
/* A text in an array of size bytes; bad without its NUL, or beyond 255. */
void writer_text(struct writer *w, const char *s, size_t size);
/* At most 65535 bytes. */
void writer_long(struct writer *w, struct slice s);

static inline struct slice
writer_done(const struct writer *w)
{
	return (struct slice){ w->p, w->n };
}

/* A cursor behind the version; bad when it is another one. */
struct cursor record_open(struct slice value, uint8_t version);

/* Into dst, ended by NUL; bad when it needs more than size or has a NUL. */
void cursor_text(struct cursor *c, char *dst, size_t size);
/* Into dst; bad when longer than size. */
size_t cursor_long(struct cursor *c, uint8_t *dst, size_t size);
store_time cursor_time(struct cursor *c);
/* A number of `width` bytes that is at most max; bad when it is more. */
uint64_t cursor_upto(struct cursor *c, size_t width, uint64_t max);
bool cursor_bool(struct cursor *c);

#endif
