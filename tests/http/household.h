/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HTTP_HOUSEHOLD_H
#define TESTS_HTTP_HOUSEHOLD_H

#include "tests/companion.h"
#include "tests/http/asker.h"
#include "tests/http/claims.h"

/*
 * Somebody with an account and a phone that is in, and a browser that has
 * nothing yet.
 */
struct household {
	struct server *server;
	char name[32];
	struct companion *phone; /* its visitor is signed in to the account */
	struct asker *pc;
};

/* A new account each time. */
struct household *household_new(struct server *s);
void household_free(struct household *h);

/* Another phone of the same account, with a passkey of its own. */
struct companion *household_phone(struct household *h, const char *name);
/* A number that is shown in *seen, and is not this one. */
const char *household_other(const json_t *seen, const char *number);
/* Asks, approves with the right number, and collects. */
void household_let_in(struct household *h, struct asker *b);
/* Asks, and approves as far as the request and its signature. */
void household_approve(struct household *h, struct asker *b);

/* The answer's status and code; the answer is freed. */
void wants(struct answer a, int status, const char *code);
/* Likewise, of a problem with that state in it. */
void wants_state(
    struct answer a, int status, const char *code, const char *state);

#endif
