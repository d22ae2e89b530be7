/* SPDX-License-Identifier: Apache-2.0 */
#include "store_peer.h"

#include <lmdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

/*
 * Many threads and several processes while the map grows and slots run out.
 * Between the store and LMDB stands a referee: nobody may be inside a
 * transaction, or on the way into one, while the map moves.
 */

enum { SMALL_MAP = 256 << 10 };

/* ---- the referee ---- */

static atomic_int inside, fouls;
static _Thread_local void (*before_alone)(void); /* once */
static struct peer *grows_at_open;
static unsigned slots; /* 0: as many as are asked for */

int __real_mdb_env_open(MDB_env *, const char *, unsigned, mdb_mode_t);
int __real_mdb_env_set_mapsize(MDB_env *, size_t);
int __real_mdb_env_set_maxreaders(MDB_env *, unsigned);
int __real_mdb_env_copyfd2(MDB_env *, mdb_filehandle_t, unsigned);
int __real_mdb_txn_begin(MDB_env *, MDB_txn *, unsigned, MDB_txn **);
int __real_mdb_txn_renew(MDB_txn *);
void __real_mdb_txn_reset(MDB_txn *);
int __real_mdb_txn_commit(MDB_txn *);
void __real_mdb_txn_abort(MDB_txn *);
int __real_pthread_rwlock_wrlock(pthread_rwlock_t *);

int __wrap_mdb_env_open(MDB_env *, const char *, unsigned, mdb_mode_t);
int __wrap_mdb_env_set_mapsize(MDB_env *, size_t);
int __wrap_mdb_env_set_maxreaders(MDB_env *, unsigned);
int __wrap_mdb_env_copyfd2(MDB_env *, mdb_filehandle_t, unsigned);
int __wrap_mdb_txn_begin(MDB_env *, MDB_txn *, unsigned, MDB_txn **);
int __wrap_mdb_txn_renew(MDB_txn *);
void __wrap_mdb_txn_reset(MDB_txn *);
int __wrap_mdb_txn_commit(MDB_txn *);
void __wrap_mdb_txn_abort(MDB_txn *);
int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *);

static int
entered(int rc)
{
	if (rc != 0)
		atomic_fetch_sub(&inside, 1);
	return rc;
}

int
__wrap_mdb_env_open(
    MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
	int rc = __real_mdb_env_open(env, path, flags, mode);
	struct peer *p = grows_at_open;

	grows_at_open = NULL;
	if (rc == 0 && p != NULL)
		assert_int_equal(peer_ask(p, "put 5000 1000 1000"), 0);
	return rc;
}

int
__wrap_mdb_env_set_mapsize(MDB_env *env, size_t size)
{
	int rc;

	if (atomic_load(&inside) != 0)
		atomic_fetch_add(&fouls, 1);
	rc = __real_mdb_env_set_mapsize(env, size);
	if (atomic_load(&inside) != 0)
		atomic_fetch_add(&fouls, 1);
	return rc;
}

int
__wrap_mdb_env_set_maxreaders(MDB_env *env, unsigned n)
{
	return __real_mdb_env_set_maxreaders(env, slots > 0 ? slots : n);
}

int
__wrap_mdb_env_copyfd2(MDB_env *env, mdb_filehandle_t fd, unsigned flags)
{
	int rc;

	atomic_fetch_add(&inside, 1);
	rc = __real_mdb_env_copyfd2(env, fd, flags);
	atomic_fetch_sub(&inside, 1);
	return rc;
}

static _Atomic(MDB_txn *) writer;

int
__wrap_mdb_txn_begin(
    MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
	int rc;

	atomic_fetch_add(&inside, 1);
	rc = entered(__real_mdb_txn_begin(env, parent, flags, txn));
	if (rc == 0 && (flags & MDB_RDONLY) == 0)
		atomic_store(&writer, *txn);
	return rc;
}

int
__wrap_mdb_txn_renew(MDB_txn *txn)
{
	atomic_fetch_add(&inside, 1);
	return entered(__real_mdb_txn_renew(txn));
}

