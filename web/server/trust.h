/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_TRUST_H
#define WEB_SERVER_TRUST_H

#include "web/config_judge.h"
#include "web/server/derfile.h"
#include "webauthn/policy.h"

/*
 * What new passkeys have to be: a preset with the options of a configuration
 * over it, and the files that these name.
 */
struct trust {
	struct wa_policy policy; /* points into what follows, and the config */
	int32_t algorithms[CONFIG_ALGORITHMS_MAX];
	struct derfile anchors, crls;
	uint8_t (*aaguids)[16]; /* those allowed, then those refused */
	struct wa_models allowed, refused;
};

/*
 * Fills *t, which is zero, by c, which has to outlive it.  False, with a line
 * in the log for each file that will not do; trust_clear() all the same.
 */
bool trust_fill(struct trust *t, const struct config *c);
void trust_clear(struct trust *t);

/* For check-config: all of it, and the metadata; says what is wrong. */
bool trust_check(const struct config *c);

#endif
