/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "web/config.h"
#include "web/config_judge.h"

static char path[64];

/* What was complained of, and the configuration where nothing was. */
static struct config *
read_text(const char *text, char *said, size_t size)
{
	struct config_problems p = { 0 };
	FILE *f = fopen(path, "we");
	struct config *c;
	char *words = NULL;
	size_t n = 0;

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	p.to = open_memstream(&words, &n);
	assert_non_null(p.to);
	c = config_read(path, NULL, 0, &p);
	assert_int_equal(fclose(p.to), 0);
	assert_int_equal(c == NULL, p.n > 0);
	(void)snprintf(said, size, "%s", words);
	free(words);
	return c;
}

static void
every_option_has_its_default(void **state)
{
	char said[1024];
	struct config *c = read_text("", said, sizeof(said));

	(void)state;
	assert_non_null(c);
	assert_string_equal(said, "");
	assert_true(c->trial);
	assert_string_equal(c->rp_id, "localhost");
	assert_string_equal(c->rp_name, "itsumo");
	assert_string_equal(c->listen, "127.0.0.1:8080");
	assert_int_equal(c->session_idle, 14 * (int64_t)86400000);
	assert_true(c->limits);
	assert_int_equal(c->limits_factor, 1);
	assert_string_equal(c->policy, "consumer");
	assert_int_equal(c->algorithms.n, 0);
	assert_true(config_trial_origin(c, 4711));
	assert_string_equal(c->origins.v[0], "http://localhost:4711");
	config_free(c);
}

static void
reads_what_is_set(void **state)
{
	char said[1024];
	struct config *c = read_text("# a comment\n"
				     "rp_id = id.example.com\n"
				     "rp_name = \"いつも\"\n"
				     "listen = [::1]:8443\n"
				     "origins = { \"https://id.example.com\", "
				     "\"https://www.id.example.com:8443\" }\n"
				     "limits = off\n"
				     "limits_factor = 40\n"
				     "workers = 7\n"
				     "session_idle = 90m\n"
				     "trusted_proxies = 10.0.0.0/8\n",
	    said, sizeof(said));

	(void)state;
	assert_string_equal(said, "");
	assert_non_null(c);
	assert_false(c->trial);
	assert_string_equal(c->rp_name, "いつも");
	assert_int_equal(c->origins.n, 2);
	assert_false(c->limits);
	assert_int_equal(c->limits_factor, 40);
	assert_int_equal(c->workers, 7);
	assert_int_equal(c->session_idle, 5400000);
	assert_string_equal(c->trusted_proxies.v[0], "10.0.0.0/8");
	config_free(c);
	c = read_text("rp_id = id.example.com", said, sizeof(said));
	assert_non_null(c);
	assert_string_equal(c->rp_name, "id.example.com");
	assert_string_equal(c->origins.v[0], "https://id.example.com");
	config_free(c);
}

