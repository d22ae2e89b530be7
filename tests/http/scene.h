/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HTTP_SCENE_H
#define TESTS_HTTP_SCENE_H

#include "tests/http/claims.h"
#include "tests/http/visitor.h"

/* The one server that the tests of a program share, and what it starts with:
 * each program says. */
extern struct server *server;
extern const struct server_options scene;

/* For cmocka_run_group_tests(). */
int scene_begin(void **state);
int scene_end(void **state);

#endif
