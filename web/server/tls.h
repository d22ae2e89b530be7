/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_TLS_H
#define WEB_SERVER_TLS_H

#include <stdbool.h>

/*
 * The certificate of the server, which can be changed while it runs: each
 * handshake asks for the one in force.
 */

/* False, with a line in the log; the one before stays in force. */
bool tls_load(const char *certificate, const char *key);
void tls_close(void);

/* For MHD_OPTION_HTTPS_CERT_CALLBACK and MHD_OPTION_HTTPS_PRIORITIES. */
void *tls_callback(void);
extern const char tls_priorities[];

#endif
