/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_EXTENSIONS_H
#define WEBAUTHN_EXTENSIONS_H

#include "webauthn/slice.h"
#include "webauthn/verdict.h"

/* Extensions that are read, as bits; the outputs of clients and of
 * authenticators by one name are one. */
enum {
	WA_EXT_CRED_PROPS = 1 << 0,
	WA_EXT_CRED_PROTECT = 1 << 1,
	WA_EXT_MIN_PIN_LENGTH = 1 << 2,
	WA_EXT_CRED_BLOB = 1 << 3,
	WA_EXT_LARGE_BLOB = 1 << 4,
	WA_EXT_PRF = 1 << 5, /* "hmac-secret" of authenticators */
	WA_EXT_APPID = 1 << 6,
	WA_EXT_APPID_EXCLUDE = 1 << 7,
	WA_EXT_UVM = 1 << 8,
	WA_EXT_OTHER = 1 << 9, /* any that we do not know */
};

#define WA_UVM_MAX 3

/* FIDO Registry: how a user was verified, and how that is protected. */
struct wa_uvm {
	uint32_t method, key_protection, matcher_protection;
};

/* Outputs, as far as they were there and of their own form.  Secrets that prf
 * may return to a page are not kept. */
struct wa_extensions {
	unsigned seen; /* WA_EXT_… */
	bool resident_key_told, resident_key; /* credProps.rk */
	uint8_t protection; /* credProtect: 1 to 3; 0: not told */
	uint32_t min_pin_length; /* minPinLength */
	bool cred_blob_stored; /* credBlob at a registration */
	struct slice cred_blob; /* and at an assertion */
	bool large_blob; /* largeBlob: supported, or written */
	bool prf; /* prf.enabled, hmac-secret */
	bool appid, appid_exclude; /* the client acted upon it */
	struct wa_uvm uvm[WA_UVM_MAX];
	size_t uvm_count;
};

/* What the ceremony asked for. */
struct wa_extension_policy {
	unsigned requested; /* WA_EXT_… */
	bool refuse_unsolicited; /* else ignored, as L3 allows */
	uint8_t min_protection; /* credProtect at a registration */
};

/*
 * Reads the outputs: cbor as wa_authdata_parse() gave it, json being
 * clientExtensionResults, either of them empty for none.  Slices in *out point
 * into cbor.
 *
 * WA_OK and *out; WA_EXTENSION_FORM where json is no object or far
 * longer than any, or where an
 * output that was asked for is not of its form (others are passed over);
 * WA_EXTENSION_UNSOLICITED and WA_EXTENSION_PROTECTION by the policy; WA_FAULT.
 */
enum wa_verdict wa_extensions_read(struct slice cbor, struct slice json,
    const struct wa_extension_policy *policy, struct wa_extensions *out);

#endif
