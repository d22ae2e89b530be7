/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SYSTEMD_H
#define WEB_SYSTEMD_H

#include <stdbool.h>

/*
 * Tells systemd how the service is (sd_notify(3)): "READY=1", "STOPPING=1",
 * "RELOADING=1".  Without systemd nothing happens.
 */
void systemd_notify(const char *state);
/* RELOADING=1 with the time that systemd wants to be told with it. */
void systemd_notify_reloading(void);

/*
 * A socket that systemd listens at for us (sd_listen_fds(3)): the first one,
 * or with ops the first that is named so (FileDescriptorName=ops).  -1: there
 * is none.  -2, with a line in the log: what we were given does not listen.
 * *port is its own, 0 for a Unix socket.
 */
int systemd_socket(bool ops, unsigned *port);

#endif
