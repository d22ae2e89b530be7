/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softcbor.h"

#include <stdlib.h>

void
soft_clear(struct soft_bytes *b)
{
	b->n = 0;
}

void
soft_free(struct soft_bytes *b)
{
	free(b->p);
	*b = (struct soft_bytes){ 0 };
}

struct slice
soft_slice(const struct soft_bytes *b)
{
	return (struct slice){ b->p, b->n };
}

void
soft_put(struct soft_bytes *b, const void *p, size_t n)
{
	if (n > b->room - b->n) {
		b->room = 2 * b->room + n + 64;
		b->p = realloc(b->p, b->room);
		if (b->p == NULL)
			abort();
	}
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
soft_put_slice(struct soft_bytes *b, struct slice s)
{
	soft_put(b, s.p, s.n);
}

void
soft_put_be(struct soft_bytes *b, uint64_t value, size_t width)
{
	while (width-- > 0)
		soft_put(b, &(uint8_t){ (uint8_t)(value >> 8 * width) }, 1);
}

void
soft_head(struct soft_bytes *b, unsigned major, uint64_t arg)
{
	const unsigned info = arg < 24            ? (unsigned)arg
			      : arg <= UINT8_MAX  ? 24
			      : arg <= UINT16_MAX ? 25
			      : arg <= UINT32_MAX ? 26
						  : 27;

	soft_put_be(b, major << 5 | info, 1);
	if (info >= 24)
		soft_put_be(b, arg, (size_t)1 << (info - 24));
}

void
soft_int(struct soft_bytes *b, int64_t value)
{
	if (value >= 0)
		soft_head(b, 0, (uint64_t)value);
	else
		soft_head(b, 1, (uint64_t)(-1 - value));
}

void
soft_bstr(struct soft_bytes *b, struct slice s)
{
	soft_head(b, 2, s.n);
	soft_put_slice(b, s);
}

void
soft_text(struct soft_bytes *b, const char *s)
{
	soft_head(b, 3, strlen(s));
	soft_put(b, s, strlen(s));
}

void
soft_array(struct soft_bytes *b, size_t count)
{
	soft_head(b, 4, count);
}

void
soft_map(struct soft_bytes *b, size_t pairs)
{
	soft_head(b, 5, pairs);
}
