/* SPDX-License-Identifier: Apache-2.0 */
#include "web/verify.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

#include "web/verify_case.h"
#include "webauthn/json.h"
#include "webauthn/verdict.h"

/* The longest case of the corpus has some 30 kB. */
#define LINE_MAX_BYTES (1 << 20)

/*
 * Reads a line into at, without its end.  Returns its length, -1 at the end
 * of the input; *too_long where the rest of it was passed over.
 */
static long
read_line(FILE *in, char *at, bool *too_long)
{
	long n = 0;
	int c;

	*too_long = false;
	while ((c = getc(in)) != EOF && c != '\n') {
		if (n == LINE_MAX_BYTES)
			*too_long = true;
		else
			at[n++] = (char)c;
	}
	return c == EOF && n == 0 ? -1 : n;
}

static bool
is_blank(const char *at, long n)
{
	for (long i = 0; i < n; i++) {
		if (at[i] != ' ' && at[i] != '\t' && at[i] != '\r')
			return false;
	}
	return true;
}

static bool
print_verdict(FILE *out, const json_t *id, const char *verdict)
{
	char *text = json_is_string(id)
			 ? json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT)
			 : NULL;
	bool ok;

	/* A verdict over nobody knows whom is none. */
	if (text == NULL && json_is_string(id))
		verdict = wa_verdict_name(WA_FAULT);
	ok = fprintf(out, "{\"id\":%s,\"verdict\":\"%s\"}\n",
		 text != NULL ? text : "null", verdict) > 0;
	free(text);
	return ok;
}

static bool
judge_line(const char *at, long n, bool too_long, FILE *out)
{
	const char *verdict = too_long ? "line-long" : "line-form";
	json_error_t error = { 0 };
	json_t *line = NULL;
	bool ok;

	if (!too_long) {
		line =
		    json_loadb(at, (size_t)n, JSON_REJECT_DUPLICATES, &error);
		if (json_is_object(line))
			verdict = web_verify_case(line);
		else if (line == NULL && wa_json_starved(&error))
			verdict = wa_verdict_name(WA_FAULT);
	}
	ok = print_verdict(out, json_object_get(line, "id"), verdict);
	json_decref(line);
	return ok;
}

int
web_verify(FILE *in, FILE *out)
{
	char *at = malloc(LINE_MAX_BYTES);
	bool ok = at != NULL, too_long;
	long n;

	while (ok && (n = read_line(in, at, &too_long)) >= 0) {
		if (too_long || !is_blank(at, n))
			ok = judge_line(at, n, too_long, out);
	}
	free(at);
	return ok && !ferror(in) && fflush(out) == 0 ? 0 : 1;
}
