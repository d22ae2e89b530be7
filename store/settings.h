/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SETTINGS_H
#define STORE_SETTINGS_H

#include "store/store.h"

/* Small named values: the format of the store, which installation it is. */
enum { STORE_SETTING_NAME_MAX = 63, STORE_SETTING_MAX = 1024 };

/* Copies at most size bytes; *n is how long the value is. */
enum store_rc store_setting_get(struct store_txn *t, const char *name,
    uint8_t *value, size_t size, size_t *n);
enum store_rc store_setting_put(
    struct store_txn *t, const char *name, struct slice value);

#endif
