/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HTTP_CLAIMS_H
#define TESTS_HTTP_CLAIMS_H

/* cmocka, in the order that it asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
