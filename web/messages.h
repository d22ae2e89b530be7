/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_MESSAGES_H
#define WEB_MESSAGES_H

#include "web/config.h"
#include "web/deliver/deliver.h"

/*
 * Starts sending messages as the configuration says.  False, with a line in
 * the log, when it is wrong; *d NULL with true: pushes are off.
 */
bool messages_start(const struct config *c, struct store *s,
    const uint8_t push_key[32], struct deliver **d);

/*
 * Whether what it says of messages will do; says what not.  messages_start()
 * asks it first.
 */
bool messages_check(const struct config *c);

/* Whether a change of the configuration wants a restart for it. */
bool messages_differ(const struct config *a, const struct config *b);

#endif
