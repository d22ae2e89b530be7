/* SPDX-License-Identifier: Apache-2.0 */
/* Judges of what is configured of phones, of pushes to them, and of apps. */
#include <ctype.h>
#include <string.h>

#include "web/config_judge.h"
#include "web/deliver/endpoint.h"

const char *
judge_match(const char *value)
{
	static const char *const words[] = { "choose3", "type2", "type6",
		NULL };

	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(value, words[i]) == 0)
			return NULL;
	return "is none of choose3, type2, type6";
}

const char *
judge_push_host(const char *value)
{
	const char *const hosts[] = { value, NULL };
	struct endpoint_rules *r;
	const char *bad = NULL;

	r = endpoint_rules_open(hosts, NULL, &bad);
	endpoint_rules_close(r);
	return r != NULL ? NULL
			 : "is not a host such as push.example, "
			   "*.push.example or push.example:8443";
}

const char *
judge_push_subject(const char *value)
{
	return *value == '\0' || strncmp(value, "mailto:", 7) == 0 ||
		       strncmp(value, "https:", 6) == 0
		   ? NULL
		   : "is neither a mailto: nor an https: address";
}

/* Letters, digits, and any of more; as a package or a bundle is called. */
static bool
is_made_of(const char *s, size_t n, const char *more)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && strchr(more, s[i]) == NULL)
			return false;
	return n > 0;
}

/* "AB:CD:…", 32 bytes, as keytool prints it. */
static bool
is_fingerprint(const char *s)
{
	if (strlen(s) != 95)
		return false;
	for (size_t i = 0; i < 95; i++)
		if (i % 3 == 2 ? s[i] != ':'
			       : !isdigit((unsigned char)s[i]) &&
				     strchr("ABCDEF", s[i]) == NULL)
			return false;
	return true;
}

const char *
judge_android_app(const char *value)
{
	size_t n = strcspn(value, ":");

	return value[n] == ':' && is_made_of(value, n, "._") &&
		       is_fingerprint(value + n + 1)
		   ? NULL
		   : "is not PACKAGE:SHA256, the latter as in AB:CD:…, 32 "
		     "bytes in capitals";
}

const char *
judge_apple_app(const char *value)
{
	return strcspn(value, ".") == 10 && is_made_of(value, 10, "") &&
		       is_made_of(value + 11, strlen(value + 11), ".-")
		   ? NULL
		   : "is not TEAM.BUNDLE, the team being ten letters and "
		     "digits";
}
