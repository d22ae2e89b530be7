/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include <stdio.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "rp/decoys.h"
#include "rp/secret.h"
#include "webauthn/hash.h"

/*
 * What a begin and a finish do for a name that is known and for one that is
 * not is counted by standing in front of it: a clock would prove nothing here.
 */
static struct work {
	size_t views, names, accounts, lists, finds, macs, verifies;
	size_t listed; /* passkeys that were read */
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

/* Whose passkeys cannot be read. */
static const struct account_id *damaged;

enum store_rc __real_store_credentials_of(struct store_txn *t,
    const struct account_id *account, struct store_credential *out, size_t *n);
enum store_rc __wrap_store_credentials_of(struct store_txn *t,
    const struct account_id *account, struct store_credential *out, size_t *n);

enum store_rc
__wrap_store_credentials_of(struct store_txn *t,
    const struct account_id *account, struct store_credential *out, size_t *n)
{
	enum store_rc rc = __real_store_credentials_of(t, account, out, n);

	work.lists++;
	if (damaged != NULL && memcmp(account, damaged, sizeof(*account)) == 0)
		return STORE_FAULT;
	work.listed += *n;
	return rc;
}

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

static struct world *the_world;

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
		("a very long name that nobody has, "
		 "with spaces, which no name has") };
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
	assert_int_equal(work.listed, 1);
	for (size_t n = 0; n < sizeof(strangers) / sizeof(strangers[0]); n++) {
		stranger = begin(w, strangers[n]);
		/* One that waits for its first passkey reads none. */
		if (n == 1)
			work.listed = for_known.listed;
		if (memcmp(&work, &for_known, sizeof(work)) != 0)
			fail_msg("\"%s\" is told apart", strangers[n]);
		assert_int_equal(
		    strlen(stranger.ceremony.s), strlen(known.ceremony.s));
		assert_true(stranger.allow.n > 0);
	}
	person_free(p);
}

/* Nor does it show when that of which as much is read is damaged. */
static void
hang_on_nobody_else(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_request whole, o;

	sign_up(w, p, "taro");
	(void)begin(w, "taro");
	whole = begin(w, "nobody");
	damaged = &p->in.account.id;
	o = begin(w, "nobody");
	assert_true(same(&whole.allow, &o.allow));
	assert_int_equal(work.lists, 1);
	/* Its own name is a fault, as before. */
	assert_answer(
	    rp_login_begin(w->rp, call(w), "taro", RP_REQUIRED, &o), RP_FAULT);
	damaged = NULL;
	person_free(p);
}

static enum store_rc
account_damage(struct store_txn *t, void *arg)
{
	const struct cluster_key k =
	    cluster_key(arg, CLUSTER_ACCOUNT, (struct slice){ 0 });

	return engine_put(t, TABLE_ACCOUNTS, cluster_slice(&k), slice_of("?"),
	    ENGINE_REPLACE);
}

/* Nor when it was damaged before it all began. */
static void
begin_without_anybody(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_request whole, o;

	sign_up(w, p, "taro");
	whole = begin(w, "nobody");
	assert_ok(store_update(w->kit->s, account_damage, &p->in.account.id));
	world_reopen(w);
	o = begin(w, "nobody");
	assert_true(same(&whole.allow, &o.allow));
	person_free(p);
}

struct attempt {
	enum rp_answer answer;
	struct work work;
};

static struct attempt
attempt(struct world *w, struct person *p, const struct rp_request *o,
    struct slice id)
{
	const struct softkey_script script = { .raw_id = id };
	struct wa_assertion got = assert_passkey(p, o, &script);
	struct rp_signed_in in;
	struct rp_token token;
	struct attempt t;

	memset(&work, 0, sizeof(work));
	t.answer = login_finish(
	    w->rp, call(w), sealed(&o->ceremony), &got, NULL, &in, &token);
	t.work = work;
	return t;
}

/* A key that anybody can sign with: P-256's base point has the private key 1.
 */
static size_t
sign_with_one(const struct wa_assertion *got, uint8_t sig[80])
{
	uint8_t hash[32], tbs[256];
	uint8_t point[65] = { 4 };
	uint64_t native = 1;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_PKEY_PARAM_GROUP_NAME, (char[]){ "P-256" }, 0),
		OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_uint64(OSSL_PKEY_PARAM_PRIV_KEY, &native),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY *key = NULL;
	struct wa_credential base =
	    rp_decoys_credential(the_world->rp, got->credential_id);
	size_t n = 80;

	memcpy(point + 1, base.cose_key.p + 10, 32);
	memcpy(point + 33, base.cose_key.p + 45, 32);
	memcpy(tbs, got->authenticator_data.p, got->authenticator_data.n);
	assert_true(wa_sha256(got->client_data_json, hash));
	memcpy(tbs + got->authenticator_data.n, hash, 32);
	assert_int_equal(EVP_PKEY_fromdata_init(make), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(make, &key, EVP_PKEY_KEYPAIR, params), 1);
	assert_int_equal(
	    EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(
	    EVP_DigestSign(md, sig, &n, tbs, got->authenticator_data.n + 32),
	    1);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(make);
	EVP_MD_CTX_free(md);
	return n;
}

