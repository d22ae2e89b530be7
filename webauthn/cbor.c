/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/cbor.h"

#include "webauthn/utf8.h"

/* Keys that a map out of order may have, and the comparisons of keys that
 * one walk may spend on all such maps. */
#define UNSORTED_MAX 32
#define COMPARISONS_MAX 512

struct walk {
	struct cursor *c;
	uint64_t owed; /* items that open containers still declare */
	unsigned items; /* seen so far */
	unsigned comparisons;
};

static void
refuse(struct walk *w)
{
	w->c->bad = true;
	w->c->malformed = true;
}

/* Reads a header; false, and a bad cursor, where it is not allowed. */
static bool
read_head(struct cursor *c, unsigned *major, uint64_t *arg)
{
	const unsigned head = (unsigned)cursor_be(c, 1);
	const unsigned info = head & 31;

	*major = head >> 5;
	*arg = info;
	if (info >= 24 && info <= 27) {
		*arg = cursor_be(c, (size_t)1 << (info - 24));
		/* RFC 8949 4.2.1: the shortest form, and no other. */
		if (!c->bad &&
		    *arg < (info == 24 ? 24 : 1ull << (4u << (info - 24))))
			c->malformed = true;
	} else if (info > 27) {
		c->malformed = !c->bad; /* reserved, or indefinite */
	}
	/* Tags, floating point and unassigned simple values. */
	if (!c->bad &&
	    (*major == WA_CBOR_TAG ||
		(*major == WA_CBOR_SIMPLE &&
		    (info < WA_CBOR_FALSE || info > WA_CBOR_UNDEFINED))))
		c->malformed = true;
	if (c->malformed)
		c->bad = true;
	return !c->bad;
}

/* By type, then shorter keys first, then byte by byte. */
int
wa_cbor_compare_keys(struct slice a, struct slice b)
{
	if (a.p[0] >> 5 != b.p[0] >> 5)
		return a.p[0] >> 5 < b.p[0] >> 5 ? -1 : 1;
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return memcmp(a.p, b.p, a.n);
}

/* A length is compared in 64 bits: size_t may have 32. */
static struct slice
take_string(struct cursor *c, uint64_t length)
{
	if (length > c->rest.n)
		c->bad = true;
	return cursor_take(c, (size_t)length);
}

static void walk_item(struct walk *w, unsigned depth);

/* Whether key stands among the count keys before it. */
static bool
repeats(
    struct walk *w, const struct slice *keys, size_t count, struct slice key)
{
	w->comparisons += (unsigned)count;
	if (count >= UNSORTED_MAX || w->comparisons > COMPARISONS_MAX)
		return true;
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(keys[i], key))
			return true;
	}
	return false;
}

/*
 * Keys in rising order cannot repeat.  From the first that falls out of order
 * each is compared with all before it, and that is paid for from a small
 * purse, so that no input makes the walk quadratic.
 */
static void
walk_map(struct walk *w, uint64_t pairs, unsigned depth)
{
	struct slice keys[UNSORTED_MAX], last = { 0 };
	bool rising = true;

	for (uint64_t i = 0; i < pairs && !w->c->bad; i++) {
		const struct slice from = w->c->rest;
		struct slice key;

		walk_item(w, depth);
		if (w->c->bad)
			return;
		key = (struct slice){ from.p, from.n - w->c->rest.n };
		rising =
		    rising && (i == 0 || wa_cbor_compare_keys(last, key) < 0);
		if (!rising && repeats(w, keys, (size_t)i, key)) {
			refuse(w);
			return;
		}
		if (i < UNSORTED_MAX)
			keys[i] = key;
		last = key;
		walk_item(w, depth);
	}
}

static void
walk_item(struct walk *w, unsigned depth)
{
	struct cursor *c = w->c;
	unsigned major;
	uint64_t arg;

	if (!read_head(c, &major, &arg))
		return;
	w->owed--;
	if (++w->items > WA_CBOR_ITEMS_MAX || depth > WA_CBOR_DEPTH_MAX) {
		refuse(w);
		return;
	}
	if (major == WA_CBOR_BYTES || major == WA_CBOR_TEXT) {
		const struct slice s = take_string(c, arg);

		if (major == WA_CBOR_TEXT && !wa_utf8_valid(s))
			refuse(w);
	} else if (major == WA_CBOR_ARRAY || major == WA_CBOR_MAP) {
		/* Each item takes a byte at least, those still owed to the
		 * containers around this one included. */
		if (arg > c->rest.n ||
		    arg * (major == WA_CBOR_MAP ? 2 : 1) + w->owed >
			c->rest.n) {
			c->bad = true;
			return;
		}
		w->owed += arg * (major == WA_CBOR_MAP ? 2 : 1);
		if (major == WA_CBOR_MAP) {
			walk_map(w, arg, depth + 1);
			return;
		}
		for (uint64_t i = 0; i < arg && !c->bad; i++)
			walk_item(w, depth + 1);
	}
}

