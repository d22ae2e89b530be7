/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/extensions.h"

#include "webauthn/cbor.h"
#include "webauthn/json.h"

/*
 * WebAuthn L3 sections 9 and 10, CTAP 2.1 section 12; uvm from Level 2.  Steps
 * 28 of 7.1 and 23 of 7.2.
 */

static bool
is_bool(const struct wa_cbor *v, bool *value)
{
	*value = v->value == WA_CBOR_TRUE;
	return v->kind == WA_CBOR_SIMPLE &&
	       (v->value == WA_CBOR_TRUE || v->value == WA_CBOR_FALSE);
}

static bool
read_protect(const struct wa_cbor *v, struct wa_extensions *out)
{
	if (v->kind != WA_CBOR_UINT || v->value < 1 || v->value > 3)
		return false;
	out->protection = (uint8_t)v->value;
	return true;
}

static bool
read_min_pin(const struct wa_cbor *v, struct wa_extensions *out)
{
	if (v->kind != WA_CBOR_UINT || v->value > UINT32_MAX)
		return false;
	out->min_pin_length = (uint32_t)v->value;
	return true;
}

static bool
read_cred_blob(const struct wa_cbor *v, struct wa_extensions *out)
{
	if (v->kind != WA_CBOR_BYTES)
		return is_bool(v, &out->cred_blob_stored);
	out->cred_blob = v->bytes;
	return true;
}

/* At an assertion its output is an encrypted secret for the page. */
static bool
read_hmac_secret(const struct wa_cbor *v, struct wa_extensions *out)
{
	return v->kind == WA_CBOR_BYTES || is_bool(v, &out->prf);
}

static bool
read_uvm_entry(const struct wa_cbor *v, struct wa_uvm *uvm)
{
	uint32_t *const fields[3] = { &uvm->method, &uvm->key_protection,
		&uvm->matcher_protection };
	struct cursor c = cursor_over(v->inside);
	struct wa_cbor number;

	if (v->kind != WA_CBOR_ARRAY || v->value != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (!wa_cbor_next(&c, &number) || number.kind != WA_CBOR_UINT ||
		    number.value > UINT32_MAX)
			return false;
		*fields[i] = (uint32_t)number.value;
	}
	return true;
}

static bool
read_uvm(const struct wa_cbor *v, struct wa_extensions *out)
{
	struct cursor c = cursor_over(v->inside);
	struct wa_cbor entry;

	if (v->kind != WA_CBOR_ARRAY || v->value == 0 || v->value > WA_UVM_MAX)
		return false;
	while (wa_cbor_next(&c, &entry)) {
		if (!read_uvm_entry(&entry, &out->uvm[out->uvm_count]))
			return false;
		out->uvm_count++;
	}
	return true;
}

static bool
read_cred_props(const json_t *v, struct wa_extensions *out)
{
	const json_t *rk = json_object_get(v, "rk");

	out->resident_key_told = rk != NULL;
	out->resident_key = json_is_true(rk);
	return json_is_object(v) && (rk == NULL || json_is_boolean(rk));
}

static bool
read_large_blob(const json_t *v, struct wa_extensions *out)
{
	out->large_blob = json_is_true(json_object_get(v, "supported")) ||
			  json_is_true(json_object_get(v, "written"));
	return json_is_object(v);
}

static bool
read_prf(const json_t *v, struct wa_extensions *out)
{
	out->prf = out->prf || json_is_true(json_object_get(v, "enabled"));
	return json_is_object(v);
}

static bool
read_appid(const json_t *v, struct wa_extensions *out)
{
	out->appid = json_is_true(v);
	return json_is_boolean(v);
}

static bool
read_appid_exclude(const json_t *v, struct wa_extensions *out)
{
	out->appid_exclude = json_is_true(v);
	return json_is_boolean(v);
}

/* The client tells of these in words that only pages need. */
static bool
read_nothing(const json_t *v, struct wa_extensions *out)
{
	(void)v;
	(void)out;
	return true;
}

static const struct {
	const char *name;
	unsigned bit;
	bool (*read)(const struct wa_cbor *v, struct wa_extensions *out);
} of_authenticators[] = {
	{ "credProtect", WA_EXT_CRED_PROTECT, read_protect },
	{ "minPinLength", WA_EXT_MIN_PIN_LENGTH, read_min_pin },
	{ "credBlob", WA_EXT_CRED_BLOB, read_cred_blob },
	{ "hmac-secret", WA_EXT_PRF, read_hmac_secret },
	{ "uvm", WA_EXT_UVM, read_uvm },
};

