/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_TLS_H
#define WEB_SERVER_TLS_H

#include <stdbool.h>

/*
 * The certificate of the server, which can be changed while it runs: each
 * handshake asks for the one in force.
 */

struct tls_identity;

/* NULL, with a line in the log, when they cannot be read or do not belong
 * together. */
struct tls_identity *tls_read(const char *certificate, const char *key);
/* Takes it over: it is in force. */
void tls_use(struct tls_identity *id);
/* One that was not used after all; or NULL. */
void tls_forget(struct tls_identity *id);
/* Ends all that were in force. */
void tls_close(void);

/* For MHD_OPTION_HTTPS_CERT_CALLBACK and MHD_OPTION_HTTPS_PRIORITIES. */
void *tls_callback(void);
extern const char tls_priorities[];

#endif
