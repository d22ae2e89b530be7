/* SPDX-License-Identifier: Apache-2.0 */
#include "web/verify_case.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "webauthn/assertion.h"
#include "webauthn/b64url.h"
#include "webauthn/pem.h"
#include "webauthn/registration.h"

/* What a case holds on to until its verdict is known. */
struct block {
	struct block *next;
	max_align_t bytes[];
};

struct pen {
	struct block *blocks;
	const char *refusal; /* the first; NULL: none so far */
};

static void
refuse(struct pen *pen, const char *why)
{
	if (pen->refusal == NULL)
		pen->refusal = why;
}

static void *
keep(struct pen *pen, size_t n)
{
	struct block *b = calloc(1, sizeof(*b) + n + (n == 0));

	if (b == NULL) {
		refuse(pen, "fault");
		return NULL;
	}
	b->next = pen->blocks;
	pen->blocks = b;
	return b->bytes;
}

static void
pen_free(struct pen *pen)
{
	for (struct block *b = pen->blocks, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
}

/* The string under name; one that is missing refuses with why. */
static const char *
get_string(struct pen *pen, const json_t *o, const char *name, const char *why)
{
	const char *s = json_string_value(json_object_get(o, name));

	if (s == NULL)
		refuse(pen, why);
	return s;
}

static struct slice
decode(struct pen *pen, const json_t *text, const char *missing)
{
	const struct slice in = { (const uint8_t *)json_string_value(text),
		json_string_length(text) };
	uint8_t *out;
	size_t n = 0;

	if (!json_is_string(text)) {
		refuse(pen, missing);
		return (struct slice){ 0 };
	}
	out = keep(pen, WA_B64URL_BYTES(in.n));
	if (out != NULL &&
	    !wa_b64url_decode(in, out, WA_B64URL_BYTES(in.n), &n))
		refuse(pen, "base64url");
	return (struct slice){ out, n };
}

/* The strings of an array, and a NULL behind them. */
static const char *const *
strings(struct pen *pen, const json_t *array)
{
	const size_t count = json_array_size(array);
	const char **list = keep(pen, (count + 1) * sizeof(*list));

	if (array != NULL && !json_is_array(array))
		refuse(pen, "line-form");
	for (size_t i = 0; list != NULL && i < count; i++) {
		list[i] = json_string_value(json_array_get(array, i));
		if (list[i] == NULL)
			refuse(pen, "line-form");
	}
	return list;
}

static bool
is_true(const json_t *o, const char *name)
{
	return json_is_true(json_object_get(o, name));
}

/* A bool that is true unless it says otherwise. */
static bool
is_false(const json_t *o, const char *name)
{
	return json_is_false(json_object_get(o, name));
}

/* Whether an array of base64url holds these bytes. */
static bool
holds(struct pen *pen, const json_t *array, struct slice id)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (slice_equal(
			decode(pen, json_array_get(array, i), "line-form"), id))
			return true;
	}
	return false;
}

static struct wa_expectation
read_expectation(struct pen *pen, const json_t *line, const json_t *options)
{
	const char *uv =
	    get_string(pen, options, "user_verification", "line-form");

	return (struct wa_expectation){
		.challenge = decode(
		    pen, json_object_get(line, "challenge"), "line-form"),
		.rp_id = get_string(pen, line, "rp_id", "line-form"),
		.origins = strings(pen, json_object_get(options, "origins")),
		.top_origins =
		    strings(pen, json_object_get(options, "top_origins")),
		.allow_cross_origin = is_true(options, "allow_cross_origin"),
		.need_uv = uv != NULL && strcmp(uv, "required") == 0,
	};
}

/* What both kinds of answer have around them: PublicKeyCredential.toJSON(). */
static struct slice
read_envelope(struct pen *pen, const json_t *envelope)
{
	const char *type = get_string(pen, envelope, "type", "envelope-form");
	const json_t *id = json_object_get(envelope, "id");
	const json_t *raw_id = json_object_get(envelope, "rawId");

	if (!json_is_object(json_object_get(envelope, "response")) ||
	    !json_is_string(id) ||
	    (raw_id != NULL && !json_equal(id, raw_id)) ||
	    (type != NULL && strcmp(type, "public-key") != 0))
		refuse(pen, "envelope-form");
	return decode(pen, id, "envelope-form");
}

