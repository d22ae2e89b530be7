/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/gather.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <microhttpd.h>

#include "rp/login.h"

/*
 * A commit costs the processor as much as three verifications, however many
 * share it.  Where sign-ins come in numbers it waits a little for more of
 * them; who comes alone, or in twos and threes, waits for nobody.
 */
enum {
	TOGETHER_MAX = 128,
	ENOUGH = 64,
	NUMBERS = 4, /* in the batch before */
	PATIENCE_US = 4000,
};

struct gather {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct web_request *first, **last;
	size_t n, wanted; /* wake it when there are so many */
	size_t before; /* how many there were the last time */
	bool stopping;
};

/* Until there are so many, for so long at most; 0: as long as it takes. */
static void
wait_for(struct gather *g, size_t n, long us)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += us * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	g->wanted = n;
	while (g->n < n && !g->stopping && rc == 0)
		rc = us == 0
			 ? pthread_cond_wait(&g->wake, &g->lock)
			 : pthread_cond_timedwait(&g->wake, &g->lock, &until);
	g->wanted = SIZE_MAX;
}

/* All that wait, in the order in which they came; none: it is time to end. */
static struct web_request *
take_some(struct gather *g)
{
	struct web_request *r;

	pthread_mutex_lock(&g->lock);
	wait_for(g, 1, 0);
	if (g->before >= NUMBERS)
		wait_for(g, ENOUGH, PATIENCE_US);
	r = g->first;
	g->first = NULL;
	g->last = &g->first;
	g->before = g->n;
	g->n = 0;
	pthread_mutex_unlock(&g->lock);
	return r;
}

/*
 * Keeps the first of the list and those behind it that have the same relying
 * party, which a reload may have changed.  Returns the rest.
 */
static struct web_request *
keep_some(struct web_request *r)
{
	struct web_request *some[TOGETHER_MAX];
	struct rp_login *logins[TOGETHER_MAX] = { NULL };
	struct rp *rp = r->site->rp;
	size_t n = 0;

	for (; r != NULL && n < TOGETHER_MAX && r->site->rp == rp;
	     r = r->waits_behind) {
		logins[n] = r->login;
		some[n++] = r;
	}
	rp_logins_keep(rp, logins, n);
	for (size_t i = 0; i < n; i++) {
		struct MHD_Connection *connection = some[i]->connection;

		some[i]->stage = STAGE_KEPT;
		/* From here on it is the connection's again. */
		MHD_resume_connection(connection);
	}
	return r;
}

static void *
work(void *arg)
{
	struct gather *g = arg;
	struct web_request *r;

	(void)pthread_setname_np(pthread_self(), "keeper");
	while ((r = take_some(g)) != NULL)
		while (r != NULL)
			r = keep_some(r);
	return NULL;
}

struct gather *
gather_new(void)
{
	struct gather *g = calloc(1, sizeof(*g));
	pthread_condattr_t attr;

	if (g == NULL)
		return NULL;
	g->last = &g->first;
	g->wanted = SIZE_MAX;
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&g->thread, NULL, work, g) == 0)
		return g;
	pthread_cond_destroy(&g->wake);
	pthread_mutex_destroy(&g->lock);
	free(g);
	return NULL;
}

void
gather_add(struct gather *g, struct web_request *r)
{
	bool enough;

	r->waits_behind = NULL;
	pthread_mutex_lock(&g->lock);
	*g->last = r;
	g->last = &r->waits_behind;
	/* One signal at the moment when there are as many as it waits for. */
	enough = ++g->n == g->wanted;
	pthread_mutex_unlock(&g->lock);
	if (enough)
		pthread_cond_signal(&g->wake);
}

void
gather_free(struct gather *g)
{
	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	g->stopping = true;
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
	pthread_cond_destroy(&g->wake);
	pthread_mutex_destroy(&g->lock);
	free(g);
}
