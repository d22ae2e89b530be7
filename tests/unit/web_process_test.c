/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <qrencode.h>

#include "web/cli.h"
#include "web/keyfile.h"
#include "web/log.h"
#include "web/qr.h"
#include "web/server/pool.h"
#include "web/server/routes.h"

static char folder[64], keys_path[80];

/* What fn writes to standard error. */
static void
captured(void (*fn)(void), char *out, size_t size)
{
	FILE *f = tmpfile();
	int kept = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(f);
	assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
	fn();
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	rewind(f);
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	close(kept);
	fclose(f);
}

static void
log_an_injection(void)
{
	struct log_line l;

	log_begin(&l, WEB_LOG_NOTICE, "test");
	log_text(&l, "plain", "word-1/2");
	log_text(&l, "evil", "x\nts=1 level=info user=\"root\\\" \x1b[2J\xe3");
	log_text(&l, "none", "");
	log_text(&l, "null", NULL);
	log_int(&l, "n", -7);
	log_send(&l);
}

static void
log_too_much(void)
{
	static char much[4 * WEB_LOG_LINE];
	struct log_line l;

	memset(much, 'x', sizeof(much) - 1);
	log_begin(&l, WEB_LOG_NOTICE, "test");
	for (int i = 0; i < 3; i++)
		log_text(&l, "much", much);
	log_send(&l);
}

static void
log_a_whisper(void)
{
	log_say(WEB_LOG_DEBUG, "test", "not wanted");
}

static void
nobody_writes_lines_of_their_own(void **state)
{
	char out[4 * WEB_LOG_LINE];

	(void)state;
	captured(log_an_injection, out, sizeof(out));
	assert_non_null(
	    strstr(out, "level=notice event=test plain=word-1/2 "
			"evil=\"x\\x0ats=1 level=info user=\\\"root\\\\\\\" "
			"\\x1b[2J\\xe3\" n=-7\n"));
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	captured(log_too_much, out, sizeof(out));
	assert_int_equal(strlen(out), WEB_LOG_LINE);
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	captured(log_a_whisper, out, sizeof(out));
	assert_string_equal(out, "");
}

static void
write_keys(const char *text, mode_t mode)
{
	FILE *f;

	(void)unlink(keys_path);
	f = fopen(keys_path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(keys_path, mode), 0);
}

