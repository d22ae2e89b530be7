/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Target functions: json_parse(), webauthn_json_assertion(),
 * webauthn_json_registration().  jansson is the referee of the first.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include <jansson.h>

#include "web/server/webauthn_json.h"

/*
 * Whether our own limits may be why a text was refused; or a NUL, which
 * jansson passes over behind a word.
 */
static bool
may_differ(const uint8_t *p, size_t n)
{
	size_t braces = 0;

	for (size_t i = 0; i < n; i++)
		braces += p[i] == '[' || p[i] == '{';
	return braces > JSON_DEPTH_MAX || n > JSON_NODES_MAX ||
	       (n > 0 && memchr(p, 0, n) != NULL);
}

static void
ask_the_referee(const uint8_t *p, size_t n, enum json_fault ours)
{
	json_error_t e;
	json_t *theirs = json_loadb(n > 0 ? (const char *)p : "", n,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);

	/* Only jansson minds how large a number is. */
	if (ours == JSON_SOUND && theirs == NULL &&
	    json_error_code(&e) != json_error_numeric_overflow)
		abort();
	if (ours != JSON_SOUND && theirs != NULL && !may_differ(p, n))
		abort();
	json_decref(theirs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct rp_new_passkey registration = { 0 };
	const struct json_node *root;
	struct wa_assertion assertion;
	struct json_in in;
	struct arena a;

	arena_init(&a, NULL, 0);
	ask_the_referee(p, n, json_parse((struct slice){ p, n }, &a, &root));
	if (!json_in_parse(&in, &a, (struct slice){ p, n })) {
		if (in.problem == PROBLEM_NONE)
			abort();
	} else {
		(void)webauthn_json_registration(
		    &in, in.root, "credential", &registration);
		if (!webauthn_json_assertion(
			&in, in.root, "credential", &assertion) &&
		    in.problem == PROBLEM_NONE)
			abort();
	}
	arena_free(&a);
	return 0;
}
