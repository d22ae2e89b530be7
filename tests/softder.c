/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softder.h"

#include <openssl/objects.h>
#include <stdlib.h>

#include "webauthn/der.h"

static void
put_length(struct soft_bytes *b, size_t n)
{
	if (n < 0x80) {
		soft_put_be(b, n, 1);
	} else if (n < 0x100) {
		soft_put_be(b, 0x81, 1);
		soft_put_be(b, n, 1);
	} else {
		soft_put_be(b, 0x82, 1);
		soft_put_be(b, n, 2);
	}
}

void
soft_der(
    struct soft_bytes *b, unsigned form, uint32_t tag, struct slice content)
{
	if (tag < 31) {
		soft_put_be(b, form | tag, 1);
	} else {
		soft_put_be(b, form | 0x1f, 1);
		if (tag >= 128)
			soft_put_be(b, 0x80 | tag >> 7, 1);
		soft_put_be(b, tag & 0x7f, 1);
	}
	put_length(b, content.n);
	soft_put_slice(b, content);
}

void
soft_der_sequence(struct soft_bytes *b, struct slice content)
{
	soft_der(b, SOFT_CONSTRUCTED, WA_DER_SEQUENCE, content);
}

void
soft_der_integer(struct soft_bytes *b, uint8_t value)
{
	soft_der(
	    b, SOFT_UNIVERSAL, WA_DER_INTEGER, (struct slice){ &value, 1 });
}

void
soft_der_octets(struct soft_bytes *b, struct slice content)
{
	soft_der(b, SOFT_UNIVERSAL, WA_DER_OCTETS, content);
}

void
soft_der_oid(struct soft_bytes *b, const char *oid)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);

	if (o == NULL)
		abort();
	soft_der(b, SOFT_UNIVERSAL, 6,
	    (struct slice){ OBJ_get0_data(o), OBJ_length(o) });
	ASN1_OBJECT_free(o);
}
