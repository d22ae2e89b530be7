/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/edwards.h"

#include <openssl/bn.h>
#include <openssl/err.h>

/*
 * Both curves are a x^2 + y^2 = 1 + d x^2 y^2, so that x^2 = u / v with
 * u = 1 - y^2 and v = a - d y^2.  There is such an x where u / v is a square,
 * which it is exactly where u v is one.  With d a fraction, v is taken as often
 * as its denominator, and the product once more: squares do not count.
 */
struct edwards {
	const char *p; /* the field, in hexadecimal */
	long a, d; /* of v: a - d y^2, times this: */
	long times;
	/* y of the points of small order, beside 0, 1 and -1; and its -y. */
	const char *small;
};

/* RFC 8032, 5.1: a is -1, d is -121665/121666, the cofactor 8. */
static const struct edwards ed25519 = {
	.p = "7fffffffffffffffffffffffffffffff"
	     "ffffffffffffffffffffffffffffffed",
	.a = -121666,
	.d = -121665,
	.times = 121666,
	.small = "7a03ac9277fdc74ec6cc392cfa53202a"
		 "0f67100d760b3cba4fd84d3d706a17c7",
};

/* 5.2: a is 1, d is -39081, the cofactor 4. */
static const struct edwards ed448 = {
	.p = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
	     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	.a = 1,
	.d = -39081,
	.times = 1,
};

/* r = r * word mod p, whatever the word's sign. */
static bool
multiply(BIGNUM *r, long word, const BIGNUM *p, BN_CTX *ctx)
{
	if (BN_mul_word(r, (BN_ULONG)(word < 0 ? -word : word)) != 1)
		return false;
	BN_set_negative(r, (word < 0) != BN_is_negative(r));
	return BN_nnmod(r, r, p, ctx) == 1;
}

/* y is of a point of small order: 1; is not: 0; could not tell: less. */
static int
is_small(const struct edwards *e, const BIGNUM *y, const BIGNUM *p,
    BIGNUM *small, BIGNUM *minus)
{
	if (BN_sub(minus, p, BN_value_one()) != 1)
		return -1;
	if (BN_is_zero(y) || BN_is_one(y) || BN_cmp(y, minus) == 0)
		return 1;
	if (e->small == NULL)
		return 0;
	if (BN_hex2bn(&small, e->small) == 0 || BN_sub(minus, p, small) != 1)
		return -1;
	return BN_cmp(y, small) == 0 || BN_cmp(y, minus) == 0;
}

/* x^2 = u / v has a solution: 1; has none: 0; could not tell: less. */
static int
has_x(const struct edwards *e, const BIGNUM *y, const BIGNUM *p, BIGNUM *u,
    BIGNUM *v, BN_CTX *ctx)
{
	int symbol;

	if (BN_mod_sqr(v, y, p, ctx) != 1 ||
	    BN_mod_sub(u, BN_value_one(), v, p, ctx) != 1 ||
	    !multiply(v, -e->d, p, ctx) ||
	    (e->a < 0 ? BN_sub_word(v, (BN_ULONG)-e->a)
		      : BN_add_word(v, (BN_ULONG)e->a)) != 1 ||
	    !multiply(v, e->times, p, ctx) || BN_mod_mul(u, u, v, p, ctx) != 1)
		return -1;
	symbol = BN_kronecker(u, p, ctx);
	return symbol < -1 ? -1 : symbol == 1;
}

static enum wa_verdict
judge(const struct edwards *e, const BIGNUM *y, BIGNUM *p, BN_CTX *ctx)
{
	BIGNUM *a = BN_CTX_get(ctx), *b = BN_CTX_get(ctx);
	int small, has;

	if (b == NULL || BN_hex2bn(&p, e->p) == 0)
		return WA_FAULT;
	if (BN_cmp(y, p) >= 0) /* 5.1.3, 1 */
		return WA_KEY_FORM;
	small = is_small(e, y, p, a, b);
	has = has_x(e, y, p, a, b, ctx);
	if (small < 0 || has < 0)
		return WA_FAULT;
	return has == 1 && small == 0 ? WA_OK : WA_KEY_FORM;
}

enum wa_verdict
wa_edwards_judge(const struct wa_cose *key)
{
	const struct edwards *e =
	    key->algorithm->size == 32 ? &ed25519 : &ed448;
	enum wa_verdict v = WA_FAULT;
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *y = NULL, *p = NULL;
	uint8_t bytes[57];

	memcpy(bytes, key->x.p, key->x.n);
	bytes[key->x.n - 1] &= 0x7f; /* the sign of x */
	if (ctx != NULL) {
		BN_CTX_start(ctx);
		y = BN_CTX_get(ctx);
		p = BN_CTX_get(ctx);
	}
	if (p != NULL && BN_lebin2bn(bytes, (int)key->x.n, y) != NULL)
		v = judge(e, y, p, ctx);
	if (ctx != NULL)
		BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	ERR_clear_error();
	return v;
}
