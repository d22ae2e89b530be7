/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softstatement.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/softder.h"
#include "tests/softjws.h"
#include "tests/softsign.h"
#include "webauthn/b64.h"

/* The statements of telephones: android-key, android-safetynet, apple. */

enum { PURPOSE = 1, ALL_APPLICATIONS = 600, ORIGIN = 702 };

static void
put_purpose(struct soft_bytes *out, uint8_t purpose)
{
	struct soft_bytes number = { 0 }, set = { 0 };

	soft_der_integer(&number, purpose);
	soft_der(&set, SOFT_CONSTRUCTED, 17, soft_slice(&number));
	soft_der(out, SOFT_EXPLICIT, PURPOSE, soft_slice(&set));
	soft_free(&number);
	soft_free(&set);
}

static void
put_origin(struct soft_bytes *out, uint8_t origin)
{
	struct soft_bytes number = { 0 };

	soft_der_integer(&number, origin);
	soft_der(out, SOFT_EXPLICIT, ORIGIN, soft_slice(&number));
	soft_free(&number);
}

static void
put_list(const struct softkey_android *a, bool tee, struct soft_bytes *out)
{
	const bool purpose_here = a->split ? !tee : tee != a->in_software;
	const bool origin_here = a->split ? tee : tee != a->in_software;
	struct soft_bytes list = { 0 };

	if (tee && a->purpose_twice)
		put_purpose(&list, 0);
	if (purpose_here && !a->no_purpose)
		put_purpose(&list, a->encrypts ? 0 : 2);
	if (tee ? a->all_in_tee : a->all_in_software)
		soft_der(&list, SOFT_EXPLICIT, ALL_APPLICATIONS,
		    (struct slice){ (const uint8_t *)"\x05\x00", 2 });
	if (tee && a->origin_twice)
		put_origin(&list, 2);
	if (origin_here && !a->no_origin)
		put_origin(&list, a->imported ? 2 : 0);
	else if (!tee && a->origin_differs)
		put_origin(&list, 2);
	soft_der_sequence(out, soft_slice(&list));
	soft_free(&list);
}

static void
make_description(
    const struct softkey_android *a, struct slice hash, struct soft_bytes *out)
{
	const uint8_t level = 1;
	struct soft_bytes b = { 0 };

	soft_der_integer(&b, 3);
	soft_der(&b, SOFT_UNIVERSAL, 10, (struct slice){ &level, 1 });
	soft_der_integer(&b, 4);
	soft_der(&b, SOFT_UNIVERSAL, 10, (struct slice){ &level, 1 });
	soft_der_octets(&b, a->other_challenge ? slice_of("another") : hash);
	soft_der_octets(&b, (struct slice){ 0 });
	put_list(a, false, &b);
	if (!a->cut)
		put_list(a, true, &b);
	if (a->more_behind)
		soft_der_integer(&b, 0);
	if (a->garbage)
		soft_put_be(out, 0, 1);
	soft_der_sequence(out, soft_slice(&b));
	soft_free(&b);
}

void
softstatement_android_key(struct softkey *k, const struct softkey_script *s,
    struct slice hash, struct soft_bytes *out)
{
	struct soft_bytes description = { 0 };
	struct softca_extension extension;

	make_description(&s->android, hash, &description);
	extension = (struct softca_extension){ "1.3.6.1.4.1.11129.2.1.17",
		soft_slice(&description), false };
	soft_map(out, softstatement_members(s, 3));
	softstatement_alg(s, k->algorithm, out);
	softstatement_sig(
	    s, k->key, k->algorithm, soft_slice(&k->authdata), hash, out);
	softstatement_x5c(k, s, k->key,
	    &(struct softca_script){ .common_name = "Android Keystore Key",
		.no_constraints = true,
		.extensions = &extension,
		.extension_count = !s->android.no_extension },
	    out);
	softstatement_member_more(s, out);
	soft_free(&description);
}

/* SHA-256 of what the other formats sign. */
static void
make_nonce(struct softkey *k, struct slice hash, bool other, uint8_t nonce[32])
{
	struct soft_bytes b = { 0 };

	soft_put_slice(&b, soft_slice(&k->authdata));
	soft_put_slice(&b, hash);
	if (other)
		soft_put_be(&b, 0, 1);
	soft_sha256(soft_slice(&b), nonce);
	soft_free(&b);
}

