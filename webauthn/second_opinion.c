/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/second_opinion.h"

#include <fido.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>

#include "webauthn/key.h"
#include "webauthn/tpm.h"

/* EdDSA is verified from a fixed buffer there, the client data's hash
 * included. */
#define AUTHDATA_MAX (1024 - 32)

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start(void)
{
	fido_init(0);
}

static bool
can_read_key(const struct wa_cose *key)
{
	switch (key->algorithm->id) {
	case COSE_ES256:
	case COSE_ES384:
	case COSE_EDDSA:
		return true;
	case COSE_RS256:
		return key->n.n == 256 && key->e.n == 3;
	default:
		return false;
	}
}

static bool
get_alg(const struct wa_statement *st, int64_t *alg)
{
	struct wa_cbor item;

	return wa_cbor_get_text(&st->map, "alg", &item) &&
	       wa_cbor_int(&item, alg);
}

/* TPMA_OBJECT: made in the TPM, never to leave it, to sign with; and not to
 * be gone at the next start. */
#define ATTRIBUTES_SET 0x00040032u
#define ATTRIBUTES_CLEAR 0x00000004u

/* An attest over SHA-1, all of whose names are of SHA-256. */
#define CERT_INFO_SIZE 161

/* Windows Hello's keys are such; it compares the whole with one layout. */
static bool
can_read_public(const struct wa_statement *st)
{
	struct wa_tpm_public a;
	struct wa_cbor area, info;

	if (!wa_cbor_get_text(&st->map, "pubArea", &area) ||
	    !wa_cbor_get_text(&st->map, "certInfo", &info) ||
	    info.bytes.n != CERT_INFO_SIZE ||
	    !wa_tpm_public_parse(area.bytes, &a))
		return false;
	return a.policy.n == 32 && wa_tpm_hash(a.name_algorithm) == WA_SHA256 &&
	       a.scheme_is_null &&
	       (a.attributes & ATTRIBUTES_SET) == ATTRIBUTES_SET &&
	       (a.attributes & ATTRIBUTES_CLEAR) == 0 &&
	       (a.type == WA_TPM_RSA ? a.exponent == 0 && a.n.n == 256
				     : st->key->algorithm->id == COSE_ES256);
}

static bool
can_verify_with(const struct wa_statement *st)
{
	int64_t alg;

	return get_alg(st, &alg) && (alg == COSE_ES256 || alg == COSE_ES384 ||
					alg == COSE_EDDSA || alg == COSE_RS256);
}

/* It reads maps in canonical order alone. */
static bool
in_order(struct slice raw)
{
	struct wa_cbor map, key, value;
	struct slice last = { 0 };
	struct cursor c;

	if (raw.n == 0)
		return true;
	if (!wa_cbor_read(raw, &map))
		return false;
	c = cursor_over(map.inside);
	while (wa_cbor_next(&c, &key) && wa_cbor_next(&c, &value)) {
		if (last.n > 0 && wa_cbor_compare_keys(last, key.whole) >= 0)
			return false;
		last = key.whole;
	}
	return true;
}

bool
wa_second_opinion_can(const char *format, const struct wa_statement *st)
{
	int64_t alg;

	if (!(st->authdata->flags & WA_FLAG_UP) || !can_read_key(st->key) ||
	    st->authdata_raw.n > AUTHDATA_MAX ||
	    !in_order(st->authdata->cose_key) ||
	    !in_order(st->authdata->extensions))
		return false;
	if (strcmp(format, "tpm") == 0)
		return get_alg(st, &alg) && alg == COSE_RS1 &&
		       can_read_public(st);
	if (strcmp(format, "fido-u2f") == 0)
		return true;
	return strcmp(format, "packed") == 0 && can_verify_with(st);
}

/*
 * The statement with its keys in order, in memory of malloc().  Nothing signs
 * it, and real ones come in any order.
 */
static uint8_t *
ordered(const struct wa_cbor *map)
{
	const size_t head = map->whole.n - map->inside.n;
	uint8_t *out = malloc(map->whole.n), *at = out;
	struct slice last = { 0 };

	if (out == NULL)
		return NULL;
	memcpy(at, map->whole.p, head);
	at += head;
	for (uint64_t i = 0; i < map->value; i++) {
		struct cursor c = cursor_over(map->inside);
		struct wa_cbor k, v, next = { 0 }, next_value = { 0 };

		while (wa_cbor_next(&c, &k) && wa_cbor_next(&c, &v)) {
			if ((last.n == 0 ||
				wa_cbor_compare_keys(last, k.whole) < 0) &&
			    (next.whole.n == 0 || wa_cbor_compare_keys(k.whole,
						      next.whole) < 0)) {
				next = k;
				next_value = v;
			}
		}
		if (next.whole.p == NULL || next_value.whole.p == NULL)
			break; /* no map has fewer pairs than it says */
		memcpy(at, next.whole.p, next.whole.n);
		at += next.whole.n;
		memcpy(at, next_value.whole.p, next_value.whole.n);
		at += next_value.whole.n;
		last = next.whole;
	}
	return out;
}

