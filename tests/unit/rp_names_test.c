/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <unistr.h>

#include "rp/accounts.h"

/* ---- user names ---- */

static const struct {
	const char *name, *key; /* NULL: malformed */
} names[] = {
	/* RFC 8265 section 3.5, table 1; folding makes one of more of them. */
	{ "juliet@example.com", "juliet@example.com" },
	{ "fussball", "fussball" },
	{ "fu\u00dfball", "fussball" },
	{ "\u03c0", "\u03c0" },
	{ "\u03a3", "\u03c3" },
	{ "\u03c3", "\u03c3" },
	{ "\u03c2", "\u03c3" },
	/* RFC 8265 section 3.5, table 2: no names. */
	{ "foo bar", NULL },
	{ "", NULL },
	{ "henry\u2163", NULL },
	{ "\u265a", NULL },
	/* Letters that stand for others: a ligature, an ordinal, a raised h. */
	{ "\ufb01sh", NULL },
	{ "\u00aa", NULL },
	{ "\u02b0", NULL },
	/* Large and small, wide and narrow, composed and not. */
	{ "Taro.Yamada+1@Example.JP", "taro.yamada+1@example.jp" },
	{ "\uff34\uff21\uff32\uff2f", "taro" },
	{ "taro\uff20example.jp", "taro@example.jp" },
	{ "\u00c9mile", "\u00e9mile" },
	{ "E\u0301mile", "\u00e9mile" },
	{ "\u212bngstr\u00f6m", "\u00e5ngstr\u00f6m" },
	{ "\u0130zmir", "i\u0307zmir" },
	/* Japanese. */
	{ "山田太郎", "山田太郎" },
	{ "やまだ", "やまだ" },
	{ "サーバー", "サーバー" },
	{ "ｻｰﾊﾞｰ", "サーバー" },
	{ "ﾊﾟｽｷｰ", "パスキー" },
	{ "か\u3099", "が" },
	{ "佐々木", "佐々木" },
	{ "〆木", "〆木" },
	{ "ジャン・ポール", "ジャン・ポール" },
	{ "ｼﾞｬﾝ･ﾎﾟｰﾙ", "ジャン・ポール" },
	{ "jean・paul", NULL }, /* a middle dot wants Japanese */
	{ "〇一", "〇一" },
	{ "山田　太郎", NULL }, /* an ideographic space */
	{ "山田〱", NULL }, /* a vertical repeat mark */
	{ "㈱山田", NULL }, /* one sign for three */
	{ "山田。", NULL },
	{ "山田!", "山田!" },
	/* Context rules, RFC 5892 appendix A. */
	{ "paral\u00b7lel", "paral\u00b7lel" },
	{ "a\u00b7b", NULL },
	{ "\u0375\u03b1", "\u0375\u03b1" },
	{ "\u0375a", NULL },
	{ "\u05d0\u05f3", "\u05d0\u05f3" },
	{ "\u05f3\u05d0", NULL },
	{ "\u0661\u0662\u0627", NULL }, /* digits cannot come first */
	{ "\u0627\u0661\u0662", "\u0627\u0661\u0662" },
	{ "\u0627\u0661\u06f2", NULL }, /* two kinds of digits */
	{ "\u0628\u200c\u0628", "\u0628\u200c\u0628" },
	{ "a\u200cb", NULL },
	{ "\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937" },
	{ "\u0915\u200d\u0937", NULL },
	{ "\u0640\u0628", NULL }, /* TATWEEL */
	/* The Bidi Rule, RFC 5893. */
	{ "\u05d0\u05d1\u05d2", "\u05d0\u05d1\u05d2" },
	{ "\u05d0b", NULL },
	{ "a\u05d1", NULL },
	{ "\u05d01", "\u05d01" },
	{ "1\u05d0", NULL },
	{ "\u05d0\u05d1\u05b7", "\u05d0\u05d1\u05b7" },
	{ "\u05d0-", NULL }, /* may not end in a sign */
	/* Never. */
	{ "a\tb", NULL },
	{ "a\nb", NULL },
	{ "a\x7f", NULL },
	{ "a\xc2\x85", NULL },
	{ "a\u00a0b", NULL },
	{ "a\u00adb", NULL },
	{ "a\u200bb", NULL },
	{ "a\u202eb", NULL },
	{ "a\u2066b", NULL },
	{ "a\ufeff", NULL },
	{ "a\ufffe", NULL },
	{ "a\U000e0041", NULL },
	{ "\u1112\u1161\u11ab", "\ud55c" }, /* jamo compose to a syllable */
	{ "\u1112\u1112", NULL },
	{ "\u0378", NULL }, /* not assigned */
	{ "\ue000", NULL }, /* private use */
	{ "\xff", NULL },
	{ "a\xc0\xaf", NULL },
	{ "\xed\xa0\x80", NULL },
};

