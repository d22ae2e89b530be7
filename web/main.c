/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <time.h>

#include "web/cli.h"
#include "web/clock.h"
#include "web/config_judge.h"

static const struct command {
	const char *noun, *verb; /* verb NULL: the noun is all */
	int args_min, args_max;
	const char *options; /* letters of those it takes, beside "cdoh" */
	cli_command *run;
	const char *args, *help;
} commands[] = {
	{ "serve", NULL, 0, 0, "lpCL", cmd_serve, "",
	    "serve until SIGTERM; SIGHUP reads the configuration again" },
	{ "check-config", NULL, 0, 0, "lpj", cmd_check_config, "",
	    "say everything that is wrong with the configuration" },
	{ "sample-config", NULL, 0, 0, "", cmd_sample_config, "",
	    "print every option with what it is and what holds without it" },
	{ "account", "add", 1, 1, "jNs", cmd_account_add, "NAME",
	    "make an account, and an invitation to make its first passkey" },
	{ "account", "invite", 0, 1, "js", cmd_account_invite, "[NAME]",
	    "a link, once good, to make an account: named NAME, or any" },
	{ "account", "list", 0, 0, "j", cmd_account_list, "", "all accounts" },
	{ "account", "show", 1, 1, "j", cmd_account_show, "NAME|ID",
	    "an account with its passkeys and sessions" },
	{ "account", "history", 1, 1, "jn", cmd_account_history, "NAME|ID",
	    "what its owner reads: sign-ins and changes, newest first" },
	{ "account", "lock", 1, 1, "j", cmd_account_lock, "NAME|ID",
	    "nobody signs in to it; its sessions end" },
	{ "account", "unlock", 1, 1, "j", cmd_account_unlock, "NAME|ID",
	    "undo that" },
	{ "account", "remove", 1, 1, "jy", cmd_account_remove, "NAME|ID",
	    "remove it for good" },
	{ "invitation", "list", 0, 0, "j", cmd_invitation_list, "",
	    "links that are still good" },
	{ "invitation", "revoke", 1, 1, "j", cmd_invitation_revoke, "ID",
	    "end one" },
	{ "passkey", "list", 1, 1, "j", cmd_passkey_list, "NAME|ID",
	    "the passkeys of an account" },
	{ "passkey", "remove", 2, 2, "jF", cmd_passkey_remove,
	    "NAME|ID PASSKEY", "remove one; its sessions end" },
	{ "phone", "list", 1, 1, "j", cmd_phone_list, "NAME|ID",
	    "the phones that approve its sign-ins" },
	{ "phone", "remove", 2, 2, "j", cmd_phone_remove, "NAME|ID PHONE",
	    "one approves no more" },
	{ "browser", "list", 1, 1, "j", cmd_browser_list, "NAME|ID",
	    "the browsers that it keeps" },
	{ "browser", "revoke", 1, 2, "j", cmd_browser_revoke,
	    "NAME|ID [BROWSER]", "throw one out, or all; its sessions end" },
	{ "session", "revoke", 1, 2, "j", cmd_session_revoke,
	    "NAME|ID [SESSION]", "end one session of an account, or all" },
	{ "backup", NULL, 1, 1, "j", cmd_backup, "DIR",
	    "copy the store, in use or not, to an empty folder" },
	{ "restore", NULL, 1, 1, "jyE", cmd_restore, "DIR",
	    "make the data folder, which must be empty, out of a backup" },
	{ "audit", "verify", 0, 0, "jH", cmd_audit_verify, "",
	    "check the audit log from end to end; print its heads" },
	{ "audit", "list", 0, 0, "jnSa", cmd_audit_list, "",
	    "its newest entries, oldest first" },
	{ "key", "rotate", 0, 0, "j", cmd_key_rotate, "",
	    "a new key to seal ceremonies with; then reload the server" },
	{ "routes", NULL, 0, 0, "jC", cmd_routes, "",
	    "the paths that are served" },
	{ "bench", NULL, 0, 0, "j", cmd_bench, "",
	    "what this machine can do: verifications and commits a second" },
	{ "verify", NULL, 0, 0, "", cmd_verify, "",
	    "judge ceremonies, JSON lines on standard input" },
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };
enum { LIMIT_MAX = 1000000 };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "data", required_argument, NULL, 'd' },
	{ "set", required_argument, NULL, 'o' },
	{ "listen", required_argument, NULL, 'l' },
	{ "ops-listen", required_argument, NULL, 'p' },
	{ "log-level", required_argument, NULL, 'L' },
	{ "conformance", no_argument, NULL, 'C' },
	{ "json", no_argument, NULL, 'j' },
	{ "yes", no_argument, NULL, 'y' },
	{ "svg", required_argument, NULL, 's' },
	{ "display-name", required_argument, NULL, 'N' },
	{ "end-sessions", no_argument, NULL, 'E' },
	{ "force", no_argument, NULL, 'F' },
	{ "limit", required_argument, NULL, 'n' },
	{ "since", required_argument, NULL, 'S' },
	{ "account", required_argument, NULL, 'a' },
	{ "heads", required_argument, NULL, 'H' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct {
	char letter;
	const char *text;
} option_help[] = {
	{ 'c', "--config FILE       the configuration "
	       "(else $ITSUMO_CONFIG, /etc/itsumo/itsumo.conf)" },
	{ 'd', "--data DIR          the data folder" },
	{ 'o', "--set KEY=VALUE     any option of the configuration" },
	{ 'l', "--listen ADDR:PORT  where to serve" },
	{ 'p', "--ops-listen ADDR:PORT  where to answer /healthz, /metrics" },
	{ 'L', "--log-level LEVEL   error, warning, notice, info, debug" },
	{ 'C', "--conformance       the FIDO2 conformance API too: "
	       "for tests, never for people" },
	{ 'j', "--json              answer in JSON" },
	{ 'y', "--yes               do not ask" },
	{ 's', "--svg FILE          write the QR code to a file" },
	{ 'N', "--display-name TEXT the name that people see" },
	{ 'E', "--end-sessions      end every session that the backup has" },
	{ 'F', "--force             the last passkey too" },
	{ 'n', "--limit N           so many at most (else 100)" },
	{ 'S', "--since TIME        from 2026-01-31, 2026-01-31T09:00:00Z, or "
	       "12h, 7d ago" },
	{ 'a', "--account NAME|ID   of this account alone" },
	{ 'H', "--heads FILE        compare with what was printed before" },
	{ 'h', "--help              this" },
};

static void
print_commands(FILE *to)
{
	fputs("itsumo " ITSUMO_VERSION
	      ": signing in with passkeys, and nothing else\n\n",
	    to);
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];
		char left[48];

		(void)snprintf(left, sizeof(left), "%s%s%s %s", c->noun,
		    c->verb == NULL ? "" : " ", c->verb == NULL ? "" : c->verb,
		    c->args);
		fprintf(to, "  itsumo %-33s %s\n", left, c->help);
	}
	fputs("\n`itsumo COMMAND --help` has the options; "
	      "itsumo(8) has it all.\n",
	    to);
}

