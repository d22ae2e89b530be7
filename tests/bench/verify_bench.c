/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What wa_assertion_verify() costs beside the bare primitive on a kept key,
 * for each algorithm: with one key all the time (hot), and with so many in
 * turn that none is met twice soon (cold), on one thread and on two.  Prints
 * ratios of one run, medians of ROUNDS; 1 is the primitive itself.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/softkey.h"
#include "tests/softstatement.h"
#include "webauthn/algorithm.h"
#include "webauthn/evp.h"
#include "webauthn/json.h"
#include "webauthn/key.h"
#include "webauthn/x5c.h"

enum { ROUNDS = 15, KEYS_MAX = 2048 };

static const uint8_t challenge[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16 };
static const char *const origins[] = { SOFTKEY_ORIGIN, NULL };
static const struct wa_assertion_expectation want = {
	.common = {
		.challenge = { challenge, sizeof(challenge) },
		.rp_id = "example.org",
		.origins = origins,
		.need_uv = true,
	},
};

/* One sign-in, and the primitive inside it on its own. */
struct job {
	struct softkey *key;
	struct wa_assertion got;
	struct wa_credential credential;
	EVP_PKEY *bare;
	EVP_PKEY_CTX *verify; /* NULL: the algorithm takes messages whole */
	EVP_MD_CTX *whole;
	uint8_t tbs[256];
	size_t tbs_n;
};

/* Allocations of this thread: every malloc() of the process passes here. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t a, size_t b);
void *__libc_realloc(void *p, size_t n);
static _Thread_local unsigned long allocations;

void *
malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}

void *
calloc(size_t a, size_t b)
{
	allocations++;
	return __libc_calloc(a, b);
}

void *
realloc(void *p, size_t n)
{
	allocations++;
	return __libc_realloc(p, n);
}

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

static void
prepare(struct job *j, int32_t algorithm)
{
	const struct wa_algorithm *a = wa_algorithm_find(algorithm);
	uint8_t hash[32];
	struct slice parts[2];

	j->key = softkey_new(algorithm);
	j->got = softkey_assert(j->key, &(struct softkey_script){ 0 });
	j->credential = (struct wa_credential){
		.credential_id = softkey_id(j->key),
		.cose_key = softkey_cose(j->key),
	};
	j->bare = j->key->key;
	if (!wa_sha256(j->got.client_data_json, hash))
		abort();
	parts[0] = j->got.authenticator_data;
	parts[1] = (struct slice){ hash, sizeof(hash) };
	if (a->hash == WA_HASH_NONE) {
		memcpy(j->tbs, parts[0].p, parts[0].n);
		memcpy(j->tbs + parts[0].n, hash, sizeof(hash));
		j->tbs_n = parts[0].n + sizeof(hash);
		j->whole = EVP_MD_CTX_new();
		return;
	}
	j->tbs_n = wa_hash_size(a->hash);
	j->verify = EVP_PKEY_CTX_new_from_pkey(NULL, j->bare, NULL);
	if (!wa_hash_parts(a->hash, parts, 2, j->tbs) || j->verify == NULL ||
	    !wa_key_verify_init(j->verify, a))
		abort();
}

static void
end(struct job *j)
{
	EVP_PKEY_CTX_free(j->verify);
	EVP_MD_CTX_free(j->whole);
	softkey_free(j->key);
}

static void
run_bare(struct job *j)
{
	const struct slice sig = j->got.signature;
	int ok;

	if (j->verify != NULL)
		ok = EVP_PKEY_verify(j->verify, sig.p, sig.n, j->tbs, j->tbs_n);
	else
		ok = EVP_DigestVerifyInit(
			 j->whole, NULL, NULL, NULL, j->bare) == 1 &&
		     EVP_DigestVerify(j->whole, sig.p, sig.n, j->tbs, j->tbs_n);
	if (ok != 1)
		abort();
}

static void
run_ours(struct job *j)
{
	struct wa_assertion_result r;

	if (wa_assertion_verify(&want, &j->got, &j->credential, &r) != WA_OK)
		abort();
}

/* Microseconds a call, over some 10 ms. */
static double
time_of(void (*run)(struct job *), struct job *jobs, size_t count, size_t n)
{
	const double from = now_us();

	for (size_t i = 0; i < n; i++)
		run(&jobs[i % count]);
	return (now_us() - from) / (double)n;
}

