/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/tell.h"

#include "rp/ids.h"
#include "rp/jcs.h"
#include "store/changes.h"
#include "store/outbox.h"
#include "webauthn/hash.h"

#define NOTICE_MS ((store_time)24 * 60 * 60 * 1000)

enum {
	PAYLOAD_MAX = 160,
	LEAST = 2, /* messages for a request; most have no more phones */
};

/* What a push says: opaque ids and times, never what it is about. */
static bool
payload(const char *type, const char *id, store_time expires,
    struct store_message *m)
{
	char text[PAYLOAD_MAX] = "";
	struct rp_jcs j = RP_JCS(text);

	rp_jcs_object(&j, NULL);
	rp_jcs_integer(&j, "exp", expires / 1000);
	if (id != NULL)
		rp_jcs_string(&j, "id", id);
	rp_jcs_string(&j, "t", type);
	rp_jcs_integer(&j, "v", 1);
	rp_jcs_end(&j);
	if (!rp_jcs_finish(&j))
		return false;
	memcpy(m->payload, text, j.n);
	m->payload_n = (uint16_t)j.n;
	m->expires = expires;
	return true;
}

/*
 * One topic a phone and type: a newer push takes the place of an older.  A
 * message to nobody has one too, and no address.
 */
static bool
address(const struct phone_id *phone, const uint8_t nobody[16],
    const char *type, struct store_message *m)
{
	const uint8_t *whose = phone != NULL ? phone->b : nobody;
	const struct slice parts[] = { slice_of("itsumo topic"), slice_of(type),
		{ whose, sizeof(phone->b) } };

	m->to_n = phone != NULL ? sizeof(phone->b) : 0;
	memcpy(m->to, whose, sizeof(phone->b));
	return wa_hash_parts(WA_SHA256, parts, 3, m->topic);
}

/* Whether a push can reach it at all now. */
static bool
rings(const struct rp_call *call, const struct store_phone *p)
{
	return p->push.endpoint[0] != '\0' && p->muted_until <= call->now;
}

static enum store_rc
send(struct store_txn *t, const struct rp_call *call, const char *type,
    const struct phone_id *phone, struct store_message *m)
{
	enum store_rc rc;

	if (!rp_id_make(call->now, m->id.b) ||
	    !address(phone, m->account.b, type, m))
		return STORE_FAULT;
	m->kind = STORE_MESSAGE_PUSH;
	m->created = m->due = call->now;
	if ((rc = store_message_add(t, m)) != STORE_OK)
		return rc;
	return store_change_note(t, STORE_CHANGE_OUTBOX, m->id.b, call->now);
}

enum store_rc
rp_tell_approval(struct store_txn *t, const struct rp_call *call,
    const struct store_approval *a, const struct store_guard *g)
{
	struct store_phone phones[STORE_PHONES_MAX];
	struct store_message m = { .urgent = true, .account = a->account };
	enum store_rc rc;
	size_t n = 0, sent = 0;
	bool rings_any;

	if (!payload(
		"approval", rp_id_write("apr_", a->id.b).s, a->expires, &m))
		return STORE_FAULT;
	rc = store_phones_of(t, &a->account, phones, &n);
	rings_any = !a->decoy && g->muted_until <= call->now;
	for (size_t i = 0; rc == STORE_OK && rings_any && i < n; i++) {
		if (!rings(call, &phones[i]))
			continue;
		rc = send(t, call, "approval", &phones[i].id, &m);
		sent++;
	}
	/* To nobody, each under a topic of its own. */
	for (; rc == STORE_OK && sent < LEAST; sent++) {
		rc = send(t, call, "approval", NULL, &m);
		m.account.b[0] ^= 1;
	}
	return rc;
}

static enum store_rc
tell(struct store_txn *t, const struct rp_call *call,
    const struct account_id *account, const struct phone_id *but, size_t *told)
{
	struct store_phone phones[STORE_PHONES_MAX];
	struct store_message m = { .account = *account };
	enum store_rc rc;
	size_t n = 0;

	*told = 0;
	if (!payload("notice", NULL, call->now + NOTICE_MS, &m))
		return STORE_FAULT;
	rc = store_phones_of(t, account, phones, &n);
	for (size_t i = 0; rc == STORE_OK && i < n; i++) {
		if (!rings(call, &phones[i]) ||
		    (but != NULL &&
			memcmp(&phones[i].id, but, sizeof(*but)) == 0))
			continue;
		rc = send(t, call, "notice", &phones[i].id, &m);
		*told += 1;
	}
	return rc;
}

enum store_rc
rp_tell_notice(struct store_txn *t, const struct rp_call *call,
    const struct account_id *account, const struct phone_id *but)
{
	size_t n;

	return tell(t, call, account, but, &n);
}

enum store_rc
rp_tell_phones(struct store_txn *t, const struct rp_call *call,
    const struct account_id *account, size_t *n)
{
	return tell(t, call, account, NULL, n);
}
