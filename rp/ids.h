/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_IDS_H
#define RP_IDS_H

#include "webauthn/slice.h"

/*
 * Opaque ids in text: a prefix that says of what, then 16 bytes in base64url:
 * "acc_", "pk_", "ses_", "his_".
 */
enum { RP_ID_TEXT = 26 };

struct rp_id_text {
	char s[RP_ID_TEXT + 1];
};

struct rp_id_text rp_id_write(const char *prefix, const uint8_t id[16]);
/* false unless text is exactly what rp_id_write() would have written. */
bool rp_id_read(const char *prefix, const char *text, uint8_t id[16]);

#endif
