/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_RELOAD_H
#define WEB_RELOAD_H

#include "web/config.h"

/*
 * A line in the log that names the options of now which differ from what the
 * server was started with and stay as they were until a restart; none where
 * there is none.
 */
void reload_warn(const struct config *started, const struct config *now);

#endif
