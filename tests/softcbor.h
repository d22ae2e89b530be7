/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTCBOR_H
#define TESTS_SOFTCBOR_H

#include "webauthn/slice.h"

/* Bytes that grow, and CBOR written into them.  Ends the program where
 * memory runs out: this is for tests. */
struct soft_bytes {
	uint8_t *p;
	size_t n, room;
};

void soft_clear(struct soft_bytes *b); /* keeps the memory */
void soft_free(struct soft_bytes *b);
struct slice soft_slice(const struct soft_bytes *b);

void soft_put(struct soft_bytes *b, const void *p, size_t n);
void soft_put_slice(struct soft_bytes *b, struct slice s);
void soft_put_be(struct soft_bytes *b, uint64_t value, size_t width);

/* One header in its shortest form: major type and argument. */
void soft_head(struct soft_bytes *b, unsigned major, uint64_t arg);
void soft_int(struct soft_bytes *b, int64_t value);
void soft_bstr(struct soft_bytes *b, struct slice s);
void soft_text(struct soft_bytes *b, const char *s);
void soft_array(struct soft_bytes *b, size_t count);
void soft_map(struct soft_bytes *b, size_t pairs);

#endif
