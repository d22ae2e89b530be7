/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTDER_H
#define TESTS_SOFTDER_H

#include "tests/softcbor.h"

/* Writes DER, for certificate extensions that OpenSSL does not know. */

/* First bytes of an identifier: class and form. */
enum { SOFT_UNIVERSAL = 0x00, SOFT_CONSTRUCTED = 0x20, SOFT_EXPLICIT = 0xa0 };

void soft_der(
    struct soft_bytes *b, unsigned form, uint32_t tag, struct slice content);
void soft_der_sequence(struct soft_bytes *b, struct slice content);
void soft_der_integer(struct soft_bytes *b, uint8_t value); /* below 128 */
void soft_der_octets(struct soft_bytes *b, struct slice content);
void soft_der_oid(struct soft_bytes *b, const char *oid);

#endif
