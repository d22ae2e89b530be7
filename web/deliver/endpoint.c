/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/endpoint.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "web/deliver/special.h"

/*
 * Hosts that do nothing but push: whoever is signed in makes us POST to any of
 * them, so a domain with other services below it, such as google.com, is not
 * here.  Below a star are names that the service makes as it grows.
 */
const char *const endpoint_known_hosts[] = {
	"fcm.googleapis.com", /* Chrome, Edge on Android, … */
	"jmt17.google.com", /* Chromium that is not Google's own build */
	"updates.push.services.mozilla.com",
	"*.notify.windows.com", /* Edge on Windows */
	"*.push.apple.com",
	"ntfy.sh", /* UnifiedPush */
	NULL,
};

enum { HTTPS_PORT = 443, HTTP_PORT = 80 };

enum rule_kind { EXACT, BELOW, ANY_NAME };

struct rule {
	enum rule_kind kind;
	bool http;
	unsigned port;
	char host[ENDPOINT_HOST_MAX + 1]; /* lower case; IPv6 in [] */
};

struct endpoint_rules {
	struct rule *hosts;
	size_t host_count;
	struct network *networks;
	size_t network_count;
};

const char *
endpoint_verdict_name(enum endpoint_verdict v)
{
	static const char *const names[] = {
#define X(id, name) [id] = (name),
		ENDPOINT_VERDICTS(X)
#undef X
	};

	return names[v];
}

/* Letters, digits, hyphens and dots, no label empty, longer than 63 or odd. */
static bool
is_name(const char *s)
{
	size_t label = 0, n = strlen(s);

	if (n == 0 || n > ENDPOINT_HOST_MAX)
		return false;
	for (size_t i = 0; i <= n; i++) {
		const char c = s[i];

		if (c == '.' || c == '\0') {
			if (label == 0 || label > 63 || s[i - 1] == '-')
				return false;
			label = 0;
		} else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			   (c == '-' && label > 0))
			label++;
		else
			return false;
	}
	return true;
}

/* "192.0.2.1" or "[2001:db8::1]" */
static bool
read_address(const char *host, struct address *a)
{
	struct slice s = slice_of(host);

	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		return address_parse((struct slice){ s.p + 1, s.n - 2 }, a) &&
		       memchr(s.p, ':', s.n) != NULL;
	return memchr(s.p, ':', s.n) == NULL && address_parse(s, a);
}

/* A name whose last label is a number is an address in disguise (WHATWG). */
static bool
ends_in_number(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *last = dot != NULL ? dot + 1 : host;

	return *last >= '0' && *last <= '9';
}

static bool
is_loopback(const char *host)
{
	struct address a;

	return strcmp(host, "localhost") == 0 ||
	       (read_address(host, &a) && address_is_loopback(&a));
}

static bool
read_port(const char *text, unsigned *port)
{
	unsigned n = 0;

	if (*text == '\0' || strlen(text) > 5)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
	}
	*port = n;
	return n > 0 && n <= 65535;
}

static bool
read_rule(const char *text, struct rule *rule)
{
	const char *from = text, *colon, *host;
	struct rule r = { .port = HTTPS_PORT };
	struct address a;
	size_t n;

	if (strncmp(text, "http://", 7) == 0) {
		r.http = true;
		r.port = HTTP_PORT;
		from += 7;
	}
	n = strlen(from);
	colon = strrchr(from, ':');
	if (colon != NULL && strchr(colon, ']') == NULL) {
		if (!read_port(colon + 1, &r.port))
			return false;
		n = (size_t)(colon - from);
	}
	if (n > ENDPOINT_HOST_MAX)
		return false;
	memcpy(r.host, from, n);
	host = r.host;
	if (strcmp(host, "*") == 0)
		r.kind = ANY_NAME;
	else if (strncmp(host, "*.", 2) == 0) {
		r.kind = BELOW;
		memmove(r.host, host + 1, n); /* keeps the dot, and the NUL */
		host++;
	}
	*rule = r;
	return (r.kind == ANY_NAME || is_name(host) ||
		   (r.kind == EXACT && read_address(host, &a))) &&
	       (!r.http || (r.kind == EXACT && is_loopback(r.host)));
}

