/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Updates together: in groups, in a growing map, beside views. */

/* ---- small values under small names ---- */

static enum store_rc
put(struct store_txn *t, const char *name, uint32_t v)
{
	return store_setting_put(
	    t, name, (struct slice){ (const uint8_t *)&v, sizeof(v) });
}

static enum store_rc
get(struct store_txn *t, const char *name, uint32_t *v)
{
	size_t n;

	return store_setting_get(t, name, (uint8_t *)v, sizeof(*v), &n);
}

static enum store_rc
get_now(struct kit *k, const char *name, uint32_t *v)
{
	struct store_txn *t;
	enum store_rc rc;

	assert_ok(store_read_begin(k->s, &t));
	rc = get(t, name, v);
	store_read_end(t);
	return rc;
}

/* ---- a batch whose members are known ---- */

enum { MEMBERS = 8 };

struct member {
	struct batch *batch;
	pthread_t thread;
	struct sleeper sleeper;
	store_fn *fn;
	int index;
	int runs;
	enum store_rc rc;
};

struct batch {
	struct kit *k;
	sem_t inside, go_on;
	struct member members[MEMBERS];
	int n;
};

/* Leads, alone, until the others have gathered. */
static enum store_rc
hold(struct store_txn *t, void *arg)
{
	struct batch *b = arg;

	(void)t;
	sem_post(&b->inside);
	sem_wait(&b->go_on);
	return STORE_OK;
}

static void *
run_hold(void *arg)
{
	struct batch *b = arg;

	store_update(b->k->s, hold, b);
	return NULL;
}

static void *
run_member(void *arg)
{
	struct member *m = arg;

	sleeper_is_here(&m->sleeper);
	m->rc = store_update(m->batch->k->s, m->fn, m);
	return NULL;
}

/* Runs the fns as one batch, in their order. */
static void
run_batch(struct kit *k, struct batch *b, store_fn *const fns[], int n)
{
	pthread_t leader;

	memset(b, 0, sizeof(*b));
	b->k = k;
	b->n = n;
	sem_init(&b->inside, 0, 0);
	sem_init(&b->go_on, 0, 0);
	assert_int_equal(pthread_create(&leader, NULL, run_hold, b), 0);
	sem_wait(&b->inside);
	for (int i = 0; i < n; i++) {
		struct member *m = &b->members[i];

		m->batch = b;
		m->fn = fns[i];
		m->index = i;
		assert_int_equal(
		    pthread_create(&m->thread, NULL, run_member, m), 0);
		/* The queue is all that it can sleep in. */
		wait_until_asleep(&m->sleeper);
	}
	sem_post(&b->go_on);
	pthread_join(leader, NULL);
	for (int i = 0; i < n; i++)
		pthread_join(b->members[i].thread, NULL);
}

static enum store_rc
write_own(struct store_txn *t, void *arg)
{
	struct member *m = arg;
	char name[16];

	m->runs++;
	snprintf(name, sizeof(name), "own %d", m->index);
	return put(t, name, (uint32_t)m->index);
}

static enum store_rc
write_and_refuse(struct store_txn *t, void *arg)
{
	struct member *m = arg;
	enum store_rc rc = write_own(t, m);

	return rc == STORE_OK ? STORE_REFUSED : rc;
}

static enum store_rc
refuse_at_once(struct store_txn *t, void *arg)
{
	struct member *m = arg;

	(void)t;
	m->runs++;
	return STORE_TAKEN;
}

static bool
has_own(struct kit *k, int i)
{
	char name[16];
	uint32_t v;

	snprintf(name, sizeof(name), "own %d", i);
	return get_now(k, name, &v) == STORE_OK && v == (uint32_t)i;
}

