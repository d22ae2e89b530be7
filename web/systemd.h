/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SYSTEMD_H
#define WEB_SYSTEMD_H

/*
 * Tells systemd how the service is (sd_notify(3)): "READY=1", "STOPPING=1",
 * "RELOADING=1".  Without systemd nothing happens.
 */
void systemd_notify(const char *state);
/* RELOADING=1 with the time that systemd wants to be told with it. */
void systemd_notify_reloading(void);

#endif
