/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RP_KIT_H
#define TESTS_RP_KIT_H

#include "store_kit.h"

#include "rp/accounts.h"
#include "rp/inside.h"
#include "rp/login.h"
#include "rp/passkeys.h"
#include "rp/sessions.h"
#include "rp/signup.h"
#include "tests/softkey.h"

/* A relying party on a fresh store, and the time that it is there. */
struct world {
	struct kit *kit;
	struct rp_config config;
	struct rp_keys keys;
	struct rp *rp;
	store_time now;
	struct rp_call call; /* of the last thing that was done */
	unsigned browser, network; /* whose calls they are */
};

/* Somebody with one passkey in their hands. */
struct person {
	struct softkey *key;
	uint32_t counter; /* that the key will send; 0: it counts nothing */
	uint8_t flags; /* likewise; 0: UP and UV */
	uint8_t handle[STORE_USER_HANDLE];
	struct credential_ref ref;
	struct rp_signed_in in;
	struct rp_token token;
};

#define SECOND ((store_time)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* For cmocka: *state is a struct world. */
int world_setup(void **state);
int world_teardown(void **state);
/* Opens the relying party again, with what w->config and w->keys say now. */
void world_reopen(struct world *w);

/* A call at this time by the browser and from the network of that number. */
struct rp_call *call_by(struct world *w, unsigned browser, unsigned network);
/* The same by w->browser and from w->network. */
struct rp_call *call(struct world *w);

struct person *person_new(void);
void person_free(struct person *p);

/* Fails with both names when they are not the same. */
#define assert_answer(got, want)                                               \
	assert_string_equal(rp_answer_name(got), rp_answer_name(want))

/* A passkey for what a begin asked for.  Good until p's key is used again. */
struct rp_new_passkey make_passkey(
    struct person *p, const struct rp_creation *o);
/* The same by a script, which may leave the challenge to us. */
struct rp_new_passkey make_passkey_by(struct person *p,
    const struct rp_creation *o, const struct softkey_script *lies);
/* An assertion likewise; lies may be NULL. */
struct wa_assertion assert_passkey(struct person *p, const struct rp_request *o,
    const struct softkey_script *lies);
struct slice sealed(const struct rp_ceremony_text *t);

enum rp_answer sign_up_with(
    struct world *w, struct person *p, const struct rp_signup *s);
/* Must succeed. */
void sign_up(struct world *w, struct person *p, const char *name);
/* All of a finish, for one. */
enum rp_answer login_finish(struct rp *rp, struct rp_call *call,
    struct slice ceremony, const struct wa_assertion *got,
    const struct session_id *old, struct rp_signed_in *in,
    struct rp_token *token);
/* Begins and finishes, by name or, with NULL, without. */
enum rp_answer sign_in(struct world *w, struct person *p, const char *name);
enum rp_answer prove(struct world *w, struct person *p);
/* Sets the switch of who is signed in. */
enum rp_answer always_passkey(
    struct world *w, const struct rp_signed_in *who, bool on);
/* Adds other's key to p's account. */
enum rp_answer add_passkey(
    struct world *w, struct person *p, struct person *other);

/* How many entries the account's history has of that event, and of that
 * reason if it is not NULL. */
size_t events(struct world *w, const struct person *p, const char *event,
    const char *reason);
/* Entries of the audit log with that event. */
size_t audited(struct world *w, const char *event);
/* The credential as it is stored; false when it is not. */
bool stored(
    struct world *w, const struct person *p, struct store_credential *c);

#endif
