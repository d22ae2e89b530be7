/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softproof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rand.h>

#include "tests/softsign.h"
#include "webauthn/b64url.h"

static void
must(bool good)
{
	if (!good)
		abort();
}

void
softproof_key_make(struct softproof_key *k)
{
	uint8_t point[65];
	size_t n = 0;

	k->key = EVP_EC_gen("P-256");
	must(k->key != NULL &&
	     EVP_PKEY_get_octet_string_param(k->key, OSSL_PKEY_PARAM_PUB_KEY,
		 point, sizeof(point), &n) == 1 &&
	     n == sizeof(point));
	memcpy(k->xy, point + 1, sizeof(k->xy));
	must(
	    wa_b64url_encode((struct slice){ k->xy, 32 }, k->x, sizeof(k->x)) &&
	    wa_b64url_encode(
		(struct slice){ k->xy + 32, 32 }, k->y, sizeof(k->y)));
}

void
softproof_key_free(struct softproof_key *k)
{
	EVP_PKEY_free(k->key);
	k->key = NULL;
}

static void
put_string(struct soft_bytes *out, const char *s)
{
	soft_put(out, s, strlen(s));
}

static void
put_b64url(struct soft_bytes *out, struct slice s)
{
	char *text = malloc(WA_B64URL_SIZE(s.n));

	must(text != NULL && wa_b64url_encode(s, text, WA_B64URL_SIZE(s.n)));
	put_string(out, text);
	free(text);
}

/* ,"name":"value" where there is one. */
static void
put_member(struct soft_bytes *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	put_string(out, ",\"");
	put_string(out, name);
	put_string(out, "\":\"");
	put_string(out, value);
	put_string(out, "\"");
}

static void
put_header(struct soft_bytes *out, const struct softproof_script *s)
{
	if (s->header != NULL) {
		put_string(out, s->header);
		return;
	}
	put_string(out, "{\"typ\":\"");
	put_string(out, s->typ != NULL ? s->typ : "itsumo-device+jwt");
	put_string(out, "\"");
	put_member(out, "alg", s->alg != NULL ? s->alg : "ES256");
	put_string(out, "}");
}

static void
put_claims(struct soft_bytes *out, const struct softproof_script *s)
{
	uint8_t random[16], hash[32];
	char text[64];

	if (s->claims != NULL) {
		put_string(out, s->claims);
		return;
	}
	snprintf(text, sizeof(text), "{\"iat\":%" PRId64,
	    s->iat != 0 ? s->iat : (int64_t)time(NULL));
	put_string(out, text);
	put_member(out, "phone", s->phone);
	put_member(out, "approval", s->approval);
	put_member(out, "htm", s->htm);
	put_member(out, "htu", s->htu);
	if (s->jti == NULL) {
		must(RAND_bytes(random, sizeof(random)) == 1 &&
		     wa_b64url_encode((struct slice){ random, sizeof(random) },
			 text, sizeof(text)));
		put_member(out, "jti", text);
	} else if (s->jti[0] != '\0')
		put_member(out, "jti", s->jti);
	if (s->body.n > 0) {
		soft_sha256(s->body, hash);
		must(wa_b64url_encode(
		    (struct slice){ hash, sizeof(hash) }, text, sizeof(text)));
		put_member(out, "ath", text);
	}
	if (s->more != NULL)
		put_string(out, s->more);
	put_string(out, "}");
}

/* r, s as JOSE has them. */
static void
sign(EVP_PKEY *key, struct slice bytes, uint8_t raw[64])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t der[80];
	const uint8_t *at = der;
	size_t n = sizeof(der);
	ECDSA_SIG *parts = NULL;

	must(md != NULL &&
	     EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestSign(md, der, &n, bytes.p, bytes.n) == 1 &&
	     (parts = d2i_ECDSA_SIG(NULL, &at, (long)n)) != NULL);
	must(BN_bn2binpad(ECDSA_SIG_get0_r(parts), raw, 32) == 32 &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(parts), raw + 32, 32) == 32);
	ECDSA_SIG_free(parts);
	EVP_MD_CTX_free(md);
}

char *
softproof_make(const struct softproof_key *k, const struct softproof_script *s)
{
	struct soft_bytes part = { 0 }, out = { 0 };
	struct slice signature = s->signature;
	uint8_t raw[64];

	put_header(&part, s);
	put_b64url(&out, soft_slice(&part));
	put_string(&out, ".");
	soft_clear(&part);
	put_claims(&part, s);
	put_b64url(&out, soft_slice(&part));
	if (signature.p == NULL) {
		sign((s->by != NULL ? s->by : k)->key, soft_slice(&out), raw);
		signature = (struct slice){ raw, sizeof(raw) };
	}
	put_string(&out, ".");
	put_b64url(&out, signature);
	soft_put(&out, "", 1);
	soft_free(&part);
	return (char *)out.p;
}
