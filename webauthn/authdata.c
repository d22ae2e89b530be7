/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/authdata.h"

#include "webauthn/cbor.h"

enum wa_verdict
wa_authdata_parse(struct slice raw, struct wa_authdata *ad)
{
	struct cursor c = cursor_over(raw);
	struct wa_cbor key = { .kind = WA_CBOR_MAP };
	struct wa_cbor extensions = { .kind = WA_CBOR_MAP };
	struct wa_authdata a = { 0 };

	a.rp_id_hash = cursor_take(&c, 32);
	a.flags = (uint8_t)cursor_be(&c, 1);
	a.sign_count = (uint32_t)cursor_be(&c, 4);
	if (a.flags & WA_FLAG_AT) {
		a.aaguid = cursor_take(&c, 16);
		a.credential_id = cursor_take(&c, cursor_be(&c, 2));
		key = cursor_cbor_item(&c);
		a.cose_key = key.whole;
	}
	if (a.flags & WA_FLAG_ED) {
		extensions = cursor_cbor_item(&c);
		a.extensions = extensions.whole;
	}
	if (c.malformed)
		return WA_CBOR_FORM;
	if (!cursor_finished(&c) || a.credential_id.n > WA_CREDENTIAL_ID_MAX ||
	    key.kind != WA_CBOR_MAP || extensions.kind != WA_CBOR_MAP)
		return WA_AUTHDATA_FORM;

	*ad = a;
	return WA_OK;
}
