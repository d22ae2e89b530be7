/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/attestation.h"

/* WebAuthn L3 section 8.7: the statement is an empty map. */
static enum wa_verdict
verify(const struct wa_statement *st, struct wa_attested *out)
{
	if (st->map.kind != WA_CBOR_MAP || st->map.value != 0)
		return WA_STATEMENT_FORM;
	*out = (struct wa_attested){ .type = WA_ATTESTATION_NONE };
	return WA_OK;
}

const struct wa_attestation wa_att_none = {
	.format = "none",
	.verify = verify,
};
