/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_COMPANION_H
#define TESTS_COMPANION_H

#include "tests/http/visitor.h"
#include "tests/softproof.h"

/*
 * A companion app without a screen, written against the API of web/README.md:
 * what an app for any phone has to do, and in which order.  Ends the test
 * where the machine fails.
 */
struct companion {
	struct visitor *v; /* its connection, its passkey and its cookies */
	struct softproof_key key;
	char id[32]; /* "phn_…" */
	const char *push; /* where it is woken; NULL: it is not */
	struct softkey_script lies; /* of its passkey, when it approves */
};

/* v: who holds the phone, with the passkey that is on it; taken over. */
struct companion *companion_new(struct visitor *v);
void companion_free(struct companion *c);
/* Its device key's public half, for POST /api/v1/phones. */
json_t *companion_jwk(const struct companion *c);

/* A push subscription of its browser, to be encrypted to by anybody. */
json_t *companion_push(const struct companion *c, const char *endpoint);

/* Joins the account that v is signed in to, with a fresh proof. */
void companion_join(struct companion *c, const char *name);
/*
 * Answers the offer that a computer shows, with a new passkey; in from when
 * the computer has confirmed it.
 */
void companion_answer(struct companion *c, const char *offer, const char *name);
/* Until the computer has decided: "confirmed" or "refused". */
json_t *companion_await(struct companion *c, const char *offer);

/*
 * One request with a proof of the device key, as an app makes it: neither
 * cookies nor an origin.  body is taken over; NULL: none.  script: what the
 * proof lies about; NULL: the truth.
 */
struct answer companion_ask(struct companion *c, const char *method,
    const char *path, json_t *body, const struct softproof_script *script);
/* Asks and wants this status; the answer's JSON is yours. */
json_t *companion_get(struct companion *c, const char *method, const char *path,
    json_t *body, int status);
/* Asks and wants this problem. */
void companion_refused(struct companion *c, const char *method,
    const char *path, json_t *body, int status, const char *code);

/* The id of what is pending, in a buffer until the next call; "": nothing. */
const char *companion_pending(struct companion *c);
/* What is shown of a request: {approval, choices?, context}. */
json_t *companion_look(struct companion *c, const char *id);
/*
 * Whether what is shown beside the context is what stands in it: the context
 * alone is signed.
 */
bool companion_is_honest(const json_t *seen);
/*
 * Chooses a number that is shown in *seen, and checks that what is to be
 * signed is that: context, choice and nonce, and the challenge made of them.
 * NULL where it is not, or what is shown is not honest.
 */
json_t *companion_choose(struct companion *c, const char *id,
    const json_t *seen, const char *number);
/* Signs; the state that the request has then. */
json_t *companion_sign(
    struct companion *c, const char *id, const json_t *options);
/* "deny" or "report"; the state that the request has then. */
json_t *companion_refuse(struct companion *c, const char *id, const char *how);
/* All of it, by number; wants that state. */
void companion_decide(
    struct companion *c, const char *id, const char *number, const char *state);

/* The SHA-256 of a context as it was shown, in base64url; free() it. */
char *companion_seen(const json_t *context);

#endif
