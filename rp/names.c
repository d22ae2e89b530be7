/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/names.h"

#include <stdlib.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "rp/accounts.h"
#include "rp/precis.h"

/*
 * A name is mapped until mapping changes nothing more, so that what comes out
 * comes out again when it is put in.  Few need a second round; none should
 * need a fourth.
 */
enum { ROUNDS = 4 };

/* UTF-32, owned. */
struct text {
	uint32_t *p;
	size_t n;
};

static void
text_take(struct text *t, uint32_t *p, size_t n)
{
	free(t->p);
	*t = (struct text){ p, n };
}

static enum rp_answer
malformed(const char **hint, const char *why)
{
	*hint = why;
	return RP_NAME_MALFORMED;
}

/* ---- user names ---- */

/* RFC 8265 section 3.3.1: full and half width become what they stand for. */
static void
map_width(struct text *t)
{
	ucs4_t other[UC_DECOMPOSITION_MAX_LENGTH];
	int tag;

	for (size_t i = 0; i < t->n; i++)
		if (uc_decomposition(t->p[i], &tag, other) == 1 &&
		    (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW))
			t->p[i] = other[0];
}

static bool
normalize(struct text *t, uninorm_t form)
{
	size_t n = 0;
	uint32_t *p = u32_normalize(form, t->p, t->n, NULL, &n);

	if (p == NULL)
		return false;
	text_take(t, p, n);
	return true;
}

static bool
fold(struct text *t)
{
	size_t n = 0;
	uint32_t *p = u32_casefold(t->p, t->n, NULL, UNINORM_NFKC, NULL, &n);

	if (p == NULL)
		return false;
	text_take(t, p, n);
	return true;
}

/* Judged before folding too, which would make letters of signs. */
static enum rp_answer
name_round(struct text *t, const char **hint)
{
	const char *why;

	map_width(t);
	if (!normalize(t, UNINORM_NFC))
		return RP_FAULT;
	if ((why = rp_precis_judge(t->p, t->n, RP_PRECIS_IDENTIFIER)) != NULL)
		return malformed(hint, why);
	if (!fold(t))
		return RP_FAULT;
	if ((why = rp_precis_judge(t->p, t->n, RP_PRECIS_IDENTIFIER)) != NULL ||
	    (why = rp_precis_bidi(t->p, t->n)) != NULL)
		return malformed(hint, why);
	return RP_OK;
}

/* ---- labels ---- */

static bool
is_space(uint32_t c)
{
	return c == ' ' ||
	       uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs);
}

/*
 * RFC 8266 section 2.1, additional mapping: one ASCII space for all spaces in
 * a row, none at the ends.  The selectors between a sign's plain and coloured
 * form go too: keyboards put them in unasked, and PRECIS has no place for them.
 */
static void
map_spaces(struct text *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		uint32_t c = t->p[i];

		if (c == 0xfe0e || c == 0xfe0f)
			continue;
		if (!is_space(c))
			t->p[n++] = c;
		else if (n > 0 && t->p[n - 1] != ' ')
			t->p[n++] = ' ';
	}
	if (n > 0 && t->p[n - 1] == ' ')
		n--;
	t->n = n;
}

static enum rp_answer
label_round(struct text *t, const char **hint)
{
	const char *why;

	map_spaces(t);
	if (t->n == 0)
		return RP_OK;
	if (!normalize(t, UNINORM_NFKC))
		return RP_FAULT;
	if ((why = rp_precis_judge(t->p, t->n, RP_PRECIS_FREEFORM)) != NULL)
		return malformed(hint, why);
	return RP_OK;
}

/* ---- both ---- */

typedef enum rp_answer round_fn(struct text *t, const char **hint);