static void
commits_a_batch_once(void **state)
{
	static store_fn *const fns[] = { write_own, write_own, write_own };
	struct kit *k = *state;
	struct store_stat before, after;
	struct batch b;

	assert_ok(store_stat(k->s, &before));
	run_batch(k, &b, fns, 3);
	assert_ok(store_stat(k->s, &after));
	for (int i = 0; i < 3; i++) {
		assert_ok(b.members[i].rc);
		assert_int_equal(b.members[i].runs, 1);
		assert_true(has_own(k, i));
	}
	assert_int_equal(after.commits - before.commits, 1);
	assert_int_equal(after.updates - before.updates, 4);
}

static void
an_early_refusal_costs_the_others_nothing(void **state)
{
	static store_fn *const fns[] = { write_own, refuse_at_once, write_own };
	struct kit *k = *state;
	struct batch b;

	run_batch(k, &b, fns, 3);
	assert_ok(b.members[0].rc);
	assert_int_equal(b.members[1].rc, STORE_TAKEN);
	assert_ok(b.members[2].rc);
	for (int i = 0; i < 3; i++)
		assert_int_equal(b.members[i].runs, 1);
}

static void
a_late_refusal_keeps_nothing_of_its_own_alone(void **state)
{
	static store_fn *const fns[] = { write_own, write_and_refuse, write_own,
		write_and_refuse, write_own };
	struct kit *k = *state;
	struct batch b;

	run_batch(k, &b, fns, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(
		    b.members[i].rc, i & 1 ? STORE_REFUSED : STORE_OK);
		assert_int_equal(has_own(k, i), !(i & 1));
	}
}

static void
many_late_refusals_end(void **state)
{
	static store_fn *const fns[MEMBERS] = { write_and_refuse,
		write_and_refuse, write_and_refuse, write_and_refuse,
		write_and_refuse, write_and_refuse, write_and_refuse,
		write_own };
	struct kit *k = *state;
	struct batch b;

	run_batch(k, &b, fns, MEMBERS);
	for (int i = 0; i < MEMBERS; i++) {
		bool good = i == MEMBERS - 1;

		assert_int_equal(
		    b.members[i].rc, good ? STORE_OK : STORE_REFUSED);
		assert_int_equal(has_own(k, i), good);
		assert_true(b.members[i].runs <= 6);
	}
}

/* Refuses, having written, because of what another did in this batch. */
static enum store_rc
refuse_if_first_is_there(struct store_txn *t, void *arg)
{
	struct member *m = arg;
	uint32_t v;
	enum store_rc seen = get(t, "own 0", &v), rc = write_own(t, m);

	if (rc != STORE_OK)
		return rc;
	return seen == STORE_OK ? STORE_REFUSED : STORE_OK;
}

static void
asks_again_who_leaned_on_others(void **state)
{
	static store_fn *const fns[] = { write_own, refuse_if_first_is_there };
	struct kit *k = *state;
	struct batch b;

	run_batch(k, &b, fns, 2);
	assert_ok(b.members[0].rc);
	assert_int_equal(b.members[1].rc, STORE_REFUSED);
	/* Once with the uncommitted write in sight, once after its commit. */
	assert_int_equal(b.members[1].runs, 2);
	assert_true(has_own(k, 0));
	assert_false(has_own(k, 1));
}

static enum store_rc
put_too_long_a_key(struct store_txn *t, void *arg)
{
	static const uint8_t key[ENGINE_KEY_MAX + 1];
	struct member *m = arg;

	m->runs++;
	/* Its answer does not matter: the engine remembers. */
	(void)engine_put(
	    t, TABLE_SETTINGS, SLICE(key), slice_of("x"), ENGINE_REPLACE);
	return STORE_OK;
}

static void
a_fault_of_one_spares_the_others(void **state)
{
	static store_fn *const fns[] = { write_own, put_too_long_a_key,
		write_own };
	struct kit *k = *state;
	struct batch b;

	run_batch(k, &b, fns, 3);
	assert_ok(b.members[0].rc);
	assert_int_equal(b.members[1].rc, STORE_FAULT);
	assert_ok(b.members[2].rc);
	assert_true(has_own(k, 0));
	assert_true(has_own(k, 2));
}

