/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "web/server/json_in.h"
#include "web/server/json_out.h"
#include "web/server/webauthn_json.h"
#include "webauthn/utf8.h"

struct body {
	const char *name, *note;
	struct slice bytes;
	const struct json_node *inner;
	struct json_texts list;
	enum json_in_bool flag;
};

static const struct json_in_field fields[] = {
	{ "name", JSON_IN_TEXT, true, false, 8, offsetof(struct body, name) },
	{ "note", JSON_IN_TEXT, false, true, 8, offsetof(struct body, note) },
	{ "bytes", JSON_IN_BYTES, false, false, 4,
	    offsetof(struct body, bytes) },
	{ "inner", JSON_IN_OBJECT, false, false, 0,
	    offsetof(struct body, inner) },
	{ "list", JSON_IN_TEXTS, false, false, 3, offsetof(struct body, list) },
	{ "flag", JSON_IN_BOOL, false, false, 0, offsetof(struct body, flag) },
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

/* Reads a body that is exactly as long as it is. */
static enum problem
read_bytes(struct slice text, bool open, char field[JSON_IN_FIELD_MAX + 1])
{
	uint8_t *copy = malloc(text.n > 0 ? text.n : 1);
	struct arena a;
	struct json_in in;
	struct body b;
	bool ok;

	assert_non_null(copy);
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	arena_init(&a, NULL, 0);
	ok = json_in_parse(&in, &a, (struct slice){ copy, text.n }) &&
	     json_in_read(&in, in.root, NULL, fields, FIELDS, open, &b);
	assert_int_equal(ok, in.problem == PROBLEM_NONE);
	strcpy(field, in.field);
	arena_free(&a);
	free(copy);
	return in.problem;
}

static const struct {
	const char *text;
	enum problem want;
	const char *field;
} lies[] = {
	{ "{\"name\":\"x\"}", PROBLEM_NONE, "" },
	{ " {\"name\" : \"x\", \"note\":null}\n", PROBLEM_NONE, "" },
	{ "{\"name\":\"12345678\"}", PROBLEM_NONE, "" },
	{ "{\"name\":\"x\",\"bytes\":\"AAAAAA\"}", PROBLEM_NONE, "" },
	{ "{\"name\":\"\\ud83d\\ude00\"}", PROBLEM_NONE, "" },
	{ "", PROBLEM_JSON_MALFORMED, "" },
	{ " ", PROBLEM_JSON_MALFORMED, "" },
	{ "{", PROBLEM_JSON_MALFORMED, "" },
	{ "{}x", PROBLEM_JSON_MALFORMED, "" },
	{ "[]", PROBLEM_JSON_MALFORMED, "" },
	{ "\"x\"", PROBLEM_JSON_MALFORMED, "" },
	{ "null", PROBLEM_JSON_MALFORMED, "" },
	{ "{'name':'x'}", PROBLEM_JSON_MALFORMED, "" },
	{ "{\"name\":\"x\",}", PROBLEM_JSON_MALFORMED, "" },
	{ "{\"name\":01}", PROBLEM_JSON_MALFORMED, "" },
	{ "{\"name\":NaN}", PROBLEM_JSON_MALFORMED, "" },
	{ "{\"name\":\"a\nb\"}", PROBLEM_JSON_MALFORMED, "" },
	{ "{\"name\":\"\\x\"}", PROBLEM_JSON_MALFORMED, "" },
	{ "{\"name\":\"\\ud800\"}", PROBLEM_JSON_MALFORMED, "" },
	{ "{\"name\":\"\\udc00x\"}", PROBLEM_JSON_MALFORMED, "" },
	{ "{/**/}", PROBLEM_JSON_MALFORMED, "" },
	{ "\xef\xbb\xbf{\"name\":\"x\"}", PROBLEM_JSON_MALFORMED, "" },
	{ "{\"name\":\"x\",\"name\":\"x\"}", PROBLEM_JSON_DUPLICATE, "" },
	{ "{\"name\":\"x\",\"n\\u0061me\":\"x\"}", PROBLEM_JSON_DUPLICATE, "" },
	{ "{\"name\":\"x\",\"inner\":{\"a\":1,\"a\":1}}",
	    PROBLEM_JSON_DUPLICATE, "" },
	{ "{\"name\":\"\xff\"}", PROBLEM_UTF8_MALFORMED, "" },
	{ "{\"name\":\"\xc0\x80\"}", PROBLEM_UTF8_MALFORMED, "" },
	{ "{\"name\":\"\xed\xa0\x80\"}", PROBLEM_UTF8_MALFORMED, "" },
	{ "{\"name\":\"\xf4\x90\x80\x80\"}", PROBLEM_UTF8_MALFORMED, "" },
	{ "{\"name\":\"\\u0000\"}", PROBLEM_UTF8_MALFORMED, "" },
	{ "{\"a\\u0000b\":1}", PROBLEM_UTF8_MALFORMED, "" },
	{ "{}", PROBLEM_FIELD_MISSING, "name" },
	{ "{\"name\":null}", PROBLEM_FIELD_TYPE, "name" },
	{ "{\"name\":7}", PROBLEM_FIELD_TYPE, "name" },
	{ "{\"name\":[]}", PROBLEM_FIELD_TYPE, "name" },
	{ "{\"name\":\"x\",\"bytes\":null}", PROBLEM_FIELD_TYPE, "bytes" },
	{ "{\"name\":\"x\",\"inner\":[]}", PROBLEM_FIELD_TYPE, "inner" },
	{ "{\"name\":\"x\",\"list\":[1]}", PROBLEM_FIELD_TYPE, "list" },
	{ "{\"name\":\"x\",\"flag\":\"true\"}", PROBLEM_FIELD_TYPE, "flag" },
	{ "{\"name\":\"123456789\"}", PROBLEM_FIELD_TOO_LONG, "name" },
	{ "{\"name\":\"x\",\"list\":[\"\",\"\",\"\",\"\"]}",
	    PROBLEM_FIELD_TOO_LONG, "list" },
	{ "{\"name\":\"x\",\"bytes\":\"AAAAAAA\"}", PROBLEM_FIELD_TOO_LONG,
	    "bytes" },
	{ "{\"name\":\"x\",\"bytes\":\"AA==\"}", PROBLEM_BASE64URL_MALFORMED,
	    "bytes" },
	{ "{\"name\":\"x\",\"bytes\":\"AB\"}", PROBLEM_BASE64URL_MALFORMED,
	    "bytes" },
	{ "{\"name\":\"x\",\"bytes\":\"A\"}", PROBLEM_BASE64URL_MALFORMED,
	    "bytes" },
	{ "{\"name\":\"x\",\"more\":1}", PROBLEM_FIELD_UNKNOWN, "more" },
	{ "{\"nmae\":\"x\"}", PROBLEM_FIELD_UNKNOWN, "nmae" },
};

static void
names_each_lie(void **state)
{
	char field[JSON_IN_FIELD_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		enum problem p =
		    read_bytes(slice_of(lies[i].text), false, field);

		if (p != lies[i].want)
			fail_msg("%s: %s", lies[i].text, problem_text(p)->code);
		assert_string_equal(field, lies[i].field);
	}
	/* A NUL in the bytes is no end of them. */
	assert_int_equal(
	    read_bytes(
		(struct slice){ (const uint8_t *)"{\"name\":\"x\"}\0", 13 },
		false, field),
	    PROBLEM_JSON_MALFORMED);
	/* An open object may have more. */
	assert_int_equal(
	    read_bytes(slice_of("{\"name\":\"x\",\"more\":1}"), true, field),
	    PROBLEM_NONE);
	/* The name of what is unknown may be long. */
	assert_int_equal(
	    read_bytes(slice_of("{\"name\":\"x\",\"0123456789012345678901234567"
				"890123456789012345678901234567890123456789012"
				"34567890123456789012345678901234567890\":1}"),
		false, field),
	    PROBLEM_FIELD_UNKNOWN);
	assert_int_equal(strlen(field), JSON_IN_FIELD_MAX);
}

static void
depth_is_bounded(void **state)
{
	char field[JSON_IN_FIELD_MAX + 1], text[4096];

	(void)state;
	for (size_t depth = 1; depth < 2000; depth += depth < 20 ? 1 : 97) {
		size_t n = 0;
		bool fits = depth + 1 <= JSON_DEPTH_MAX;

		n += (size_t)sprintf(text, "{\"name\":\"x\",\"y\":");
		memset(text + n, '[', depth);
		memset(text + n + depth, ']', depth);
		n += 2 * depth;
		text[n++] = '}';
		assert_int_equal(
		    read_bytes(
			(struct slice){ (uint8_t *)text, n }, true, field),
		    fits ? PROBLEM_NONE : PROBLEM_JSON_MALFORMED);
	}
	/* Braces in strings are no depth; quotes in them may be escaped. */
	strcpy(text, "{\"name\":\"x\",\"y\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[\"}");
	assert_int_equal(read_bytes(slice_of(text), true, field), PROBLEM_NONE);
}

static void
writes_what_a_parser_reads(void **state)
{
	static const uint8_t bytes[] = { 0xfb, 0xff, 0xbf };
	struct json_out o;
	struct arena a;

	(void)state;
	arena_init(&a, NULL, 0);
	json_out_init(&o, &a, 1); /* grows */
	json_out_object(&o, NULL);
	json_out_text(&o, "t", "a\"\\\n\x01</script>\x7f\xe3\x81\x84");
	json_out_word(&o, "w", "x");
	json_out_bool(&o, "y", true);
	json_out_bool(&o, "n", false);
	json_out_int(&o, "i", INT64_MIN);
	json_out_int(&o, "z", 0);
	json_out_bytes(&o, "b", (struct slice){ bytes, 3 });
	json_out_bytes(&o, "e", (struct slice){ bytes, 0 });
	json_out_time(&o, "at", 951782400125);
	json_out_array(&o, "l");
	json_out_int(&o, NULL, 1);
	json_out_object(&o, NULL);
	json_out_object_end(&o);
	json_out_array_end(&o);
	json_out_raw(&o, "r", slice_of("[1]"));
	json_out_object_end(&o);
	assert_false(o.failed);
	assert_int_equal(o.depth, 0);
	assert_true(slice_equal((struct slice){ (uint8_t *)o.p, o.n },
	    slice_of("{\"t\":\"a\\\"\\\\\\u000a\\u0001\\u003c/script>\\u007f"
		     "\xe3\x81\x84\",\"w\":\"x\",\"y\":true,\"n\":false,"
		     "\"i\":-9223372036854775808,\"z\":0,\"b\":\"-_-_\","
		     "\"e\":\"\",\"at\":\"2000-02-29T00:00:00.125Z\","
		     "\"l\":[1,{}],\"r\":[1]}")));
	arena_free(&a);
}

static void
nesting_and_size_have_an_end(void **state)
{
	static char big[1 << 20];
	struct json_out o;
	struct arena a;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	arena_init(&a, NULL, 0);
	json_out_init(&o, &a, 16);
	for (int i = 0; i < JSON_OUT_DEPTH; i++)
		json_out_array(&o, NULL);
	assert_true(o.failed);
	json_out_init(&o, &a, 16);
	json_out_array(&o, NULL);
	for (int i = 0; i < 5; i++)
		json_out_text(&o, NULL, big);
	assert_true(o.failed);
	json_out_init(&o, &a, 16);
	json_out_array(&o, NULL);
	json_out_array_end(&o);
	json_out_array_end(&o);
	assert_true(o.failed);
	arena_free(&a);
}

static void
times_are_written_as_rfc_3339_has_them(void **state)
{
	static const struct {
		store_time t;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ -1, "1970-01-01T00:00:00.000Z" },
		{ 999, "1970-01-01T00:00:00.999Z" },
		{ 86399999, "1970-01-01T23:59:59.999Z" },
		{ 68169600000, "1972-02-29T00:00:00.000Z" },
		{ 1709164800000, "2024-02-29T00:00:00.000Z" },
		{ 1735689599999, "2024-12-31T23:59:59.999Z" },
		{ 4107542399000, "2100-02-28T23:59:59.000Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
	};
	char text[WEB_TIME_TEXT + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		web_time_write(rows[i].t, text);
		assert_string_equal(text, rows[i].text);
	}
}

static const struct {
	const char *text;
	enum problem want;
	const char *field;
} credentials[] = {
	{ "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\","
	  "\"response\":{\"clientDataJSON\":\"AQ\",\"authenticatorData\":"
	  "\"Ag\",\"signature\":\"Aw\",\"userHandle\":\"BA\",\"new\":[{}]},"
	  "\"clientExtensionResults\":{},\"authenticatorAttachment\":null}",
	    PROBLEM_NONE, "" },
	{ "{\"id\":\"AQID\",\"type\":\"public-key\",\"response\":"
	  "{\"clientDataJSON\":\"AQ\",\"authenticatorData\":\"Ag\","
	  "\"signature\":\"Aw\",\"userHandle\":null}}",
	    PROBLEM_NONE, "" },
	{ "{\"id\":\"AQID\",\"rawId\":\"AQIE\",\"type\":\"public-key\","
	  "\"response\":{}}",
	    PROBLEM_CREDENTIAL_MALFORMED, "c.rawId" },
	{ "{\"id\":\"\",\"type\":\"public-key\",\"response\":{}}",
	    PROBLEM_CREDENTIAL_MALFORMED, "c.id" },
	{ "{\"id\":\"AQID\",\"type\":\"password\",\"response\":{}}",
	    PROBLEM_CREDENTIAL_MALFORMED, "c.type" },
	{ "{\"id\":\"AQ+D\",\"type\":\"public-key\",\"response\":{}}",
	    PROBLEM_BASE64URL_MALFORMED, "c.id" },
	{ "{\"id\":\"AQID\",\"type\":\"public-key\"}", PROBLEM_FIELD_MISSING,
	    "c.response" },
	{ "{\"id\":\"AQID\",\"type\":\"public-key\",\"response\":{}}",
	    PROBLEM_FIELD_MISSING, "c.response.clientDataJSON" },
	{ "{\"id\":\"AQID\",\"type\":\"public-key\",\"response\":"
	  "{\"clientDataJSON\":\"AQ\",\"authenticatorData\":\"Ag\","
	  "\"signature\":\"=\"}}",
	    PROBLEM_BASE64URL_MALFORMED, "c.response.signature" },
	{ "{\"id\":\"AQID\",\"type\":\"public-key\",\"response\":[]}",
	    PROBLEM_FIELD_TYPE, "c.response" },
};

static void
credentials_are_read_as_browsers_make_them(void **state)
{
	struct wa_assertion got;
	struct json_in in;
	struct arena a;

	(void)state;
	for (size_t i = 0; i < sizeof(credentials) / sizeof(*credentials);
	     i++) {
		bool ok;

		arena_init(&a, NULL, 0);
		assert_true(
		    json_in_parse(&in, &a, slice_of(credentials[i].text)));
		ok = webauthn_json_assertion(&in, in.root, "c", &got);
		if (in.problem != credentials[i].want)
			fail_msg("%s: %s", credentials[i].text,
			    problem_text(in.problem)->code);
		assert_int_equal(ok, in.problem == PROBLEM_NONE);
		assert_string_equal(in.field, credentials[i].field);
		if (ok) {
			assert_int_equal(got.credential_id.n, 3);
			assert_int_equal(got.user_handle.n, i == 0);
		}
		arena_free(&a);
	}
}

static void
transports_that_nobody_knows_are_dropped(void **state)
{
	static const char text[] =
	    "{\"id\":\"AQID\",\"type\":\"public-key\",\"response\":"
	    "{\"clientDataJSON\":\"AQ\",\"attestationObject\":\"Ag\","
	    "\"transports\":[\"internal\",\"hybrid\",\"telepathy\"]}}";
	struct rp_new_passkey got = { 0 };
	struct json_in in;
	struct arena a;

	(void)state;
	arena_init(&a, NULL, 0);
	assert_true(json_in_parse(&in, &a, slice_of(text)));
	assert_true(webauthn_json_registration(&in, in.root, NULL, &got));
	assert_int_equal(
	    got.transports, STORE_TRANSPORT_INTERNAL | STORE_TRANSPORT_HYBRID);
	arena_free(&a);
}

/* However long the member is that is named, what is said of it is UTF-8. */
static void
names_are_cut_between_characters(void **state)
{
	static const char *const letters[] = { "x", "\xc3\xa4", "\xe3\x81\x84",
		"\xf0\x9f\x94\x91" };

	(void)state;
	for (size_t l = 0; l < sizeof(letters) / sizeof(*letters); l++)
		for (size_t before = 0; before < 4; before++) {
			char text[1024] = "{\"xxxx",
			     field[JSON_IN_FIELD_MAX + 1];

			text[2 + before] = '\0';
			for (int i = 0; i < 100; i++)
				strcat(text, letters[l]);
			strcat(text, "\":1,\"name\":\"n\"}");
			assert_int_equal(
			    read_bytes(slice_of(text), false, field),
			    PROBLEM_FIELD_UNKNOWN);
			assert_true(strlen(field) > JSON_IN_FIELD_MAX - 4);
			assert_true(wa_utf8_valid(slice_of(field)));
		}
}

/* Tokens were in it: the next request does not get them. */
static void
memory_is_wiped_when_it_is_given_back(void **state)
{
	static uint8_t room[4096], nothing[4096];
	struct arena a;

	(void)state;
	arena_init(&a, room, sizeof(room));
	for (size_t n = 1; n < 20000; n *= 3)
		memset(arena_take(&a, n), 'x', n);
	assert_non_null(a.more);
	assert_memory_not_equal(room, nothing, sizeof(room));
	arena_free(&a);
	assert_memory_equal(room, nothing, sizeof(room));
	/* With nothing taken there is nothing to do. */
	arena_init(&a, NULL, 0);
	arena_free(&a);
}

/* A string with escapes takes as much as it is long, whatever stands behind. */
static void
strings_take_what_they_need(void **state)
{
	enum { BODY = 131072, STRINGS = 1000, EACH = 130 };
	static char body[BODY + 1], room[2 * BODY + STRINGS * 128];
	const struct json_node *root;
	struct arena a;
	size_t n = 1;

	(void)state;
	memset(body, ' ', BODY);
	body[0] = '[';
	for (int i = 0; i < STRINGS; i++) {
		memset(body + n, 'x', EACH);
		memcpy(body + n, "\"\\n", 3);
		memcpy(body + n + EACH - 2, "\",", 2);
		n += EACH;
	}
	body[n - 1] = ' ';
	body[BODY - 1] = ']';
	arena_init(&a, room, sizeof(room));
	assert_int_equal(json_parse(slice_of(body), &a, &root), JSON_SOUND);
	assert_int_equal(root->count, STRINGS);
	assert_int_equal(root->first->text.n, EACH - 4);
	assert_null(a.more);
	arena_free(&a);
}

/* A quote that is escaped, or a backslash that is, before the end of all. */
static void
strings_that_do_not_end_are_no_json(void **state)
{
	static const char *const texts[] = { "\"\\", "\"\\\"", "\"\\n",
		"\"\\\\", "\"\\\\\\\"", "\"\\u00" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t n = strlen(texts[i]);
		uint8_t *copy = malloc(n);
		const struct json_node *root;
		struct arena a;

		assert_non_null(copy);
		memcpy(copy, texts[i], n);
		arena_init(&a, NULL, 0);
		assert_int_equal(
		    json_parse((struct slice){ copy, n }, &a, &root),
		    JSON_SYNTAX);
		arena_free(&a);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_each_lie),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(memory_is_wiped_when_it_is_given_back),
		cmocka_unit_test(names_are_cut_between_characters),
		cmocka_unit_test(strings_take_what_they_need),
		cmocka_unit_test(strings_that_do_not_end_are_no_json),
		cmocka_unit_test(writes_what_a_parser_reads),
		cmocka_unit_test(nesting_and_size_have_an_end),
		cmocka_unit_test(times_are_written_as_rfc_3339_has_them),
		cmocka_unit_test(credentials_are_read_as_browsers_make_them),
		cmocka_unit_test(transports_that_nobody_knows_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
