/* SPDX-License-Identifier: Apache-2.0 */
/* Links that are good once: made, listed, revoked. */
#include <stdio.h>
#include <unistd.h>

#include "rp/accounts.h"
#include "rp/ids.h"
#include "web/cli.h"
#include "web/server/shapes.h"

enum { PAGE = 64, LINK_MAX = 512 };

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
		json_out_word(
		    &j.out, "id", rp_id_write("inv_", invitation->id).s);
		if (expires != 0)
			json_out_time(&j.out, "expires_at", expires);
		json_out_object_end(&j.out);
		cli_json_end(&j);
		return CLI_OK;
	}
	printf("%s\n", link);
	if (expires != 0) {
		cli_print_time("good once, until ", expires);
		printf("; revoked by its id, %s\n",
		    rp_id_write("inv_", invitation->id).s);
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
print_invitation(const struct cli *c, const struct store_invitation *i,
    const struct store_account *a)
{
	struct cli_json j;

	if (c->json) {
		cli_json_begin(&j);
		json_out_object(&j.out, NULL);
		json_out_word(
		    &j.out, "id", rp_id_write("inv_", i->token_hash).s);
		json_out_word(
		    &j.out, "kind", i->for_account ? "passkey" : "account");
		if (i->for_account)
			json_out_word(&j.out, "account",
			    rp_id_write("acc_", i->account.b).s);
		if (*a->name != '\0')
			json_out_text(&j.out, "name", a->name);
		json_out_time(&j.out, "created_at", i->created);
		json_out_time(&j.out, "expires_at", i->expires);
		json_out_object_end(&j.out);
		cli_json_end(&j);
		return;
	}
	printf("%s  ", rp_id_write("inv_", i->token_hash).s);
	cli_print_time("made ", i->created);
	cli_print_time("  until ", i->expires);
	fputs(i->for_account ? "  into " : "  a new account ", stdout);
	cli_print_safely(stdout, a->name);
	putchar('\n');
}

/* The name that it is for: of the account that there is, or to be. */
static enum store_rc
name_of(
    struct store *s, const struct store_invitation *i, struct store_account *a)
{
	struct store_txn *t;
	enum store_rc rc;

	*a = (struct store_account){ 0 };
	memcpy(a->name, i->name, sizeof(a->name));
	if (!i->for_account)
		return STORE_OK;
	if ((rc = store_read_begin(s, &t)) != STORE_OK)
		return rc;
	rc = store_account_get(t, &i->account, a);
	store_read_end(t);
	return rc == STORE_ABSENT ? STORE_OK : rc;
}

enum cli_exit
cmd_invitation_list(struct cli *c)
{
	static struct store_invitation page[PAGE];
	const uint8_t *after = NULL;
	uint8_t last[32];
	struct store_account a;
	struct cli_house h;
	enum cli_exit rc = cli_open(c, &h);
	size_t n;

	if (rc != CLI_OK)
		return rc;
	do {
		n = 0;
		rc = cli_answer(rp_admin_invitations_list(
				    h.rp, &h.call, after, page, PAGE, &n),
		    "invitations");
		for (size_t i = 0; rc == CLI_OK && i < n; i++) {
			if (name_of(h.store, &page[i], &a) != STORE_OK)
				rc = cli_fail(CLI_STORAGE, "the store failed");
			else
				print_invitation(c, &page[i], &a);
		}
		if (n > 0)
			memcpy(last, page[n - 1].token_hash, sizeof(last));
		after = last;
	} while (rc == CLI_OK && n == PAGE);
	cli_close(&h);
	return rc;
}

enum cli_exit
cmd_invitation_revoke(struct cli *c)
{
	struct cli_house h;
	enum cli_exit rc;
	uint8_t id[16];

	if (!rp_id_read("inv_", c->arg[0], id))
		return cli_fail(
		    CLI_USAGE, "%s: is no id of an invitation", c->arg[0]);
	if ((rc = cli_open(c, &h)) != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_admin_invitation_revoke(h.rp, &h.call, id), c->arg[0]);
	cli_close(&h);
	return rc != CLI_OK ? rc : cli_done(c, "revoked", "revoked");
}
