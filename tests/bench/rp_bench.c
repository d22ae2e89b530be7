/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rp/ adds to a sign-in: microseconds of one thread, medians of ROUNDS,
 * against a store with so many accounts (first argument; 100 000 unless told).
 * The verification and the update inside a finish are timed apart, by
 * standing in front of them.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "rp/ceremony.h"
#include "rp/login.h"
#include "store/spent.h"
#include "tests/softkey.h"
#include "webauthn/b64url.h"

enum { ROUNDS = 15, EACH = 400, PEOPLE = 64, AT_ONCE = 1000 };

static const char *const origins[] = { SOFTKEY_ORIGIN, NULL };
static const int32_t algorithms[] = { -7 };
static struct rp *rp;
static struct store *store;
static store_time now = 1800000000000;
static double verify_us, update_us, fn_us;
static bool dry; /* updates are pretended: no wait spoils the caches */

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- in front of what is not ours ---- */

enum wa_verdict __real_wa_assertion_verify(
    const struct wa_assertion_expectation *want, const struct wa_assertion *got,
    const struct wa_credential *credential, struct wa_assertion_result *result);
enum wa_verdict __wrap_wa_assertion_verify(
    const struct wa_assertion_expectation *want, const struct wa_assertion *got,
    const struct wa_credential *credential, struct wa_assertion_result *result);
enum store_rc __real_store_update(struct store *s, store_fn *fn, void *arg);
enum store_rc __wrap_store_update(struct store *s, store_fn *fn, void *arg);

enum wa_verdict
__wrap_wa_assertion_verify(const struct wa_assertion_expectation *want,
    const struct wa_assertion *got, const struct wa_credential *credential,
    struct wa_assertion_result *result)
{
	double t = now_us();
	enum wa_verdict v =
	    __real_wa_assertion_verify(want, got, credential, result);

	verify_us += now_us() - t;
	return v;
}

struct inside {
	store_fn *fn;
	void *arg;
};

static enum store_rc
timed(struct store_txn *t, void *arg)
{
	struct inside *i = arg;
	double from = now_us();
	enum store_rc rc = i->fn(t, i->arg);

	fn_us += now_us() - from;
	return rc;
}

enum store_rc
__wrap_store_update(struct store *s, store_fn *fn, void *arg)
{
	struct inside i = { fn, arg };
	double t = now_us();
	enum store_rc rc = STORE_OK;

	if (!dry)
		rc = __real_store_update(s, timed, &i);
	update_us += now_us() - t;
	return rc;
}

/* ---- a store with people in it ---- */

static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "rp_bench: %s failed\n", what);
	exit(1);
}

struct person {
	struct softkey *key;
	uint8_t handle[STORE_USER_HANDLE];
};

static struct person people[PEOPLE];

