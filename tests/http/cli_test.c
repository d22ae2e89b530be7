/* SPDX-License-Identifier: Apache-2.0 */
/* The command line on a live store: what it says, does, and ends with. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/http/scene.h"

/* Exit codes; stable. */
enum { OK, REFUSED, USAGE, CONFIG };

const struct server_options scene = { 0 };

static void
locking_takes_effect_at_once(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *locked, *options, *history;

	(void)state;
	json_decref(visitor_sign_up(v, "locked"));
	locked = server_cli_json(server, "account", "lock", "locked", NULL);
	assert_int_equal(
	    json_integer_value(json_object_get(locked, "sessions_ended")), 1);
	json_decref(locked);
	visitor_refused(
	    v, "GET", "/api/v1/session", NULL, 401, "session-expired");
	options =
	    visitor_get(v, "POST", "/api/v1/login/options", json_object(), 200);
	visitor_refused(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, visitor_sign(v, options, NULL)), 403,
	    "account-locked");
	json_decref(options);
	assert_int_equal(
	    server_cli(server, NULL, "account", "unlock", "LOCKED", NULL), OK);
	json_decref(visitor_sign_in(v, "locked"));
	history = visitor_get(v, "GET", "/api/v1/history", NULL, 200);
	assert_string_equal(json_at(history, "entries.0.event"), "sign-in");
	assert_string_equal(
	    json_at(history, "entries.1.event"), "account-unlocked");
	json_decref(history);
	visitor_free(v);
}

static void
sessions_are_revoked(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *up, *revoked;

	(void)state;
	up = visitor_sign_up(v, "revoked");
	revoked = server_cli_json(server, "session", "revoke", "revoked",
	    json_at(up, "session.id"), NULL);
	visitor_refused(
	    v, "GET", "/api/v1/session", NULL, 401, "session-expired");
	json_decref(revoked);
	assert_int_equal(server_cli(server, NULL, "session", "revoke",
			     "revoked", json_at(up, "session.id"), NULL),
	    REFUSED);
	json_decref(up);
	visitor_free(v);
}

/* A link for a new account, and one for an account that waits. */
static void
invitations_work_once(void **state)
{
	struct visitor *v = visitor_new(server), *w = visitor_new(server);
	json_t *invited = server_cli_json(server, "account", "invite", NULL),
	       *added, *found, *options;

	(void)state;
	assert_int_equal(
	    strncmp(json_at(invited, "link"), server_origin(server),
		strlen(server_origin(server))),
	    0);
	assert_non_null(
	    strstr(json_at(invited, "link"), "/signup#invitation="));
	options = visitor_get(v, "POST", "/api/v1/signup/options",
	    json_pack("{s:s, s:s}", "name", "by-link", "invitation",
		json_at(invited, "invitation")),
	    200);
	json_decref(visitor_get(v, "POST", "/api/v1/signup/verify",
	    visitor_finish(options, visitor_create(v, options, NULL)), 201));
	json_decref(options);
	visitor_refused(w, "POST", "/api/v1/signup/options",
	    json_pack("{s:s, s:s}", "name", "by-link-2", "invitation",
		json_at(invited, "invitation")),
	    404, "invitation-unknown");
	json_decref(invited);

	added = server_cli_json(server, "account", "add", "waiting",
	    "--display-name", "Waits", NULL);
	found = visitor_get(w, "POST", "/api/v1/invitations/check",
	    json_pack("{s:s}", "invitation", json_at(added, "invitation")),
	    200);
	assert_string_equal(json_at(found, "kind"), "passkey");
	assert_string_equal(json_at(found, "name"), "waiting");
	assert_string_equal(json_at(found, "display_name"), "Waits");
	json_decref(found);
	options = visitor_get(w, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "invitation", json_at(added, "invitation")),
	    200);
	found = visitor_get(w, "POST", "/api/v1/signup/verify",
	    visitor_finish(options, visitor_create(w, options, NULL)), 201);
	assert_string_equal(
	    json_at(found, "account.id"), json_at(added, "account.id"));
	json_decref(found);
	json_decref(options);
	visitor_refused(v, "POST", "/api/v1/invitations/check",
	    json_pack("{s:s}", "invitation", json_at(added, "invitation")), 404,
	    "invitation-unknown");
	json_decref(added);
	visitor_free(v);
	visitor_free(w);
}

