/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_REFERENCE_H
#define TESTS_BENCH_REFERENCE_H

/*
 * What one bare EVP_PKEY_verify() of a P-256 signature over a digest takes on
 * one core, in microseconds, with a kept key and context: the median of
 * several short runs.  The unit that sign-ins are measured in.
 */
double reference_verify_us(void);

#endif
