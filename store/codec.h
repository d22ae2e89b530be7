/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CODEC_H
#define STORE_CODEC_H

#include "store/audit.h"
#include "store/internal.h"
#include "store/invitations.h"
#include "store/record.h"

/*
 * Each record type as bytes.  What stands in the key is not in the value, and
 * not touched by decode.  Encoding makes *w bad when a field is longer than
 * its record allows; decoding answers false, and what it wrote is no record.
 */

struct session_record {
	struct store_session s;
	store_time entered; /* where its entry in the expiry index stands */
};

struct history_record {
	struct store_history h;
	struct history_id previous; /* all zero: the first */
};

/* An entry as it lies there: slices into the value. */
struct audit_record {
	struct store_audit_entry e;
	struct slice hash; /* 32 bytes */
};

struct audit_head {
	uint64_t number; /* of the chain's last entry */
	uint8_t hash[32];
};

void account_encode(struct writer *w, const struct store_account *a);
bool account_decode(struct slice value, struct store_account *a);
void heads_encode(struct writer *w, const struct heads *h);
bool heads_decode(struct slice value, struct heads *h);
void credential_encode(struct writer *w, const struct store_credential *c);
bool credential_decode(struct slice value, struct store_credential *c);
void session_encode(struct writer *w, const struct session_record *r);
bool session_decode(struct slice value, struct session_record *r);
void history_encode(struct writer *w, const struct history_record *r);
bool history_decode(struct slice value, struct history_record *r);
void invitation_encode(struct writer *w, const struct store_invitation *i);
bool invitation_decode(struct slice value, struct store_invitation *i);
void audit_encode(struct writer *w, const struct store_audit_entry *e,
    const uint8_t hash[32]);
bool audit_decode(struct slice value, struct audit_record *r);
void audit_head_encode(struct writer *w, const struct audit_head *h);
bool audit_head_decode(struct slice value, struct audit_head *h);

/* Used by sessions and history. */
void client_encode(struct writer *w, const struct store_client *c);
void client_decode(struct cursor *c, struct store_client *client);

/* An id alone: of names and of credential refs. */
void owner_encode(struct writer *w, const struct account_id *id);
bool owner_decode(struct slice value, struct account_id *id);

enum {
	OWNER_RECORD_MAX = 1 + 16,
	ACCOUNT_RECORD_MAX = 1 + 32 + 1 + 16 + 255 * 3 + 16,
	HEADS_RECORD_MAX = 1 + 32 + 1 + 16 * STORE_SESSIONS_MAX,
	CREDENTIAL_RECORD_MAX = 1 + 24 + 4 + 3 + 4 + 16 + 24 + 129 + 2 +
				STORE_CREDENTIAL_ID_MAX + 2 +
				STORE_COSE_KEY_MAX + 3,
	CLIENT_RECORD_MAX = 64 + 46 + 64,
	SESSION_RECORD_MAX = 1 + 32 + 48 + 1 + 48 + CLIENT_RECORD_MAX,
	HISTORY_RECORD_MAX =
	    1 + 32 + 16 + 3 + 32 + 48 + 129 + CLIENT_RECORD_MAX,
	INVITATION_RECORD_MAX = 1 + 16 + 1 + 16 + 255,
	AUDIT_RECORD_MAX = 1 + 8 + 16 + 64 + 2 + STORE_AUDIT_DETAIL_MAX + 32,
	AUDIT_HEAD_RECORD_MAX = 1 + 8 + 32,
};

#endif
