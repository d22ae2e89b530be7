/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include "web/server/text.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool
is_v4(const struct address *a)
{
	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

bool
address_of_socket(const struct sockaddr *sa, struct address *a)
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		memcpy(a->b, mapped, sizeof(mapped));
		memcpy(a->b + 12, &in->sin_addr, 4);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		memcpy(a->b, &in6->sin6_addr, 16);
		return true;
	}
	return false;
}

bool
address_parse(struct slice text, struct address *a)
{
	char s[INET6_ADDRSTRLEN];
	struct address got = { 0 };

	if (text.n == 0 || text.n >= sizeof(s) ||
	    memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(s, text.p, text.n);
	s[text.n] = '\0';
	memcpy(got.b, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, s, got.b + 12) != 1 &&
	    inet_pton(AF_INET6, s, got.b) != 1)
		return false;
	*a = got;
	return true;
}

void
address_write(const struct address *a, char out[STORE_ADDRESS_MAX + 1])
{
	const void *p = is_v4(a) ? a->b + 12 : a->b;

	if (inet_ntop(is_v4(a) ? AF_INET : AF_INET6, p, out,
		STORE_ADDRESS_MAX + 1) == NULL)
		out[0] = '\0';
}

bool
address_is_loopback(const struct address *a)
{
	static const uint8_t v6[16] = { [15] = 1 };

	return is_v4(a) ? a->b[12] == 127 : memcmp(a->b, v6, 16) == 0;
}

void
address_network(const struct address *a, uint8_t network[16])
{
	memcpy(network, a->b, 16);
	if (!is_v4(a))
		memset(network + 8, 0, 8);
}

void
address_wide_network(const struct address *a, uint8_t network[16])
{
	memcpy(network, a->b, 16);
	if (!is_v4(a))
		memset(network + 6, 0, 10);
}

static bool
parse_number(struct slice s, unsigned max, unsigned *v)
{
	unsigned n = 0;

	if (s.n == 0 || s.n > 5)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (unsigned)(s.p[i] - '0');
	}
	*v = n;
	return n <= max;
}

bool
network_parse(struct slice text, struct network *n)
{
	const uint8_t *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
	struct network got = { .bits = 128 };
	struct slice bits;
	bool v4;

	if (slash == NULL) {
		if (!address_parse(text, &got.base))
			return false;
		*n = got;
		return true;
	}
	bits =
	    (struct slice){ slash + 1, (size_t)(text.p + text.n - slash - 1) };
	text.n = (size_t)(slash - text.p);
	/* "::ffff:192.0.2.0/120" counts its bits from the left of IPv6. */
	v4 = memchr(text.p, ':', text.n) == NULL;
	if (!address_parse(text, &got.base) ||
	    !parse_number(bits, v4 ? 32 : 128, &got.bits))
		return false;
	if (v4)
		got.bits += 96;
	*n = got;
	return true;
}

static bool
within(const struct network *n, const struct address *a)
{
	size_t whole = n->bits / 8;
	unsigned rest = n->bits % 8;

	if (memcmp(n->base.b, a->b, whole) != 0)
		return false;
	return rest == 0 || (n->base.b[whole] ^ a->b[whole]) >> (8 - rest) == 0;
}

bool
networks_have(const struct networks *s, const struct address *a)
{
	for (size_t i = 0; i < s->n; i++)
		if (within(&s->list[i], a))
			return true;
	return false;
}

/* Takes the last element of a comma-separated list off it. */
static struct slice
take_last(struct slice *list)
{
	size_t i = list->n;
	struct slice last;

	while (i > 0 && list->p[i - 1] != ',')
		i--;
	last = (struct slice){ list->p + i, list->n - i };
	list->n = i > 0 ? i - 1 : 0;
	return text_trim(last);
}

/* "[v6]:port", "[v6]", "v4:port" and bare addresses. */
static bool
parse_node(struct slice s, struct address *a)
{
	const uint8_t *end;

	if (s.n > 0 && s.p[0] == '[') {
		if ((end = memchr(s.p, ']', s.n)) == NULL)
			return false;
		return address_parse(
		    (struct slice){ s.p + 1, (size_t)(end - s.p - 1) }, a);
	}
	if (address_parse(s, a))
		return true;
	if (s.n == 0 || (end = memchr(s.p, ':', s.n)) == NULL)
		return false;
	return address_parse((struct slice){ s.p, (size_t)(end - s.p) }, a);
}

/* for=… of one element of a Forwarded header, without its quotes. */
static struct slice
forwarded_for(struct slice element)
{
	while (element.n > 0) {
		struct slice v = text_trim(text_take(&element, ';'));

		if (v.n < 4 || strncasecmp((const char *)v.p, "for=", 4) != 0)
			continue;
		v = (struct slice){ v.p + 4, v.n - 4 };
		if (v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"')
			v = (struct slice){ v.p + 1, v.n - 2 };
		return v;
	}
	return (struct slice){ 0 };
}

static struct address
walk(const struct networks *trusted, struct address client, struct slice list,
    bool rfc7239)
{
	struct address a;

	while (list.n > 0 && networks_have(trusted, &client)) {
		struct slice element = take_last(&list);

		if (rfc7239)
			element = forwarded_for(element);
		if (!parse_node(element, &a))
			break;
		client = a;
	}
	return client;
}

struct address
address_of_client(
    const struct networks *trusted, struct address peer, struct slice forwarded)
{
	return walk(trusted, peer, forwarded, false);
}

struct address
address_of_client_7239(
    const struct networks *trusted, struct address peer, struct slice forwarded)
{
	return walk(trusted, peer, forwarded, true);
}

bool
address_split(const char *text, char *host, size_t size, uint16_t *port)
{
	const char *colon = strrchr(text, ':'), *from = text, *to = colon;
	unsigned n;

	if (colon == NULL || !parse_number(slice_of(colon + 1), 65535, &n))
		return false;
	if (*from == '[') {
		if (to == from || *--to != ']')
			return false;
		from++;
	} else if (memchr(from, ':', (size_t)(to - from)) != NULL)
		return false; /* IPv6 without its brackets */
	if ((size_t)(to - from) >= size)
		return false;
	memcpy(host, from, (size_t)(to - from));
	host[to - from] = '\0';
	*port = (uint16_t)n;
	return true;
}
