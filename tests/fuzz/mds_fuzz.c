/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/mds_entry.h"

/* Reaches wa_mds_payload_read(): all of a BLOB behind its signature.  An array
 * stands for the entries alone. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t aaguid[16] = { 0x39, 0xa5, 0x64, 0x7e };
	json_t *json =
	    json_loadb((const char *)p, n, JSON_REJECT_DUPLICATES, NULL);
	struct wa_mds_models models = { 0 };
	struct wa_mds_info info = { 0 };
	struct wa_mds_entry entry;
	bool taken = false;

	if (json_is_array(json))
		taken = wa_mds_models_read(json, &models, &info.skipped);
	else if (json != NULL)
		taken = wa_mds_payload_read(json, &models, &info) == WA_OK;
	if (taken)
		(void)wa_mds_models_find(
		    &models, (struct slice){ aaguid, sizeof(aaguid) }, &entry);
	wa_mds_models_free(&models);
	json_decref(json);
	return 0;
}
