/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/site.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "rp/approvals.h"
#include "web/log.h"
#include "web/server/place.h"

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
	const struct wa_policy *policy = &s->trust.policy;
	struct rp_config rc = {
		.rp_id = c->rp_id,
		.rp_name = c->rp_name,
		.origins = s->origins,
		.top_origins = c->top_origins.n == 0
				   ? NULL
				   : (const char *const *)c->top_origins.v,
		.allow_cross_origin = c->cross_origin,
		.sign_up = sign_up_of(c->sign_up),
		.algorithms = policy->algorithms,
		.algorithm_count = policy->algorithm_count,
		.attestation = policy->attestation,
		.backup = policy->backup,
		.refuse_backup_upgrade = policy->refuse_backup_upgrade,
		.extensions = policy->extensions,
		.metadata = metadata_shelf(s->metadata),
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
		.limits_factor = (unsigned)c->limits_factor,
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
	if (fill(s) && trust_fill(&s->trust, config) &&
	    (s->metadata = metadata_new(config)) != NULL &&
	    open_rp(s, keys, store))
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
	return trust_check(config) && good;
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
	metadata_free(s->metadata);
	trust_clear(&s->trust);
	config_free(s->config);
	free(s);
}
