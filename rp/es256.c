/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/device.h"
#include "rp/jcs.h"
#include "webauthn/b64url.h"
#include "webauthn/signature.h"

/*
 * Keys of phones and browsers are checked by the same code as passkeys: the
 * point becomes a COSE_Key, the signature ASN.1.
 */
enum { COSE = 77, SCALAR = 32, DER_MAX = 2 + 2 * (2 + 1 + SCALAR) };

static void
cose_of(const uint8_t key[64], uint8_t cose[COSE])
{
	static const uint8_t head[] = { 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20,
		0x01, 0x21, 0x58, 0x20 };
	static const uint8_t middle[] = { 0x22, 0x58, 0x20 };

	memcpy(cose, head, sizeof(head));
	memcpy(cose + 10, key, 32);
	memcpy(cose + 42, middle, sizeof(middle));
	memcpy(cose + 45, key + 32, 32);
}

static enum rp_answer
key_of(const uint8_t cose[COSE], struct wa_cose *key)
{
	enum wa_verdict v = wa_cose_parse((struct slice){ cose, COSE }, key);

	if (v == WA_OK)
		v = wa_key_judge(key);
	if (v == WA_FAULT)
		return RP_FAULT;
	return v == WA_OK ? RP_OK : RP_KEY_MALFORMED;
}

enum rp_answer
rp_es256_key_judge(const uint8_t key[64])
{
	uint8_t cose[COSE];
	struct wa_cose parsed;

	cose_of(key, cose);
	return key_of(cose, &parsed);
}

/* One INTEGER: no zeros in front but one before a set bit.  Its end. */
static uint8_t *
der_integer(uint8_t *out, const uint8_t scalar[SCALAR])
{
	size_t skip = 0, pad;

	while (skip < SCALAR - 1 && scalar[skip] == 0)
		skip++;
	pad = (scalar[skip] & 0x80) != 0;
	*out++ = 0x02;
	*out++ = (uint8_t)(SCALAR - skip + pad);
	if (pad)
		*out++ = 0;
	memcpy(out, scalar + skip, SCALAR - skip);
	return out + SCALAR - skip;
}

static struct slice
der_of(struct slice signature, uint8_t der[DER_MAX])
{
	uint8_t *end = der_integer(der + 2, signature.p);

	end = der_integer(end, signature.p + SCALAR);
	der[0] = 0x30;
	der[1] = (uint8_t)(end - der - 2);
	return (struct slice){ der, (size_t)(end - der) };
}

enum rp_answer
rp_es256_verify(
    const uint8_t key[64], struct slice signed_bytes, struct slice signature)
{
	uint8_t cose[COSE], der[DER_MAX];
	struct wa_cose parsed;
	enum rp_answer answer;
	enum wa_verdict v;

	if (signature.n != 2 * SCALAR)
		return RP_DEVICE_PROOF_REFUSED;
	cose_of(key, cose);
	if ((answer = key_of(cose, &parsed)) != RP_OK)
		return answer == RP_FAULT ? RP_FAULT : RP_DEVICE_PROOF_REFUSED;
	v = wa_signature_verify(
	    &parsed, signed_bytes, (struct slice){ 0 }, der_of(signature, der));
	if (v == WA_FAULT)
		return RP_FAULT;
	return v == WA_OK ? RP_OK : RP_DEVICE_PROOF_REFUSED;
}

bool
rp_es256_thumbprint(const uint8_t key[64], uint8_t jkt[32])
{
	char x[WA_B64URL_SIZE(32)], y[WA_B64URL_SIZE(32)], text[192];
	struct rp_jcs j = RP_JCS(text);

	if (!wa_b64url_encode((struct slice){ key, 32 }, x, sizeof(x)) ||
	    !wa_b64url_encode((struct slice){ key + 32, 32 }, y, sizeof(y)))
		return false;
	/* RFC 7638, 3.2 and 3.3: these members, in this order. */
	rp_jcs_object(&j, NULL);
	rp_jcs_string(&j, "crv", "P-256");
	rp_jcs_string(&j, "kty", "EC");
	rp_jcs_string(&j, "x", x);
	rp_jcs_string(&j, "y", y);
	rp_jcs_end(&j);
	return rp_jcs_finish(&j) && wa_sha256(slice_of(text), jkt);
}