static time_t
read_time(struct pen *pen, const json_t *text)
{
	struct tm tm = { 0 };
	const char *s = json_string_value(text), *end;

	if (text == NULL)
		return time(NULL);
	end = s != NULL ? strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;
	if (end == NULL || *end != '\0')
		refuse(pen, "line-form");
	return timegm(&tm);
}

static const int32_t *
read_algorithms(struct pen *pen, const json_t *array, size_t *count)
{
	int32_t *list = keep(pen, json_array_size(array) * sizeof(*list));

	*count = list != NULL ? json_array_size(array) : 0;
	if (!json_is_array(array))
		refuse(pen, "line-form");
	for (size_t i = 0; i < *count; i++) {
		const json_t *alg = json_array_get(array, i);
		const json_int_t n = json_integer_value(alg);

		if (!json_is_integer(alg) || n < INT32_MIN || n > INT32_MAX)
			refuse(pen, "line-form");
		else
			list[i] = (int32_t)n;
	}
	return list;
}

static struct wa_trust_anchors
read_anchors(struct pen *pen, const json_t *array)
{
	const size_t count = json_array_size(array);
	struct slice *list = keep(pen, count * sizeof(*list));

	for (size_t i = 0; list != NULL && i < count; i++) {
		const json_t *pem = json_array_get(array, i);
		struct slice text = { (const uint8_t *)json_string_value(pem),
			json_string_length(pem) };
		size_t n = 0;
		bool starved;
		uint8_t *der = wa_pem_certificate(&text, &n, &starved),
			*kept = NULL;

		if (der == NULL)
			refuse(pen, starved ? "fault" : "line-form");
		else if ((kept = keep(pen, n)) != NULL)
			memcpy(kept, der, n);
		free(der);
		list[i] = (struct slice){ kept, kept != NULL ? n : 0 };
	}
	return (struct wa_trust_anchors){ list, list != NULL ? count : 0 };
}

static struct wa_attestation_policy
read_policy(struct pen *pen, const json_t *line, const json_t *options)
{
	const json_t *android = json_object_get(options, "android_key");

	return (struct wa_attestation_policy){
		.refuse_none = is_false(options, "accept_none"),
		.refuse_self = is_false(options, "accept_self"),
		.require_trusted =
		    is_true(options, "require_trusted_attestation"),
		.anchors =
		    read_anchors(pen, json_object_get(line, "trust_roots")),
		.at = read_time(pen, json_object_get(line, "evaluate_at")),
		.tpm_manufacturers = strings(
		    pen, json_object_get(options, "tpm_extra_manufacturers")),
		.android_require_tee = is_true(android, "require_tee"),
		.android_lists_optional = is_true(android, "lists_optional"),
		.u2f_require_zero_aaguid =
		    is_true(options, "u2f_require_zero_aaguid"),
	};
}

static const char *
judge_registration(struct pen *pen, const json_t *line)
{
	const json_t *options = json_object_get(line, "options");
	const json_t *envelope = json_object_get(line, "response");
	const json_t *response = json_object_get(envelope, "response");
	struct wa_registration_expectation want = {
		.common = read_expectation(pen, line, options),
		.conditional_create = is_true(options, "conditional_create"),
		.attestation = read_policy(pen, line, options),
	};
	struct wa_registration got = { 0 };
	struct wa_registration_result result;
	enum wa_verdict v;

	want.algorithms = read_algorithms(
	    pen, json_object_get(options, "algs"), &want.algorithm_count);
	got.credential_id = read_envelope(pen, envelope);
	got.client_data_json = decode(
	    pen, json_object_get(response, "clientDataJSON"), "envelope-form");
	got.attestation_object = decode(pen,
	    json_object_get(response, "attestationObject"), "envelope-form");
	if (pen->refusal != NULL)
		return pen->refusal;
	v = wa_registration_verify(&want, &got, &result);
	if (v == WA_OK &&
	    holds(pen, json_object_get(options, "known_credential_ids"),
		result.credential_id))
		return "credential-taken"; /* 7.1 step 26 */
	return wa_verdict_name(v);
}

