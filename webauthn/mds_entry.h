/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_MDS_ENTRY_H
#define WEBAUTHN_MDS_ENTRY_H

/* Inside this floor only: this header speaks jansson. */

#include <jansson.h>

#include "webauthn/mds.h"

struct wa_mds_model;

/* A name by which a model is known: an AAGUID or a key's identifier. */
struct wa_mds_key {
	uint8_t bytes[20];
	size_t n;
	const struct wa_mds_model *model;
};

struct wa_mds_models {
	struct wa_mds_model *models;
	size_t count;
	struct wa_mds_key *keys; /* sorted; of one name, as listed */
	size_t key_count;
};

/*
 * Reads an array of MetadataBLOBPayloadEntry.  What is no model of U2F or
 * FIDO2 is left out, what is broken as well, and counted in *skipped.  False
 * where memory ran out.  wa_mds_models_free() ends it in any case.
 */
bool wa_mds_models_read(
    const json_t *entries, struct wa_mds_models *m, size_t *skipped);
void wa_mds_models_free(struct wa_mds_models *m);

/*
 * Reads a MetadataBLOBPayload whole, into zeros.  WA_OK, WA_STATEMENT_FORM or
 * WA_FAULT; wa_mds_models_free() ends it in any case.
 */
enum wa_verdict wa_mds_payload_read(
    const json_t *payload, struct wa_mds_models *m, struct wa_mds_info *info);

/* One that is listed twice is the first, with the reports of all. */
bool wa_mds_models_find(const struct wa_mds_models *m, struct slice key,
    struct wa_mds_entry *entry);

/* A date as "2023-02-01", and no other form: its midnight in UTC.  False: it is
 * none. */
bool wa_mds_date(const char *text, time_t *at);

#endif
