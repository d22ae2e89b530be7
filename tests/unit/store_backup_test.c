/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Copies of a live store, and stores made of copies. */

OP(append, struct store_audit_entry, store_audit_append(t, x))

enum { WRITERS = 4, ROUNDS = 10 };

struct load {
	struct kit *k;
	uint32_t writer, turn;
	atomic_bool *done;
	pthread_t thread;
};

/* A sign-in's records: all of them in a copy, or none. */
static enum store_rc
sign_in(struct store_txn *t, void *arg)
{
	struct load *l = arg;
	store_time at = 1000 + l->turn;
	struct store_session s = a_session(l->writer, l->turn, at);
	struct store_history h = a_history(l->writer, at);
	struct store_audit_entry e = an_audit_entry(at, "sign-in");
	enum store_rc rc;

	/* So that the list never overflows. */
	s.idle_ms = 10;
	if ((rc = store_session_add(t, &s)) != STORE_OK ||
	    (rc = store_history_add(t, &h)) != STORE_OK)
		return rc;
	return store_audit_append(t, &e);
}

static void *
run_load(void *arg)
{
	struct load *l = arg;

	for (l->turn = 1; !atomic_load(l->done); l->turn++)
		if (store_update(l->k->s, sign_in, l) != STORE_OK)
			abort();
	return NULL;
}

static void
judge_copy(struct kit *k, const char *dir)
{
	struct store_options o = kit_options(k);
	struct store_audit_report r;
	struct store_stat st;
	struct store *copy;

	o.dir = dir;
	assert_ok(store_open(&o, &copy));
	assert_ok(store_audit_verify(copy, NULL, NULL, &r));
	assert_string_equal(r.trouble, "");
	assert_true(r.sound);
	assert_ok(store_stat(copy, &st));
	assert_int_equal(st.accounts, WRITERS);
	/* One history line and one audit entry a sign-in. */
	assert_int_equal(st.audit, st.history + (st.history > 0));
	/* And an expiry entry for each record that expires. */
	assert_int_equal(entries(copy, TABLE_EXPIRY), st.history + st.sessions);
	store_close(copy);
}

static void
a_copy_of_a_store_at_work_is_consistent(void **state)
{
	struct kit *k = *state;
	struct load load[WRITERS];
	atomic_bool done = false;
	char name[32];

	for (uint32_t i = 0; i < WRITERS; i++) {
		assert_ok(kit_add_account(k, i));
		load[i] = (struct load){ .k = k, .writer = i, .done = &done };
	}
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(
		    pthread_create(&load[i].thread, NULL, run_load, &load[i]),
		    0);
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "copy %d", i);
		assert_ok(store_backup(k->s, kit_path(k, name), NULL, NULL));
		judge_copy(k, kit_path(k, name));
	}
	atomic_store(&done, true);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(load[i].thread, NULL);
}

