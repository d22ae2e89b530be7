/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/site.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "rp/approvals.h"
#include "web/config_judge.h"
#include "web/log.h"
#include "web/server/place.h"

enum { ANCHORS_MAX = 4096 };

static bool
complain(const char *file, const char *what)
{
	log_say(WEB_LOG_ERROR, "configuration", "%s: %s", file, what);
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

/* Takes one certificate of the file; false when there is no other. */
static bool
next_anchor(struct site *s, FILE *f)
{
	unsigned char *der = NULL;
	struct slice *more;
	char *name = NULL, *header = NULL;
	long n = 0;
	bool ok;

	ok = PEM_read(f, &name, &header, &der, &n) == 1;
	if (ok && strcmp(name, PEM_STRING_X509) == 0) {
		more =
		    realloc(s->anchors, (s->anchor_count + 1) * sizeof(*more));
		ok = more != NULL;
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
	return ok;
}

static bool
fill_anchors(struct site *s)
{
	const char *file = s->config->attestation_anchors;
	FILE *f;

	if (*file == '\0')
		return true;
	if ((f = fopen(file, "re")) == NULL)
		return complain(file, "cannot be read");
	while (s->anchor_count < ANCHORS_MAX && next_anchor(s, f))
		;
	(void)fclose(f);
	ERR_clear_error();
	return s->anchor_count > 0 || complain(file, "has no certificate");
}

static bool
fill_place(const char *file, struct place **place)
{
	const char *why = "";

	return *file == '\0' || (*place = place_open(file, &why)) != NULL ||
	       complain(file, why);
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
	       complain("configuration", "the relying party refuses it");
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
	if (fill_origins(s) && fill_proxies(s) && fill_anchors(s) &&
	    fill_place(config->geoip_database, &s->place) &&
	    fill_place(config->geoip_networks, &s->networks) &&
	    open_rp(s, keys, store))
		return s;
	site_drop(s);
	return NULL;
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
	place_close(s->place);
	place_close(s->networks);
	for (size_t i = 0; i < s->anchor_count; i++)
		OPENSSL_free((void *)(uintptr_t)s->anchors[i].p);
	free(s->anchors);
	free(s->proxy_list);
	free(s->origins);
	config_free(s->config);
	free(s);
}
