/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_ANDROID_H
#define WEBAUTHN_ANDROID_H

/* Inside this floor only. */

#include "webauthn/slice.h"

/* What one AuthorizationList says of what we ask. */
struct wa_android_list {
	bool all_applications;
	bool has_purpose, may_sign;
	bool has_origin, generated;
};

/* Android's KeyDescription.  The challenge points into what was parsed. */
struct wa_android_description {
	struct slice challenge;
	struct wa_android_list software, tee;
};

/*
 * Takes the extension of Android's key attestation apart by its schema: every
 * member in its place, nothing behind, no tag of ours twice in a list.  False,
 * and *d left alone, otherwise.
 */
bool wa_android_description_parse(
    struct slice der, struct wa_android_description *d);

#endif