static void
a_copy_is_as_private_as_its_store(void **state)
{
	struct kit *k = *state;
	struct stat st;

	assert_ok(store_backup(k->s, kit_path(k, "copy"), NULL, NULL));
	assert_int_equal(stat(kit_path(k, "copy"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(kit_path(k, "copy/data.mdb"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(access(kit_path(k, "copy/data.part"), F_OK), -1);
}

static void
copies_into_nothing_but_an_empty_folder(void **state)
{
	struct kit *k = *state;

	assert_int_equal(mkdir(kit_path(k, "empty"), 0700), 0);
	assert_ok(store_backup(k->s, kit_path(k, "empty"), NULL, NULL));
	assert_int_equal(
	    store_backup(k->s, kit_path(k, "empty"), NULL, NULL), STORE_TAKEN);
	assert_int_equal(store_backup(k->s, k->dir, NULL, NULL), STORE_TAKEN);
	assert_int_equal(
	    store_backup(k->s, kit_path(k, "no/folder"), NULL, NULL),
	    STORE_FAULT);
	assert_int_equal(
	    store_backup(k->s, kit_path(k, "data/data.mdb"), NULL, NULL),
	    STORE_FAULT);
}

/* ---- restore ---- */

static enum store_rc
restore(struct kit *k, const char *from, const char *to)
{
	struct store_options o = kit_options(k);
	char source[256], target[256];

	snprintf(source, sizeof(source), "%s", kit_path(k, from));
	snprintf(target, sizeof(target), "%s", kit_path(k, to));
	o.dir = target;
	return store_restore(source, &o, NULL, NULL);
}

static bool
is_there(struct kit *k, const char *name)
{
	return access(kit_path(k, name), F_OK) == 0;
}

static int
files_in_top(struct kit *k)
{
	DIR *d = opendir(k->top);
	struct dirent *f;
	int n = 0;

	assert_non_null(d);
	while ((f = readdir(d)) != NULL)
		n += f->d_name[0] != '.';
	closedir(d);
	return n;
}

/* What belongs beside a store: a file, or nothing can be put there. */
static bool
put_beside(const char *dir, void *arg)
{
	char path[300];
	FILE *f;

	if (arg == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/beside", dir);
	f = fopen(path, "wx");
	return f != NULL && fclose(f) == 0;
}

static void
no_copy_is_without_what_belongs_beside_it(void **state)
{
	struct kit *k = *state;
	struct store_options o = kit_options(k);
	char copy[256], target[256];
	bool yes = true;
	int before;

	snprintf(copy, sizeof(copy), "%s", kit_path(k, "copy"));
	snprintf(target, sizeof(target), "%s", kit_path(k, "restored"));
	o.dir = target;
	assert_int_equal(
	    store_backup(k->s, copy, put_beside, NULL), STORE_REFUSED);
	assert_false(is_there(k, "copy/data.mdb"));
	assert_ok(store_backup(k->s, copy, put_beside, &yes));
	assert_true(is_there(k, "copy/beside"));
	before = files_in_top(k);
	assert_int_equal(
	    store_restore(copy, &o, put_beside, NULL), STORE_REFUSED);
	assert_int_equal(files_in_top(k), before);
	assert_ok(store_restore(copy, &o, put_beside, &yes));
	assert_true(is_there(k, "restored/beside"));
}

static void
opens_what_is_there_and_makes_nothing(void **state)
{
	struct kit *k = *state;
	struct store_options o = kit_options(k);
	char elsewhere[256];
	struct store *s;

	snprintf(elsewhere, sizeof(elsewhere), "%s", kit_path(k, "nothing"));
	o.dir = elsewhere;
	o.existing = true;
	assert_int_equal(store_open(&o, &s), STORE_ABSENT);
	assert_false(is_there(k, "nothing"));
	assert_int_equal(mkdir(elsewhere, 0700), 0);
	assert_int_equal(store_open(&o, &s), STORE_ABSENT);
	assert_int_equal(rmdir(elsewhere), 0);
	assert_ok(store_backup(k->s, elsewhere, NULL, NULL));
	assert_ok(store_open(&o, &s));
	store_close(s);
}

static void
a_restored_store_is_what_was_copied(void **state)
{
	struct kit *k = *state;
	struct store_options o = kit_options(k);
	struct store_audit_entry e = an_audit_entry(1000, "before");
	struct store_account a, want = an_account(7);
	struct store_txn *t;
	struct store *s;

	assert_ok(kit_add_account(k, 7));
	assert_ok(store_update(k->s, append, &e));
	assert_ok(store_backup(k->s, kit_path(k, "copy"), NULL, NULL));
	assert_ok(kit_add_account(k, 8));
	assert_ok(restore(k, "copy", "again"));
	/* The copy was looked at, and left as it was. */
	assert_false(is_there(k, "copy/lock.mdb"));

	o.dir = kit_path(k, "again");
	assert_ok(store_open(&o, &s));
	assert_ok(store_read_begin(s, &t));
	assert_ok(store_account_get(t, &want.id, &a));
	assert_true(same_account(&a, &want));
	want = an_account(8);
	assert_int_equal(store_account_get(t, &want.id, &a), STORE_ABSENT);
	store_read_end(t);
	assert_ok(store_update(s, append, &e));
	store_close(s);
	/* "data", "copy" and "again", and no part of anything. */
	assert_int_equal(files_in_top(k), 3);
}

/* Once it was opened, it may be somebody's live store: copied all the same. */
static void
a_copy_that_was_opened_can_be_restored(void **state)
{
	struct kit *k = *state;
	struct store_options o = kit_options(k);
	struct store *s;

	assert_ok(store_backup(k->s, kit_path(k, "copy"), NULL, NULL));
	o.dir = kit_path(k, "copy");
	assert_ok(store_open(&o, &s));
	store_close(s);
	assert_true(is_there(k, "copy/lock.mdb"));
	assert_ok(restore(k, "copy", "again"));
	assert_true(is_there(k, "again/data.mdb"));
}

/* From a medium that nobody can write, where this process may have one. */
static void
restores_from_what_cannot_be_written(void **state)
{
	struct kit *k = *state;
	const char *copy = kit_path(k, "copy");

	assert_ok(store_backup(k->s, copy, NULL, NULL));
	if (mount(copy, copy, NULL, MS_BIND, NULL) == -1) {
		print_message("no mount of its own\n");
		skip();
	}
	assert_int_equal(
	    mount(NULL, copy, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_ok(restore(k, "copy", "again"));
	assert_int_equal(umount2(kit_path(k, "copy"), MNT_DETACH), 0);
	assert_true(is_there(k, "again/data.mdb"));
}

static void
restores_over_nothing(void **state)
{
	struct kit *k = *state;

	assert_ok(store_backup(k->s, kit_path(k, "copy"), NULL, NULL));
	assert_int_equal(restore(k, "copy", "data"), STORE_TAKEN);
	assert_int_equal(restore(k, "copy", "copy"), STORE_TAKEN);
	assert_int_equal(mkdir(kit_path(k, "empty"), 0700), 0);
	assert_ok(restore(k, "copy", "empty/"));
	assert_true(is_there(k, "empty/data.mdb"));
	assert_int_equal(files_in_top(k), 3);
}

static void
restores_from_a_store_alone(void **state)
{
	struct kit *k = *state;
	FILE *f;

	assert_int_equal(restore(k, "absent", "again"), STORE_ABSENT);
	assert_int_equal(mkdir(kit_path(k, "empty"), 0700), 0);
	assert_int_equal(restore(k, "empty", "again"), STORE_ABSENT);
	f = fopen(kit_path(k, "empty/data.mdb"), "w");
	assert_non_null(f);
	for (int i = 0; i < 30000; i++)
		fputc(i % 251, f);
	fclose(f);
	assert_int_equal(restore(k, "empty", "again"), STORE_ABSENT);
	assert_false(is_there(k, "again"));
	assert_false(is_there(k, "absent"));
	assert_int_equal(files_in_top(k), 2);
}

static enum store_rc
cut_audit(struct store_txn *t, void *arg)
{
	uint8_t key[24] = { 0 };

	(void)arg;
	memcpy(key, t->store->chain, 16);
	key[23] = 1;
	return engine_delete(t, TABLE_AUDIT, SLICE(key));
}

static void
restores_no_store_whose_audit_log_was_cut(void **state)
{
	struct kit *k = *state;
	struct store_audit_entry e = an_audit_entry(1000, "cut");

	assert_ok(store_update(k->s, append, &e));
	assert_ok(store_update(k->s, cut_audit, NULL));
	assert_ok(store_backup(k->s, kit_path(k, "copy"), NULL, NULL));
	assert_int_equal(restore(k, "copy", "again"), STORE_DAMAGED);
	assert_non_null(strstr(k->log, "audit=unsound"));
	assert_non_null(strstr(k->log, "entry 1: missing"));
	assert_false(is_there(k, "again"));
	assert_int_equal(files_in_top(k), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_copy_of_a_store_at_work_is_consistent),
		TEST(a_copy_is_as_private_as_its_store),
		TEST(copies_into_nothing_but_an_empty_folder),
		TEST(no_copy_is_without_what_belongs_beside_it),
		TEST(opens_what_is_there_and_makes_nothing),
		TEST(a_restored_store_is_what_was_copied),
		TEST(a_copy_that_was_opened_can_be_restored),
		TEST(restores_from_what_cannot_be_written),
		TEST(restores_over_nothing),
		TEST(restores_from_a_store_alone),
		TEST(restores_no_store_whose_audit_log_was_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
