/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_DER_H
#define WEBAUTHN_DER_H

#include "webauthn/slice.h"

/*
 * DER (X.690) as far as certificate extensions need it that OpenSSL does not
 * know: an item at a time, nothing allocated.
 */

enum wa_der_class {
	WA_DER_UNIVERSAL,
	WA_DER_APPLICATION,
	WA_DER_CONTEXT,
	WA_DER_PRIVATE
};

/* Universal tags. */
enum {
	WA_DER_INTEGER = 2,
	WA_DER_OCTETS = 4,
	WA_DER_ENUMERATED = 10,
	WA_DER_SEQUENCE = 16,
	WA_DER_SET = 17
};

struct wa_der {
	enum wa_der_class class;
	bool constructed;
	uint32_t tag;
	struct slice content;
};

/*
 * Takes one item: definite length in its shortest form, tag below 2^28.
 * False, and the cursor bad, where there is none.
 */
bool cursor_der(struct cursor *c, struct wa_der *item);

/* Takes one item of a universal tag, and its content; else as above. */
bool cursor_der_of(struct cursor *c, uint32_t tag, struct slice *content);

/* The value of an INTEGER's content, where it is 0 to 2^31 - 1; else -1. */
int64_t wa_der_number(struct slice content);

#endif
