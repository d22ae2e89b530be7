/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softstatement.h"

#include <stdlib.h>

#include "tests/softsign.h"

#define OID_AAGUID "1.3.6.1.4.1.45724.1.1.4"

const struct wa_algorithm *
softstatement_algorithm(const struct softkey_script *s)
{
	return wa_algorithm_find(s->attestation_alg ? s->attestation_alg : -7);
}

EVP_PKEY *
softstatement_key(struct softkey *k, const struct softkey_script *s)
{
	const struct wa_algorithm *a = softstatement_algorithm(s);

	if (k->attestation_key == NULL || k->attestation_alg != a->id) {
		EVP_PKEY_free(k->attestation_key);
		k->attestation_key = softsign_key(a);
		k->attestation_alg = a->id;
	}
	if (k->attestation_key == NULL)
		abort();
	return k->attestation_key;
}

size_t
softstatement_members(const struct softkey_script *s, size_t truth)
{
	truth -= s->lie == SOFTKEY_NO_X5C || s->lie == SOFTKEY_NO_ALG ||
		 s->lie == SOFTKEY_NO_SIG;
	return truth + (s->lie == SOFTKEY_EXTRA_MEMBER);
}

void
softstatement_member_more(
    const struct softkey_script *s, struct soft_bytes *out)
{
	if (s->lie != SOFTKEY_EXTRA_MEMBER)
		return;
	soft_text(out, "ecdaaKeyId");
	soft_bstr(out, slice_of("id"));
}

void
softstatement_alg(const struct softkey_script *s, const struct wa_algorithm *a,
    struct soft_bytes *out)
{
	if (s->lie == SOFTKEY_NO_ALG)
		return;
	soft_text(out, "alg");
	soft_int(out, s->statement_alg ? s->statement_alg : a->id);
}

void
softstatement_sig(const struct softkey_script *s, EVP_PKEY *key,
    const struct wa_algorithm *a, struct slice x, struct slice y,
    struct soft_bytes *out)
{
	struct soft_bytes sig = { 0 };
	EVP_PKEY *other = NULL;

	if (s->lie == SOFTKEY_NO_SIG)
		return;
	if (s->lie == SOFTKEY_SIG_OTHER_KEY)
		key = other = softsign_key(a);
	if (s->lie == SOFTKEY_SIG_HASH_ONLY)
		x = (struct slice){ 0 };
	if (s->lie != SOFTKEY_SIG_EMPTY)
		softsign_sign(key, a, x, y, &sig);
	if (s->lie == SOFTKEY_SIG_BIT)
		sig.p[sig.n - 1] ^= 1;
	soft_text(out, "sig");
	soft_bstr(out, soft_slice(&sig));
	EVP_PKEY_free(other);
	soft_free(&sig);
}

/* The first certificate, for the key or, as a lie, for another. */
static void
make_leaf(struct softkey *k, const struct softkey_script *s, EVP_PKEY *key,
    const struct softca_script *by_rules, struct soft_bytes *leaf)
{
	EVP_PKEY *other = s->lie == SOFTKEY_X5C_OTHER_KEY
			      ? softsign_key(wa_algorithm_find(-7))
			      : NULL;

	softca_issue(softkey_ca(k), other != NULL ? other : key,
	    s->certificate ? s->certificate : by_rules, leaf);
	if (s->lie == SOFTKEY_X5C_TRAILING)
		soft_put_be(leaf, 0, 1);
	EVP_PKEY_free(other);
}

static size_t
certificates_behind(const struct softkey_script *s)
{
	const bool alone =
	    s->format != NULL &&
	    strcmp(s->format, "fido-u2f") == 0; /* which has room for one */

	switch (s->lie) {
	case SOFTKEY_X5C_LONG:
		return 6;
	case SOFTKEY_X5C_WITH_ROOT:
		return 2;
	case SOFTKEY_X5C_LEAF_ONLY:
		return 0;
	case SOFTKEY_X5C_TWICE:
		return 1;
	default:
		return alone ? 0 : 1;
	}
}

void
softstatement_x5c(struct softkey *k, const struct softkey_script *s,
    EVP_PKEY *key, const struct softca_script *by_rules, struct soft_bytes *out)
{
	struct softca *ca = softkey_ca(k);
	struct soft_bytes leaf = { 0 };
	const size_t more = certificates_behind(s);

	if (s->lie == SOFTKEY_NO_X5C)
		return;
	soft_text(out, "x5c");
	if (s->lie == SOFTKEY_X5C_TEXT) {
		soft_text(out, "x5c");
		return;
	}
	if (s->lie == SOFTKEY_X5C_EMPTY) {
		soft_array(out, 0);
		return;
	}
	make_leaf(k, s, key, by_rules, &leaf);
	soft_array(out, 1 + more + (s->certificate_behind.n > 0));
	soft_bstr(out, s->lie == SOFTKEY_X5C_GARBAGE
			   ? slice_of("no certificate")
			   : soft_slice(&leaf));
	for (size_t i = 0; i < more; i++)
		soft_bstr(out, s->lie == SOFTKEY_X5C_TWICE ? soft_slice(&leaf)
			       : s->lie == SOFTKEY_X5C_WITH_ROOT && i == 1
				   ? softca_root(ca)
				   : softca_intermediate(ca));
	if (s->certificate_behind.n > 0)
		soft_bstr(out, s->certificate_behind);
	soft_free(&leaf);
}