static const struct {
	const char *name;
	unsigned bit;
	bool (*read)(const json_t *v, struct wa_extensions *out);
} of_clients[] = {
	{ "credProps", WA_EXT_CRED_PROPS, read_cred_props },
	{ "largeBlob", WA_EXT_LARGE_BLOB, read_large_blob },
	{ "prf", WA_EXT_PRF, read_prf },
	{ "appid", WA_EXT_APPID, read_appid },
	{ "appidExclude", WA_EXT_APPID_EXCLUDE, read_appid_exclude },
	{ "hmacCreateSecret", WA_EXT_PRF, read_nothing },
	{ "credBlob", WA_EXT_CRED_BLOB, read_nothing },
	{ "getCredBlob", WA_EXT_CRED_BLOB, read_nothing },
	{ "minPinLength", WA_EXT_MIN_PIN_LENGTH, read_nothing },
	{ "uvm", WA_EXT_UVM, read_nothing },
};

/* Takes note of one; false where it was asked for and is not of its form. */
static bool
take_authenticator(const struct wa_cbor *name, const struct wa_cbor *value,
    unsigned requested, struct wa_extensions *out)
{
	for (size_t i = 0;
	     i < sizeof(of_authenticators) / sizeof(of_authenticators[0]);
	     i++) {
		const unsigned bit = of_authenticators[i].bit;
		struct wa_extensions with = *out;

		if (!wa_cbor_is_text(name, of_authenticators[i].name))
			continue;
		out->seen |= bit;
		if (!of_authenticators[i].read(value, &with))
			return (requested & bit) == 0;
		with.seen |= bit;
		*out = with;
		return true;
	}
	out->seen |= WA_EXT_OTHER;
	return true;
}

static bool
take_client(const char *name, const json_t *value, unsigned requested,
    struct wa_extensions *out)
{
	for (size_t i = 0; i < sizeof(of_clients) / sizeof(of_clients[0]);
	     i++) {
		const unsigned bit = of_clients[i].bit;
		struct wa_extensions with = *out;

		if (strcmp(name, of_clients[i].name) != 0)
			continue;
		out->seen |= bit;
		if (!of_clients[i].read(value, &with))
			return (requested & bit) == 0;
		with.seen |= bit;
		*out = with;
		return true;
	}
	out->seen |= WA_EXT_OTHER;
	return true;
}

static bool
read_authenticators(
    struct slice cbor, unsigned requested, struct wa_extensions *out)
{
	struct wa_cbor map, name, value;
	struct cursor c;

	if (cbor.n == 0)
		return true;
	if (!wa_cbor_read(cbor, &map))
		return false;
	c = cursor_over(map.inside);
	while (wa_cbor_next(&c, &name) && wa_cbor_next(&c, &value)) {
		if (!take_authenticator(&name, &value, requested, out))
			return false;
	}
	return true;
}

static enum wa_verdict
read_clients(struct slice text, unsigned requested, struct wa_extensions *out)
{
	enum wa_verdict v = WA_OK;
	json_error_t error = { 0 };
	const char *name;
	json_t *object, *value;

	if (text.n == 0)
		return WA_OK;
	if (!wa_json_is_short(text))
		return WA_EXTENSION_FORM;
	object = json_loadb(
	    (const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
	if (object == NULL && wa_json_starved(&error))
		return WA_FAULT;
	if (!json_is_object(object))
		v = WA_EXTENSION_FORM;
	json_object_foreach(object, name, value)
	{
		if (!take_client(name, value, requested, out))
			v = WA_EXTENSION_FORM;
	}
	json_decref(object);
	return v;
}

enum wa_verdict
wa_extensions_read(struct slice cbor, struct slice json,
    const struct wa_extension_policy *policy, struct wa_extensions *out)
{
	struct wa_extensions all = { 0 };
	enum wa_verdict v;

	if (!read_authenticators(cbor, policy->requested, &all))
		return WA_EXTENSION_FORM;
	if ((v = read_clients(json, policy->requested, &all)) != WA_OK)
		return v;
	if (policy->refuse_unsolicited && (all.seen & ~policy->requested) != 0)
		return WA_EXTENSION_UNSOLICITED;
	if (all.protection < policy->min_protection)
		return WA_EXTENSION_PROTECTION;
	*out = all;
	return WA_OK;
}
