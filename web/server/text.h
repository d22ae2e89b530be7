/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_TEXT_H
#define WEB_SERVER_TEXT_H

#include "webauthn/slice.h"

/* Without the blanks and tabs at either end. */
static inline struct slice
text_trim(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = (struct slice){ s.p + 1, s.n - 1 };
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Takes what stands before the next c, and c; all where there is none. */
static inline struct slice
text_take(struct slice *s, uint8_t c)
{
	const uint8_t *p = s->n > 0 ? memchr(s->p, c, s->n) : NULL;
	struct slice taken = *s;

	if (p == NULL) {
		*s = (struct slice){ 0 };
		return taken;
	}
	taken.n = (size_t)(p - s->p);
	s->p += taken.n + 1;
	s->n -= taken.n + 1;
	return taken;
}

#endif