static struct wa_credential
read_stored(struct pen *pen, const json_t *stored, struct slice sent_handle)
{
	const json_t *count = json_object_get(stored, "sign_count");
	const json_t *owner = json_object_get(stored, "user_handle");

	if (!json_is_integer(count) || json_integer_value(count) < 0 ||
	    json_integer_value(count) > UINT32_MAX)
		refuse(pen, "line-form");
	return (struct wa_credential){
		.credential_id = decode(
		    pen, json_object_get(stored, "credential_id"), "line-form"),
		.cose_key = decode(pen,
		    json_object_get(stored, "public_key_cose_b64url"),
		    "line-form"),
		/* A case that does not say whose it is has no other owner. */
		.user_handle = owner == NULL || json_is_null(owner)
				   ? sent_handle
				   : decode(pen, owner, "line-form"),
		.sign_count = (uint32_t)json_integer_value(count),
		.backup_eligible = is_true(stored, "backup_eligible"),
	};
}

static const char *
judge_authentication(struct pen *pen, const json_t *line)
{
	const json_t *options = json_object_get(line, "options");
	const json_t *envelope = json_object_get(line, "response");
	const json_t *response = json_object_get(envelope, "response");
	const json_t *handle = json_object_get(response, "userHandle");
	const json_t *allowed = json_object_get(options, "allow_credentials");
	const char *counts =
	    json_string_value(json_object_get(options, "sign_count_policy"));
	const struct wa_assertion_expectation want = {
		.common = read_expectation(pen, line, options),
		.need_user_handle = is_false(options, "user_identified"),
		.ignore_sign_count =
		    counts != NULL && strcmp(counts, "ignore") == 0,
		/* As the step stands in the specification, unless the case
		 * asks for what our own service does. */
		.refuse_backup_upgrade =
		    !is_true(options, "allow_backup_eligible_upgrade"),
		.appid = json_string_value(json_object_get(options, "appid")),
	};
	struct wa_assertion got = {
		.credential_id = read_envelope(pen, envelope),
		.client_data_json =
		    decode(pen, json_object_get(response, "clientDataJSON"),
			"envelope-form"),
		.authenticator_data =
		    decode(pen, json_object_get(response, "authenticatorData"),
			"envelope-form"),
		.signature = decode(pen, json_object_get(response, "signature"),
		    "envelope-form"),
		.appid_used =
		    is_true(json_object_get(envelope, "clientExtensionResults"),
			"appid"),
	};
	struct wa_assertion_result result;
	struct wa_credential stored;

	if (handle != NULL && !json_is_null(handle))
		got.user_handle = decode(pen, handle, "envelope-form");
	stored =
	    read_stored(pen, json_object_get(line, "stored"), got.user_handle);
	if (pen->refusal != NULL)
		return pen->refusal;
	if (json_array_size(allowed) > 0 &&
	    !holds(pen, allowed, got.credential_id))
		return "credential-not-allowed"; /* 7.2 step 5 */
	return wa_verdict_name(
	    wa_assertion_verify(&want, &got, &stored, &result));
}

const char *
web_verify_case(const json_t *line)
{
	const char *kind = json_string_value(json_object_get(line, "kind"));
	const char *verdict = "line-form";
	struct pen pen = { 0 };

	if (kind != NULL && strcmp(kind, "registration") == 0)
		verdict = judge_registration(&pen, line);
	else if (kind != NULL && strcmp(kind, "authentication") == 0)
		verdict = judge_authentication(&pen, line);
	pen_free(&pen);
	return verdict;
}
