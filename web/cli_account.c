/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "rp/accounts.h"
#include "rp/ids.h"
#include "rp/passkeys.h"
#include "rp/sessions.h"
#include "web/cli.h"
#include "web/server/shapes.h"

enum { PAGE = 256, ENTRIES = 100 };

/* The state is the administrator's business, and not in shape_account(). */
static const char *
state_name(const struct store_account *a)
{
	return a->state == STORE_ACCOUNT_LOCKED ? "locked" : "active";
}

static void
print_account(const struct cli *c, const struct store_account *a)
{
	struct cli_json j;

	if (c->json) {
		cli_json_begin(&j);
		json_out_object(&j.out, NULL);
		shape_account(&j.out, "account", a);
		json_out_word(&j.out, "state", state_name(a));
		json_out_object_end(&j.out);
		cli_json_end(&j);
		return;
	}
	printf("%s  ", rp_id_write("acc_", a->id.b).s);
	cli_print_time("", a->created);
	printf("  %s  ", state_name(a));
	cli_print_safely(stdout, a->name);
	putchar('\n');
}

/* In JSON a line an account, so that a long list can be read as it comes. */
enum cli_exit
cmd_account_list(struct cli *c)
{
	static struct store_account page[PAGE];
	struct account_id after = { { 0 } };
	struct store_txn *t;
	struct cli_house h;
	enum cli_exit rc = cli_open(c, &h);
	enum store_rc s;
	size_t n;

	if (rc != CLI_OK)
		return rc;
	do {
		n = 0;
		if ((s = store_read_begin(h.store, &t)) == STORE_OK) {
			s = store_accounts_list(t, &after, page, PAGE, &n);
			store_read_end(t);
		}
		if (s != STORE_OK && s != STORE_ABSENT) {
			rc = cli_fail(CLI_STORAGE, "the store failed");
			break;
		}
		for (size_t i = 0; i < n; i++)
			print_account(c, &page[i]);
		if (n > 0)
			after = page[n - 1].id;
	} while (n == PAGE);
	cli_close(&h);
	return rc;
}

static void
show_json(const struct store_account *a, const struct store_credential *keys,
    size_t keys_n, const struct store_session *sessions, size_t sessions_n)
{
	struct cli_json j;

	cli_json_begin(&j);
	json_out_object(&j.out, NULL);
	shape_account(&j.out, "account", a);
	json_out_word(&j.out, "state", state_name(a));
	json_out_array(&j.out, "passkeys");
	for (size_t i = 0; i < keys_n; i++)
		shape_passkey(&j.out, NULL, NULL, &keys[i], false);
	json_out_array_end(&j.out);
	json_out_array(&j.out, "sessions");
	for (size_t i = 0; i < sessions_n; i++)
		shape_session(&j.out, NULL, &sessions[i], false);
	json_out_array_end(&j.out);
	json_out_object_end(&j.out);
	cli_json_end(&j);
}

static void
show_text(const struct store_account *a, const struct store_credential *keys,
    size_t keys_n, const struct store_session *sessions, size_t sessions_n)
{
	printf("account  %s\nname     ", rp_id_write("acc_", a->id.b).s);
	cli_print_safely(stdout, a->name);
	fputs("\nshown as ", stdout);
	cli_print_safely(stdout, a->display_name);
	printf("\nstate    %s", state_name(a));
	cli_print_time("\nmade     ", a->created);
	printf("\n\npasskeys (%zu)\n", keys_n);
	for (size_t i = 0; i < keys_n; i++) {
		struct slice id = { keys[i].id, keys[i].id_n };

		printf(
		    "  %s  ", rp_id_write("pk_", store_credential_ref(id).b).s);
		cli_print_time("", keys[i].created);
		fputs("  ", stdout);
		cli_print_safely(stdout, keys[i].name);
		if (keys[i].counter_went_back != 0)
			fputs("  (its counter went back)", stdout);
		putchar('\n');
	}
	printf("\nsessions (%zu)\n", sessions_n);
	for (size_t i = 0; i < sessions_n; i++) {
		printf("  %s  ", rp_id_write("ses_", sessions[i].id.b).s);
		cli_print_time("", sessions[i].last_seen);
		printf("  %s  ", sessions[i].client.address);
		cli_print_safely(stdout, sessions[i].client.browser);
		putchar('\n');
	}
}

enum cli_exit
cmd_account_show(struct cli *c)
{
	static struct store_credential keys[STORE_CREDENTIALS_MAX];
	static struct store_session sessions[STORE_SESSIONS_MAX];
	struct rp_signed_in who = { 0 };
	size_t keys_n = 0, sessions_n = 0;
	struct cli_house h;
	enum cli_exit rc = cli_find(c, &h, &who.account);
	enum rp_answer a;

	if (rc != CLI_OK)
		return rc;
	a = rp_passkeys_list(h.rp, &h.call, &who, keys, &keys_n);
	if (a == RP_OK)
		a = rp_sessions_list(
		    h.rp, &h.call, &who, sessions, &sessions_n);
	if ((rc = cli_answer(a, c->arg[0])) == CLI_OK)
		(c->json ? show_json : show_text)(
		    &who.account, keys, keys_n, sessions, sessions_n);
	cli_close(&h);
	return rc;
}

