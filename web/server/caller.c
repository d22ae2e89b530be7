/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/caller.h"

#include <microhttpd.h>

#include "rp/sessions.h"
#include "web/clock.h"
#include "web/server/device.h"
#include "web/server/place.h"
#include "web/server/reply.h"
#include "web/server/routes.h"
#include "web/server/useragent.h"

/* Who is at the other end; false: nobody with an address. */
static bool
find_peer(const struct web_request *r, struct address *peer)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL && info->client_addr != NULL &&
	       address_of_socket(info->client_addr, peer);
}

bool
caller_is_proxied(const struct web_request *r)
{
	struct address peer;

	/* At the end of a Unix socket is a proxy. */
	return !find_peer(r, &peer) || networks_have(&r->site->proxies, &peer);
}

static struct address
find_address(const struct web_request *r)
{
	static const struct network everybody = { .bits = 0 };
	static const struct networks anyone = { &everybody, 1 };
	bool rfc7239 =
	    strcmp(r->site->config->forwarded_header, "forwarded") == 0;
	const char *list = r->header[rfc7239 ? HEADER_FORWARDED
					     : HEADER_X_FORWARDED_FOR],
		   *last;
	const struct networks *trusted = &r->site->proxies;
	struct address peer = { { [15] = 1 } };

	if (list == NULL)
		list = "";
	if (!find_peer(r, &peer)) {
		/* A Unix socket has a proxy at its end, but only one. */
		trusted = &anyone;
		last = strrchr(list, ',');
		list = last == NULL ? list : last + 1;
	}
	return (rfc7239 ? address_of_client_7239 : address_of_client)(
	    trusted, peer, slice_of(list));
}

const struct address *
caller_address(struct web_request *r)
{
	if (!r->has_address) {
		r->address = find_address(r);
		r->has_address = true;
	}
	return &r->address;
}

/* Only what is written down says who it was. */
static void
fill_client(struct web_request *r)
{
	struct store_client *c = &r->call.client;

	address_write(caller_address(r), c->address);
	useragent_name(r->header[HEADER_USER_AGENT],
	    r->header[HEADER_SEC_CH_UA], r->header[HEADER_SEC_CH_UA_PLATFORM],
	    c->browser);
	place_find(r->site->place, caller_address(r), c->place);
}

void
caller_fill(struct web_request *r)
{
	unsigned flags = r->route == NULL ? 0 : r->route->flags;
	struct slice binding;

	if (r->has_call)
		return;
	r->has_call = true;
	memset(&r->call, 0, sizeof(r->call));
	r->call.now = clock_now();
	address_network(caller_address(r), r->call.network);
	address_wide_network(caller_address(r), r->call.wide);
	binding = request_cookie_sent(r, COOKIE_BROWSER);
	/* Tools carry the ceremony in a cookie of its own. */
	if (binding.n == COOKIE_BROWSER_TEXT &&
	    (!request_is_safe(r) || (flags & BOUND) != 0) &&
	    (flags & TOOLS) == 0)
		(void)cookie_hash(binding, r->call.browser);
	if ((flags & (COMMITS | GATHERED)) != 0)
		fill_client(r);
}

enum rp_answer
caller_session(struct web_request *r)
{
	struct slice token = request_cookie_sent(r, COOKIE_SESSION);
	enum rp_answer a;
	char *text;

	if (r->has_session)
		return RP_OK;
	if (token.n == 0)
		return RP_SESSION_NONE;
	if ((text = arena_text(&r->arena, token)) == NULL)
		return RP_FAULT;
	a = rp_session_check(r->site->rp, &r->call, text, &r->who, &r->touch);
	r->has_session = a == RP_OK;
	return a;
}

bool
caller_wants_touch(struct web_request *r)
{
	if (r->route == NULL || r->route->who != ACCOUNT ||
	    r->early != PROBLEM_NONE)
		return false;
	caller_fill(r);
	return caller_session(r) == RP_OK && r->touch;
}

bool
caller_may_ask(struct web_request *r)
{
	enum rp_answer a;

	if (r->route->who == ANYONE)
		return true;
	if (r->route->who == PHONE)
		return device_prove(r);
	if ((a = caller_session(r)) != RP_OK) {
		if (a == RP_SESSION_NONE || a == RP_SESSION_EXPIRED)
			reply_session_gone(r);
		return reply_unless_ok(r, a);
	}
	/* A session that cannot be touched now is touched next time. */
	if (r->touch) {
		fill_client(r);
		(void)rp_session_touch(
		    r->site->rp, &r->call, &r->who.session.id);
	}
	return (r->route->flags & FRESH) == 0 ||
	       reply_unless_ok(
		   r, rp_session_fresh(r->site->rp, &r->call, &r->who));
}