void
__wrap_mdb_txn_reset(MDB_txn *txn)
{
	__real_mdb_txn_reset(txn);
	atomic_fetch_sub(&inside, 1);
}

int
__wrap_mdb_txn_commit(MDB_txn *txn)
{
	int rc = __real_mdb_txn_commit(txn);

	atomic_fetch_sub(&inside, 1);
	return rc;
}

/* Views are aborted when they have been reset already: at the end. */
void
__wrap_mdb_txn_abort(MDB_txn *txn)
{
	bool wrote = txn == atomic_load(&writer);

	__real_mdb_txn_abort(txn);
	if (wrote)
		atomic_fetch_sub(&inside, 1);
}

int
__wrap_pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	void (*fn)(void) = before_alone;

	before_alone = NULL;
	if (fn != NULL)
		fn();
	return __real_pthread_rwlock_wrlock(lock);
}

static struct kit *
fresh(void)
{
	struct kit *k = kit_new(SMALL_MAP);

	atomic_store(&inside, 0);
	atomic_store(&fouls, 0);
	return k;
}

static void
assert_fair(struct kit *k)
{
	assert_int_equal(atomic_load(&inside), 0);
	assert_int_equal(atomic_load(&fouls), 0);
	assert_null(strstr(k->log, "error="));
}

/* ---- an update that stands still ---- */

static struct still {
	struct kit *k;
	pthread_t thread;
	sem_t in, on;
	enum store_rc rc;
} still;

static enum store_rc
stand(struct store_txn *t, void *arg)
{
	(void)t;
	(void)arg;
	sem_post(&still.in);
	sem_wait(&still.on);
	return STORE_OK;
}

static void *
run_still(void *arg)
{
	still.rc = store_update(still.k->s, stand, arg);
	return NULL;
}

/* Returns when it stands. */
static void
still_start(void)
{
	sem_init(&still.in, 0, 0);
	sem_init(&still.on, 0, 0);
	assert_int_equal(
	    pthread_create(&still.thread, NULL, run_still, NULL), 0);
	sem_wait(&still.in);
}

static void
still_end(void)
{
	sem_post(&still.on);
	pthread_join(still.thread, NULL);
	assert_ok(still.rc);
}

struct job {
	struct kit *k;
	struct sleeper sleeper;
	pthread_t thread;
	bool good;
};

/*
 * A view that has met a map that is too small, and goes to take the new size;
 * before it does, another thread takes it, and an update begins.
 */
static atomic_bool stands;

static void
another_is_faster(void)
{
	still_start();
	atomic_store(&stands, true);
}

static void *
look(void *arg)
{
	struct job *j = arg;

	sleeper_is_here(&j->sleeper);
	before_alone = another_is_faster;
	j->good = numbered_has(j->k->s, 499);
	atomic_store(&j->sleeper.done, true);
	return NULL;
}

static void
adopts_under_no_update(void **state)
{
	struct kit *k = fresh();
	struct peer p = peer_start(k->dir, SMALL_MAP);
	struct job j = { .k = k };

	(void)state;
	still.k = k;
	atomic_store(&stands, false);
	assert_int_equal(peer_ask(&p, "put 0 500 1000"), 0);
	assert_int_equal(pthread_create(&j.thread, NULL, look, &j), 0);
	while (!atomic_load(&stands))
		sched_yield();
	wait_until_asleep(&j.sleeper);
	still_end();
	pthread_join(j.thread, NULL);
	assert_true(j.good);
	assert_fair(k);
	peer_end(&p);
	kit_end(k);
}

/* A copy makes room first, whatever the leader does. */
static void *
copy(void *arg)
{
	struct job *j = arg;

	sleeper_is_here(&j->sleeper);
	j->good = store_backup(j->k->s, kit_path(j->k, "copy"), NULL, NULL) ==
		  STORE_OK;
	atomic_store(&j->sleeper.done, true);
	return NULL;
}

