/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: verified from end to end, and read. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "rp/accounts.h"
#include "rp/evidence.h"
#include "rp/ids.h"
#include "store/audit.h"
#include "web/cli.h"
#include "webauthn/utf8.h"

enum { ENTRIES = 100, HEAD_TEXT = 32 + 1 + 20 + 1 + 64, SHOWN = 400 };

/* ---- heads: "CHAIN:NUMBER:HASH" ---- */

static void
hex_write(const uint8_t *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool
hex_read(const char *s, uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char two[3] = { s[2 * i], s[2 * i] ? s[2 * i + 1] : '\0', 0 };

		if (!isxdigit((unsigned char)two[0]) ||
		    !isxdigit((unsigned char)two[1]))
			return false;
		bytes[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return true;
}

static void
head_write(const struct store_audit_head *h, char text[HEAD_TEXT + 1])
{
	int n;

	hex_write(h->chain, sizeof(h->chain), text);
	n = snprintf(text + 32, HEAD_TEXT + 1 - 32,
	    ":%llu:", (unsigned long long)h->number);
	hex_write(h->hash, sizeof(h->hash), text + 32 + n);
}

static bool
head_read(const char *text, struct store_audit_head *h)
{
	char *end;

	if (!hex_read(text, h->chain, sizeof(h->chain)) || text[32] != ':' ||
	    !isdigit((unsigned char)text[33]))
		return false;
	h->number = strtoull(text + 33, &end, 10);
	return *end == ':' && hex_read(end + 1, h->hash, sizeof(h->hash));
}

static void
head_json(const struct store_audit_head *h, void *arg)
{
	char text[HEAD_TEXT + 1];

	head_write(h, text);
	json_out_word(arg, NULL, text);
}

static void
head_print(const struct store_audit_head *h, void *arg)
{
	char text[HEAD_TEXT + 1];

	(void)arg;
	head_write(h, text);
	printf("head %s\n", text);
}

/* ---- verify ---- */

struct findings {
	struct store_audit_report log;
	struct rp_approvals_report approvals;
	size_t kept; /* heads that were kept elsewhere, and are there */
	char missed[HEAD_TEXT + 64]; /* the first that is not */
};

/* Each line "head …" of what an earlier run printed. */
static enum cli_exit
compare_heads(struct cli_house *h, const char *file, struct findings *found)
{
	struct store_audit_head head;
	char line[256];
	enum cli_exit rc = CLI_OK;
	enum store_rc s;
	FILE *f = fopen(file, "re");

	if (f == NULL)
		return cli_fail(CLI_USAGE, "%s: cannot be read", file);
	while (rc == CLI_OK && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "head ", 5) != 0)
			continue;
		line[strcspn(line, "\r\n")] = '\0';
		if (!head_read(line + 5, &head)) {
			rc = cli_fail(CLI_USAGE, "%s: no head: %s", file, line);
			break;
		}
		s = store_audit_has(h->store, &head);
		if (s == STORE_OK)
			found->kept++;
		else if (s != STORE_ABSENT && s != STORE_DAMAGED)
			rc = cli_fail(CLI_STORAGE, "the store failed");
		else if (found->missed[0] == '\0')
			(void)snprintf(found->missed, sizeof(found->missed),
			    "%.*s, kept elsewhere, is %s", HEAD_TEXT, line + 5,
			    s == STORE_ABSENT ? "missing" : "another entry");
	}
	(void)fclose(f);
	if (rc == CLI_OK && found->kept == 0 && found->missed[0] == '\0')
		rc = cli_fail(CLI_USAGE, "%s: has no line of a head", file);
	return rc;
}

