/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_DEVICE_H
#define WEB_SERVER_DEVICE_H

#include "web/server/request.h"

/*
 * Whose phone asks, by the proof in the header Itsumo-Device: r->device.
 * False once the problem has been replied.
 */
bool device_prove(struct web_request *r);

/*
 * Where the request went: one of our origins and its path.  claimed: what a
 * proof says that it is; the answer is the same text where that is so, else
 * under our first origin.  NULL: no memory.
 */
const char *device_url(struct web_request *r, const char *claimed);

#endif