/* Each with the line that it is about, where there is one. */
static const struct {
	const char *text, *says;
} mistakes[] = {
	{ "\nprot = 1\n", ":2: no such option 'prot'" },
	{ "prot = 1\nlimits = on\nhots = { 1, 2 }\n",
	    ":3: no such option 'hots'" },
	{ "prot = 1\nhots = 2\n", ":1: no such option 'prot'" },
	{ "limits\n", ":" },
	{ "limits = \"on\n", ":" },
	{ "limits = maybe\n", ":1: limits: \"maybe\" is neither on nor off" },
	{ "limits_factor = 0\n", ":1: limits_factor: \"0\"" },
	{ "limits_factor = 101\n", ":1: limits_factor: \"101\"" },
	{ "\n\nworkers = 0\n", ":3: workers: \"0\"" },
	{ "workers = 7x\n", ":1: workers: \"7x\"" },
	{ "session_idle = 14\n", ":1: session_idle: \"14\" is not a time" },
	{ "session_idle = -1d\n", "is not a time" },
	{ "session_idle = 100d\n", "session_idle: is longer" },
	{ "ceremony_time = 2h\n", "ceremony_time: is longer" },
	{ "listen = 8080\n", ":1: listen: \"8080\" is not ADDRESS:PORT" },
	{ "listen = 0.0.0.0:8080\n", "a trial, which is served on loopback" },
	{ "listen = :8080\n", "a trial, which is served on loopback" },
	{ "listen = unix:/run/itsumo.sock\n", "a trial, which needs a port" },
	{ "origins = { \"http://localhost:8080\" }\n", "origins: needs rp_id" },
	{ "rp_id = Example.com\n", "is not a domain" },
	{ "rp_id = \"https://example.com\"\n", "is not a domain" },
	{ "rp_id = example.com:8080\n", "is not a domain" },
	{ "rp_id = 192.0.2.1\n", "is an address" },
	{ "rp_id = co.uk\n", "is a public suffix" },
	{ "rp_id = \".example.com\"\n", "is not a domain" },
	{ "rp_id = \"exa-.com\"\n", "is not a domain" },
	{ "rp_id = example.com\norigins = { \"https://evil-example.com\" }\n",
	    "is not under rp_id" },
	{ "rp_id = example.com\norigins = { \"https://example.com.evil\" }\n",
	    "is not under rp_id" },
	{ "rp_id = example.com\norigins = { \"http://example.com\" }\n",
	    ":2: origins: \"http://example.com\" must be https" },
	{ "rp_id = example.com\norigins = { \"https://example.com/\" }\n",
	    "is not an origin" },
	{ "rp_id = example.com\norigins = { \"https://example.com:443\" }\n",
	    "is not an origin" },
	{ "rp_id = example.com\norigins = { \"https://example.com:0443\" }\n",
	    "is not an origin" },
	{ "trusted_proxies = { \"10.0.0.0/8\", \"nowhere\" }\n",
	    ":1: trusted_proxies: \"nowhere\"" },
	{ "tls_key = /x\n", "one needs the other" },
	{ "log_level = loud\n", ":1: log_level: \"loud\"" },
	{ "sign_up = perhaps\n", ":1: sign_up: \"perhaps\"" },
	{ "approvals = never\n", ":1: approvals: \"never\"" },
	{ "approval_match = choose4\n",
	    ":1: approval_match: \"choose4\" is none of" },
	{ "approval_time = 999ms\n", "approval_time: is not between" },
	{ "approval_time = 31m\n", "approval_time: is not between" },
	{ "approval_session_idle = 31d\n", "approval_session_idle: is longer" },
	{ "browser_idle = 401d\n", "browser_idle: is longer" },
	{ "waiting = many\n", ":1: waiting: \"many\"" },
	{ "push_subject = admin@example.com\n",
	    ":1: push_subject: \"admin@example.com\"" },
	{ "push_hosts = { \"fcm.googleapis.com\", \"push/x\" }\n",
	    ":1: push_hosts: \"push/x\"" },
	{ "push_hosts = { \"http://push.example\" }\n", ":1: push_hosts:" },
	{ "push_networks = { \"10.0.0.0/33\" }\n", ":1: push_networks:" },
	{ "android_apps = { \"org.example\" }\n", ":1: android_apps:" },
	{ "android_apps = { \"org.example:00:11\" }\n", ":1: android_apps:" },
	{ "apple_apps = { \"org.example.app\" }\n", ":1: apple_apps:" },
	{ "apple_apps = { \"ABCDE12345.\" }\n", ":1: apple_apps:" },
	{ "support = \"http://help.example.com\"\n", ":1: support:" },
	{ "support = \"https:\"\n", ":1: support:" },
	{ "support = \"https:///help\"\n", ":1: support:" },
	{ "support = \"https://u@help.example.com/\"\n", ":1: support:" },
	{ "support = \"https://help.example.com/a b\"\n", ":1: support:" },
	{ "support = \"https://help.example.com/<b>\"\n", ":1: support:" },
	{ "support = \"javascript:alert(1)\"\n", ":1: support:" },
	{ "support = \"mailto:help\"\n", ":1: support:" },
	{ "support = \"mailto:@example.com\"\n", ":1: support:" },
	{ "support = \"mailto:a@example.com?bcc=b@example.com\"\n",
	    ":1: support:" },
	{ "support = \"mailto:a?b@example.com\"\n", ":1: support:" },
};

static void
help_is_a_page_or_a_mail_address(void **state)
{
	static const char *const good[] = { "", "mailto:help@example.com",
		"https://help.example.com",
		"https://example.com:8443/help?from=login#top" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		char text[160], said[1024];
		struct config *c;

		(void)snprintf(
		    text, sizeof(text), "support = \"%s\"\n", good[i]);
		c = read_text(text, said, sizeof(said));
		assert_string_equal(said, "");
		assert_string_equal(c->support, good[i]);
		config_free(c);
	}
}

static void
each_mistake_is_named_with_its_line(void **state)
{
	char said[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct config *c =
		    read_text(mistakes[i].text, said, sizeof(said));

		if (c != NULL || strstr(said, mistakes[i].says) == NULL)
			fail_msg("%s: %s", mistakes[i].text, said);
	}
}