/* The chains, then what stands in them of approvals, then what was kept. */
static enum cli_exit
find_out(const struct cli *c, struct cli_house *h, struct findings *found)
{
	*found = (struct findings){ .approvals = { .sound = true } };
	if (store_audit_verify(h->store, NULL, NULL, &found->log) != STORE_OK)
		return cli_fail(CLI_STORAGE, "the store failed");
	if (found->log.sound &&
	    rp_approvals_verify(
		h->store, h->site->config->rp_id, &found->approvals) != RP_OK)
		return cli_fail(CLI_STORAGE, "the store failed");
	return c->heads == NULL ? CLI_OK : compare_heads(h, c->heads, found);
}

static void
verify_json(
    struct cli_house *h, const struct findings *found, const char *trouble)
{
	struct cli_json j;

	cli_json_begin(&j);
	json_out_object(&j.out, NULL);
	json_out_bool(&j.out, "sound", trouble == NULL);
	json_out_int(&j.out, "chains", (int64_t)found->log.chains);
	json_out_int(&j.out, "entries", (int64_t)found->log.entries);
	json_out_int(&j.out, "approved", (int64_t)found->approvals.approved);
	json_out_int(
	    &j.out, "mismatches", (int64_t)found->approvals.mismatches);
	json_out_int(&j.out, "heads_compared", (int64_t)found->kept);
	json_out_array(&j.out, "heads");
	if (store_audit_heads(h->store, head_json, &j.out) != STORE_OK)
		j.out.failed = true;
	json_out_array_end(&j.out);
	if (trouble != NULL)
		json_out_text(&j.out, "trouble", trouble);
	json_out_object_end(&j.out);
	cli_json_end(&j);
}

static void
verify_text(
    struct cli_house *h, const struct findings *found, const char *trouble)
{
	printf("%s: %llu entries in %llu chains, %llu approvals and %llu wrong "
	       "numbers verified again",
	    trouble == NULL ? "sound" : "NOT SOUND",
	    (unsigned long long)found->log.entries,
	    (unsigned long long)found->log.chains,
	    (unsigned long long)found->approvals.approved,
	    (unsigned long long)found->approvals.mismatches);
	if (found->kept > 0)
		printf(", %zu kept heads found again", found->kept);
	printf("%s%s\n", trouble == NULL ? "" : "; ",
	    trouble == NULL ? "" : trouble);
	(void)store_audit_heads(h->store, head_print, NULL);
}

enum cli_exit
cmd_audit_verify(struct cli *c)
{
	struct findings found;
	struct cli_house h;
	const char *trouble = NULL;
	enum cli_exit rc = cli_open(c, &h);

	if (rc != CLI_OK)
		return rc;
	rc = find_out(c, &h, &found);
	if (!found.log.sound)
		trouble = found.log.trouble;
	else if (!found.approvals.sound)
		trouble = found.approvals.trouble;
	else if (found.missed[0] != '\0')
		trouble = found.missed;
	if (rc == CLI_OK)
		(c->json ? verify_json : verify_text)(&h, &found, trouble);
	cli_close(&h);
	return rc != CLI_OK ? rc : trouble == NULL ? CLI_OK : CLI_REFUSED;
}

/* ---- list ---- */

struct line {
	store_time at;
	struct account_id account;
	char event[STORE_AUDIT_EVENT_MAX + 1];
	char *detail; /* NULL: none that is text */
};

/* The newest of those that are wanted, oldest first. */
struct list {
	const struct account_id *account; /* or NULL: of any */
	store_time since;
	struct line *lines;
	size_t n, max;
	bool failed;
};

/* NULL where it is no text; false: there is no memory. */
static bool
take_text(struct slice detail, char **text)
{
	*text = NULL;
	if (detail.n == 0 || memchr(detail.p, '\0', detail.n) != NULL ||
	    !wa_utf8_valid(detail))
		return true;
	return (*text = strndup((const char *)detail.p, detail.n)) != NULL;
}

