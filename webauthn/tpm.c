/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/tpm.h"

/* Numbers in comments are sections of TPM 2.0 Library, Part 2. */

/* TPM_ALG_ID, 6.3. */
enum {
	ALG_SHA1 = 0x0004,
	ALG_SHA256 = 0x000b,
	ALG_SHA384 = 0x000c,
	ALG_SHA512 = 0x000d,
	ALG_NULL = 0x0010,
	ALG_RSASSA = 0x0014,
	ALG_RSAPSS = 0x0016,
	ALG_ECDSA = 0x0018,
};

#define GENERATED_VALUE 0xff544347u /* TPM_GENERATED_VALUE, 6.2 */
#define ST_ATTEST_CERTIFY 0x8017 /* TPM_ST, 6.9 */

/* TPMA_OBJECT, 8.3.2; those that are reserved are zero. */
enum {
	FIXED_TPM = 1 << 1,
	FIXED_PARENT = 1 << 4,
	RESTRICTED = 1 << 16,
	DECRYPT = 1 << 17,
	SIGN = 1 << 18,
	X509_SIGN = 1 << 19,
};
#define ATTRIBUTES_RESERVED 0xfff0f009u

enum wa_hash
wa_tpm_hash(uint16_t algorithm)
{
	switch (algorithm) {
	case ALG_SHA1:
		return WA_SHA1;
	case ALG_SHA256:
		return WA_SHA256;
	case ALG_SHA384:
		return WA_SHA384;
	case ALG_SHA512:
		return WA_SHA512;
	default:
		return WA_HASH_NONE;
	}
}

static uint16_t
take_u16(struct cursor *c)
{
	return (uint16_t)cursor_be(c, 2);
}

/* A TPM2B: a size in two bytes, and as many more. */
static struct slice
take_2b(struct cursor *c)
{
	return cursor_take(c, (size_t)cursor_be(c, 2));
}

/* TPMT_SYM_DEF_OBJECT, 11.1.7: only keys that decrypt have one. */
static void
take_no_symmetric(struct cursor *c)
{
	if (take_u16(c) != ALG_NULL)
		c->bad = true;
}

/* TPMT_RSA_SCHEME and TPMT_ECC_SCHEME, 11.2.4.2 and 11.2.5.6, of a key that
 * signs as COSE has it: each such scheme is followed by its hash. */
static void
take_scheme(struct cursor *c, struct wa_tpm_public *a)
{
	a->scheme = take_u16(c);
	a->scheme_is_null = a->scheme == ALG_NULL;
	if (a->scheme_is_null)
		return;
	if (a->type == WA_TPM_RSA
		? a->scheme != ALG_RSASSA && a->scheme != ALG_RSAPSS
		: a->scheme != ALG_ECDSA)
		c->bad = true;
	a->scheme_hash = wa_tpm_hash(take_u16(c));
}

/* TPMS_RSA_PARMS, 12.2.3.5, and TPM2B_PUBLIC_KEY_RSA, 11.2.4.5. */
static void
take_rsa(struct cursor *c, struct wa_tpm_public *a)
{
	size_t bits;

	take_no_symmetric(c);
	take_scheme(c, a);
	bits = take_u16(c);
	a->exponent = (uint32_t)cursor_be(c, 4);
	a->n = take_2b(c);
	if (a->n.n * 8 != bits || a->n.n == 0)
		c->bad = true;
}

/* TPMS_ECC_PARMS, 12.2.3.6, and TPMS_ECC_POINT, 11.2.5.2.  No command knows
 * what to do with a key derivation: it is TPM_ALG_NULL. */
static void
take_ecc(struct cursor *c, struct wa_tpm_public *a)
{
	take_no_symmetric(c);
	take_scheme(c, a);
	a->curve = take_u16(c);
	if (take_u16(c) != ALG_NULL)
		c->bad = true;
	a->x = take_2b(c);
	a->y = take_2b(c);
}

/*
 * 8.3.3, for a key that signs what comes from outside: not a restricted one,
 * which signs what its TPM made, nor one for certificates alone.  What cannot
 * leave its TPM cannot leave its parent; with both uses there is no scheme.
 */
static bool
attributes_are_good(const struct wa_tpm_public *a)
{
	return (a->attributes & ATTRIBUTES_RESERVED) == 0 &&
	       (a->attributes & SIGN) != 0 &&
	       (a->attributes & (RESTRICTED | X509_SIGN)) == 0 &&
	       ((a->attributes & FIXED_TPM) == 0 ||
		   (a->attributes & FIXED_PARENT) != 0) &&
	       ((a->attributes & DECRYPT) == 0 || a->scheme_is_null);
}