static void
judges_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char key[STORE_NAME_MAX + 1] = "untouched";
		const char *hint = NULL;
		enum rp_answer a = rp_name_prepare(names[i].name, key, &hint);

		if (names[i].key == NULL) {
			if (a != RP_NAME_MALFORMED || hint == NULL)
				fail_msg("%zu: \"%s\" became \"%s\"", i,
				    names[i].name, key);
			assert_string_equal(key, "untouched");
			continue;
		}
		if (a != RP_OK)
			fail_msg(
			    "%zu: \"%s\" refused: %s", i, names[i].name, hint);
		assert_string_equal(key, names[i].key);
	}
}

static void
bounds_names(void **state)
{
	char name[1024], key[STORE_NAME_MAX + 1];
	const char *hint;

	(void)state;
	for (size_t n = 250; n <= 300; n++) {
		memset(name, 'a', n);
		name[n] = '\0';
		assert_int_equal(rp_name_prepare(name, key, &hint),
		    n <= 254 ? RP_OK : RP_NAME_MALFORMED);
	}
	/* What is short enough may be too long when it is folded. */
	name[0] = '\0';
	for (size_t i = 0; i < 127; i++)
		strcat(name, "\u0130");
	assert_int_equal(rp_name_prepare(name, key, &hint), RP_NAME_MALFORMED);
	assert_string_equal(hint, "it is too long");
	name[0] = '\0';
	for (size_t i = 0; i < 85; i++)
		strcat(name, "\u3042");
	assert_int_equal(rp_name_prepare(name, key, &hint), RP_NAME_MALFORMED);
	assert_string_equal(hint, "it is too long");
}

/* What comes out of it comes out of it again, whatever stands in it. */
static void
settles_names(void **state)
{
	(void)state;
	for (uint32_t c = 1; c < 0x110000; c++) {
		const uint32_t tries[][3] = { { c }, { 'a', c },
			{ c, 0x0301, c }, { 0x3042, c, 0x30fb } };

		for (size_t i = 0; i < 4; i++) {
			char name[32], key[STORE_NAME_MAX + 1];
			char again[STORE_NAME_MAX + 1];
			const char *hint;
			size_t n = sizeof(name) - 1;

			if (u32_to_u8(tries[i],
				i == 0   ? 1
				: i == 1 ? 2
					 : 3,
				(uint8_t *)name, &n) == NULL)
				continue;
			name[n] = '\0';
			if (rp_name_prepare(name, key, &hint) != RP_OK)
				continue;
			if (rp_name_prepare(key, again, &hint) != RP_OK ||
			    strcmp(key, again) != 0)
				fail_msg("U+%04X, %zu", (unsigned)c, i);
		}
	}
}

/* ---- labels ---- */