static enum rp_answer
until_stable(struct text *t, round_fn *round, const char **hint)
{
	struct text before = { NULL, 0 };
	enum rp_answer answer = RP_OK;
	bool stable = false;

	for (int i = 0; i < ROUNDS && !stable && answer == RP_OK; i++) {
		text_take(&before, u32_cpy_alloc(t->p, t->n), t->n);
		if (before.p == NULL && t->n > 0)
			return RP_FAULT;
		answer = round(t, hint);
		stable = answer == RP_OK && t->n == before.n &&
			 u32_cmp(t->p, before.p, t->n) == 0;
	}
	free(before.p);
	if (answer == RP_OK && !stable)
		return malformed(hint, "it has no settled form");
	return answer;
}

static enum rp_answer
text_read(const char *s, struct text *t, const char **hint)
{
	const size_t n = strlen(s);

	if (n > STORE_NAME_MAX)
		return malformed(hint, "it is too long");
	if (u8_check((const uint8_t *)s, n) != NULL)
		return malformed(hint, "it is not UTF-8");
	/* libunistring has nothing to give for nothing. */
	if (n == 0)
		return RP_OK;
	t->p = u8_to_u32((const uint8_t *)s, n, NULL, &t->n);
	return t->p != NULL ? RP_OK : RP_FAULT;
}

static enum rp_answer
text_write(const struct text *t, char *out, size_t size, const char **hint)
{
	size_t n = 0;
	uint8_t *s;

	if ((s = u32_to_u8(t->p, t->n, NULL, &n)) == NULL)
		return RP_FAULT;
	if (n < size) {
		memcpy(out, s, n);
		out[n] = '\0';
	}
	free(s);
	return n < size ? RP_OK : malformed(hint, "it is too long");
}

static enum rp_answer
prepare(const char *s, round_fn *round, bool may_be_empty, char *out,
    size_t size, const char **hint)
{
	struct text t = { NULL, 0 };
	enum rp_answer answer = text_read(s, &t, hint);

	if (answer == RP_OK && t.n > 0)
		answer = until_stable(&t, round, hint);
	if (answer == RP_OK && t.n > 0)
		answer = text_write(&t, out, size, hint);
	else if (answer == RP_OK && may_be_empty)
		out[0] = '\0';
	else if (answer == RP_OK)
		answer = malformed(hint, "it is empty");
	free(t.p);
	return answer;
}

/* Most names: printable ASCII, where folding is all there is to do. */
static bool
ascii_name(const char *name, char name_key[STORE_NAME_MAX + 1])
{
	char folded[STORE_NAME_MAX + 1];
	size_t n = 0;

	for (; name[n] > ' ' && name[n] < 0x7f && n < STORE_NAME_MAX; n++)
		folded[n] = name[n] >= 'A' && name[n] <= 'Z'
				? (char)(name[n] + ('a' - 'A'))
				: name[n];
	if (n == 0 || name[n] != '\0')
		return false;
	folded[n] = '\0';
	memcpy(name_key, folded, n + 1);
	return true;
}

enum rp_answer
rp_name_prepare(
    const char *name, char name_key[STORE_NAME_MAX + 1], const char **hint)
{
	if (ascii_name(name, name_key))
		return RP_OK;
	return prepare(
	    name, name_round, false, name_key, STORE_NAME_MAX + 1, hint);
}

enum rp_answer
rp_label_prepare(const char *label, char *out, size_t size, const char **hint)
{
	return prepare(label, label_round, false, out, size, hint);
}

enum rp_answer
rp_display_name_prepare(
    const char *name, char out[STORE_DISPLAY_NAME_MAX + 1], const char **hint)
{
	return prepare(
	    name, label_round, true, out, STORE_DISPLAY_NAME_MAX + 1, hint);
}

bool
rp_locale_valid(const char *locale)
{
	size_t n = 0;

	for (; locale[n] != '\0'; n++)
		if (n == STORE_LOCALE_MAX ||
		    !((locale[n] >= '0' && locale[n] <= '9') ||
			(locale[n] >= 'A' && locale[n] <= 'Z') ||
			(locale[n] >= 'a' && locale[n] <= 'z') ||
			locale[n] == '-'))
			return false;
	return true;
}
