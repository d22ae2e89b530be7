/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/language.h"

#include <strings.h>

static const char *const ours[] = { "en", "ja" };

/* A weight "q=0.125" in thousandths; 1000 where there is none, 0 if bad. */
static unsigned
weight(const char *p, size_t n)
{
	unsigned q, digit = 100;

	while (n > 0 && (*p == ' ' || *p == '\t' || *p == ';'))
		p++, n--;
	if (n == 0)
		return 1000;
	if (n < 3 || (*p | 32) != 'q' || p[1] != '=')
		return 0;
	q = p[2] == '1' ? 1000 : 0;
	for (size_t i = 4; i < n && p[3] == '.' && digit > 0; i++) {
		if (p[i] < '0' || p[i] > '9')
			break;
		q += (unsigned)(p[i] - '0') * digit;
		digit /= 10;
	}
	return q > 1000 ? 1000 : q;
}

/* The language of ours that a range means: "ja-JP" is "ja"; "*" is English. */
static const char *
of_range(const char *p, size_t n)
{
	if (n == 1 && *p == '*')
		return ours[0];
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (n >= 2 && strncasecmp(p, ours[i], 2) == 0 &&
		    (n == 2 || p[2] == '-'))
			return ours[i];
	return NULL;
}

const char *
language_choose(struct slice cookie, const char *accept)
{
	const char *best = NULL;
	unsigned best_q = 0;

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (slice_equal(cookie, slice_of(ours[i])))
			return ours[i];
	while (accept != NULL && *accept != '\0') {
		size_t n = strcspn(accept, ","), tag;
		const char *lang;
		unsigned q;

		while (n > 0 && (*accept == ' ' || *accept == '\t'))
			accept++, n--;
		tag = strcspn(accept, " \t;,");
		tag = tag > n ? n : tag;
		lang = of_range(accept, tag);
		q = weight(accept + tag, n - tag);
		/* Of two that weigh the same the first counts. */
		if (lang != NULL && q > best_q) {
			best = lang;
			best_q = q;
		}
		accept += n + (accept[n] == ',');
	}
	return best == NULL ? ours[0] : best;
}