/*
 * It wants each extension and its value named beforehand, and then compares:
 * so it is told what stands there.  One that it cannot be told of makes the
 * shape none of its own; false then.
 */
static bool
preset_extension(
    fido_cred_t *cred, const struct wa_cbor *name, const struct wa_cbor *value)
{
	const bool yes =
	    value->kind == WA_CBOR_SIMPLE && value->value == WA_CBOR_TRUE;
	const bool truth = yes || (value->kind == WA_CBOR_SIMPLE &&
				      value->value == WA_CBOR_FALSE);
	const bool small = value->kind == WA_CBOR_UINT && value->value > 0 &&
			   value->value <= UINT8_MAX;

	if (wa_cbor_is_text(name, "credProtect"))
		return small &&
		       fido_cred_set_prot(cred, (int)value->value) == FIDO_OK;
	if (wa_cbor_is_text(name, "minPinLength"))
		return small && fido_cred_set_pin_minlen(
				    cred, (size_t)value->value) == FIDO_OK;
	if (wa_cbor_is_text(name, "hmac-secret"))
		return truth && (!yes || fido_cred_set_extensions(cred,
					     FIDO_EXT_HMAC_SECRET) == FIDO_OK);
	if (wa_cbor_is_text(name, "credBlob"))
		return truth && (!yes || fido_cred_set_extensions(cred,
					     FIDO_EXT_CRED_BLOB) == FIDO_OK);
	return name->kind ==
	       WA_CBOR_TEXT; /* it passes over what it does not know */
}

static bool
preset_extensions(fido_cred_t *cred, struct slice extensions)
{
	struct wa_cbor map, name, value;
	struct cursor c;

	if (extensions.n == 0)
		return true;
	if (!wa_cbor_read(extensions, &map))
		return false;
	c = cursor_over(map.inside);
	while (wa_cbor_next(&c, &name) && wa_cbor_next(&c, &value)) {
		if (!preset_extension(cred, &name, &value))
			return false;
	}
	return true;
}

static enum wa_verdict
ask(fido_cred_t *cred, const char *format, const struct wa_statement *st,
    const char *rp_id)
{
	uint8_t *statement = ordered(&st->map);
	struct wa_cbor x5c;
	bool agrees;

	if (statement == NULL)
		return WA_FAULT;
	agrees = fido_cred_set_type(cred, st->key->algorithm->id) == FIDO_OK &&
		 fido_cred_set_fmt(cred, format) == FIDO_OK &&
		 fido_cred_set_rp(cred, rp_id, NULL) == FIDO_OK &&
		 fido_cred_set_clientdata_hash(cred, st->client_data_hash.p,
		     st->client_data_hash.n) == FIDO_OK &&
		 fido_cred_set_authdata_raw(
		     cred, st->authdata_raw.p, st->authdata_raw.n) == FIDO_OK &&
		 fido_cred_set_attstmt(cred, statement, st->map.whole.n) ==
		     FIDO_OK &&
		 (wa_cbor_get_text(&st->map, "x5c", &x5c)
			 ? fido_cred_verify(cred)
			 : fido_cred_verify_self(cred)) == FIDO_OK;
	free(statement);
	if (agrees)
		return WA_OK;
	return wa_openssl_starved() ? WA_FAULT : WA_SECOND_OPINION;
}

enum wa_verdict
wa_second_opinion(
    const char *format, const struct wa_statement *st, const char *rp_id)
{
	enum wa_verdict v = WA_FAULT;
	fido_cred_t *cred = NULL;

	if (!wa_second_opinion_can(format, st))
		return WA_OK;
	pthread_once(&once, start);
	if ((cred = fido_cred_new()) == NULL)
		goto out;
	if (!preset_extensions(cred, st->authdata->extensions)) {
		v = WA_OK;
		goto out;
	}
	v = ask(cred, format, st, rp_id);
out:
	ERR_clear_error();
	fido_cred_free(&cred);
	return v;
}
