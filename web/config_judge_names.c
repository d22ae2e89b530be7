/* SPDX-License-Identifier: Apache-2.0 */
/* Judges of names on the network: domains, origins, where to ask for help. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "web/config_judge.h"
#include "web/server/address.h"

/* Labels of letters, digits and hyphens, in lower case (RFC 1123 2.1). */
static bool
is_domain(const char *s)
{
	size_t label = 0, n = strlen(s);

	if (n == 0 || n > 253)
		return false;
	for (size_t i = 0; i <= n; i++) {
		if (s[i] == '.' || s[i] == '\0') {
			if (label == 0 || label > 63 || s[i - 1] == '-')
				return false;
			label = 0;
		} else if (islower((unsigned char)s[i]) ||
			   isdigit((unsigned char)s[i]) ||
			   (s[i] == '-' && label > 0))
			label++;
		else
			return false;
	}
	return true;
}

const char *
judge_rp_id(const char *value)
{
	struct address a;

	if (*value == '\0')
		return NULL;
	if (address_parse(slice_of(value), &a))
		return "is an address: passkeys belong to a domain";
	if (!is_domain(value))
		return "is not a domain (lower case, ASCII, no port, no "
		       "scheme)";
	if (psl_is_public_suffix2(
		psl_builtin(), value, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE))
		return "is a public suffix: browsers refuse it";
	return NULL;
}

/*
 * The host of "https://host" or "https://host:port", as browsers write
 * origins; false where it is not one.  *https says which scheme.
 */
static bool
split_origin(const char *s, char host[256], bool *https)
{
	const char *from, *end, *port;

	*https = strncmp(s, "https://", 8) == 0;
	if (!*https && strncmp(s, "http://", 7) != 0)
		return false;
	from = s + (*https ? 8 : 7);
	end = from + strcspn(from, ":");
	if ((size_t)(end - from) > 253)
		return false;
	memcpy(host, from, (size_t)(end - from));
	host[end - from] = '\0';
	if (!is_domain(host))
		return false;
	if (*end == '\0')
		return true;
	port = end + 1;
	if (*port < '1' || *port > '9' || strlen(port) > 5 ||
	    port[strspn(port, "0123456789")] != '\0')
		return false;
	/* A browser leaves out the port that its scheme has anyway. */
	return atoi(port) < 65536 && atoi(port) != (*https ? 443 : 80);
}

static bool
is_local(const char *host)
{
	size_t n = strlen(host), m = sizeof(".localhost") - 1;

	return strcmp(host, "localhost") == 0 ||
	       (n > m && strcmp(host + n - m, ".localhost") == 0);
}

const char *
judge_origin(const char *value)
{
	char host[256];
	bool https;

	if (strncmp(value, "android:apk-key-hash:", 21) == 0)
		return strlen(value) == 21 + 43
			   ? NULL
			   : "is not the base64url of a SHA-256";
	if (!split_origin(value, host, &https))
		return "is not an origin as browsers write it, such as "
		       "https://id.example.com or https://id.example.com:8443";
	if (!https && !is_local(host))
		return "must be https: browsers give passkeys to nobody else";
	return NULL;
}

/* Visible ASCII that needs no quoting, in a page or in a URL (RFC 3986 2). */
static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f ||
		    strchr("\"<>\\^`{|}", *s) != NULL)
			return false;
	return true;
}

static bool
is_web_address(const char *s)
{
	char origin[300], host[256];
	size_t n = strlen("https://");
	bool https;

	if (strncmp(s, "https://", n) != 0)
		return false;
	n += strcspn(s + n, "/?#");
	(void)snprintf(origin, sizeof(origin), "%.*s", (int)n, s);
	return n < sizeof(origin) && split_origin(origin, host, &https);
}

static bool
is_mail_address(const char *s)
{
	const char *at;

	if (strncmp(s, "mailto:", 7) != 0)
		return false;
	s += 7;
	at = strchr(s, '@');
	return at != NULL && at > s && strcspn(s, "?,") > (size_t)(at - s) &&
	       is_domain(at + 1);
}

const char *
judge_support(const char *value)
{
	if (*value == '\0')
		return NULL;
	if (strlen(value) > 500)
		return "is too long";
	return is_plain(value) &&
		       (is_web_address(value) || is_mail_address(value))
		   ? NULL
		   : "is neither https://HOST/… nor mailto:NAME@DOMAIN";
}

/* L3 5.1.3 step 8: the host is the rp id or lies under it. */
static bool
under(const char *host, const char *rp_id)
{
	size_t n = strlen(host), m = strlen(rp_id);

	return strcmp(host, rp_id) == 0 ||
	       (n > m && host[n - m - 1] == '.' &&
		   strcmp(host + n - m, rp_id) == 0);
}

void
config_judge_origins(const struct config *c, struct config_problems *p)
{
	char host[256];
	bool https;

	for (size_t i = 0; i < c->origins.n; i++)
		if (split_origin(c->origins.v[i], host, &https) &&
		    !under(host, c->rp_id))
			config_complain(p, true,
			    "origins: %s is not under rp_id %s; if it may use "
			    "the passkeys all the same, put it into "
			    "related_origins",
			    c->origins.v[i], c->rp_id);
	if (c->related_origins.n > 5)
		config_complain(p, false,
		    "related_origins: some browsers read no more than 5 "
		    "different names");
}
