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
	A_COMMIT = 256, /* records: a few milliseconds of the writer */
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

/* How many; their browsers have been told, but not yet their owners. */
static unsigned
end_requests(struct sweeper *w)
{
	struct rp_call call = { .now = clock_now() };
	struct site *site = server_site(w->server);
	unsigned n = 0;

	if (rp_approvals_expire(site->rp, &call, A_COMMIT, &n) != RP_OK)
		n = 0;
	site_drop(site);
	return n;
}

static unsigned
sweep(struct sweeper *w)
{
	unsigned n = 0;

	if (store_sweep(w->store, clock_now(), A_COMMIT, &n) != STORE_OK)
		n = 0;
	METRIC_ADD(swept, n);
	return n;
}

static void *
work(void *arg)
{
	struct sweeper *w = arg;
	int64_t ms = LOOK_MS, left = SWEEP_MS;

	(void)pthread_setname_np(pthread_self(), "sweeper");
	while (pause_for(w, ms)) {
		left -= ms;
		ms = end_requests(w) >= A_COMMIT ? PAUSE_MS : LOOK_MS;
		if (left > 0)
			continue;
		left = SWEEP_MS;
		if (sweep(w) >= A_COMMIT)
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