void
softstatement_apple(struct softkey *k, const struct softkey_script *s,
    struct slice hash, struct soft_bytes *out)
{
	struct soft_bytes octets = { 0 }, tagged = { 0 }, value = { 0 };
	struct softca_extension extension;
	uint8_t nonce[32];

	make_nonce(k, hash, s->apple.other_nonce, nonce);
	soft_der_octets(&octets, (struct slice){ nonce, sizeof(nonce) });
	soft_der(&tagged, SOFT_EXPLICIT, 1, soft_slice(&octets));
	soft_der_sequence(&value, soft_slice(&tagged));
	extension = (struct softca_extension){ "1.2.840.113635.100.8.2",
		s->apple.bare_nonce ? soft_slice(&octets) : soft_slice(&value),
		false };
	soft_map(out, softstatement_members(s, 1 + s->apple.sends_alg));
	if (s->apple.sends_alg)
		softstatement_alg(s, k->algorithm, out);
	softstatement_x5c(k, s, k->key,
	    &(struct softca_script){ .organization = "Apple Inc.",
		.extensions = &extension,
		.extension_count = !s->apple.no_nonce },
	    out);
	softstatement_member_more(s, out);
	soft_free(&octets);
	soft_free(&tagged);
	soft_free(&value);
}

static void
put_b64(struct soft_bytes *out, struct slice s)
{
	char *text = malloc(WA_B64_SIZE(s.n));

	if (text == NULL || !wa_b64_encode(s, text, WA_B64_SIZE(s.n)))
		abort();
	soft_put(out, text, strlen(text));
	free(text);
}

static void
put_string(struct soft_bytes *out, const char *s)
{
	soft_put(out, s, strlen(s));
}

static void
put_payload(struct softkey *k, const struct softkey_script *s,
    struct slice hash, struct soft_bytes *out)
{
	const struct softkey_safetynet *n = &s->safetynet;
	uint8_t nonce[32];
	char rest[200];

	if (n->garbage_payload) {
		put_string(out, "[]");
		return;
	}
	make_nonce(k, hash, n->other_nonce, nonce);
	put_string(out, "{\"nonce\":\"");
	put_b64(out, (struct slice){ nonce, sizeof(nonce) });
	snprintf(rest, sizeof(rest),
	    "\",\"timestampMs\":%lld,"
	    "\"ctsProfileMatch\":%s,\"basicIntegrity\":true}",
	    (long long)SOFTCA_NOW * 1000 + (long long)n->late_ms,
	    n->failed_device ? "false" : "true");
	put_string(out, rest);
}

static void
make_jws(struct softkey *k, const struct softkey_script *s, struct slice hash,
    struct soft_bytes *out)
{
	const struct softkey_safetynet *n = &s->safetynet;
	const struct softjws_script script = {
		.alg = n->alg,
		.host = n->host ? n->host : "attest.android.com",
		.elliptic = n->elliptic,
		.critical = n->critical,
		.no_x5c = n->no_x5c,
		.long_header = n->long_header,
		.long_signature = n->long_signature,
		.certificates = n->certificates,
		.bad_signature = s->lie == SOFTKEY_SIG_BIT,
	};
	const struct softkey_script signer = { .attestation_alg =
						   n->elliptic ? -7 : -257 };
	struct soft_bytes payload = { 0 };

	put_payload(k, s, hash, &payload);
	softjws_make(softkey_ca(k), softstatement_key(k, &signer), &script,
	    soft_slice(&payload), out);
	soft_free(&payload);
}

void
softstatement_safetynet(struct softkey *k, const struct softkey_script *s,
    struct slice hash, struct soft_bytes *out)
{
	struct soft_bytes jws = { 0 };

	if (s->safetynet.response != NULL)
		put_string(&jws, s->safetynet.response);
	else
		make_jws(k, s, hash, &jws);
	soft_map(out, softstatement_members(s, 2));
	soft_text(out, "ver");
	soft_text(out, s->safetynet.ver ? s->safetynet.ver : "1");
	soft_text(out, "response");
	soft_bstr(out, soft_slice(&jws));
	softstatement_member_more(s, out);
	soft_free(&jws);
}
