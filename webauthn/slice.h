/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_SLICE_H
#define WEBAUTHN_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns.  Never freed through this type. */
struct slice {
	const uint8_t *p;
	size_t n;
};

/* The bytes of a C string, without its NUL. */
static inline struct slice
slice_of(const char *s)
{
	return (struct slice){ (const uint8_t *)s, strlen(s) };
}

/* For values that anybody may know.  Secrets want CRYPTO_memcmp(). */
static inline bool
slice_equal(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/*
 * A reader over untrusted bytes.  The first read past the end makes it bad
 * for good: later reads return empty slices and zeros, so a parser reads
 * like the format it parses and asks once, at the end, whether all went well.
 */
struct cursor {
	struct slice rest;
	bool bad;
	bool malformed; /* bad for what stands there, not for what is missing */
};

static inline struct cursor
cursor_over(struct slice s)
{
	return (struct cursor){ .rest = s };
}

/* The next n bytes, or an empty slice and a bad cursor. */
static inline struct slice
cursor_take(struct cursor *c, size_t n)
{
	struct slice s = { c->rest.p, n };

	if (c->bad || n > c->rest.n) {
		c->bad = true;
		return (struct slice){ 0 };
	}
	if (n > 0)
		c->rest.p += n;
	c->rest.n -= n;
	return s;
}

/* An unsigned big-endian number of 1 to 8 bytes, or 0 and a bad cursor. */
static inline uint64_t
cursor_be(struct cursor *c, size_t width)
{
	struct slice s = cursor_take(c, width);
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}

/* Copies exactly n bytes, or zeroes dst and goes bad. */
static inline void
cursor_copy(struct cursor *c, void *dst, size_t n)
{
	struct slice s = cursor_take(c, n);

	memset(dst, 0, n);
	if (s.n > 0)
		memcpy(dst, s.p, s.n);
}

/* Everything was read, and nothing beyond. */
static inline bool
cursor_finished(const struct cursor *c)
{
	return !c->bad && c->rest.n == 0;
}

#endif
