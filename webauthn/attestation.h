/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_ATTESTATION_H
#define WEBAUTHN_ATTESTATION_H

#include "webauthn/cbor.h"
#include "webauthn/cose.h"
#include "webauthn/registration.h"

/* Inside this floor only: what registration.c asks of each format. */

struct wa_x5c;

/* What a format judges: a statement and all that it speaks of. */
struct wa_statement {
	struct wa_cbor map; /* attStmt; of compound it is an array */
	struct slice authdata_raw;
	const struct wa_authdata *authdata;
	const struct wa_cose *key; /* of the credential; judged */
	struct slice client_data_hash; /* 32 bytes */
	const struct wa_attestation_policy *policy;
};

/* What became of a statement. */
struct wa_judged {
	enum wa_attestation_type type;
	const char *format; /* static */
	struct slice unknown_format; /* its name, where that was accepted */
	bool signs_no_model; /* the AAGUID beside it is the client's word */
	bool legacy; /* of a format that has ended */
	const char *model_name; /* of metadata; NULL: unknown */
	unsigned model_statuses;
};

/* What it found.  path belongs to the caller, who frees it. */
struct wa_attested {
	enum wa_attestation_type type;
	struct wa_x5c *path; /* NULL: none */
	/* Compound: the policy was applied to each inside, with this. */
	bool settled;
	struct wa_judged inside;
};

/*
 * A format.  verify() does what its section of the specification calls the
 * verification procedure.  It returns WA_OK with type UNCERTAIN where there
 * is a path: where that leads is judged afterwards, the same for every format.
 * On any other verdict *out is left alone.
 */
struct wa_attestation {
	const char *format;
	enum wa_verdict (*verify)(
	    const struct wa_statement *st, struct wa_attested *out);
	bool signs_no_model; /* what it signs does not cover the AAGUID */
	bool legacy; /* L3 has deprecated it */
};

extern const struct wa_attestation wa_att_android_key;
extern const struct wa_attestation wa_att_apple;
extern const struct wa_attestation wa_att_compound;
extern const struct wa_attestation wa_att_none;
extern const struct wa_attestation wa_att_packed;
extern const struct wa_attestation wa_att_safetynet;
extern const struct wa_attestation wa_att_tpm;
extern const struct wa_attestation wa_att_u2f;

/*
 * Steps 21 to 24 of 7.1 for one statement: finds the format, verifies, and
 * judges by the statement's policy how far it is to be trusted.  Fills *out on
 * WA_OK.
 */
enum wa_verdict wa_attestation_judge(const struct wa_cbor *format,
    const struct wa_statement *st, struct wa_judged *out);

#endif
