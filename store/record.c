/* SPDX-License-Identifier: Apache-2.0 */
#include "store/record.h"

void
writer_bytes(struct writer *w, const void *p, size_t n)
{
	if (w->bad || n > w->room - w->n) {
		w->bad = true;
		return;
	}
	if (n > 0)
		memcpy(w->p + w->n, p, n);
	w->n += n;
}

void
writer_be(struct writer *w, uint64_t v, size_t width)
{
	uint8_t b[8];

	for (size_t i = 0; i < width; i++)
		b[i] = (uint8_t)(v >> 8 * (width - 1 - i));
	if (width < 8 && v >> 8 * width != 0)
		w->bad = true;
	writer_bytes(w, b, width);
}

void
writer_time(struct writer *w, store_time v)
{
	if (v < 0)
		w->bad = true;
	writer_be(w, (uint64_t)v, 8);
}

void
writer_text(struct writer *w, const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	if (n == size)
		w->bad = true;
	writer_be(w, n, 1);
	writer_bytes(w, s, n);
}

void
writer_long(struct writer *w, struct slice s)
{
	writer_be(w, s.n, 2);
	writer_bytes(w, s.p, s.n);
}

struct cursor
record_open(struct slice value, uint8_t version)
{
	struct cursor c = cursor_over(value);

	if (cursor_be(&c, 1) != version)
		c.bad = true;
	return c;
}

void
cursor_text(struct cursor *c, char *dst, size_t size)
{
	struct slice s = cursor_take(c, cursor_be(c, 1));

	memset(dst, 0, size);
	if (s.n >= size || (s.n > 0 && memchr(s.p, 0, s.n) != NULL)) {
		c->bad = true;
		return;
	}
	if (s.n > 0)
		memcpy(dst, s.p, s.n);
}

size_t
cursor_long(struct cursor *c, uint8_t *dst, size_t size)
{
	struct slice s = cursor_take(c, cursor_be(c, 2));

	if (s.n > size) {
		c->bad = true;
		return 0;
	}
	if (s.n > 0)
		memcpy(dst, s.p, s.n);
	return s.n;
}

store_time
cursor_time(struct cursor *c)
{
	return (store_time)cursor_upto(c, 8, INT64_MAX);
}

uint64_t
cursor_upto(struct cursor *c, size_t width, uint64_t max)
{
	uint64_t v = cursor_be(c, width);

	if (v <= max)
		return v;
	c->bad = true;
	return 0;
}

bool
cursor_bool(struct cursor *c)
{
	return cursor_upto(c, 1, 1) == 1;
}
