/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

/* Accounts, their passkeys and invitations, and what goes with them. */

OP(add_account, struct store_account, store_account_add(t, x))
OP(put_account, struct store_account, store_account_put(t, x))
OP(remove_account, struct account_id, store_account_remove(t, x))
OP(add_credential, struct store_credential, store_credential_add(t, x))
OP(put_credential, struct store_credential, store_credential_put(t, x))
OP(add_session, struct store_session, store_session_add(t, x))
OP(add_history, struct store_history, store_history_add(t, x))
OP(add_invitation, struct store_invitation, store_invitation_add(t, x))
OP(remove_invitation, struct store_invitation,
    store_invitation_remove(t, x->token_hash))
OP(append_audit, struct store_audit_entry, store_audit_append(t, x))

struct credential_name {
	struct account_id account;
	struct credential_ref ref;
};
OP(remove_credential, struct credential_name,
    store_credential_remove(t, &x->account, &x->ref))

static struct store_txn *
view(struct kit *k)
{
	struct store_txn *t;

	assert_ok(store_read_begin(k->s, &t));
	return t;
}

static void
is_found_by_id_and_by_name(void **state)
{
	struct kit *k = *state;
	struct store_account a = an_account(1), got;
	struct account_id id;
	struct store_txn *t;

	assert_ok(kit_add_account(k, 1));
	t = view(k);
	assert_ok(store_account_get(t, &a.id, &got));
	assert_true(same_account(&got, &a));
	assert_ok(store_account_by_name(t, "name 1", &id));
	assert_memory_equal(&id, &a.id, sizeof(id));
	assert_int_equal(store_account_by_name(t, "name", &id), STORE_ABSENT);
	assert_int_equal(store_account_by_name(t, "", &id), STORE_ABSENT);
	id = an_account_id(2);
	assert_int_equal(store_account_get(t, &id, &got), STORE_ABSENT);
	store_read_end(t);
}

static void
takes_a_name_and_an_id_once(void **state)
{
	struct kit *k = *state;
	struct store_account a = an_account(1);

	assert_ok(kit_add_account(k, 1));
	assert_int_equal(kit_add_account(k, 1), STORE_TAKEN);
	a.id = an_account_id(2);
	assert_int_equal(store_update(k->s, add_account, &a), STORE_TAKEN);
	a = an_account(2);
	a.id = an_account_id(1);
	assert_int_equal(store_update(k->s, add_account, &a), STORE_TAKEN);
	assert_int_equal(entries(k->s, TABLE_NAMES), 1);
}

static void
changes_what_may_change_alone(void **state)
{
	struct kit *k = *state;
	struct store_account a = an_account(1), got;
	struct store_txn *t;

	assert_int_equal(store_update(k->s, put_account, &a), STORE_ABSENT);
	assert_ok(kit_add_account(k, 1));
	a.state = STORE_ACCOUNT_LOCKED;
	strcpy(a.display_name, "Another");
	assert_ok(store_update(k->s, put_account, &a));
	t = view(k);
	assert_ok(store_account_get(t, &a.id, &got));
	store_read_end(t);
	assert_int_equal(got.state, STORE_ACCOUNT_LOCKED);
	assert_string_equal(got.display_name, "Another");

	strcpy(a.name_key, "name 2");
	assert_int_equal(store_update(k->s, put_account, &a), STORE_FAULT);
	a = an_account(1);
	a.user_handle[0] ^= 1;
	assert_int_equal(store_update(k->s, put_account, &a), STORE_FAULT);
	a = an_account(1);
	a.created++;
	assert_int_equal(store_update(k->s, put_account, &a), STORE_FAULT);
	assert_non_null(strstr(k->log, "store=misused"));
}

