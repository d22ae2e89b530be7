/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/http/meddler.h"

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "rp/ids.h"
#include "store/internal.h"
#include "store/sessions.h"

struct meddler {
	struct store *store;
	pthread_t holder;
	bool holds;
	sem_t has, may_go;
};

struct meddler *
meddler_new(const struct server *s)
{
	struct store_options o = { .dir = server_data(s), .readers = 4 };
	struct meddler *m = calloc(1, sizeof(*m));

	assert(m != NULL);
	assert(store_open(&o, &m->store) == STORE_OK);
	assert(sem_init(&m->has, 0, 0) == 0 && sem_init(&m->may_go, 0, 0) == 0);
	return m;
}

void
meddler_free(struct meddler *m)
{
	meddler_let_go(m);
	store_close(m->store);
	sem_destroy(&m->has);
	sem_destroy(&m->may_go);
	free(m);
}

struct aging {
	struct session_id id;
	int64_t ms;
};

static enum store_rc
age(struct store_txn *t, void *arg)
{
	struct aging *x = arg;
	struct store_session s;

	if (store_session_get(t, &x->id, &s) != STORE_OK)
		return STORE_FAULT;
	s.last_seen -= x->ms;
	return store_session_put(t, &s);
}

void
meddler_age_session(struct meddler *m, const char *id, int64_t ms)
{
	struct aging x = { .ms = ms };

	assert(rp_id_read("ses_", id, x.id.b));
	assert(store_update(m->store, age, &x) == STORE_OK);
}

static enum store_rc
damage(struct store_txn *t, void *arg)
{
	const struct session_id *id = arg;
	static const uint8_t rubbish[] = { 0xff, 0xff, 0xff };

	return engine_put(
	    t, TABLE_SESSIONS, SLICE(id->b), SLICE(rubbish), ENGINE_REPLACE);
}

void
meddler_damage_session(struct meddler *m, const char *id)
{
	struct session_id of;

	assert(rp_id_read("ses_", id, of.b));
	assert(store_update(m->store, damage, &of) == STORE_OK);
}

static enum store_rc
hold(struct store_txn *t, void *arg)
{
	struct meddler *m = arg;

	(void)t;
	sem_post(&m->has);
	sem_wait(&m->may_go);
	return STORE_REFUSED;
}

static void *
holder(void *arg)
{
	struct meddler *m = arg;

	(void)store_update(m->store, hold, m);
	return NULL;
}

void
meddler_hold_writer(struct meddler *m)
{
	assert(pthread_create(&m->holder, NULL, holder, m) == 0);
	sem_wait(&m->has);
	m->holds = true;
}

void
meddler_let_go(struct meddler *m)
{
	if (!m->holds)
		return;
	m->holds = false;
	sem_post(&m->may_go);
	pthread_join(m->holder, NULL);
}
