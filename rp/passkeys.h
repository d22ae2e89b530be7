/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_PASSKEYS_H
#define RP_PASSKEYS_H

#include "rp/rp.h"

/*
 * All changes want a fresh proof: RP_PROOF_NEEDED otherwise.  A passkey that
 * comes or goes is a notice in the history, and the account's phones are told:
 * call->phones_told of them.
 */

/* out holds STORE_CREDENTIALS_MAX; oldest first. */
enum rp_answer rp_passkeys_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct store_credential *out, size_t *n);
enum rp_answer rp_passkey_add_begin(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct rp_creation *out);
/* Also RP_CEREMONY_*, RP_PASSKEY_REFUSED, RP_CREDENTIAL_TAKEN,
 * RP_PASSKEYS_FULL. */
enum rp_answer rp_passkey_add_finish(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct slice ceremony,
    const struct rp_new_passkey *got, struct store_credential *added);
/* RP_NAME_MALFORMED: empty, too long, or with control characters. */
enum rp_answer rp_passkey_rename(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct credential_ref *ref,
    const char *name, struct store_credential *renamed);
/*
 * Removes a passkey and ends the other sessions that were opened with it;
 * *sessions_ended is how many.  RP_LAST_PASSKEY: it is the only one.
 */
enum rp_answer rp_passkey_remove(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct credential_ref *ref,
    size_t *sessions_ended);

/*
 * No account has this credential, so that its provider may be told to drop
 * it.  False as well of a decoy, and where that cannot be found out.
 */
bool rp_passkey_orphaned(struct rp *rp, struct slice credential_id);

/* An AAGUID in text, as UUIDs are written (RFC 9562), in small letters. */
enum { RP_AAGUID_TEXT = 36 };
void rp_aaguid_write(const uint8_t aaguid[16], char text[RP_AAGUID_TEXT + 1]);

/* "iCloud Keychain" for its AAGUID, or NULL when it is nobody's we know. */
const char *rp_provider_name(const uint8_t aaguid[16]);

#endif
