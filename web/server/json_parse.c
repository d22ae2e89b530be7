/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/json_parse.h"

#include "webauthn/utf8.h"

struct parser {
	const uint8_t *p, *end;
	struct arena *arena;
	size_t nodes;
	enum json_fault fault;
};

static struct json_node *parse_value(struct parser *s, unsigned depth);

/* The first fault is the one that counts.  Always false. */
static bool
refuse(struct parser *s, enum json_fault f)
{
	if (s->fault == JSON_SOUND)
		s->fault = f;
	return false;
}

/* The same for what has no node to return. */
static struct json_node *
fail(struct parser *s, enum json_fault f)
{
	(void)refuse(s, f);
	return NULL;
}

static void
skip_space(struct parser *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' ||
				    *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool
take(struct parser *s, uint8_t c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static struct json_node *
node_new(struct parser *s, enum json_type type)
{
	struct json_node *n;

	if (++s->nodes > JSON_NODES_MAX)
		return fail(s, JSON_SYNTAX);
	if ((n = arena_take(s->arena, sizeof(*n))) == NULL)
		return fail(s, JSON_NO_MEMORY);
	*n = (struct json_node){ .type = type };
	return n;
}

/* Four digits of an escape; -1 where they are none. */
static int32_t
hex4(const uint8_t *p, const uint8_t *end)
{
	int32_t v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		uint8_t c = p[i], low = c | 0x20;

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (low >= 'a' && low <= 'f')
			v = v << 4 | (low - 'a' + 10);
		else
			return -1;
	}
	return v;
}

static size_t
put_utf8(uint8_t *out, int32_t c)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* What stands behind "\u"; a pair of surrogates is one character. */
static int32_t
unicode_escape(struct parser *s)
{
	int32_t c = hex4(s->p, s->end), low;

	if (c < 0)
		return -1;
	s->p += 4;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c > 0xdbff || s->end - s->p < 6 || s->p[0] != '\\' ||
	    s->p[1] != 'u' || (low = hex4(s->p + 2, s->end)) < 0xdc00 ||
	    low > 0xdfff)
		return -1;
	s->p += 6;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* What stands behind a backslash, as a character; -1 where it is none. */
static int32_t
escape(struct parser *s)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *known;
	uint8_t c;

	if (s->p == s->end || (c = *s->p++) == '\0')
		return -1;
	if (c == 'u')
		return unicode_escape(s);
	known = strchr(from, c);
	return known == NULL ? -1 : to[known - from];
}

/* How far it is to the closing quote, or to the end of all. */
static size_t
text_length(const struct parser *s, const uint8_t *from)
{
	const uint8_t *p = s->p;

	while (p < s->end && *p != '"')
		p += *p == '\\' && p + 1 < s->end ? 2 : 1;
	return (size_t)(p - from);
}

/* A string with escapes is copied; what it decodes to is never longer. */
static bool
decode(struct parser *s, const uint8_t *from, struct slice *out)
{
	size_t n = (size_t)(s->p - from);
	uint8_t *copy = arena_take(s->arena, text_length(s, from));
	int32_t c;

	if (copy == NULL)
		return refuse(s, JSON_NO_MEMORY);
	memcpy(copy, from, n);
	while (s->p < s->end && *s->p != '"') {
		if (*s->p < 0x20)
			return refuse(s, JSON_SYNTAX);
		if (*s->p != '\\') {
			copy[n++] = *s->p++;
			continue;
		}
		s->p++;
		if ((c = escape(s)) < 0)
			return refuse(s, JSON_SYNTAX);
		if (c == 0)
			return refuse(s, JSON_NO_UTF8);
		n += put_utf8(copy + n, c);
	}
	*out = (struct slice){ copy, n };
	return take(s, '"') || refuse(s, JSON_SYNTAX);
}

/* After the opening quote. */
static bool
parse_text(struct parser *s, struct slice *out)
{
	const uint8_t *from = s->p, *p = from;

	while (p < s->end && *p != '"' && *p != '\\' && *p >= 0x20)
		p++;
	s->p = p;
	if (p < s->end && *p == '\\')
		return decode(s, from, out);
	*out = (struct slice){ from, (size_t)(p - from) };
	return take(s, '"') || refuse(s, JSON_SYNTAX);
}

static struct json_node *
parse_string(struct parser *s)
{
	struct json_node *n = node_new(s, JSON_IS_STRING);

	s->p++;
	return n != NULL && parse_text(s, &n->text) ? n : NULL;
}

