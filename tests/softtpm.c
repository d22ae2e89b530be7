/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softstatement.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "tests/softder.h"
#include "tests/softsign.h"

/* A TPM as Windows Hello has one: TPM 2.0 Library, Part 2. */

enum {
	ALG_RSA = 0x0001,
	ALG_SHA1 = 0x0004,
	ALG_SHA256 = 0x000b,
	ALG_SHA384 = 0x000c,
	ALG_SHA512 = 0x000d,
	ALG_NULL = 0x0010,
	ALG_ECC = 0x0023
};

#define GENERATED_VALUE 0xff544347u
#define ST_ATTEST_CERTIFY 0x8017
#define ATTRIBUTES 0x00060472u

static const EVP_MD *
md_of(uint16_t algorithm)
{
	switch (algorithm) {
	case ALG_SHA1:
		return EVP_sha1();
	case ALG_SHA384:
		return EVP_sha384();
	case ALG_SHA512:
		return EVP_sha512();
	default:
		return EVP_sha256();
	}
}

static void
put_digest(struct soft_bytes *b, const EVP_MD *md, struct slice s)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(s.p, s.n, digest, &n, md, NULL) != 1)
		abort();
	soft_put(b, digest, n);
}

static void
put_2b(struct soft_bytes *b, struct slice s)
{
	soft_put_be(b, s.n, 2);
	soft_put_slice(b, s);
}

static uint16_t
or_else(uint16_t value, uint16_t otherwise)
{
	return value != 0 ? value : otherwise;
}

static void
put_rsa(EVP_PKEY *key, const struct softkey_tpm *t, struct soft_bytes *out)
{
	BIGNUM *n = NULL;
	uint8_t bytes[1024];

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) != 1)
		abort();
	soft_put_be(out, or_else(t->symmetric, ALG_NULL), 2);
	soft_put_be(out, or_else(t->scheme, ALG_NULL), 2);
	if (t->scheme != 0)
		soft_put_be(out, or_else(t->scheme_hash, ALG_SHA256), 2);
	soft_put_be(
	    out, or_else(t->key_bits, (uint16_t)(BN_num_bytes(n) * 8)), 2);
	soft_put_be(out, t->exponent, 4);
	put_2b(out, (struct slice){ bytes, (size_t)BN_bn2bin(n, bytes) });
	BN_free(n);
}

static void
put_ecc(EVP_PKEY *key, const struct wa_algorithm *a,
    const struct softkey_tpm *t, struct soft_bytes *out)
{
	uint8_t point[256];
	size_t n = 0;

	if (EVP_PKEY_get_octet_string_param(
		key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n) != 1)
		abort();
	soft_put_be(out, or_else(t->symmetric, ALG_NULL), 2);
	soft_put_be(out, or_else(t->scheme, ALG_NULL), 2);
	if (t->scheme != 0)
		soft_put_be(out, or_else(t->scheme_hash, ALG_SHA256), 2);
	/* P-256 is 3 there. */
	soft_put_be(out, or_else(t->curve, (uint16_t)(a->curve + 2)), 2);
	soft_put_be(out, or_else(t->kdf, ALG_NULL), 2);
	if (t->kdf != 0)
		soft_put_be(out, ALG_SHA256, 2);
	put_2b(out, (struct slice){ point + 1, a->size });
	put_2b(out, (struct slice){ point + 1 + a->size, a->size });
}

static void
make_area(
    struct softkey *k, const struct softkey_tpm *t, struct soft_bytes *out)
{
	const uint16_t name_alg = or_else(t->name_algorithm, ALG_SHA256);
	EVP_PKEY *other = t->other_key ? softsign_key(k->algorithm) : NULL;
	EVP_PKEY *key = other != NULL ? other : k->key;
	struct soft_bytes policy = { 0 };

	soft_put_be(
	    out, k->algorithm->key_type == WA_KEY_RSA ? ALG_RSA : ALG_ECC, 2);
	soft_put_be(out, name_alg, 2);
	soft_put_be(out, (ATTRIBUTES & ~t->attributes_off) | t->attributes, 4);
	if (!t->no_policy)
		put_digest(&policy, md_of(name_alg), slice_of("policy"));
	if (t->long_policy)
		soft_put_be(&policy, 0, 1);
	put_2b(out, soft_slice(&policy));
	if (k->algorithm->key_type == WA_KEY_RSA)
		put_rsa(key, t, out);
	else
		put_ecc(key, k->algorithm, t, out);
	if (t->area_long)
		soft_put_be(out, 0, 1);
	out->n -= t->area_cut;
	soft_free(&policy);
	EVP_PKEY_free(other);
}

static void
make_info(struct softkey *k, const struct softkey_script *s, struct slice hash,
    struct slice area, struct soft_bytes *out)
{
	const struct softkey_tpm *t = &s->tpm;
	const struct wa_algorithm *a = softstatement_algorithm(s);
	const uint16_t name_alg =
	    or_else(t->name_made_with, or_else(t->name_algorithm, ALG_SHA256));
	const EVP_MD *md = a->hash == WA_SHA1     ? EVP_sha1()
			   : a->hash == WA_SHA384 ? EVP_sha384()
			   : a->hash == WA_SHA512 ? EVP_sha512()
						  : EVP_sha256();
	struct soft_bytes b = { 0 };