static bool
takes(const struct command *c, int letter)
{
	return strchr("cdoh", letter) != NULL ||
	       strchr(c->options, letter) != NULL;
}

static void
print_command(FILE *to, const struct command *c)
{
	fprintf(to, "itsumo %s%s%s%s%s [OPTION…]: %s\n\n", c->noun,
	    c->verb == NULL ? "" : " ", c->verb == NULL ? "" : c->verb,
	    *c->args == '\0' ? "" : " ", c->args, c->help);
	for (size_t i = 0; i < sizeof(option_help) / sizeof(*option_help); i++)
		if (takes(c, option_help[i].letter))
			fprintf(to, "  %s\n", option_help[i].text);
}

static const struct command *
find_command(int argc, char **argv, int *skip)
{
	bool noun = false;

	for (size_t i = 0; argc > 1 && i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (strcmp(c->noun, argv[1]) != 0)
			continue;
		noun = true;
		if (c->verb == NULL) {
			*skip = 1;
			return c;
		}
		if (argc > 2 && strcmp(c->verb, argv[2]) == 0) {
			*skip = 2;
			return c;
		}
	}
	if (noun)
		fprintf(stderr, "itsumo: %s: what of it?  One of:", argv[1]);
	else if (argc > 1)
		fprintf(stderr, "itsumo: there is no command %s\n", argv[1]);
	for (size_t i = 0; noun && i < COMMANDS; i++)
		if (strcmp(commands[i].noun, argv[1]) == 0)
			fprintf(stderr, " %s", commands[i].verb);
	if (noun)
		fputc('\n', stderr);
	return NULL;
}

