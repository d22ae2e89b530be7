/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SWEEPER_H
#define WEB_SWEEPER_H

#include "store/store.h"

/* A thread that removes what has expired, in small commits. */
struct sweeper;

struct sweeper *sweeper_start(struct store *s);
void sweeper_stop(struct sweeper *w);

#endif
