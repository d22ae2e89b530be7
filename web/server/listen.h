/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_LISTEN_H
#define WEB_SERVER_LISTEN_H

/*
 * A socket that listens at what config.listen says: "host:port", "unix:path".
 * -1, with one clear line in the log, when that cannot be.  *port is the one
 * it came to, 0 for a Unix socket.
 */
int listen_bind(const char *where, unsigned *port);

#endif
