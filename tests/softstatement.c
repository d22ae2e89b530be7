/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softstatement.h"

#include <stdlib.h>

#include "tests/softsign.h"

#define OID_AAGUID "1.3.6.1.4.1.45724.1.1.4"

static const struct wa_algorithm *
attestation_algorithm(const struct softkey_script *s)
{
	return wa_algorithm_find(s->attestation_alg ? s->attestation_alg : -7);
}

static EVP_PKEY *
attestation_key(struct softkey *k, const struct softkey_script *s)
{
	const struct wa_algorithm *a = attestation_algorithm(s);

	if (k->attestation_key == NULL || k->attestation_alg != a->id) {
		EVP_PKEY_free(k->attestation_key);
		k->attestation_key = softsign_key(a);
		k->attestation_alg = a->id;
	}
	if (k->attestation_key == NULL)
		abort();
	return k->attestation_key;
}

/* A signature over x || y, as true as the script wants it. */
static void
put_signature(const struct softkey_script *s, EVP_PKEY *key,
    const struct wa_algorithm *a, struct slice x, struct slice y,
    struct soft_bytes *out)
{
	struct soft_bytes sig = { 0 };
	EVP_PKEY *other = NULL;

	if (s->lie == SOFTKEY_SIG_OTHER_KEY)
		key = other = softsign_key(a);
	if (s->lie == SOFTKEY_SIG_HASH_ONLY)
		x = (struct slice){ 0 };
	if (s->lie != SOFTKEY_SIG_EMPTY)
		softsign_sign(key, a, x, y, &sig);
	if (s->lie == SOFTKEY_SIG_BIT)
		sig.p[sig.n - 1] ^= 1;
	soft_bstr(out, soft_slice(&sig));
	EVP_PKEY_free(other);
	soft_free(&sig);
}

/* The leaf's certificate, the intermediate, and what a lie adds or leaves. */
static void
put_x5c(struct softkey *k, const struct softkey_script *s, EVP_PKEY *key,
    const struct softca_script *by_rules, struct soft_bytes *out)
{
	struct softca *ca = softkey_ca(k);
	struct soft_bytes leaf = { 0 };
	size_t more = s->lie == SOFTKEY_X5C_LONG        ? 8
		      : s->lie == SOFTKEY_X5C_WITH_ROOT ? 2
		      : s->lie == SOFTKEY_X5C_LEAF_ONLY ? 0
							: 1;

	if (s->lie == SOFTKEY_X5C_TEXT) {
		soft_text(out, "x5c");
		return;
	}
	if (s->lie == SOFTKEY_X5C_EMPTY) {
		soft_array(out, 0);
		return;
	}
	softca_issue(
	    ca, key, s->certificate ? s->certificate : by_rules, &leaf);
	if (s->lie == SOFTKEY_X5C_TRAILING)
		soft_put_be(&leaf, 0, 1);
	soft_array(out, 1 + more);
	soft_bstr(out, s->lie == SOFTKEY_X5C_GARBAGE
			   ? slice_of("no certificate")
			   : soft_slice(&leaf));
	for (size_t i = 0; i < more; i++)
		soft_bstr(out, s->lie == SOFTKEY_X5C_WITH_ROOT && i == 1
				   ? softca_root(ca)
				   : softca_intermediate(ca));
	soft_free(&leaf);
}

static void
put_packed(struct softkey *k, const struct softkey_script *s, bool self,
    struct slice hash, struct soft_bytes *out)
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
	const struct wa_algorithm *a =
	    self ? k->algorithm : attestation_algorithm(s);
	EVP_PKEY *key = self ? k->key : attestation_key(k, s);
	size_t pairs = 3;

	memcpy(aaguid + 2, s->aaguid ? s->aaguid : softkey_aaguid, 16);
	pairs -= self || s->lie == SOFTKEY_NO_X5C;
	pairs -= s->lie == SOFTKEY_NO_ALG;
	pairs -= s->lie == SOFTKEY_NO_SIG;
	pairs += s->lie == SOFTKEY_EXTRA_MEMBER;
	soft_map(out, pairs);
	if (s->lie != SOFTKEY_NO_ALG) {
		soft_text(out, "alg");
		soft_int(out, s->statement_alg ? s->statement_alg : a->id);
	}
	if (s->lie != SOFTKEY_NO_SIG) {
		soft_text(out, "sig");
		put_signature(s, key, a, soft_slice(&k->authdata), hash, out);
	}
	if (!self && s->lie != SOFTKEY_NO_X5C) {
		soft_text(out, "x5c");
		put_x5c(k, s, key, &by_rules, out);
	}
	if (s->lie == SOFTKEY_EXTRA_MEMBER) {
		soft_text(out, "ecdaaKeyId");
		soft_bstr(out, slice_of("id"));
	}
}

void
softstatement_object(struct softkey *k, const struct softkey_script *s,
    struct slice client_data_hash, struct soft_bytes *out)
{
	const char *format = s->format ? s->format : "none";
	const char *name =
	    strcmp(format, "packed-self") == 0 ? "packed" : format;

	soft_map(out, 3);
	soft_text(out, "fmt");
	soft_text(out, s->format_sent ? s->format_sent : name);
	soft_text(out, "attStmt");
	if (s->statement.p != NULL)
		soft_put_slice(out, s->statement);
	else if (strcmp(name, "packed") == 0)
		put_packed(k, s, name != format, client_data_hash, out);
	else
		soft_map(out, 0);
	soft_text(out, "authData");
	soft_bstr(out, soft_slice(&k->authdata));
}
