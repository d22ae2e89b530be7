/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_ADDRESS_H
#define WEB_SERVER_ADDRESS_H

#include <sys/socket.h>

#include "store/sessions.h"

/* An address as IPv6; IPv4 as ::ffff:a.b.c.d. */
struct address {
	uint8_t b[16];
};

struct network {
	struct address base;
	unsigned bits; /* of 128 */
};

struct networks {
	const struct network *list;
	size_t n;
};

/* False for a family that is neither, such as a Unix socket. */
bool address_of_socket(const struct sockaddr *sa, struct address *a);
/* "192.0.2.1", "2001:db8::1", nothing else. */
bool address_parse(struct slice text, struct address *a);
/* IPv4 as IPv4. */
void address_write(const struct address *a, char out[STORE_ADDRESS_MAX + 1]);
bool address_is_loopback(const struct address *a);
/* Whom limits count: an IPv4 address, an IPv6 /64. */
void address_network(const struct address *a, uint8_t network[16]);
/* Who may hold many of those: an IPv6 /48; IPv4 addresses are told apart. */
void address_wide_network(const struct address *a, uint8_t network[16]);

/* "192.0.2.0/24", "2001:db8::/32", or one address. */
bool network_parse(struct slice text, struct network *n);
bool networks_have(const struct networks *s, const struct address *a);

/*
 * The client behind trusted proxies.  forwarded: the values of the
 * X-Forwarded-For header, joined by commas, oldest first, as each proxy
 * appended whom it heard.  Read from the right: the first address that no
 * trusted proxy has is the client's; what stands to its left anybody may have
 * written.  Something that is no address ends the reading: the last good one
 * counts.
 */
struct address address_of_client(const struct networks *trusted,
    struct address peer, struct slice forwarded);
/* The same for the Forwarded header of RFC 7239. */
struct address address_of_client_7239(const struct networks *trusted,
    struct address peer, struct slice forwarded);

/* Splits "host:port", "[v6]:port", ":port"; the host "" is every address. */
bool address_split(const char *text, char *host, size_t size, uint16_t *port);

#endif
