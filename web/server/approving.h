/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_APPROVING_H
#define WEB_SERVER_APPROVING_H

#include "rp/approvals.h"
#include "web/server/shapes.h"

/* What the browser's and the phone's routes of approvals share. */

/* {id} of the path; false once approval-unknown has been replied. */
bool approving_id(struct web_request *r, struct approval_id *id);

/* reply_unless_ok(), which says with approval-over how it ended. */
bool approving_unless_ok(
    struct web_request *r, enum rp_answer a, enum store_approval_state state);

/* "approval": {id, state, expires_at}, with match and number while pending. */
void approving_shape(struct json_out *o, const struct rp_approval *a);

/* Whether nothing more will happen that who waits has not been told. */
bool approving_is_over(enum store_approval_state state);

#endif
