/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_ORIGIN_H
#define WEB_SERVER_ORIGIN_H

#include "webauthn/slice.h"

/*
 * Whether a request that changes something comes from our own pages.  A
 * browser that knows Fetch Metadata says so, and is believed: the header
 * cannot be set by a script.  Else Origin has to be one of origins, exactly.
 * NULL: the request has no such header.
 */
bool origin_is_ours(
    const char *sec_fetch_site, const char *origin, const char *const *origins);

/*
 * Whether a Host header may be ours: the host of one of origins, whatever the
 * port, "localhost", or an IP address.  Another site's name that was made to
 * lead here (DNS rebinding) is none of them, and its pages would be
 * "same-origin".  NULL, "": no browser sends that.
 */
bool origin_host_is_ours(const char *host, const char *const *origins);
/* The same for a listener that is reached from this machine alone. */
bool origin_host_is_local(const char *host);

/* "application/json", with or without charset=utf-8. */
bool origin_type_is_json(const char *content_type);

#endif