/* Something for a camera as well. */
static void
an_invitation_comes_as_a_qr_code(void **state)
{
	char path[128], start[5] = "";
	json_t *invited;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/qr.svg", server_folder(server));
	invited =
	    server_cli_json(server, "account", "invite", "--svg", path, NULL);
	assert_non_null(invited);
	json_decref(invited);
	assert_non_null(f = fopen(path, "re"));
	assert_int_equal(fread(start, 1, 4, f), 4);
	assert_string_equal(start, "<svg");
	fclose(f);
}

static void
accounts_are_listed_shown_and_removed(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *shown, *up = visitor_sign_up(v, "shown\u00e9");
	char *text;

	(void)state;
	shown = server_cli_json(server, "account", "show", "SHOWN\u00c9", NULL);
	assert_string_equal(
	    json_at(shown, "account.id"), json_at(up, "account.id"));
	assert_string_equal(json_at(shown, "state"), "active");
	assert_int_equal(
	    json_array_size(json_object_get(shown, "passkeys")), 1);
	assert_int_equal(
	    json_array_size(json_object_get(shown, "sessions")), 1);
	json_decref(shown);
	assert_int_equal(
	    server_cli(server, &text, "account", "list", NULL), OK);
	assert_non_null(strstr(text, json_at(up, "account.id")));
	free(text);
	assert_int_equal(server_cli(server, NULL, "account", "remove",
			     json_at(up, "account.id"), "--yes", NULL),
	    OK);
	visitor_refused(
	    v, "GET", "/api/v1/session", NULL, 401, "session-expired");
	assert_int_equal(server_cli(server, NULL, "account", "show",
			     json_at(up, "account.id"), NULL),
	    REFUSED);
	json_decref(up);
	visitor_free(v);
}

static void
exit_codes_tell_what_kind_of_wrong(void **state)
{
	(void)state;
	assert_int_equal(server_cli(server, NULL, "acount", NULL), USAGE);
	assert_int_equal(server_cli(server, NULL, "account", NULL), USAGE);
	assert_int_equal(
	    server_cli(server, NULL, "account", "lock", NULL), USAGE);
	assert_int_equal(server_cli(server, NULL, "account", "list",
			     "--no-such-option", NULL),
	    USAGE);
	assert_int_equal(
	    server_cli(server, NULL, "account", "lock", "nobody", NULL),
	    REFUSED);
	assert_int_equal(
	    server_cli(server, NULL, "account", "add", "two words", NULL),
	    REFUSED);
	assert_int_equal(server_cli(server, NULL, "check-config", NULL), OK);
	assert_int_equal(server_cli(server, NULL, "check-config", "--set",
			     "sign_up=maybe", NULL),
	    CONFIG);
	server_log_mark(server);
	setenv("ITSUMO_LIMITS", "maybe", 1);
	assert_int_equal(
	    server_cli(server, NULL, "check-config", NULL), CONFIG);
	unsetenv("ITSUMO_LIMITS");
	assert_true(server_logged(server, "environment: limits"));
}

/* A copy of the live store is a store like it. */
static void
a_backup_of_the_live_store_is_restored(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s), *w = visitor_new(s);
	char copy[128], aside[160];

	(void)state;
	snprintf(copy, sizeof(copy), "%s/copy", server_folder(s));
	snprintf(aside, sizeof(aside), "%s/aside", server_folder(s));
	json_decref(visitor_sign_up(v, "before"));
	assert_int_equal(server_cli(s, NULL, "backup", copy, NULL), OK);
	json_decref(visitor_sign_up(w, "after"));
	assert_int_not_equal(server_cli(s, NULL, "backup", copy, NULL), OK);
	/* Not over what is there. */
	assert_int_not_equal(
	    server_cli(s, NULL, "restore", copy, "--yes", NULL), OK);
	server_signal(s, SIGTERM);
	server_wait(s);
	assert_int_equal(rename(server_data(s), aside), 0);
	assert_int_equal(
	    server_cli(s, NULL, "restore", copy, "--yes", NULL), OK);
	server_again(s, &(struct server_options){ 0 });
	json_decref(visitor_sign_in(v, "before"));
	visitor_refused(
	    w, "GET", "/api/v1/session", NULL, 401, "session-expired");
	assert_int_equal(server_cli(s, NULL, "audit", "verify", NULL), OK);
	visitor_free(v);
	visitor_free(w);
	server_end(s);
}

