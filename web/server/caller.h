/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_CALLER_H
#define WEB_SERVER_CALLER_H

#include "web/server/request.h"

/* Who asks: from which address, in which browser, with whose session. */

/* The client's, behind the proxies that are trusted. */
const struct address *caller_address(struct web_request *r);
/* Whether the connection is that of a proxy that is trusted. */
bool caller_is_proxied(const struct web_request *r);
/* Fills r->call, what the floor below is told of every request. */
void caller_fill(struct web_request *r);
/* RP_OK and r->who, or why nobody is signed in. */
enum rp_answer caller_session(struct web_request *r);
/* Whether the session was used so long ago that it has to be written down. */
bool caller_wants_touch(struct web_request *r);
/* Whether the route is for who asks; false once the problem was replied. */
bool caller_may_ask(struct web_request *r);

#endif
