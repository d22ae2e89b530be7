/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/numbers.h"

#include <stdio.h>

#include "rp/secret.h"

/* One of 0 … n - 1, each as likely as the others. */
static bool
draw(uint32_t n, uint32_t *out)
{
	const uint32_t limit = UINT32_MAX - UINT32_MAX % n;
	uint32_t r;

	do {
		if (!rp_secret_random(&r, sizeof(r)))
			return false;
	} while (r >= limit);
	*out = r % n;
	return true;
}

static bool
alone_good(uint32_t a)
{
	return a / 10 != a % 10;
}

static bool
together_good(uint32_t a, uint32_t b)
{
	return a / 10 != b / 10 && a % 10 != b % 10 &&
	       !(a / 10 == b % 10 && a % 10 == b / 10);
}

static bool
draw_two_digits(uint32_t *n)
{
	do {
		if (!draw(90, n))
			return false;
		*n += 10;
	} while (!alone_good(*n));
	return true;
}

/*
 * All three are thrown away when two do not go together, rather than one of
 * them: so every three that do are as likely, in any order.
 */
static bool
draw_three(uint32_t n[STORE_SHOWN])
{
	do {
		for (size_t i = 0; i < STORE_SHOWN; i++)
			if (!draw_two_digits(&n[i]))
				return false;
	} while (!together_good(n[0], n[1]) || !together_good(n[0], n[2]) ||
		 !together_good(n[1], n[2]));
	return true;
}

bool
rp_numbers_draw(struct store_approval *a)
{
	uint32_t n[STORE_SHOWN];

	memset(a->number, 0, sizeof(a->number));
	memset(a->shown, 0, sizeof(a->shown));
	switch (a->match) {
	case STORE_MATCH_NONE:
		return true;
	case STORE_MATCH_CHOOSE3:
		if (!draw_three(n))
			return false;
		for (size_t i = 0; i < STORE_SHOWN; i++)
			snprintf(a->shown[i], sizeof(a->shown[i]), "%u", n[i]);
		memcpy(a->number, a->shown[0], sizeof(a->number));
		return true;
	case STORE_MATCH_TYPE2:
		if (!draw_two_digits(n))
			return false;
		snprintf(a->number, sizeof(a->number), "%u", n[0]);
		return true;
	case STORE_MATCH_TYPE6:
		if (!draw(1000000, n))
			return false;
		snprintf(a->number, sizeof(a->number), "%06u", n[0]);
		return true;
	}
	return false;
}

static bool
digits(const char *text, size_t n)
{
	return strlen(text) == n && strspn(text, "0123456789") == n;
}

bool
rp_number_is_one(const struct store_approval *a, const char *text)
{
	switch (a->match) {
	case STORE_MATCH_NONE:
		return text[0] == '\0';
	case STORE_MATCH_CHOOSE3:
		for (size_t i = 0; i < STORE_SHOWN; i++)
			if (strcmp(text, a->shown[i]) == 0)
				return true;
		return false;
	case STORE_MATCH_TYPE2:
		return digits(text, 2);
	case STORE_MATCH_TYPE6:
		return digits(text, 6);
	}
	return false;
}

bool
rp_number_matches(const struct store_approval *a)
{
	return rp_secret_equal(a->number, a->choice, sizeof(a->number));
}
