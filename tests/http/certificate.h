/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HTTP_CERTIFICATE_H
#define TESTS_HTTP_CERTIFICATE_H

/* A new key and a certificate for localhost that it signed, as PEM files. */
void certificate_make(const char *cert_path, const char *key_path);

#endif
