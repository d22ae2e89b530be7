/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* libfido2's headers speak of types that OpenSSL calls deprecated. */
typedef struct ec_key_st EC_KEY;
typedef struct rsa_st RSA;

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/es384.h>
#include <fido/rs256.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "web/verify.h"
#include "webauthn/authdata.h"
#include "webauthn/b64url.h"
#include "webauthn/cose.h"
#include "webauthn/hash.h"
#include "webauthn/second_opinion.h"

/*
 * libfido2 referees every case of the corpora that it can express.  Where we
 * accept it must; where we refuse it may accept for a reason below, each for
 * one case: what excuses one does not excuse the next.
 */
static const struct {
	const char *id, *verdict, *why;
} differences[] = {
	{ "gen-auth-cd-challenge-missing", "challenge",
	    "it is given a hash and never sees client data" },
	{ "gen-auth-cd-challenge-prefix", "challenge", "likewise" },
	{ "w3c-auth-none-es256-crossOrigin-not-allowed", "cross-origin",
	    "likewise" },
	{ "w3c-auth-none-es256-topOrigin-not-allowed", "cross-origin",
	    "likewise" },
	{ "gen-auth-cd-origin-missing", "origin", "likewise" },
	{ "gen-auth-cd-origin-subdomain", "origin", "likewise" },
	{ "gen-auth-cd-origin-userinfo", "origin", "likewise" },
	{ "pyw-reg-15-tpm-mut-origin", "origin", "likewise" },
	{ "gen-auth-cd-toporigin-unlisted", "top-origin", "likewise" },
	{ "gen-auth-env-userhandle-missing-discoverable", "user-handle-missing",
	    "it knows no accounts" },
	{ "gen-auth-count-6-6", "sign-count", "it keeps no counter" },
	{ "gen-auth-ad-be-appeared", "backup-eligibility-changed",
	    "it passes over BE and BS" },
	{ "gen-auth-ad-bs-without-be", "backup-flags", "likewise" },
	{ "gen-auth-ad-uv-missing", "user-unverified",
	    "it is told that anything goes" },
	{ "fnl-auth-01-mut-uvrequired", "user-unverified", "likewise" },
	{ "fnl-reg-03-fido-u2f-mut-uvrequired", "user-unverified", "likewise" },
	{ "wfw-reg-07-fido-u2f-mut-uvrequired", "user-unverified", "likewise" },
	{ "gen-reg-self-policy-refused", "self-refused",
	    "policy of the relying party" },
	{ "gen-reg-trust-missing-intermediate", "trust-path",
	    "it judges no path" },
	{ "gen-reg-trust-root-in-x5c-not-trusted", "trust-path", "likewise" },
	{ "gen-reg-packed-cert-cn-missing", "certificate-rules",
	    "it judges no certificate" },
	{ "gen-reg-packed-cert-aaguid-critical", "certificate-aaguid",
	    "likewise" },
	{ "swa-neg-packed-aaguid-ext", "certificate-aaguid", "likewise" },
	{ "gen-reg-u2f-two-certs", "certificate-count",
	    "it keeps the first certificate alone" },
	{ "gen-reg-u2f-p384-cert", "certificate-key",
	    "it judges no curve of U2F's certificates" },
};

/* Which of them were needed: one that was not is out of date. */
static bool needed[sizeof(differences) / sizeof(differences[0])];

struct bytes {
	uint8_t *p;
	size_t n;
};

static struct bytes
decode(const json_t *text)
{
	const struct slice in = { (const uint8_t *)json_string_value(text),
		json_string_length(text) };
	struct bytes out = { malloc(in.n + 1), 0 };

	assert_non_null(out.p);
	if (!wa_b64url_decode(in, out.p, in.n, &out.n))
		out.n = 0;
	return out;
}

static struct slice
slice(struct bytes b)
{
	return (struct slice){ b.p, b.n };
}

/* What we make of a line: the verdict's name, for the caller to free. */
static char *
our_verdict(char *line)
{
	char *text = NULL, *verdict;
	size_t size = 0;
	FILE *in = fmemopen(line, strlen(line), "r");
	FILE *out = open_memstream(&text, &size);
	json_t *answer;

	assert_int_equal(web_verify(in, out), 0);
	fclose(in);
	fclose(out);
	answer = json_loads(text, 0, NULL);
	verdict = strdup(json_string_value(json_object_get(answer, "verdict")));
	json_decref(answer);
	free(text);
	return verdict;
}

enum opinion { NOT_ASKED, AGREES_THAT_GOOD, SAYS_BAD };

