/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/x5c.h"

/* Reaches wa_x5c_parse_der(), the rules for certificates, wa_x5c_lead(). */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t aaguid[16] = { 1 };
	const struct slice der = { p, n };
	const struct wa_lead to = {
		.anchors = { &der, 1 }, .revoked = { &der, 1 }, .at = 1780272000
	};
	struct slice value;
	struct wa_x5c *path;
	uint8_t id[20];
	bool critical;

	if (wa_x5c_parse_der(&der, 1, &path) != WA_OK)
		return 0;
	(void)wa_certificate_is_end_entity(path->certs[0]);
	(void)wa_certificate_judge_aaguid(
	    path->certs[0], (struct slice){ aaguid, sizeof(aaguid) });
	(void)wa_certificate_extension(
	    path->certs[0], WA_OID("\x55\x1d\x13"), &value, &critical);
	(void)wa_certificate_key_id(path->certs[0], id);
	(void)wa_x5c_lead(path, &to);
	wa_x5c_free(path);
	return 0;
}
