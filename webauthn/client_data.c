/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/client_data.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "webauthn/b64url.h"
#include "webauthn/json.h"

/*
 * Numbers in comments are steps of WebAuthn L3, editor's draft of 2026-07-30:
 * of section 7.1, then of section 7.2.
 */

static bool
listed(const char *const *list, const char *s)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
		if (strcmp(list[i], s) == 0)
			return true;
	}
	return false;
}

/* 8 and 11.  The text must be the one encoding of our bytes. */
static enum wa_verdict
judge_challenge(const char *sent, struct slice challenge)
{
	const size_t size = WA_B64URL_SIZE(challenge.n);
	enum wa_verdict v = WA_CHALLENGE;
	char *own = NULL;

	if (sent == NULL || challenge.n == 0 || strlen(sent) + 1 != size)
		return WA_CHALLENGE;
	if ((own = malloc(size)) == NULL)
		return WA_FAULT;
	if (wa_b64url_encode(challenge, own, size) &&
	    CRYPTO_memcmp(sent, own, size - 1) == 0)
		v = WA_OK;
	free(own);
	return v;
}

/* 10, 11 and 13, 14. */
static enum wa_verdict
judge_framing(const json_t *cd, const struct wa_expectation *want)
{
	const json_t *crossed = json_object_get(cd, "crossOrigin");
	const json_t *top = json_object_get(cd, "topOrigin");

	if (json_is_null(top))
		top = NULL;
	if (crossed != NULL && !json_is_boolean(crossed) &&
	    !json_is_null(crossed))
		return WA_CLIENT_DATA_FORM;
	if ((json_is_true(crossed) || top != NULL) && !want->allow_cross_origin)
		return WA_CROSS_ORIGIN;
	if (top != NULL &&
	    (!json_is_string(top) ||
		!listed(want->top_origins, json_string_value(top))))
		return WA_TOP_ORIGIN;
	return WA_OK;
}

/*
 * L2 5.8.1: an object with a status of three, and an id with "present"; a
 * text in the drafts before.  L3 gave token binding up, and no server of ours
 * ever negotiated it, so there is no state to compare it with.
 */
static enum wa_verdict
judge_token_binding(const json_t *cd)
{
	static const char *const statuses[] = { "present", "supported",
		"not-supported", NULL };
	const json_t *binding = json_object_get(cd, "tokenBinding");
	const char *status;

	if (binding == NULL || json_is_null(binding) || json_is_string(binding))
		return WA_OK;
	status = json_string_value(json_object_get(binding, "status"));
	if (status == NULL || !listed(statuses, status) ||
	    (strcmp(status, "present") == 0 &&
		!json_is_string(json_object_get(binding, "id"))))
		return WA_TOKEN_BINDING;
	return WA_OK;
}

static enum wa_verdict
judge_members(
    const json_t *cd, const char *type, const struct wa_expectation *want)
{
	const char *sent_type = json_string_value(json_object_get(cd, "type"));
	const char *from = json_string_value(json_object_get(cd, "origin"));
	enum wa_verdict v;

	if (sent_type == NULL || strcmp(sent_type, type) != 0) /* 7, 10 */
		return WA_TYPE;
	if ((v = judge_challenge(
		 json_string_value(json_object_get(cd, "challenge")),
		 want->challenge)) != WA_OK)
		return v;
	if (from == NULL || !listed(want->origins, from)) /* 9, 12 */
		return WA_ORIGIN;
	if ((v = judge_framing(cd, want)) != WA_OK)
		return v;
	return judge_token_binding(cd);
}

static bool
take(struct cursor *c, const char *s)
{
	const struct slice want = slice_of(s);

	return slice_equal(cursor_take(c, want.n), want);
}

/* The origin stands between quotes in JSON as it is: nothing to escape. */
static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s < ' ' || *s > '~' || *s == '"' || *s == '\\')
			return false;
	}
	return true;
}

/*
 * L3 5.8.1.2, the limited verification algorithm: browsers serialize client
 * data in one way only, so text that is byte for byte what we expect needs no
 * parser.  Says nothing of any other text: that goes the long way.
 */
static bool
is_as_serialized(
    struct slice json, const char *type, const struct wa_expectation *want)
{
	char challenge[WA_B64URL_SIZE(64)];

	if (want->challenge.n == 0 ||
	    !wa_b64url_encode(want->challenge, challenge, sizeof(challenge)))
		return false;
	for (size_t i = 0; want->origins[i] != NULL; i++) {
		struct cursor c = cursor_over(json);

		if (is_plain(want->origins[i]) && take(&c, "{\"type\":\"") &&
		    take(&c, type) && take(&c, "\",\"challenge\":\"") &&
		    take(&c, challenge) && take(&c, "\",\"origin\":\"") &&
		    take(&c, want->origins[i]) &&
		    take(&c, "\",\"crossOrigin\":false}") &&
		    cursor_finished(&c))
			return true;
	}
	return false;
}

enum wa_verdict
wa_client_data_judge(
    struct slice json, const char *type, const struct wa_expectation *want)
{
	enum wa_verdict v = WA_CLIENT_DATA_FORM;
	json_t *cd = NULL;
	json_error_t error = { 0 };

	if (is_as_serialized(json, type, want))
		return WA_OK;
	if (json.n == 0 || !wa_json_is_short(json))
		return WA_CLIENT_DATA_FORM;
	/* 5, 8: UTF-8 decode takes a byte order mark off. */
	if (json.n >= 3 && memcmp(json.p, "\xef\xbb\xbf", 3) == 0)
		json = (struct slice){ json.p + 3, json.n - 3 };

	cd = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES,
	    &error); /* 6, 9 */
	if (cd == NULL && wa_json_starved(&error))
		return WA_FAULT;
	if (json_is_object(cd))
		v = judge_members(cd, type, want);
	json_decref(cd);
	return v;
}
