/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_STAGES_H
#define WEB_SERVER_STAGES_H

#include <microhttpd.h>

/*
 * The way of a request from its first line to its last byte out, through the
 * threads that have it in turn; as libmicrohttpd calls.  server: the struct
 * web_server that all of them belong to.
 */

/* The first line is there (MHD_OPTION_URI_LOG_CALLBACK). */
void *stages_begin(
    void *server, const char *uri, struct MHD_Connection *connection);
/* It goes on: headers, the body piece by piece, news of a thread. */
enum MHD_Result stages_go(void *server, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_n, void **request);
/* It ends, or its connection does (MHD_OPTION_NOTIFY_COMPLETED). */
void stages_end(void *server, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode why);

#endif