	soft_put_be(out, t->magic ? t->magic : GENERATED_VALUE, 4);
	soft_put_be(out, or_else(t->type, ST_ATTEST_CERTIFY), 2);
	soft_put_be(&b, ALG_SHA256, 2);
	put_digest(&b, EVP_sha256(), slice_of("signer"));
	put_2b(out, soft_slice(&b)); /* qualifiedSigner */
	soft_clear(&b);
	soft_put_slice(&b, soft_slice(&k->authdata));
	soft_put_slice(&b, hash);
	if (t->other_extra_data)
		soft_put_be(&b, 0, 1);
	soft_put_be(out, (uint64_t)EVP_MD_get_size(md), 2);
	put_digest(out, md, soft_slice(&b)); /* extraData */
	soft_put_be(out, 12345, 8); /* clockInfo */
	soft_put_be(out, 6, 4);
	soft_put_be(out, 7, 4);
	soft_put_be(out, 1, 1);
	soft_put_be(out, 42, 8); /* firmwareVersion */
	soft_clear(&b);
	soft_put_be(&b, name_alg, 2);
	put_digest(
	    &b, md_of(name_alg), t->other_name ? slice_of("another") : area);
	put_2b(out, soft_slice(&b)); /* name */
	soft_clear(&b);
	soft_put_be(&b, ALG_SHA256, 2);
	put_digest(&b, EVP_sha256(), slice_of("qualified"));
	put_2b(out, soft_slice(&b)); /* qualifiedName */
	if (t->info_long)
		soft_put_be(out, 0, 1);
	soft_free(&b);
}

/* One attribute of the directory name, in a set of its own. */
static void
put_attribute(
    struct soft_bytes *out, const char *oid, const char *value, const char * or)
{
	struct soft_bytes pair = { 0 }, one = { 0 };

	if (value != NULL && *value == '\0')
		return;
	soft_der_oid(&pair, oid);
	soft_der(&pair, SOFT_UNIVERSAL, 12, slice_of(value ? value : or));
	soft_der_sequence(&one, soft_slice(&pair));
	soft_der(out, SOFT_CONSTRUCTED, 17, soft_slice(&one));
	soft_free(&pair);
	soft_free(&one);
}

/* GeneralNames with the one directoryName of the EK profile. */
static void
make_san(const struct softkey_tpm *t, struct soft_bytes *out)
{
	struct soft_bytes sets = { 0 }, name = { 0 }, general = { 0 };

	put_attribute(&sets, "2.23.133.2.1", t->manufacturer, "id:49465800");
	put_attribute(&sets, "2.23.133.2.2", t->model, "SLB9670");
	put_attribute(&sets, "2.23.133.2.3", t->version, "id:00070055");
	soft_der_sequence(&name, soft_slice(&sets));
	if (t->san_text)
		soft_der(&general, 0x80, 2, slice_of("tpm.example"));
	else
		soft_der(&general, SOFT_EXPLICIT, 4, soft_slice(&name));
	soft_der_sequence(out, soft_slice(&general));
	soft_free(&sets);
	soft_free(&name);
	soft_free(&general);
}

static void
put_certificate(struct softkey *k, const struct softkey_script *s,
    EVP_PKEY *key, struct soft_bytes *out)
{
	const struct softkey_tpm *t = &s->tpm;
	struct soft_bytes san = { 0 }, use = { 0 }, uses = { 0 };
	struct soft_bytes aaguid = { 0 };
	struct softca_extension extensions[3];
	size_t n = 0;

	make_san(t, &san);
	soft_der_oid(&use, t->other_use ? "1.3.6.1.5.5.7.3.2" : "2.23.133.8.3");
	soft_der_sequence(&uses, soft_slice(&use));
	if (!t->no_san)
		extensions[n++] = (struct softca_extension){ "2.5.29.17",
			soft_slice(&san), true };
	if (!t->no_use)
		extensions[n++] = (struct softca_extension){ "2.5.29.37",
			soft_slice(&uses), false };
	if (t->model_aaguid != NULL) {
		soft_der_octets(&aaguid,
		    (struct slice){ (const uint8_t *)t->model_aaguid, 16 });
		extensions[n++] =
		    (struct softca_extension){ "1.3.6.1.4.1.45724.1.1.4",
			    soft_slice(&aaguid), false };
	}
	softstatement_x5c(k, s, key,
	    &(struct softca_script){ .common_name = t->subject ? "TPM" : NULL,
		.authority = t->authority,
		.extensions = extensions,
		.extension_count = n },
	    out);
	soft_free(&san);
	soft_free(&use);
	soft_free(&uses);
	soft_free(&aaguid);
}

void
softstatement_tpm(struct softkey *k, const struct softkey_script *s,
    struct slice hash, struct soft_bytes *out)
{
	EVP_PKEY *key = softstatement_key(k, s);
	const struct wa_algorithm *a = softstatement_algorithm(s);
	struct soft_bytes area = { 0 }, info = { 0 };

	make_area(k, &s->tpm, &area);
	make_info(k, s, hash, soft_slice(&area), &info);
	soft_map(out, softstatement_members(s, 6));
	softstatement_alg(s, a, out);
	softstatement_sig(
	    s, key, a, soft_slice(&info), (struct slice){ 0 }, out);
	soft_text(out, "ver");
	soft_text(out, s->tpm.ver ? s->tpm.ver : "2.0");
	put_certificate(k, s, key, out);
	soft_text(out, "pubArea");
	soft_bstr(out, soft_slice(&area));
	soft_text(out, "certInfo");
	soft_bstr(out, soft_slice(&info));
	softstatement_member_more(s, out);
	soft_free(&area);
	soft_free(&info);
}