static void
keys_are_made_once_and_kept_to_ourselves(void **state)
{
	struct keyfile first, again;
	struct stat st;

	(void)state;
	(void)unlink(keys_path);
	assert_true(keyfile_load(folder, &first));
	assert_true(keyfile_load(folder, &again));
	assert_memory_equal(&first, &again, sizeof(first));
	assert_int_equal(stat(keys_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
rotation_keeps_the_key_before(void **state)
{
	struct keyfile before, after;
	struct stat st;

	(void)state;
	assert_true(keyfile_load(folder, &before));
	assert_true(keyfile_rotate(folder));
	assert_true(keyfile_load(folder, &after));
	assert_memory_equal(after.rp.seal[1], before.rp.seal[0], 32);
	assert_memory_not_equal(after.rp.seal[0], before.rp.seal[0], 32);
	assert_memory_equal(after.rp.decoy, before.rp.decoy, 32);
	assert_memory_equal(after.push, before.push, 32);
	assert_int_equal(stat(keys_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Root rotates; the server that reads them is somebody else. */
static void
keys_belong_to_whom_the_folder_belongs(void **state)
{
	struct keyfile keys;
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(keyfile_load(folder, &keys));
	assert_int_equal(chown(folder, 65534, 65534), 0);
	assert_true(keyfile_rotate(folder));
	assert_int_equal(chown(folder, 0, 0), 0);
	assert_int_equal(stat(keys_path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 65534);
}

/* Where there are none, systemd may have them: no others are made. */
static void
rotation_makes_no_keys(void **state)
{
	struct stat st;

	(void)state;
	(void)unlink(keys_path);
	log_level_set((enum log_level)0);
	assert_false(keyfile_rotate(folder));
	log_level_set(WEB_LOG_INFO);
	assert_int_equal(stat(keys_path, &st), -1);
}

static void
other_files_are_no_keys(void **state)
{
	static const char key[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct keyfile keys;
	char text[512];

	(void)state;
	log_level_set((enum log_level)0);
	write_keys("", 0600);
	assert_false(keyfile_load(folder, &keys));
	(void)snprintf(text, sizeof(text), "itsumo keys v1\n%s\n%s\n%s\n%s\n",
	    key, key, key, key);
	write_keys(text, 0600);
	assert_true(keyfile_load(folder, &keys));
	write_keys(text, 0640);
	assert_false(keyfile_load(folder, &keys));
	text[strlen("itsumo keys v")] = '2';
	write_keys(text, 0600);
	assert_false(keyfile_load(folder, &keys));
	text[strlen("itsumo keys v")] = '1';
	text[20] = '=';
	write_keys(text, 0600);
	assert_false(keyfile_load(folder, &keys));
	text[20] = 'A';
	strcat(text, "x");
	write_keys(text, 0600);
	assert_false(keyfile_load(folder, &keys));
	/* What cannot be read is never written over. */
	assert_false(keyfile_rotate(folder));
	log_level_set(WEB_LOG_INFO);
}

static void
systemd_may_keep_the_keys(void **state)
{
	struct keyfile keys, kept;
	char elsewhere[96];

	(void)state;
	(void)unlink(keys_path);
	assert_true(keyfile_load(folder, &kept));
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/itsumo.keys", folder);
	assert_int_equal(rename(keys_path, elsewhere), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	assert_true(keyfile_load("/nonexistent", &keys));
	assert_memory_equal(&keys, &kept, sizeof(keys));
	log_level_set((enum log_level)0);
	assert_false(keyfile_rotate("/nonexistent"));
	log_level_set(WEB_LOG_INFO);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(unlink(elsewhere), 0);
}

enum { JOBS = 2000, THREADS = 3, QUEUE = 10 };

struct counted {
	struct pool_job job;
	_Atomic int *ran;
	_Atomic bool *gate;
};

static void
count_one(struct pool_job *job)
{
	struct counted *c = (struct counted *)job;
	struct timespec tick = { .tv_nsec = 100000 };

	while (c->gate != NULL && !atomic_load(c->gate))
		(void)nanosleep(&tick, NULL);
	atomic_fetch_add(c->ran, 1);
}

static void
each_job_runs_once(void **state)
{
	static struct counted jobs[JOBS];
	_Atomic int ran = 0;
	struct pool *p = pool_new(THREADS, JOBS);

	(void)state;
	assert_non_null(p);
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = (struct counted){ { count_one, NULL }, &ran, NULL };
		assert_true(pool_submit(p, &jobs[i].job));
	}
	pool_free(p);
	assert_int_equal(ran, JOBS);
}

static void
a_full_queue_says_so(void **state)
{
	static struct counted jobs[THREADS + QUEUE + 1];
	_Atomic int ran = 0;
	_Atomic bool gate = false;
	struct pool *p = pool_new(THREADS, QUEUE);

	(void)state;
	assert_non_null(p);
	for (int i = 0; i < THREADS + QUEUE + 1; i++) {
		jobs[i] = (struct counted){ { count_one, NULL }, &ran, &gate };
		assert_int_equal(
		    pool_submit(p, &jobs[i].job), i < THREADS + QUEUE);
	}
	atomic_store(&gate, true);
	pool_free(p);
	assert_int_equal(ran, THREADS + QUEUE);
}

static void
routes_are_found_by_method_and_path(void **state)
{
	static const struct {
		const char *method, *path, *route, *parameter, *allow;
	} rows[] = {
		{ "GET", "/api/v1/service", "/api/v1/service", "", NULL },
		{ "HEAD", "/api/v1/service", "/api/v1/service", "", NULL },
		{ "DELETE", "/api/v1/passkeys/pk_x", "/api/v1/passkeys/{id}",
		    "pk_x", NULL },
		{ "POST", "/api/v1/history/his_x/seen",
		    "/api/v1/history/{id}/seen", "his_x", NULL },
		{ "POST", "/api/v1/history//seen", NULL, "", NULL },
		{ "POST", "/api/v1/history/a/b/seen", NULL, "", NULL },
		{ "POST", "/api/v1/history/a/seen/", NULL, "", NULL },
		{ "DELETE", "/api/v1/passkeys/", NULL, "", NULL },
		{ "GET", "/api/v1/service/", NULL, "", NULL },
		{ "GET", "/api/v1/Service", NULL, "", NULL },
		{ "GET", "/api/v1/%73ervice", NULL, "", NULL },
		{ "get", "/api/v1/service", NULL, "", "GET, HEAD" },
		{ "POST", "/api/v1/service", NULL, "", "GET, HEAD" },
		{ "PUT", "/api/v1/account", NULL, "",
		    "GET, HEAD, PATCH, DELETE" },
		{ "POST", "/attestation/options", NULL, "", NULL },
	};
	struct arena a;

	(void)state;
	arena_init(&a, NULL, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct slice parameter = { 0 };
		const char *allow = NULL;
		const struct route *r = route_find(rows[i].method,
		    slice_of(rows[i].path), false, &parameter, &a, &allow);

		if ((r == NULL) != (rows[i].route == NULL))
			fail_msg("%s %s", rows[i].method, rows[i].path);
		if (r != NULL)
			assert_string_equal(r->path, rows[i].route);
		assert_true(
		    slice_equal(parameter, slice_of(rows[i].parameter)));
		assert_int_equal(allow == NULL, rows[i].allow == NULL);
		if (allow != NULL)
			assert_string_equal(allow, rows[i].allow);
	}
	arena_free(&a);
}

/* ---- QR codes ---- */

static bool
is_dark(const QRcode *q, int x, int y)
{
	return x >= 0 && y >= 0 && x < q->width && y < q->width &&
	       (q->data[y * q->width + x] & 1) != 0;
}

/* Each run "Mx yhNv1h-Nz" of the path is N dark modules; and no others are. */
static void
a_picture_has_the_modules_of_its_code(void **state)
{
	static const char link[] =
	    "https://id.example.com/"
	    "signup#invitation=AAAAAAAAAAAAAAAAAAAAAAAAA";
	QRcode *q = QRcode_encodeString8bit(link, 0, QR_ECLEVEL_M);
	char *svg = NULL, *at;
	size_t size = 0, dark = 0, drawn = 0;
	FILE *f = open_memstream(&svg, &size);

	(void)state;
	assert_non_null(q);
	assert_non_null(f);
	assert_true(qr_svg(f, link));
	assert_int_equal(fclose(f), 0);
	assert_non_null(at = strstr(svg, "<path d=\""));
	at += strlen("<path d=\"");
	while (*at == 'M') {
		int x, y, n, m, end = 0;

		assert_int_equal(
		    sscanf(at, "M%d %dh%dv1h-%dz%n", &x, &y, &n, &m, &end), 4);
		assert_true(end > 0 && n == m);
		for (int i = 0; i < n; i++)
			assert_true(is_dark(q, x + i - 4, y - 4));
		drawn += (size_t)n;
		at += end;
	}
	for (int i = 0; i < q->width * q->width; i++)
		dark += q->data[i] & 1;
	assert_int_equal(drawn, dark);
	QRcode_free(q);
	free(svg);
}

/* Two modules a character, by what is seen of them. */
static void
a_terminal_shows_the_modules_too(void **state)
{
	static const char *const halves[] = { " ", "▀", "▄", "█" };
	QRcode *q = QRcode_encodeString8bit("hello", 0, QR_ECLEVEL_L);
	char *text = NULL, *at;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_true(q != NULL && f != NULL);
	assert_true(cli_qr_print(f, "hello"));
	assert_int_equal(fclose(f), 0);
	at = text;
	for (int y = -4; y < q->width + 4; y += 2) {
		assert_int_equal(strncmp(at, "\033[30;107m", 9), 0);
		at += 9;
		for (int x = -4; x < q->width + 4; x++) {
			const char *want =
			    halves[is_dark(q, x, y) + 2 * is_dark(q, x, y + 1)];

			assert_int_equal(strncmp(at, want, strlen(want)), 0);
			at += strlen(want);
		}
		assert_int_equal(strncmp(at, "\033[0m\n", 5), 0);
		at += 5;
	}
	assert_string_equal(at, "");
	QRcode_free(q);
	free(text);
}

static int
begin(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/itsumo-process-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(keys_path, sizeof(keys_path), "%s/keys", folder);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	(void)unlink(keys_path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_writes_lines_of_their_own),
		cmocka_unit_test(keys_are_made_once_and_kept_to_ourselves),
		cmocka_unit_test(rotation_keeps_the_key_before),
		cmocka_unit_test(keys_belong_to_whom_the_folder_belongs),
		cmocka_unit_test(rotation_makes_no_keys),
		cmocka_unit_test(other_files_are_no_keys),
		cmocka_unit_test(systemd_may_keep_the_keys),
		cmocka_unit_test(each_job_runs_once),
		cmocka_unit_test(a_full_queue_says_so),
		cmocka_unit_test(routes_are_found_by_method_and_path),
		cmocka_unit_test(a_picture_has_the_modules_of_its_code),
		cmocka_unit_test(a_terminal_shows_the_modules_too),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
