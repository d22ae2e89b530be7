/* SPDX-License-Identifier: Apache-2.0 */
#include "store_peer.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Several processes on one folder, and a disk that is full. */

enum { SMALL_MAP = 256 << 10, LIMIT = 1 << 20 };

static void
two_processes_work_on_one_store(void **state)
{
	struct kit *k = *state;
	struct peer p = peer_start(k->dir, 0);

	for (uint32_t i = 0; i < 20; i++) {
		assert_ok(numbered_put(k->s, 1000 + i, 10));
		assert_int_equal(peer_ask(&p, "put %u 1 10", 2000 + i), 0);
		assert_true(numbered_has(k->s, 2000 + i));
	}
	assert_int_equal(peer_ask(&p, "has 1000 20"), 20);
	peer_end(&p);
	assert_true(numbered_has(k->s, 2019));
}

/* The peer's map grows; ours has to follow, to read and to write. */
static void
follows_another_process_that_grew(void **state)
{
	struct kit *k = kit_new(SMALL_MAP);
	struct peer p = peer_start(k->dir, SMALL_MAP);

	(void)state;
	assert_int_equal(peer_ask(&p, "put 0 500 1000"), 0);
	assert_true(peer_ask(&p, "mapped") > SMALL_MAP);
	assert_true(numbered_has(k->s, 499));
	assert_int_equal(peer_ask(&p, "put 500 1500 1000"), 0);
	assert_ok(numbered_put(k->s, 5000, 1000));
	assert_int_equal(peer_ask(&p, "has 5000 1"), 1);

	assert_ok(numbered_put_all(k->s, 6000, 4000, 1000));
	assert_int_equal(peer_ask(&p, "has 9999 1"), 1);
	assert_int_equal(peer_ask(&p, "put 10000 1 1000"), 0);
	peer_end(&p);
	kit_end(k);
}

/* A process killed inside a view must not pin pages for ever. */
static void
a_dead_view_pins_nothing(void **state)
{
	struct kit *k = *state;
	struct peer dead = peer_start(k->dir, 0), p;
	long used;

	assert_ok(numbered_put(k->s, 0, 1000));
	assert_int_equal(peer_ask(&dead, "view"), 0);
	peer_kill(&dead);
	/* Long before the map is full. */
	p = peer_start(k->dir, 0);
	assert_int_equal(peer_ask(&p, "over 20 1000"), 0);
	used = peer_ask(&p, "used");
	assert_int_equal(peer_ask(&p, "over 300 1000"), 0);
	assert_int_equal(peer_ask(&p, "used"), used);
	peer_end(&p);
}

/* The same while everybody else stays: seen at the latest at growth. */
static void
a_view_that_dies_meanwhile_stops_growth(void **state)
{
	struct kit *k = kit_new(SMALL_MAP);
	struct peer dead = peer_start(k->dir, SMALL_MAP);
	struct store_stat st;

	(void)state;
	assert_int_equal(peer_ask(&dead, "view"), 0);
	peer_kill(&dead);
	for (uint32_t i = 0; i < 600; i++)
		assert_ok(numbered_put(k->s, i % 10, 1000));
	assert_ok(store_stat(k->s, &st));
	assert_true(st.bytes_mapped <= 2 * SMALL_MAP);
	kit_end(k);
}

static void
keeps_what_it_acknowledged_when_killed(void **state)
{
	struct kit *k = *state;
	uint64_t seed = 4711;

	for (uint32_t round = 0; round < 20; round++) {
		struct peer p = peer_start(k->dir, 0);
		uint32_t first = 10000 * (round + 1), last = first;
		uint64_t hear = 1 + numbers(&seed) % 40;
		long n;

		assert_int_equal(peer_ask(&p, "forever %u", first), first);
		while (hear-- > 0 && (n = peer_hear(&p)) >= 0)
			last = (uint32_t)n;
		/* It may have died inside a commit: we go on, or begin anew. */
		peer_kill(&p);
		if (round % 2 == 1)
			kit_reopen(k);
		for (uint32_t i = first; i <= last; i++)
			assert_true(numbered_has(k->s, i));
		assert_ok(numbered_put(k->s, round, 10));
	}
}