/* Every byte of the audit log's entries is under its chain. */
static void
a_changed_audit_log_is_found(void **state)
{
	static const char mark[] = "sign-in";
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s);
	char path[160];
	uint8_t *bytes;
	struct stat st;
	size_t flips = 0;
	json_t *report;
	int fd;

	(void)state;
	json_decref(visitor_sign_up(v, "audited"));
	for (int i = 0; i < 20; i++)
		json_decref(visitor_sign_in(v, "audited"));
	report = server_cli_json(s, "audit", "verify", NULL);
	assert_true(json_is_true(json_object_get(report, "sound")));
	assert_true(
	    json_integer_value(json_object_get(report, "entries")) >= 21);
	json_decref(report);
	server_signal(s, SIGTERM);
	server_wait(s);
	snprintf(path, sizeof(path), "%s/data.mdb", server_data(s));
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	bytes = malloc((size_t)st.st_size);
	assert_int_equal(pread(fd, bytes, (size_t)st.st_size, 0), st.st_size);
	/* Turn a bit of the word in every page that has it but one copy. */
	for (size_t at = 0; at + sizeof(mark) < (size_t)st.st_size; at++)
		if (memcmp(bytes + at, mark, sizeof(mark) - 1) == 0) {
			uint8_t other = 'S';

			assert_int_equal(pwrite(fd, &other, 1, (off_t)at), 1);
			flips++;
		}
	assert_true(flips > 0);
	close(fd);
	free(bytes);
	assert_int_not_equal(server_cli(s, NULL, "audit", "verify", NULL), OK);
	visitor_free(v);
	server_end(s);
}

/* Two servers on one folder: what one does the other knows. */
static void
a_second_process_works_on_the_same_store(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *shown;

	(void)state;
	json_decref(visitor_sign_up(v, "shared"));
	for (int i = 0; i < 10; i++) {
		json_decref(visitor_sign_in(v, "shared"));
		shown =
		    server_cli_json(server, "account", "show", "shared", NULL);
		assert_int_equal(
		    json_array_size(json_object_get(shown, "sessions")), 1);
		json_decref(shown);
		json_decref(
		    server_cli_json(server, "account", "lock", "shared", NULL));
		json_decref(server_cli_json(
		    server, "account", "unlock", "shared", NULL));
	}
	assert_int_equal(server_cli(server, NULL, "audit", "verify", NULL), OK);
	visitor_free(v);
}

static void
keys_are_rotated_without_signing_anybody_out(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s);
	json_t *options;

	(void)state;
	json_decref(visitor_sign_up(v, "rotated"));
	options =
	    visitor_get(v, "POST", "/api/v1/login/options", json_object(), 200);
	assert_int_equal(server_cli(s, NULL, "key", "rotate", NULL), OK);
	server_log_mark(s);
	server_signal(s, SIGHUP);
	assert_true(server_logged(s, "event=reload"));
	json_decref(visitor_get(v, "GET", "/api/v1/session", NULL, 200));
	/* Nor is a ceremony lost that was begun before. */
	json_decref(visitor_get(v, "POST", "/api/v1/login/verify",
	    visitor_finish(options, visitor_sign(v, options, NULL)), 200));
	json_decref(options);
	visitor_free(v);
	server_end(s);
}

/* Secrets of the installation are its owner's to read. */
static void
the_data_folder_is_closed_to_others(void **state)
{
	DIR *d = opendir(server_data(server));
	struct dirent *e;
	struct stat st;

	(void)state;
	assert_int_equal(stat(server_data(server), &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		assert_int_equal(fstatat(dirfd(d), e->d_name, &st, 0), 0);
		assert_int_equal(st.st_mode & 077, 0);
	}
	closedir(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locking_takes_effect_at_once),
		cmocka_unit_test(sessions_are_revoked),
		cmocka_unit_test(invitations_work_once),
		cmocka_unit_test(an_invitation_comes_as_a_qr_code),
		cmocka_unit_test(accounts_are_listed_shown_and_removed),
		cmocka_unit_test(exit_codes_tell_what_kind_of_wrong),
		cmocka_unit_test(a_backup_of_the_live_store_is_restored),
		cmocka_unit_test(a_changed_audit_log_is_found),
		cmocka_unit_test(a_second_process_works_on_the_same_store),
		cmocka_unit_test(keys_are_rotated_without_signing_anybody_out),
		cmocka_unit_test(the_data_folder_is_closed_to_others),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
