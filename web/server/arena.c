/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include <openssl/crypto.h>

enum { BLOCK = 16384 };

struct arena_block {
	struct arena_block *older;
	/* What was in use when this one was made: of the older one, or the
	 * first. */
	uint8_t *begin;
	size_t used;
	alignas(max_align_t) uint8_t bytes[];
};

void
arena_init(struct arena *a, void *first, size_t n)
{
	*a = (struct arena){ .begin = first,
		.next = first,
		.end = first == NULL ? NULL : (uint8_t *)first + n };
}

static void
wipe(uint8_t *p, size_t n)
{
	if (n > 0)
		OPENSSL_cleanse(p, n);
}

void
arena_free(struct arena *a)
{
	struct arena_block *b = a->more;

	wipe(a->begin, (size_t)(a->next - a->begin));
	while (b != NULL) {
		struct arena_block *older = b->older;

		wipe(b->begin, b->used);
		free(b);
		b = older;
	}
	*a = (struct arena){ 0 };
}

static bool
grow(struct arena *a, size_t n)
{
	size_t room = n > BLOCK ? n : BLOCK;
	struct arena_block *b;

	if (room > SIZE_MAX - sizeof(*b) ||
	    (b = malloc(sizeof(*b) + room)) == NULL)
		return false;
	b->older = a->more;
	b->begin = a->begin;
	b->used = (size_t)(a->next - a->begin);
	a->more = b;
	a->begin = a->next = b->bytes;
	a->end = b->bytes + room;
	return true;
}

void *
arena_take(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	uint8_t *p;

	if (n > SIZE_MAX - align) {
		a->failed = true;
		return NULL;
	}
	/* Nothing is a place too: NULL means that there is no memory. */
	n = n == 0 ? align : (n + align - 1) / align * align;
	if (n > (size_t)(a->end - a->next) && !grow(a, n)) {
		a->failed = true;
		return NULL;
	}
	p = a->next;
	a->next += n;
	return p;
}

char *
arena_text(struct arena *a, struct slice s)
{
	char *p = arena_take(a, s.n + 1);

	if (p == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}
