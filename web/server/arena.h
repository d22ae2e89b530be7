/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_ARENA_H
#define WEB_SERVER_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "webauthn/slice.h"

/*
 * Memory of one request: taken piece by piece, given back all at once, so
 * that no handler frees anything.  Tokens lie in it, so what was taken is
 * wiped when it is given back: the memory goes to somebody else's request.
 */
struct arena_block;

struct arena {
	struct arena_block *more; /* blocks beyond the first, newest first */
	uint8_t *begin, *next, *end; /* of the newest block */
	bool failed; /* memory ran out at least once */
};

/* first: n bytes that live as long as the arena and are not freed by it. */
void arena_init(struct arena *a, void *first, size_t n);
void arena_free(struct arena *a);

/* n bytes, not zeroed, aligned for anything.  NULL when there is no memory. */
void *arena_take(struct arena *a, size_t n);
/* A copy of s with a NUL behind it. */
char *arena_text(struct arena *a, struct slice s);

#endif
