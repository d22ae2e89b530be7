/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include <stdio.h>

#include "rp/decoys.h"
#include "rp/secret.h"

/*
 * What a begin and a finish do for a name that is known and for one that is
 * not is counted by standing in front of it: a clock would prove nothing here.
 */
static struct work {
	unsigned views, names, accounts, lists, finds, macs, verifies;
} work;

#define WRAP(returns, name, counter, params, args)                             \
	returns __real_##name params;                                          \
	returns __wrap_##name params;                                          \
	returns __wrap_##name params                                           \
	{                                                                      \
		work.counter++;                                                \
		return __real_##name args;                                     \
	}

WRAP(enum store_rc, store_read_begin, views,
    (struct store * s, struct store_txn **t), (s, t))
WRAP(enum store_rc, store_account_by_name, names,
    (struct store_txn * t, const char *key, struct account_id *id),
    (t, key, id))
WRAP(enum store_rc, store_account_get, accounts,
    (struct store_txn * t, const struct account_id *id,
	struct store_account *a),
    (t, id, a))
WRAP(enum store_rc, store_credentials_of, lists,
    (struct store_txn * t, const struct account_id *account,
	struct store_credential *out, size_t *n),
    (t, account, out, n))
WRAP(enum store_rc, store_credential_find, finds,
    (struct store_txn * t, struct slice id, struct store_credential *c),
    (t, id, c))
WRAP(bool, rp_secret_mac, macs,
    (const uint8_t key[32], const struct slice *parts, size_t count,
	uint8_t mac[32]),
    (key, parts, count, mac))
WRAP(enum wa_verdict, wa_assertion_verify, verifies,
    (const struct wa_assertion_expectation *want,
	const struct wa_assertion *got, const struct wa_credential *credential,
	struct wa_assertion_result *result),
    (want, got, credential, result))

static struct rp_request
begin(struct world *w, const char *name)
{
	struct rp_request o;

	memset(&work, 0, sizeof(work));
	assert_answer(
	    rp_login_begin(w->rp, call(w), name, RP_REQUIRED, &o), RP_OK);
	return o;
}

static bool
same(const struct rp_descriptors *a, const struct rp_descriptors *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].id_n != b->list[i].id_n ||
		    a->list[i].transports != b->list[i].transports ||
		    memcmp(a->list[i].id, b->list[i].id, a->list[i].id_n) != 0)
			return false;
	return true;
}

static void
are_always_the_same(void **state)
{
	struct world *w = *state;
	struct rp_request first = begin(w, "nobody"), again;

	w->now += 400 * DAY;
	w->browser = 2;
	again = begin(w, "Ｎobody");
	assert_true(same(&first.allow, &again.allow));
	/* Also in another process, and when somebody signed up meanwhile. */
	world_reopen(w);
	again = begin(w, "nobody");
	assert_true(same(&first.allow, &again.allow));
	assert_string_not_equal(first.ceremony.s, again.ceremony.s);
	/* Not elsewhere. */
	w->keys.decoy[0] ^= 1;
	world_reopen(w);
	again = begin(w, "nobody");
	assert_false(same(&first.allow, &again.allow));
}

static void
are_plausible(void **state)
{
	struct world *w = *state;
	struct rp_request o, before = { .allow.n = 0 };
	size_t counts[4] = { 0 }, lengths[65] = { 0 };

	w->config.no_limits = true;
	world_reopen(w);
	for (int i = 0; i < 2000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "nobody%d", i);
		o = begin(w, name);
		assert_in_range(o.allow.n, 1, 3);
		counts[o.allow.n]++;
		assert_false(same(&before.allow, &o.allow));
		for (size_t j = 0; j < o.allow.n; j++) {
			const struct rp_descriptor *d = &o.allow.list[j];

			assert_in_range(d->id_n, 16, 64);
			lengths[d->id_n]++;
			assert_int_not_equal(d->transports, 0);
			assert_true(rp_decoys_own(
			    w->rp, (struct slice){ d->id, d->id_n }));
		}
		before = o;
	}
	assert_true(counts[1] > counts[2] && counts[2] > counts[3]);
	assert_true(counts[3] > 0);
	assert_true(lengths[20] > 0 && lengths[16] > 0 && lengths[32] > 0 &&
		    lengths[48] > 0 && lengths[64] > 0);
}

