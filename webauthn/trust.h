/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_TRUST_H
#define WEBAUTHN_TRUST_H

#include "webauthn/slice.h"

/* DER certificates a path may end in: roots, intermediates, leaves. */
struct wa_trust_anchors {
	const struct slice *der;
	size_t count;
};

/* DER certificate revocation lists. */
struct wa_revocation_lists {
	const struct slice *der;
	size_t count;
};

#endif
