/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program outside the tree: judges one registration.
 *
 *     check RP-ID ORIGIN CHALLENGE ID CLIENT-DATA ATTESTATION-OBJECT
 *
 * The last four are base64url, as a browser's toJSON() gives them.
 */
#include <stdio.h>
#include <time.h>

#include <webauthn/b64url.h>
#include <webauthn/policy.h>

static struct slice
decode(const char *text, uint8_t *at, size_t size)
{
	size_t n = 0;

	if (!wa_b64url_decode(slice_of(text), at, size, &n))
		fprintf(stderr, "check: not base64url: %s\n", text);
	return (struct slice){ at, n };
}

int
main(int argc, char **argv)
{
	static uint8_t challenge[64], id[1024], text[8192], object[65536];
	struct wa_registration_expectation want =
	    wa_policy_registration(&wa_policy_consumer, time(NULL));
	struct wa_registration_result result;
	struct wa_registration got = { 0 };
	enum wa_verdict v;

	if (argc != 7)
		return 2;
	want.common.rp_id = argv[1];
	want.common.origins = (const char *const[]){ argv[2], NULL };
	want.common.challenge = decode(argv[3], challenge, sizeof(challenge));
	got.credential_id = decode(argv[4], id, sizeof(id));
	got.client_data_json = decode(argv[5], text, sizeof(text));
	got.attestation_object = decode(argv[6], object, sizeof(object));
	v = wa_registration_verify(&want, &got, &result);
	printf("%s\n", wa_verdict_name(v));
	return v == WA_OK ? 0 : 1;
}
