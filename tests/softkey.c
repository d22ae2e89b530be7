/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softkey.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "tests/softsign.h"
#include "tests/softstatement.h"
#include "webauthn/algorithm.h"

const char softkey_aaguid[17] = "itsumo test key.";

void
soft_sha256(struct slice s, uint8_t out[32])
{
	if (EVP_Digest(s.p, s.n, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

struct softkey *
softkey_new(int32_t algorithm)
{
	struct softkey *k = calloc(1, sizeof(*k));
	uint8_t id[32];

	if (k == NULL || RAND_bytes(id, sizeof(id)) != 1)
		abort();
	k->algorithm = wa_algorithm_find(algorithm);
	if (k->algorithm == NULL ||
	    (k->key = softsign_key(k->algorithm)) == NULL) {
		free(k);
		return NULL;
	}
	softsign_cose(k->key, k->algorithm, &k->cose);
	softkey_set_id(k, (struct slice){ id, sizeof(id) });
	return k;
}

void
softkey_free(struct softkey *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key);
	EVP_PKEY_free(k->attestation_key);
	softca_free(k->ca);
	soft_free(&k->id);
	soft_free(&k->cose);
	soft_free(&k->client_data);
	soft_free(&k->authdata);
	soft_free(&k->signature);
	soft_free(&k->object);
	free(k);
}

void
softkey_set_id(struct softkey *k, struct slice id)
{
	soft_clear(&k->id);
	soft_put_slice(&k->id, id);
}

struct slice
softkey_id(const struct softkey *k)
{
	return soft_slice(&k->id);
}

struct slice
softkey_cose(const struct softkey *k)
{
	return soft_slice(&k->cose);
}

struct softca *
softkey_ca(struct softkey *k)
{
	if (k->ca == NULL)
		k->ca = softca_new();
	return k->ca;
}

static void
put_string(struct soft_bytes *b, const char *s)
{
	soft_put(b, s, strlen(s));
}

static void
put_member(struct soft_bytes *b, const char *name, const char *value)
{
	put_string(b, name);
	put_string(b, value);
	put_string(b, "\"");
}

static void
make_client_data(
    struct softkey *k, const struct softkey_script *s, const char *type)
{
	struct soft_bytes *b = &k->client_data;

	soft_clear(b);
	if (s->client_data != NULL) {
		put_string(b, s->client_data);
		return;
	}
	put_member(b, "{\"type\":\"", s->type ? s->type : type);
	put_member(b, ",\"challenge\":\"",
	    s->challenge ? s->challenge : SOFTKEY_CHALLENGE);
	put_member(b, ",\"origin\":\"", s->origin ? s->origin : SOFTKEY_ORIGIN);
	put_string(b, ",\"crossOrigin\":");
	put_string(b, s->cross_origin ? s->cross_origin : "false");
	if (s->top_origin != NULL)
		put_member(b, ",\"topOrigin\":\"", s->top_origin);
	if (s->more != NULL)
		put_string(b, s->more);
	put_string(b, "}");
}

static struct slice
or_else(struct slice s, struct slice otherwise)
{
	return s.p != NULL ? s : otherwise;
}

static void
make_authdata(struct softkey *k, const struct softkey_script *s, bool attested)
{
	struct soft_bytes *b = &k->authdata;
	const struct slice id = or_else(s->credential_id, soft_slice(&k->id));
	uint8_t flags = s->flags != 0 ? s->flags : WA_FLAG_UP | WA_FLAG_UV;
	uint8_t hash[32];

	soft_clear(b);
	if (s->authdata.p != NULL) {
		soft_put_slice(b, s->authdata);
		return;
	}
	soft_sha256(slice_of(s->rp_id ? s->rp_id : "example.org"), hash);
	soft_put(b, hash, sizeof(hash));
	flags |= attested ? WA_FLAG_AT : 0;
	flags |= s->extensions.p != NULL ? WA_FLAG_ED : 0;
	soft_put_be(b, flags, 1);
	soft_put_be(b, s->sign_count, 4);
	if (attested) {
		soft_put(b, s->aaguid ? s->aaguid : softkey_aaguid, 16);
		soft_put_be(b, id.n, 2);
		soft_put_slice(b, id);
		soft_put_slice(b, or_else(s->cose_key, soft_slice(&k->cose)));
	}
	soft_put_slice(b, s->extensions);
	soft_put_slice(b, s->trailing);
}

struct wa_assertion
softkey_assert(struct softkey *k, const struct softkey_script *s)
{
	uint8_t hash[32];

	make_client_data(k, s, "webauthn.get");
	make_authdata(k, s, false);
	soft_sha256(soft_slice(&k->client_data), hash);
	soft_clear(&k->signature);
	if (s->signature.p != NULL)
		soft_put_slice(&k->signature, s->signature);
	else
		softsign_sign(k->key, k->algorithm, soft_slice(&k->authdata),
		    (struct slice){ hash, 32 }, &k->signature);
	return (struct wa_assertion){
		.credential_id = or_else(s->raw_id, soft_slice(&k->id)),
		.client_data_json = soft_slice(&k->client_data),
		.authenticator_data = soft_slice(&k->authdata),
		.signature = soft_slice(&k->signature),
		.user_handle = s->user_handle,
	};
}

struct wa_registration
softkey_register(struct softkey *k, const struct softkey_script *s)
{
	uint8_t hash[32];

	make_client_data(k, s, "webauthn.create");
	make_authdata(k, s, true);
	soft_sha256(soft_slice(&k->client_data), hash);
	soft_clear(&k->object);
	softstatement_object(k, s, (struct slice){ hash, 32 }, &k->object);
	return (struct wa_registration){
		.credential_id = or_else(s->raw_id, soft_slice(&k->id)),
		.client_data_json = soft_slice(&k->client_data),
		.attestation_object = soft_slice(&k->object),
	};
}
