/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/server/address.h"

static const struct {
	const char *text, *written; /* NULL: refused */
} addresses[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "::1", "::1" },
	{ "2001:DB8::0:1", "2001:db8::1" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },
	{ "", NULL },
	{ "1", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.1 ", NULL },
	{ " 192.0.2.1", NULL },
	{ "[::1]", NULL },
	{ "::1%lo", NULL },
	{ "2001:db8:1:2:3:4:5:6:7", NULL },
	{ "example.org", NULL },
	{ "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL },
};

static void
addresses_are_read_strictly(void **state)
{
	char text[STORE_ADDRESS_MAX + 1];
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		bool ok = address_parse(slice_of(addresses[i].text), &a);

		if (ok != (addresses[i].written != NULL))
			fail_msg("%s", addresses[i].text);
		if (!ok)
			continue;
		address_write(&a, text);
		assert_string_equal(text, addresses[i].written);
	}
	/* A NUL within is no end. */
	assert_false(address_parse(
	    (struct slice){ (const uint8_t *)"192.0.2.1\0", 10 }, &a));
}

static const struct {
	const char *network, *address;
	bool within;
} networks[] = {
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "192.0.2.1/32", "192.0.2.2", false },
	{ "0.0.0.0/0", "198.51.100.7", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/33", "2001:db8:ffff::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::ffff:192.0.2.0/120", "192.0.2.9", true },
	{ "10.0.0.0/8", "::ffff:10.1.2.3", true },
};

static void
networks_have_their_addresses_and_no_others(void **state)
{
	static const char *const bad[] = { "", "/", "192.0.2.0/33",
		"192.0.2.0/", "192.0.2.0/x", "192.0.2.0/-1", "2001:db8::/129",
		"192.0.2.0/24/24", "192.0.2.0/000024", "example.org/24" };
	struct network n;
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(networks) / sizeof(*networks); i++) {
		struct networks all = { &n, 1 };

		assert_true(network_parse(slice_of(networks[i].network), &n));
		assert_true(address_parse(slice_of(networks[i].address), &a));
		if (networks_have(&all, &a) != networks[i].within)
			fail_msg("%s in %s", networks[i].address,
			    networks[i].network);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (network_parse(slice_of(bad[i]), &n))
			fail_msg("%s", bad[i]);
}

/* Trusted: 10.0.0.0/8 and ::1. */
static const struct {
	const char *peer, *forwarded, *want;
} hops[] = {
	{ "192.0.2.1", "", "192.0.2.1" },
	/* Whoever is no proxy of ours may write what he likes. */
	{ "192.0.2.1", "198.51.100.7", "192.0.2.1" },
	{ "10.0.0.1", "198.51.100.7", "198.51.100.7" },
	{ "::1", "198.51.100.7", "198.51.100.7" },
	{ "10.0.0.1", "", "10.0.0.1" },
	/* What stands left of the client's address he wrote himself. */
	{ "10.0.0.1", "10.9.9.9, 203.0.113.5, 198.51.100.7", "198.51.100.7" },
	{ "10.0.0.1", "203.0.113.5, 198.51.100.7, 10.0.0.2", "198.51.100.7" },
	{ "10.0.0.1", "203.0.113.5,10.0.0.3,10.0.0.2", "203.0.113.5" },
	/* All of them proxies: the one farthest out. */
	{ "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3" },
	/* Something that is no address ends it. */
	{ "10.0.0.1", "203.0.113.5, unknown, 10.0.0.2", "10.0.0.2" },
	{ "10.0.0.1", "unknown", "10.0.0.1" },
	{ "10.0.0.1", ",", "10.0.0.1" },
	{ "10.0.0.1", "198.51.100.7:4711", "198.51.100.7" },
	{ "10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7" },
	{ "10.0.0.1", "2001:db8::7", "2001:db8::7" },
	{ "10.0.0.1", "[2001:db8::7", "10.0.0.1" },
};