static void
put_be(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* Account n; each hundredth or so is one of the people. */
static enum store_rc
account_add(struct store_txn *t, uint64_t n, uint64_t every)
{
	struct softkey *key = people[n / every % PEOPLE].key;
	bool real = n % every == 0 && n / every < PEOPLE;
	struct store_account a = { .state = STORE_ACCOUNT_ACTIVE,
		.created = now };
	struct store_credential c = { .created = now,
		.algorithm = -7,
		.id_n = 32,
		.flags = WA_FLAG_UV,
		.format = "none",
		.name = "Passkey",
		.transports = STORE_TRANSPORT_INTERNAL };
	enum store_rc rc;

	put_be(a.id.b, (uint64_t)now + n);
	put_be(a.user_handle, n * UINT64_C(0x9e3779b97f4a7c15));
	snprintf(a.name, sizeof(a.name), "user%llu@example.org",
	    (unsigned long long)n);
	memcpy(a.name_key, a.name, sizeof(a.name_key));
	memcpy(a.display_name, a.name, sizeof(a.name));
	c.account = a.id;
	put_be(c.id, n * UINT64_C(0xc2b2ae3d27d4eb4f));
	if (real) {
		memcpy(c.id, softkey_id(key).p, 32);
		memcpy(people[n / every].handle, a.user_handle, 32);
	}
	c.cose_key_n = (uint16_t)softkey_cose(key).n;
	memcpy(c.cose_key, softkey_cose(key).p, c.cose_key_n);
	rc = store_account_add(t, &a);
	return rc != STORE_OK ? rc : store_credential_add(t, &c);
}

struct batch {
	uint64_t from, to, every;
};

static enum store_rc
batch_add(struct store_txn *t, void *arg)
{
	const struct batch *b = arg;
	enum store_rc rc = STORE_OK;

	for (uint64_t n = b->from; rc == STORE_OK && n < b->to; n++)
		rc = account_add(t, n, b->every);
	return rc;
}

static void
fill(uint64_t accounts)
{
	struct batch b = { .every = accounts / PEOPLE };

	for (size_t i = 0; i < PEOPLE; i++)
		must((people[i].key = softkey_new(-7)) != NULL, "a key");
	for (; b.from < accounts; b.from = b.to) {
		b.to =
		    b.from + AT_ONCE < accounts ? b.from + AT_ONCE : accounts;
		must(__real_store_update(store, batch_add, &b) == STORE_OK,
		    "filling");
	}
}

/* ---- what is measured ---- */

static struct rp_call
a_call(void)
{
	return (struct rp_call){ .now = ++now,
		.client = {
		    .browser = "Chrome, Linux", .address = "192.0.2.1" } };
}

static double
begin(const char *name)
{
	static struct rp_request o;
	double t = now_us();

	for (int i = 0; i < EACH; i++) {
		struct rp_call call = a_call();

		must(rp_login_begin(rp, &call, name, RP_REQUIRED, &o) == RP_OK,
		    "begin");
	}
	return (now_us() - t) / EACH;
}

static double
seal_and_open(void)
{
	struct rp_ceremony c, back;
	struct rp_ceremony_text text;
	struct rp_call call = a_call();
	double t;

	must(rp_ceremony_begin(rp, &call, RP_CEREMONY_OF_LOGIN, &c), "begin");
	t = now_us();
	for (int i = 0; i < EACH; i++)
		must(rp_ceremony_seal(rp, &call, &c, &text) &&
			 rp_ceremony_open(rp, &call, slice_of(text.s),
			     RP_CEREMONY_OF_LOGIN, NULL, &back) == RP_OK,
		    "a ceremony");
	return (now_us() - t) / EACH;
}

struct finish_times {
	double verify, update, fn, rest;
};

static struct finish_times
finish(void)
{
	static struct rp_request o;
	struct rp_login *login = malloc(rp_login_size());
	struct finish_times f;
	double spent = 0, t;

	must(login != NULL, "memory");
	verify_us = update_us = fn_us = 0;
	for (int i = 0; i < EACH; i++) {
		struct person *p = &people[i % PEOPLE];
		struct rp_call call = a_call();
		char challenge[WA_B64URL_SIZE(32)];
		struct softkey_script script = { .challenge = challenge,
			.user_handle = { p->handle, sizeof(p->handle) } };
		struct wa_assertion got;
		struct rp_signed_in in;
		struct rp_token token;
		enum rp_answer a;

		must(rp_login_begin(rp, &call, NULL, RP_REQUIRED, &o) == RP_OK,
		    "begin");
		must(wa_b64url_encode((struct slice){ o.challenge, 32 },
			 challenge, sizeof(challenge)),
		    "encoding");
		got = softkey_assert(p->key, &script);
		t = now_us();
		if (rp_login_judge(rp, &call, slice_of(o.ceremony.s), &got,
			NULL, login) == RP_OK)
			rp_logins_keep(rp, &login, 1);
		a = rp_login_end(login, &in, &token);
		spent += now_us() - t;
		must(a == RP_OK, rp_answer_name(a));
	}
	free(login);
	f.verify = verify_us / EACH;
	f.update = update_us / EACH;
	f.fn = fn_us / EACH;
	f.rest = spent / EACH - f.verify - f.update;
	return f;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), compare);
	return v[ROUNDS / 2];
}

enum { BEGIN, KNOWN, UNKNOWN, SEAL, VERIFY, UPDATE, FN, REST, WARM, FIGURES };

static void
measure(void)
{
	static const char *const names[FIGURES] = {
		[BEGIN] = "begin",
		[KNOWN] = "begin, a name that is known",
		[UNKNOWN] = "begin, a name that is not",
		[SEAL] = "seal and open a ceremony",
		[VERIFY] = "finish: wa_assertion_verify",
		[UPDATE] = "finish: store_update, waiting included",
		[FN] = "finish: what the update does",
		[REST] = "finish: the rest",
		[WARM] = "finish: the rest, caches warm",
	};
	static double v[FIGURES][ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		struct finish_times f;

		v[BEGIN][i] = begin(NULL);
		v[KNOWN][i] = begin("user0@example.org");
		v[UNKNOWN][i] = begin("nobody0@example.org");
		v[SEAL][i] = seal_and_open();
		f = finish();
		v[VERIFY][i] = f.verify;
		v[UPDATE][i] = f.update;
		v[FN][i] = f.fn;
		v[REST][i] = f.rest;
		dry = true;
		v[WARM][i] = finish().rest;
		dry = false;
	}
	for (int i = 0; i < FIGURES; i++)
		printf("%-40s %8.2f us\n", names[i], median(v[i]));
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
main(int argc, char **argv)
{
	const uint64_t accounts =
	    argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
	char top[] = "/tmp/itsumo-rp-bench-XXXXXX", dir[64];
	const struct rp_config config = { .rp_id = "example.org",
		.rp_name = "Example",
		.origins = origins,
		.algorithms = algorithms,
		.algorithm_count = 1,
		.no_limits = true };
	struct store_options o = { .dir = dir, .readers = 8 };
	struct rp_keys keys;

	must(accounts >= PEOPLE && mkdtemp(top) != NULL, "start");
	snprintf(dir, sizeof(dir), "%s/data", top);
	must(store_open(&o, &store) == STORE_OK, "opening");
	fill(accounts);
	must(rp_keys_make(&keys) &&
		 (rp = rp_open(&config, &keys, store)) != NULL,
	    "opening");
	measure();
	rp_close(rp);
	store_close(store);
	for (size_t i = 0; i < PEOPLE; i++)
		softkey_free(people[i].key);
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
