/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/origin.h"

#include <strings.h>

bool
origin_is_ours(
    const char *sec_fetch_site, const char *origin, const char *const *origins)
{
	if (sec_fetch_site != NULL)
		return strcmp(sec_fetch_site, "same-origin") == 0;
	if (origin == NULL)
		return false;
	for (; *origins != NULL; origins++)
		if (strcmp(origin, *origins) == 0)
			return true;
	return false;
}

static const char *
skip_space(const char *p)
{
	return p + strspn(p, " \t");
}

bool
origin_type_is_json(const char *content_type)
{
	static const char type[] = "application/json";
	static const char charset[] = "charset=";
	const char *p = content_type;

	if (p == NULL || strncasecmp(p, type, sizeof(type) - 1) != 0)
		return false;
	p = skip_space(p + sizeof(type) - 1);
	if (*p == '\0')
		return true;
	if (*p != ';')
		return false;
	p = skip_space(p + 1);
	if (strncasecmp(p, charset, sizeof(charset) - 1) != 0)
		return false;
	p += sizeof(charset) - 1;
	if (strncasecmp(p, "utf-8", 5) == 0)
		p += 5;
	else if (strncasecmp(p, "\"utf-8\"", 7) == 0)
		p += 7;
	else
		return false;
	return *skip_space(p) == '\0';
}
