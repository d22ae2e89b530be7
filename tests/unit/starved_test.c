/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/softjws.h"
#include "tests/softkey.h"
#include "web/verify.h"
#include "webauthn/mds.h"

/*
 * Every allocation of a verification fails in turn, ours, OpenSSL's and
 * jansson's.  What was good then comes out as good or as a fault, what was bad
 * never as good; nothing crashes, and nothing leaks where a sanitizer looks.
 */

/* The allocation that fails, counted from 1; 0: none. */
static unsigned long fail_at, allocations, seed;

static bool
fails(void)
{
	return ++allocations == fail_at;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t a, size_t b);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t a, size_t b);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t a, size_t b);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t a, size_t b);
char *__wrap_strdup(const char *s);

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t a, size_t b)
{
	return fails() ? NULL : __real_calloc(a, b);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *
__wrap_reallocarray(void *p, size_t a, size_t b)
{
	return fails() ? NULL : __real_reallocarray(p, a, b);
}

char *
__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

static void *
openssl_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n == 0 || fails() ? NULL : __real_malloc(n);
}

static void *
openssl_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (n == 0) {
		free(p);
		return NULL;
	}
	return fails() ? NULL : __real_realloc(p, n);
}

static void
openssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static const uint8_t challenge[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16 };
static const char *const origins[] = { SOFTKEY_ORIGIN, NULL };
static const int32_t offered[] = { -7, -8, -257, -35, -36 };

/* A verification, whole: what it is asked, and how it comes out. */
struct task {
	const char *name;
	enum wa_verdict (*run)(void *arg);
	void *arg;
	enum wa_verdict truth;
	bool each; /* no allocation is passed over */
};

/* A thread that has kept nothing yet, so that all is allocated anew. */
static void *
run_task(void *arg)
{
	const struct task *t = arg;

	return (void *)(uintptr_t)t->run(t->arg);
}

static enum wa_verdict
run_on_a_new_thread(const struct task *t)
{
	pthread_t thread;
	void *v = NULL;

	if (pthread_create(&thread, NULL, run_task, (void *)(uintptr_t)t) !=
		0 ||
	    pthread_join(thread, &v) != 0)
		abort();
	return (enum wa_verdict)(uintptr_t)v;
}

/*
 * OpenSSL's decoders and jansson's lexer tell of want of memory as of a wrong
 * text, so that some faults look like refusals.  Those are the safe side; how
 * many there are is printed.
 */
static void
starve(const struct task *t)
{
	unsigned long needed, step, tried = 0, refusals = 0;

	fail_at = 0;
	assert_int_equal(run_on_a_new_thread(t), t->truth);
	allocations = 0;
	assert_int_equal(run_on_a_new_thread(t), t->truth);
	needed = allocations;
	/* Some 400 of them each time, and not the same ones in each task. */
	step = t->each ? 1 : needed / 400 + 1;
	for (unsigned long i = 1 + seed++ % step; i <= needed; i += step) {
		enum wa_verdict v;

		allocations = 0;
		fail_at = i;
		v = run_on_a_new_thread(t);
		fail_at = 0;
		if (v == WA_OK && t->truth != WA_OK)
			fail_msg("%s: good without allocation %lu", t->name, i);
		refusals += v != WA_FAULT && v != t->truth;
		tried++;
	}
	assert_int_equal(run_on_a_new_thread(t), t->truth);
	print_message("# %s: %lu of %lu allocations, %lu refusals\n", t->name,
	    tried, needed, refusals);
	assert_true(refusals * 2 <= tried);
}

struct signing_in {
	struct wa_assertion got;
	struct wa_credential cred;
};

static enum wa_verdict
sign_in(void *arg)
{
	static const struct wa_assertion_expectation want = {
		.common = { .challenge = { challenge, sizeof(challenge) },
		    .rp_id = "example.org",
		    .origins = origins }
	};
	const struct signing_in *s = arg;
	struct wa_assertion_result r;

	return wa_assertion_verify(&want, &s->got, &s->cred, &r);
}