static void
lists_in_the_order_of_making(void **state)
{
	struct kit *k = *state;
	struct store_account out[4];
	struct account_id after = { 0 };
	struct store_txn *t;
	size_t n, seen = 0;

	for (uint32_t i = 10; i > 0; i--) {
		struct store_credential c = a_credential(i, 1);

		assert_ok(kit_add_account(k, i));
		assert_ok(store_update(k->s, add_credential, &c));
	}
	t = view(k);
	do {
		assert_ok(store_accounts_list(t, &after, out, 4, &n));
		for (size_t i = 0; i < n; i++) {
			struct account_id want =
			    an_account_id((uint32_t)++seen);

			assert_memory_equal(&out[i].id, &want, sizeof(want));
			after = out[i].id;
		}
	} while (n == 4);
	assert_int_equal(seen, 10);
	assert_ok(store_accounts_list(t, &after, out, 0, &n));
	assert_int_equal(n, 0);
	store_read_end(t);
}

/* ---- passkeys ---- */

static void
finds_a_passkey_by_its_whole_id(void **state)
{
	struct kit *k = *state;
	struct store_credential c = a_credential(1, 7), got;
	struct credential_ref ref;
	struct account_id other = an_account_id(2);
	struct store_txn *t;

	assert_int_equal(store_update(k->s, add_credential, &c), STORE_ABSENT);
	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, add_credential, &c));
	ref = store_credential_ref((struct slice){ c.id, c.id_n });
	t = view(k);
	assert_ok(
	    store_credential_find(t, (struct slice){ c.id, c.id_n }, &got));
	assert_true(same_credential(&got, &c));
	assert_ok(store_credential_get(t, &c.account, &ref, &got));
	assert_int_equal(
	    store_credential_get(t, &other, &ref, &got), STORE_ABSENT);
	assert_int_equal(
	    store_credential_find(t, (struct slice){ c.id, c.id_n - 1U }, &got),
	    STORE_ABSENT);
	store_read_end(t);
}

/* Two ids with the same ref: only the one that was added is found. */
static enum store_rc
disguise(struct store_txn *t, void *arg)
{
	struct store_credential *c = arg;
	struct credential_ref ref = store_credential_ref(slice_of("wanted"));
	struct credential_ref own =
	    store_credential_ref((struct slice){ c->id, c->id_n });
	struct cluster_key from =
	    cluster_key(&c->account, CLUSTER_CREDENTIAL, SLICE(own.b));
	struct cluster_key to =
	    cluster_key(&c->account, CLUSTER_CREDENTIAL, SLICE(ref.b));
	struct slice v;
	uint8_t copy[512];
	enum store_rc rc;

	rc = engine_get(t, TABLE_ACCOUNTS, cluster_slice(&from), &v);
	assert_true(v.n <= sizeof(copy));
	memcpy(copy, v.p, v.n);
	v.p = copy;
	if (rc == STORE_OK)
		rc = engine_put(
		    t, TABLE_ACCOUNTS, cluster_slice(&to), v, ENGINE_INSERT);
	if (rc == STORE_OK)
		rc = engine_get(t, TABLE_CREDENTIALS, SLICE(own.b), &v);
	memcpy(copy, v.p, v.n);
	v.p = copy;
	return rc != STORE_OK ? rc
			      : engine_put(t, TABLE_CREDENTIALS, SLICE(ref.b),
				    v, ENGINE_INSERT);
}

static void
is_not_fooled_by_a_ref(void **state)
{
	struct kit *k = *state;
	struct store_credential c = a_credential(1, 7), got;
	struct store_txn *t;

	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, add_credential, &c));
	assert_ok(store_update(k->s, disguise, &c));
	t = view(k);
	assert_int_equal(
	    store_credential_find(t, slice_of("wanted"), &got), STORE_ABSENT);
	store_read_end(t);
}

