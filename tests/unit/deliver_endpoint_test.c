/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "web/deliver/endpoint.h"

static struct endpoint_rules *
open_rules(const char *const *hosts, const char *const *networks)
{
	const char *bad = NULL;
	struct endpoint_rules *r = endpoint_rules_open(hosts, networks, &bad);

	if (r == NULL)
		fail_msg("refused: %s", bad != NULL ? bad : "no memory");
	return r;
}

static void
knows_the_push_services_of_the_browsers(void **state)
{
	static const char *const endpoints[] = {
		"https://fcm.googleapis.com/fcm/send/abc:def-_",
		"https://jmt17.google.com/fcm/send/tok",
		"https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
		"https://wns2-par02p.notify.windows.com/w/?token=BQYAAA%2b",
		"https://web.push.apple.com/QGuQyavXutnMH",
		"https://api.sandbox.push.apple.com/3/device/x",
		"https://ntfy.sh/upABCDEF?up=1",
		"HTTPS://FCM.GoogleAPIs.com/fcm/send/x",
	};
	static const char *const others[] = {
		"https://script.google.com/macros/s/x/exec",
		"https://www.google.com/",
		"https://android.googleapis.com/gcm/send/x",
		"https://storage.googleapis.com/x",
		"https://a.fcm.googleapis.com/fcm/send/x",
		"https://a.services.mozilla.com/x",
		"https://notify.windows.com/",
		"https://www.apple.com/",
	};
	struct endpoint_rules *r = open_rules(NULL, NULL);
	struct endpoint e;

	(void)state;
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		if (endpoint_judge(r, slice_of(endpoints[i]), &e) !=
		    ENDPOINT_OK)
			fail_msg("%s", endpoints[i]);
	assert_string_equal(e.origin, "https://fcm.googleapis.com");
	/* And nothing that is beside them. */
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (endpoint_judge(r, slice_of(others[i]), &e) != ENDPOINT_HOST)
			fail_msg("%s", others[i]);
	endpoint_rules_close(r);
}

static const char *const hosts[] = { "push.example", "*.below.example",
	"push.example:8443", "http://127.0.0.1:8090", "http://localhost:8091",
	"192.0.2.1", "[2001:db8::1]:8443", NULL };