static const struct {
	const char *label, *out;
} labels[] = {
	/* RFC 8266 section 3. */
	{ "Foo", "Foo" },
	{ "foo", "foo" },
	{ "Foo Bar", "Foo Bar" },
	{ "foo bar", "foo bar" },
	{ "\u03a3", "\u03a3" },
	{ "\u03c3", "\u03c3" },
	{ "\u03c2", "\u03c2" },
	{ "\u265a", "\u265a" },
	{ "Richard \u2163", "Richard IV" },
	/* Spaces. */
	{ "  My   phone ", "My phone" },
	{ "山田　太郎", "山田 太郎" },
	{ "a\u00a0\u2003b", "a b" },
	{ " ", NULL },
	{ "\u3000", NULL },
	{ "", NULL },
	/* Wide and narrow. */
	{ "ｉＰｈｏｎｅ", "iPhone" },
	{ "ﾃﾚﾋﾞ", "テレビ" },
	{ "太郎の iPhone 15", "太郎の iPhone 15" },
	/* Signs that keyboards colour. */
	{ "phone \u2764\ufe0f", "phone \u2764" },
	{ "\ufe0f", NULL },
	/* What would lie about where it begins and ends. */
	{ "a\u202eb", NULL },
	{ "a\u2067b", NULL },
	{ "a\u200fb", NULL },
	{ "a\u200bb", NULL },
	{ "a\tb", NULL },
	{ "a\nb", NULL },
	{ "a\u2028b", NULL },
	{ "a\x7f", NULL },
	{ "\xff", NULL },
	{ "\ufdfa", "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 "
		    "\u0639\u0644\u064a\u0647 \u0648\u0633\u0644\u0645" },
};

static void
judges_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		char out[255] = "untouched";
		const char *hint = NULL;
		enum rp_answer a =
		    rp_label_prepare(labels[i].label, out, sizeof(out), &hint);

		if (labels[i].out == NULL) {
			if (a != RP_NAME_MALFORMED || hint == NULL)
				fail_msg("%zu: \"%s\" became \"%s\"", i,
				    labels[i].label, out);
			assert_string_equal(out, "untouched");
			continue;
		}
		if (a != RP_OK)
			fail_msg("%zu: \"%s\" refused: %s", i, labels[i].label,
			    hint);
		assert_string_equal(out, labels[i].out);
	}
}

/* What need not be there may be nothing; else it is a label. */
static void
judges_display_names(void **state)
{
	static const struct {
		const char *name, *out;
	} shown[] = { { "", "" }, { "  ", "" }, { "\u3000\ufe0f", "" },
		{ " Taro  Y. ", "Taro Y." }, { "\u202e", NULL } };
	char out[STORE_DISPLAY_NAME_MAX + 1];
	const char *hint;

	(void)state;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		enum rp_answer a =
		    rp_display_name_prepare(shown[i].name, out, &hint);

		assert_int_equal(
		    a, shown[i].out != NULL ? RP_OK : RP_NAME_MALFORMED);
		if (shown[i].out != NULL)
			assert_string_equal(out, shown[i].out);
	}
}

static void
bounds_labels(void **state)
{
	char out[129], label[300];
	const char *hint;

	(void)state;
	memset(label, 'x', sizeof(label));
	label[128] = '\0';
	assert_int_equal(
	    rp_label_prepare(label, out, sizeof(out), &hint), RP_OK);
	label[128] = 'x';
	label[129] = '\0';
	assert_int_equal(rp_label_prepare(label, out, sizeof(out), &hint),
	    RP_NAME_MALFORMED);
	/* One sign that becomes eighteen. */
	label[0] = '\0';
	for (int i = 0; i < 10; i++)
		strcat(label, "\ufdfa");
	assert_int_equal(rp_label_prepare(label, out, sizeof(out), &hint),
	    RP_NAME_MALFORMED);
}

static void
settles_labels(void **state)
{
	(void)state;
	for (uint32_t c = 1; c < 0x110000; c++) {
		const uint32_t try[] = { ' ', c, 0x0301, c, 'a' };
		char label[32], out[255], again[255];
		const char *hint;
		size_t n = sizeof(label) - 1;

		if (u32_to_u8(try, 5, (uint8_t *)label, &n) == NULL)
			continue;
		label[n] = '\0';
		if (rp_label_prepare(label, out, sizeof(out), &hint) != RP_OK)
			continue;
		if (rp_label_prepare(out, again, sizeof(again), &hint) !=
			RP_OK ||
		    strcmp(out, again) != 0)
			fail_msg("U+%04X", (unsigned)c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_names),
		cmocka_unit_test(bounds_names),
		cmocka_unit_test(settles_names),
		cmocka_unit_test(judges_labels),
		cmocka_unit_test(judges_display_names),
		cmocka_unit_test(bounds_labels),
		cmocka_unit_test(settles_labels),
	};

	return cmocka_run_group_tests_name("rp_names", tests, NULL, NULL);
}
