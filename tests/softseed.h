/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SOFTSEED_H
#define TESTS_SOFTSEED_H

#include "tests/softkey.h"

/*
 * Passkeys that a number decides, ES256, so that one program can put a million
 * of them into a store and another sign with any of them.
 */
enum { SOFTSEED_COSE = 77 };

struct softseed {
	uint8_t id[32]; /* the credential id */
	uint8_t user_handle[32];
	uint8_t cose[SOFTSEED_COSE];
};

/* What a store knows of it. */
void softseed_outline(uint64_t seed, struct softseed *out);
/* The passkey itself. */
struct softkey *softseed_key(uint64_t seed);

#endif
