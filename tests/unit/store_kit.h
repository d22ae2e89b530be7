/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_STORE_KIT_H
#define TESTS_STORE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/audit.h"
#include "store/history.h"
#include "store/internal.h"
#include "store/invitations.h"
#include "store/settings.h"
#include "store/spent.h"

/* A fresh store in a folder of its own, removed at the end. */
struct kit {
	char dir[128]; /* the store; kit_path() gives its neighbours */
	char top[64];
	struct store *s;
	char log[8192]; /* what the store has said, line by line */
	size_t map_first;
};

#define assert_ok(rc) assert_int_equal((rc), STORE_OK)

/* For cmocka: *state is a struct kit with an open store. */
int kit_setup(void **state);
int kit_teardown(void **state);

struct kit *kit_new(size_t map_first);
void kit_end(struct kit *k);
struct store_options kit_options(struct kit *k);
void kit_reopen(struct kit *k);
/* top/name, in a static buffer. */
const char *kit_path(struct kit *k, const char *name);

/* Removes a folder and everything in it. */
void remove_tree(const char *dir);

/* Records to start from, told apart by n. */
struct account_id an_account_id(uint32_t n);
struct store_account an_account(uint32_t n);
struct store_credential a_credential(uint32_t account, uint32_t n);
struct store_session a_session(uint32_t account, uint32_t n, store_time at);
struct store_history a_history(uint32_t account, store_time at);
struct store_audit_entry an_audit_entry(store_time at, const char *detail);
void a_challenge(uint32_t n, uint8_t challenge[32]);

/* An update that is one call with a record of that type. */
#define OP(name, type, call)                                                   \
	static enum store_rc name(struct store_txn *t, void *arg)              \
	{                                                                      \
		type *x = arg;                                                 \
                                                                               \
		return call;                                                   \
	}

enum store_rc kit_add_account(struct kit *k, uint32_t n);

/* Whether they say the same: as bytes, for structs have gaps. */
bool same_account(const struct store_account *a, const struct store_account *b);
bool same_credential(
    const struct store_credential *a, const struct store_credential *b);
bool same_session(const struct store_session *a, const struct store_session *b);
bool same_history(const struct store_history *a, const struct store_history *b);
bool same_invitation(
    const struct store_invitation *a, const struct store_invitation *b);

/* Makes a record one of a later version, which nobody here can read. */
void spoil(struct store *s, enum store_table table, struct slice key);

/* Entries of a table, as a view has them. */
uint64_t entries(struct store *s, enum store_table table);

/*
 * A thread that is to be met asleep.  It says that it is here, and when it has
 * done what it might sleep in; who waits goes on after either.
 */
struct sleeper {
	atomic_int tid;
	atomic_bool done;
};

void sleeper_is_here(struct sleeper *z);
void wait_until_asleep(struct sleeper *z);

/* A small generator of numbers, the same ones for the same seed. */
uint64_t numbers(uint64_t *seed);

#endif
