/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_SIPHASH_H
#define RP_SIPHASH_H

#include "webauthn/slice.h"

/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash for tables whose
 * keys strangers choose.  Our own, because OpenSSL has it only behind EVP_MAC,
 * where setting it up costs several times what it computes.
 */
uint64_t rp_siphash(const uint64_t key[2], struct slice in);

#endif
