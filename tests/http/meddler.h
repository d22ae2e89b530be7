/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HTTP_MEDDLER_H
#define TESTS_HTTP_MEDDLER_H

#include <stdint.h>

#include "tests/http/server_under_test.h"

/*
 * Somebody with a hand in the store of a server that runs: a second process
 * on its data folder.  Ends the test where the machine fails.
 */
struct meddler;

struct meddler *meddler_new(const struct server *s);
void meddler_free(struct meddler *m);

/* The session "ses_…" was used so much longer ago. */
void meddler_age_session(struct meddler *m, const char *id, int64_t ms);
/* Its record is no record any more. */
void meddler_damage_session(struct meddler *m, const char *id);
/* Nobody else commits from here on, until it lets go. */
void meddler_hold_writer(struct meddler *m);
void meddler_let_go(struct meddler *m);

#endif
