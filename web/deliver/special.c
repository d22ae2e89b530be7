/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/special.h"

static const char *const global[] = { "0.0.0.0/0", "2000::/3" };

static const char *const special[] = {
	"0.0.0.0/8", /* this network */
	"10.0.0.0/8", /* private */
	"100.64.0.0/10", /* shared, behind a carrier's NAT */
	"127.0.0.0/8", /* loopback */
	"169.254.0.0/16", /* link local; clouds tell secrets there */
	"172.16.0.0/12", /* private */
	"192.0.0.0/24", /* protocol assignments */
	"192.0.2.0/24", /* documentation */
	"192.88.99.0/24", /* 6to4 relays, once */
	"192.168.0.0/16", /* private */
	"198.18.0.0/15", /* benchmarks */
	"198.51.100.0/24", /* documentation */
	"203.0.113.0/24", /* documentation */
	"224.0.0.0/4", /* multicast */
	"240.0.0.0/4", /* reserved, and broadcast */
	"2001::/23", /* protocols, among them Teredo */
	"2001:db8::/32", /* documentation */
	"2002::/16", /* 6to4: IPv4 within */
	"3fff::/20", /* documentation */
};

/*
 * Read each time: a few microseconds for each new connection, and the tables
 * stay as people write addresses.  One that cannot be read has everything.
 */
static bool
is_in(const char *text, const struct address *a)
{
	struct network n;

	return !network_parse(slice_of(text), &n) ||
	       networks_have(&(struct networks){ &n, 1 }, a);
}

static bool
is_in_any(const char *const *list, size_t n, const struct address *a)
{
	for (size_t i = 0; i < n; i++)
		if (is_in(list[i], a))
			return true;
	return false;
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

bool
special_is_public(const struct address *a)
{
	return is_in_any(global, COUNT(global), a) &&
	       !is_in_any(special, COUNT(special), a);
}

bool
special_translated(const struct address *a, struct address *to)
{
	if (!is_in("64:ff9b::/96", a))
		return false;
	*to = (struct address){ { [10] = 0xff, [11] = 0xff } };
	memcpy(to->b + 12, a->b + 12, 4);
	return true;
}
