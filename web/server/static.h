/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_STATIC_H
#define WEB_SERVER_STATIC_H

#include "web/server/request.h"

/* The pages and what they load. */

/*
 * Makes the answers of all pages and assets, once; they are shared by all
 * requests.  False when there is no memory.
 */
bool static_open(void);
void static_close(void);

/* Answers a GET or HEAD of what no route has: a page, an asset, or not-found.
 */
void static_reply(struct web_request *r);

/*
 * The page that says that something failed here, where a person would see
 * the answer; its owner destroys it.  NULL: a program asks, or there is no
 * memory.
 */
struct MHD_Response *static_error(const struct web_request *r);

/*
 * Whether a list of codings has "gzip" in it, unless its weight is nothing
 * (RFC 9110 12.5.3).  NULL: the request has no such header.
 */
bool static_takes_gzip(const char *accept_encoding);

#endif
