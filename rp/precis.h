/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_PRECIS_H
#define RP_PRECIS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Which code points may stand in a name: the string classes of PRECIS
 * (RFC 8264), with the context rules of RFC 5892 and the Bidi Rule of
 * RFC 5893.  Works on UTF-32; knows the Unicode of libunistring.
 */
enum rp_precis_class {
	RP_PRECIS_IDENTIFIER, /* letters, digits, and printable ASCII */
	RP_PRECIS_FREEFORM, /* spaces, signs and punctuation too */
};

/* NULL when all of s may stand there; else what is wrong, static, in English.
 */
const char *rp_precis_judge(
    const uint32_t *s, size_t n, enum rp_precis_class class);

/* Likewise for the Bidi Rule: right to left is not mixed with left to right. */
const char *rp_precis_bidi(const uint32_t *s, size_t n);

#endif
