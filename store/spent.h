/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SPENT_H
#define STORE_SPENT_H

#include "store/store.h"

/*
 * Marks a ceremony as used, until the sweep that finds it expired.  STORE_TAKEN
 * when it was used before: of two finishes that race, one gets STORE_OK.
 */
enum store_rc store_spend(
    struct store_txn *t, const uint8_t challenge[32], store_time expires);

/* STORE_OK: it was used; STORE_ABSENT: it was not. */
enum store_rc store_spent(
    struct store_txn *t, const uint8_t challenge[32], store_time expires);

#endif
