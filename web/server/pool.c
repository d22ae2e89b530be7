/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "web/log.h"
#include "web/metrics.h"

/*
 * A request wants some 100 kB of it, and sanitizers keep their own state
 * there too.  What is not touched costs nothing.
 */
enum { STACK = 2 << 20 };

struct worker {
	struct pool *pool;
	pthread_t thread;
	pthread_cond_t wake;
	struct pool_job *job; /* handed over, or NULL */
	struct worker *idle_below; /* the one that became idle before */
};

struct pool {
	pthread_mutex_t lock;
	struct worker *workers, *idle;
	unsigned made, max, queued, queue_max;
	struct pool_job *first, **last;
	bool stopping;
};

/* The next job for w, with the lock held; NULL when it is time to end. */
static struct pool_job *
next_job(struct pool *p, struct worker *w)
{
	struct pool_job *job;

	if ((job = p->first) != NULL) {
		if ((p->first = job->next) == NULL)
			p->last = &p->first;
		p->queued--;
		METRIC_ADD(queue, -1);
		return job;
	}
	if (p->stopping)
		return NULL;
	w->idle_below = p->idle;
	p->idle = w;
	while (w->job == NULL && !p->stopping)
		pthread_cond_wait(&w->wake, &p->lock);
	job = w->job;
	w->job = NULL;
	return job;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;
	struct pool_job *job = w->job;

	w->job = NULL;
	(void)pthread_setname_np(pthread_self(), "worker");
	while (job != NULL) {
		job->run(job);
		pthread_mutex_lock(&p->lock);
		job = next_job(p, w);
		pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

struct pool *
pool_new(unsigned threads, unsigned queue)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL ||
	    (p->workers = calloc(threads, sizeof(*p->workers))) == NULL) {
		free(p);
		return NULL;
	}
	p->max = threads;
	p->queue_max = queue;
	p->last = &p->first;
	pthread_mutex_init(&p->lock, NULL);
	for (unsigned i = 0; i < threads; i++) {
		p->workers[i].pool = p;
		pthread_cond_init(&p->workers[i].wake, NULL);
	}
	return p;
}

/* One more thread, with its first job, and the lock held. */
static bool
make_worker(struct pool *p, struct pool_job *job)
{
	struct worker *w = &p->workers[p->made];
	pthread_attr_t attr;
	int rc;

	if (pthread_attr_init(&attr) != 0)
		return false;
	(void)pthread_attr_setstacksize(&attr, STACK);
	w->job = job;
	rc = pthread_create(&w->thread, &attr, work, w);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		w->job = NULL;
		return false;
	}
	p->made++;
	METRIC_ADD(workers, 1);
	return true;
}

static bool
enqueue(struct pool *p, struct pool_job *job)
{
	if (p->queued >= p->queue_max || p->made == 0)
		return false;
	job->next = NULL;
	*p->last = job;
	p->last = &job->next;
	p->queued++;
	METRIC_ADD(queue, 1);
	return true;
}

bool
pool_submit(struct pool *p, struct pool_job *job)
{
	struct worker *w;
	bool taken = true;

	pthread_mutex_lock(&p->lock);
	if ((w = p->idle) != NULL) {
		p->idle = w->idle_below;
		w->job = job;
		pthread_cond_signal(&w->wake);
	} else if (p->made == p->max || !make_worker(p, job))
		taken = enqueue(p, job);
	pthread_mutex_unlock(&p->lock);
	return taken;
}

void
pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	for (unsigned i = 0; i < p->max; i++)
		pthread_cond_signal(&p->workers[i].wake);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->made; i++)
		pthread_join(p->workers[i].thread, NULL);
	for (unsigned i = 0; i < p->max; i++)
		pthread_cond_destroy(&p->workers[i].wake);
	pthread_mutex_destroy(&p->lock);
	METRIC_ADD(workers, -(int64_t)p->made);
	free(p->workers);
	free(p);
}