/* Whoever can sign for the credential that nobody has is nobody. */
static void
are_nobodys_also_when_signed(void **state)
{
	static const char *const names[] = { "taro", "nobody" };
	struct world *w = *state;
	struct person *p = person_new(), *stranger = person_new();

	the_world = w;
	sign_up(w, p, "taro");
	for (size_t i = 0; i < 2; i++) {
		struct rp_request o = begin(w, names[i]);
		struct wa_assertion got = assert_passkey(stranger, &o, NULL);
		struct wa_assertion_result r;
		struct wa_credential base =
		    rp_decoys_credential(w->rp, got.credential_id);
		struct wa_assertion_expectation want = {
			.common = { .challenge = { o.challenge, 32 },
			    .rp_id = "example.org",
			    .origins = w->config.origins,
			    .need_uv = true }
		};
		struct rp_signed_in in;
		struct rp_token token;
		uint8_t sig[80];

		got.signature = (struct slice){ sig, sign_with_one(&got, sig) };
		/* It is a good signature. */
		assert_int_equal(
		    wa_assertion_verify(&want, &got, &base, &r), WA_OK);
		assert_answer(login_finish(w->rp, call(w), sealed(&o.ceremony),
				  &got, NULL, &in, &token),
		    RP_PASSKEY_REFUSED);
		assert_int_equal(w->call.verdict, WA_CREDENTIAL_ID);
	}
	person_free(p);
	person_free(stranger);
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
		struct attempt a, b;

		o = begin(w, begun[i]);
		a = attempt(w, stranger, &o, real);
		b = attempt(w, stranger, &o, decoy);
		assert_answer(a.answer, RP_PASSKEY_REFUSED);
		assert_answer(b.answer, RP_PASSKEY_REFUSED);
		if (memcmp(&a.work, &b.work, sizeof(a.work)) != 0)
			fail_msg("told apart: %zu", i);
		assert_int_equal(a.work.verifies, 1);
	}
	/* Where nobody was named, one that nobody has is said to be so. */
	o = begin(w, NULL);
	assert_answer(
	    attempt(w, stranger, &o, softkey_id(stranger->key)).answer,
	    RP_PASSKEY_UNKNOWN);
	o = begin(w, "nobody");
	assert_answer(
	    attempt(w, stranger, &o, softkey_id(stranger->key)).answer,
	    RP_PASSKEY_REFUSED);
	person_free(p);
	person_free(stranger);
}

/* How often, until it is told to wait. */
static int
tries(struct world *w, struct person *p, unsigned browser, struct slice id)
{
	struct rp_request o;
	enum rp_answer a;
	int n = -1;

	w->browser = browser;
	o = begin(w, NULL);
	do {
		a = attempt(w, p, &o, id).answer;
		n++;
	} while (a == RP_PASSKEY_REFUSED || a == RP_PASSKEY_UNKNOWN);
	assert_answer(a, RP_RATE_LIMITED);
	return n;
}

/* Nor do the limits, full or empty. */
static void
are_limited_like_the_truth(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *stranger = person_new();
	struct rp_request taro, nobody;
	struct slice real, decoy, unknown = softkey_id(stranger->key);

	sign_up(w, p, "taro");
	taro = begin(w, "taro");
	nobody = begin(w, "nobody");
	real = (struct slice){ taro.allow.list[0].id, taro.allow.list[0].id_n };
	decoy = (struct slice){ nobody.allow.list[0].id,
		nobody.allow.list[0].id_n };
	assert_int_equal(tries(w, stranger, 10, real), 30);
	assert_int_equal(tries(w, stranger, 10, decoy), 30);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(tries(w, stranger, 20 + i, unknown), 30);
	/* Nothing is left to the network, and one try to each of them. */
	assert_int_equal(tries(w, stranger, 30, unknown), 0);
	assert_int_equal(tries(w, stranger, 30, real), 1);
	assert_int_equal(tries(w, stranger, 30, decoy), 1);
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
		T(hang_on_nobody_else),
		T(begin_without_anybody),
		T(are_nobodys_also_when_signed),
		T(are_refused_like_the_truth),
		T(are_limited_like_the_truth),
	};

	return cmocka_run_group_tests_name("rp_decoys", tests, NULL, NULL);
}