/* Chains are walked one by one: what is read was not written in this order. */
static void
list_take(const struct store_audit_entry *e, void *arg)
{
	struct list *l = arg;
	struct line *at;
	size_t i;

	if (e->at < l->since ||
	    (l->account != NULL &&
		memcmp(&e->account, l->account, sizeof(e->account)) != 0))
		return;
	if (l->n == l->max && e->at < l->lines[0].at)
		return;
	if (l->n == l->max) {
		free(l->lines[0].detail);
		memmove(l->lines, l->lines + 1, --l->n * sizeof(*l->lines));
	}
	for (i = l->n; i > 0 && l->lines[i - 1].at > e->at; i--)
		;
	at = &l->lines[i];
	memmove(at + 1, at, (l->n++ - i) * sizeof(*at));
	*at = (struct line){ .at = e->at, .account = e->account };
	memcpy(at->event, e->event.p, e->event.n);
	if (!take_text(e->detail, &at->detail))
		l->failed = true;
}

static bool
is_somebody(const struct account_id *id)
{
	static const struct account_id nobody;

	return memcmp(id, &nobody, sizeof(nobody)) != 0;
}

static void
line_json(const struct line *line)
{
	struct cli_json j;

	cli_json_begin(&j);
	json_out_object(&j.out, NULL);
	json_out_time(&j.out, "at", line->at);
	json_out_word(&j.out, "event", line->event);
	if (is_somebody(&line->account))
		json_out_word(
		    &j.out, "account", rp_id_write("acc_", line->account.b).s);
	if (line->detail != NULL)
		json_out_text(&j.out, "detail", line->detail);
	json_out_object_end(&j.out);
	cli_json_end(&j);
}

static void
line_text(const struct line *line)
{
	cli_print_time("", line->at);
	printf("  %-20s  %s", line->event,
	    is_somebody(&line->account) ? rp_id_write("acc_", line->account.b).s
					: "-");
	if (line->detail != NULL) {
		/* Of an approval it is a page: JSON has it all. */
		bool whole = strlen(line->detail) <= SHOWN;
		size_t n = whole ? strlen(line->detail) : SHOWN;

		while (!whole && (line->detail[n] & 0xc0) == 0x80)
			n--;
		line->detail[n] = '\0';
		fputs("  ", stdout);
		cli_print_safely(stdout, line->detail);
		fputs(whole ? "" : " ...", stdout);
	}
	putchar('\n');
}

static enum cli_exit
list_all(const struct cli *c, struct cli_house *h, struct list *l)
{
	struct store_audit_report r;

	if (store_audit_verify(h->store, list_take, l, &r) != STORE_OK)
		return cli_fail(CLI_STORAGE, "the store failed");
	if (l->failed)
		return cli_fail(CLI_SYSTEM, "no memory");
	for (size_t i = 0; i < l->n; i++)
		(c->json ? line_json : line_text)(&l->lines[i]);
	/* Read all the same: what is left of it may say what happened. */
	return r.sound ? CLI_OK
		       : cli_fail(CLI_REFUSED, "NOT SOUND: %s", r.trouble);
}

enum cli_exit
cmd_audit_list(struct cli *c)
{
	struct list l = { .since = c->since,
		.max = c->limit > 0 ? (size_t)c->limit : ENTRIES };
	struct store_account a;
	struct account_id id;
	struct cli_house h;
	enum cli_exit rc = cli_open(c, &h);

	if (rc != CLI_OK)
		return rc;
	/* One that was removed has an id still. */
	if (c->account != NULL && rp_id_read("acc_", c->account, id.b))
		l.account = &id;
	else if (c->account != NULL) {
		rc = cli_answer(
		    rp_admin_account_find(h.rp, &h.call, c->account, &a),
		    c->account);
		l.account = &a.id;
	}
	/* One more: an entry is put in before another goes. */
	if (rc == CLI_OK &&
	    (l.lines = calloc(l.max + 1, sizeof(*l.lines))) == NULL)
		rc = cli_fail(CLI_SYSTEM, "no memory");
	if (rc == CLI_OK)
		rc = list_all(c, &h, &l);
	for (size_t i = 0; i < l.n; i++)
		free(l.lines[i].detail);
	free(l.lines);
	cli_close(&h);
	return rc;
}
