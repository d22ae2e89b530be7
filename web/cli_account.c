/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "rp/accounts.h"
#include "rp/ids.h"
#include "rp/passkeys.h"
#include "rp/sessions.h"
#include "web/cli.h"
#include "web/server/shapes.h"

enum { PAGE = 256, LINK_MAX = 512 };

/* The state is the administrator's business, and not in shape_account(). */
static const char *
state_name(const struct store_account *a)
{
	return a->state == STORE_ACCOUNT_LOCKED ? "locked" : "active";
}

/* Names come from strangers: a terminal gets no control characters of theirs.
 */
static void
print_safely(FILE *to, const char *s)
{
	for (; *s != '\0'; s++)
		fputc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, to);
}

static void
print_time(const char *label, store_time t)
{
	char text[WEB_TIME_TEXT + 1];

	web_time_write(t, text);
	printf("%s%s", label, text);
}

static enum cli_exit
find(const struct cli *c, struct cli_house *h, struct store_account *a)
{
	enum cli_exit rc = cli_open(c, h);

	if (rc != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_admin_account_find(h->rp, &h->call, c->arg[0], a), c->arg[0]);
	if (rc != CLI_OK)
		cli_close(h);
	return rc;
}

/* The link, its QR code where somebody is looking, and its end. */
static enum cli_exit
give_link(const struct cli *c, struct cli_house *h,
    const struct rp_invitation_text *invitation, store_time expires,
    const struct store_account *added)
{
	char link[LINK_MAX];
	struct cli_json j;
	int n = snprintf(link, sizeof(link), "%s/signup#invitation=%s",
	    cli_origin(h), invitation->s);

	if (n < 0 || n >= LINK_MAX)
		return cli_fail(CLI_SYSTEM, "the link is too long");
	if (c->svg != NULL && !cli_qr_svg(c->svg, link))
		return cli_fail(CLI_SYSTEM, "%s cannot be written", c->svg);
	if (c->json) {
		cli_json_begin(&j);
		json_out_object(&j.out, NULL);
		if (added != NULL)
			shape_account(&j.out, "account", added);
		json_out_text(&j.out, "link", link);
		json_out_word(&j.out, "invitation", invitation->s);
		if (expires != 0)
			json_out_time(&j.out, "expires_at", expires);
		json_out_object_end(&j.out);
		cli_json_end(&j);
		return CLI_OK;
	}
	printf("%s\n", link);
	if (expires != 0) {
		print_time("good once, until ", expires);
		putchar('\n');
	}
	if (isatty(STDOUT_FILENO))
		(void)cli_qr_print(stdout, link);
	return CLI_OK;
}

enum cli_exit
cmd_account_add(struct cli *c)
{
	struct rp_invitation_text invitation;
	struct store_account added;
	struct cli_house h;
	enum cli_exit rc = cli_open(c, &h);
	enum rp_answer a;

	if (rc != CLI_OK)
		return rc;
	a = rp_admin_account_add(
	    h.rp, &h.call, c->arg[0], c->display_name, &added, &invitation);
	if (a == RP_NAME_MALFORMED)
		rc = cli_fail(CLI_REFUSED, "%s: %s", c->arg[0], h.call.hint);
	else
		rc = cli_answer(a, c->arg[0]);
	if (rc == CLI_OK && !c->json)
		printf("%s\n", rp_id_write("acc_", added.id.b).s);
	if (rc == CLI_OK)
		rc = give_link(c, &h, &invitation,
		    h.call.now + h.site->config->invitation_time, &added);
	cli_close(&h);
	return rc;
}