static void
makes_room_for_a_copy_under_no_update(void **state)
{
	struct kit *k = fresh();
	struct job j = { .k = k };
	struct store_stat before, after;
	uint32_t i = 0;

	(void)state;
	still.k = k;
	do {
		assert_ok(numbered_put(k->s, i++, 1000));
		assert_ok(store_stat(k->s, &before));
	} while (before.bytes_used <= before.bytes_mapped / 2);
	still_start();
	assert_int_equal(pthread_create(&j.thread, NULL, copy, &j), 0);
	wait_until_asleep(&j.sleeper);
	still_end();
	pthread_join(j.thread, NULL);
	assert_true(j.good);
	assert_fair(k);
	assert_ok(store_stat(k->s, &after));
	assert_int_equal(after.bytes_mapped, 2 * before.bytes_mapped);
	kit_end(k);
}

/* ---- everybody at once ---- */

enum { ROUNDS = 4, HANDS = 4, EACH = 100, PEERS = 2, PEERS_PUT = 1500 };

struct crowd {
	struct kit *k;
	atomic_bool done;
	atomic_uint bad, next;
};

static void *
read_on(void *arg)
{
	struct crowd *c = arg;
	struct store_txn *t;

	while (!atomic_load(&c->done)) {
		size_t n = 0;

		if (store_read_begin(c->k->s, &t) != STORE_OK) {
			atomic_fetch_add(&c->bad, 1);
			continue;
		}
		if (store_setting_get(t, "n0", NULL, 0, &n) != STORE_OK ||
		    n != 1000)
			atomic_fetch_add(&c->bad, 1);
		store_read_end(t);
	}
	return NULL;
}

static void *
write_on(void *arg)
{
	struct crowd *c = arg;
	uint32_t from = 10000 * (1 + atomic_fetch_add(&c->next, 1));

	for (uint32_t i = 0; i < EACH; i++)
		if (numbered_put(c->k->s, from + i, 1000) != STORE_OK ||
		    !numbered_has(c->k->s, from + i))
			atomic_fetch_add(&c->bad, 1);
	return NULL;
}

static void *
copy_twice(void *arg)
{
	struct crowd *c = arg;
	char dir[256];

	for (int i = 0; i < 2; i++) {
		snprintf(dir, sizeof(dir), "%s/copy %d", c->k->top, i);
		if (store_backup(c->k->s, dir, NULL, NULL) != STORE_OK)
			atomic_fetch_add(&c->bad, 1);
	}
	return NULL;
}

static void
round_of(struct crowd *c)
{
	pthread_t readers[HANDS], writers[HANDS], copier;
	struct peer peers[PEERS];

	assert_ok(numbered_put(c->k->s, 0, 1000));
	for (unsigned i = 0; i < PEERS; i++)
		peers[i] = peer_start(c->k->dir, SMALL_MAP);
	for (unsigned i = 0; i < PEERS; i++)
		peer_tell(
		    &peers[i], "put %u %u 1000", 1000000 * (i + 1), PEERS_PUT);
	for (int i = 0; i < HANDS; i++) {
		assert_int_equal(
		    pthread_create(&readers[i], NULL, read_on, c), 0);
		assert_int_equal(
		    pthread_create(&writers[i], NULL, write_on, c), 0);
	}
	assert_int_equal(pthread_create(&copier, NULL, copy_twice, c), 0);
	for (int i = 0; i < HANDS; i++)
		pthread_join(writers[i], NULL);
	pthread_join(copier, NULL);
	for (unsigned i = 0; i < PEERS; i++)
		assert_int_equal(peer_hear(&peers[i]), STORE_OK);
	atomic_store(&c->done, true);
	for (int i = 0; i < HANDS; i++)
		pthread_join(readers[i], NULL);
	for (unsigned i = 0; i < PEERS; i++)
		peer_end(&peers[i]);
}

static void
the_map_moves_under_nobody(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct crowd c = { .k = fresh() };

		round_of(&c);
		assert_int_equal(atomic_load(&c.bad), 0);
		assert_fair(c.k);
		/* And the one of the store's format. */
		assert_int_equal(entries(c.k->s, TABLE_SETTINGS),
		    HANDS * EACH + PEERS * PEERS_PUT + 2);
		kit_end(c.k);
	}
}

