/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_OPENAPI_H
#define WEB_SERVER_OPENAPI_H

#include <stddef.h>
#include <stdint.h>

/* web/openapi.json, as the build found it. */
extern const uint8_t web_openapi[];
extern const size_t web_openapi_size;

#endif