static void
put_packed(struct softkey *k, const struct softkey_script *s, struct slice hash,
    struct soft_bytes *out)
{
	uint8_t aaguid[18] = { 0x04, 16 };
	const struct softca_extension extension = { OID_AAGUID,
		{ aaguid, sizeof(aaguid) }, false };
	const struct softca_script by_rules = { .country = "JP",
		.organization = "itsumo",
		.unit = "Authenticator Attestation",
		.common_name = "Test Authenticator",
		.extensions = &extension,
		.extension_count = 1 };
	const struct wa_algorithm *a = softstatement_algorithm(s);
	EVP_PKEY *key = softstatement_key(k, s);

	memcpy(aaguid + 2, s->aaguid ? s->aaguid : softkey_aaguid, 16);
	soft_map(out, softstatement_members(s, 3));
	softstatement_alg(s, a, out);
	softstatement_sig(s, key, a, soft_slice(&k->authdata), hash, out);
	softstatement_x5c(k, s, key, &by_rules, out);
	softstatement_member_more(s, out);
}

static void
put_packed_self(struct softkey *k, const struct softkey_script *s,
    struct slice hash, struct soft_bytes *out)
{
	soft_map(out, softstatement_members(s, 2));
	softstatement_alg(s, k->algorithm, out);
	softstatement_sig(
	    s, k->key, k->algorithm, soft_slice(&k->authdata), hash, out);
	softstatement_member_more(s, out);
}

static void
put_u2f(struct softkey *k, const struct softkey_script *s, struct slice hash,
    struct soft_bytes *out)
{
	const struct softca_script by_rules = { .common_name = "U2F Device" };
	const struct wa_algorithm *a = softstatement_algorithm(s);
	EVP_PKEY *key = softstatement_key(k, s);
	struct soft_bytes message = { 0 };
	uint8_t point[256];
	size_t n = 0;

	soft_put_be(&message, 0, 1);
	soft_put(&message, k->authdata.p, 32); /* the hash of the rp id */
	soft_put_slice(&message, hash);
	soft_put_slice(&message, softkey_id(k));
	if (k->algorithm->key_type == WA_KEY_EC2 &&
	    EVP_PKEY_get_octet_string_param(
		k->key, "pub", point, sizeof(point), &n) != 1)
		abort();
	soft_put(&message, point, n);
	soft_map(out, softstatement_members(s, 2));
	softstatement_sig(
	    s, key, a, soft_slice(&message), (struct slice){ 0 }, out);
	softstatement_x5c(k, s, key, &by_rules, out);
	softstatement_member_more(s, out);
	soft_free(&message);
}

static void
put_none(struct softkey *k, const struct softkey_script *s, struct slice hash,
    struct soft_bytes *out)
{
	(void)k;
	(void)s;
	(void)hash;
	soft_map(out, 0);
}

static softstatement_put put_compound;

static const struct {
	const char *format, *name;
	softstatement_put *put;
} formats[] = {
	{ "none", "none", put_none },
	{ "packed", "packed", put_packed },
	{ "packed-self", "packed", put_packed_self },
	{ "tpm", "tpm", softstatement_tpm },
	{ "android-key", "android-key", softstatement_android_key },
	{ "android-safetynet", "android-safetynet", softstatement_safetynet },
	{ "apple", "apple", softstatement_apple },
	{ "fido-u2f", "fido-u2f", put_u2f },
	{ "compound", "compound", put_compound },
};

static size_t
find_format(const char *format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(format, formats[i].format) == 0)
			return i;
	}
	abort();
}

/* { fmt, attStmt }: the first two members of an attestation object. */
static void
put_format(struct softkey *k, const struct softkey_script *s,
    const char *format, struct slice hash, struct soft_bytes *out)
{
	const size_t i = find_format(format);

	soft_text(out, "fmt");
	soft_text(out, s->format_sent ? s->format_sent : formats[i].name);
	soft_text(out, "attStmt");
	if (s->statement.p != NULL)
		soft_put_slice(out, s->statement);
	else
		formats[i].put(k, s, hash, out);
}

static void
put_compound(struct softkey *k, const struct softkey_script *s,
    struct slice hash, struct soft_bytes *out)
{
	static const char *const two[] = { "packed", "android-key", NULL };
	const char *const *inside =
	    s->compound.formats ? s->compound.formats : two;
	struct softkey_script one = *s;
	size_t count = 0;

	while (inside[count] != NULL)
		count++;
	one.compound = (struct softkey_compound){ 0 };
	if (s->compound.as_map)
		soft_map(out, count / 2);
	else
		soft_array(out, count);
	for (size_t i = 0; i < count; i++) {
		one.format = inside[i];
		soft_map(out, s->compound.member_more ? 3 : 2);
		put_format(k, &one, inside[i], hash, out);
		if (s->compound.member_more) {
			soft_text(out, "more");
			soft_int(out, (int64_t)i);
		}
	}
}

void
softstatement_object(struct softkey *k, const struct softkey_script *s,
    struct slice client_data_hash, struct soft_bytes *out)
{
	soft_map(out, 3);
	put_format(k, s, s->format ? s->format : "none", client_data_hash, out);
	soft_text(out, "authData");
	soft_bstr(out, soft_slice(&k->authdata));
}
