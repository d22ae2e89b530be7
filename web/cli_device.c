/* SPDX-License-Identifier: Apache-2.0 */
/* What opens an account, and what is lost in taxis: one by one. */
#include <stdio.h>

#include "rp/accounts.h"
#include "rp/browsers.h"
#include "rp/ids.h"
#include "rp/passkeys.h"
#include "rp/phones.h"
#include "web/cli.h"
#include "web/server/companions.h"
#include "web/server/shapes.h"

/* An object with one list: its beginning, and its end. */
static void
list_begin(struct cli_json *j, const char *name)
{
	cli_json_begin(j);
	json_out_object(&j->out, NULL);
	json_out_array(&j->out, name);
}

static void
list_end(struct cli_json *j)
{
	json_out_array_end(&j->out);
	json_out_object_end(&j->out);
	cli_json_end(j);
}

static void
print_line(const char *id, store_time made, const char *label, store_time used,
    const char *name)
{
	printf("%s  ", id);
	cli_print_time("", made);
	if (used != 0)
		cli_print_time(label, used);
	fputs("  ", stdout);
	cli_print_safely(stdout, name);
	putchar('\n');
}

/* The id of what arg[1] names, and the account that arg[0] names. */
static enum cli_exit
find_with_id(const struct cli *c, const char *prefix, const char *what,
    uint8_t id[16], struct cli_house *h, struct store_account *a)
{
	if (c->args > 1 && !rp_id_read(prefix, c->arg[1], id))
		return cli_fail(
		    CLI_USAGE, "%s: is no id of a %s", c->arg[1], what);
	return cli_find(c, h, a);
}

enum cli_exit
cmd_passkey_list(struct cli *c)
{
	static struct store_credential list[STORE_CREDENTIALS_MAX];
	struct rp_signed_in who = { 0 };
	struct cli_house h;
	struct cli_json j;
	size_t n = 0;
	enum cli_exit rc = cli_find(c, &h, &who.account);

	if (rc != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_passkeys_list(h.rp, &h.call, &who, list, &n), c->arg[0]);
	if (rc == CLI_OK && c->json)
		list_begin(&j, "passkeys");
	for (size_t i = 0; rc == CLI_OK && i < n; i++) {
		struct slice id = { list[i].id, list[i].id_n };

		if (c->json)
			shape_passkey(&j.out, NULL, NULL, &list[i], false);
		else
			print_line(
			    rp_id_write("pk_", store_credential_ref(id).b).s,
			    list[i].created, "  used ", list[i].last_used,
			    list[i].name);
	}
	if (rc == CLI_OK && c->json)
		list_end(&j);
	cli_close(&h);
	return rc;
}

enum cli_exit
cmd_passkey_remove(struct cli *c)
{
	struct credential_ref ref;
	struct store_account a;
	struct cli_house h = { 0 };
	enum rp_answer answer;
	enum cli_exit rc;
	size_t n = 0;

	if ((rc = find_with_id(c, "pk_", "passkey", ref.b, &h, &a)) != CLI_OK)
		return rc;
	answer =
	    rp_admin_passkey_remove(h.rp, &h.call, &a.id, &ref, c->force, &n);
	if (answer == RP_LAST_PASSKEY)
		rc = cli_fail(CLI_REFUSED,
		    "%s: is the last passkey of the account; `account invite` "
		    "gives its owner a link for another one, `account lock` "
		    "closes the account until then, --force removes it all "
		    "the same",
		    c->arg[1]);
	else
		rc = cli_answer(answer, c->arg[1]);
	if (rc == CLI_OK)
		cli_report(c, "removed", &a, n);
	cli_close(&h);
	return rc;
}

enum cli_exit
cmd_phone_list(struct cli *c)
{
	static struct store_phone list[STORE_PHONES_MAX];
	struct rp_signed_in who = { 0 };
	struct cli_house h;
	struct cli_json j;
	size_t n = 0;
	enum cli_exit rc = cli_find(c, &h, &who.account);

	if (rc != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_phones_list(h.rp, &h.call, &who, list, &n), c->arg[0]);
	if (rc == CLI_OK && c->json)
		list_begin(&j, "phones");
	for (size_t i = 0; rc == CLI_OK && i < n; i++) {
		if (c->json)
			shape_phone(&j.out, NULL, &list[i]);
		else
			print_line(rp_id_write("phn_", list[i].id.b).s,
			    list[i].created, "  seen ", list[i].last_seen,
			    list[i].name);
	}
	if (rc == CLI_OK && c->json)
		list_end(&j);
	cli_close(&h);
	return rc;
}

enum cli_exit
cmd_phone_remove(struct cli *c)
{
	struct phone_id id;
	struct store_account a;
	struct cli_house h = { 0 };
	enum cli_exit rc;

	if ((rc = find_with_id(c, "phn_", "phone", id.b, &h, &a)) != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_admin_phone_remove(h.rp, &h.call, &a.id, &id), c->arg[1]);
	if (rc == CLI_OK)
		cli_report(c, "removed", &a, 0);
	cli_close(&h);
	return rc;
}

enum cli_exit
cmd_browser_list(struct cli *c)
{
	static struct store_trust list[STORE_BROWSERS_MAX];
	struct store_account a;
	struct cli_house h;
	struct cli_json j;
	size_t n = 0;
	enum cli_exit rc = cli_find(c, &h, &a);

	if (rc != CLI_OK)
		return rc;
	rc = cli_answer(
	    rp_admin_browsers_list(h.rp, &h.call, &a.id, list, &n), c->arg[0]);
	if (rc == CLI_OK && c->json)
		list_begin(&j, "browsers");
	for (size_t i = 0; rc == CLI_OK && i < n; i++) {
		if (c->json)
			shape_trust(&j.out, NULL, &list[i], false);
		else
			print_line(rp_id_write("brw_", list[i].browser.b).s,
			    list[i].since, "  used ", list[i].last_used,
			    list[i].name);
	}
	if (rc == CLI_OK && c->json)
		list_end(&j);
	cli_close(&h);
	return rc;
}

/* One, or all. */
enum cli_exit
cmd_browser_revoke(struct cli *c)
{
	struct rp_revoked revoked = { 0 };
	struct browser_id id;
	struct store_account a;
	struct cli_house h = { 0 };
	enum cli_exit rc;

	if ((rc = find_with_id(c, "brw_", "browser", id.b, &h, &a)) != CLI_OK)
		return rc;
	rc = cli_answer(rp_admin_browser_revoke(h.rp, &h.call, &a.id,
			    c->args > 1 ? &id : NULL, &revoked),
	    c->args > 1 ? c->arg[1] : c->arg[0]);
	if (rc == CLI_OK)
		cli_report(c, "revoked", &a, revoked.sessions);
	cli_close(&h);
	return rc;
}
