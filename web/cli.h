/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_CLI_H
#define WEB_CLI_H

#include "rp/rp.h"
#include "web/config.h"
#include "web/server/json_out.h"
#include "web/server/site.h"

/* The command line: one struct for all commands, one function for each. */

/* What the program's exit status says; stable, and in the manual. */
enum cli_exit {
	CLI_OK = 0,
	CLI_REFUSED = 1, /* no such account, name taken, log not sound … */
	CLI_USAGE = 2,
	CLI_CONFIG = 3,
	CLI_STORAGE = 4, /* the data folder */
	CLI_SYSTEM = 5, /* a port in use, no memory, no randomness */
};

enum { CLI_OVERRIDES_MAX = 32, CLI_ARGS_MAX = 4 };

struct cli {
	const char *config_file;
	struct config_override over[CLI_OVERRIDES_MAX];
	size_t over_n;
	bool conformance, json, yes;
	bool end_sessions, force; /* --end-sessions, --force */
	long limit; /* --limit; 0: what the command says */
	store_time since; /* --since; 0: from the beginning */
	const char *account, *heads; /* --account NAME|ID, --heads FILE */
	const char *svg; /* --svg FILE */
	const char *display_name; /* --display-name */
	int args;
	char *const *arg;
};

typedef enum cli_exit cli_command(struct cli *c);

cli_command cmd_serve, cmd_check_config, cmd_sample_config, cmd_routes;
cli_command cmd_account_add, cmd_account_invite, cmd_account_list,
    cmd_account_show, cmd_account_history, cmd_account_lock, cmd_account_unlock,
    cmd_account_remove, cmd_session_revoke;
cli_command cmd_invitation_list, cmd_invitation_revoke;
cli_command cmd_passkey_list, cmd_passkey_remove, cmd_phone_list,
    cmd_phone_remove, cmd_browser_list, cmd_browser_revoke;
cli_command cmd_backup, cmd_restore, cmd_key_rotate;
cli_command cmd_audit_verify, cmd_audit_list;
cli_command cmd_bench, cmd_verify;

/* "itsumo: …" on standard error; returns code. */
__attribute__((format(printf, 2, 3))) enum cli_exit cli_fail(
    enum cli_exit code, const char *format, ...);

/* The configuration; problems are printed.  NULL: CLI_CONFIG. */
struct config *cli_config(const struct cli *c);

/* Keeps memory from growing with the number of threads; see cli.c. */
void cli_tame_memory(void);

/* A store that may be in use by the server, and the relying party over it. */
struct cli_house {
	struct store *store;
	struct site *site;
	struct rp *rp;
	struct rp_call call; /* now, by nobody from nowhere */
};

/*
 * Opens the store, or says why it cannot be, and where it was looked for.
 * With o->existing it is not made.
 */
enum cli_exit cli_store_open(const struct store_options *o, struct store **s);

/*
 * CLI_OK, or what failed, which has been said.  Only `serve` makes a store: a
 * command that did would find nothing in a folder named by mistake, and call
 * it sound.  The keys of the installation are not read: no command seals.
 */
enum cli_exit cli_open(const struct cli *c, struct cli_house *h);
/* The same with a store elsewhere; takes config over. */
enum cli_exit cli_open_at(
    struct config *config, const char *dir, struct cli_house *h);
void cli_close(struct cli_house *h);
/* What an answer means to who typed the command; says it unless RP_OK. */
enum cli_exit cli_answer(enum rp_answer a, const char *what);

/* The account that the first argument names, in a house to be closed. */
enum cli_exit cli_find(
    const struct cli *c, struct cli_house *h, struct store_account *a);

/* What was done to an account, and how many sessions it ended. */
void cli_report(const struct cli *c, const char *done,
    const struct store_account *a, size_t ended);
/* {"done": word}, or a text.  CLI_OK. */
enum cli_exit cli_done(const struct cli *c, const char *word, const char *text);

/*
 * Names come from strangers: a terminal gets no control characters of theirs.
 */
void cli_print_safely(FILE *to, const char *s);
void cli_print_time(const char *label, store_time t);

/* JSON to standard output: an object with a line's end. */
struct cli_json {
	struct json_out out;
	struct arena arena;
};
void cli_json_begin(struct cli_json *j);
void cli_json_end(struct cli_json *j);

/* Where people reach the pages; remembered by the server in trial mode. */
const char *cli_origin(struct cli_house *h);
void cli_remember_origin(struct store *s, const char *origin);

/* A QR code in half blocks, dark on light whatever the terminal's colours. */
bool cli_qr_print(FILE *to, const char *text);
bool cli_qr_svg(const char *file, const char *text);

#endif