enum cli_exit
cmd_account_invite(struct cli *c)
{
	struct rp_invitation_text invitation;
	const char *name = c->args > 0 ? c->arg[0] : NULL;
	struct cli_house h;
	enum cli_exit rc = cli_open(c, &h);
	store_time expires = 0;
	enum rp_answer a;

	if (rc != CLI_OK)
		return rc;
	a = rp_admin_invite(h.rp, &h.call, name, &invitation, &expires);
	if (a == RP_NAME_MALFORMED)
		rc = cli_fail(CLI_REFUSED, "%s: %s", name, h.call.hint);
	else
		rc = cli_answer(a, name == NULL ? "invitation" : name);
	if (rc == CLI_OK)
		rc = give_link(c, &h, &invitation, expires, NULL);
	cli_close(&h);
	return rc;
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
	print_time("", a->created);
	printf("  %s  ", state_name(a));
	print_safely(stdout, a->name);
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
	print_safely(stdout, a->name);
	fputs("\nshown as ", stdout);
	print_safely(stdout, a->display_name);
	printf("\nstate    %s", state_name(a));
	print_time("\nmade     ", a->created);
	printf("\n\npasskeys (%zu)\n", keys_n);
	for (size_t i = 0; i < keys_n; i++) {
		struct slice id = { keys[i].id, keys[i].id_n };

		printf(
		    "  %s  ", rp_id_write("pk_", store_credential_ref(id).b).s);
		print_time("", keys[i].created);
		fputs("  ", stdout);
		print_safely(stdout, keys[i].name);
		if (keys[i].counter_went_back != 0)
			fputs("  (its counter went back)", stdout);
		putchar('\n');
	}
	printf("\nsessions (%zu)\n", sessions_n);
	for (size_t i = 0; i < sessions_n; i++) {
		printf("  %s  ", rp_id_write("ses_", sessions[i].id.b).s);
		print_time("", sessions[i].last_seen);
		printf("  %s  ", sessions[i].client.address);
		print_safely(stdout, sessions[i].client.browser);
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
	enum cli_exit rc = find(c, &h, &who.account);
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

/* What was done, and to how many sessions. */
static void
report(const struct cli *c, const char *done, const struct store_account *a,
    size_t ended)
{
	struct cli_json j;

	if (!c->json) {
		printf("%s: ", done);
		print_safely(stdout, a->name);
		printf(" (%s); %zu sessions ended\n",
		    rp_id_write("acc_", a->id.b).s, ended);
		return;
	}
	cli_json_begin(&j);
	json_out_object(&j.out, NULL);
	json_out_word(&j.out, "id", rp_id_write("acc_", a->id.b).s);
	json_out_word(&j.out, "done", done);
	json_out_int(&j.out, "sessions_ended", (int64_t)ended);
	json_out_object_end(&j.out);
	cli_json_end(&j);
}

enum cli_exit
cmd_account_lock(struct cli *c)
{
	struct store_account a;
	struct cli_house h;
	enum cli_exit rc = find(c, &h, &a);
	size_t n = 0;

	if (rc != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_admin_account_lock(h.rp, &h.call, &a.id, &n), c->arg[0]);
	if (rc == CLI_OK)
		report(c, "locked", &a, n);
	cli_close(&h);
	return rc;
}

enum cli_exit
cmd_account_unlock(struct cli *c)
{
	struct store_account a;
	struct cli_house h;
	enum cli_exit rc = find(c, &h, &a);

	if (rc != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_admin_account_unlock(h.rp, &h.call, &a.id), c->arg[0]);
	if (rc == CLI_OK)
		report(c, "unlocked", &a, 0);
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
	print_safely(stderr, a->name);
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
	enum cli_exit rc = find(c, &h, &a);

	if (rc != CLI_OK)
		return rc;
	if (!asked(c, &a))
		rc = CLI_REFUSED;
	else
		rc = cli_answer(
		    rp_admin_account_remove(h.rp, &h.call, &a.id), c->arg[0]);
	if (rc == CLI_OK)
		report(c, "removed", &a, 0);
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
	if ((rc = find(c, &h, &a)) != CLI_OK)
		return rc;
	rc = cli_answer(rp_admin_session_revoke(h.rp, &h.call, &a.id, one, &n),
	    c->args > 1 ? c->arg[1] : c->arg[0]);
	if (rc == CLI_OK)
		report(c, "revoked", &a, n);
	cli_close(&h);
	return rc;
}