static const struct {
	const char *url;
	enum endpoint_verdict want;
	const char *origin;
} urls[] = {
	{ "https://push.example/x", ENDPOINT_OK, "https://push.example" },
	{ "https://push.example:443/x", ENDPOINT_OK, "https://push.example" },
	{ "https://push.example:8443/x", ENDPOINT_OK,
	    "https://push.example:8443" },
	{ "https://PUSH.example/x?y=z", ENDPOINT_OK, "https://push.example" },
	{ "https://a.below.example/", ENDPOINT_OK, "https://a.below.example" },
	{ "https://a.b.below.example", ENDPOINT_OK,
	    "https://a.b.below.example" },
	{ "http://127.0.0.1:8090/x", ENDPOINT_OK, "http://127.0.0.1:8090" },
	{ "http://localhost:8091/x", ENDPOINT_OK, "http://localhost:8091" },
	{ "https://192.0.2.1/x", ENDPOINT_OK, "https://192.0.2.1" },
	{ "https://[2001:db8::1]:8443/", ENDPOINT_OK,
	    "https://[2001:db8::1]:8443" },

	/* not ours, though it looks like it */
	{ "https://evil.example/x", ENDPOINT_HOST, NULL },
	{ "https://push.example.evil.example/", ENDPOINT_HOST, NULL },
	{ "https://evilpush.example/", ENDPOINT_HOST, NULL },
	{ "https://below.example/", ENDPOINT_HOST, NULL },
	{ "https://evilbelow.example/", ENDPOINT_HOST, NULL },
	{ "https://sub.push.example/", ENDPOINT_HOST, NULL },
	{ "https://evil.example#https://push.example/", ENDPOINT_FORM, NULL },
	{ "https://evil.example?https://push.example/", ENDPOINT_HOST, NULL },
	{ "https://evil.example/https://push.example/", ENDPOINT_HOST, NULL },
	{ "https://push.example@evil.example/", ENDPOINT_USERINFO, NULL },
	{ "https://push.example:443@evil.example/", ENDPOINT_USERINFO, NULL },
	{ "https://evil.example@push.example/", ENDPOINT_USERINFO, NULL },
	{ "https://@push.example/", ENDPOINT_USERINFO, NULL },
	{ "https://push.example\\@evil.example/", ENDPOINT_FORM, NULL },
	{ "https://evil.example\\.push.example/", ENDPOINT_FORM, NULL },
	{ "https://push.example%2eevil.example/", ENDPOINT_HOST, NULL },
	{ "https://push.example%00.evil.example/", ENDPOINT_FORM, NULL },
	{ "https://push.example./", ENDPOINT_FORM, NULL },
	{ "https://.below.example/", ENDPOINT_FORM, NULL },
	{ "https://a..below.example/", ENDPOINT_FORM, NULL },
	{ "https://-a.below.example/", ENDPOINT_FORM, NULL },
	{ "https://p\xd1\x83sh.example/", ENDPOINT_FORM, NULL },

	/* other ports */
	{ "https://push.example:80/", ENDPOINT_PORT, NULL },
	{ "https://push.example:22/", ENDPOINT_PORT, NULL },
	{ "https://push.example:0/", ENDPOINT_FORM, NULL },
	{ "https://push.example:65536/", ENDPOINT_FORM, NULL },
	{ "https://push.example:99999999999/", ENDPOINT_FORM, NULL },
	{ "https://push.example:-1/", ENDPOINT_FORM, NULL },
	{ "https://192.0.2.1:8443/", ENDPOINT_PORT, NULL },
	{ "https://[2001:db8::1]/", ENDPOINT_PORT, NULL },

	/* other schemes */
	{ "http://push.example/", ENDPOINT_SCHEME, NULL },
	{ "http://push.example:443/", ENDPOINT_SCHEME, NULL },
	{ "http://127.0.0.1/", ENDPOINT_PORT, NULL },
	{ "http://127.0.0.1:8091/", ENDPOINT_PORT, NULL },
	{ "https://127.0.0.1:8090/", ENDPOINT_SCHEME, NULL },
	{ "ftp://push.example/", ENDPOINT_SCHEME, NULL },
	{ "file:///etc/passwd", ENDPOINT_SCHEME, NULL },
	{ "gopher://push.example/", ENDPOINT_SCHEME, NULL },
	{ "push.example/", ENDPOINT_SCHEME, NULL },
	{ "//push.example/", ENDPOINT_SCHEME, NULL },
	{ "https:/push.example/", ENDPOINT_SCHEME, NULL },
	{ "https:push.example/", ENDPOINT_SCHEME, NULL },
	{ "https:///push.example/", ENDPOINT_SCHEME, NULL },
	{ " https://push.example/", ENDPOINT_FORM, NULL },
	{ "https://", ENDPOINT_SCHEME, NULL },
	{ "https", ENDPOINT_SCHEME, NULL },
	{ "", ENDPOINT_FORM, NULL },

	/* addresses in their disguises: curl reads each as 127.0.0.1,
	   which is listed for http alone */
	{ "https://127.0.0.1/", ENDPOINT_SCHEME, NULL },
	{ "https://127.1/", ENDPOINT_SCHEME, NULL },
	{ "https://0x7f.1/", ENDPOINT_SCHEME, NULL },
	{ "https://2130706433/", ENDPOINT_SCHEME, NULL },
	{ "https://017700000001/", ENDPOINT_SCHEME, NULL },
	{ "https://[::1]/", ENDPOINT_HOST, NULL },
	{ "https://[::ffff:127.0.0.1]/", ENDPOINT_HOST, NULL },
	{ "https://[2001:db8::1/", ENDPOINT_FORM, NULL },
	{ "https://1.2.3.4.5/", ENDPOINT_FORM, NULL },
	{ "https://example.256/", ENDPOINT_FORM, NULL },

	/* what has no business in a URL */
	{ "https://push.example/a b", ENDPOINT_FORM, NULL },
	{ "https://push.example/\r\nX: y", ENDPOINT_FORM, NULL },
	{ "https://push.example/\"", ENDPOINT_FORM, NULL },
	{ "https://push.example/#fragment", ENDPOINT_FORM, NULL },
	{ "https://push.example/\x7f", ENDPOINT_FORM, NULL },
};

