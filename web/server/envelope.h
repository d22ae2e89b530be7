/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_ENVELOPE_H
#define WEB_SERVER_ENVELOPE_H

#include "web/server/request.h"

/* What comes in before anybody reads JSON: headers, and the bytes of a body. */

/* Takes the headers over and judges what can be judged before the body. */
void envelope_begin(struct web_request *r, const char *method);
/* How long the body will be, by the header; 0 where it does not say. */
uint64_t envelope_length(const struct web_request *r);
/* Takes a piece of the body over, as far as the route allows. */
void envelope_take_body(struct web_request *r, const void *p, size_t n);

#endif
