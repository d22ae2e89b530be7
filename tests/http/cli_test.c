/* SPDX-License-Identifier: Apache-2.0 */
/* The command line on a live store: what it says, does, and ends with. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/http/household.h"
#include "tests/http/scene.h"

/* Exit codes; stable. */
enum { OK, REFUSED, USAGE, CONFIG, STORAGE };

const struct server_options scene = { 0 };

/*
 * The program with these arguments, from a folder of its own and with nothing
 * of the configuration of s; what it says, errors too, is in said.
 */
static int
run(const struct server *s, const char *args, char *said, size_t size)
{
	char line[1024];
	size_t n;
	FILE *f;
	int status;

	snprintf(line, sizeof(line),
	    "mkdir -p %s/away && cd %s/away && timeout 60 %s %s 2>&1",
	    server_folder(s), server_folder(s), getenv("ITSUMO"), args);
	assert_non_null(f = popen(line, "re"));
	n = fread(said, 1, size - 1, f);
	said[n] = '\0';
	status = pclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A command in the wrong folder finds nothing and calls it fine: not here. */
static void
only_serve_makes_a_store(void **state)
{
	static const char *const commands[] = { "account list",
		"account show anna", "account add anna", "account invite",
		"account lock anna", "account unlock anna",
		"account remove --yes anna", "session revoke anna",
		"backup elsewhere", "audit verify", "key rotate" };
	char said[2048], line[256], path[160];

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		assert_int_equal(
		    run(server, commands[i], said, sizeof(said)), STORAGE);
		snprintf(path, sizeof(path),
		    "%s/away/./data: there is no store", server_folder(server));
		if (strstr(said, path) == NULL ||
		    strstr(said, "--data") == NULL ||
		    strstr(said, "ITSUMO_DATA") == NULL)
			fail_msg("%s: %s", commands[i], said);
		/* A folder that is there is none the more a store. */
		snprintf(line, sizeof(line), "%s --data /proc", commands[i]);
		assert_int_equal(
		    run(server, line, said, sizeof(said)), STORAGE);
		assert_non_null(strstr(said, "/proc: there is no store"));
	}
	snprintf(
	    path, sizeof(path), "%s/away/elsewhere", server_folder(server));
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(
	    run(server, "account list --data elsewhere", said, sizeof(said)),
	    STORAGE);
	assert_int_equal(
	    run(server, "key rotate --data elsewhere", said, sizeof(said)),
	    STORAGE);
	assert_int_equal(rmdir(path), 0);
}

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

/* How many lines of text have this in them. */
static size_t
lines_with(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; n++)
		at += strcspn(at, "\n");
	return n;
}

static void
links_are_listed_and_revoked(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *up = visitor_sign_up(v, "linked");
	json_t *mine =
	    server_cli_json(server, "account", "invite", "linked", NULL);
	json_t *open = server_cli_json(server, "account", "invite", NULL);
	char *text;

	(void)state;
	assert_int_equal(
	    server_cli(server, &text, "invitation", "list", NULL), OK);
	assert_int_equal(lines_with(text, json_at(mine, "id")), 1);
	assert_int_equal(lines_with(text, "into linked"), 1);
	assert_int_equal(lines_with(text, json_at(open, "id")), 1);
	free(text);
	assert_int_equal(
	    server_cli(server, &text, "invitation", "list", "--json", NULL),
	    OK);
	assert_int_equal(lines_with(text, json_at(up, "account.id")), 1);
	assert_int_equal(lines_with(text, json_at(mine, "invitation")), 0);
	free(text);
	assert_int_equal(server_cli(server, NULL, "invitation", "revoke",
			     json_at(mine, "id"), NULL),
	    OK);
	assert_int_equal(server_cli(server, NULL, "invitation", "revoke",
			     json_at(mine, "id"), NULL),
	    REFUSED);
	assert_int_equal(server_cli(server, NULL, "invitation", "revoke",
			     json_at(mine, "invitation"), NULL),
	    USAGE);
	visitor_refused(v, "POST", "/api/v1/invitations/check",
	    json_pack("{s:s}", "invitation", json_at(mine, "invitation")), 404,
	    "invitation-unknown");
	json_decref(visitor_get(v, "POST", "/api/v1/invitations/check",
	    json_pack("{s:s}", "invitation", json_at(open, "invitation")),
	    200));
	json_decref(mine);
	json_decref(open);
	json_decref(up);
	visitor_free(v);
}

