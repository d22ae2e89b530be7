/* SPDX-License-Identifier: Apache-2.0 */
#include "web/config_judge.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/log.h"
#include "web/server/address.h"

void
config_complain(struct config_problems *p, bool error, const char *format, ...)
{
	va_list ap;

	*(error ? &p->n : &p->warnings) += 1;
	if (p->to == NULL)
		return;
	va_start(ap, format);
	(void)vfprintf(p->to, format, ap);
	va_end(ap);
	(void)fputs(error ? "\n" : " (a warning)\n", p->to);
}

static bool
one_of(const char *value, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(value, *words) == 0)
			return true;
	return false;
}

const char *
judge_set(const char *value)
{
	return *value == '\0' ? "must not be empty" : NULL;
}

const char *
judge_listen(const char *value)
{
	char host[STORE_ADDRESS_MAX + 1];
	struct address a;
	uint16_t port;

	if (strncmp(value, "unix:", 5) == 0)
		return value[5] == '/' ? NULL : "needs a path from the root";
	if (!address_split(value, host, sizeof(host), &port))
		return "is not ADDRESS:PORT, as in 127.0.0.1:8080 or "
		       "[::1]:8080";
	if (*host != '\0' && strcmp(host, "localhost") != 0 &&
	    !address_parse(slice_of(host), &a))
		return "has an address that is neither IPv4 nor IPv6";
	return NULL;
}

const char *
judge_ops_listen(const char *value)
{
	static const char *const words[] = { "auto", "off", NULL };

	return one_of(value, words) ? NULL : judge_listen(value);
}

const char *
judge_label(const char *value)
{
	if (strlen(value) > 200)
		return "is too long";
	for (; *value != '\0'; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7f)
			return "has a control character";
	return NULL;
}

int
config_switch(const char *value)
{
	static const char *const yes[] = { "on", "true", "yes", "1", NULL };
	static const char *const no[] = { "off", "false", "no", "0", NULL };

	return one_of(value, yes) ? 1 : one_of(value, no) ? 0 : -1;
}

const char *
judge_switch(const char *value)
{
	return config_switch(value) < 0 ? "is neither on nor off" : NULL;
}

const char *
judge_sign_up(const char *value)
{
	static const char *const words[] = { "open", "invitation", "closed",
		NULL };

	return one_of(value, words) ? NULL
				    : "is none of open, invitation, closed";
}

const char *
judge_forwarded(const char *value)
{
	static const char *const words[] = { "x-forwarded-for", "forwarded",
		NULL };

	return one_of(value, words)
		   ? NULL
		   : "is neither x-forwarded-for nor forwarded";
}

const char *
judge_log_level(const char *value)
{
	enum log_level level;

	return log_level_parse(value, &level)
		   ? NULL
		   : "is none of error, warning, notice, info, debug";
}

const char *
judge_network(const char *value)
{
	struct network n;

	return network_parse(slice_of(value), &n)
		   ? NULL
		   : "is not an address or a network such as 192.0.2.0/24";
}

int64_t
config_time(const char *value)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
		{ "h", 3600000 }, { "d", 86400000 } };
	char *end;
	long n;

	if (!isdigit((unsigned char)*value))
		return -1;
	n = strtol(value, &end, 10);
	if (n < 1 || n > 36500 * 24)
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(end, units[i].unit) == 0)
			return n * units[i].ms;
	return -1;
}

const char *
judge_time(const char *value)
{
	int64_t ms = config_time(value);

	if (ms < 0)
		return "is not a time such as 90s, 5m, 12h or 14d";
	return ms > 36500 * (int64_t)86400000 ? "is too long" : NULL;
}

static const char *
judge_number(const char *value, long min, long max, const char *complaint)
{
	char *end;
	long n;

	if (!isdigit((unsigned char)*value))
		return complaint;
	n = strtol(value, &end, 10);
	return *end != '\0' || n < min || n > max ? complaint : NULL;
}

const char *
judge_limits_factor(const char *value)
{
	return judge_number(value, 1, 100, "is not a number from 1 to 100");
}

const char *
judge_workers(const char *value)
{
	return judge_number(value, 1, 512, "is not a number from 1 to 512");
}

const char *
judge_threads(const char *value)
{
	return judge_number(value, 0, 64, "is not a number from 0 to 64");
}

const char *
judge_connections(const char *value)
{
	return judge_number(
	    value, 0, 1000000, "is not a number from 0 to 1000000");
}

/* Whether anybody beyond this machine reaches what is listened at. */
static bool
beyond_loopback(const char *listen)
{
	char host[STORE_ADDRESS_MAX + 1];
	struct address a;
	uint16_t port;

	if (strncmp(listen, "unix:", 5) == 0 ||
	    !address_split(listen, host, sizeof(host), &port) ||
	    strcmp(host, "localhost") == 0)
		return false;
	return !address_parse(slice_of(host), &a) || !address_is_loopback(&a);
}

static void
judge_trial(const struct config *c, struct config_problems *p)
{
	if (beyond_loopback(c->listen))
		config_complain(p, true,
		    "listen: without rp_id this is a trial, which is served "
		    "on loopback only, not at %s; set rp_id to the domain "
		    "that people will see",
		    c->listen);
	if (strncmp(c->listen, "unix:", 5) == 0)
		config_complain(p, true,
		    "listen: without rp_id this is a trial, which needs a "
		    "port for its origin to name");
	if (c->origins.n > 0)
		config_complain(p, true,
		    "origins: needs rp_id, the domain that passkeys belong to");
}

void
config_judge_whole(const struct config *c, struct config_problems *p)
{
	bool tls = *c->tls_certificate != '\0';

	if (c->trial)
		judge_trial(c, p);
	else
		config_judge_origins(c, p);
	if (tls != (*c->tls_key != '\0'))
		config_complain(
		    p, true, "tls_certificate, tls_key: one needs the other");
	if (c->session_idle > c->session_life)
		config_complain(
		    p, true, "session_idle: is longer than session_life");
	if (c->ceremony_time > 3600000)
		config_complain(
		    p, true, "ceremony_time: is longer than an hour");
	if (c->approval_time < 1000 || c->approval_time > 1800000)
		config_complain(p, true,
		    "approval_time: is not between a second and half an hour");
	if (c->approval_session_idle > c->approval_session_life)
		config_complain(p, true,
		    "approval_session_idle: is longer than "
		    "approval_session_life");
	if (c->browser_idle > c->browser_life)
		config_complain(
		    p, true, "browser_idle: is longer than browser_life");
	if (c->connections == 0)
		config_complain(p, true, "connections: must not be 0");
	config_judge_policy(c, p);
	if (!c->trial && beyond_loopback(c->listen) && !tls &&
	    c->trusted_proxies.n == 0)
		config_complain(p, false,
		    "listen: plain HTTP beyond this machine, and no "
		    "trusted_proxies: every client will seem to be the proxy");
	if (beyond_loopback(c->ops_listen) &&
	    judge_listen(c->ops_listen) == NULL)
		config_complain(p, false,
		    "ops_listen: anybody who reaches it can read the metrics");
}
