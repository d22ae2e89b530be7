/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_X5C_H
#define WEBAUTHN_X5C_H

/* Inside this floor only: this header speaks OpenSSL. */

#include <openssl/x509.h>

#include "webauthn/cbor.h"
#include "webauthn/registration.h"

#define WA_X5C_MAX 6 /* phones send up to five */
#define WA_CERTIFICATE_MAX 8192
#define WA_X5C_BYTES_MAX 16384 /* real ones together: 5 kB */

/* Certificates as a statement sent them, the attested one first. */
struct wa_x5c {
	X509 *certs[WA_X5C_MAX];
	size_t count; /* 1 to WA_X5C_MAX */
	EVP_PKEY *key; /* of the first; belongs to it */
};

/*
 * Parses x5c: an array of 1 to 6 certificates of version 3, 8 kB each at most
 * and 16 kB together, nothing behind them, and no key but those of
 * wa_evp_is_welcome().  WA_OK and *path, which wa_x5c_free() ends;
 * WA_STATEMENT_FORM where it is no such array, WA_CERTIFICATE_FORM where a
 * certificate is none.
 */
enum wa_verdict wa_x5c_parse(const struct wa_cbor *array, struct wa_x5c **path);
void wa_x5c_free(struct wa_x5c *path);

/* The same of DER: count is 1 to WA_X5C_MAX. */
enum wa_verdict wa_x5c_parse_der(
    const struct slice *der, size_t count, struct wa_x5c **path);

/* Where a path may lead, when, and past which lists. */
struct wa_lead {
	struct wa_trust_anchors anchors;
	struct wa_revocation_lists revoked;
	time_t at;
};

/*
 * Leads the path to one of the anchors, which may be a root, an intermediate
 * or the first certificate itself: RFC 5280 section 6.  Certificates in the
 * path are never anchors themselves.  A list counts where it is signed by the
 * issuer of a certificate on the way, and even when it is out of date; where
 * there is none for an issuer its certificates pass.
 *
 * WA_OK, WA_TRUST_PATH, WA_CERTIFICATE_REVOKED or WA_FAULT.
 */
enum wa_verdict wa_x5c_lead(
    const struct wa_x5c *path, const struct wa_lead *to);

/* Of version 3, no authority, and may sign. */
bool wa_certificate_is_end_entity(X509 *cert);

/* An OID as DER has it, without tag and length: compared, it needs no memory,
 * and want of it cannot hide what is there. */
#define WA_OID(bytes)                                                          \
	((struct slice){ (const uint8_t *)(bytes), sizeof(bytes) - 1 })
bool wa_oid_is(const ASN1_OBJECT *object, struct slice oid);

/*
 * The content of an extension by its OID.  Returns how often it is there;
 * fills *value and *critical with the last.
 */
int wa_certificate_extension(
    X509 *cert, struct slice oid, struct slice *value, bool *critical);

/*
 * L3 8.2.2: where the certificate has the serial number of an enterprise's
 * device (id-fido-gen-ce-sernum), it is one OCTET STRING and not critical.
 * Whether it may be there only who asked for enterprise attestation knows.
 */
bool wa_certificate_serial_is_good(X509 *cert);

/*
 * L3 8.2 step 2, 8.3: where the certificate names an AAGUID (id-fido-gen-ce-
 * aaguid), it is that one, and the extension is not critical.  WA_OK,
 * WA_CERTIFICATE_AAGUID.
 */
enum wa_verdict wa_certificate_judge_aaguid(X509 *cert, struct slice aaguid);

/* RFC 5280 4.2.1.2 (1): SHA-1 of the key's bits.  False: the machine failed. */
bool wa_certificate_key_id(X509 *cert, uint8_t id[20]);

#endif
