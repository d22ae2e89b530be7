/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/cose.h"

#include "webauthn/cbor.h"

/* Labels of COSE_Key, RFC 9052 section 7.1 and RFC 9053 section 7. */
enum {
	LABEL_KTY = 1,
	LABEL_ALG = 3,
	LABEL_CRV = -1, /* EC2, OKP */
	LABEL_X = -2, /* EC2, OKP */
	LABEL_Y = -3, /* EC2 */
	LABEL_N = -1, /* RSA */
	LABEL_E = -2, /* RSA */
	LABEL_PUB = -1, /* AKP */
};

static bool
get_int(const struct wa_cbor *map, int64_t label, int64_t *value)
{
	struct wa_cbor item;

	return wa_cbor_get_int(map, label, &item) && wa_cbor_int(&item, value);
}

/* A byte string; a point's y as a sign bit, its compressed form, is none. */
static bool
get_bytes(const struct wa_cbor *map, int64_t label, struct slice *value)
{
	struct wa_cbor item;

	if (!wa_cbor_get_int(map, label, &item) || item.kind != WA_CBOR_BYTES)
		return false;
	*value = item.bytes;
	return true;
}

/* kty, alg and so many parameters more; L3 6.5.1.1: no optional ones. */
static bool
has_parameters(const struct wa_cbor *map, uint64_t count)
{
	return map->value == 2 + count;
}

static bool
read_curve(const struct wa_cbor *map, struct wa_cose *key)
{
	const struct wa_algorithm *a = key->algorithm;
	const bool two = a->key_type == WA_KEY_EC2;
	int64_t crv;

	return has_parameters(map, two ? 3 : 2) &&
	       get_int(map, LABEL_CRV, &crv) && crv == a->curve &&
	       get_bytes(map, LABEL_X, &key->x) && key->x.n == a->size &&
	       (!two ||
		   (get_bytes(map, LABEL_Y, &key->y) && key->y.n == a->size));
}

static size_t
bits_of(struct slice s)
{
	size_t bits = s.n * 8;

	for (uint8_t top = s.n > 0 ? s.p[0] : 0; top < 0x80 && bits > 0;
	     top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

/*
 * RFC 8230 section 4, with bounds of our own: the modulus so that one
 * verification stays cheap, the exponent as FIPS 186-5 has it at its lower
 * end (above 2^16, odd) and in 32 bits.
 */
static bool
read_rsa(const struct wa_cbor *map, struct wa_cose *key)
{
	return has_parameters(map, 2) && get_bytes(map, LABEL_N, &key->n) &&
	       get_bytes(map, LABEL_E, &key->e) && key->n.n > 0 &&
	       key->e.n > 0 && key->n.p[0] != 0 && key->e.p[0] != 0 &&
	       bits_of(key->n) >= WA_RSA_BITS_MIN &&
	       bits_of(key->n) <= WA_RSA_BITS_MAX &&
	       (key->n.p[key->n.n - 1] & 1) == 1 && bits_of(key->e) >= 17 &&
	       bits_of(key->e) <= WA_RSA_EXPONENT_BITS_MAX &&
	       (key->e.p[key->e.n - 1] & 1) == 1;
}

static bool
read_akp(const struct wa_cbor *map, struct wa_cose *key)
{
	return has_parameters(map, 1) && get_bytes(map, LABEL_PUB, &key->x) &&
	       key->x.n == key->algorithm->size;
}

enum wa_verdict
wa_cose_parse(struct slice raw, struct wa_cose *key)
{
	struct cursor c = cursor_over(raw);
	const struct wa_cbor map = cursor_cbor_item(&c);
	struct wa_cose k = { .raw = raw };
	int64_t kty, alg;
	bool good = false;

	if (!cursor_finished(&c))
		return WA_CBOR_FORM;
	if (map.kind != WA_CBOR_MAP || !get_int(&map, LABEL_KTY, &kty) ||
	    !get_int(&map, LABEL_ALG, &alg))
		return WA_KEY_FORM;
	k.algorithm = wa_algorithm_find(alg);
	if (k.algorithm == NULL)
		return WA_ALGORITHM_UNSUPPORTED;
	if (kty != (int64_t)k.algorithm->key_type)
		return WA_KEY_FORM;
	switch (k.algorithm->key_type) {
	case WA_KEY_EC2:
	case WA_KEY_OKP:
		good = read_curve(&map, &k);
		break;
	case WA_KEY_RSA:
		good = read_rsa(&map, &k);
		break;
	case WA_KEY_AKP:
		good = read_akp(&map, &k);
		break;
	}
	if (!good)
		return WA_KEY_FORM;
	*key = k;
	return WA_OK;
}

static struct slice
without_zeros(struct slice s)
{
	while (s.n > 0 && s.p[0] == 0)
		s = (struct slice){ s.p + 1, s.n - 1 };
	return s;
}

static bool
same_number(struct slice a, struct slice b)
{
	return slice_equal(without_zeros(a), without_zeros(b));
}

bool
wa_cose_same_ec(const struct wa_cose *key, struct slice x, struct slice y)
{
	return key->algorithm->key_type == WA_KEY_EC2 &&
	       same_number(key->x, x) && same_number(key->y, y);
}

bool
wa_cose_same_rsa(const struct wa_cose *key, struct slice n, struct slice e)
{
	return key->algorithm->key_type == WA_KEY_RSA &&
	       same_number(key->n, n) && same_number(key->e, e);
}
