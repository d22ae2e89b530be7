/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/der.h"

/* X.690 8.1.2.4: base 128, the last byte without its top bit. */
static uint32_t
read_long_tag(struct cursor *c)
{
	uint32_t tag = 0;

	for (size_t i = 0; i < 4; i++) {
		const uint8_t b = (uint8_t)cursor_be(c, 1);

		if (i == 0 && b == 0x80)
			c->bad = true; /* a zero in front */
		tag = tag << 7 | (b & 0x7f);
		if ((b & 0x80) == 0) {
			if (tag < 31)
				c->bad = true; /* fits the short form */
			return tag;
		}
	}
	c->bad = true;
	return 0;
}

/* X.690 10.1: definite, and in the fewest bytes. */
static size_t
read_length(struct cursor *c)
{
	const uint8_t first = (uint8_t)cursor_be(c, 1);
	const size_t width = first & 0x7f;
	size_t n;

	if (first < 0x80)
		return first;
	if (width == 0 || width > 4) {
		c->bad = true;
		return 0;
	}
	n = (size_t)cursor_be(c, width);
	if (n < 0x80 || n >> 8 * (width - 1) == 0)
		c->bad = true;
	return n;
}

bool
cursor_der(struct cursor *c, struct wa_der *item)
{
	const uint8_t first = (uint8_t)cursor_be(c, 1);
	struct wa_der it = {
		.class = (enum wa_der_class)(first >> 6),
		.constructed = (first & 0x20) != 0,
		.tag = first & 0x1f,
	};

	if (it.tag == 0x1f)
		it.tag = read_long_tag(c);
	it.content = cursor_take(c, read_length(c));
	if (c->bad)
		return false;
	*item = it;
	return true;
}

bool
cursor_der_of(struct cursor *c, uint32_t tag, struct slice *content)
{
	struct wa_der item;

	if (!cursor_der(c, &item))
		return false;
	if (item.class != WA_DER_UNIVERSAL || item.tag != tag ||
	    item.constructed != (tag == WA_DER_SEQUENCE || tag == WA_DER_SET)) {
		c->bad = true;
		return false;
	}
	*content = item.content;
	return true;
}

int64_t
wa_der_number(struct slice content)
{
	int64_t value = 0;

	if (content.n == 0 || content.n > 4 || (content.p[0] & 0x80) != 0 ||
	    (content.n > 1 && content.p[0] == 0 && (content.p[1] & 0x80) == 0))
		return -1;
	for (size_t i = 0; i < content.n; i++)
		value = value << 8 | content.p[i];
	return value;
}