/* Tells what ours costs, in microseconds. */
static double
measure(int32_t algorithm, struct job *jobs, size_t count, const char *how)
{
	double bare[ROUNDS], ours[ROUNDS], ratio[ROUNDS];
	size_t n = 16;
	unsigned long before;

	while (time_of(run_bare, jobs, 1, n) * (double)n < 10000)
		n *= 2;
	if (n < count)
		n = count;
	time_of(run_ours, jobs, count, count);
	for (size_t i = 0; i < ROUNDS; i++) {
		bare[i] = time_of(run_bare, jobs, 1, n);
		ours[i] = time_of(run_ours, jobs, count, n);
		ratio[i] = bare[i] / ours[i];
	}
	before = allocations;
	run_ours(&jobs[0]);
	before = allocations - before;
	bare[0] = median(bare, ROUNDS);
	ours[0] = median(ours, ROUNDS);
	printf("%-8s %-5s bare %7.1f us   ours %7.1f us   ratio %.3f   "
	       "%lu allocations\n",
	    wa_algorithm_find(algorithm)->name, how, bare[0], ours[0],
	    median(ratio, ROUNDS), before);
	return ours[0];
}

struct crew {
	void (*run)(struct job *);
	struct job *jobs;
	size_t count;
	pthread_barrier_t *start;
	double us;
};

static void *
crew_member(void *arg)
{
	struct crew *c = arg;

	c->run(&c->jobs[0]);
	pthread_barrier_wait(c->start);
	c->us = time_of(c->run, c->jobs, c->count, 4 * KEYS_MAX);
	return NULL;
}

/* Calls a second of two threads, each with half of the jobs. */
static double
rate_on_two(void (*run)(struct job *), struct job *jobs, size_t each)
{
	pthread_barrier_t start;
	pthread_t threads[2];
	struct crew crew[2];

	pthread_barrier_init(&start, NULL, 2);
	for (size_t i = 0; i < 2; i++) {
		crew[i] = (struct crew){ run, jobs + i * (KEYS_MAX / 2), each,
			&start, 0 };
		if (pthread_create(&threads[i], NULL, crew_member, &crew[i]) !=
		    0)
			abort();
	}
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	return 1e6 / crew[0].us + 1e6 / crew[1].us;
}

static void
measure_two_threads(struct job *jobs)
{
	enum { TIMES = 5 };
	double bare[TIMES], cold[TIMES], ratio[TIMES];

	for (size_t i = 0; i < TIMES; i++) {
		bare[i] = rate_on_two(run_bare, jobs, 1);
		cold[i] = rate_on_two(run_ours, jobs, KEYS_MAX / 2);
		ratio[i] = cold[i] / bare[i];
	}
	printf("ES256    two threads, cold: bare %.0f/s   ours %.0f/s   "
	       "ratio %.3f\n",
	    median(bare, TIMES), median(cold, TIMES), median(ratio, TIMES));
}

static double
cost_of_registration(struct softkey *k,
    const struct wa_registration_expectation *w,
    const struct wa_registration *got, enum wa_verdict truth)
{
	double us[ROUNDS];

	(void)k;
	for (size_t i = 0; i < ROUNDS; i++) {
		const size_t n = 20;
		const double from = now_us();

		for (size_t j = 0; j < n; j++) {
			struct wa_registration_result r;

			if (wa_registration_verify(w, got, &r) != truth)
				abort();
		}
		us[i] = (now_us() - from) / (double)n;
	}
	return median(us, ROUNDS);
}

/* Registrations by format, led to an anchor, in ES256 verifications.  Tells
 * what one of packed costs. */
