/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_NUMBERS_H
#define RP_NUMBERS_H

#include "store/approvals.h"

/*
 * Numbers that are easy to tell apart, read out or seen from afar: 10 to 99,
 * none of 11, 22, …; of three no two with the same digit in the same place,
 * none another one turned round.  Drawn so that nothing tells the right one
 * from the others.  False: the machine has no randomness.
 */
bool rp_numbers_draw(struct store_approval *a);

/* The text is a number of a's form; of three, one of those shown. */
bool rp_number_is_one(const struct store_approval *a, const char *text);

/* In one time for every choice that is a number of a's form. */
bool rp_number_matches(const struct store_approval *a);

#endif
