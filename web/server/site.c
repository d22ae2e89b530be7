/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/site.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "rp/approvals.h"
#include "web/config_judge.h"
#include "web/log.h"
#include "web/server/place.h"

enum { ANCHORS_MAX = 4096 };

static bool
complain(const char *option, const char *file, const char *what)
{
	log_say(
	    WEB_LOG_ERROR, "configuration", "%s: %s: %s", option, file, what);
	return false;
}

static bool
fill_origins(struct site *s)
{
	const struct config *c = s->config;
	size_t n = 0;

	s->origins = calloc(
	    c->origins.n + c->related_origins.n + 1, sizeof(*s->origins));
	if (s->origins == NULL)
		return false;
	for (size_t i = 0; i < c->origins.n; i++)
		s->origins[n++] = c->origins.v[i];
	for (size_t i = 0; i < c->related_origins.n; i++)
		s->origins[n++] = c->related_origins.v[i];
	return true;
}

static bool
fill_proxies(struct site *s)
{
	const struct config_list *l = &s->config->trusted_proxies;

	if (l->n == 0)
		return true;
	if ((s->proxy_list = calloc(l->n, sizeof(*s->proxy_list))) == NULL)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (!network_parse(slice_of(l->v[i]), &s->proxy_list[i]))
			return false;
	s->proxies = (struct networks){ s->proxy_list, l->n };
	return true;
}

static bool
is_certificate(const unsigned char *der, long n)
{
	const unsigned char *at = der;
	X509 *x = d2i_X509(NULL, &at, n);
	bool good = x != NULL && at == der + n;

	X509_free(x);
	return good;
}

/* Takes one certificate of the file; false when there is no other. */
static bool
next_anchor(struct site *s, FILE *f, bool *good)
{
	unsigned char *der = NULL;
	struct slice *more;
	char *name = NULL, *header = NULL;
	long n = 0;
	bool ok;

	ok = PEM_read(f, &name, &header, &der, &n) == 1;
	if (!ok)
		*good = ERR_GET_REASON(ERR_peek_last_error()) ==
			PEM_R_NO_START_LINE;
	if (ok && strcmp(name, PEM_STRING_X509) == 0) {
		*good = ok = is_certificate(der, n);
		more = ok ? realloc(s->anchors,
				(s->anchor_count + 1) * sizeof(*more))
			  : NULL;
		*good = ok = more != NULL;
		if (ok) {
			s->anchors = more;
			more[s->anchor_count++] =
			    (struct slice){ der, (size_t)n };
			der = NULL; /* now the site's */
		}
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	ERR_clear_error();
	return ok;
}

static bool
fill_anchors(struct site *s)
{
	static const char option[] = "attestation_anchors";
	const char *file = s->config->attestation_anchors;
	bool good = true;
	FILE *f;

	if (*file == '\0')
		return true;
	if ((f = fopen(file, "re")) == NULL)
		return complain(option, file, strerror(errno));
	while (s->anchor_count < ANCHORS_MAX && next_anchor(s, f, &good))
		;
	(void)fclose(f);
	if (!good)
		return complain(option, file, "has one that cannot be read");
	return s->anchor_count > 0 ||
	       complain(option, file, "has no certificate");
}

static bool
fill_place(const char *option, const char *file, struct place **place)
{
	const char *why = "";

	return *file == '\0' || (*place = place_open(file, &why)) != NULL ||
	       complain(option, file, why);
}

/* All of it, so that all that is wrong is said. */
static bool
fill(struct site *s)
{
	const struct config *c = s->config;
	bool good = fill_origins(s);

	good = fill_proxies(s) && good;
	good = fill_anchors(s) && good;
	good =
	    fill_place("geoip_database", c->geoip_database, &s->place) && good;
	return fill_place("geoip_networks", c->geoip_networks, &s->networks) &&
	       good;
}

/* What fill() filled. */
static void
empty(struct site *s)
{
	place_close(s->place);
	place_close(s->networks);
	for (size_t i = 0; i < s->anchor_count; i++)
		OPENSSL_free((void *)(uintptr_t)s->anchors[i].p);
	free(s->anchors);
	free(s->proxy_list);
	free(s->origins);
}

static uint8_t
match_of(const char *word)
{
	enum store_match m;

	return rp_match_find(word, &m) ? (uint8_t)m : 0;
}

static enum rp_sign_up
sign_up_of(const char *word)
{
	return strcmp(word, "open") == 0     ? RP_SIGN_UP_MODE_OPEN
	       : strcmp(word, "closed") == 0 ? RP_SIGN_UP_MODE_CLOSED
					     : RP_SIGN_UP_MODE_INVITATION;
}

static bool
open_rp(struct site *s, const struct rp_keys *keys, struct store *store)
{
	const struct config *c = s->config;
	bool any = strcmp(c->attestation, "any") == 0;

	for (size_t i = 0; i < c->algorithms.n; i++)
		s->algorithms[i] = config_algorithm(c->algorithms.v[i]);
	struct rp_config rc = {
		.rp_id = c->rp_id,
		.rp_name = c->rp_name,
		.origins = s->origins,
		.top_origins = c->top_origins.n == 0 ? NULL :
		    (const char *const *)c->top_origins.v,
		.allow_cross_origin = c->cross_origin,
		.sign_up = sign_up_of(c->sign_up),
		.algorithms = s->algorithms,
		.algorithm_count = c->algorithms.n,
		.attestation = {
			.refuse_none = !any,
			.refuse_self = !any,
			.require_trusted =
			    strcmp(c->attestation, "trusted") == 0,
			.anchors = { s->anchors, s->anchor_count },
		},
		.ceremony_ms = c->ceremony_time,
		.fresh_ms = c->proof_time,
		.session_idle_ms = c->session_idle,
		.session_ms = c->session_life,
		.history_ms = c->history_time,
		.invitation_ms = c->invitation_time,
		.approval_match = match_of(c->approval_match),
		.number_always = c->approval_always_number,
		.approval_ms = c->approval_time,
		.approval_session_idle_ms = c->approval_session_idle,
		.approval_session_ms = c->approval_session_life,
		.browser_idle_ms = c->browser_idle,
		.browser_ms = c->browser_life,
		.no_limits = !c->limits,
		.conformance = c->conformance,
	};

	return (s->rp = rp_open(&rc, keys, store)) != NULL ||
	       complain("rp_id", c->rp_id, "the relying party refuses it");
}

struct site *
site_new(struct config *config, const struct rp_keys *keys, struct store *store)
{
	struct site *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		config_free(config);
		return NULL;
	}
	atomic_init(&s->refs, 1);
	s->config = config;
	if (fill(s) && open_rp(s, keys, store))
		return s;
	site_drop(s);
	return NULL;
}

bool
site_check(struct config *config)
{
	struct site s = { .config = config };
	bool good = fill(&s);

	empty(&s);
	return good;
}

struct site *
site_take(struct site *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void
site_drop(struct site *s)
{
	if (s == NULL || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	rp_close(s->rp);
	empty(s);
	config_free(s->config);
	free(s);
}
