/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_KEYFILE_H
#define WEB_KEYFILE_H

#include "rp/rp.h"

/* push: the private key by which push services know us, see vapid_open(). */
struct keyfile {
	struct rp_keys rp;
	uint8_t push[32];
};

/*
 * The keys of the installation: `itsumo.keys` in $CREDENTIALS_DIRECTORY where
 * systemd put one there, else `keys` in the data folder, mode 0600, made the
 * first time.  Each complains to the log and answers false when it fails.
 */
bool keyfile_load(const char *data, struct keyfile *keys);

/*
 * A new key to seal ceremonies with; the one until now still opens those that
 * are under way.  Nobody is signed out: sessions do not hang on these keys.
 */
bool keyfile_rotate(const char *data);

#endif