/* Where our own walk refuses the bytes, libfido2 must not see them. */
static enum opinion
about_registration(const json_t *row, const json_t *response)
{
	struct bytes object =
	    decode(json_object_get(response, "attestationObject"));
	struct bytes text = decode(json_object_get(response, "clientDataJSON"));
	struct cursor c = cursor_over(slice(object));
	const struct wa_cbor map = cursor_cbor_item(&c);
	enum opinion opinion = NOT_ASKED;
	struct wa_cbor fmt, authdata;
	struct wa_statement st = { 0 };
	struct wa_authdata ad;
	struct wa_cose key;
	char format[33] = { 0 };
	uint8_t hash[32];

	if (!c.bad && wa_cbor_get_text(&map, "fmt", &fmt) &&
	    fmt.bytes.n < sizeof(format) &&
	    wa_cbor_get_text(&map, "attStmt", &st.map) &&
	    st.map.kind == WA_CBOR_MAP &&
	    wa_cbor_get_text(&map, "authData", &authdata) &&
	    wa_authdata_parse(authdata.bytes, &ad) == WA_OK &&
	    (ad.flags & WA_FLAG_AT) &&
	    wa_cose_parse(ad.cose_key, &key) == WA_OK) {
		memcpy(format, fmt.bytes.p, fmt.bytes.n);
		st.authdata_raw = authdata.bytes;
		st.authdata = &ad;
		st.key = &key;
		assert_true(wa_sha256(slice(text), hash));
		st.client_data_hash = (struct slice){ hash, 32 };
		if (wa_second_opinion_can(format, &st))
			opinion = wa_second_opinion(format, &st,
				      json_string_value(json_object_get(
					  row, "rp_id"))) == WA_OK
				      ? AGREES_THAT_GOOD
				      : SAYS_BAD;
	}
	free(object.p);
	free(text.p);
	return opinion;
}

/* The key in libfido2's own type; NULL: it has none for it. */
static void *
fido_key(const struct wa_cose *key, int *kind)
{
	uint8_t xy[128] = { 0 }, ne[256 + 3];
	void *pk = NULL;

	*kind = key->algorithm->id;
	if (*kind == COSE_ES256 || *kind == COSE_ES384) {
		memcpy(xy, key->x.p, key->x.n);
		memcpy(xy + key->x.n, key->y.p, key->y.n);
	}
	if (*kind == COSE_ES256) {
		pk = es256_pk_new();
		assert_int_equal(es256_pk_from_ptr(pk, xy, 64), FIDO_OK);
	} else if (*kind == COSE_ES384) {
		pk = es384_pk_new();
		assert_int_equal(es384_pk_from_ptr(pk, xy, 96), FIDO_OK);
	} else if (*kind == COSE_EDDSA) {
		pk = eddsa_pk_new();
		assert_int_equal(eddsa_pk_from_ptr(pk, key->x.p, 32), FIDO_OK);
	} else if (*kind == COSE_RS256 && key->n.n == 256 && key->e.n == 3) {
		memcpy(ne, key->n.p, 256);
		memcpy(ne + 256, key->e.p, 3);
		pk = rs256_pk_new();
		assert_int_equal(
		    rs256_pk_from_ptr(pk, ne, sizeof(ne)), FIDO_OK);
	}
	return pk;
}

static void
fido_key_free(int kind, void *pk)
{
	if (kind == COSE_ES256)
		es256_pk_free((es256_pk_t **)&pk);
	else if (kind == COSE_ES384)
		es384_pk_free((es384_pk_t **)&pk);
	else if (kind == COSE_EDDSA)
		eddsa_pk_free((eddsa_pk_t **)&pk);
	else if (kind == COSE_RS256)
		rs256_pk_free((rs256_pk_t **)&pk);
}

static bool
fido_verifies(const json_t *row, struct slice authdata, struct slice text,
    struct slice sig, const struct wa_cose *key, enum opinion *opinion)
{
	uint8_t hash[32];
	fido_assert_t *a = fido_assert_new();
	int kind;
	void *pk = fido_key(key, &kind);

	assert_true(wa_sha256(text, hash));
	if (pk != NULL)
		*opinion = fido_assert_set_count(a, 1) == FIDO_OK &&
				   fido_assert_set_clientdata_hash(
				       a, hash, 32) == FIDO_OK &&
				   fido_assert_set_rp(
				       a, json_string_value(json_object_get(
					      row, "rp_id"))) == FIDO_OK &&
				   fido_assert_set_authdata_raw(a, 0,
				       authdata.p, authdata.n) == FIDO_OK &&
				   fido_assert_set_sig(a, 0, sig.p, sig.n) ==
				       FIDO_OK &&
				   fido_assert_verify(a, 0, kind, pk) == FIDO_OK
			       ? AGREES_THAT_GOOD
			       : SAYS_BAD;
	fido_key_free(kind, pk);
	fido_assert_free(&a);
	return pk != NULL;
}

