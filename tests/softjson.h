/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTJSON_H
#define TESTS_SOFTJSON_H

#include "tests/softkey.h"

/*
 * What PublicKeyCredential.toJSON() gives to a page after create() and after
 * get(): appended to out, with a NUL behind it that n does not count.
 */
void softjson_create(
    struct softkey *k, const struct softkey_script *s, struct soft_bytes *out);
void softjson_get(
    struct softkey *k, const struct softkey_script *s, struct soft_bytes *out);

#endif
