/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_MODELS_H
#define WEB_SERVER_MODELS_H

#include "web/server/request.h"

/*
 * Models of authenticators, by what FIDO's metadata knows of them and by our
 * own table of names.  For people: what a passkey says it is is only known to
 * be true where its attestation was trusted.
 */

/* provider: {aaguid, name?, icon?, status?}.  site may be NULL: it has no
 * metadata. */
void model_put(struct json_out *o, const struct site *site,
    const struct store_credential *c);

/*
 * A line in the log where the passkey of the caller's session is of a model
 * that something became known against since it was made.
 */
void model_warn(const struct web_request *r,
    const struct store_credential *passkeys, size_t n);

#endif