static void
all_mistakes_are_named_at_once(void **state)
{
	char said[2048];

	(void)state;
	assert_null(read_text("prot = 1\nlimits = maybe\nhots = 2\n"
			      "workers = many\nlisten = 0.0.0.0:1\n",
	    said, sizeof(said)));
	assert_non_null(strstr(said, ":1: no such option 'prot'"));
	assert_non_null(strstr(said, ":2: limits:"));
	assert_non_null(strstr(said, ":3: no such option 'hots'"));
	assert_non_null(strstr(said, ":4: workers:"));
	assert_non_null(strstr(said, "listen: without rp_id"));
	/* Each once. */
	assert_null(strstr(strstr(said, "'prot'") + 1, "'prot'"));
	assert_null(strstr(strstr(said, "limits:") + 1, "limits:"));
}

static void
the_environment_wins_over_the_file(void **state)
{
	char said[1024];
	struct config *c;

	(void)state;
	assert_int_equal(setenv("ITSUMO_WORKERS", "9", 1), 0);
	assert_int_equal(
	    setenv("ITSUMO_TRUSTED_PROXIES", "10.0.0.1, ::1", 1), 0);
	c = read_text("workers = 7\n", said, sizeof(said));
	assert_non_null(c);
	assert_int_equal(c->workers, 9);
	assert_int_equal(c->trusted_proxies.n, 2);
	config_free(c);
	assert_int_equal(setenv("ITSUMO_WORKERS", "none", 1), 0);
	assert_null(read_text("", said, sizeof(said)));
	assert_non_null(strstr(said, "environment: workers: \"none\""));
	assert_int_equal(unsetenv("ITSUMO_WORKERS"), 0);
	assert_int_equal(unsetenv("ITSUMO_TRUSTED_PROXIES"), 0);
}

static void
the_command_line_wins_over_both(void **state)
{
	const struct config_override over[] = { { "data", "/d" },
		{ "listen", "127.0.0.1:1" } };
	const struct config_override wrong[] = { { "nothing", "x" } };
	struct config_problems p = { 0 };
	struct config *c;

	(void)state;
	assert_int_equal(setenv("ITSUMO_DATA", "/e", 1), 0);
	c = config_read("/dev/null", over, 2, &p);
	assert_non_null(c);
	assert_string_equal(c->data, "/d");
	assert_string_equal(c->listen, "127.0.0.1:1");
	config_free(c);
	assert_int_equal(unsetenv("ITSUMO_DATA"), 0);
	assert_null(config_read("/dev/null", wrong, 1, &p));
	assert_int_equal(p.n, 1);
}

static void
a_file_that_is_not_there_is_a_mistake(void **state)
{
	struct config_problems p = { 0 };

	(void)state;
	assert_null(config_read("/nonexistent/itsumo.conf", NULL, 0, &p));
	assert_true(p.n > 0);
}

/* The sample is a configuration, and says what holds without it. */
static void
the_sample_is_true(void **state)
{
	char said[4096], *text = NULL, *p;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct config *c, *d;

	(void)state;
	assert_non_null(f);
	config_print_sample(f);
	assert_int_equal(fclose(f), 0);
	/* What is commented out is switched on: "#name = …". */
	for (p = text; *p != '\0'; p++)
		if (*p == '#' && p[1] != ' ' && (p == text || p[-1] == '\n'))
			*p = ' ';
	c = read_text(text, said, sizeof(said));
	if (c == NULL)
		fail_msg("%s", said);
	d = read_text("", said, sizeof(said));
	assert_non_null(d);
	assert_string_equal(c->ops_listen, d->ops_listen);
	assert_int_equal(c->session_life, d->session_life);
	assert_int_equal(c->algorithms.n, d->algorithms.n);
	config_free(c);
	config_free(d);
	free(text);
}

static int
begin(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/itsumo-config-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int
end(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_has_its_default),
		cmocka_unit_test(reads_what_is_set),
		cmocka_unit_test(help_is_a_page_or_a_mail_address),
		cmocka_unit_test(each_mistake_is_named_with_its_line),
		cmocka_unit_test(all_mistakes_are_named_at_once),
		cmocka_unit_test(the_environment_wins_over_the_file),
		cmocka_unit_test(the_command_line_wins_over_both),
		cmocka_unit_test(a_file_that_is_not_there_is_a_mistake),
		cmocka_unit_test(the_sample_is_true),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