/* A stolen phone, a browser in a hotel, a key that went into the sea. */
static void
what_is_lost_is_taken_away(void **state)
{
	struct household *h = household_new(server);
	struct visitor *v = h->phone->v;
	json_t *list, *kept;
	char id[64];

	(void)state;
	list = server_cli_json(server, "phone", "list", h->name, NULL);
	snprintf(id, sizeof(id), "%s", json_at(list, "phones.0.id"));
	json_decref(list);
	assert_int_equal(
	    server_cli(server, NULL, "phone", "remove", h->name, id, NULL), OK);
	assert_int_equal(
	    server_cli(server, NULL, "phone", "remove", h->name, id, NULL),
	    REFUSED);
	kept = visitor_get(v, "POST", "/api/v1/browsers",
	    json_pack("{s:s}", "name", "Desk"), 201);
	list = server_cli_json(server, "browser", "list", h->name, NULL);
	assert_string_equal(
	    json_at(list, "browsers.0.id"), json_at(kept, "browser.id"));
	json_decref(list);
	assert_int_equal(server_cli(server, NULL, "browser", "revoke", h->name,
			     json_at(kept, "browser.id"), NULL),
	    OK);
	json_decref(kept);
	assert_int_equal(
	    server_cli(server, NULL, "browser", "revoke", h->name, NULL), OK);
	visitor_refused(
	    v, "GET", "/api/v1/session", NULL, 401, "session-expired");
	json_decref(visitor_sign_in(v, h->name));
	list = server_cli_json(server, "passkey", "list", h->name, NULL);
	snprintf(id, sizeof(id), "%s", json_at(list, "passkeys.0.id"));
	assert_int_equal(json_array_size(json_object_get(list, "passkeys")), 1);
	json_decref(list);
	server_log_mark(server);
	assert_int_equal(
	    server_cli(server, NULL, "passkey", "remove", h->name, id, NULL),
	    REFUSED);
	assert_true(server_logged(server, "last passkey --force"));
	json_decref(visitor_get(v, "GET", "/api/v1/session", NULL, 200));
	assert_int_equal(server_cli(server, NULL, "passkey", "remove", h->name,
			     id, "--force", NULL),
	    OK);
	visitor_refused(
	    v, "GET", "/api/v1/session", NULL, 401, "session-expired");
	assert_int_equal(
	    server_cli(server, NULL, "passkey", "remove", h->name, "x", NULL),
	    USAGE);
	household_free(h);
}

static void
history_is_read_for_who_asks_for_help(void **state)
{
	struct visitor *v = visitor_new(server);
	char *text;

	(void)state;
	json_decref(visitor_sign_up(v, "asks"));
	for (int i = 0; i < 4; i++)
		json_decref(visitor_sign_in(v, "asks"));
	assert_int_equal(
	    server_cli(server, &text, "account", "history", "asks", NULL), OK);
	assert_int_equal(lines_with(text, "sign-in"), 4);
	assert_int_equal(lines_with(text, "account-created"), 1);
	free(text);
	assert_int_equal(server_cli(server, &text, "account", "history", "asks",
			     "--limit", "3", "--json", NULL),
	    OK);
	assert_int_equal(lines_with(text, "\"event\":\"sign-in\""), 3);
	assert_int_equal(lines_with(text, "{"), 3);
	free(text);
	visitor_free(v);
}

