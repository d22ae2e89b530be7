/* SPDX-License-Identifier: Apache-2.0 */
/* What whoever runs it does to a server: changes its configuration, ends it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/http/scene.h"

const struct server_options scene = {
	.config = "support = \"mailto:help@example.com\""
};

/* A line at the end of its configuration; wins over those before. */
static void
configure(const struct server *s, const char *line)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/itsumo.conf", server_folder(s));
	assert_non_null(f = fopen(path, "ae"));
	assert_true(fprintf(f, "%s\n", line) > 0);
	assert_int_equal(fclose(f), 0);
}

/* Reads it again; true when the log then has all these words in a line. */
static bool
reload(struct server *s, const char *words)
{
	server_log_mark(s);
	server_signal(s, SIGHUP);
	return server_logged(s, words);
}

static void
service_says(struct visitor *v, const char *member, const char *what)
{
	json_t *service = visitor_get(v, "GET", "/api/v1/service", NULL, 200);

	if (what == NULL)
		assert_null(json_object_get(service, member));
	else
		assert_string_equal(json_at(service, member), what);
	json_decref(service);
}

static void
a_changed_option_comes_into_force(void **state)
{
	struct visitor *v = visitor_new(server);

	(void)state;
	service_says(v, "support", "mailto:help@example.com");
	service_says(v, "sign_up", "open");
	configure(server, "support = \"https://help.example.com/login\"");
	configure(server, "sign_up = closed");
	assert_true(reload(server, "event=reload in force"));
	service_says(v, "support", "https://help.example.com/login");
	service_says(v, "sign_up", "closed");
	visitor_refused(v, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "name", "too-late"), 403, "sign-up-closed");
	configure(server, "support = \"\"\nsign_up = open");
	assert_true(reload(server, "event=reload in force"));
	service_says(v, "support", NULL);
	json_decref(visitor_sign_up(v, "in-time"));
	visitor_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_option_comes_into_force),
	};

	return cmocka_run_group_tests(tests, scene_begin, scene_end);
}
