/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "web/server/cookies.h"
#include "web/server/language.h"
#include "web/server/origin.h"
#include "web/server/static.h"
#include "web/server/useragent.h"

/* An exact copy, so that a byte read too far is seen. */
static char *
exact(const char *s)
{
	char *p = malloc(strlen(s) + 1);

	assert_non_null(p);
	return strcpy(p, s);
}

static const struct {
	const char *header, *name, *value;
} cookies[] = {
	{ "a=1", "a", "1" },
	{ "a=1; b=2", "b", "2" },
	{ "a=1;b=2", "b", "2" },
	{ " \ta=1 ;\tb=2 ", "b", "2" },
	{ "a=1; a=2", "a", "1" },
	{ "a=\"1\"", "a", "1" },
	{ "a=b=c", "a", "b=c" },
	{ "ab=1; b=2", "b", "2" },
	{ "b", "b", "" },
	{ "b=", "b", "" },
	{ "", "b", "" },
	{ ";;;", "b", "" },
	{ "=1", "", "1" },
	{ "B=1", "b", "" },
	{ "a=1 2", "a", "" },
	{ "a=\"1", "a", "" },
	{ "a=1,2", "a", "" },
	{ "a=1\\2", "a", "" },
	{ "a=\x7f", "a", "" },
	{ "a=\xe3\x81\x84", "a", "" },
	{ "__Host-isid=x; __Host-itb=y", "__Host-itb", "y" },
	{ "x__Host-isid=z", "__Host-isid", "" },
};

static void
finds_cookies_and_nothing_like_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cookies) / sizeof(*cookies); i++) {
		char *header = exact(cookies[i].header);
		struct slice got =
		    cookie_find(slice_of(header), cookies[i].name);

		if (!slice_equal(got, slice_of(cookies[i].value)))
			fail_msg("%s: %.*s", header, (int)got.n,
			    got.n > 0 ? (const char *)got.p : "");
		free(header);
	}
}

static void
writes_cookies_closed_to_scripts(void **state)
{
	char out[COOKIE_MAX], *much = malloc(COOKIE_MAX);

	(void)state;
	assert_true(cookie_write(out, "__Host-isid", "abc", 60));
	assert_string_equal(out,
	    "__Host-isid=abc; Max-Age=60; Path=/; Secure; HttpOnly; "
	    "SameSite=Lax");
	assert_non_null(much);
	memset(much, 'x', COOKIE_MAX - 1);
	much[COOKIE_MAX - 1] = '\0';
	assert_false(cookie_write(out, "a", much, 60));
	free(much);
}

static const struct {
	const char *cookie, *accept, *want;
} languages[] = {
	{ "", NULL, "en" },
	{ "", "", "en" },
	{ "ja", "en", "ja" },
	{ "en", "ja", "en" },
	{ "fr", "ja", "ja" },
	{ "", "ja", "ja" },
	{ "", "JA-jp", "ja" },
	{ "", "fr", "en" },
	{ "", "fr, ja;q=0.5", "ja" },
	{ "", "en;q=0.4, ja;q=0.5", "ja" },
	{ "", "ja;q=0.4, en;q=0.5", "en" },
	{ "", "ja, en", "ja" },
	{ "", "en, ja", "en" },
	{ "", "en;q=0, ja;q=0.001", "ja" },
	{ "", "ja;q=0", "en" },
	{ "", "ja;q=0.000", "en" },
	{ "", "ja;q=x, en;q=0.1", "en" },
	{ "", "jax", "en" },
	{ "", "fr, *;q=0.1", "en" },
	{ "", ",,, ja ,", "ja" },
	{ "", "ja;q=1.0, en;q=0.999", "ja" },
	{ "", ";q=", "en" },
	{ "", "ja;", "ja" },
};

static void
languages_are_weighed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(languages) / sizeof(*languages); i++) {
		char *accept = languages[i].accept == NULL
				   ? NULL
				   : exact(languages[i].accept);
		const char *got =
		    language_choose(slice_of(languages[i].cookie), accept);

		if (strcmp(got, languages[i].want) != 0)
			fail_msg("%s: %s", accept == NULL ? "-" : accept, got);
		free(accept);
	}
}

static const struct {
	const char *agent, *brands, *platform, *want;
} agents[] = {
	{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
	  "(KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
	    NULL, NULL, "Chrome, Windows" },
	{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
	  "(KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
	    NULL, NULL, "Edge, Windows" },
	{ "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) "
	  "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
	  "Mobile/15E148 Safari/604.1",
	    NULL, NULL, "Safari, iPhone" },
	{ "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) "
	  "AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 "
	  "Mobile/15E148 Safari/604.1",
	    NULL, NULL, "Chrome, iPhone" },
	{ "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
	  "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
	  "Safari/605.1.15",
	    NULL, NULL, "Safari, macOS" },
	{ "Mozilla/5.0 (Linux; Android 15; SM-S918B) AppleWebKit/537.36 "
	  "(KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile "
	  "Safari/537.36",
	    NULL, NULL, "Samsung Internet, Android" },
	{ "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
	  "Firefox/128.0",
	    NULL, NULL, "Firefox, Linux" },
	{ "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 "
	  "(KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
	    NULL, NULL, "Chrome, ChromeOS" },
	{ "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0 Safari/537.36",
	    "\"Brave\";v=\"140\", \"Chromium\";v=\"140\"", "\"Windows\"",
	    "Brave, Windows" },
	{ "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0",
	    "\"Not A Brand\";v=\"8\"", "\"Android\"", "Chrome, Android" },
	{ "curl/7.88.1", NULL, NULL, "curl" },
	{ "<script>alert(1)</script>", "\"Evil\"", "\"<b>\"", "" },
	{ "Windows", NULL, NULL, "Windows" },
	{ "", "", "", "" },
	{ NULL, NULL, NULL, "" },
};

