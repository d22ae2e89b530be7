/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/precis.h"

#include <stdbool.h>
#include <string.h>

#include <unictype.h>
#include <uninorm.h>

/* Properties a code point comes to (RFC 8264 section 8). */
enum property {
	VALID,
	FREEFORM_ONLY,
	CONTEXT, /* valid where rule_holds() says so */
	DISALLOWED,
};

/* RFC 5892 section 2.6, "Exceptions"; sorted. */
static const struct exception {
	uint32_t first, last;
	enum property property;
} exceptions[] = {
	{ 0x00b7, 0x00b7, CONTEXT },
	{ 0x00df, 0x00df, VALID },
	{ 0x0375, 0x0375, CONTEXT },
	{ 0x03c2, 0x03c2, VALID },
	{ 0x05f3, 0x05f4, CONTEXT },
	{ 0x0640, 0x0640, DISALLOWED },
	{ 0x0660, 0x0669, CONTEXT },
	{ 0x06f0, 0x06f9, CONTEXT },
	{ 0x06fd, 0x06fe, VALID },
	{ 0x07fa, 0x07fa, DISALLOWED },
	{ 0x0f0b, 0x0f0b, VALID },
	{ 0x3007, 0x3007, VALID },
	{ 0x302e, 0x302f, DISALLOWED },
	{ 0x3031, 0x3035, DISALLOWED },
	{ 0x303b, 0x303b, DISALLOWED },
	{ 0x30fb, 0x30fb, CONTEXT },
};

static const struct exception *
exception_of(uint32_t c)
{
	const size_t n = sizeof(exceptions) / sizeof(exceptions[0]);

	for (size_t i = 0; i < n; i++)
		if (c >= exceptions[i].first && c <= exceptions[i].last)
			return &exceptions[i];
	return NULL;
}

/* Conjoining jamo: Hangul_Syllable_Type L, V or T. */
static bool
is_old_hangul(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x11ff) || (c >= 0xa960 && c <= 0xa97c) ||
	       (c >= 0xd7b0 && c <= 0xd7fb);
}

static bool
has_compatibility(uint32_t c)
{
	uint32_t out[32];
	size_t n = sizeof(out) / sizeof(out[0]);
	uint32_t *s = u32_normalize(UNINORM_NFKC, &c, 1, out, &n);

	/* The longest compatibility mapping has 18 code points. */
	return s != out || n != 1 || out[0] != c;
}

static bool
in_categories(uint32_t c, uint32_t mask)
{
	return uc_is_general_category_withtable(c, mask);
}

enum {
	LETTER_DIGITS = UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu |
			UC_CATEGORY_MASK_Lo | UC_CATEGORY_MASK_Nd |
			UC_CATEGORY_MASK_Lm | UC_CATEGORY_MASK_Mn |
			UC_CATEGORY_MASK_Mc,
	OTHER_LETTER_DIGITS = UC_CATEGORY_MASK_Lt | UC_CATEGORY_MASK_Nl |
			      UC_CATEGORY_MASK_No | UC_CATEGORY_MASK_Me,
	SIGNS = UC_CATEGORY_MASK_Zs | UC_CATEGORY_MASK_S | UC_CATEGORY_MASK_P,
};

/* RFC 8264 section 8, in its order. */
static enum property
property_of(uint32_t c)
{
	const struct exception *e = exception_of(c);

	if (e != NULL)
		return e->property;
	if (in_categories(c, UC_CATEGORY_MASK_Cn))
		return DISALLOWED;
	if (c >= 0x21 && c <= 0x7e)
		return VALID;
	if (uc_is_property_join_control(c))
		return CONTEXT;
	if (is_old_hangul(c) ||
	    uc_is_property_default_ignorable_code_point(c) ||
	    in_categories(c, UC_CATEGORY_MASK_Cc))
		return DISALLOWED;
	if (has_compatibility(c))
		return FREEFORM_ONLY;
	if (in_categories(c, LETTER_DIGITS))
		return VALID;
	return in_categories(c, OTHER_LETTER_DIGITS | SIGNS) ? FREEFORM_ONLY
							     : DISALLOWED;
}

static bool
has_script(uint32_t c, const char *script)
{
	const uc_script_t *s = uc_script(c);

	return s != NULL && strcmp(s->name, script) == 0;
}

static bool
is_japanese(uint32_t c)
{
	return has_script(c, "Hiragana") || has_script(c, "Katakana") ||
	       has_script(c, "Han");
}

/* A virama before the joiner, RFC 5892 appendix A.1 and A.2. */
static bool
after_virama(const uint32_t *s, size_t at)
{
	return at > 0 && uc_combining_class(s[at - 1]) == UC_CCC_VR;
}

/* The regular expression of A.1: (L|D) T* ZWNJ T* (R|D). */
static bool
joins_both_sides(const uint32_t *s, size_t n, size_t at)
{
	size_t left = at, right = at + 1;

	while (left > 0 && uc_joining_type(s[left - 1]) == UC_JOINING_TYPE_T)
		left--;
	while (right < n && uc_joining_type(s[right]) == UC_JOINING_TYPE_T)
		right++;
	if (left == 0 || right == n)
		return false;
	return (uc_joining_type(s[left - 1]) == UC_JOINING_TYPE_L ||
		   uc_joining_type(s[left - 1]) == UC_JOINING_TYPE_D) &&
	       (uc_joining_type(s[right]) == UC_JOINING_TYPE_R ||
		   uc_joining_type(s[right]) == UC_JOINING_TYPE_D);
}

