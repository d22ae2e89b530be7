/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_SIGNED_IN_H
#define WEB_SERVER_SIGNED_IN_H

#include "web/server/request.h"

/* {account, session, signal}: the answer to who has signed in, r->who. */
void reply_signed_in(struct web_request *r);

#endif
