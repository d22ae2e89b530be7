/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/origin.h"

#include <strings.h>

#include "web/server/address.h"

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

static bool
same_name(struct slice a, struct slice b)
{
	return a.n == b.n &&
	       strncasecmp((const char *)a.p, (const char *)b.p, a.n) == 0;
}

/* "name", "name:port", "[v6]:port": without port, brackets, a last dot. */
static struct slice
host_name(struct slice s)
{
	const uint8_t *end;

	if (s.n > 0 && s.p[0] == '[')
		return (end = memchr(s.p, ']', s.n)) == NULL
			   ? s
			   : (struct slice){ s.p + 1, (size_t)(end - s.p - 1) };
	if (s.n > 0 && (end = memchr(s.p, ':', s.n)) != NULL)
		s.n = (size_t)(end - s.p);
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

bool
origin_host_is_local(const char *host)
{
	struct slice name;
	struct address ignored;

	if (host == NULL || *host == '\0')
		return true;
	name = host_name(slice_of(host));
	return same_name(name, slice_of("localhost")) ||
	       address_parse(name, &ignored);
}

bool
origin_host_is_ours(const char *host, const char *const *origins)
{
	const char *at;

	if (origin_host_is_local(host))
		return true;
	for (; *origins != NULL; origins++)
		if ((at = strstr(*origins, "://")) != NULL &&
		    same_name(
			host_name(slice_of(host)), host_name(slice_of(at + 3))))
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