static size_t
count(const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

struct endpoint_rules *
endpoint_rules_open(
    const char *const *hosts, const char *const *networks, const char **bad)
{
	struct endpoint_rules *r = calloc(1, sizeof(*r));

	*bad = NULL;
	if (r == NULL)
		return NULL;
	if (hosts == NULL)
		hosts = endpoint_known_hosts;
	r->hosts = calloc(count(hosts) + 1, sizeof(*r->hosts));
	r->networks = calloc(count(networks) + 1, sizeof(*r->networks));
	if (r->hosts == NULL || r->networks == NULL)
		goto fail;
	for (; *hosts != NULL; hosts++)
		if (!read_rule(*hosts, &r->hosts[r->host_count++])) {
			*bad = *hosts;
			goto fail;
		}
	for (; networks != NULL && *networks != NULL; networks++)
		if (!network_parse(slice_of(*networks),
			&r->networks[r->network_count++])) {
			*bad = *networks;
			goto fail;
		}
	return r;
fail:
	endpoint_rules_close(r);
	return NULL;
}

void
endpoint_rules_close(struct endpoint_rules *r)
{
	if (r == NULL)
		return;
	free(r->hosts);
	free(r->networks);
	free(r);
}

/* ---- the URL ---- */

struct parts {
	char *scheme, *user, *password, *host, *port, *fragment;
};

static void
parts_free(struct parts *p)
{
	curl_free(p->scheme);
	curl_free(p->user);
	curl_free(p->password);
	curl_free(p->host);
	curl_free(p->port);
	curl_free(p->fragment);
}

/*
 * curl's own parser: the one that will connect is the one that is asked, so
 * that there are no two opinions on what the host is.
 */
static bool
split(const char *url, struct parts *p)
{
	CURLU *u = curl_url();
	bool good =
	    u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &p->scheme, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &p->host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &p->port, CURLU_DEFAULT_PORT) ==
		CURLUE_OK;

	if (good) {
		/* Absent ones stay NULL. */
		(void)curl_url_get(u, CURLUPART_USER, &p->user, 0);
		(void)curl_url_get(u, CURLUPART_PASSWORD, &p->password, 0);
		(void)curl_url_get(u, CURLUPART_FRAGMENT, &p->fragment, 0);
	}
	curl_url_cleanup(u);
	return good;
}

/* Visible ASCII without what parsers are known to read in different ways. */
static bool
is_well_formed(struct slice url)
{
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] <= 0x20 || url.p[i] >= 0x7f || url.p[i] == '\\' ||
		    url.p[i] == '"' || url.p[i] == '<' || url.p[i] == '>')
			return false;
	return true;
}

static bool
starts_with(struct slice url, const char *scheme)
{
	const size_t n = strlen(scheme);

	return url.n > n && strncasecmp((const char *)url.p, scheme, n) == 0 &&
	       url.p[n] != '/';
}

static bool
host_is_of(const struct rule *r, const char *host, bool is_address)
{
	const size_t n = strlen(host), m = strlen(r->host);

	switch (r->kind) {
	case EXACT:
		return strcmp(host, r->host) == 0;
	case BELOW:
		return !is_address && n > m &&
		       strcmp(host + n - m, r->host) == 0;
	case ANY_NAME:
		return !is_address;
	}
	return false;
}

static enum endpoint_verdict
judge_host(const struct endpoint_rules *rules, bool http, const char *host,
    unsigned port, bool is_address)
{
	enum endpoint_verdict v = ENDPOINT_HOST;

	for (size_t i = 0; i < rules->host_count; i++) {
		const struct rule *r = &rules->hosts[i];

		if (!host_is_of(r, host, is_address))
			continue;
		if (r->http == http && r->port == port)
			return ENDPOINT_OK;
		if (r->http == http)
			v = ENDPOINT_PORT;
		else if (v == ENDPOINT_HOST)
			v = ENDPOINT_SCHEME;
	}
	return http && v == ENDPOINT_HOST ? ENDPOINT_SCHEME : v;
}

static enum endpoint_verdict
judge_parts(
    const struct endpoint_rules *rules, struct parts *p, struct endpoint *e)
{
	const bool http = strcmp(p->scheme, "http") == 0;
	const unsigned own = http ? HTTP_PORT : HTTPS_PORT;
	enum endpoint_verdict v;
	struct address a;
	bool is_address;
	unsigned port;

	if (p->user != NULL || p->password != NULL)
		return ENDPOINT_USERINFO;
	if (p->fragment != NULL || !read_port(p->port, &port))
		return ENDPOINT_FORM;
	for (char *c = p->host; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	is_address = read_address(p->host, &a);
	if (!is_address && (!is_name(p->host) || ends_in_number(p->host)))
		return ENDPOINT_FORM;
	v = judge_host(rules, http, p->host, port, is_address);
	if (v != ENDPOINT_OK)
		return v;
	if (port == own)
		(void)snprintf(e->origin, sizeof(e->origin), "%s://%s",
		    p->scheme, p->host);
	else
		(void)snprintf(e->origin, sizeof(e->origin), "%s://%s:%u",
		    p->scheme, p->host, port);
	return ENDPOINT_OK;
}

enum endpoint_verdict
endpoint_judge(
    const struct endpoint_rules *r, struct slice url, struct endpoint *e)
{
	char text[ENDPOINT_MAX + 1];
	struct parts p = { 0 };
	enum endpoint_verdict v = ENDPOINT_FORM;

	if (url.n > ENDPOINT_MAX)
		return ENDPOINT_LENGTH;
	if (url.n == 0 || !is_well_formed(url))
		return ENDPOINT_FORM;
	if (!starts_with(url, "https://") && !starts_with(url, "http://"))
		return ENDPOINT_SCHEME;
	memcpy(text, url.p, url.n);
	text[url.n] = '\0';
	if (split(text, &p))
		v = judge_parts(r, &p, e);
	parts_free(&p);
	return v;
}

/* ---- the address ---- */

static bool
is_allowed(const struct endpoint_rules *r, const struct address *a)
{
	const struct networks listed = { r->networks, r->network_count };

	return special_is_public(a) || networks_have(&listed, a);
}

bool
endpoint_address_allowed(
    const struct endpoint_rules *r, const struct sockaddr *sa)
{
	struct address a, to;

	return address_of_socket(sa, &a) && is_allowed(r, &a) &&
	       (!special_translated(&a, &to) || is_allowed(r, &to));
}