enum cli_exit
cmd_account_lock(struct cli *c)
{
	struct store_account a;
	struct cli_house h;
	enum cli_exit rc = cli_find(c, &h, &a);
	size_t n = 0;

	if (rc != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_admin_account_lock(h.rp, &h.call, &a.id, &n), c->arg[0]);
	if (rc == CLI_OK)
		cli_report(c, "locked", &a, n);
	cli_close(&h);
	return rc;
}

enum cli_exit
cmd_account_unlock(struct cli *c)
{
	struct store_account a;
	struct cli_house h;
	enum cli_exit rc = cli_find(c, &h, &a);

	if (rc != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_admin_account_unlock(h.rp, &h.call, &a.id), c->arg[0]);
	if (rc == CLI_OK)
		cli_report(c, "unlocked", &a, 0);
	cli_close(&h);
	return rc;
}

/* Whether who sits there means it. */
static bool
asked(const struct cli *c, const struct store_account *a)
{
	char answer[8] = "";

	if (c->yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		(void)cli_fail(CLI_REFUSED, "this cannot be undone: say --yes");
		return false;
	}
	fputs("Remove ", stderr);
	cli_print_safely(stderr, a->name);
	fputs(" with its passkeys, sessions and history?  This cannot be "
	      "undone.  Type yes: ",
	    stderr);
	return fgets(answer, sizeof(answer), stdin) != NULL &&
	       strcmp(answer, "yes\n") == 0;
}

enum cli_exit
cmd_account_remove(struct cli *c)
{
	struct store_account a;
	struct cli_house h;
	enum cli_exit rc = cli_find(c, &h, &a);

	if (rc != CLI_OK)
		return rc;
	if (!asked(c, &a))
		rc = CLI_REFUSED;
	else
		rc = cli_answer(
		    rp_admin_account_remove(h.rp, &h.call, &a.id), c->arg[0]);
	if (rc == CLI_OK)
		cli_report(c, "removed", &a, 0);
	cli_close(&h);
	return rc;
}

enum cli_exit
cmd_session_revoke(struct cli *c)
{
	struct session_id id, *one = NULL;
	struct store_account a;
	struct cli_house h;
	enum cli_exit rc;
	size_t n = 0;

	if (c->args > 1) {
		if (!rp_id_read("ses_", c->arg[1], id.b))
			return cli_fail(
			    CLI_USAGE, "%s: is no id of a session", c->arg[1]);
		one = &id;
	}
	if ((rc = cli_find(c, &h, &a)) != CLI_OK)
		return rc;
	rc = cli_answer(rp_admin_session_revoke(h.rp, &h.call, &a.id, one, &n),
	    c->args > 1 ? c->arg[1] : c->arg[0]);
	if (rc == CLI_OK)
		cli_report(c, "revoked", &a, n);
	cli_close(&h);
	return rc;
}

static void
print_entry(const struct cli *c, const struct store_history *h)
{
	struct cli_json j;

	if (c->json) {
		cli_json_begin(&j);
		shape_history(&j.out, NULL, h);
		cli_json_end(&j);
		return;
	}
	cli_print_time("", h->at);
	printf("  %-20s %s", h->event, h->ok ? "" : "REFUSED ");
	cli_print_safely(stdout, h->reason);
	printf("  %s  ", h->client.address);
	cli_print_safely(stdout, h->client.browser);
	if (*h->client.place != '\0') {
		fputs("  ", stdout);
		cli_print_safely(stdout, h->client.place);
	}
	if (*h->passkey != '\0') {
		fputs("  ", stdout);
		cli_print_safely(stdout, h->passkey);
	}
	putchar('\n');
}

/* What its owner reads, for who helps them; newest first. */
enum cli_exit
cmd_account_history(struct cli *c)
{
	static struct store_history page[RP_HISTORY_PAGE_MAX];
	struct history_id before = { { 0 } };
	struct rp_signed_in who = { 0 };
	long left = c->limit > 0 ? c->limit : ENTRIES;
	struct cli_house h;
	enum cli_exit rc = cli_find(c, &h, &who.account);
	size_t want, n;

	if (rc != CLI_OK)
		return rc;
	do {
		want = left < RP_HISTORY_PAGE_MAX ? (size_t)left
						  : RP_HISTORY_PAGE_MAX;
		n = 0;
		rc = cli_answer(rp_history_list(h.rp, &h.call, &who, &before,
				    page, want, &n),
		    c->arg[0]);
		for (size_t i = 0; rc == CLI_OK && i < n; i++)
			print_entry(c, &page[i]);
		if (n > 0)
			before = page[n - 1].id;
		left -= (long)n;
	} while (rc == CLI_OK && n == want && left > 0);
	cli_close(&h);
	return rc;
}