static bool
none_between(const uint32_t *s, size_t n, uint32_t first, uint32_t last)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] >= first && s[i] <= last)
			return false;
	return true;
}

static bool
any_japanese(const uint32_t *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_japanese(s[i]))
			return true;
	return false;
}

/* RFC 5892 appendix A. */
static bool
rule_holds(const uint32_t *s, size_t n, size_t at)
{
	switch (s[at]) {
	case 0x200c: /* ZERO WIDTH NON-JOINER */
		return after_virama(s, at) || joins_both_sides(s, n, at);
	case 0x200d: /* ZERO WIDTH JOINER */
		return after_virama(s, at);
	case 0x00b7: /* MIDDLE DOT: as in Catalan */
		return at > 0 && at + 1 < n && s[at - 1] == 'l' &&
		       s[at + 1] == 'l';
	case 0x0375: /* GREEK LOWER NUMERAL SIGN */
		return at + 1 < n && has_script(s[at + 1], "Greek");
	case 0x05f3: /* HEBREW PUNCTUATION GERESH, GERSHAYIM */
	case 0x05f4:
		return at > 0 && has_script(s[at - 1], "Hebrew");
	case 0x30fb: /* KATAKANA MIDDLE DOT */
		return any_japanese(s, n);
	default: /* Arabic-Indic digits: one kind of them */
		return s[at] <= 0x0669 ? none_between(s, n, 0x06f0, 0x06f9)
				       : none_between(s, n, 0x0660, 0x0669);
	}
}

static const char *
hint_of(uint32_t c)
{
	if (in_categories(c, UC_CATEGORY_MASK_Zs))
		return "a name has no spaces in it";
	if (in_categories(c, UC_CATEGORY_MASK_Cc))
		return "it has a control character in it";
	if (in_categories(c, UC_CATEGORY_MASK_Cn))
		return "it has a character in it that is not known here";
	if (uc_is_property_default_ignorable_code_point(c) ||
	    uc_is_property_join_control(c))
		return "it has an invisible character in it";
	return "it has a character in it that cannot be part of a name";
}

const char *
rp_precis_judge(const uint32_t *s, size_t n, enum rp_precis_class class)
{
	for (size_t i = 0; i < n; i++) {
		switch (property_of(s[i])) {
		case VALID:
			continue;
		case FREEFORM_ONLY:
			if (class == RP_PRECIS_FREEFORM)
				continue;
			break;
		case CONTEXT:
			if (rule_holds(s, n, i))
				continue;
			break;
		case DISALLOWED:
			break;
		}
		return hint_of(s[i]);
	}
	return NULL;
}

/* ---- RFC 5893 section 2 ---- */

static uint32_t
bit(int bidi)
{
	return UINT32_C(1) << bidi;
}

enum {
	ANY_DIRECTION = 1 << UC_BIDI_ES | 1 << UC_BIDI_CS | 1 << UC_BIDI_ET |
			1 << UC_BIDI_ON | 1 << UC_BIDI_BN | 1 << UC_BIDI_NSM |
			1 << UC_BIDI_EN,
	RIGHT_TO_LEFT = 1 << UC_BIDI_R | 1 << UC_BIDI_AL | 1 << UC_BIDI_AN,
};

static bool
bidi_rule(const uint32_t *s, size_t n, uint32_t all)
{
	const int first = uc_bidi_class(s[0]);
	uint32_t last;

	while (n > 0 && uc_bidi_class(s[n - 1]) == UC_BIDI_NSM)
		n--;
	if (n == 0)
		return false;
	last = bit(uc_bidi_class(s[n - 1]));
	if (first == UC_BIDI_L) /* 1, 5, 6 */
		return (all & ~(uint32_t)(ANY_DIRECTION | 1 << UC_BIDI_L)) ==
			   0 &&
		       (last & (1 << UC_BIDI_L | 1 << UC_BIDI_EN)) != 0;
	if (first != UC_BIDI_R && first != UC_BIDI_AL) /* 1 */
		return false;
	return (all & ~(uint32_t)(ANY_DIRECTION | RIGHT_TO_LEFT)) ==
		   0 && /* 2 */
	       (last & (RIGHT_TO_LEFT | 1 << UC_BIDI_EN)) != 0 && /* 3 */
	       (all & (1 << UC_BIDI_EN | 1 << UC_BIDI_AN)) !=
		   (1 << UC_BIDI_EN | 1 << UC_BIDI_AN); /* 4 */
}

const char *
rp_precis_bidi(const uint32_t *s, size_t n)
{
	uint32_t all = 0;

	for (size_t i = 0; i < n; i++)
		all |= bit(uc_bidi_class(s[i]));
	if ((all & RIGHT_TO_LEFT) == 0 || bidi_rule(s, n, all))
		return NULL;
	return "it mixes letters written right to left with others";
}
