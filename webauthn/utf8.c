/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/utf8.h"

/* The length of the sequence at p, or 0; RFC 3629 section 4. */
static size_t
sequence_length(const uint8_t *p, size_t left)
{
	size_t n = 0;
	uint8_t low = 0x80, high = 0xbf;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3;
		low = p[0] == 0xe0 ? 0xa0 : low; /* else a longer form */
		high = p[0] == 0xed ? 0x9f : high; /* else a surrogate */
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		low = p[0] == 0xf0 ? 0x90 : low;
		high = p[0] == 0xf4 ? 0x8f : high; /* else past U+10FFFF */
	}
	if (n == 0 || n > left || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

/* Eight bytes of ASCII at p: most text is nothing else. */
static bool
is_ascii(const uint8_t *p)
{
	uint64_t eight;

	memcpy(&eight, p, sizeof(eight));
	return (eight & 0x8080808080808080u) == 0;
}

bool
wa_utf8_valid(struct slice s)
{
	size_t i = 0, n;

	while (i < s.n) {
		while (s.n - i >= 8 && is_ascii(s.p + i))
			i += 8;
		if (i == s.n)
			break;
		n = sequence_length(s.p + i, s.n - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}
