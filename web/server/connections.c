/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/connections.h"

#include <sys/socket.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "rp/siphash.h"
#include "web/clock.h"

enum {
	BUCKETS = 4096,
	WIDER = 4, /* times as many from one /48 */
};

/* So many from one network, while there are any. */
struct crowd {
	struct crowd *next;
	uint8_t network[16];
	bool wide;
	unsigned n;
};

struct connection {
	struct connections *all;
	struct crowd *near, *wide; /* NULL: not counted */
	struct connection *older, *newer; /* of those that are awaited */
	uint64_t until_us; /* 0: not awaited */
	int fd;
};

/* Not taken over by the daemon yet. */
struct parked {
	struct connection *one;
};

struct connections {
	pthread_mutex_t lock;
	uint64_t key[2];
	uint64_t patience_us;
	struct crowd *buckets[BUCKETS];
	/* All have the same patience: who was put in first is due first. */
	struct connection *oldest, *newest;
	struct parked *parked; /* by socket */
	size_t parked_n;
};

struct connections *
connections_new(int64_t patience_ms)
{
	struct connections *c = calloc(1, sizeof(*c));

	if (c == NULL ||
	    RAND_bytes((unsigned char *)c->key, sizeof(c->key)) != 1) {
		free(c);
		return NULL;
	}
	c->patience_us = (uint64_t)patience_ms * 1000;
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void
connections_free(struct connections *c)
{
	if (c == NULL)
		return;
	/* Those whose daemon ended before it took them over. */
	for (size_t fd = 0; fd < c->parked_n; fd++)
		connections_remove(c->parked[fd].one);
	free(c->parked);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* ---- how many; all of it with the lock held ---- */

/* The place of a network in the table: where it is, or NULL at the end. */
static struct crowd **
crowd_find(struct connections *c, const uint8_t network[16], bool wide)
{
	struct crowd **at =
	    &c->buckets[rp_siphash(c->key, (struct slice){ network, 16 }) %
			BUCKETS];

	while (*at != NULL && ((*at)->wide != wide ||
				  memcmp((*at)->network, network, 16) != 0))
		at = &(*at)->next;
	return at;
}

static struct crowd *
crowd_join(struct connections *c, const uint8_t network[16], bool wide)
{
	struct crowd **at = crowd_find(c, network, wide), *new = *at;

	if (new == NULL) {
		if ((new = calloc(1, sizeof(*new))) == NULL)
			return NULL;
		memcpy(new->network, network, sizeof(new->network));
		new->wide = wide;
		*at = new;
	}
	new->n++;
	return new;
}

static void
crowd_leave(struct connections *c, struct crowd *crowd)
{
	struct crowd **at;

	if (crowd == NULL || --crowd->n > 0)
		return;
	at = crowd_find(c, crowd->network, crowd->wide);
	*at = crowd->next;
	free(crowd);
}

bool
connections_may(
    struct connections *c, const struct address *from, unsigned limit)
{
	uint8_t near[16], wide[16];
	const struct crowd *one, *all;
	bool may;

	if (limit == 0)
		return true;
	address_network(from, near);
	address_wide_network(from, wide);
	pthread_mutex_lock(&c->lock);
	one = *crowd_find(c, near, false);
	all = *crowd_find(c, wide, true);
	may = (one == NULL || one->n < limit) &&
	      (all == NULL || all->n / WIDER < limit);
	pthread_mutex_unlock(&c->lock);
	return may;
}

/* ---- how long ---- */

static void
list_remove(struct connection *one)
{
	struct connections *c = one->all;

	if (one->until_us == 0)
		return;
	*(one->older == NULL ? &c->oldest : &one->older->newer) = one->newer;
	*(one->newer == NULL ? &c->newest : &one->newer->older) = one->older;
	one->until_us = 0;
}

static void
list_add(struct connection *one)
{
	struct connections *c = one->all;

	list_remove(one);
	if (c->patience_us == 0)
		return;
	one->until_us = clock_us() + c->patience_us;
	one->newer = NULL;
	one->older = c->newest;
	*(c->newest == NULL ? &c->oldest : &c->newest->newer) = one;
	c->newest = one;
}

void
connection_await(struct connection *one)
{
	if (one == NULL)
		return;
	pthread_mutex_lock(&one->all->lock);
	list_add(one);
	pthread_mutex_unlock(&one->all->lock);
}

void
connection_rest(struct connection *one)
{
	if (one == NULL)
		return;
	pthread_mutex_lock(&one->all->lock);
	list_remove(one);
	pthread_mutex_unlock(&one->all->lock);
}

unsigned
connections_turn(struct connections *c)
{
	uint64_t now = clock_us();
	struct connection *one;
	unsigned n = 0;

	pthread_mutex_lock(&c->lock);
	for (; (one = c->oldest) != NULL && one->until_us <= now; n++) {
		list_remove(one);
		/* Its thread reads the end of it, and closes. */
		(void)shutdown(one->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&c->lock);
	return n;
}

/* ---- coming and going ---- */

struct connection *
connections_add(struct connections *c, const struct address *from, int fd)
{
	struct connection *one = calloc(1, sizeof(*one));
	uint8_t near[16], wide[16];

	if (one == NULL)
		return NULL;
	one->all = c;
	one->fd = fd;
	pthread_mutex_lock(&c->lock);
	if (from != NULL) {
		address_network(from, near);
		address_wide_network(from, wide);
		one->near = crowd_join(c, near, false);
		one->wide = crowd_join(c, wide, true);
	}
	list_add(one);
	pthread_mutex_unlock(&c->lock);
	return one;
}

static bool
park_room(struct connections *c, size_t fd)
{
	size_t n = c->parked_n == 0 ? 64 : c->parked_n;
	struct parked *more;

	if (fd < c->parked_n)
		return true;
	while (n <= fd)
		n *= 2;
	if ((more = realloc(c->parked, n * sizeof(*more))) == NULL)
		return false;
	memset(more + c->parked_n, 0, (n - c->parked_n) * sizeof(*more));
	c->parked = more;
	c->parked_n = n;
	return true;
}

bool
connections_park(struct connection *one)
{
	struct connections *c;
	struct connection *before = NULL;
	bool good;

	if (one == NULL || one->fd < 0)
		return false;
	c = one->all;
	pthread_mutex_lock(&c->lock);
	list_remove(one);
	if ((good = park_room(c, (size_t)one->fd))) {
		/* Of a socket that was closed without a word. */
		before = c->parked[one->fd].one;
		c->parked[one->fd].one = one;
	}
	pthread_mutex_unlock(&c->lock);
	connections_remove(before);
	return good;
}

struct connection *
connections_fetch(struct connections *c, int fd)
{
	struct connection *one = NULL;

	pthread_mutex_lock(&c->lock);
	if (fd >= 0 && (size_t)fd < c->parked_n) {
		one = c->parked[fd].one;
		c->parked[fd].one = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	return one;
}

void
connections_remove(struct connection *one)
{
	struct connections *c;

	if (one == NULL)
		return;
	c = one->all;
	pthread_mutex_lock(&c->lock);
	list_remove(one);
	crowd_leave(c, one->near);
	crowd_leave(c, one->wide);
	pthread_mutex_unlock(&c->lock);
	free(one);
}
