/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_HISTORY_H
#define WEB_SERVER_HISTORY_H

#include "web/server/shapes.h"

/* ?limit= and ?after=; false once the problem has been replied. */
bool history_query(
    struct web_request *r, size_t *limit, struct history_id *before);
/* entries, and next where there may be more. */
void history_put(struct json_out *o, const struct store_history *list, size_t n,
    size_t limit);

#endif
