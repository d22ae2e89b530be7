/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/b64url.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* One more than the value of each character; 0 is no character of ours. */
static const uint8_t values[256] = {
	['A'] = 1,
	['B'] = 2,
	['C'] = 3,
	['D'] = 4,
	['E'] = 5,
	['F'] = 6,
	['G'] = 7,
	['H'] = 8,
	['I'] = 9,
	['J'] = 10,
	['K'] = 11,
	['L'] = 12,
	['M'] = 13,
	['N'] = 14,
	['O'] = 15,
	['P'] = 16,
	['Q'] = 17,
	['R'] = 18,
	['S'] = 19,
	['T'] = 20,
	['U'] = 21,
	['V'] = 22,
	['W'] = 23,
	['X'] = 24,
	['Y'] = 25,
	['Z'] = 26,
	['a'] = 27,
	['b'] = 28,
	['c'] = 29,
	['d'] = 30,
	['e'] = 31,
	['f'] = 32,
	['g'] = 33,
	['h'] = 34,
	['i'] = 35,
	['j'] = 36,
	['k'] = 37,
	['l'] = 38,
	['m'] = 39,
	['n'] = 40,
	['o'] = 41,
	['p'] = 42,
	['q'] = 43,
	['r'] = 44,
	['s'] = 45,
	['t'] = 46,
	['u'] = 47,
	['v'] = 48,
	['w'] = 49,
	['x'] = 50,
	['y'] = 51,
	['z'] = 52,
	['0'] = 53,
	['1'] = 54,
	['2'] = 55,
	['3'] = 56,
	['4'] = 57,
	['5'] = 58,
	['6'] = 59,
	['7'] = 60,
	['8'] = 61,
	['9'] = 62,
	['-'] = 63,
	['_'] = 64,
};

bool
wa_b64url_encode(struct slice in, char *out, size_t size)
{
	uint32_t acc = 0;
	unsigned bits = 0;

	if (size < WA_B64URL_SIZE(in.n))
		return false;
	for (size_t i = 0; i < in.n; i++) {
		acc = acc << 8 | in.p[i];
		for (bits += 8; bits >= 6; bits -= 6)
			*out++ = alphabet[acc >> (bits - 6) & 63];
	}
	if (bits > 0)
		*out++ = alphabet[acc << (6 - bits) & 63];
	*out = '\0';
	return true;
}

bool
wa_b64url_decode(struct slice in, uint8_t *out, size_t size, size_t *n)
{
	uint32_t acc = 0;
	unsigned bits = 0;

	/* One character alone holds six bits: not a byte. */
	if (in.n % 4 == 1 || WA_B64URL_BYTES(in.n) > size)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		const unsigned value = values[in.p[i]];

		if (value == 0)
			return false;
		acc = acc << 6 | (value - 1);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*out++ = (uint8_t)(acc >> bits);
		}
	}
	if ((acc & ((1u << bits) - 1)) != 0)
		return false;
	*n = WA_B64URL_BYTES(in.n);
	return true;
}
