/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_COMPANIONS_H
#define WEB_SERVER_COMPANIONS_H

#include "rp/phones.h"
#include "web/server/request.h"

/* What the routes of companion apps share; the API is for third parties. */
enum { COMPANION_API = 1 };

/* "api" and "capabilities": what this server can do, in each answer. */
void companion_says(struct web_request *r, struct json_out *o);
/* An answer that begins with them. */
void companion_begin(struct web_request *r, struct json_out *o, size_t room);
void companion_end(struct web_request *r, unsigned status, struct json_out *o);

void shape_phone(
    struct json_out *o, const char *key, const struct store_phone *p);

#endif