static double
measure_formats(double verification)
{
	static const char *const formats[] = { "none", "packed-self", "packed",
		"tpm", "android-key", "apple", "android-safetynet", "fido-u2f",
		"compound" };
	static const int32_t offered[] = { -7 };
	struct softkey *k = softkey_new(-7);
	const struct slice root = softca_root(softkey_ca(k));
	struct wa_registration_expectation w = { .common = want.common,
		.algorithms = offered,
		.algorithm_count = 1,
		.attestation = { .anchors = { &root, 1 }, .at = SOFTCA_NOW } };

	double packed = 0;

	w.common.need_uv = false;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		const struct wa_registration got = softkey_register(
		    k, &(struct softkey_script){
			   .format = formats[i], .flags = WA_FLAG_UP });
		const double us = cost_of_registration(k, &w, &got, WA_OK);
		const unsigned long before = allocations;
		struct wa_registration_result r;

		if (strcmp(formats[i], "packed") == 0)
			packed = us;
		if (wa_registration_verify(&w, &got, &r) != WA_OK)
			abort();
		printf("%-18s registration %7.1f us   %.1f verifications of "
		       "ES256   %lu allocations\n",
		    formats[i], us, us / verification, allocations - before);
	}
	softkey_free(k);
	return packed;
}

enum { WORST = 65536 };

/* Copies of unit, after head and before tail, in all at most size bytes. */
static struct slice
repeated(struct soft_bytes *b, size_t size, const char *head, size_t head_n,
    const char *unit, size_t unit_n, const char *tail)
{
	soft_clear(b);
	soft_put(b, head, head_n);
	while (b->n + unit_n + strlen(tail) <= size)
		soft_put(b, unit, unit_n);
	soft_put(b, tail, strlen(tail));
	return soft_slice(b);
}

#define UNITS(head, unit, tail)                                                \
	head, sizeof(head) - 1, unit, sizeof(unit) - 1, tail

/* A public key alone: nobody has the other half, nor needs it for junk. */
static EVP_PKEY *
widest_rsa(void)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_new(), *e = BN_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (b == NULL || n == NULL || e == NULL || BN_one(n) != 1 ||
	    BN_set_bit(n, WA_CERTIFICATE_RSA_BITS_MAX - 1) != 1 ||
	    BN_set_word(e, 0xffffffff) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) != 1 ||
	    (params = OSSL_PARAM_BLD_to_param(b)) == NULL ||
	    EVP_PKEY_fromdata_init(make) != 1 ||
	    EVP_PKEY_fromdata(make, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		abort();
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(make);
	BN_free(n);
	BN_free(e);
	return key;
}

/* As many extensions as fit into a certificate of that size. */
static void
put_crowded(
    struct softca *ca, EVP_PKEY *key, size_t size, struct soft_bytes *out)
{
	static struct softca_extension many[1000];
	struct softca_script script = { .extensions = many };

	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] =
		    (struct softca_extension){ "1.2.3", slice_of("0"), false };
	for (script.extension_count = (size - 400) / 10;;
	     script.extension_count--) {
		struct soft_bytes der = { 0 };

		softca_issue(ca, key, &script, &der);
		if (der.n <= size) {
			soft_bstr(out, soft_slice(&der));
			soft_free(&der);
			return;
		}
		soft_free(&der);
	}
}

/* { alg, sig: junk, x5c } with count certificates, made by put. */
static void
put_junk(int64_t alg, size_t sig_n, size_t count, struct slice x5c,
    struct soft_bytes *out)
{
	static const uint8_t junk[512] = { 0, 1 };

	soft_map(out, 3);
	soft_text(out, "alg");
	soft_int(out, alg);
	soft_text(out, "sig");
	soft_bstr(out, (struct slice){ junk, sig_n });
	soft_text(out, "x5c");
	soft_array(out, count);
	soft_put_slice(out, x5c);
}