static void
names_each_lie(void **state)
{
	struct endpoint_rules *r = open_rules(hosts, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		const size_t n = strlen(urls[i].url);
		uint8_t *exact = malloc(n + (n == 0));
		struct endpoint e = { "untouched" };
		enum endpoint_verdict got;

		assert_non_null(exact);
		memcpy(exact, urls[i].url, n);
		got = endpoint_judge(r, (struct slice){ exact, n }, &e);
		if (got != urls[i].want)
			fail_msg(
			    "%s: %s", urls[i].url, endpoint_verdict_name(got));
		assert_string_equal(e.origin,
		    urls[i].origin != NULL ? urls[i].origin : "untouched");
		free(exact);
	}
	endpoint_rules_close(r);
}

static void
a_star_takes_names_alone(void **state)
{
	static const char *const any[] = { "*", NULL };
	struct endpoint_rules *r = open_rules(any, NULL);
	struct endpoint e;

	(void)state;
	assert_int_equal(
	    endpoint_judge(r, slice_of("https://any.example/"), &e),
	    ENDPOINT_OK);
	assert_int_equal(endpoint_judge(r, slice_of("https://192.0.2.1/"), &e),
	    ENDPOINT_HOST);
	assert_int_equal(
	    endpoint_judge(r, slice_of("https://[2001:db8::1]/"), &e),
	    ENDPOINT_HOST);
	assert_int_equal(endpoint_judge(r, slice_of("https://0x7f000001/"), &e),
	    ENDPOINT_HOST);
	assert_int_equal(endpoint_judge(r, slice_of("http://any.example/"), &e),
	    ENDPOINT_SCHEME);
	assert_int_equal(
	    endpoint_judge(r, slice_of("https://any.example:81/"), &e),
	    ENDPOINT_PORT);
	endpoint_rules_close(r);
}

static void
the_longest_endpoint_is_what_the_store_holds(void **state)
{
	struct endpoint_rules *r = open_rules(hosts, NULL);
	char *url = malloc(ENDPOINT_MAX + 2);
	struct endpoint e;

	(void)state;
	assert_non_null(url);
	memset(url, 'a', ENDPOINT_MAX + 1);
	url[ENDPOINT_MAX + 1] = '\0';
	memcpy(url, "https://push.example/", 21);
	assert_int_equal(
	    endpoint_judge(
		r, (struct slice){ (uint8_t *)url, ENDPOINT_MAX }, &e),
	    ENDPOINT_OK);
	assert_int_equal(endpoint_judge(r, slice_of(url), &e), ENDPOINT_LENGTH);
	free(url);
	endpoint_rules_close(r);
}

static void
refuses_rules_that_are_none(void **state)
{
	static const char *const bad_hosts[] = { "", "*.", "**", "a*.example",
		"*.*.example", "https://push.example", "push.example/",
		"push.example:", "push.example:0", "push.example:65536",
		"push.example:x", "http://push.example", "http://192.0.2.1:80",
		"http://*", "http://*.localhost", "Push.example", "a b", "[::1",
		"::1", "*.192.0.2.1:x", "push..example" };
	static const char *const bad_networks[] = { "", "10.0.0.0/33", "10.0.0",
		"fd00::/129", "example.org", "10.0.0.0/8 " };
	const char *bad = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_hosts) / sizeof(bad_hosts[0]); i++) {
		const char *list[] = { "push.example", bad_hosts[i], NULL };

		if (endpoint_rules_open(list, NULL, &bad) != NULL)
			fail_msg("%s", bad_hosts[i]);
		assert_ptr_equal(bad, bad_hosts[i]);
	}
	for (size_t i = 0; i < sizeof(bad_networks) / sizeof(bad_networks[0]);
	     i++) {
		const char *list[] = { bad_networks[i], NULL };

		if (endpoint_rules_open(NULL, list, &bad) != NULL)
			fail_msg("%s", bad_networks[i]);
		assert_ptr_equal(bad, bad_networks[i]);
	}
}

