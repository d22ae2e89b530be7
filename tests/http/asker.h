/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HTTP_ASKER_H
#define TESTS_HTTP_ASKER_H

#include "tests/http/visitor.h"
#include "tests/softproof.h"

/* A browser that asks a phone, and waits. */
struct asker {
	struct visitor *v;
	struct softproof_key key;
	char id[32]; /* "apr_…" of the last request */
	char number[8]; /* "": none is shown */
};

struct asker *asker_new(struct server *s);
void asker_free(struct asker *b);

/* The body of POST /api/v1/approvals, and of POST …/collect. */
json_t *asker_body(const struct asker *b, const char *name);
json_t *asker_proof(
    const struct asker *b, const struct softproof_script *script);

/* Asks, which must go well. */
void asker_ask(struct asker *b, const char *name);
/* How it stands, in a buffer until the next call; wait: seconds, or 0. */
const char *asker_state(struct asker *b, unsigned wait);
/* Collects, which must go well; {account, session, signal}. */
json_t *asker_collect(struct asker *b);
/* The path of the request, and of what lies under it, until the next call. */
const char *asker_path(const struct asker *b, const char *what);

/* An event stream that has begun: its head is read.  From 127.0.0.1. */
struct wire *asker_listen(struct asker *b);

#endif
