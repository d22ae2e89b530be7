/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_GATHER_H
#define WEB_SERVER_GATHER_H

#include "web/server/request.h"

/*
 * One thread that keeps sign-ins which were judged: all that came while it
 * waited for the disk go into the next commit together.  Nobody sleeps for
 * each of them, and nobody is woken but the threads that send the answers.
 */
struct gather;

struct gather *gather_new(void);
/*
 * r->login was judged RP_OK, and r's connection is suspended.  Once it was
 * kept r->stage is STAGE_KEPT, and the connection goes on.
 */
void gather_add(struct gather *g, struct web_request *r);
/* Keeps what there is, and ends. */
void gather_free(struct gather *g);

#endif