static void
assertions_survive(void **state)
{
	static const int32_t ids[] = { -7, -8, -257, -35 };

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct softkey *k = softkey_new(ids[i]);
		struct signing_in s = {
			.got = softkey_assert(k,
			    &(struct softkey_script){
				.more = ",\"a\":[1,\"b\"]" }),
			.cred = { .credential_id = softkey_id(k),
			    .cose_key = softkey_cose(k) },
		};
		struct task good = { "assertion", sign_in, &s, WA_OK, false };
		uint8_t *last = (uint8_t *)(uintptr_t)s.got.signature.p +
				s.got.signature.n - 1;

		s.got.client_extensions = slice_of("{\"credProps\":{}}");
		starve(&good);
		*last ^= 1;
		good.truth = WA_SIGNATURE;
		starve(&good);
		softkey_free(k);
	}
}

struct signing_up {
	struct wa_registration_expectation want;
	struct wa_registration got;
};

static enum wa_verdict
sign_up(void *arg)
{
	const struct signing_up *s = arg;
	struct wa_registration_result r;

	return wa_registration_verify(&s->want, &s->got, &r);
}

static void
registrations_survive(void **state)
{
	static const char *const formats[] = { "none", "packed", "packed-self",
		"tpm", "android-key", "apple", "android-safetynet", "fido-u2f",
		"compound" };
	struct softkey *k = softkey_new(-7);
	const struct slice anchors[2] = { softca_root(softkey_ca(k)),
		softca_intermediate(softkey_ca(k)) };
	struct softca *other = softca_new();
	const struct slice strange = softca_root(other);

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct signing_up s = {
			.want = { .common = { .challenge = { challenge,
						  sizeof(challenge) },
				      .rp_id = "example.org",
				      .origins = origins },
			    .algorithms = offered,
			    .algorithm_count = 5,
			    .attestation = { .at = SOFTCA_NOW,
				.anchors = { anchors, 2 },
				.require_trusted = i != 0 && i != 2 } },
			.got = softkey_register(
			    k, &(struct softkey_script){ .format = formats[i],
				   .flags = WA_FLAG_UP }),
		};
		struct task t = { formats[i], sign_up, &s, WA_OK, false };

		starve(&t);
		if (!s.want.attestation.require_trusted)
			continue;
		s.want.attestation.anchors =
		    (struct wa_trust_anchors){ &strange, 1 };
		t.truth = WA_TRUST_PATH;
		starve(&t);
	}
	softca_free(other);
	softkey_free(k);
}

/* What is found missing for want of memory is not taken for not there: the
 * certificate names another model, and every allocation fails in turn. */
static void
a_lie_is_none_for_want_of_memory(void **state)
{
	static const uint8_t another[18] = "\x04\x10"
					   "another model...";
	const struct softca_extension aaguid = { "1.3.6.1.4.1.45724.1.1.4",
		{ another, sizeof(another) }, false };
	const struct softca_script certificate = { .country = "JP",
		.organization = "itsumo",
		.unit = "Authenticator Attestation",
		.common_name = "Test Authenticator",
		.extensions = &aaguid,
		.extension_count = 1 };
	struct softkey *k = softkey_new(-7);
	const struct slice root = softca_root(softkey_ca(k));
	struct signing_up s = {
		.want = { .common = { .challenge = { challenge,
					  sizeof(challenge) },
			      .rp_id = "example.org",
			      .origins = origins },
		    .algorithms = offered,
		    .algorithm_count = 5,
		    .attestation = { .at = SOFTCA_NOW,
			.anchors = { &root, 1 },
			.require_trusted = true } },
		.got = softkey_register(
		    k, &(struct softkey_script){ .format = "packed",
			   .certificate = &certificate }),
	};
	const struct task t = { "another model", sign_up, &s,
		WA_CERTIFICATE_AAGUID, true };

	(void)state;
	starve(&t);
	softkey_free(k);
}

