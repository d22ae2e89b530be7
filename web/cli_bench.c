/* SPDX-License-Identifier: Apache-2.0 */
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "store/spent.h"
#include "web/cli.h"
#include "web/clock.h"
#include "webauthn/assertion.h"
#include "webauthn/b64url.h"

/*
 * A minute's look at a machine before it serves: how many sign-ins it could
 * verify, and how many commits its disk can take.
 */

enum { VERIFY_MS = 1500, COMMIT_MS = 1500, THREADS = 64 };

/* An assertion that we sign ourselves: what a browser would send. */
struct sample {
	char client_data[256];
	uint8_t auth_data[37], cose_key[77], signature[80], challenge[32];
	size_t signature_n;
};

static bool
encode_key(EVP_PKEY *key, uint8_t out[77])
{
	/* {1: 2, 3: -7, -1: 1, -2: x, -3: y} */
	static const uint8_t head[] = { 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21,
		0x58, 32 },
			     middle[] = { 0x22, 0x58, 32 };
	uint8_t point[65];
	size_t n = 0;

	if (EVP_PKEY_get_octet_string_param(
		key, "pub", point, sizeof(point), &n) != 1 ||
	    n != 65)
		return false;
	memcpy(out, head, sizeof(head));
	memcpy(out + 10, point + 1, 32);
	memcpy(out + 42, middle, sizeof(middle));
	memcpy(out + 45, point + 33, 32);
	return true;
}

static bool
sign(EVP_PKEY *key, struct sample *s)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t message[37 + 32];
	bool ok;

	s->signature_n = sizeof(s->signature);
	memcpy(message, s->auth_data, 37);
	ok = md != NULL &&
	     EVP_Digest(s->client_data, strlen(s->client_data), message + 37,
		 NULL, EVP_sha256(), NULL) == 1 &&
	     EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestSign(md, s->signature, &s->signature_n, message,
		 sizeof(message)) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

static bool
make_sample(struct sample *s)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char challenge[WA_B64URL_SIZE(32)];
	static const char rp_id[] = "localhost";
	bool ok;

	ok = key != NULL && RAND_bytes(s->challenge, 32) == 1 &&
	     wa_b64url_encode((struct slice){ s->challenge, 32 }, challenge,
		 sizeof(challenge)) &&
	     EVP_Digest(rp_id, sizeof(rp_id) - 1, s->auth_data, NULL,
		 EVP_sha256(), NULL) == 1;
	if (ok) {
		s->auth_data[32] = WA_FLAG_UP | WA_FLAG_UV;
		memset(s->auth_data + 33, 0, 4);
		(void)snprintf(s->client_data, sizeof(s->client_data),
		    "{\"type\":\"webauthn.get\",\"challenge\":\"%s\","
		    "\"origin\":\"http://localhost:8080\","
		    "\"crossOrigin\":false}",
		    challenge);
		ok = encode_key(key, s->cose_key) && sign(key, s);
	}
	EVP_PKEY_free(key);
	return ok;
}

/* Verifications a second on one thread; 0 where one fails. */
static double
measure_verify(const struct sample *s)
{
	static const char *const origins[] = { "http://localhost:8080", NULL };
	struct wa_assertion_expectation want = {
		.common = { .challenge = { s->challenge, 32 },
		    .rp_id = "localhost",
		    .origins = origins,
		    .need_uv = true },
	};
	struct wa_assertion got = {
		.credential_id = slice_of("bench"),
		.client_data_json = slice_of(s->client_data),
		.authenticator_data = { s->auth_data, 37 },
		.signature = { s->signature, s->signature_n },
	};
	struct wa_credential cred = {
		.credential_id = got.credential_id,
		.cose_key = { s->cose_key, sizeof(s->cose_key) },
		.user_handle = slice_of("handle"),
	};
	uint64_t begun = clock_us(), us = 0, n = 0;
	struct wa_assertion_result r;

	while ((us = clock_us() - begun) < VERIFY_MS * 1000)
		for (int i = 0; i < 100; i++, n++)
			if (wa_assertion_verify(&want, &got, &cred, &r) !=
			    WA_OK)
				return 0;
	return (double)n * 1e6 / (double)us;
}

