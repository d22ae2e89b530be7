/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_DECOYS_H
#define RP_DECOYS_H

#include "rp/inside.h"
#include "webauthn/assertion.h"

/*
 * What a stranger is shown for a name that has no passkey: credential ids
 * that look like those of the usual providers, always the same ones for a
 * name, made from it with a key of the installation.
 */
bool rp_decoys_make(
    const struct rp *rp, struct slice name_key, struct rp_descriptors *out);

/*
 * The id is one that rp_decoys_make() made here, for whatever name.  Only we
 * can tell, and have to: a decoy that comes back is refused as the passkey of
 * somebody else would be.
 */
bool rp_decoys_own(const struct rp *rp, struct slice credential_id);

/*
 * A credential to verify against when there is none, for the time it takes.
 * Whatever comes of that is refused.
 */
struct wa_credential rp_decoys_credential(
    const struct rp *rp, struct slice credential_id);

/*
 * An account to read when there is none, likewise: the last one that was
 * asked for by its name, or the oldest.  False only when the store cannot be
 * read at all.
 */
bool rp_stand_in_find(struct rp *rp);
struct account_id rp_stand_in(const struct rp *rp);
void rp_stand_in_set(struct rp *rp, const struct account_id *id);

#endif
