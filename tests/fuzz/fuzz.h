/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What each target defines, and libFuzzer or replay.c calls. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#endif