/* ---- many at once ---- */

enum { THREADS = 64, EACH = 40 };

struct worker {
	struct kit *k;
	pthread_t thread;
	uint32_t number, turn;
	uint64_t seed;
	bool refuse;
	bool kept[EACH];
};

static enum store_rc
count_up(struct store_txn *t, void *arg)
{
	struct worker *w = arg;
	char name[32];
	uint32_t count = 0;
	enum store_rc rc = get(t, "count", &count);

	if (rc != STORE_OK && rc != STORE_ABSENT)
		return rc;
	snprintf(name, sizeof(name), "of %u %u", w->number, w->turn);
	if ((rc = put(t, "count", count + 1)) != STORE_OK ||
	    (rc = put(t, name, w->turn)) != STORE_OK)
		return rc;
	return w->refuse ? STORE_REFUSED : STORE_OK;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	enum store_rc rc;

	for (w->turn = 0; w->turn < EACH; w->turn++) {
		w->refuse = numbers(&w->seed) % 16 == 0;
		rc = store_update(w->k->s, count_up, w);
		w->kept[w->turn] = rc == STORE_OK;
		if (rc != (w->refuse ? STORE_REFUSED : STORE_OK))
			abort();
	}
	return NULL;
}

static void
keeps_all_that_it_acknowledged_and_nothing_else(void **state)
{
	static struct worker workers[THREADS];
	struct kit *k = *state;
	uint32_t kept = 0, count, v;
	struct store_stat st;
	char name[32];

	for (uint32_t i = 0; i < THREADS; i++) {
		workers[i] =
		    (struct worker){ .k = k, .number = i, .seed = i + 1 };
		assert_int_equal(
		    pthread_create(&workers[i].thread, NULL, work, &workers[i]),
		    0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	assert_ok(store_stat(k->s, &st));
	assert_int_equal(st.updates, THREADS * EACH + 1);
	assert_true(st.commits < st.updates);
	kit_reopen(k);
	for (uint32_t i = 0; i < THREADS; i++) {
		for (uint32_t j = 0; j < EACH; j++) {
			snprintf(name, sizeof(name), "of %u %u", i, j);
			assert_int_equal(get_now(k, name, &v) == STORE_OK,
			    workers[i].kept[j]);
			kept += workers[i].kept[j];
		}
	}
	assert_ok(get_now(k, "count", &count));
	assert_int_equal(count, kept);
}

/* ---- growth ---- */

enum { PAIRS = 600, READERS = 4, SMALL_MAP = 256 << 10 };

struct growth {
	struct kit *k;
	uint32_t turn;
	atomic_bool done;
	atomic_uint views, bad;
};

static enum store_rc
put_pair(struct store_txn *t, void *arg)
{
	static const uint8_t ballast[STORE_SETTING_MAX];
	struct growth *g = arg;
	char name[32];
	enum store_rc rc;

	snprintf(name, sizeof(name), "ballast %u", g->turn);
	if ((rc = put(t, "left", g->turn)) != STORE_OK ||
	    (rc = store_setting_put(t, name, SLICE(ballast))) != STORE_OK)
		return rc;
	return put(t, "right", g->turn);
}

static void *
watch_pair(void *arg)
{
	struct growth *g = arg;
	struct store_txn *t;
	uint32_t left, right;

	while (!atomic_load(&g->done)) {
		left = right = 0;
		if (store_read_begin(g->k->s, &t) != STORE_OK) {
			atomic_fetch_add(&g->bad, 1);
			continue;
		}
		(void)get(t, "left", &left);
		(void)get(t, "right", &right);
		store_read_end(t);
		if (left != right)
			atomic_fetch_add(&g->bad, 1);
		atomic_fetch_add(&g->views, 1);
	}
	return NULL;
}

static void
grows_under_running_views(void **state)
{
	struct kit *k = kit_new(SMALL_MAP);
	struct growth g = { .k = k };
	pthread_t readers[READERS];
	struct store_stat st;
	uint32_t v;

	(void)state;
	for (int i = 0; i < READERS; i++)
		assert_int_equal(
		    pthread_create(&readers[i], NULL, watch_pair, &g), 0);
	for (g.turn = 0; g.turn < PAIRS; g.turn++)
		assert_ok(store_update(k->s, put_pair, &g));
	atomic_store(&g.done, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_int_equal(atomic_load(&g.bad), 0);
	assert_true(atomic_load(&g.views) > 0);
	assert_ok(store_stat(k->s, &st));
	assert_true(st.bytes_mapped >= 4 * SMALL_MAP);
	assert_int_equal(entries(k->s, TABLE_SETTINGS), PAIRS + 3);
	assert_ok(get_now(k, "left", &v));
	assert_int_equal(v, PAIRS - 1);
	assert_non_null(strstr(k->log, "store=grown"));
	kit_end(k);
}

/* One update larger than the map. */
static enum store_rc
put_much(struct store_txn *t, void *arg)
{
	struct growth *g = arg;
	enum store_rc rc = STORE_OK;

	for (g->turn = 0; rc == STORE_OK && g->turn < PAIRS; g->turn++)
		rc = put_pair(t, g);
	return rc;
}

static void
grows_as_often_as_one_update_needs(void **state)
{
	struct kit *k = kit_new(SMALL_MAP);
	struct growth g = { .k = k };

	(void)state;
	assert_ok(store_update(k->s, put_much, &g));
	assert_int_equal(entries(k->s, TABLE_SETTINGS), PAIRS + 3);
	kit_end(k);
}

/* ---- views ---- */

static enum store_rc
put_seven(struct store_txn *t, void *arg)
{
	(void)arg;
	return put(t, "number", 7);
}

static void *
update_elsewhere(void *arg)
{
	struct kit *k = arg;

	return store_update(k->s, put_seven, NULL) == STORE_OK ? k : NULL;
}

static void
a_view_stays_as_it_was(void **state)
{
	struct kit *k = *state;
	struct store_txn *t;
	pthread_t thread;
	void *ok = NULL;
	uint32_t v = 0;

	assert_ok(store_read_begin(k->s, &t));
	pthread_create(&thread, NULL, update_elsewhere, k);
	pthread_join(thread, &ok);
	assert_non_null(ok);
	assert_int_equal(get(t, "number", &v), STORE_ABSENT);
	store_read_end(t);
	assert_ok(get_now(k, "number", &v));
	assert_int_equal(v, 7);
}

static enum store_rc
nest(struct store_txn *t, void *arg)
{
	struct kit *k = arg;
	struct store_txn *view;

	(void)t;
	assert_int_equal(store_read_begin(k->s, &view), STORE_FAULT);
	assert_int_equal(store_update(k->s, put_seven, NULL), STORE_FAULT);
	assert_int_equal(
	    store_backup(k->s, kit_path(k, "other"), NULL, NULL), STORE_FAULT);
	return STORE_OK;
}

static void
refuses_what_would_wait_for_itself(void **state)
{
	struct kit *k = *state;
	struct store_txn *t, *other;

	assert_ok(store_read_begin(k->s, &t));
	assert_int_equal(store_update(k->s, put_seven, NULL), STORE_FAULT);
	assert_int_equal(store_read_begin(k->s, &other), STORE_FAULT);
	assert_int_equal(
	    store_backup(k->s, kit_path(k, "copy"), NULL, NULL), STORE_FAULT);
	store_read_end(t);
	assert_ok(store_backup(k->s, kit_path(k, "copy"), NULL, NULL));
	assert_ok(store_update(k->s, put_seven, NULL));
	assert_ok(store_update(k->s, nest, k));
	assert_ok(store_update(k->s, put_seven, NULL));
}

/* More threads than were promised. */
static void *
view_often(void *arg)
{
	struct kit *k = arg;
	uint32_t v;

	for (int i = 0; i < 200; i++)
		if (get_now(k, "number", &v) != STORE_OK || v != 7)
			abort();
	return NULL;
}

static void
has_views_for_all_threads(void **state)
{
	struct kit *k = *state;
	pthread_t threads[THREADS];

	assert_ok(store_update(k->s, put_seven, NULL));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, view_often, k), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static enum store_rc
write_in_view(struct kit *k)
{
	struct store_txn *t;
	enum store_rc rc;

	assert_ok(store_read_begin(k->s, &t));
	rc = put(t, "number", 1);
	if (rc != STORE_OK)
		rc = engine_delete(t, TABLE_SETTINGS, slice_of("format"));
	store_read_end(t);
	return rc;
}

static void
a_view_writes_nothing(void **state)
{
	assert_int_equal(write_in_view(*state), STORE_FAULT);
}

/* ---- open ---- */

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
nobody_else_can_read_it(void **state)
{
	struct kit *k = *state;

	assert_int_equal(mode_of(k->dir), 0700);
	assert_int_equal(mode_of(kit_path(k, "data/data.mdb")), 0600);
	assert_int_equal(mode_of(kit_path(k, "data/lock.mdb")), 0600);
}

static void
opens_a_folder_once_a_process(void **state)
{
	struct kit *k = *state;
	struct store_options o = kit_options(k);
	struct store *s = NULL;

	assert_int_equal(store_open(&o, &s), STORE_FAULT);
	assert_null(s);
	assert_ok(store_update(k->s, put_seven, NULL));
	o.dir = kit_path(k, "absent/data");
	assert_int_equal(store_open(&o, &s), STORE_FAULT);
}

static enum store_rc
set_format(struct store_txn *t, void *arg)
{
	return store_setting_put(t, "format", (struct slice){ arg, 4 });
}

static void
refuses_the_folder_of_a_later_version(void **state)
{
	struct kit *k = *state;
	struct store_options o = kit_options(k);
	uint8_t later[] = { 0, 0, 0, 2 };

	assert_ok(store_update(k->s, set_format, later));
	store_close(k->s);
	k->s = NULL;
	assert_int_equal(store_open(&o, &k->s), STORE_NEWER);
	assert_null(k->s);
	assert_non_null(strstr(k->log, "store=newer-format found=2 known=1"));
}

static void
refuses_what_is_no_store(void **state)
{
	struct kit *k = *state;
	struct store_options o = kit_options(k);
	FILE *f;

	store_close(k->s);
	k->s = NULL;
	f = fopen(kit_path(k, "data/data.mdb"), "w");
	assert_non_null(f);
	for (int i = 0; i < 20000; i++)
		fputc('x', f);
	fclose(f);
	assert_int_equal(store_open(&o, &k->s), STORE_FAULT);
	assert_null(k->s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(commits_a_batch_once),
		TEST(an_early_refusal_costs_the_others_nothing),
		TEST(a_late_refusal_keeps_nothing_of_its_own_alone),
		TEST(many_late_refusals_end),
		TEST(asks_again_who_leaned_on_others),
		TEST(a_fault_of_one_spares_the_others),
		TEST(keeps_all_that_it_acknowledged_and_nothing_else),
		cmocka_unit_test(grows_under_running_views),
		cmocka_unit_test(grows_as_often_as_one_update_needs),
		TEST(a_view_stays_as_it_was),
		TEST(refuses_what_would_wait_for_itself),
		TEST(has_views_for_all_threads),
		TEST(a_view_writes_nothing),
		TEST(nobody_else_can_read_it),
		TEST(opens_a_folder_once_a_process),
		TEST(refuses_the_folder_of_a_later_version),
		TEST(refuses_what_is_no_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