static bool
allowed(const struct endpoint_rules *r, const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return endpoint_address_allowed(r, (struct sockaddr *)&in);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return endpoint_address_allowed(r, (struct sockaddr *)&in6);
}

static void
nothing_leads_inside(void **state)
{
	static const char *const inside[] = { "0.0.0.0", "0.1.2.3", "10.0.0.1",
		"10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
		"127.255.255.254", "169.254.169.254", "172.16.0.1",
		"172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
		"192.168.0.1", "192.168.255.255", "198.18.0.1",
		"198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
		"239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1",
		"::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
		"::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
		"64:ff9b::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
		"100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1",
		"2002:808:808::1", "3fff::1", "fc00::1", "fd12:3456::1",
		"fe80::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1" };
	static const char *const outside[] = { "8.8.8.8", "1.0.0.1",
		"9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
		"126.255.255.255", "128.0.0.1", "169.253.255.255",
		"172.15.255.255", "172.32.0.0", "192.167.255.255",
		"192.169.0.0", "198.17.255.255", "198.20.0.0",
		"223.255.255.255", "::ffff:8.8.8.8", "2001:200::1",
		"2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1" };
	struct endpoint_rules *r = open_rules(NULL, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		if (allowed(r, inside[i]))
			fail_msg("%s was let through", inside[i]);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		if (!allowed(r, outside[i]))
			fail_msg("%s was refused", outside[i]);
	endpoint_rules_close(r);
}

static void
listed_networks_are_let_through(void **state)
{
	static const char *const networks[] = { "10.1.0.0/16", "fd00:1::/32",
		"192.168.1.1", NULL };
	struct endpoint_rules *r = open_rules(NULL, networks);

	(void)state;
	assert_true(allowed(r, "10.1.2.3"));
	assert_true(allowed(r, "::ffff:10.1.2.3"));
	assert_false(allowed(r, "10.2.0.1"));
	assert_true(allowed(r, "192.168.1.1"));
	assert_false(allowed(r, "192.168.1.2"));
	assert_true(allowed(r, "fd00:1::1"));
	assert_false(allowed(r, "fd00:2::1"));
	endpoint_rules_close(r);
}

/* A translator is listed for the sake of what it leads to, and no more. */
static void
a_translator_leads_where_its_last_bytes_say(void **state)
{
	static const char *const networks[] = { "64:ff9b::/96", NULL };
	struct endpoint_rules *r = open_rules(NULL, networks);

	(void)state;
	assert_true(allowed(r, "64:ff9b::8.8.8.8"));
	assert_false(allowed(r, "64:ff9b::10.0.0.1"));
	assert_false(allowed(r, "64:ff9b::127.0.0.1"));
	endpoint_rules_close(r);
}

static void
other_families_are_refused(void **state)
{
	struct endpoint_rules *r = open_rules(NULL, NULL);
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	(void)state;
	assert_false(endpoint_address_allowed(r, (struct sockaddr *)&un));
	endpoint_rules_close(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_push_services_of_the_browsers),
		cmocka_unit_test(names_each_lie),
		cmocka_unit_test(a_star_takes_names_alone),
		cmocka_unit_test(the_longest_endpoint_is_what_the_store_holds),
		cmocka_unit_test(refuses_rules_that_are_none),
		cmocka_unit_test(nothing_leads_inside),
		cmocka_unit_test(listed_networks_are_let_through),
		cmocka_unit_test(a_translator_leads_where_its_last_bytes_say),
		cmocka_unit_test(other_families_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
