/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_APPROVAL_KIT_H
#define TESTS_APPROVAL_KIT_H

#include "rp_kit.h"

#include <openssl/evp.h>

#include "rp/companion.h"
#include "rp/evidence.h"
#include "rp/phones.h"
#include "rp/watch.h"
#include "store/outbox.h"

/* A P-256 key of a phone or a browser. */
struct device_key {
	EVP_PKEY *key;
	uint8_t xy[64];
};

void device_key_make(struct device_key *k);
void device_key_free(struct device_key *k);
/* r, s over the bytes. */
void device_key_sign(
    const struct device_key *k, struct slice bytes, uint8_t sig[64]);

/* A phone in somebody's hand. */
struct phone {
	struct person *owner; /* whose passkey it has */
	struct device_key key;
	struct phone_id id;
	unsigned network;
};

/* A browser that asks and waits. */
struct asker {
	struct device_key key;
	unsigned cookie, network;
	char kept[RP_KEPT_TEXT + 1]; /* "": none */
	bool kept_lost;
	struct rp_approval a;
	struct rp_signed_in in;
	struct rp_token token;
};

/* A proof, with the memory that its claims point to. */
struct proof {
	struct rp_claims claims;
	struct rp_facts facts;
	char phone[32], approval[32], jti[32], input[512];
	uint8_t signature[64];
};

/* A true one: change the claims, then sign again for a lie that is signed. */
void proof_of_phone(struct world *w, const struct phone *p, struct proof *out);
void proof_of_asker(struct world *w, const struct asker *b, struct proof *out);
void proof_sign(struct proof *p, const struct device_key *k);

void asker_make(struct asker *b, unsigned number);
void asker_free(struct asker *b);

/* Joins the account that its owner is signed in to; must succeed. */
void phone_join(struct world *w, struct phone *p, struct person *owner);
void phone_free(struct phone *p);
/* Proved to be itself; must succeed. */
struct rp_device device(struct world *w, const struct phone *p);
/* A call from the phone. */
struct rp_call *call_of_phone(struct world *w, const struct phone *p);
struct rp_call *call_of_asker(struct world *w, const struct asker *b);

/* The steps, each as its function answers. */
enum rp_answer ask(struct world *w, struct asker *b, const char *name);
enum store_approval_state state_of(struct world *w, struct asker *b);
enum rp_answer choose(struct world *w, const struct phone *p,
    const struct asker *b, const char *number, struct rp_commitment *out);
enum rp_answer decide(struct world *w, const struct phone *p,
    const struct asker *b, enum rp_decision decision);
enum rp_answer sign(struct world *w, const struct phone *p,
    const struct asker *b, const struct rp_commitment *c,
    const struct softkey_script *lies, enum store_approval_state *state);
enum rp_answer collect(struct world *w, struct asker *b);

/* The next push that is due; false: there is none. */
bool push_take(struct world *w, struct store_message *m);
/* Takes them all: how many there were, and of those how many to nobody. */
size_t push_drain(struct world *w, size_t *nobody);

/* A number that was shown and is not the right one. */
const char *wrong_number(struct world *w, const struct asker *b);

/* All of choosing and signing. */
enum store_approval_state answer(
    struct world *w, const struct phone *p, const struct asker *b, bool right);
/* Asks, answers rightly and collects; must succeed. */
void sign_in_by(
    struct world *w, struct asker *b, const struct phone *p, const char *name);

/* One account, "anna", with two phones; another, "ben", with one. */
struct home {
	struct world *w;
	struct person *anna, *ben;
	struct phone phone, tablet, bens;
	struct asker pc, tv;
};

/* For cmocka: *state is a struct home. */
int home_setup(void **state);
int home_teardown(void **state);
/* The account's guard and the browser's request as they are stored. */
struct store_guard guard_of(struct home *h, const struct person *p);
struct store_approval row_of(struct home *h, const struct asker *b);

#define assert_state(h, b, want)                                               \
	assert_string_equal(rp_approval_state_name(state_of((h)->w, (b))),     \
	    rp_approval_state_name(want))

#endif