static void
browsers_are_named_from_our_own_tables(void **state)
{
	char out[STORE_BROWSER_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(agents) / sizeof(*agents); i++) {
		useragent_name(
		    agents[i].agent, agents[i].brands, agents[i].platform, out);
		assert_string_equal(out, agents[i].want);
	}
}

static const char *const ours[] = { "https://id.example",
	"https://id.example:8443", NULL };

static const struct {
	const char *site, *origin;
	bool want;
} sites[] = {
	{ "same-origin", NULL, true },
	{ "same-origin", "https://id.example", true },
	{ "same-site", "https://id.example", false },
	{ "cross-site", "https://id.example", false },
	{ "none", "https://id.example", false },
	{ "", "https://id.example", false },
	{ "Same-Origin", NULL, false },
	{ NULL, "https://id.example", true },
	{ NULL, "https://id.example:8443", true },
	{ NULL, "https://id.example/", false },
	{ NULL, "https://id.example.evil", false },
	{ NULL, "http://id.example", false },
	{ NULL, "HTTPS://ID.EXAMPLE", false },
	{ NULL, "null", false },
	{ NULL, "", false },
	{ NULL, NULL, false },
};

static void
only_our_own_pages_may_change_things(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sites) / sizeof(*sites); i++)
		if (origin_is_ours(sites[i].site, sites[i].origin, ours) !=
		    sites[i].want)
			fail_msg("%s %s",
			    sites[i].site == NULL ? "-" : sites[i].site,
			    sites[i].origin == NULL ? "-" : sites[i].origin);
}

static const struct {
	const char *type;
	bool want;
} types[] = {
	{ "application/json", true },
	{ "Application/JSON", true },
	{ "application/json; charset=utf-8", true },
	{ "application/json;charset=UTF-8", true },
	{ "application/json ; charset=\"utf-8\" ", true },
	{ "application/json; charset=utf-16", false },
	{ "application/json; charset=utf-8x", false },
	{ "application/json; x", false },
	{ "application/json;", false },
	{ "application/jsonx", false },
	{ "application/json, text/plain", false },
	{ "text/plain", false },
	{ "application/x-www-form-urlencoded", false },
	{ "", false },
	{ NULL, false },
};

static void
only_json_is_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (origin_type_is_json(types[i].type) != types[i].want)
			fail_msg("%s", types[i].type);
}

static const struct {
	const char *host;
	bool ours, local;
} hosts[] = {
	{ NULL, true, true },
	{ "", true, true },
	{ "id.example.com", true, false },
	{ "ID.Example.COM:8443", true, false },
	{ "id.example.com.", true, false },
	{ "id.example.com.:443", true, false },
	{ "other.example", true, false },
	{ "localhost", true, true },
	{ "localhost:8080", true, true },
	{ "127.0.0.1:8080", true, true },
	{ "192.0.2.7", true, true },
	{ "[2001:db8::1]:80", true, true },
	{ "[::1]", true, true },
	{ "[::1", false, false },
	{ "[id.example.com]", true, false },
	{ "example.com", false, false },
	{ "evil.id.example.com", false, false },
	{ "id.example.com.evil.example", false, false },
	{ "id.example.comm", false, false },
	{ "localhost.evil.example", false, false },
	{ "127.0.0.1.evil.example", false, false },
	{ "127.1", false, false },
	{ ":8080", false, false },
	{ ".", false, false },
	{ "apk-key-hash", false, false },
};

static void
hosts_of_others_are_not_ours(void **state)
{
	static const char *const origins[] = { "https://id.example.com:8443",
		"android:apk-key-hash:x", "https://other.example", NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		char *host =
		    hosts[i].host == NULL ? NULL : exact(hosts[i].host);

		if (origin_host_is_ours(host, origins) != hosts[i].ours ||
		    origin_host_is_local(host) != hosts[i].local)
			fail_msg("%s", hosts[i].host);
		free(host);
	}
}

static const struct {
	const char *accept;
	bool takes;
} codings[] = {
	{ NULL, false },
	{ "", false },
	{ "gzip", true },
	{ "br, gzip", true },
	{ "br;q=1.0 ,\tgzip ; q=0.5", true },
	{ "gzip;q=0", false },
	{ "gzip;Q=0", false },
	{ "gzip;q=0.", false },
	{ "gzip;q=0.000", false },
	{ "gzip;q=0.001", true },
	{ "gzip;q=0.0001", true },
	{ "gzip;q=0.0000000000000000000000000000000000", false },
	{ "gzip;q=00", true },
	{ "gzip;q=", true },
	{ "gzip;q", true },
	{ "gzipped", false },
	{ "deflate", false },
};

static void
a_coding_that_weighs_nothing_is_not_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(codings) / sizeof(*codings); i++) {
		char *accept =
		    codings[i].accept == NULL ? NULL : exact(codings[i].accept);

		if (static_takes_gzip(accept) != codings[i].takes)
			fail_msg("%s", codings[i].accept);
		free(accept);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_cookies_and_nothing_like_them),
		cmocka_unit_test(writes_cookies_closed_to_scripts),
		cmocka_unit_test(languages_are_weighed),
		cmocka_unit_test(browsers_are_named_from_our_own_tables),
		cmocka_unit_test(only_our_own_pages_may_change_things),
		cmocka_unit_test(only_json_is_json),
		cmocka_unit_test(hosts_of_others_are_not_ours),
		cmocka_unit_test(a_coding_that_weighs_nothing_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
