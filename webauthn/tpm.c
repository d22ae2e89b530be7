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
	ALG_RSAES = 0x0015,
	ALG_OAEP = 0x0017,
	ALG_ECDSA = 0x0018,
	ALG_ECDAA = 0x001a,
	ALG_ECMQV = 0x001d,
};

#define GENERATED_VALUE 0xff544347u /* TPM_GENERATED_VALUE, 6.2 */
#define ST_ATTEST_CERTIFY 0x8017 /* TPM_ST, 6.9 */

/* Object attributes that are reserved, and zero: 8.3.2. */
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

/* TPMT_RSA_SCHEME, 12.2.3.5.  True where it is TPM_ALG_NULL. */
static bool
take_rsa_scheme(struct cursor *c)
{
	const uint16_t scheme = take_u16(c);

	if (scheme == ALG_NULL)
		return true;
	if (scheme < ALG_RSASSA || scheme > ALG_OAEP)
		c->bad = true;
	if (scheme != ALG_RSAES)
		take_u16(c); /* the hash */
	return false;
}

/* TPMT_ECC_SCHEME, 12.2.3.6.  True where it is TPM_ALG_NULL. */
static bool
take_ecc_scheme(struct cursor *c)
{
	const uint16_t scheme = take_u16(c);

	if (scheme == ALG_NULL)
		return true;
	if (scheme < ALG_ECDSA || scheme > ALG_ECMQV)
		c->bad = true;
	take_u16(c); /* the hash */
	if (scheme == ALG_ECDAA)
		take_u16(c); /* the count */
	return false;
}

/* TPMS_RSA_PARMS, 12.2.3.5, and TPM2B_PUBLIC_KEY_RSA, 11.2.4.5. */
static void
take_rsa(struct cursor *c, struct wa_tpm_public *a)
{
	size_t bits;

	take_no_symmetric(c);
	a->scheme_is_null = take_rsa_scheme(c);
	bits = take_u16(c);
	a->exponent = (uint32_t)cursor_be(c, 4);
	a->n = take_2b(c);
	if (a->n.n * 8 != bits || a->n.n == 0)
		c->bad = true;
}

/* TPMS_ECC_PARMS, 12.2.3.6, and TPMS_ECC_POINT, 11.2.5.2. */
static void
take_ecc(struct cursor *c, struct wa_tpm_public *a)
{
	take_no_symmetric(c);
	a->scheme_is_null = take_ecc_scheme(c);
	a->curve = take_u16(c);
	a->kdf_is_null = take_u16(c) == ALG_NULL;
	if (!a->kdf_is_null) /* TPMT_KDF_SCHEME, 11.2.3.3 */
		take_u16(c); /* its hash */
	a->x = take_2b(c);
	a->y = take_2b(c);
}

bool
wa_tpm_public_parse(struct slice raw, struct wa_tpm_public *area)
{
	struct cursor c = cursor_over(raw);
	struct wa_tpm_public a = { 0 };

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
	/* A policy is a digest of nameAlg, or nothing: 12.2.4. */
	if (!cursor_finished(&c) || (a.attributes & ATTRIBUTES_RESERVED) != 0 ||
	    (a.policy.n != 0 &&
		a.policy.n != wa_hash_size(wa_tpm_hash(a.name_algorithm))))
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

bool
wa_tpm_public_is(const struct wa_tpm_public *a, const struct wa_cose *key)
{
	const uint32_t e = a->exponent != 0 ? a->exponent : 65537;
	const uint8_t exponent[4] = { (uint8_t)(e >> 24), (uint8_t)(e >> 16),
		(uint8_t)(e >> 8), (uint8_t)e };

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