static const struct {
	const char *peer, *forwarded, *want;
} hops_7239[] = {
	{ "10.0.0.1", "for=198.51.100.7", "198.51.100.7" },
	{ "10.0.0.1", "For=\"[2001:db8::7]:4711\"", "2001:db8::7" },
	{ "10.0.0.1", "for=203.0.113.5, for=198.51.100.7;proto=https;by=x",
	    "198.51.100.7" },
	{ "10.0.0.1", "proto=https; for=198.51.100.7, for=10.0.0.2",
	    "198.51.100.7" },
	{ "10.0.0.1", "for=_hidden", "10.0.0.1" },
	{ "10.0.0.1", "proto=https", "10.0.0.1" },
	{ "192.0.2.1", "for=198.51.100.7", "192.0.2.1" },
};

static void
forwarded_headers_are_believed_from_proxies_alone(void **state)
{
	struct network list[2];
	struct networks trusted = { list, 2 };
	char text[STORE_ADDRESS_MAX + 1];
	struct address peer, got;

	(void)state;
	assert_true(network_parse(slice_of("10.0.0.0/8"), &list[0]));
	assert_true(network_parse(slice_of("::1"), &list[1]));
	for (size_t i = 0; i < sizeof(hops) / sizeof(*hops); i++) {
		assert_true(address_parse(slice_of(hops[i].peer), &peer));
		got = address_of_client(
		    &trusted, peer, slice_of(hops[i].forwarded));
		address_write(&got, text);
		assert_string_equal(text, hops[i].want);
	}
	for (size_t i = 0; i < sizeof(hops_7239) / sizeof(*hops_7239); i++) {
		assert_true(address_parse(slice_of(hops_7239[i].peer), &peer));
		got = address_of_client_7239(
		    &trusted, peer, slice_of(hops_7239[i].forwarded));
		address_write(&got, text);
		assert_string_equal(text, hops_7239[i].want);
	}
}

static void
limits_count_networks(void **state)
{
	struct address a, b;
	uint8_t n[16], m[16];

	(void)state;
	assert_true(address_parse(slice_of("2001:db8::1"), &a));
	assert_true(address_parse(slice_of("2001:db8::ffff:1"), &b));
	address_network(&a, n);
	address_network(&b, m);
	assert_memory_equal(n, m, 16);
	assert_true(address_parse(slice_of("192.0.2.1"), &a));
	assert_true(address_parse(slice_of("192.0.2.2"), &b));
	address_network(&a, n);
	address_network(&b, m);
	assert_memory_not_equal(n, m, 16);
}

static void
hosts_and_ports_are_split(void **state)
{
	static const struct {
		const char *text, *host;
		int port; /* -1: refused */
	} rows[] = {
		{ "127.0.0.1:8080", "127.0.0.1", 8080 },
		{ "[::1]:8080", "::1", 8080 },
		{ ":8080", "", 8080 },
		{ "localhost:0", "localhost", 0 },
		{ "127.0.0.1", "", -1 },
		{ "127.0.0.1:", "", -1 },
		{ "127.0.0.1:65536", "", -1 },
		{ "127.0.0.1:80x", "", -1 },
		{ "::1:8080", "", -1 },
		{ "[::1:8080", "", -1 },
		{ "[", "", -1 },
		{ "[:1", "", -1 },
		{ "", "", -1 },
	};
	char host[STORE_ADDRESS_MAX + 1];
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool ok =
		    address_split(rows[i].text, host, sizeof(host), &port);

		if (ok != (rows[i].port >= 0))
			fail_msg("%s", rows[i].text);
		if (!ok)
			continue;
		assert_string_equal(host, rows[i].host);
		assert_int_equal(port, rows[i].port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_strictly),
		cmocka_unit_test(networks_have_their_addresses_and_no_others),
		cmocka_unit_test(
		    forwarded_headers_are_believed_from_proxies_alone),
		cmocka_unit_test(limits_count_networks),
		cmocka_unit_test(hosts_and_ports_are_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