struct loading {
	struct wa_mds_terms terms;
	struct slice blob;
};

static enum wa_verdict
load(void *arg)
{
	const struct loading *l = arg;
	struct wa_mds *mds = NULL;
	const enum wa_verdict v = wa_mds_load(l->blob, &l->terms, &mds);

	wa_mds_unref(mds);
	return v;
}

static void
metadata_survives(void **state)
{
	static const char payload[] =
	    "{\"no\":7,\"nextUpdate\":\"2026-06-30\","
	    "\"entries\":[{\"aaguid\":\"39a5647e-1853-446c-a1f6-a79bae9f5bc7\","
	    "\"metadataStatement\":{\"description\":\"One\",\"icon\":"
	    "\"data:image/png;base64,AA==\",\"attestationRootCertificates\":"
	    "[\"AQID\"]},\"timeOfLastStatusChange\":\"2022-05-19\","
	    "\"statusReports\":[{\"status\":\"REVOKED\"}]}]}";
	struct softca *ca = softca_new();
	const struct slice root = softca_root(ca);
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct soft_bytes blob = { 0 };
	struct loading l = { .terms = {
				 .anchors = { &root, 1 }, .at = SOFTCA_NOW } };
	struct task t = { "metadata", load, &l, WA_OK, false };

	(void)state;
	softjws_make(ca, key, &(struct softjws_script){ .host = "mds" },
	    slice_of(payload), &blob);
	l.blob = soft_slice(&blob);
	starve(&t);
	l.terms.anchors.count = 0;
	t.truth = WA_TRUST_PATH;
	starve(&t);
	soft_free(&blob);
	EVP_PKEY_free(key);
	softca_free(ca);
}

/* The first case of the corpus that has anchors in it. */
static char *
case_with_anchors(void)
{
	char path[4096], *line = NULL;
	size_t room = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/corpus/generated.jsonl",
	    getenv("ITSUMO_SOURCE"));
	in = fopen(path, "r");
	assert_non_null(in);
	while (getline(&line, &room, in) > 0) {
		if (strstr(line, "BEGIN CERTIFICATE") != NULL &&
		    strstr(line, "\"expect\":\"accept\"") != NULL) {
			fclose(in);
			return line;
		}
	}
	abort();
}

/* A line of `itsumo verify` is not called malformed for want of memory. */
static void
lines_survive(void **state)
{
	char *line = case_with_anchors();
	char answer[512];

	(void)state;
	for (unsigned long i = 0, needed = 1; i <= needed;
	     i += needed / 400 + 1) {
		FILE *in = fmemopen(line, strlen(line), "r");
		FILE *out = fmemopen(answer, sizeof(answer), "w");
		int status;

		assert_true(in != NULL && out != NULL);
		setvbuf(in, NULL, _IONBF, 0);
		allocations = 0;
		fail_at = i;
		status = web_verify(in, out);
		fail_at = 0;
		if (i == 0) {
			assert_non_null(strstr(answer, "\"ok\""));
			needed = allocations;
		}
		if (status == 0 && strstr(answer, "line-form") != NULL)
			fail_msg("without allocation %lu: %s", i, answer);
		fclose(in);
		fclose(out);
	}
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(assertions_survive),
		cmocka_unit_test(registrations_survive),
		cmocka_unit_test(a_lie_is_none_for_want_of_memory),
		cmocka_unit_test(metadata_survives),
		cmocka_unit_test(lines_survive),
	};

	/* Before anything is allocated there. */
	if (CRYPTO_set_mem_functions(
		openssl_malloc, openssl_realloc, openssl_free) != 1)
		return 1;
	json_set_alloc_funcs(__wrap_malloc, free);
	return cmocka_run_group_tests_name("starved", tests, NULL, NULL);
}
