/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_BROWSERS_H
#define WEB_SERVER_BROWSERS_H

#include "rp/browsers.h"
#include "web/server/request.h"

/* The cookie by which a browser that is kept is known again. */

/* Goes out with the answer, where there is a new one. */
void browser_token(struct web_request *r, const struct rp_kept_token *token);
/* It is worth nothing any more. */
void browser_forgotten(struct web_request *r);

/*
 * After a sign-in, in a browser that sent the cookie; commits.  Whatever
 * becomes of it, the sign-in stands.
 */
void browser_signed_in(struct web_request *r);

#endif
