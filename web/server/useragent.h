/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_USERAGENT_H
#define WEB_SERVER_USERAGENT_H

#include "store/sessions.h"

/*
 * What the owner of an account reads about a browser: "Chrome, Windows".
 * Only names from our own tables are ever written, so nothing of what was
 * sent reaches a page.  "" where nothing is known.  NULL: no such header.
 */
void useragent_name(const char *user_agent, const char *sec_ch_ua,
    const char *sec_ch_ua_platform, char out[STORE_BROWSER_MAX + 1]);

#endif
