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
 * first time.  Each complains to the log and answers false when it fails, and
 * then leaves no key in memory; else the caller wipes what it was given.
 */
bool keyfile_load(const char *data, struct keyfile *keys);
void keyfile_wipe(struct keyfile *keys);

/* Whether systemd keeps them: then there are none of ours in any folder. */
bool keyfile_is_systemds(void);

/*
 * `keys` of one folder to another, durably but for its name: the caller syncs
 * the folder.  *copied is false where there is none to copy.
 */
bool keyfile_copy(const char *from, const char *to, bool *copied);

/*
 * A new key to seal ceremonies with; the one until now still opens those that
 * are under way.  Nobody is signed out: sessions do not hang on these keys.
 * Makes none where there is none.
 */
bool keyfile_rotate(const char *data);

#endif