static void
put_file(const struct server *s, const char *name, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", server_folder(s), name);
	assert_non_null(f = fopen(path, "we"));
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
the_audit_log_is_read(void **state)
{
	struct visitor *v = visitor_new(server);
	json_t *up = visitor_sign_up(v, "read");
	const char *id = json_at(up, "account.id");
	char *text;

	(void)state;
	assert_int_equal(
	    server_cli(server, NULL, "account", "lock", "read", NULL), OK);
	assert_int_equal(
	    server_cli(server, NULL, "account", "unlock", "read", NULL), OK);
	assert_int_equal(server_cli(server, &text, "audit", "list", "--account",
			     "read", "--since", "1h", NULL),
	    OK);
	/* Three processes wrote it; it is read in the order of time. */
	assert_true(lines_with(text, id) >= 3);
	assert_int_equal(lines_with(text, "by=admin"), 2);
	assert_true(
	    strstr(text, "account-created") < strstr(text, "account-locked"));
	assert_true(
	    strstr(text, "account-locked") < strstr(text, "account-unlocked"));
	free(text);
	assert_int_equal(server_cli(server, &text, "audit", "list", "--json",
			     "--account", id, "--limit", "1", NULL),
	    OK);
	assert_int_equal(lines_with(text, "{"), 1);
	assert_int_equal(lines_with(text, "\"event\":\"account-unlocked\""), 1);
	free(text);
	assert_int_equal(server_cli(server, &text, "audit", "list", "--since",
			     "2999-01-01", NULL),
	    OK);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(server_cli(server, NULL, "audit", "list", "--since",
			     "yesterday", NULL),
	    USAGE);
	assert_int_equal(
	    server_cli(server, NULL, "audit", "list", "--limit", "0", NULL),
	    USAGE);
	json_decref(up);
	visitor_free(v);
}

/* What was kept elsewhere is what shows that all of it was made anew. */
static void
a_log_made_anew_is_not_what_was_kept(void **state)
{
	struct server *other = server_start(NULL);
	struct visitor *v = visitor_new(server), *w = visitor_new(other);
	char path[160], *text;

	(void)state;
	json_decref(visitor_sign_up(v, "kept"));
	json_decref(visitor_sign_up(w, "kept"));
	assert_int_equal(
	    server_cli(server, &text, "audit", "verify", NULL), OK);
	assert_true(lines_with(text, "head ") >= 1);
	put_file(server, "heads", text);
	free(text);
	json_decref(visitor_sign_in(v, "kept"));
	assert_int_equal(
	    server_cli(server, NULL, "account", "lock", "kept", NULL), OK);
	snprintf(path, sizeof(path), "%s/heads", server_folder(server));
	assert_int_equal(
	    server_cli(server, &text, "audit", "verify", "--heads", path, NULL),
	    OK);
	assert_non_null(strstr(text, "kept heads found again"));
	free(text);
	assert_int_equal(server_cli(other, &text, "audit", "verify", NULL), OK);
	free(text);
	assert_int_equal(
	    server_cli(other, &text, "audit", "verify", "--heads", path, NULL),
	    REFUSED);
	assert_non_null(strstr(text, "NOT SOUND"));
	free(text);
	put_file(server, "heads", "nothing of the kind\n");
	assert_int_equal(
	    server_cli(server, NULL, "audit", "verify", "--heads", path, NULL),
	    USAGE);
	put_file(server, "heads", "head 00\n");
	assert_int_equal(
	    server_cli(server, NULL, "audit", "verify", "--heads", path, NULL),
	    USAGE);
	visitor_free(v);
	visitor_free(w);
	server_end(other);
}

/* Something for a camera as well. */
static void
an_invitation_comes_as_a_qr_code(void **state)
{
	char path[128], start[5] = "";
	json_t *invited;
	struct stat st;
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
	/* It is as good as the link: for whoever asked alone. */
	assert_int_equal(fstat(fileno(f), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fclose(f);
	assert_int_equal(chmod(path, 0644), 0);
	json_decref(
	    server_cli_json(server, "account", "invite", "--svg", path, NULL));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
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

static void
the_sample_is_a_configuration(void **state)
{
	char said[20000];

	(void)state;
	assert_int_equal(run(server, "sample-config", said, sizeof(said)), OK);
	assert_non_null(strstr(said, "\n#rp_id = \"\"\n"));
	assert_non_null(strstr(said, "\n#support = \"\"\n"));
	put_file(server, "away/sample.conf", said);
	assert_int_equal(run(server, "check-config --config sample.conf", said,
			     sizeof(said)),
	    OK);
}

static void
this_machine_is_measured(void **state)
{
	static const char *const names[] = { "verifications_per_second",
		"commits_per_second_1", "commits_per_second_8",
		"commits_per_second_64" };
	json_t *bench = server_cli_json(server, "bench", NULL);

	(void)state;
	assert_non_null(bench);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_true(
		    json_integer_value(json_object_get(bench, names[i])) > 0);
	json_decref(bench);
}

/* One judge for both: no configuration is fine until it is served. */
static void
what_serve_refuses_is_said_before(void **state)
{
	static const struct {
		const char *set, *says;
	} rows[] = {
		{ "geoip_networks=/nonexistent", "geoip_networks: /nonex" },
		{ "geoip_database=/nonexistent", "geoip_database: /nonex" },
		{ "push_ca=/nonexistent", "push_ca: /nonexistent" },
		{ "push_ca=empty.pem", "push_ca: empty.pem" },
		{ "attestation_anchors=/nonexistent", "anchors: /nonex" },
		{ "attestation_anchors=empty.pem", "has no certificate" },
		{ "attestation_anchors=bad.pem", "that is broken" },
		{ "tls_certificate=empty.pem --set tls_key=empty.pem",
		    "empty.pem" },
	};
	static const char *const commands[] = { "check-config",
		"serve --listen 127.0.0.1:0 --data served" };
	char said[4096], line[256];

	(void)state;
	(void)run(server, "--version", said, sizeof(said));
	put_file(server, "away/empty.pem", "");
	put_file(server, "away/bad.pem",
	    "-----BEGIN CERTIFICATE-----\nAAAA\n"
	    "-----END CERTIFICATE-----\n");
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		snprintf(line, sizeof(line), "%s --set %s", commands[i % 2],
		    rows[i / 2].set);
		if (run(server, line, said, sizeof(said)) != CONFIG ||
		    strstr(said, rows[i / 2].says) == NULL)
			fail_msg("%s: %s", line, said);
	}
	/* All that is wrong at once. */
	assert_int_equal(run(server,
			     "check-config --set geoip_networks=/nonexistent "
			     "--set push_ca=empty.pem "
			     "--set attestation_anchors=empty.pem",
			     said, sizeof(said)),
	    CONFIG);
	for (size_t i = 0; i < 6; i++)
		if (i == 0 || i == 3 || i == 5)
			assert_non_null(strstr(said, rows[i].says));
}

/*
 * Connections that the system has no files for are not promised.  Without the
 * right to raise the limit, which root has elsewhere.
 */
static void
connections_need_files(void **state)
{
	static const char confined[] =
	    "--version > /dev/null; ulimit -n 1000; timeout 60 setpriv "
	    "--bounding-set -sys_resource --inh-caps -sys_resource";
	char said[4096], line[480];

	(void)state;
	snprintf(line, sizeof(line), "%s true", confined);
	if (run(server, line, said, sizeof(said)) != 0)
		skip();
	snprintf(line, sizeof(line),
	    "%s %s serve --data served --listen 127.0.0.1:0 "
	    "--set rp_id=id.example.com --set connections=1000",
	    confined, getenv("ITSUMO"));
	assert_int_equal(run(server, line, said, sizeof(said)), 5);
	assert_non_null(strstr(said, "connections = 1000"));
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

static bool
is_there(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static bool
json_bool(json_t *j, const char *name)
{
	assert_true(json_is_boolean(json_object_get(j, name)));
	return json_is_true(json_object_get(j, name));
}

/* They belong together; where they do not lie together that is said. */
static void
a_backup_says_whether_it_has_the_keys(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s);
	char copy[3][128], kept[128], keys[128];
	json_t *said;

	(void)state;
	/* It listens before it has made them. */
	json_decref(visitor_get(v, "GET", "/api/v1/service", NULL, 200));
	visitor_free(v);
	for (int i = 0; i < 3; i++)
		snprintf(copy[i], sizeof(copy[i]), "%s/copy-%d",
		    server_folder(s), i);
	snprintf(kept, sizeof(kept), "%s/itsumo.keys", server_folder(s));
	snprintf(keys, sizeof(keys), "%s/keys", server_data(s));
	said = server_cli_json(s, "backup", copy[0], NULL);
	assert_true(json_bool(said, "keys"));
	json_decref(said);
	assert_true(is_there(copy[0], "keys"));
	/* What cannot be whole is nothing. */
	assert_int_equal(rename(keys, kept), 0);
	assert_int_equal(mkdir(keys, 0700), 0);
	assert_int_equal(server_cli(s, NULL, "backup", copy[1], NULL), STORAGE);
	assert_int_equal(rmdir(copy[1]), 0);
	assert_int_equal(rmdir(keys), 0);
	/* As systemd has them. */
	setenv("CREDENTIALS_DIRECTORY", server_folder(s), 1);
	said = server_cli_json(s, "backup", copy[2], NULL);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_false(json_bool(said, "keys"));
	json_decref(said);
	assert_true(is_there(copy[2], "data.mdb"));
	assert_false(is_there(copy[2], "keys"));
	/* No command makes others in their place. */
	assert_int_equal(server_cli(s, NULL, "account", "list", NULL), OK);
	assert_int_equal(server_cli(s, NULL, "key", "rotate", NULL), STORAGE);
	assert_false(is_there(server_data(s), "keys"));
	server_end(s);
}

/* Those that were ended since the backup would be open again. */
static void
a_restore_may_end_all_sessions(void **state)
{
	struct server *s = server_start(NULL);
	struct visitor *v = visitor_new(s), *w = visitor_new(s);
	char copy[128], aside[160];
	json_t *said;

	(void)state;
	snprintf(copy, sizeof(copy), "%s/copy", server_folder(s));
	snprintf(aside, sizeof(aside), "%s/aside", server_folder(s));
	json_decref(visitor_sign_up(v, "one"));
	json_decref(visitor_sign_up(w, "two"));
	assert_int_equal(server_cli(s, NULL, "backup", copy, NULL), OK);
	server_signal(s, SIGTERM);
	server_wait(s);
	assert_int_equal(rename(server_data(s), aside), 0);
	said = server_cli_json(s, "restore", copy, "--end-sessions", NULL);
	assert_non_null(said);
	assert_int_equal(
	    json_integer_value(json_object_get(said, "sessions_ended")), 2);
	assert_true(json_bool(said, "keys"));
	json_decref(said);
	assert_true(is_there(server_data(s), "keys"));
	server_again(s, &(struct server_options){ 0 });
	visitor_refused(
	    v, "GET", "/api/v1/session", NULL, 401, "session-expired");
	visitor_refused(
	    w, "GET", "/api/v1/session", NULL, 401, "session-expired");
	json_decref(visitor_sign_in(v, "one"));
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
		cmocka_unit_test(only_serve_makes_a_store),
		cmocka_unit_test(locking_takes_effect_at_once),
		cmocka_unit_test(sessions_are_revoked),
		cmocka_unit_test(invitations_work_once),
		cmocka_unit_test(links_are_listed_and_revoked),
		cmocka_unit_test(what_is_lost_is_taken_away),
		cmocka_unit_test(history_is_read_for_who_asks_for_help),
		cmocka_unit_test(the_audit_log_is_read),
		cmocka_unit_test(a_log_made_anew_is_not_what_was_kept),
		cmocka_unit_test(an_invitation_comes_as_a_qr_code),
		cmocka_unit_test(accounts_are_listed_shown_and_removed),
		cmocka_unit_test(exit_codes_tell_what_kind_of_wrong),
		cmocka_unit_test(the_sample_is_a_configuration),
		cmocka_unit_test(this_machine_is_measured),
		cmocka_unit_test(what_serve_refuses_is_said_before),
		cmocka_unit_test(connections_need_files),
		cmocka_unit_test(a_backup_of_the_live_store_is_restored),
		cmocka_unit_test(a_backup_says_whether_it_has_the_keys),
		cmocka_unit_test(a_restore_may_end_all_sessions),
		cmocka_unit_test(a_changed_audit_log_is_found),
		cmocka_unit_test(a_second_process_works_on_the_same_store),
		cmocka_unit_test(keys_are_rotated_without_signing_anybody_out),
		cmocka_unit_test(the_data_folder_is_closed_to_others),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