static void
takes_a_credential_id_once(void **state)
{
	struct kit *k = *state;
	struct store_credential c = a_credential(1, 7);

	assert_ok(kit_add_account(k, 1));
	assert_ok(kit_add_account(k, 2));
	assert_ok(store_update(k->s, add_credential, &c));
	assert_int_equal(store_update(k->s, add_credential, &c), STORE_TAKEN);
	c.account = an_account_id(2);
	assert_int_equal(store_update(k->s, add_credential, &c), STORE_TAKEN);
}

static void
changes_of_a_passkey_spare_its_key(void **state)
{
	struct kit *k = *state;
	struct store_credential c = a_credential(1, 7), got;
	struct store_txn *t;

	assert_ok(kit_add_account(k, 1));
	assert_int_equal(store_update(k->s, put_credential, &c), STORE_ABSENT);
	assert_ok(store_update(k->s, add_credential, &c));
	c.sign_count = 2;
	c.last_used = 3000;
	assert_ok(store_update(k->s, put_credential, &c));
	t = view(k);
	assert_ok(
	    store_credential_find(t, (struct slice){ c.id, c.id_n }, &got));
	store_read_end(t);
	assert_true(same_credential(&got, &c));
	c.cose_key[5] ^= 1;
	assert_int_equal(store_update(k->s, put_credential, &c), STORE_FAULT);
}

static void
lists_passkeys_oldest_first_up_to_the_cap(void **state)
{
	static struct store_credential out[STORE_CREDENTIALS_MAX];
	struct kit *k = *state;
	struct account_id id = an_account_id(1);
	struct store_credential c;
	struct store_txn *t;
	size_t n;

	assert_ok(kit_add_account(k, 1));
	for (uint32_t i = STORE_CREDENTIALS_MAX; i > 0; i--) {
		c = a_credential(1, i);
		assert_ok(store_update(k->s, add_credential, &c));
	}
	c = a_credential(1, 99);
	assert_int_equal(store_update(k->s, add_credential, &c), STORE_REFUSED);
	t = view(k);
	assert_ok(store_credentials_of(t, &id, out, &n));
	store_read_end(t);
	assert_int_equal(n, STORE_CREDENTIALS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		c = a_credential(1, i + 1);
		assert_true(same_credential(&out[i], &c));
	}
}

static void
removes_a_passkey_for_good(void **state)
{
	struct kit *k = *state;
	struct store_credential c = a_credential(1, 1), got;
	struct credential_name name = { .account = c.account };
	struct store_txn *t;

	name.ref = store_credential_ref((struct slice){ c.id, c.id_n });
	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, add_credential, &c));
	assert_ok(store_update(k->s, remove_credential, &name));
	assert_int_equal(
	    store_update(k->s, remove_credential, &name), STORE_ABSENT);
	t = view(k);
	assert_int_equal(
	    store_credential_find(t, (struct slice){ c.id, c.id_n }, &got),
	    STORE_ABSENT);
	store_read_end(t);
	assert_int_equal(entries(k->s, TABLE_CREDENTIALS), 0);
	assert_ok(store_update(k->s, add_credential, &c));
}

/* ---- invitations ---- */

static struct store_invitation
an_invitation(uint8_t n, bool for_account)
{
	struct store_invitation i = {
		.token_hash = { n },
		.created = 1000,
		.expires = 2000,
		.for_account = for_account,
	};

	if (for_account)
		i.account = an_account_id(1);
	strcpy(i.name, "proposed");
	return i;
}

static void
invites_until_it_is_used_or_over(void **state)
{
	struct kit *k = *state;
	struct store_invitation i = an_invitation(1, false), got;
	struct store_txn *t;

	assert_ok(store_update(k->s, add_invitation, &i));
	assert_int_equal(store_update(k->s, add_invitation, &i), STORE_TAKEN);
	t = view(k);
	assert_ok(store_invitation_get(t, i.token_hash, 1999, &got));
	assert_true(same_invitation(&got, &i));
	assert_int_equal(
	    store_invitation_get(t, i.token_hash, 2000, &got), STORE_ABSENT);
	store_read_end(t);
	assert_ok(store_update(k->s, remove_invitation, &i));
	assert_int_equal(
	    store_update(k->s, remove_invitation, &i), STORE_ABSENT);
	assert_int_equal(entries(k->s, TABLE_INVITATIONS), 0);
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 0);
}

