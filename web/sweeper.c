/* SPDX-License-Identifier: Apache-2.0 */
#include "web/sweeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "rp/approvals.h"
#include "web/clock.h"
#include "web/log.h"
#include "web/metrics.h"

enum {
	LOOK_MS = 2000, /* at requests whose time is over */
	SWEEP_MS = 30000,
	PAUSE_MS = 20, /* between two, for those who wait */
};

struct sweeper {
	struct store *store;
	struct web_server *server;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
};

store_time
sweep_horizon(struct sweep_horizon *h, int64_t still, store_time now)
{
	if (!h->begun || still - h->since >= SWEEP_KEPT_MS) {
		h->full = h->begun;
		h->before = h->low;
		h->low = now;
		h->since = still;
		h->begun = true;
	}
	if (now < h->low)
		h->low = now;
	if (!h->full)
		return -1;
	return h->low < h->before ? h->low : h->before;
}

/* False when it is time to end. */
static bool
pause_for(struct sweeper *w, int64_t ms)
{
	struct timespec until;
	bool stopping;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&w->lock);
	while (!w->stopping &&
	       pthread_cond_timedwait(&w->wake, &w->lock, &until) != ETIMEDOUT)
		;
	stopping = w->stopping;
	pthread_mutex_unlock(&w->lock);
	return !stopping;
}

static unsigned
trouble(const char *what)
{
	METRIC_ADD(sweep_failures, 1);
	log_say(WEB_LOG_ERROR, "sweep", "the store could not %s", what);
	return 0;
}

unsigned
sweep_requests(struct rp *rp, store_time now)
{
	struct rp_call call = { .now = now };
	unsigned n = 0;

	/* Their browsers are told by it, but not yet their owners. */
	if (rp_approvals_expire(rp, &call, SWEEP_COMMIT, &n) != RP_OK)
		return trouble("end the requests whose time is over");
	return n;
}

unsigned
sweep_expired(struct store *s, store_time horizon)
{
	unsigned n = 0;

	if (horizon < 0)
		return 0;
	if (store_sweep(s, horizon, SWEEP_COMMIT, &n) != STORE_OK)
		return trouble("remove what has expired");
	METRIC_ADD(swept, n);
	return n;
}

/* Whether there is news of models of authenticators. */
static void
look_at_metadata(struct sweeper *w)
{
	struct site *site = server_site(w->server);

	metadata_look(site->metadata, w->store);
	site_drop(site);
}

static unsigned
end_requests(struct sweeper *w, store_time now)
{
	struct site *site = server_site(w->server);
	unsigned n = sweep_requests(site->rp, now);

	site_drop(site);
	return n;
}

static void *
work(void *arg)
{
	struct sweeper *w = arg;
	struct sweep_horizon h = { .begun = false };
	int64_t ms = LOOK_MS, left = SWEEP_MS;

	(void)pthread_setname_np(pthread_self(), "sweeper");
	while (pause_for(w, ms)) {
		store_time now = clock_now(), horizon;

		horizon = sweep_horizon(&h, (int64_t)(clock_us() / 1000), now);
		left -= ms;
		ms = end_requests(w, now) >= SWEEP_COMMIT ? PAUSE_MS : LOOK_MS;
		if (ms == LOOK_MS)
			look_at_metadata(w);
		if (left > 0)
			continue;
		left = SWEEP_MS;
		if (sweep_expired(w->store, horizon) >= SWEEP_COMMIT)
			left = ms = PAUSE_MS;
	}
	return NULL;
}

struct sweeper *
sweeper_start(struct store *s, struct web_server *server)
{
	struct sweeper *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;

	if (w == NULL)
		return NULL;
	w->store = s;
	w->server = server;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&w->thread, NULL, work, w) == 0)
		return w;
	free(w);
	return NULL;
}

void
sweeper_stop(struct sweeper *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
