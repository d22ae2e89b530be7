/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdlib.h>

#define KEPT_MAX 64 /* keys a thread: some 4 kB each */
#define CURVE_MAX 9 /* above any COSE curve of ours */
#define POINT_MAX (1 + 2 * 66) /* P-521 */

/* A curve with room for a point, and a context that verifies with it. */
struct curve {
	EVP_PKEY *key;
	EVP_PKEY_CTX *verify;
};

struct kept {
	uint8_t *cose;
	size_t n;
	EVP_PKEY *key;
	EVP_PKEY_CTX *verify;
	uint64_t used; /* the clock of its thread when it was */
};

struct keyring {
	struct curve curves[CURVE_MAX];
	struct kept kept[KEPT_MAX];
	uint64_t clock;
	bool points_can_move;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t keyring_key;
static bool have_key;
static enum { UNTRIED, CAN_MOVE, STAY } points;
static _Thread_local struct keyring *keyring;

bool
wa_openssl_starved(void)
{
	bool starved = false;
	unsigned long e;

	/* Whoever met it first says so; those above say "EC lib" and the like.
	 */
	while ((e = ERR_get_error()) != 0)
		starved = starved || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
	return starved;
}

static void
kept_clear(struct kept *k)
{
	EVP_PKEY_CTX_free(k->verify);
	EVP_PKEY_free(k->key);
	free(k->cose);
	*k = (struct kept){ 0 };
}

static void
keyring_free(void *arg)
{
	struct keyring *r = arg;

	for (size_t i = 0; i < CURVE_MAX; i++) {
		EVP_PKEY_CTX_free(r->curves[i].verify);
		EVP_PKEY_free(r->curves[i].key);
	}
	for (size_t i = 0; i < KEPT_MAX; i++)
		kept_clear(&r->kept[i]);
	free(r);
}

bool
wa_key_verify_init(EVP_PKEY_CTX *ctx, const struct wa_algorithm *a)
{
	static const char *const names[WA_HASH_COUNT] = {
		[WA_SHA1] = "SHA1",
		[WA_SHA256] = "SHA256",
		[WA_SHA384] = "SHA384",
		[WA_SHA512] = "SHA512",
	};
	OSSL_PARAM params[6], *p = params;
	int salt = (int)wa_hash_size(a->hash);
	char *hash = (char *)(uintptr_t)names[a->hash];
	const char *pad = a->pss ? OSSL_PKEY_RSA_PAD_MODE_PSS
				 : OSSL_PKEY_RSA_PAD_MODE_PKCSV15;

	if (a->key_type == WA_KEY_EC2)
		return EVP_PKEY_verify_init(ctx) == 1;
	*p++ = OSSL_PARAM_construct_utf8_string(
	    OSSL_SIGNATURE_PARAM_DIGEST, hash, 0);
	*p++ = OSSL_PARAM_construct_utf8_string(
	    OSSL_SIGNATURE_PARAM_PAD_MODE, (char *)(uintptr_t)pad, 0);
	if (a->pss) {
		/* RFC 8230 section 2: one hash for all, and as long a salt. */
		*p++ = OSSL_PARAM_construct_utf8_string(
		    OSSL_SIGNATURE_PARAM_MGF1_DIGEST, hash, 0);
		*p++ = OSSL_PARAM_construct_int(
		    OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt);
	}
	*p = OSSL_PARAM_construct_end();
	return EVP_PKEY_verify_init_ex(ctx, params) == 1;
}

/* A key of that curve with no point in it yet. */
static bool
curve_new(const char *group, struct curve *curve)
{
	OSSL_PARAM params[2] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	struct curve c = { 0 };
	bool ok;

	ok = make != NULL && EVP_PKEY_fromdata_init(make) == 1 &&
	     EVP_PKEY_fromdata(make, &c.key, EVP_PKEY_KEY_PARAMETERS, params) ==
		 1 &&
	     (c.verify = EVP_PKEY_CTX_new_from_pkey(NULL, c.key, NULL)) !=
		 NULL &&
	     EVP_PKEY_verify_init(c.verify) == 1;
	EVP_PKEY_CTX_free(make);
	if (!ok) {
		EVP_PKEY_CTX_free(c.verify);
		EVP_PKEY_free(c.key);
		return false;
	}
	*curve = c;
	return true;
}

/* Signs a digest with a key of its own and tells its point. */
static bool
sample(uint8_t point[65], uint8_t *sig, size_t *n, const uint8_t digest[32])
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *sign = NULL;
	size_t point_n = 0;
	bool ok;

