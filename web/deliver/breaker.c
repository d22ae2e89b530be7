/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/breaker.h"

#include <pthread.h>
#include <stdlib.h>

#include "web/deliver/endpoint.h"

enum {
	HOSTS = 64,
	REST_FIRST_MS = 1000,
	REST_MAX_MS = 60 * 1000,
	/* The one that tries has so long before another may. */
	TRIAL_MS = 15 * 1000,
};

struct host {
	char origin[ENDPOINT_ORIGIN_MAX + 1];
	unsigned failures; /* in a row */
	store_time until; /* rests */
	uint64_t used;
};

struct breaker {
	pthread_mutex_t lock;
	uint64_t uses;
	struct host hosts[HOSTS];
};

struct breaker *
breaker_open(void)
{
	struct breaker *b = calloc(1, sizeof(*b));

	if (b != NULL && pthread_mutex_init(&b->lock, NULL) != 0) {
		free(b);
		return NULL;
	}
	return b;
}

void
breaker_close(struct breaker *b)
{
	if (b == NULL)
		return;
	pthread_mutex_destroy(&b->lock);
	free(b);
}

static struct host *
find(struct breaker *b, const char *origin)
{
	for (size_t i = 0; i < HOSTS; i++)
		if (strcmp(b->hosts[i].origin, origin) == 0) {
			b->hosts[i].used = ++b->uses;
			return &b->hosts[i];
		}
	return NULL;
}

/* In the place of the one that was not heard of for longest. */
static struct host *
enter(struct breaker *b, const char *origin)
{
	struct host *h = &b->hosts[0];

	for (size_t i = 1; i < HOSTS; i++)
		if (b->hosts[i].used < h->used)
			h = &b->hosts[i];
	*h = (struct host){ .used = ++b->uses };
	memcpy(h->origin, origin, strlen(origin) + 1);
	return h;
}

static store_time
rest_after(unsigned failures)
{
	const unsigned doublings = failures - BREAKER_PATIENCE;

	return doublings < 6 ? (store_time)REST_FIRST_MS << doublings
			     : REST_MAX_MS;
}

store_time
breaker_ask(struct breaker *b, const char *origin, store_time now)
{
	store_time wait = 0;
	struct host *h;

	pthread_mutex_lock(&b->lock);
	h = find(b, origin);
	if (h != NULL && h->failures >= BREAKER_PATIENCE) {
		/* A clock that was set back must not make it longer. */
		if (h->until > now && h->until - now <= REST_MAX_MS)
			wait = h->until - now;
		else
			h->until = now + TRIAL_MS;
	}
	pthread_mutex_unlock(&b->lock);
	return wait;
}

void
breaker_tell(struct breaker *b, const char *origin, store_time now, bool alive)
{
	struct host *h;

	if (strlen(origin) > ENDPOINT_ORIGIN_MAX)
		return;
	pthread_mutex_lock(&b->lock);
	h = find(b, origin);
	if (alive) {
		if (h != NULL)
			h->failures = 0;
	} else {
		if (h == NULL)
			h = enter(b, origin);
		if (h->failures < 1000)
			h->failures++;
		if (h->failures >= BREAKER_PATIENCE)
			h->until = now + rest_after(h->failures);
	}
	pthread_mutex_unlock(&b->lock);
}
