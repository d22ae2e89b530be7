/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_CBOR_H
#define WEBAUTHN_CBOR_H

#include "webauthn/slice.h"

/*
 * The part of CBOR (RFC 8949) that CTAP2 allows its messages: definite
 * lengths, shortest forms, no tags, no floating point, maps without a key
 * twice.  Keys may stand out of order: real attestation objects do that.
 *
 * A walk stands before every reader, ours and libcbor's, since libcbor
 * allocates whatever the header of an array claims.
 */

#define WA_CBOR_DEPTH_MAX 8 /* the deepest statement, compound, needs 6 */
#define WA_CBOR_ITEMS_MAX 1024 /* the longest statement needs some 100 */

enum wa_cbor_kind {
	WA_CBOR_UINT,
	WA_CBOR_NINT,
	WA_CBOR_BYTES,
	WA_CBOR_TEXT,
	WA_CBOR_ARRAY,
	WA_CBOR_MAP,
	WA_CBOR_TAG, /* never returned: the walk refuses it */
	WA_CBOR_SIMPLE,
};

/* Values that an item of kind WA_CBOR_SIMPLE has. */
enum { WA_CBOR_FALSE = 20, WA_CBOR_TRUE, WA_CBOR_NULL, WA_CBOR_UNDEFINED };

struct wa_cbor {
	enum wa_cbor_kind kind;
	/* A number's argument (a negative one is -1 - value), a simple value,
	 * or how many items (arrays) or pairs (maps) follow. */
	uint64_t value;
	struct slice bytes; /* of a string: its content */
	struct slice inside; /* of an array or map: the items in it */
	struct slice whole; /* the item as it stands, header included */
};

/*
 * Takes one well-formed item.  Anything else leaves the cursor bad: cut short
 * where that is all that is wrong, and c->malformed where what stands there
 * is not what the comment above allows.  Costs at most a constant a byte.
 */
struct slice cursor_cbor(struct cursor *c);

/* As cursor_cbor(), and the item taken apart. */
struct wa_cbor cursor_cbor_item(struct cursor *c);

/*
 * The readers below take apart what has been walked: give them slices that
 * came from cursor_cbor(), cursor_cbor_item() or from one another.
 */

/* The item that s is.  False where s is not exactly one. */
bool wa_cbor_read(struct slice s, struct wa_cbor *item);

/* The next of the items in an array or map; false at the end. */
bool wa_cbor_next(struct cursor *inside, struct wa_cbor *item);

/* The value that a map has under a key; false where it has none. */
bool wa_cbor_get_int(
    const struct wa_cbor *map, int64_t key, struct wa_cbor *value);
bool wa_cbor_get_text(
    const struct wa_cbor *map, const char *key, struct wa_cbor *value);

/* CTAP2 canonical order of two keys, as memcmp() tells it. */
int wa_cbor_compare_keys(struct slice a, struct slice b);

/* An integer of either sign; false where it is none or does not fit. */
bool wa_cbor_int(const struct wa_cbor *item, int64_t *value);

/* The item is the text s. */
bool wa_cbor_is_text(const struct wa_cbor *item, const char *s);

#endif
