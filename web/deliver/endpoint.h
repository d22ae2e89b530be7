/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_ENDPOINT_H
#define WEB_DELIVER_ENDPOINT_H

#include <sys/socket.h>

#include "webauthn/slice.h"

/*
 * Where a message may go.  A push endpoint is an address that a stranger
 * gives us to connect to, so it is judged twice: its text when it comes in
 * and before each message, and the address that its name leads to each time
 * that a connection is made.
 */

#define ENDPOINT_VERDICTS(X)                                                   \
	X(ENDPOINT_OK, "ok")                                                   \
	X(ENDPOINT_LENGTH, "endpoint-too-long")                                \
	X(ENDPOINT_FORM, "endpoint-malformed") /* no URL of ours */            \
	X(ENDPOINT_SCHEME, "endpoint-scheme") /* not https */                  \
	X(ENDPOINT_USERINFO, "endpoint-userinfo") /* user@ in front */         \
	X(ENDPOINT_HOST, "endpoint-host") /* no rule has it */                 \
	X(ENDPOINT_PORT, "endpoint-port") /* nor its port */

enum endpoint_verdict {
#define X(id, name) id,
	ENDPOINT_VERDICTS(X)
#undef X
};

const char *endpoint_verdict_name(enum endpoint_verdict v);

enum {
	ENDPOINT_MAX = 1023, /* bytes of the URL, as the store keeps it */
	ENDPOINT_HOST_MAX = 253,
	ENDPOINT_ORIGIN_MAX = 271,
};

/* https://host, or with a port that is not the scheme's own. */
struct endpoint {
	char origin[ENDPOINT_ORIGIN_MAX + 1];
};

struct endpoint_rules;

/* The push services of the browsers, and ntfy.sh; ends with NULL. */
extern const char *const endpoint_known_hosts[];

/*
 * hosts, ending with NULL, each one of
 *	push.example		that host
 *	*.push.example		every name below it
 *	*			every name (no bare address)
 *	192.0.2.1, [2001:db8::1]	that address
 * at port 443, or at the port written behind it (push.example:8443); with
 * http:// in front (http://127.0.0.1:8090) for a loopback host, else https.
 * NULL: endpoint_known_hosts.
 *
 * networks, ending with NULL: "10.1.0.0/16", "fd00::/8", one address: those
 * of private or otherwise special addresses that may be connected to.
 * NULL: none.
 *
 * NULL, and *bad the string that is neither, or NULL for want of memory.
 */
struct endpoint_rules *endpoint_rules_open(
    const char *const *hosts, const char *const *networks, const char **bad);
void endpoint_rules_close(struct endpoint_rules *r);

/* ENDPOINT_OK and *e, or why not and *e left alone. */
enum endpoint_verdict endpoint_judge(
    const struct endpoint_rules *r, struct slice url, struct endpoint *e);

/*
 * False for what is not on the public internet (loopback, private, link
 * local, shared, multicast, documentation, and IPv6 that carries IPv4 within,
 * such as NAT64, 6to4 and Teredo), unless a network of the rules has it.
 */
bool endpoint_address_allowed(
    const struct endpoint_rules *r, const struct sockaddr *sa);

#endif