static void
invites_to_an_account_that_is_there(void **state)
{
	struct kit *k = *state;
	struct store_invitation i = an_invitation(1, true);

	assert_int_equal(store_update(k->s, add_invitation, &i), STORE_ABSENT);
	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, add_invitation, &i));
	assert_int_equal(entries(k->s, TABLE_ACCOUNTS), 3);
	assert_ok(store_update(k->s, remove_invitation, &i));
	assert_int_equal(entries(k->s, TABLE_ACCOUNTS), 2);
}

/* ---- removal ---- */

static void
give_everything(struct kit *k, uint32_t n)
{
	assert_ok(kit_add_account(k, n));
	for (uint32_t i = 0; i < 20; i++) {
		struct store_credential c = a_credential(n, i);
		struct store_session s = a_session(n, i, 1000 + i);
		struct store_history h = a_history(n, 1000 + i);
		struct store_invitation v =
		    an_invitation((uint8_t)(n * 100 + i), true);

		v.account = an_account_id(n);
		assert_ok(store_update(k->s, add_credential, &c));
		assert_ok(store_update(k->s, add_session, &s));
		assert_ok(store_update(k->s, add_history, &h));
		for (int j = 0; j < 4; j++) {
			v.token_hash[1] = (uint8_t)j;
			assert_ok(store_update(k->s, add_invitation, &v));
		}
	}
}

static void
leaves_nothing_behind(void **state)
{
	static const enum store_table tables[] = {
		TABLE_ACCOUNTS,
		TABLE_NAMES,
		TABLE_CREDENTIALS,
		TABLE_SESSIONS,
		TABLE_HISTORY,
		TABLE_INVITATIONS,
		TABLE_EXPIRY,
	};
	enum { N = sizeof(tables) / sizeof(tables[0]) };
	struct kit *k = *state;
	struct account_id id = an_account_id(2);
	struct store_audit_entry e = an_audit_entry(1, "stays");
	uint64_t before[N];
	struct store_stat st;

	give_everything(k, 1);
	for (size_t i = 0; i < N; i++)
		before[i] = entries(k->s, tables[i]);
	give_everything(k, 2);
	assert_ok(store_update(k->s, append_audit, &e));
	assert_ok(store_stat(k->s, &st));
	assert_int_equal(st.accounts, 2);
	assert_int_equal(st.credentials, 40);
	assert_int_equal(st.sessions, 40);
	assert_int_equal(st.history, 40);
	assert_int_equal(st.audit, 2);

	assert_ok(store_update(k->s, remove_account, &id));
	for (size_t i = 0; i < N; i++)
		assert_int_equal(entries(k->s, tables[i]), before[i]);
	assert_int_equal(entries(k->s, TABLE_AUDIT), 2);
	assert_int_equal(store_update(k->s, remove_account, &id), STORE_ABSENT);
	/* The name is free again. */
	assert_ok(kit_add_account(k, 2));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_found_by_id_and_by_name),
		TEST(takes_a_name_and_an_id_once),
		TEST(changes_what_may_change_alone),
		TEST(lists_in_the_order_of_making),
		TEST(finds_a_passkey_by_its_whole_id),
		TEST(is_not_fooled_by_a_ref),
		TEST(takes_a_credential_id_once),
		TEST(changes_of_a_passkey_spare_its_key),
		TEST(lists_passkeys_oldest_first_up_to_the_cap),
		TEST(removes_a_passkey_for_good),
		TEST(invites_until_it_is_used_or_over),
		TEST(invites_to_an_account_that_is_there),
		TEST(leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
