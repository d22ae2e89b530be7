/* SPDX-License-Identifier: Apache-2.0 */
#include "store/group.h"

#include <errno.h>

void
group_init(struct group *g)
{
	*g = (struct group){ .lock = PTHREAD_MUTEX_INITIALIZER };
	g->end = &g->first;
}

void
group_end(struct group *g)
{
	pthread_mutex_destroy(&g->lock);
}

static void
update_sleep(struct update *u)
{
	while (sem_wait(&u->woken) == -1 && errno == EINTR)
		continue;
	sem_destroy(&u->woken);
}

/* Needs the lock. */
static size_t
take_batch(struct group *g, struct update **batch)
{
	size_t n = 0;

	for (; g->first != NULL && n < GROUP_MAX; g->first = g->first->next)
		batch[n++] = g->first;
	if (g->first == NULL)
		g->end = &g->first;
	return n;
}

size_t
group_join(struct group *g, struct update *u, struct update **batch)
{
	size_t n = 0;

	u->next = NULL;
	u->state = UPDATE_WAITS;
	pthread_mutex_lock(&g->lock);
	u->leads = !g->led;
	if (!u->leads)
		sem_init(&u->woken, 0, 0);
	*g->end = u;
	g->end = &u->next;
	if (!u->leads) {
		pthread_mutex_unlock(&g->lock);
		update_sleep(u);
		if (!u->leads)
			return 0;
		pthread_mutex_lock(&g->lock);
	}
	g->led = true;
	n = take_batch(g, batch);
	pthread_mutex_unlock(&g->lock);
	return n;
}

void
group_leave(struct group *g, struct update **batch, size_t n)
{
	struct update *heir;

	pthread_mutex_lock(&g->lock);
	heir = g->first;
	g->led = heir != NULL;
	if (heir != NULL)
		heir->leads = true;
	pthread_mutex_unlock(&g->lock);

	/*
	 * The next leader last: those who are done may be back with another
	 * update before it begins, and then go into one batch with those who
	 * waited meanwhile, not into two that alternate.
	 *
	 * A woken update is gone with its caller's stack: touched no more.
	 */
	for (size_t i = 1; i < n; i++)
		sem_post(&batch[i]->woken);
	if (heir != NULL)
		sem_post(&heir->woken);
}
