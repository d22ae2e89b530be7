/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/useragent.h"

#include <stdio.h>

struct mark {
	const char *token, *name;
};

/* Browsers carry the names of those they descend from: youngest first. */
static const struct mark browsers[] = {
	{ "Edg/", "Edge" },
	{ "EdgA/", "Edge" },
	{ "EdgiOS/", "Edge" },
	{ "OPR/", "Opera" },
	{ "SamsungBrowser/", "Samsung Internet" },
	{ "YaBrowser/", "Yandex" },
	{ "Vivaldi/", "Vivaldi" },
	{ "DuckDuckGo/", "DuckDuckGo" },
	{ "Line/", "LINE" },
	{ "Focus/", "Firefox Focus" },
	{ "FxiOS/", "Firefox" },
	{ "Firefox/", "Firefox" },
	{ "CriOS/", "Chrome" },
	{ "GSA/", "Google" },
	{ "HeadlessChrome/", "Chrome" },
	{ "Chrome/", "Chrome" },
	{ "Version/", "Safari" },
	{ "curl/", "curl" },
};

static const struct mark systems[] = {
	{ "iPhone", "iPhone" },
	{ "iPad", "iPad" },
	{ "Android", "Android" },
	{ "CrOS", "ChromeOS" },
	{ "Windows", "Windows" },
	{ "Mac OS X", "macOS" },
	{ "FreeBSD", "FreeBSD" },
	{ "OpenBSD", "OpenBSD" },
	{ "Linux", "Linux" },
};

/* Sec-CH-UA names those that a user agent string hides. */
static const struct mark brands[] = {
	{ "\"Microsoft Edge\"", "Edge" },
	{ "\"Brave\"", "Brave" },
	{ "\"Opera\"", "Opera" },
	{ "\"Vivaldi\"", "Vivaldi" },
	{ "\"Samsung Internet\"", "Samsung Internet" },
	{ "\"DuckDuckGo\"", "DuckDuckGo" },
	{ "\"Google Chrome\"", "Chrome" },
	{ "\"Chromium\"", "Chromium" },
};

static const struct mark platforms[] = {
	{ "\"Windows\"", "Windows" },
	{ "\"macOS\"", "macOS" },
	{ "\"Android\"", "Android" },
	{ "\"Chrome OS\"", "ChromeOS" },
	{ "\"ChromeOS\"", "ChromeOS" },
	{ "\"iOS\"", "iPhone" },
	{ "\"Linux\"", "Linux" },
};

#define FIND(text, marks) find(text, marks, sizeof(marks) / sizeof(*(marks)))

static const char *
find(const char *text, const struct mark *marks, size_t n)
{
	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strstr(text, marks[i].token) != NULL)
			return marks[i].name;
	return NULL;
}

void
useragent_name(const char *user_agent, const char *sec_ch_ua,
    const char *sec_ch_ua_platform, char out[STORE_BROWSER_MAX + 1])
{
	const char *browser = FIND(sec_ch_ua, brands);
	const char *system = FIND(sec_ch_ua_platform, platforms);

	if (browser == NULL)
		browser = FIND(user_agent, browsers);
	if (system == NULL)
		system = FIND(user_agent, systems);
	(void)snprintf(out, STORE_BROWSER_MAX + 1, "%s%s%s",
	    browser == NULL ? "" : browser,
	    browser == NULL || system == NULL ? "" : ", ",
	    system == NULL ? "" : system);
}