struct commits {
	struct store *store;
	_Atomic uint64_t done;
	_Atomic bool stop, failed;
};

static enum store_rc
spend_one(struct store_txn *t, void *arg)
{
	return store_spend(t, arg, clock_now() + 60000);
}

static void *
commit(void *arg)
{
	struct commits *c = arg;
	uint8_t challenge[32];

	while (!atomic_load(&c->stop)) {
		if (RAND_bytes(challenge, sizeof(challenge)) != 1 ||
		    store_update(c->store, spend_one, challenge) != STORE_OK) {
			atomic_store(&c->failed, true);
			break;
		}
		atomic_fetch_add(&c->done, 1);
	}
	return NULL;
}

/* Durable commits a second by so many at a time; 0 where one fails. */
static double
measure_commits(struct store *store, size_t threads)
{
	struct commits c = { .store = store };
	struct timespec wait = { COMMIT_MS / 1000, COMMIT_MS % 1000 * 1000000 };
	pthread_t thread[THREADS];
	uint64_t begun = clock_us(), us;
	size_t n = 0;

	while (n < threads && pthread_create(&thread[n], NULL, commit, &c) == 0)
		n++;
	(void)nanosleep(&wait, NULL);
	us = clock_us() - begun;
	atomic_store(&c.stop, true);
	begun = atomic_load(&c.done);
	while (n > 0)
		pthread_join(thread[--n], NULL);
	return atomic_load(&c.failed) ? 0 : (double)begun * 1e6 / (double)us;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* On the disk of the data folder, in a folder that goes again. */
static bool
measure_disk(const char *data, double rates[3])
{
	static const size_t threads[3] = { 1, 8, THREADS };
	struct store_options o = { .readers = 2 };
	struct store *store = NULL;
	char dir[PATH_MAX];

	(void)snprintf(dir, sizeof(dir), "%s.bench-XXXXXX", data);
	if ((o.dir = mkdtemp(dir)) == NULL)
		return false;
	for (int i = 0; i < 3; i++)
		rates[i] = 0;
	if (store_open(&o, &store) == STORE_OK) {
		for (int i = 0; i < 3; i++)
			rates[i] = measure_commits(store, threads[i]);
		store_close(store);
	}
	(void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return rates[2] > 0;
}

enum cli_exit
cmd_bench(struct cli *c)
{
	struct config *config = cli_config(c);
	double verify, commits[3];
	struct sample s;
	struct cli_json j;
	bool ok;

	if (config == NULL)
		return CLI_CONFIG;
	if (!make_sample(&s) || (verify = measure_verify(&s)) <= 0) {
		config_free(config);
		return cli_fail(CLI_SYSTEM, "a verification failed");
	}
	ok = measure_disk(config->data, commits);
	config_free(config);
	if (!ok)
		return cli_fail(CLI_STORAGE,
		    "beside the data folder nothing can be written");
	if (!c->json) {
		printf("verifications of ES256, one thread  %8.0f /s\n"
		       "durable commits, one at a time      %8.0f /s\n"
		       "                 8 at a time        %8.0f /s\n"
		       "                64 at a time        %8.0f /s\n",
		    verify, commits[0], commits[1], commits[2]);
		return CLI_OK;
	}
	cli_json_begin(&j);
	json_out_object(&j.out, NULL);
	json_out_int(&j.out, "verifications_per_second", (int64_t)verify);
	json_out_int(&j.out, "commits_per_second_1", (int64_t)commits[0]);
	json_out_int(&j.out, "commits_per_second_8", (int64_t)commits[1]);
	json_out_int(&j.out, "commits_per_second_64", (int64_t)commits[2]);
	json_out_object_end(&j.out);
	cli_json_end(&j);
	return CLI_OK;
}
