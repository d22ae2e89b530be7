/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"
#include "webauthn/mds_entry.h"

/* Reaches wa_mds_models_read(): entries of a BLOB behind its signature. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t aaguid[16] = { 0x39, 0xa5, 0x64, 0x7e };
	json_t *entries =
	    json_loadb((const char *)p, n, JSON_REJECT_DUPLICATES, NULL);
	struct wa_mds_models models = { 0 };
	struct wa_mds_entry entry;
	size_t skipped = 0;

	if (entries != NULL && wa_mds_models_read(entries, &models, &skipped))
		(void)wa_mds_models_find(
		    &models, (struct slice){ aaguid, sizeof(aaguid) }, &entry);
	wa_mds_models_free(&models);
	json_decref(entries);
	return 0;
}
