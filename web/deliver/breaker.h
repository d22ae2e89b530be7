/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_BREAKER_H
#define WEB_DELIVER_BREAKER_H

#include "store/store.h"

/*
 * Lets a host that does not answer rest, so that waiting for it does not use
 * up the places of messages for others.  After BREAKER_PATIENCE failures in
 * a row it is left alone for a second, then one message may try; each failure
 * doubles the rest, up to a minute; any sign of life ends it.  Knows the 64
 * hosts it heard of last.  Any thread may call.
 */
struct breaker;

enum { BREAKER_PATIENCE = 5 };

struct breaker *breaker_open(void);
void breaker_close(struct breaker *b);

/* 0: go ahead; else how many milliseconds to leave the host alone. */
store_time breaker_ask(struct breaker *b, const char *origin, store_time now);

/* alive: it answered, with whatever but a failure of its own. */
void breaker_tell(
    struct breaker *b, const char *origin, store_time now, bool alive);

#endif