static bool
override(struct cli *cli, const char *name, const char *value)
{
	if (cli->over_n == CLI_OVERRIDES_MAX)
		return false;
	cli->over[cli->over_n++] = (struct config_override){ name, value };
	return true;
}

/* KEY=VALUE, in place. */
static bool
override_pair(struct cli *cli, char *pair)
{
	char *equals = strchr(pair, '=');

	if (equals == NULL)
		return false;
	*equals = '\0';
	return override(cli, pair, equals + 1);
}

static bool
take_limit(struct cli *cli, const char *value)
{
	char *end;

	cli->limit = strtol(value, &end, 10);
	return *value >= '0' && *value <= '9' && *end == '\0' &&
	       cli->limit > 0 && cli->limit <= LIMIT_MAX;
}

/* A day, a time, both in UTC, or so long ago. */
static bool
take_since(struct cli *cli, const char *value)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ" };
	int64_t ago = config_time(value);

	if (ago > 0)
		cli->since = clock_now() - ago;
	for (size_t i = 0; ago <= 0 && i < 2; i++) {
		struct tm tm = { 0 };
		const char *end = strptime(value, forms[i], &tm);

		if (end != NULL && *end == '\0') {
			cli->since = (store_time)timegm(&tm) * 1000;
			return true;
		}
	}
	return ago > 0;
}

static bool
take_option(struct cli *cli, int letter, char *value)
{
	switch (letter) {
	case 'c':
		cli->config_file = value;
		return true;
	case 'd':
		return override(cli, "data", value);
	case 'o':
		return override_pair(cli, value);
	case 'l':
		return override(cli, "listen", value);
	case 'p':
		return override(cli, "ops_listen", value);
	case 'L':
		return override(cli, "log_level", value);
	case 'C':
		cli->conformance = true;
		return true;
	case 'j':
		cli->json = true;
		return true;
	case 'y':
		cli->yes = true;
		return true;
	case 'F':
		cli->force = true;
		return true;
	case 'n':
		return take_limit(cli, value);
	case 'S':
		return take_since(cli, value);
	case 'a':
		cli->account = value;
		return true;
	case 'H':
		cli->heads = value;
		return true;
	case 'E':
		cli->end_sessions = true;
		return true;
	case 's':
		cli->svg = value;
		return true;
	case 'N':
		cli->display_name = value;
		return true;
	default:
		return false;
	}
}

/* CLI_OK to go on; -1 when all was said. */
static int
parse(const struct command *c, struct cli *cli, int argc, char **argv)
{
	int letter;

	while ((letter = getopt_long(
		    argc, argv, "c:d:o:jyh", long_options, NULL)) != -1) {
		if (letter == 'h') {
			print_command(stdout, c);
			return -1;
		}
		if (letter == '?')
			return CLI_USAGE;
		if (!takes(c, letter))
			return (int)cli_fail(CLI_USAGE,
			    "this option does not go with %s%s%s", c->noun,
			    c->verb == NULL ? "" : " ",
			    c->verb == NULL ? "" : c->verb);
		if (!take_option(cli, letter, optarg))
			return (int)cli_fail(CLI_USAGE,
			    "%s: is no value of this option", optarg);
	}
	cli->args = argc - optind;
	cli->arg = argv + optind;
	if (cli->args < c->args_min || cli->args > c->args_max) {
		print_command(stderr, c);
		return CLI_USAGE;
	}
	return CLI_OK;
}

int
main(int argc, char **argv)
{
	const struct command *c;
	struct cli cli = { 0 };
	int skip = 0, rc;

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	if (argc > 1 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0)) {
		print_commands(stdout);
		return CLI_OK;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("itsumo " ITSUMO_VERSION);
		return CLI_OK;
	}
	if ((c = find_command(argc, argv, &skip)) == NULL) {
		if (argc < 2)
			print_commands(stderr);
		return CLI_USAGE;
	}
	argv[skip] = argv[0];
	rc = parse(c, &cli, argc - skip, argv + skip);
	return rc == -1 ? CLI_OK : rc != CLI_OK ? rc : (int)c->run(&cli);
}
