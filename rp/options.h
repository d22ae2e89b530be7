/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_OPTIONS_H
#define RP_OPTIONS_H

#include "rp/ceremony.h"

/* What a begin hands to the page, beside the sealed ceremony. */

void rp_options_describe(
    const struct store_credential *list, size_t n, struct rp_descriptors *out);

/* An account's passkeys; none where there is no such account. */
enum rp_answer rp_options_passkeys(
    struct rp *rp, const struct account_id *id, struct rp_descriptors *out);

/* Fills all of *out but allow and exclude, sealing c. */
enum rp_answer rp_options_request(struct rp *rp, struct rp_call *call,
    const struct rp_ceremony *c, struct rp_request *out);
enum rp_answer rp_options_creation(struct rp *rp, struct rp_call *call,
    const struct rp_ceremony *c, struct rp_creation *out);

#endif
