/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/reference.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

enum { RUNS = 9, VERIFICATIONS = 1000, THREADS_MAX = 64 };

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What it takes one thread; the median of its runs. */
static void *
verify(void *result)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	uint8_t digest[32] = { 1, 2, 3 }, signature[80];
	size_t n = sizeof(signature);
	double runs[RUNS];

	assert(key != NULL && c != NULL);
	assert(EVP_PKEY_sign_init(c) == 1 &&
	       EVP_PKEY_sign(c, signature, &n, digest, sizeof(digest)) == 1);
	assert(EVP_PKEY_verify_init(c) == 1);
	for (int r = 0; r < RUNS; r++) {
		double began = cpu_seconds();

		for (int i = 0; i < VERIFICATIONS; i++)
			assert(EVP_PKEY_verify(c, signature, n, digest,
				   sizeof(digest)) == 1);
		runs[r] = (cpu_seconds() - began) * 1e6 / VERIFICATIONS;
	}
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(key);
	qsort(runs, RUNS, sizeof(*runs), ascending);
	*(double *)result = runs[RUNS / 2];
	return NULL;
}

double
reference_verify_us(void)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	const int n = processors < 1             ? 1
		      : processors > THREADS_MAX ? THREADS_MAX
						 : (int)processors;
	pthread_t threads[THREADS_MAX];
	double took[THREADS_MAX], sum = 0;

	for (int i = 0; i < n; i++)
		assert(
		    pthread_create(&threads[i], NULL, verify, &took[i]) == 0);
	for (int i = 0; i < n; i++) {
		assert(pthread_join(threads[i], NULL) == 0);
		sum += took[i];
	}
	return sum / n;
}