/* Between mapping the file and looking into it. */
static void
opens_while_another_process_grows_it(void **state)
{
	struct kit *k = fresh();
	struct peer p = peer_start(k->dir, SMALL_MAP);

	(void)state;
	assert_int_equal(peer_ask(&p, "put 0 1000 1000"), 0);
	grows_at_open = &p;
	kit_reopen(k);
	assert_null(grows_at_open);
	assert_true(numbered_has(k->s, 5999));
	assert_ok(numbered_put(k->s, 6000, 1000));
	peer_end(&p);
	kit_end(k);
}

/* ---- slots ---- */

enum { FEW = 2, MANY = 16 };

static void *
look_often(void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < 200; i++)
		if (!numbered_has(c->k->s, 0))
			atomic_fetch_add(&c->bad, 1);
	return NULL;
}

static struct kit *
with_few_slots(void)
{
	struct kit *k;

	slots = FEW;
	k = fresh();
	slots = 0;
	assert_ok(numbered_put(k->s, 0, 10));
	return k;
}

static void
views_take_turns_where_slots_are_few(void **state)
{
	struct crowd c = { .k = with_few_slots() };
	pthread_t threads[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, look_often, &c), 0);
	for (int i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&c.bad), 0);
	assert_fair(c.k);
	kit_end(c.k);
}

/* The last slot is taken for good: its view waits, but others go on. */
static void *
look_once(void *arg)
{
	struct job *j = arg;

	sleeper_is_here(&j->sleeper);
	j->good = numbered_has(j->k->s, 0);
	atomic_store(&j->sleeper.done, true);
	return NULL;
}

static void
a_view_waits_for_one_of_its_process_to_end(void **state)
{
	struct kit *k = with_few_slots();
	struct job j = { .k = k };
	struct peer p = peer_start(k->dir, 0);
	struct store_txn *t;

	(void)state;
	assert_int_equal(peer_ask(&p, "view"), 0);
	assert_ok(store_read_begin(k->s, &t));
	assert_int_equal(pthread_create(&j.thread, NULL, look_once, &j), 0);
	wait_until_asleep(&j.sleeper);
	assert_false(atomic_load(&j.sleeper.done));
	store_read_end(t);
	pthread_join(j.thread, NULL);
	assert_true(j.good);
	peer_kill(&p);
	kit_end(k);
}

static void *
view_and_stay(void *arg)
{
	struct kit *k = arg;
	struct store_txn *t;

	assert_ok(store_read_begin(k->s, &t));
	sem_post(&still.in);
	sem_wait(&still.on);
	store_read_end(t);
	return NULL;
}

static void
says_busy_when_it_opens_without_a_slot(void **state)
{
	struct kit *k = with_few_slots();
	pthread_t threads[FEW];
	struct peer p;
	long rc;

	(void)state;
	sem_init(&still.in, 0, 0);
	sem_init(&still.on, 0, 0);
	for (int i = 0; i < FEW; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, view_and_stay, k), 0);
	for (int i = 0; i < FEW; i++)
		sem_wait(&still.in);
	p = peer_try(k->dir, 0, &rc);
	assert_int_equal(rc, STORE_BUSY);
	peer_end(&p);
	for (int i = 0; i < FEW; i++)
		sem_post(&still.on);
	for (int i = 0; i < FEW; i++)
		pthread_join(threads[i], NULL);
	kit_end(k);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adopts_under_no_update),
		cmocka_unit_test(makes_room_for_a_copy_under_no_update),
		cmocka_unit_test(the_map_moves_under_nobody),
		cmocka_unit_test(opens_while_another_process_grows_it),
		cmocka_unit_test(views_take_turns_where_slots_are_few),
		cmocka_unit_test(a_view_waits_for_one_of_its_process_to_end),
		cmocka_unit_test(says_busy_when_it_opens_without_a_slot),
	};

	if (peer_main(argc, argv))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
