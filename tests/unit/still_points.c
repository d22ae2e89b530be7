/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>

/*
 * Linked in front of OpenSSL: no key takes another point.  What the library
 * does then, building each key anew, must come out the same.
 */
int __wrap_EVP_PKEY_set1_encoded_public_key(
    EVP_PKEY *key, const unsigned char *point, size_t n);

int
__wrap_EVP_PKEY_set1_encoded_public_key(
    EVP_PKEY *key, const unsigned char *point, size_t n)
{
	(void)key;
	(void)point;
	(void)n;
	return 0;
}
