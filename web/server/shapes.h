/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_SHAPES_H
#define WEB_SERVER_SHAPES_H

#include "rp/browsers.h"
#include "store/history.h"
#include "web/server/request.h"

/* How the records look in answers; the shapes of web/README.md. */

void shape_account(
    struct json_out *o, const char *key, const struct store_account *a);
void shape_session(struct json_out *o, const char *key,
    const struct store_session *s, bool current);
/* site: whose metadata knows models; NULL: nobody's. */
void shape_passkey(struct json_out *o, const char *key, const struct site *site,
    const struct store_credential *c, bool current);
void shape_history(
    struct json_out *o, const char *key, const struct store_history *h);
void shape_trust(struct json_out *o, const char *key,
    const struct store_trust *t, bool current);
/* browsers_revoked and sessions_ended, as members. */
void shape_revoked(struct json_out *o, const struct rp_revoked *n);
/* What the page hands to the Signal API; reads the account's passkeys. */
enum rp_answer shape_signal(struct web_request *r, struct json_out *o);
/* The same from passkeys that have been read. */
void shape_signal_of(struct web_request *r, struct json_out *o,
    const struct store_credential *passkeys, size_t n);

#endif
