/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

/* Work on folders.  All return 0, or the errno of what went wrong. */

/* Makes dir with mode 0700, durably, unless it is there. */
int folder_make(const char *dir);
/* ENOTEMPTY when there is something in it.  An absent one is empty. */
int folder_empty(const char *dir);
int folder_sync(const char *dir);
/* Syncs the folder in which dir stands. */
int folder_sync_parent(const char *dir);
/* Removes dir and the files in it.  It has no folders. */
int folder_remove(const char *dir);
/*
 * Whether a file of this folder could grow by some megabytes at this offset:
 * ENOSPC, EDQUOT or EFBIG when not.
 */
int folder_room(const char *dir, uint64_t offset);

#endif