static enum opinion
about_authentication(const json_t *row, const json_t *response)
{
	struct bytes authdata =
	    decode(json_object_get(response, "authenticatorData"));
	struct bytes text = decode(json_object_get(response, "clientDataJSON"));
	struct bytes sig = decode(json_object_get(response, "signature"));
	struct bytes cose = decode(json_object_get(
	    json_object_get(row, "stored"), "public_key_cose_b64url"));
	enum opinion opinion = NOT_ASKED;
	struct wa_authdata ad;
	struct wa_cose key;

	/* It wants to be told of each extension, and has no words for most. */
	if (wa_authdata_parse(slice(authdata), &ad) == WA_OK &&
	    ad.extensions.n == 0 && (ad.flags & WA_FLAG_UP) &&
	    wa_cose_parse(slice(cose), &key) == WA_OK)
		fido_verifies(row, slice(authdata), slice(text), slice(sig),
		    &key, &opinion);
	free(authdata.p);
	free(text.p);
	free(sig.p);
	free(cose.p);
	return opinion;
}

static bool
is_explained(const char *id, const char *verdict)
{
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]);
	     i++) {
		if (strcmp(differences[i].id, id) == 0 &&
		    strcmp(differences[i].verdict, verdict) == 0) {
			needed[i] = true;
			return true;
		}
	}
	return false;
}

/* Of the corpus whose cases begin so, or of the other one. */
static void
each_explanation_is_needed(const char *prefix, bool of_it)
{
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]);
	     i++) {
		const bool its =
		    strncmp(differences[i].id, prefix, strlen(prefix)) == 0;

		if (its == of_it && !needed[i])
			fail_msg("%s needs no explanation", differences[i].id);
	}
}

static void
referee(FILE *in, size_t *asked)
{
	char *line = NULL;
	size_t room = 0, wrong = 0;

	while (getline(&line, &room, in) > 0) {
		json_t *row = json_loads(line, 0, NULL);
		const json_t *response = json_object_get(
		    json_object_get(row, "response"), "response");
		const char *kind =
		    json_string_value(json_object_get(row, "kind"));
		const char *id = json_string_value(json_object_get(row, "id"));
		char *verdict = our_verdict(line);
		const bool good = strcmp(verdict, "ok") == 0;
		const enum opinion o =
		    strcmp(kind, "registration") == 0
			? about_registration(row, response)
			: about_authentication(row, response);

		*asked += o != NOT_ASKED;
		if ((good && o == SAYS_BAD) ||
		    (!good && o == AGREES_THAT_GOOD &&
			!is_explained(id, verdict))) {
			print_message("# %s: we say %s\n", id, verdict);
			wrong++;
		}
		free(verdict);
		json_decref(row);
	}
	free(line);
	assert_int_equal(wrong, 0);
}

static FILE *
open_in(const char *folder, const char *rest)
{
	char path[4096];

	if (folder == NULL)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", folder, rest);
	return fopen(path, "r");
}

static void
libfido2_agrees_on_generated_cases(void **state)
{
	FILE *in =
	    open_in(getenv("ITSUMO_SOURCE"), "tests/corpus/generated.jsonl");
	size_t asked = 0;

	(void)state;
	assert_non_null(in);
	referee(in, &asked);
	fclose(in);
	assert_true(asked >= 50);
	each_explanation_is_needed("gen-", true);
}

static void
libfido2_agrees_on_samples(void **state)
{
	FILE *in = open_in(getenv("ITSUMO_CORPUS"), "samples.jsonl");
	size_t asked = 0;

	(void)state;
	if (in == NULL)
		in = open_in(
		    getenv("ITSUMO_SOURCE"), "../shared/corpus/samples.jsonl");
	if (in == NULL) {
		print_message("# samples.jsonl is not at hand: "
			      "ITSUMO_CORPUS names no folder that has it\n");
		return;
	}
	referee(in, &asked);
	fclose(in);
	assert_true(asked >= 70);
	each_explanation_is_needed("gen-", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libfido2_agrees_on_generated_cases),
		cmocka_unit_test(libfido2_agrees_on_samples),
	};

	fido_init(0);
	return cmocka_run_group_tests_name("referee", tests, NULL, NULL);
}
