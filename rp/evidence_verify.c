/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "rp/approvals.h"
#include "rp/evidence.h"
#include "rp/ids.h"
#include "webauthn/b64url.h"

/*
 * Verifies what rp_evidence_write() wrote, from its bytes alone.  The values
 * are read in their order, and nothing may stand between them.
 */

/* Decoded bytes live in the caller's room; slices point into it. */
struct pool {
	uint8_t *b;
	size_t n;
};

/* The value of the next member, which must be that one. */
static struct slice
take(struct cursor *c, const char *key)
{
	struct slice name = cursor_take(c, strlen(key));
	const uint8_t *end;
	struct slice value;

	if (c->bad || !slice_equal(name, slice_of(key)) ||
	    cursor_be(c, 1) != '=') {
		c->bad = true;
		return (struct slice){ 0 };
	}
	end = c->rest.n > 0 ? memchr(c->rest.p, ' ', c->rest.n) : NULL;
	if (end == NULL)
		return cursor_take(c, c->rest.n);
	value = cursor_take(c, (size_t)(end - c->rest.p));
	cursor_take(c, 1);
	/* A space is there for what follows it. */
	c->bad |= c->rest.n == 0;
	return value;
}

bool
rp_evidence_take(struct cursor *c, const char *key, char *out, size_t size)
{
	struct slice s = take(c, key);

	memset(out, 0, size);
	c->bad |= s.n >= size;
	if (c->bad)
		return false;
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	return true;
}

static struct slice
take_bytes(struct cursor *c, const char *key, struct pool *pool)
{
	struct slice s = take(c, key);
	size_t n = 0;

	if (c->bad || !wa_b64url_decode(s, pool->b + pool->n,
			  STORE_AUDIT_DETAIL_MAX - pool->n, &n)) {
		c->bad = true;
		return (struct slice){ 0 };
	}
	s = (struct slice){ pool->b + pool->n, n };
	pool->n += n;
	return s;
}

static bool
outcome_find(const char *name, enum store_approval_state *s)
{
	static const enum store_approval_state both[] = {
		STORE_APPROVAL_APPROVED, STORE_APPROVAL_MISMATCH
	};

	for (size_t i = 0; i < 2; i++)
		if (strcmp(name, rp_approval_state_name(both[i])) == 0) {
			*s = both[i];
			return true;
		}
	return false;
}

static bool
read_all(struct slice detail, struct pool *pool, struct rp_evidence *e)
{
	struct cursor c = cursor_over(detail);
	char version[4], approval[RP_ID_TEXT + 1], outcome[16];
	struct slice secret, origin;

	(void)rp_evidence_take(&c, "v", version, sizeof(version));
	(void)rp_evidence_take(&c, "approval", approval, sizeof(approval));
	(void)rp_evidence_take(&c, "outcome", outcome, sizeof(outcome));
	(void)rp_evidence_take(&c, "number", e->number, sizeof(e->number));
	(void)rp_evidence_take(&c, "choice", e->choice, sizeof(e->choice));
	secret = take_bytes(&c, "secret", pool);
	origin = take_bytes(&c, "origin", pool);
	e->transaction = take_bytes(&c, "transaction", pool);
	e->client_data_json = take_bytes(&c, "client-data", pool);
	e->authenticator_data = take_bytes(&c, "authenticator-data", pool);
	e->signature = take_bytes(&c, "signature", pool);
	e->credential_id = take_bytes(&c, "credential", pool);
	e->cose_key = take_bytes(&c, "key", pool);
	if (!cursor_finished(&c) || strcmp(version, "1") != 0 ||
	    secret.n != sizeof(e->secret) || origin.n >= sizeof(e->origin) ||
	    !rp_id_read("apr_", approval, e->approval.b) ||
	    !outcome_find(outcome, &e->outcome))
		return false;
	memcpy(e->secret, secret.p, sizeof(e->secret));
	memset(e->origin, 0, sizeof(e->origin));
	if (origin.n > 0)
		memcpy(e->origin, origin.p, origin.n);
	return true;
}

/*
 * T is in JCS, so a member of its outermost object is exactly these bytes,
 * and they cannot stand inside a string: their quotes would be escaped.
 */
static bool
says(struct slice transaction, const char *member, const char *value)
{
	char text[160];
	int n = snprintf(text, sizeof(text), "\"%s\":\"%s\"", member, value);

	return n > 0 && (size_t)n < sizeof(text) && transaction.n > 0 &&
	       memmem(transaction.p, transaction.n, text, (size_t)n) != NULL;
}

static const char *
judge_transaction(const struct rp_evidence *e, const struct account_id *account,
    const char *rp_id)
{
	const struct slice t = e->transaction;
	struct rp_sealed_number sealed;

	if (!rp_transaction_seal(e->secret, e->number, &sealed))
		return "machine";
	if (!says(t, "approval", rp_id_write("apr_", e->approval.b).s))
		return "approval";
	if (!says(t, "account", rp_id_write("acc_", account->b).s))
		return "account";
	if (!says(t, "rp_id", rp_id))
		return "rp-id";
	if (!says(t, "choice", e->choice))
		return "choice";
	if (!says(t, "sealed", sealed.s))
		return "number";
	if ((e->outcome == STORE_APPROVAL_APPROVED) !=
	    (strcmp(e->number, e->choice) == 0))
		return "outcome";
	return NULL;
}

enum wa_verdict
rp_evidence_verify(struct slice detail, const struct account_id *account,
    const char *rp_id, uint8_t room[STORE_AUDIT_DETAIL_MAX],
    struct rp_evidence *e, const char **what)
{
	struct pool pool = { .b = room };
	uint8_t challenge[32];
	const char *const origins[] = { e->origin, NULL };
	struct wa_assertion_expectation want = {
		.common = { .challenge = { challenge, 32 },
		    .rp_id = rp_id,
		    .origins = origins,
		    .need_uv = true },
		.ignore_sign_count = true,
	};
	struct wa_assertion got;
	struct wa_credential record;
	struct wa_assertion_result result;
	enum wa_verdict v;

	memset(e, 0, sizeof(*e));
	*what = "form";
	if (!read_all(detail, &pool, e))
		return WA_CLIENT_DATA_FORM;
	if ((*what = judge_transaction(e, account, rp_id)) != NULL)
		return WA_CHALLENGE;
	*what = "assertion";
	if (!rp_transaction_challenge(e->transaction, challenge))
		return WA_FAULT;
	got = (struct wa_assertion){ .credential_id = e->credential_id,
		.client_data_json = e->client_data_json,
		.authenticator_data = e->authenticator_data,
		.signature = e->signature };
	record = (struct wa_credential){ .credential_id = e->credential_id,
		.cose_key = e->cose_key };
	v = wa_assertion_verify(&want, &got, &record, &result);
	if (v == WA_OK)
		*what = NULL;
	return v;
}
