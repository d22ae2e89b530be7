/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_REFERENCE_H
#define TESTS_BENCH_REFERENCE_H

/*
 * What one bare EVP_PKEY_verify() of a P-256 signature over a digest takes,
 * in microseconds of processor time, with a kept key and context: the median
 * of several short runs.  The unit that sign-ins are measured in, and so with
 * every processor busy at it, as they are while a server and those who load
 * it share them: where two of them are one core, each is slower then.
 */
double reference_verify_us(void);

#endif