	ok = key != NULL &&
	     EVP_PKEY_get_octet_string_param(
		 key, OSSL_PKEY_PARAM_PUB_KEY, point, 65, &point_n) == 1 &&
	     point_n == 65 &&
	     (sign = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL)) != NULL &&
	     EVP_PKEY_sign_init(sign) == 1 &&
	     EVP_PKEY_sign(sign, sig, n, digest, 32) == 1;
	EVP_PKEY_CTX_free(sign);
	EVP_PKEY_free(key);
	return ok;
}

/*
 * That a context sees the point its key was given last is how OpenSSL 3
 * works, but not in its contract.  So it is tried, once a process: two keys,
 * each of whose signatures must verify under its own point alone.  Where that
 * fails every key is built anew.
 */
static void
try_moving_points(void)
{
	static const uint8_t digest[32] = { 1 };
	uint8_t two[2][65], sigs[2][80];
	size_t n[2] = { sizeof(sigs[0]), sizeof(sigs[1]) };
	struct curve c = { 0 };
	const bool have = sample(two[0], sigs[0], &n[0], digest) &&
			  sample(two[1], sigs[1], &n[1], digest) &&
			  curve_new("prime256v1", &c);
	bool ok = have;

	for (size_t i = 0; i < 6 && ok; i++) {
		ok = EVP_PKEY_set1_encoded_public_key(c.key, two[i % 2], 65) ==
		     1;
		for (size_t j = 0; j < 2 && ok; j++)
			ok = (EVP_PKEY_verify(c.verify, sigs[j], n[j], digest,
				  32) == 1) == (j == i % 2);
	}
	EVP_PKEY_CTX_free(c.verify);
	EVP_PKEY_free(c.key);
	/* What could not be tried says nothing. */
	if (have && (ok || !wa_openssl_starved()))
		points = ok ? CAN_MOVE : STAY;
	ERR_clear_error();
}

/*
 * What a process needs once, on a thread's first call.  Where it fails, the
 * next thread tries again.
 */
static bool
prepare(bool *can_move)
{
	bool ok;

	pthread_mutex_lock(&lock);
	have_key =
	    have_key || pthread_key_create(&keyring_key, keyring_free) == 0;
	ok = have_key;
	if (points == UNTRIED)
		try_moving_points();
	*can_move = points == CAN_MOVE;
	pthread_mutex_unlock(&lock);
	return ok;
}

static struct keyring *
thread_keyring(void)
{
	bool can_move;

	if (keyring != NULL)
		return keyring;
	if (!prepare(&can_move) ||
	    (keyring = calloc(1, sizeof(*keyring))) == NULL)
		return NULL;
	keyring->points_can_move = can_move;
	if (pthread_setspecific(keyring_key, keyring) != 0) {
		free(keyring);
		keyring = NULL;
	}
	return keyring;
}

static size_t
encode_point(const struct wa_cose *cose, uint8_t point[POINT_MAX])
{
	/* Built here, so that a compressed form can never come in. */
	point[0] = 0x04;
	memcpy(point + 1, cose->x.p, cose->x.n);
	memcpy(point + 1 + cose->x.n, cose->y.p, cose->y.n);
	return 1 + cose->x.n + cose->y.n;
}

static enum wa_verdict
ready_on_curve(
    struct keyring *r, const struct wa_cose *cose, struct wa_ready_key *ready)
{
	struct curve *c = &r->curves[cose->algorithm->curve];
	uint8_t point[POINT_MAX];
	const size_t n = encode_point(cose, point);

	if (c->key == NULL && !curve_new(cose->algorithm->openssl, c))
		return WA_FAULT;
	/* Refuses points off the curve and numbers beyond the field. */
	if (EVP_PKEY_set1_encoded_public_key(c->key, point, n) != 1)
		return wa_openssl_starved() ? WA_FAULT : WA_KEY_FORM;
	*ready = (struct wa_ready_key){ c->key, c->verify };
	return WA_OK;
}