static bool
digits(struct parser *s)
{
	const uint8_t *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > from;
}

static struct json_node *
parse_number(struct parser *s)
{
	struct json_node *n = node_new(s, JSON_IS_NUMBER);
	const uint8_t *from = s->p;
	bool good;

	(void)take(s, '-');
	good = take(s, '0') || digits(s);
	if (take(s, '.'))
		good = digits(s) && good;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			(void)take(s, '-');
		good = digits(s) && good;
	}
	if (n == NULL || !good)
		return fail(s, JSON_SYNTAX);
	n->text = (struct slice){ from, (size_t)(s->p - from) };
	return n;
}

static struct json_node *
parse_word(struct parser *s, const char *word, enum json_type type)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return fail(s, JSON_SYNTAX);
	s->p += n;
	return node_new(s, type);
}

/* "key": before a member; false also where the object has that key. */
static bool
parse_key(struct parser *s, const struct json_node *object, struct slice *key)
{
	if (!take(s, '"'))
		return refuse(s, JSON_SYNTAX);
	if (!parse_text(s, key))
		return false;
	for (const struct json_node *m = object->first; m != NULL; m = m->next)
		if (slice_equal(m->key, *key))
			return refuse(s, JSON_DUPLICATE);
	skip_space(s);
	if (!take(s, ':'))
		return refuse(s, JSON_SYNTAX);
	skip_space(s);
	return true;
}

/* The inside of an array or object; the brace was looked at, not taken. */
static struct json_node *
parse_inside(struct parser *s, enum json_type type, unsigned depth)
{
	struct json_node *whole = node_new(s, type), **last, *n;
	const uint8_t *from = s->p++;
	uint8_t brace = type == JSON_IS_OBJECT ? '}' : ']';
	struct slice key = { 0 };

	if (whole == NULL || depth == JSON_DEPTH_MAX)
		return fail(s, JSON_SYNTAX);
	last = &whole->first;
	skip_space(s);
	if (!take(s, brace)) {
		do {
			skip_space(s);
			if (type == JSON_IS_OBJECT &&
			    !parse_key(s, whole, &key))
				return NULL;
			if ((n = parse_value(s, depth + 1)) == NULL)
				return NULL;
			n->key = key;
			*last = n;
			last = &n->next;
			whole->count++;
			skip_space(s);
		} while (take(s, ','));
		if (!take(s, brace))
			return fail(s, JSON_SYNTAX);
	}
	whole->text = (struct slice){ from, (size_t)(s->p - from) };
	return whole;
}

static struct json_node *
parse_value(struct parser *s, unsigned depth)
{
	if (s->p == s->end)
		return fail(s, JSON_SYNTAX);
	switch (*s->p) {
	case '"':
		return parse_string(s);
	case '{':
		return parse_inside(s, JSON_IS_OBJECT, depth);
	case '[':
		return parse_inside(s, JSON_IS_ARRAY, depth);
	case 't':
		return parse_word(s, "true", JSON_IS_TRUE);
	case 'f':
		return parse_word(s, "false", JSON_IS_FALSE);
	case 'n':
		return parse_word(s, "null", JSON_IS_NULL);
	default:
		return parse_number(s);
	}
}

/* Eight bytes at a time: few bodies have anything else in them. */
static bool
is_ascii(struct slice s)
{
	uint64_t any = 0, eight;
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		memcpy(&eight, s.p + i, 8);
		any |= eight;
	}
	for (; i < s.n; i++)
		any |= s.p[i];
	return (any & 0x8080808080808080) == 0;
}

enum json_fault
json_parse(struct slice text, struct arena *a, const struct json_node **root)
{
	struct parser s = { .p = text.p, .end = text.p + text.n, .arena = a };
	const struct json_node *n;

	if (text.n == 0)
		return JSON_SYNTAX;
	/* Once for all of it: below every byte above 127 is part of a text. */
	if (!is_ascii(text) && !wa_utf8_valid(text))
		return JSON_NO_UTF8;
	skip_space(&s);
	n = parse_value(&s, 0);
	skip_space(&s);
	if (n != NULL && s.p < s.end)
		n = fail(&s, JSON_SYNTAX);
	if (n == NULL)
		return s.fault;
	*root = n;
	return JSON_SOUND;
}

const struct json_node *
json_member(const struct json_node *object, const char *name)
{
	const struct json_node *m = object->first;
	struct slice want = slice_of(name);

	while (m != NULL && !slice_equal(m->key, want))
		m = m->next;
	return m;
}