static void
are_known_to_us_alone(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	uint8_t id[64] = { 0 };

	assert_false(rp_decoys_own(w->rp, softkey_id(p->key)));
	for (size_t n = 0; n <= sizeof(id); n++)
		assert_false(rp_decoys_own(w->rp, (struct slice){ id, n }));
	person_free(p);
}

/* One view, one name, one list, as many HMACs: whoever is asked for. */
static void
cost_as_much_as_the_truth(void **state)
{
	static const char *const strangers[] = { "nobody", "hanako", "a b", "",
		"\xff", "\u202e",
		"a very long name that nobody has, "
		"with spaces, which no name has" };
	struct world *w = *state;
	struct person *p = person_new();
	struct store_account added;
	struct rp_invitation_text i;
	struct rp_request known, stranger;
	struct work for_known;

	sign_up(w, p, "taro");
	/* An account that has no passkey yet is a stranger too. */
	assert_answer(
	    rp_admin_account_add(w->rp, call(w), "hanako", NULL, &added, &i),
	    RP_OK);
	known = begin(w, "taro");
	for_known = work;
	assert_int_equal(work.names, 1);
	assert_int_equal(work.lists, 1);
	for (size_t n = 0; n < sizeof(strangers) / sizeof(strangers[0]); n++) {
		stranger = begin(w, strangers[n]);
		if (memcmp(&work, &for_known, sizeof(work)) != 0)
			fail_msg("\"%s\" is told apart", strangers[n]);
		assert_int_equal(
		    strlen(stranger.ceremony.s), strlen(known.ceremony.s));
		assert_true(stranger.allow.n > 0);
	}
	person_free(p);
}

struct
try {
	enum rp_answer answer;
	struct work work;
};

static struct try
try(struct world *w, struct person *p, const struct rp_request *o,
    struct slice id)
{
	const struct softkey_script script = { .raw_id = id };
	struct wa_assertion got = assert_passkey(p, o, &script);
	struct rp_signed_in in;
	struct rp_token token;
	struct try t;

	memset(&work, 0, sizeof(work));
	t.answer = rp_login_finish(
	    w->rp, call(w), sealed(&o->ceremony), &got, NULL, &in, &token);
	t.work = work;
	return t;
}

/*
 * Ids from one begin go into the finish of another: nothing tells an account
 * from none, neither the answer nor the work.
 */
static void
are_refused_like_the_truth(void **state)
{
	static const char *const begun[] = { NULL, "taro", "nobody", "else" };
	struct world *w = *state;
	struct person *p = person_new(), *stranger = person_new();
	struct rp_request o, taro, nobody;
	struct slice real, decoy;

	w->config.no_limits = true;
	world_reopen(w);
	sign_up(w, p, "taro");
	taro = begin(w, "taro");
	nobody = begin(w, "nobody");
	real = (struct slice){ taro.allow.list[0].id, taro.allow.list[0].id_n };
	decoy = (struct slice){ nobody.allow.list[0].id,
		nobody.allow.list[0].id_n };
	for (size_t i = 0; i < 4; i++) {
		struct try a, b;

		o = begin(w, begun[i]);
		a = try(w, stranger, &o, real);
		b = try(w, stranger, &o, decoy);
		assert_answer(a.answer, RP_PASSKEY_REFUSED);
		assert_answer(b.answer, RP_PASSKEY_REFUSED);
		if (memcmp(&a.work, &b.work, sizeof(a.work)) != 0)
			fail_msg("told apart: %zu", i);
		assert_int_equal(a.work.verifies, 1);
	}
	/* Where nobody was named, one that nobody has is said to be so. */
	o = begin(w, NULL);
	assert_answer(try(w, stranger, &o, softkey_id(stranger->key)).answer,
	    RP_PASSKEY_UNKNOWN);
	o = begin(w, "nobody");
	assert_answer(try(w, stranger, &o, softkey_id(stranger->key)).answer,
	    RP_PASSKEY_REFUSED);
	person_free(p);
	person_free(stranger);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(are_always_the_same),
		T(are_plausible),
		T(are_known_to_us_alone),
		T(cost_as_much_as_the_truth),
		T(are_refused_like_the_truth),
	};

	return cmocka_run_group_tests_name("rp_decoys", tests, NULL, NULL);
}
