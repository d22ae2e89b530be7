/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_MDS_H
#define WEBAUTHN_MDS_H

#include <time.h>

#include "webauthn/slice.h"
#include "webauthn/trust.h"
#include "webauthn/verdict.h"

/*
 * FIDO Metadata Service, version 3: what is known of models of authenticators.
 * A file of it is loaded into an object that never changes, which threads may
 * share; a shelf holds the one in use and exchanges it while they work.
 */
struct wa_mds;

/* AuthenticatorStatus, as bits.  Values that we do not know are OTHER. */
enum {
	WA_MDS_NOT_CERTIFIED = 1 << 0,
	WA_MDS_CERTIFIED = 1 << 1, /* FIDO_CERTIFIED and all its levels */
	WA_MDS_SELF_ASSERTION = 1 << 2,
	WA_MDS_UPDATE_AVAILABLE = 1 << 3,
	WA_MDS_REVOKED = 1 << 4,
	WA_MDS_RETIRED = 1 << 5,
	WA_MDS_USER_VERIFICATION_BYPASS = 1 << 6,
	WA_MDS_ATTESTATION_KEY_COMPROMISE = 1 << 7,
	WA_MDS_USER_KEY_REMOTE_COMPROMISE = 1 << 8,
	WA_MDS_USER_KEY_PHYSICAL_COMPROMISE = 1 << 9,
	WA_MDS_OTHER = 1 << 10,
};

/* Those that speak against a model, FIDO MDS 3.1.4. */
#define WA_MDS_UNDESIRED                                                       \
	(WA_MDS_REVOKED | WA_MDS_USER_VERIFICATION_BYPASS |                    \
	    WA_MDS_ATTESTATION_KEY_COMPROMISE |                                \
	    WA_MDS_USER_KEY_REMOTE_COMPROMISE |                                \
	    WA_MDS_USER_KEY_PHYSICAL_COMPROMISE)

/* One by its name in the specification, "REVOKED"; 0: it is none of those.
 * The name of one bit; of several, that of the lowest; "": of none. */
unsigned wa_mds_status_find(const char *name);
const char *wa_mds_status_name(unsigned statuses);

/* What a BLOB must be to be taken. */
struct wa_mds_terms {
	struct wa_trust_anchors anchors; /* of the service: its root */
	struct wa_revocation_lists revoked;
	const char *host; /* in the signer's certificate; NULL: any */
	time_t at; /* the time that certificates are judged at */
};

struct wa_mds_info {
	uint64_t serial; /* "no" */
	time_t next_update; /* midnight, UTC */
	size_t entry_count; /* those that can be used here */
	size_t skipped; /* those that were broken */
};

/* One model.  Everything points into the wa_mds. */
struct wa_mds_entry {
	const char *name; /* "description", English */
	const char *icon; /* a data: URL, or NULL */
	unsigned statuses; /* WA_MDS_…, of all reports so far */
	time_t since; /* timeOfLastStatusChange */
	struct wa_trust_anchors anchors;
};

/*
 * Verifies a BLOB, a JWS in compact form, and loads it: the signature, the
 * path of its certificates to an anchor, and its entries.  Unknown members
 * and statuses are passed over; an entry that is broken is skipped and
 * counted; entries of U2F and FIDO2 are kept, those of UAF are not ours.
 *
 * WA_OK and *mds, to be ended by wa_mds_unref(); WA_STATEMENT_FORM,
 * WA_STATEMENT_SIGNATURE, WA_CERTIFICATE_FORM, WA_CERTIFICATE_RULES (another
 * host), WA_CERTIFICATE_REVOKED, WA_TRUST_PATH or WA_FAULT.
 */
enum wa_verdict wa_mds_load(
    struct slice blob, const struct wa_mds_terms *terms, struct wa_mds **mds);

/* One more and one less that uses it; the last one less frees it. */
struct wa_mds *wa_mds_ref(struct wa_mds *mds);
void wa_mds_unref(struct wa_mds *mds);

struct wa_mds_info wa_mds_info(const struct wa_mds *mds);

/* A newer one should have been fetched by then. */
bool wa_mds_expired(const struct wa_mds *mds, time_t at);

/* By AAGUID (16 bytes), or by the identifier of an attestation certificate's
 * key (20 bytes), which is how models of U2F are known.  False: unknown. */
bool wa_mds_find(
    const struct wa_mds *mds, struct slice aaguid, struct wa_mds_entry *entry);
bool wa_mds_find_key(
    const struct wa_mds *mds, struct slice key_id, struct wa_mds_entry *entry);

/* The one in use, or none; threads may take while another puts. */
struct wa_mds_shelf;
struct wa_mds_shelf *wa_mds_shelf_new(void); /* NULL: no memory */
void wa_mds_shelf_free(struct wa_mds_shelf *shelf);

/*
 * Puts mds there in place of the one before, unless its serial is lower:
 * false then.  The shelf takes a reference of its own.
 */
bool wa_mds_shelf_put(struct wa_mds_shelf *shelf, struct wa_mds *mds);

/* The one in use with a reference for the caller; NULL: none. */
struct wa_mds *wa_mds_shelf_take(struct wa_mds_shelf *shelf);

#endif
