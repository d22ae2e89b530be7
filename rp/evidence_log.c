/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "rp/evidence.h"
#include "rp/ids.h"
#include "store/credentials.h"
#include "webauthn/b64url.h"
#include "webauthn/hash.h"

/*
 * The approvals of a whole log.  Each carries the key that verifies it, so
 * whoever could append to the log could invent one under a key of their own:
 * it has to be a key that the log says the account has enrolled.
 */

/* What an entry "passkey-added" says. */
struct enrolled {
	struct account_id account;
	struct credential_ref passkey;
	bool has_key; /* entries that are older than this check have none */
	uint8_t key[32]; /* SHA-256 of its COSE key */
	store_time at;
};

struct log {
	const char *rp_id;
	struct rp_approvals_report *r;
	struct enrolled *list; /* sorted by account and passkey */
	size_t n, room;
	bool fault;
};

/* A clock may have been put back between enrolment and use. */
#define CLOCK_MS ((store_time)24 * 60 * 60 * 1000)

/* ---- enrolments ---- */

static bool
list_grow(struct log *l)
{
	const size_t room = l->room == 0 ? 256 : 2 * l->room;
	struct enrolled *list = realloc(l->list, room * sizeof(*list));

	if (list == NULL)
		return false;
	l->list = list;
	l->room = room;
	return true;
}

/* "passkey=pk_… key=…", and what does not matter here. */
static bool
read_enrolled(struct slice detail, struct enrolled *e)
{
	struct cursor c = cursor_over(detail);
	char id[RP_ID_TEXT + 1] = "", key[WA_B64URL_SIZE(32)] = "";
	size_t n = 0;

	if (!rp_evidence_take(&c, "passkey", id, sizeof(id)) ||
	    !rp_id_read("pk_", id, e->passkey.b))
		return false;
	e->has_key =
	    rp_evidence_take(&c, "key", key, sizeof(key)) &&
	    wa_b64url_decode(slice_of(key), e->key, sizeof(e->key), &n) &&
	    n == sizeof(e->key);
	return true;
}

static void
each_enrolment(const struct store_audit_entry *entry, void *arg)
{
	struct log *l = arg;
	struct enrolled e = { .account = entry->account, .at = entry->at };

	if (!slice_equal(entry->event, slice_of("passkey-added")) ||
	    !read_enrolled(entry->detail, &e))
		return;
	if (l->n == l->room && !list_grow(l))
		l->fault = true;
	else
		l->list[l->n++] = e;
}

static int
compare(const void *a, const void *b)
{
	const struct enrolled *x = a, *y = b;
	int c = memcmp(&x->account, &y->account, sizeof(x->account));

	return c != 0 ? c
		      : memcmp(&x->passkey, &y->passkey, sizeof(x->passkey));
}

/* The first of that account and passkey; NULL: none. */
static const struct enrolled *
list_find(const struct log *l, const struct enrolled *key)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (compare(&l->list[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n && compare(&l->list[low], key) == 0 ? &l->list[low]
							      : NULL;
}

/* NULL, or what does not hold. */
static const char *
judge_key(const struct log *l, const struct store_audit_entry *entry,
    const struct rp_evidence *e)
{
	const struct enrolled key = { .account = entry->account,
		.passkey = store_credential_ref(e->credential_id) };
	const struct enrolled *one = list_find(l, &key);
	uint8_t hash[32];

	if (!wa_sha256(e->cose_key, hash))
		return "machine";
	for (; one != NULL && one < l->list + l->n && compare(one, &key) == 0;
	     one++)
		if (one->at <= entry->at + CLOCK_MS &&
		    (!one->has_key || memcmp(one->key, hash, 32) == 0))
			return NULL;
	return "key";
}

/* ---- approvals ---- */

static void
trouble(struct rp_approvals_report *r, const struct store_audit_entry *entry,
    const struct rp_evidence *e, const char *what, enum wa_verdict v)
{
	/* The first one that is bad is the one that is named. */
	if (r->trouble[0] != '\0')
		return;
	snprintf(r->trouble, sizeof(r->trouble),
	    "approval=%s account=%s at=%lld what=%s verdict=%s",
	    rp_id_write("apr_", e->approval.b).s,
	    rp_id_write("acc_", entry->account.b).s, (long long)entry->at, what,
	    wa_verdict_name(v));
}

static void
each_approval(const struct store_audit_entry *entry, void *arg)
{
	struct log *l = arg;
	uint8_t room[STORE_AUDIT_DETAIL_MAX];
	struct rp_evidence e;
	const char *what;
	enum wa_verdict v;

	if (!slice_equal(entry->event, slice_of("approval")))
		return;
	v = rp_evidence_verify(
	    entry->detail, &entry->account, l->rp_id, room, &e, &what);
	if (v == WA_OK && (what = judge_key(l, entry, &e)) != NULL)
		v = strcmp(what, "machine") == 0 ? WA_FAULT : WA_CREDENTIAL_ID;
	l->fault |= v == WA_FAULT;
	if (v != WA_OK)
		trouble(l->r, entry, &e, what, v);
	else if (e.outcome == STORE_APPROVAL_APPROVED)
		l->r->approved++;
	else
		l->r->mismatches++;
}

enum rp_answer
rp_approvals_verify(
    struct store *s, const char *rp_id, struct rp_approvals_report *r)
{
	struct store_audit_report log;
	struct log l = { .rp_id = rp_id, .r = r };
	enum store_rc rc;

	memset(r, 0, sizeof(*r));
	rc = store_audit_verify(s, each_enrolment, &l, &log);
	if (rc == STORE_OK && l.n > 1)
		qsort(l.list, l.n, sizeof(*l.list), compare);
	if (rc == STORE_OK && !l.fault)
		rc = store_audit_verify(s, each_approval, &l, &log);
	free(l.list);
	if (rc != STORE_OK || l.fault)
		return RP_FAULT;
	r->sound = log.sound && r->trouble[0] == '\0';
	if (!log.sound && r->trouble[0] == '\0')
		snprintf(r->trouble, sizeof(r->trouble), "%s", log.trouble);
	return RP_OK;
}