struct slice
cursor_cbor(struct cursor *c)
{
	const struct slice from = c->rest;
	struct walk w = { .c = c, .owed = 1 };

	walk_item(&w, 0);
	if (c->bad)
		return (struct slice){ 0 };
	return (struct slice){ from.p, from.n - c->rest.n };
}

/* Passes over one item that has been walked; bad where it was not. */
static void
skip_item(struct cursor *c)
{
	unsigned major;
	uint64_t arg;

	for (uint64_t owed = 1; owed > 0 && read_head(c, &major, &arg);) {
		owed--;
		if (major == WA_CBOR_BYTES || major == WA_CBOR_TEXT)
			take_string(c, arg);
		else if (major == WA_CBOR_ARRAY)
			owed += arg;
		else if (major == WA_CBOR_MAP)
			owed += 2 * arg;
		if (owed > c->rest.n)
			c->bad = true;
	}
}

bool
wa_cbor_next(struct cursor *inside, struct wa_cbor *item)
{
	const struct slice from = inside->rest;
	struct cursor c = *inside;
	struct wa_cbor it = { 0 };
	struct slice content;
	unsigned major;

	skip_item(inside);
	if (inside->bad || !read_head(&c, &major, &it.value))
		return false;
	it.kind = (enum wa_cbor_kind)major;
	it.whole = (struct slice){ from.p, from.n - inside->rest.n };
	content = (struct slice){ c.rest.p, c.rest.n - inside->rest.n };
	if (it.kind == WA_CBOR_BYTES || it.kind == WA_CBOR_TEXT)
		it.bytes = content;
	else if (it.kind == WA_CBOR_ARRAY || it.kind == WA_CBOR_MAP)
		it.inside = content;
	*item = it;
	return true;
}

bool
wa_cbor_read(struct slice s, struct wa_cbor *item)
{
	struct cursor c = cursor_over(s);

	return wa_cbor_next(&c, item) && cursor_finished(&c);
}

struct wa_cbor
cursor_cbor_item(struct cursor *c)
{
	struct wa_cbor item = { 0 };

	if (!wa_cbor_read(cursor_cbor(c), &item))
		c->bad = true;
	return item;
}

bool
wa_cbor_int(const struct wa_cbor *item, int64_t *value)
{
	if (item->value > INT64_MAX ||
	    (item->kind != WA_CBOR_UINT && item->kind != WA_CBOR_NINT))
		return false;
	*value = item->kind == WA_CBOR_UINT ? (int64_t)item->value
					    : -1 - (int64_t)item->value;
	return true;
}

bool
wa_cbor_is_text(const struct wa_cbor *item, const char *s)
{
	return item->kind == WA_CBOR_TEXT &&
	       slice_equal(item->bytes, slice_of(s));
}

bool
wa_cbor_get_int(const struct wa_cbor *map, int64_t key, struct wa_cbor *value)
{
	struct cursor c = cursor_over(map->inside);
	struct wa_cbor k, v;
	int64_t n;

	if (map->kind != WA_CBOR_MAP)
		return false;
	while (wa_cbor_next(&c, &k) && wa_cbor_next(&c, &v)) {
		if (wa_cbor_int(&k, &n) && n == key) {
			*value = v;
			return true;
		}
	}
	return false;
}

bool
wa_cbor_get_text(
    const struct wa_cbor *map, const char *key, struct wa_cbor *value)
{
	struct cursor c = cursor_over(map->inside);
	struct wa_cbor k, v;

	if (map->kind != WA_CBOR_MAP)
		return false;
	while (wa_cbor_next(&c, &k) && wa_cbor_next(&c, &v)) {
		if (wa_cbor_is_text(&k, key)) {
			*value = v;
			return true;
		}
	}
	return false;
}