/* Certificates and signed JSON at the bounds of what is read at all. */
static double
measure_worst_statements(double registration)
{
	static const char *const three[] = { "packed", "packed", "packed",
		NULL };
	static const int32_t offered[] = { -7 };
	const struct wa_registration_expectation w = { .common = want.common,
		.algorithms = offered,
		.algorithm_count = 1 };
	struct softkey *k = softkey_new(-7);
	struct softca *ca = softkey_ca(k);
	EVP_PKEY *rsa = widest_rsa(), *ec = EVP_EC_gen("P-256");
	struct soft_bytes x5c = { 0 }, junk_rsa = { 0 }, crowded = { 0 };
	struct soft_bytes der = { 0 };
	const struct {
		const char *name;
		struct softkey_script script;
	} worst[] = {
		{ "certificate, widest RSA, junk", { .format = "packed" } },
		{ "certificates, crowded, junk", { .format = "packed" } },
		{ "compound, three of two certificates",
		    { .format = "compound", .compound.formats = three } },
		{ "JWS, a long header", { .format = "android-safetynet",
					    .safetynet.long_header = true } },
		{ "JWS, six certificates",
		    { .format = "android-safetynet",
			.safetynet.certificates = WA_X5C_MAX } },
	};
	double most = 0;

	softca_issue(ca, rsa, &(struct softca_script){ 0 }, &der);
	soft_bstr(&x5c, soft_slice(&der));
	put_junk(-257, 512, 1, soft_slice(&x5c), &junk_rsa);
	soft_clear(&x5c);
	put_crowded(ca, ec, WA_X5C_BYTES_MAX / 2, &x5c);
	put_crowded(ca, ec, WA_X5C_BYTES_MAX / 2, &x5c);
	put_junk(-7, 70, 2, soft_slice(&x5c), &crowded);
	for (size_t i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		struct softkey_script script = worst[i].script;
		struct wa_registration up;
		double us[ROUNDS];

		if (i < 2)
			script.statement =
			    soft_slice(i == 0 ? &junk_rsa : &crowded);
		up = softkey_register(k, &script);
		for (size_t r = 0; r < ROUNDS; r++) {
			struct wa_registration_result result;
			const double from = now_us();

			(void)wa_registration_verify(&w, &up, &result);
			us[r] = now_us() - from;
		}
		us[0] = median(us, ROUNDS);
		if (us[0] > most)
			most = us[0];
		printf("most: %-35s %7.1f us   %.2f registrations\n",
		    worst[i].name, us[0], us[0] / registration);
	}
	soft_free(&x5c);
	soft_free(&der);
	soft_free(&junk_rsa);
	soft_free(&crowded);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	softkey_free(k);
	return most;
}