/* The parameters that fromdata wants; NULL where memory ran out. */
static OSSL_PARAM *
key_params(const struct wa_cose *cose)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	BIGNUM *n = NULL, *e = NULL;
	uint8_t point[POINT_MAX];
	size_t point_n = 0;
	bool ok = b != NULL;

	switch (cose->algorithm->key_type) {
	case WA_KEY_EC2:
		point_n = encode_point(cose, point);
		ok = ok &&
		     OSSL_PARAM_BLD_push_utf8_string(b,
			 OSSL_PKEY_PARAM_GROUP_NAME, cose->algorithm->openssl,
			 0) == 1 &&
		     OSSL_PARAM_BLD_push_octet_string(
			 b, OSSL_PKEY_PARAM_PUB_KEY, point, point_n) == 1;
		break;
	case WA_KEY_RSA:
		n = BN_bin2bn(cose->n.p, (int)cose->n.n, NULL);
		e = BN_bin2bn(cose->e.p, (int)cose->e.n, NULL);
		ok = ok && n != NULL && e != NULL &&
		     OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
		     OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) == 1;
		break;
	case WA_KEY_OKP:
	case WA_KEY_AKP:
		ok = ok &&
		     OSSL_PARAM_BLD_push_octet_string(
			 b, OSSL_PKEY_PARAM_PUB_KEY, cose->x.p, cose->x.n) == 1;
		break;
	}
	if (ok)
		params = OSSL_PARAM_BLD_to_param(b);
	BN_free(n);
	BN_free(e);
	OSSL_PARAM_BLD_free(b);
	return params;
}

static enum wa_verdict
build(const struct wa_cose *cose, struct kept *k)
{
	const struct wa_algorithm *a = cose->algorithm;
	enum wa_verdict v = WA_FAULT;
	EVP_PKEY_CTX *make = NULL;
	OSSL_PARAM *params = NULL;

	make = EVP_PKEY_CTX_new_from_name(
	    NULL, a->key_type == WA_KEY_EC2 ? "EC" : a->openssl, NULL);
	if (make == NULL) {
		v = wa_openssl_starved() ? WA_FAULT : WA_ALGORITHM_UNSUPPORTED;
		goto out;
	}
	if ((k->cose = malloc(cose->raw.n)) == NULL ||
	    (params = key_params(cose)) == NULL ||
	    EVP_PKEY_fromdata_init(make) != 1)
		goto out;
	memcpy(k->cose, cose->raw.p, cose->raw.n);
	k->n = cose->raw.n;
	if (EVP_PKEY_fromdata(make, &k->key, EVP_PKEY_PUBLIC_KEY, params) !=
	    1) {
		v = wa_openssl_starved() ? WA_FAULT : WA_KEY_FORM;
		goto out;
	}
	if (a->hash != WA_HASH_NONE && ((k->verify = EVP_PKEY_CTX_new_from_pkey(
					     NULL, k->key, NULL)) == NULL ||
					   !wa_key_verify_init(k->verify, a)))
		goto out;
	v = WA_OK;
out:
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(make);
	return v;
}

static enum wa_verdict
ready_kept(
    struct keyring *r, const struct wa_cose *cose, struct wa_ready_key *ready)
{
	struct kept *oldest = &r->kept[0], *k = NULL;
	enum wa_verdict v;

	for (size_t i = 0; i < KEPT_MAX && k == NULL; i++) {
		struct kept *at = &r->kept[i];

		if (slice_equal((struct slice){ at->cose, at->n }, cose->raw))
			k = at;
		else if (at->used < oldest->used)
			oldest = at;
	}
	if (k == NULL) {
		k = oldest;
		kept_clear(k);
		if ((v = build(cose, k)) != WA_OK) {
			kept_clear(k);
			return v;
		}
	}
	k->used = ++r->clock;
	*ready = (struct wa_ready_key){ k->key, k->verify };
	return WA_OK;
}

enum wa_verdict
wa_key_ready(const struct wa_cose *cose, struct wa_ready_key *ready)
{
	struct keyring *r = thread_keyring();
	enum wa_verdict v;

	if (r == NULL)
		return WA_FAULT;
	v = cose->algorithm->key_type == WA_KEY_EC2 && r->points_can_move
		? ready_on_curve(r, cose, ready)
		: ready_kept(r, cose, ready);
	if (v != WA_OK)
		ERR_clear_error();
	return v;
}
