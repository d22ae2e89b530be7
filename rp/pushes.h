/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_PUSHES_H
#define RP_PUSHES_H

#include "store/phones.h"

/*
 * A push subscription of the right form, or none (endpoint ""): an http or
 * https address in printable ASCII, and a point on P-256 to encrypt to.
 * Whether a message may be sent there is for who sends to say.
 */
bool rp_push_is_one(const struct store_push *p);

#endif