/* 64 kB of the worst we know of, in each place that takes bytes. */
static void
measure_worst(double verification)
{
	static const struct {
		const char *name;
		enum { TEXT, SHORT_TEXT, AUTHDATA, OBJECT } place;
		const char *head;
		size_t head_n;
		const char *unit;
		size_t unit_n;
		const char *tail;
	} worst[] = {
		{ "client data, too long", TEXT, UNITS("", "[", "") },
		{ "client data, nested", SHORT_TEXT,
		    UNITS("{\"a\":", "[", "") },
		{ "client data, arrays", SHORT_TEXT,
		    UNITS("{\"a\":[[]", ",[]", "]}") },
		{ "client data, objects", SHORT_TEXT,
		    UNITS("{\"a\":[{}", ",{}", "]}") },
		{ "client data, numbers", SHORT_TEXT,
		    UNITS("{\"a\":[1", ",1", "]}") },
		{ "client data, escapes", SHORT_TEXT,
		    UNITS("{\"a\":\"", "\\u3042", "\"}") },
		{ "client data, white space", SHORT_TEXT,
		    UNITS("{", " ", "}") },
		{ "extensions, one text", AUTHDATA,
		    UNITS("\xa1\x01\x79\xff\xfb", "x", "") },
		{ "extensions, small numbers", AUTHDATA,
		    UNITS("\x99\xff\x00", "\x00", "") },
		{ "extensions, empty maps", AUTHDATA,
		    UNITS("\x99\xff\x00", "\xa0", "") },
		{ "extensions, a huge claim", AUTHDATA,
		    UNITS("\x9a\x10\x00\x00\x00", "\x00", "") },
		{ "object, small numbers", OBJECT,
		    UNITS("\x99\xff\xfd", "\x00", "") },
		{ "object, nested", OBJECT, UNITS("", "\x81", "") },
		{ "object, keys out of order", OBJECT,
		    UNITS("\x99\x05\x14",
			"\xb8\x18"
			"\x17\0\x16\0\x15\0"
			"\x14\0\x13\0\x12\0\x11\0\x10\0\x0f\0"
			"\x0e\0\x0d\0\x0c\0\x0b\0\x0a\0\x09\0"
			"\x08\0\x07\0\x06\0\x05\0\x04\0\x03\0"
			"\x02\0\x01\0\0\0",
			"") },
		{ "object, text of three bytes each", OBJECT,
		    UNITS("\xa1\x01\x79\xff\xf9", "\xe3\x81\x82", "") },
		{ "object, one text", OBJECT,
		    UNITS("\xa1\x01\x79\xff\xfb", "x", "") },
	};
	struct softkey *k = softkey_new(-7), *other = softkey_new(-7);
	static const int32_t offered[] = { -7 };
	const struct wa_registration_expectation w = { .common = want.common,
		.algorithms = offered,
		.algorithm_count = 1 };
	const struct wa_credential cred = { .credential_id = softkey_id(k),
		.cose_key = softkey_cose(k) };
	struct soft_bytes b = { 0 };
	double most = 0;

	for (size_t i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		const struct slice bytes = repeated(&b,
		    worst[i].place == SHORT_TEXT ? WA_JSON_MAX : WORST,
		    worst[i].head, worst[i].head_n, worst[i].unit,
		    worst[i].unit_n, worst[i].tail);
		struct wa_registration up =
		    softkey_register(other, &(struct softkey_script){ 0 });
		struct wa_assertion in;
		struct wa_registration_result ur;
		struct wa_assertion_result ir;
		double us[ROUNDS];

		in = softkey_assert(
		    k, &(struct softkey_script){
			   .extensions = worst[i].place == AUTHDATA
					     ? bytes
					     : (struct slice){ 0 } });
		if (worst[i].place == TEXT || worst[i].place == SHORT_TEXT)
			in.client_data_json = bytes;
		up.attestation_object = bytes;
		for (size_t r = 0; r < ROUNDS; r++) {
			const double from = now_us();
			const enum wa_verdict v =
			    worst[i].place == OBJECT
				? wa_registration_verify(&w, &up, &ur)
				: wa_assertion_verify(&want, &in, &cred, &ir);

			if (v == WA_OK && worst[i].place != AUTHDATA)
				abort();
			us[r] = now_us() - from;
		}
		us[0] = median(us, ROUNDS);
		if (us[0] > most)
			most = us[0];
		printf("64 kB: %-34s %7.1f us   %.2f verifications\n",
		    worst[i].name, us[0], us[0] / verification);
	}
	printf("64 kB: worst costs %.2f valid verifications\n",
	    most / verification);
	soft_free(&b);
	softkey_free(other);
	softkey_free(k);
}

int
main(void)
{
	static const struct {
		int32_t id;
		size_t cold; /* keys: more than a thread keeps */
	} kinds[] = { { -7, KEYS_MAX }, { -8, KEYS_MAX }, { -257, 80 },
		{ -35, 256 }, { -36, 256 }, { -47, 256 }, { -53, 256 },
		{ -258, 0 }, { -259, 0 }, { -37, 0 }, { -38, 0 }, { -39, 0 },
		{ -48, 256 }, { -49, 256 }, { -50, 256 } };
	struct job *jobs = calloc(KEYS_MAX, sizeof(*jobs));
	double es256 = 0, packed, us;

	if (jobs == NULL)
		abort();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const size_t count = kinds[i].cold > 0 ? kinds[i].cold : 1;

		if (!wa_algorithm_usable(kinds[i].id))
			continue;
		for (size_t k = 0; k < count; k++)
			prepare(&jobs[k], kinds[i].id);
		us = measure(kinds[i].id, jobs, 1, "hot");
		if (kinds[i].id == -7)
			es256 = us;
		if (count > 1)
			measure(kinds[i].id, jobs, count, "cold");
		if (kinds[i].id == -7)
			measure_two_threads(jobs);
		for (size_t k = 0; k < count; k++)
			end(&jobs[k]);
		memset(jobs, 0, KEYS_MAX * sizeof(*jobs));
	}
	free(jobs);
	packed = measure_formats(es256);
	measure_worst(es256);
	us = measure_worst_statements(packed);
	printf("most: worst costs %.2f valid registrations\n", us / packed);
	return 0;
}
