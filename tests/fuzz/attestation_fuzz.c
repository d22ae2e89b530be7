/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/registration.h"

/*
 * Reaches wa_registration_verify(): the attestation object, each format, and
 * the second opinion.  The rest of the registration is that of the seeds.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char text[] =
	    "{\"type\":\"webauthn.create\","
	    "\"challenge\":\"oNufqp4n112k9HSpRtYKu6QD9wiskzS7c01CzP5QWNI\","
	    "\"origin\":\"https://example.org\",\"crossOrigin\":false}";
	static const uint8_t challenge[] = { 0xa0, 0xdb, 0x9f, 0xaa, 0x9e, 0x27,
		0xd7, 0x5d, 0xa4, 0xf4, 0x74, 0xa9, 0x46, 0xd6, 0x0a, 0xbb,
		0xa4, 0x03, 0xf7, 0x08, 0xac, 0x93, 0x34, 0xbb, 0x73, 0x4d,
		0x42, 0xcc, 0xfe, 0x50, 0x58, 0xd2 };
	static const uint8_t id[] = { 0x46, 0x78, 0x24, 0xb4, 0x44, 0xb8, 0x9d,
		0xb7, 0x30, 0x70, 0xe7, 0x68, 0x93, 0x4f, 0x47, 0xd8, 0x78,
		0xbd, 0xb5, 0x42, 0xb0, 0x0b, 0x60, 0xfd, 0x74, 0x65, 0xd3,
		0x53, 0xdd, 0xc9, 0x68, 0xd2 };
	static const char *const origins[] = { "https://example.org", NULL };
	static const int32_t algorithms[] = { -7, -8, -257, -35, -36, -37, -47,
		-53, -258, -259, -38, -39 };
	static const struct wa_registration_expectation want = {
		.common = { .challenge = { challenge, sizeof(challenge) },
		    .rp_id = "example.org",
		    .origins = origins },
		.algorithms = algorithms,
		.algorithm_count = sizeof(algorithms) / sizeof(algorithms[0]),
		.attestation.at = 1780272000
	};
	const struct wa_registration got = { .credential_id = { id,
						 sizeof(id) },
		.client_data_json = { (const uint8_t *)text, sizeof(text) - 1 },
		.attestation_object = { p, n } };
	struct wa_registration_result r;

	(void)wa_registration_verify(&want, &got, &r);
	return 0;
}