bool
wa_tpm_public_parse(struct slice raw, struct wa_tpm_public *area)
{
	struct cursor c = cursor_over(raw);
	struct wa_tpm_public a = { 0 };
	size_t name_size;

	a.type = take_u16(&c);
	a.name_algorithm = take_u16(&c);
	a.attributes = (uint32_t)cursor_be(&c, 4);
	a.policy = take_2b(&c);
	if (a.type == WA_TPM_RSA)
		take_rsa(&c, &a);
	else if (a.type == WA_TPM_ECC)
		take_ecc(&c, &a);
	else
		return false;
	/* What is certified has a name.  A policy is a digest of nameAlg, or
	 * nothing: 12.2.4. */
	name_size = wa_hash_size(wa_tpm_hash(a.name_algorithm));
	if (!cursor_finished(&c) || name_size == 0 ||
	    !attributes_are_good(&a) ||
	    (a.policy.n != 0 && a.policy.n != name_size))
		return false;
	*area = a;
	return true;
}

bool
wa_tpm_attest_parse(struct slice raw, struct wa_tpm_attest *info)
{
	struct cursor c = cursor_over(raw);
	struct wa_tpm_attest a = { 0 };

	if (cursor_be(&c, 4) != GENERATED_VALUE ||
	    take_u16(&c) != ST_ATTEST_CERTIFY)
		return false;
	take_2b(&c); /* qualifiedSigner */
	a.extra_data = take_2b(&c);
	cursor_take(&c, 8 + 4 + 4 + 1); /* clockInfo, 10.11.1 */
	cursor_take(&c, 8); /* firmwareVersion */
	a.name = take_2b(&c); /* attested, 10.12.3 */
	take_2b(&c); /* its qualifiedName */
	if (!cursor_finished(&c))
		return false;
	*info = a;
	return true;
}

/* TPM_ECC_CURVE, 6.4, by the COSE curve. */
static bool
same_curve(uint16_t tpm, int cose)
{
	return (tpm == 0x0003 && cose == 1) || (tpm == 0x0004 && cose == 2) ||
	       (tpm == 0x0005 && cose == 3);
}

/* A key that has a scheme signs by that and no other. */
static bool
same_scheme(const struct wa_tpm_public *a, const struct wa_algorithm *cose)
{
	const bool pss = a->scheme == ALG_RSAPSS;

	return a->scheme_is_null ||
	       (pss == cose->pss && a->scheme_hash == cose->hash);
}

bool
wa_tpm_public_is(const struct wa_tpm_public *a, const struct wa_cose *key)
{
	const uint32_t e = a->exponent != 0 ? a->exponent : 65537;
	const uint8_t exponent[4] = { (uint8_t)(e >> 24), (uint8_t)(e >> 16),
		(uint8_t)(e >> 8), (uint8_t)e };

	if (!same_scheme(a, key->algorithm))
		return false;
	if (a->type == WA_TPM_RSA)
		return wa_cose_same_rsa(
		    key, a->n, (struct slice){ exponent, sizeof(exponent) });
	return wa_cose_same_ec(key, a->x, a->y) &&
	       same_curve(a->curve, key->algorithm->curve);
}

bool
wa_tpm_manufacturer_known(struct slice name)
{
	/* Facts, not code: a deployment adds its own by policy. */
	static const char known[][12] = {
		"id:414D4400", /* AMD */ "id:414E5400", /* Ant Group */
		"id:41544D4C", /* Atmel */ "id:4252434D", /* Broadcom */
		"id:4353434F", /* Cisco */ "id:464C5953", /* Flyslice */
		"id:474F4F47", /* Google */ "id:48495349", /* Huawei */
		"id:48504500", /* HPE */ "id:48504900", /* HP */
		"id:49424D00", /* IBM */ "id:49465800", /* Infineon */
		"id:494E5443", /* Intel */ "id:4C454E00", /* Lenovo */
		"id:4D534654", /* Microsoft */ "id:4E534700", /* NSING */
		"id:4E534D20", /* National Semiconductor */
		"id:4E544300", /* Nuvoton */ "id:4E545A00", /* Nationz */
		"id:51434F4D", /* Qualcomm */ "id:524F4343", /* Rockchip */
		"id:53454345", /* SecEdge */ "id:5345414C", /* Wisekey */
		"id:534D5343", /* SMSC */ "id:534D534E", /* Samsung */
		"id:534E5300", /* Sinosun */
		"id:53544D20", /* STMicroelectronics */
		"id:54584E00", /* Texas Instruments */
		"id:57454300", /* Winbond */
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (slice_equal(name, slice_of(known[i])))
			return true;
	}
	return false;
}
