/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/verify.h"
#include "webauthn/algorithm.h"

/*
 * Runs the corpora through `itsumo verify`.  generated.jsonl lies in
 * tests/corpus.  samples.jsonl may not be passed on, so it is used where it is
 * at hand: in the folder that ITSUMO_CORPUS names, or in shared/corpus beside
 * the source tree.
 */

/*
 * Verdicts of ours that say the same as a reason of the corpus.  A reason
 * that is not here fails the test: the table grows with the corpus.
 */
static const struct {
	const char *reason, *verdicts[4];
} kinds[] = {
	{ "ALG_NOT_REQUESTED", { "algorithm-not-offered" } },
	{ "ALG_UNSUPPORTED", { "algorithm-unsupported" } },
	{ "ANDROID_ALL_APPLICATIONS", { "android-all-applications" } },
	{ "ANDROID_EXT_MISSING", { "android-extension" } },
	{ "ANDROID_ORIGIN", { "android-origin" } },
	{ "ANDROID_PURPOSE", { "android-purpose" } },
	{ "APPLE_NONCE_MISMATCH", { "apple-nonce" } },
	{ "ATTOBJ_BAD", { "attestation-object-form" } },
	{ "ATTOBJ_BAD_CBOR", { "attestation-object-form", "cbor-form" } },
	{ "ATTOBJ_TRAILING", { "attestation-object-form" } },
	{ "ATTSTMT_BAD", { "attestation-statement-form" } },
	{ "ATT_SIG_INVALID", { "attestation-signature" } },
	{ "AUTHDATA_TRAILING", { "authdata-form" } },
	{ "AUTHDATA_TRUNCATED", { "authdata-form" } },
	{ "BAD_BASE64URL", { "base64url", "envelope-form" } },
	{ "BE_CHANGED", { "backup-eligibility-changed" } },
	{ "BS_WITHOUT_BE", { "backup-flags" } },
	{ "CBOR_DUPLICATE_KEY", { "cbor-form" } },
	{ "CBOR_NON_CANONICAL", { "cbor-form" } },
	{ "CERT_KEY_MISMATCH", { "certificate-key" } },
	{ "CHALLENGE_MISMATCH", { "challenge" } },
	{ "CLIENTDATA_BAD_JSON", { "client-data-form" } },
	{ "COSE_KEY_BAD", { "key-form" } },
	{ "CREDID_MISMATCH", { "credential-id" } },
	{ "CROSS_ORIGIN_NOT_ALLOWED", { "cross-origin" } },
	{ "ENVELOPE_BAD", { "envelope-form" } },
	{ "FMT_UNKNOWN", { "attestation-format" } },
	{ "NONE_STMT_NOT_EMPTY", { "attestation-statement-form" } },
	{ "ORIGIN_MISMATCH", { "origin" } },
	{ "PACKED_AAGUID_EXT_CRITICAL", { "certificate-aaguid" } },
	{ "PACKED_AAGUID_EXT_MISMATCH", { "certificate-aaguid" } },
	{ "PACKED_CERT_BAD", { "certificate-rules" } },
	{ "POLICY_SELF_NOT_ACCEPTED", { "self-refused" } },
	{ "RPID_HASH_MISMATCH", { "rp-id-hash" } },
	{ "SAFETYNET_CTS", { "safetynet-device" } },
	{ "SIGN_COUNT_REGRESSION", { "sign-count" } },
	{ "SIG_INVALID", { "signature" } },
	{ "TOP_ORIGIN_MISMATCH", { "top-origin" } },
	{ "TPM_CERT_BAD", { "tpm-certificate", "tpm-manufacturer" } },
	{ "TPM_EXTRADATA_MISMATCH", { "tpm-extra-data" } },
	{ "TPM_NAME_MISMATCH", { "tpm-name" } },
	{ "TPM_PUBAREA_BAD", { "tpm-public-area" } },
	{ "TPM_PUBAREA_MISMATCH", { "tpm-key" } },
	{ "TPM_VER_BAD", { "tpm-version" } },
	{ "TRUST_PATH_INVALID", { "trust-path" } },
	{ "U2F_CERT_KEY", { "certificate-key" } },
	{ "U2F_X5C_COUNT", { "certificate-count" } },
	{ "UP_MISSING", { "user-absent" } },
	{ "USER_HANDLE_MISSING", { "user-handle-missing" } },
	{ "UV_MISSING", { "user-unverified" } },
	{ "X5C_BAD", { "certificate-form" } },
};

/* A feature that the corpus calls optional, and we or this OpenSSL lack. */
static bool
lacks_feature(const json_t *row)
{
	const json_t *features = json_object_get(row, "optional_feature");

	for (size_t i = 0; i < json_array_size(features); i++) {
		const char *f = json_string_value(json_array_get(features, i));

		if (f != NULL && strncmp(f, "alg:", 4) == 0 &&
		    !wa_algorithm_usable(atoi(f + 4)))
			return true;
	}
	return false;
}

static bool
same_kind(const char *reason, const char *verdict)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].reason, reason) != 0)
			continue;
		for (size_t k = 0; k < 4 && kinds[i].verdicts[k] != NULL; k++) {
			if (strcmp(kinds[i].verdicts[k], verdict) == 0)
				return true;
		}
	}
	return false;
}

static bool
as_expected(const json_t *row, const char *verdict)
{
	const char *expect = json_string_value(json_object_get(row, "expect"));
	const char *reason =
	    json_string_value(json_object_get(row, "reason_code"));

	/* What is not there is refused by name, whatever else is wrong. */
	if (lacks_feature(row) && strcmp(verdict, "algorithm-unsupported") == 0)
		return true;
	if (strcmp(expect, "accept") == 0)
		return strcmp(verdict, "ok") == 0;
	return same_kind(reason, verdict);
}