/* ---- a full disk ---- */

static void
a_file_limit_is_a_full_disk(void **state)
{
	struct kit *k = *state;
	struct peer p = peer_start(k->dir, 0);
	long n;

	assert_int_equal(peer_ask(&p, "put 0 100 1000"), 0);
	assert_int_equal(peer_ask(&p, "limit %d", LIMIT), 0);
	assert_int_equal(peer_ask(&p, "put 100 2000 1000"), STORE_FULL);
	n = peer_ask(&p, "has 0 2100");
	assert_true(n >= 100 && n < 2100);
	/* Still full, and still readable. */
	assert_int_equal(peer_ask(&p, "put 3000 1000 1000"), STORE_FULL);
	assert_int_equal(peer_ask(&p, "has 0 100"), 100);
	/* And usable again once there is room. */
	assert_int_equal(peer_ask(&p, "limit 0"), 0);
	assert_int_equal(peer_ask(&p, "put 3000 1000 1000"), 0);
	assert_int_equal(peer_ask(&p, "has 3000 1000"), 1000);
	peer_end(&p);
	assert_true(numbered_has(k->s, 3999));
}

static void
a_backup_that_does_not_fit_leaves_nothing(void **state)
{
	struct kit *k = *state;
	struct peer p = peer_start(k->dir, 0);
	const char *dir = kit_path(k, "copy");

	assert_int_equal(peer_ask(&p, "put 0 1500 1000"), 0);
	assert_int_equal(peer_ask(&p, "limit %d", LIMIT), 0);
	assert_int_equal(peer_ask(&p, "backup %s", dir), STORE_FULL);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(peer_ask(&p, "limit 0"), 0);
	assert_int_equal(peer_ask(&p, "backup %s", dir), 0);
	peer_end(&p);
}

/* A file system of its own, where this process may have one. */
static void
a_full_file_system_recovers(void **state)
{
	struct kit *k = *state;
	struct store_options o = kit_options(k);
	const char *top = kit_path(k, "small");
	uint32_t i;

	assert_int_equal(mkdir(top, 0700), 0);
	if (mount("tmpfs", top, "tmpfs", 0, "size=1m") == -1) {
		print_message(
		    "no file system of its own: %s\n", strerror(errno));
		skip();
	}
	store_close(k->s);
	k->s = NULL;
	o.dir = kit_path(k, "small/data");
	assert_ok(store_open(&o, &k->s));
	for (i = 0; numbered_put(k->s, i, 1000) == STORE_OK; i++)
		assert_true(i < 10000);
	assert_true(i > 100);
	assert_int_equal(numbered_put(k->s, i, 1000), STORE_FULL);
	assert_true(numbered_has(k->s, i - 1));
	assert_false(numbered_has(k->s, i));
	/* Even opens, for reading. */
	store_close(k->s);
	o.dir = kit_path(k, "small/data");
	assert_ok(store_open(&o, &k->s));
	assert_true(numbered_has(k->s, i - 1));

	assert_int_equal(mount("tmpfs", kit_path(k, "small"), "tmpfs",
			     MS_REMOUNT, "size=8m"),
	    0);
	assert_ok(numbered_put_all(k->s, i, 500, 1000));
	store_close(k->s);
	k->s = NULL;
	assert_int_equal(umount2(kit_path(k, "small"), MNT_DETACH), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(two_processes_work_on_one_store),
		cmocka_unit_test(follows_another_process_that_grew),
		TEST(a_dead_view_pins_nothing),
		cmocka_unit_test(a_view_that_dies_meanwhile_stops_growth),
		TEST(keeps_what_it_acknowledged_when_killed),
		TEST(a_file_limit_is_a_full_disk),
		TEST(a_backup_that_does_not_fit_leaves_nothing),
		TEST(a_full_file_system_recovers),
	};

	if (peer_main(argc, argv))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