/* Judges each line of in; tells how many there were and how many differed. */
static void
run_corpus(FILE *in, size_t *count, size_t *wrong)
{
	char *answers = NULL, *line = NULL, *at;
	size_t size = 0, room = 0;
	FILE *out = open_memstream(&answers, &size);

	assert_non_null(out);
	assert_int_equal(web_verify(in, out), 0);
	fclose(out);
	rewind(in);
	at = answers;
	while (getline(&line, &room, in) > 0) {
		char *end = strchr(at, '\n');
		json_t *row = json_loads(line, 0, NULL);
		json_t *answer;
		const char *verdict, *id;

		assert_non_null(row);
		assert_non_null(end);
		answer = json_loadb(at, (size_t)(end - at), 0, NULL);
		id = json_string_value(json_object_get(answer, "id"));
		verdict = json_string_value(json_object_get(answer, "verdict"));
		assert_string_equal(
		    id, json_string_value(json_object_get(row, "id")));
		(*count)++;
		if (!as_expected(row, verdict)) {
			print_message("# %s: %s\n", id, verdict);
			(*wrong)++;
		}
		json_decref(row);
		json_decref(answer);
		at = end + 1;
	}
	assert_string_equal(at, "");
	free(line);
	free(answers);
}

static FILE *
open_in(const char *folder, const char *rest)
{
	char path[4096];

	if (folder == NULL)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", folder, rest);
	return fopen(path, "r");
}

static void
generated_cases_come_out_as_expected(void **state)
{
	FILE *in =
	    open_in(getenv("ITSUMO_SOURCE"), "tests/corpus/generated.jsonl");
	size_t count = 0, wrong = 0;

	(void)state;
	assert_non_null(in);
	run_corpus(in, &count, &wrong);
	fclose(in);
	assert_int_equal(count, 167);
	assert_int_equal(wrong, 0);
}

static void
samples_come_out_as_expected(void **state)
{
	FILE *in = open_in(getenv("ITSUMO_CORPUS"), "samples.jsonl");
	size_t count = 0, wrong = 0;

	(void)state;
	if (in == NULL)
		in = open_in(
		    getenv("ITSUMO_SOURCE"), "../shared/corpus/samples.jsonl");
	if (in == NULL) {
		/* cmocka's skip() is "not ok" in TAP. */
		print_message("# samples.jsonl is not at hand: "
			      "ITSUMO_CORPUS names no folder that has it\n");
		return;
	}
	run_corpus(in, &count, &wrong);
	fclose(in);
	assert_int_equal(count, 153);
	assert_int_equal(wrong, 0);
}

/* Lines that are no cases get verdicts, too, and the next is read. */
static void
bad_lines_get_verdicts(void **state)
{
	static const struct {
		const char *line, *answer;
	} lines[] = {
		{ "{", "{\"id\":null,\"verdict\":\"line-form\"}\n" },
		{ "[]", "{\"id\":null,\"verdict\":\"line-form\"}\n" },
		{ "\xff", "{\"id\":null,\"verdict\":\"line-form\"}\n" },
		{ "{\"id\":\"a\"}",
		    "{\"id\":\"a\",\"verdict\":\"line-form\"}\n" },
		{ "{\"id\":7}", "{\"id\":null,\"verdict\":\"line-form\"}\n" },
		{ "{\"id\":\"q\\\"\\u3042\",\"kind\":\"other\"}",
		    "{\"id\":\"q\\\"\xe3\x81\x82\",\"verdict\":\"line-form\"}"
		    "\n" },
		{ "{\"id\":\"a\",\"id\":\"b\"}",
		    "{\"id\":null,\"verdict\":\"line-form\"}\n" },
		{ "{\"id\":\"r\",\"kind\":\"registration\"}",
		    "{\"id\":\"r\",\"verdict\":\"line-form\"}\n" },
		{ "{\"id\":\"r\",\"kind\":\"registration\",\"options\":7,"
		  "\"response\":[]}",
		    "{\"id\":\"r\",\"verdict\":\"line-form\"}\n" },
		{ "{\"id\":\"s\",\"kind\":\"authentication\"}",
		    "{\"id\":\"s\",\"verdict\":\"line-form\"}\n" },
		{ "", "" },
		{ "  \r", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char input[512], *got = NULL;
		size_t size = 0;
		FILE *in, *out = open_memstream(&got, &size);

		snprintf(input, sizeof(input), "%s\n", lines[i].line);
		in = fmemopen(input, strlen(input), "r");
		assert_non_null(in);
		assert_int_equal(web_verify(in, out), 0);
		fclose(in);
		fclose(out);
		assert_string_equal(got, lines[i].answer);
		free(got);
	}
}

static void
a_long_line_is_passed_over(void **state)
{
	const size_t n = (1 << 20) + 9;
	char *input = malloc(n + 4), *got = NULL;
	size_t size = 0;
	FILE *in, *out = open_memstream(&got, &size);

	(void)state;
	assert_non_null(input);
	memset(input, ' ', n);
	memcpy(input + n, "\n{}\n", 4);
	in = fmemopen(input, n + 4, "r");
	assert_non_null(in);
	assert_int_equal(web_verify(in, out), 0);
	fclose(in);
	fclose(out);
	assert_string_equal(got, "{\"id\":null,\"verdict\":\"line-long\"}\n"
				 "{\"id\":null,\"verdict\":\"line-form\"}\n");
	free(got);
	free(input);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generated_cases_come_out_as_expected),
		cmocka_unit_test(samples_come_out_as_expected),
		cmocka_unit_test(bad_lines_get_verdicts),
		cmocka_unit_test(a_long_line_is_passed_over),
	};

	return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
