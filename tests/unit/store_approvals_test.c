/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/approval_codec.h"

/* Phones, kept browsers, approvals, guards, messages, news. */

/* ---- the records as bytes ---- */

struct any {
	union {
		struct store_phone phone;
		struct store_offer offer;
		struct store_browser browser;
		struct store_trust trust;
		struct store_approval approval;
		struct store_guard guard;
		struct store_message message;
	} u;
};

static void
fill_text(char *s, size_t size)
{
	memset(s, 'x', size - 1);
}

static void
fill_client(struct store_client *c)
{
	fill_text(c->browser, sizeof(c->browser));
	fill_text(c->address, sizeof(c->address));
	fill_text(c->place, sizeof(c->place));
}

static void
fill_a_phone(struct store_phone *p)
{
	memset(&p->credential, 1, sizeof(p->credential));
	memset(p->key, 2, sizeof(p->key));
	fill_text(p->name, sizeof(p->name));
	fill_text(p->platform, sizeof(p->platform));
	fill_text(p->push.endpoint, sizeof(p->push.endpoint));
	memset(p->push.p256dh, 3, sizeof(p->push.p256dh));
	memset(p->push.auth, 4, sizeof(p->push.auth));
	p->push_changed = p->created = p->last_seen = INT64_MAX;
	p->muted_until = INT64_MAX;
}

static void
fill_phone(struct any *x)
{
	fill_a_phone(&x->u.phone);
}

static void
fill_offer(struct any *x)
{
	struct store_offer *o = &x->u.offer;

	memset(o->token_hash, 1, sizeof(o->token_hash));
	memset(&o->account, 2, sizeof(o->account));
	memset(&o->session, 3, sizeof(o->session));
	o->state = STORE_OFFER_REFUSED;
	o->created = o->expires = INT64_MAX;
	fill_a_phone(&o->phone);
	memset(&o->phone.id, 4, sizeof(o->phone.id));
	o->phone.account = o->passkey.account = o->account;
	o->passkey.id_n = sizeof(o->passkey.id);
	memset(o->passkey.id, 5, sizeof(o->passkey.id));
	o->passkey.cose_key_n = sizeof(o->passkey.cose_key);
	o->passkey.traits = 0xff;
	memset(o->passkey.cose_key, 6, sizeof(o->passkey.cose_key));
	fill_text(o->passkey.format, sizeof(o->passkey.format));
	fill_text(o->passkey.name, sizeof(o->passkey.name));
	fill_client(&o->client);
}

static void
fill_browser(struct any *x)
{
	struct store_browser *b = &x->u.browser;

	memset(b->token_hash, 1, sizeof(b->token_hash));
	memset(b->previous_hash, 2, sizeof(b->previous_hash));
	memset(b->key_thumbprint, 3, sizeof(b->key_thumbprint));
	b->created = b->rotated = b->expires = INT64_MAX;
	memset(b->accounts, 4, sizeof(b->accounts));
	b->account_count = STORE_BROWSER_ACCOUNTS_MAX;
}

static void
fill_trust(struct any *x)
{
	struct store_trust *t = &x->u.trust;

	fill_text(t->name, sizeof(t->name));
	t->method = STORE_METHOD_CODE;
	t->since = t->last_used = INT64_MAX;
	fill_client(&t->client);
}

static void
fill_approval(struct any *x)
{
	struct store_approval *a = &x->u.approval;

	memset(&a->account, 1, sizeof(a->account));
	a->decoy = a->same_network = true;
	a->state = STORE_APPROVAL_CANCELLED;
	a->match = STORE_MATCH_TYPE6;
	a->created = a->expires = a->decided = INT64_MAX;
	memset(a->nonce, 2, sizeof(a->nonce));
	memset(a->secret, 3, sizeof(a->secret));
	fill_text(a->number, sizeof(a->number));
	for (int i = 0; i < STORE_SHOWN; i++)
		fill_text(a->shown[i], sizeof(a->shown[i]));
	fill_text(a->app, sizeof(a->app));
	fill_text(a->binding, sizeof(a->binding));
	memset(a->cookie, 4, sizeof(a->cookie));
	memset(a->key, 5, sizeof(a->key));
	memset(a->network, 6, sizeof(a->network));
	fill_client(&a->client);
	fill_text(a->network_name, sizeof(a->network_name));
	memset(&a->kept, 7, sizeof(a->kept));
	memset(&a->phone, 8, sizeof(a->phone));
	fill_text(a->choice, sizeof(a->choice));
	memset(&a->credential, 9, sizeof(a->credential));
}

static void
fill_guard(struct any *x)
{
	struct store_guard *g = &x->u.guard;

	g->stranger = g->off = g->passkey_optional = true;
	memset(&g->pending, 1, sizeof(g->pending));
	g->forget = g->paused_until = g->muted_until = INT64_MAX;
	for (int i = 0; i < 3; i++)
		g->asked[i] = INT64_MAX;
	g->mismatches[0] = g->mismatches[1] = INT64_MAX;
	g->level = UINT8_MAX;
	g->blocked_count = STORE_BLOCKED_MAX;
	for (int i = 0; i < STORE_BLOCKED_MAX; i++) {
		memset(g->blocked[i].hash, i, 32);
		g->blocked[i].until = INT64_MAX;
	}
}

static void
fill_message(struct any *x)
{
	struct store_message *m = &x->u.message;

	m->kind = STORE_MESSAGE_MAIL;
	m->state = STORE_MESSAGE_GIVEN_UP;
	m->urgent = true;
	memset(&m->account, 1, sizeof(m->account));
	memset(m->to, 2, sizeof(m->to));
	m->to_n = sizeof(m->to);
	memset(m->payload, 3, sizeof(m->payload));
	m->payload_n = sizeof(m->payload);
	memset(m->topic, 4, sizeof(m->topic));
	m->created = m->due = m->expires = INT64_MAX;
	m->attempts = UINT32_MAX;
	fill_text(m->trouble, sizeof(m->trouble));
}

#define CODEC(type)                                                            \
	static void encode_##type(struct writer *w, const struct any *x)       \
	{                                                                      \
		type##_encode(w, &x->u.type);                                  \
	}                                                                      \
	static bool decode_##type(struct slice value, struct any *x)           \
	{                                                                      \
		return type##_decode(value, &x->u.type);                       \
	}

CODEC(phone)
CODEC(offer)
CODEC(browser)
CODEC(trust)
CODEC(approval)
CODEC(guard)
CODEC(message)

#define ROW(type, max)                                                         \
	{                                                                      \
#type, fill_##type, encode_##type, decode_##type, max          \
	}

static const struct {
	const char *name;
	void (*fill)(struct any *x);
	void (*encode)(struct writer *w, const struct any *x);
	bool (*decode)(struct slice value, struct any *x);
	size_t max;
} types[] = {
	ROW(phone, PHONE_RECORD_MAX),
	ROW(offer, OFFER_RECORD_MAX),
	ROW(browser, BROWSER_RECORD_MAX),
	ROW(trust, TRUST_RECORD_MAX),
	ROW(approval, APPROVAL_RECORD_MAX),
	ROW(guard, GUARD_RECORD_MAX),
	ROW(message, MESSAGE_RECORD_MAX),
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

static uint8_t bytes[16384];
static struct any in, out;

/* The least that is a record at all, or the most. */
static size_t
encoded(size_t type, bool filled)
{
	struct writer w = { .p = bytes, .room = types[type].max };

	memset(&in, 0, sizeof(in));
	if (filled)
		types[type].fill(&in);
	else if (types[type].encode == encode_offer)
		in.u.offer.state = STORE_OFFER_OPEN;
	else if (types[type].encode == encode_trust)
		in.u.trust.method = STORE_METHOD_PASSKEY;
	else if (types[type].encode == encode_approval) {
		in.u.approval.state = STORE_APPROVAL_PENDING;
		in.u.approval.match = STORE_MATCH_NONE;
	} else if (types[type].encode == encode_message) {
		in.u.message.kind = STORE_MESSAGE_PUSH;
		in.u.message.state = STORE_MESSAGE_WAITS;
	}
	types[type].encode(&w, &in);
	if (w.bad)
		fail_msg("%s does not fit", types[type].name);
	return w.n;
}

/* From memory of exactly n bytes, so that a byte too far is seen. */
static bool
decoded(size_t type, const uint8_t *p, size_t n)
{
	uint8_t *exact = malloc(n > 0 ? n : 1);
	bool ok;

	assert_non_null(exact);
	memcpy(exact, p, n);
	memset(&out, 0, sizeof(out));
	ok = types[type].decode((struct slice){ exact, n }, &out);
	free(exact);
	return ok;
}

static void
comes_back_as_it_went(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++)
		for (int filled = 0; filled < 2; filled++) {
			size_t n = encoded(i, filled);

			if (!decoded(i, bytes, n) ||
			    memcmp(&in, &out, sizeof(in)) != 0)
				fail_msg("%s %d", types[i].name, filled);
		}
}

static void
fills_its_room_and_no_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		size_t n = encoded(i, true);

		if (n != types[i].max)
			fail_msg(
			    "%s: %zu of %zu", types[i].name, n, types[i].max);
		for (size_t cut = 0; cut < n; cut++)
			if (decoded(i, bytes, cut))
				fail_msg("%s cut at %zu", types[i].name, cut);
		bytes[n] = 0;
		assert_false(decoded(i, bytes, n + 1));
		for (int v = 0; v < 256; v++) {
			bytes[0] = (uint8_t)v;
			assert_int_equal(decoded(i, bytes, n), v == 1);
		}
	}
}

/* What decodes is canonical: it encodes to the same bytes. */
static void
never_trusts_what_it_reads(void **state)
{
	static uint8_t was[sizeof(bytes)];
	uint64_t seed = 20261122;

	(void)state;
	for (size_t i = 0; i < TYPES; i++)
		for (int round = 0; round < 4000; round++) {
			size_t n = encoded(i, round & 1);
			struct writer w;

			for (uint64_t k = numbers(&seed) % 4; k > 0; k--)
				bytes[numbers(&seed) % n] =
				    (uint8_t)numbers(&seed);
			memcpy(was, bytes, n);
			if (!decoded(i, was, n))
				continue;
			w = (struct writer){ .p = bytes, .room = types[i].max };
			types[i].encode(&w, &out);
			if (w.bad || w.n != n || memcmp(was, bytes, n) != 0)
				fail_msg("%s is not canonical", types[i].name);
		}
}

static void
refuses_what_is_longer_than_it_may_be(void **state)
{
	struct writer w;

	(void)state;
	for (int i = 0; i < 6; i++) {
		memset(&in, 0, sizeof(in));
		w = WRITER(bytes);
		switch (i) {
		case 0:
			in.u.browser.account_count =
			    STORE_BROWSER_ACCOUNTS_MAX + 1;
			browser_encode(&w, &in.u.browser);
			break;
		case 1:
			in.u.guard.blocked_count = STORE_BLOCKED_MAX + 1;
			guard_encode(&w, &in.u.guard);
			break;
		case 2:
			in.u.message.to_n = STORE_ADDRESS_TEXT_MAX + 1;
			message_encode(&w, &in.u.message);
			break;
		case 3:
			in.u.message.payload_n = STORE_PAYLOAD_MAX + 1;
			message_encode(&w, &in.u.message);
			break;
		case 4:
			memset(in.u.phone.push.endpoint, 'x',
			    sizeof(in.u.phone.push.endpoint));
			phone_encode(&w, &in.u.phone);
			break;
		case 5:
			in.u.approval.created = -1;
			approval_encode(&w, &in.u.approval);
			break;
		}
		assert_true(w.bad);
	}
}

/* ---- phones ---- */

OP(add_phone, struct store_phone, store_phone_add(t, x))
OP(put_phone, struct store_phone, store_phone_put(t, x))
OP(remove_phone, struct phone_id, store_phone_remove(t, x))
OP(remove_account, struct account_id, store_account_remove(t, x))

static struct store_phone
a_phone(uint32_t account, uint32_t n)
{
	struct store_phone p = { .account = an_account_id(account),
		.name = "Phone",
		.created = 1000 + n };

	for (int i = 0; i < 4; i++)
		p.id.b[4 + i] = (uint8_t)(n >> (24 - 8 * i));
	memset(p.key, (int)n, sizeof(p.key));
	return p;
}

static enum store_rc
phone_get(struct kit *k, const struct phone_id *id, struct store_phone *p)
{
	struct store_txn *t;
	enum store_rc rc;

	assert_ok(store_read_begin(k->s, &t));
	rc = store_phone_get(t, id, p);
	store_read_end(t);
	return rc;
}

static size_t
phones_of(struct kit *k, uint32_t account, struct store_phone *list)
{
	struct account_id id = an_account_id(account);
	struct store_txn *t;
	size_t n = 0;

	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_phones_of(t, &id, list, &n));
	store_read_end(t);
	return n;
}

static void
keeps_phones_with_their_account(void **state)
{
	struct kit *k = *state;
	struct store_phone list[STORE_PHONES_MAX], p = a_phone(1, 5), got;
	struct account_id id = an_account_id(1);

	assert_int_equal(store_update(k->s, add_phone, &p), STORE_ABSENT);
	assert_ok(kit_add_account(k, 1));
	assert_ok(kit_add_account(k, 2));
	assert_ok(store_update(k->s, add_phone, &p));
	assert_int_equal(store_update(k->s, add_phone, &p), STORE_TAKEN);
	p = a_phone(1, 3);
	assert_ok(store_update(k->s, add_phone, &p));
	p = a_phone(2, 4);
	assert_ok(store_update(k->s, add_phone, &p));
	assert_int_equal(phones_of(k, 1, list), 2);
	assert_int_equal(list[0].created, 1003);
	assert_int_equal(list[1].created, 1005);
	assert_ok(phone_get(k, &p.id, &got));
	assert_memory_equal(&got.account, &p.account, sizeof(p.account));

	p.last_seen = 77;
	assert_ok(store_update(k->s, put_phone, &p));
	assert_ok(phone_get(k, &p.id, &got));
	assert_int_equal(got.last_seen, 77);
	p.key[0] ^= 1;
	assert_int_equal(store_update(k->s, put_phone, &p), STORE_FAULT);
	p = a_phone(1, 4);
	assert_int_equal(store_update(k->s, put_phone, &p), STORE_FAULT);
	assert_ok(store_update(k->s, remove_phone, &p.id));
	assert_int_equal(phone_get(k, &p.id, &got), STORE_ABSENT);
	assert_int_equal(store_update(k->s, remove_phone, &p.id), STORE_ABSENT);
	assert_ok(store_update(k->s, remove_account, &id));
	assert_int_equal(entries(k->s, TABLE_PHONES), 0);
}

static void
has_room_for_ten_phones(void **state)
{
	struct kit *k = *state;
	struct store_phone p;

	assert_ok(kit_add_account(k, 1));
	for (uint32_t i = 0; i < STORE_PHONES_MAX; i++) {
		p = a_phone(1, i + 1);
		assert_ok(store_update(k->s, add_phone, &p));
	}
	p = a_phone(1, 99);
	assert_int_equal(store_update(k->s, add_phone, &p), STORE_REFUSED);
	assert_int_equal(entries(k->s, TABLE_PHONES), STORE_PHONES_MAX);
}

/* ---- browsers ---- */

OP(add_browser, struct store_browser, store_browser_add(t, x))
OP(put_browser, struct store_browser, store_browser_put(t, x))
OP(remove_browser, struct browser_id, store_browser_remove(t, x))
OP(put_trust, struct store_trust, store_trust_put(t, x))
OP(remove_trust, struct store_trust,
    store_trust_remove(t, &x->account, &x->browser))

static struct store_browser
a_browser(uint32_t n)
{
	struct store_browser b = {
		.created = 1, .rotated = 1, .expires = 1000
	};

	memcpy(b.id.b, &n, sizeof(n));
	return b;
}

static struct store_trust
a_trust(uint32_t account, uint32_t browser, store_time at)
{
	return (struct store_trust){ .account = an_account_id(account),
		.browser = a_browser(browser).id,
		.name = "Desk",
		.method = STORE_METHOD_PASSKEY,
		.since = at,
		.last_used = at };
}

static size_t
trusts_of(struct kit *k, uint32_t account, struct store_trust *list)
{
	struct account_id id = an_account_id(account);
	struct store_txn *t;
	size_t n = 0;

	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_trusts_of(t, &id, list, &n));
	store_read_end(t);
	return n;
}

static void
keeps_browsers_as_long_as_anybody_does(void **state)
{
	struct kit *k = *state;
	struct store_trust list[STORE_BROWSERS_MAX], t = a_trust(1, 1, 5);
	struct store_browser b = a_browser(1);
	unsigned swept;

	assert_ok(kit_add_account(k, 1));
	assert_ok(kit_add_account(k, 2));
	assert_int_equal(store_update(k->s, put_trust, &t), STORE_ABSENT);
	assert_ok(store_update(k->s, add_browser, &b));
	assert_ok(store_update(k->s, put_trust, &t));
	assert_ok(store_update(k->s, put_trust, &t));
	t = a_trust(2, 1, 6);
	assert_ok(store_update(k->s, put_trust, &t));
	/* What the browser is rotated to says nothing of who keeps it. */
	b.account_count = 0;
	b.expires = 2000;
	assert_ok(store_update(k->s, put_browser, &b));
	t = a_trust(1, 1, 5);
	assert_ok(store_update(k->s, remove_trust, &t));
	assert_int_equal(store_update(k->s, remove_trust, &t), STORE_ABSENT);
	assert_int_equal(entries(k->s, TABLE_BROWSERS), 1);
	assert_int_equal(trusts_of(k, 2, list), 1);
	t = a_trust(2, 1, 6);
	assert_ok(store_update(k->s, remove_trust, &t));
	assert_int_equal(entries(k->s, TABLE_BROWSERS), 0);
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 0);

	/* And until it expires, with all trust in it. */
	assert_ok(store_update(k->s, add_browser, &b));
	assert_ok(store_update(k->s, put_trust, &t));
	assert_ok(store_sweep(k->s, 1999, 100, &swept));
	assert_int_equal(trusts_of(k, 2, list), 1);
	assert_ok(store_sweep(k->s, 2000, 100, &swept));
	assert_int_equal(trusts_of(k, 2, list), 0);
	assert_int_equal(entries(k->s, TABLE_BROWSERS), 0);
}

static void
gives_up_what_is_unused_longest(void **state)
{
	struct kit *k = *state;
	struct store_trust list[STORE_BROWSERS_MAX], t;
	struct store_browser b;

	for (uint32_t i = 1; i <= STORE_BROWSER_ACCOUNTS_MAX + 1; i++)
		assert_ok(kit_add_account(k, i));
	for (uint32_t i = 1; i <= STORE_BROWSERS_MAX + 2; i++) {
		b = a_browser(i);
		t = a_trust(1, i, 100 + i);
		assert_ok(store_update(k->s, add_browser, &b));
		assert_ok(store_update(k->s, put_trust, &t));
	}
	assert_int_equal(trusts_of(k, 1, list), STORE_BROWSERS_MAX);
	assert_int_equal(list[0].last_used, 100 + STORE_BROWSERS_MAX + 2);
	assert_int_equal(list[STORE_BROWSERS_MAX - 1].last_used, 103);
	assert_int_equal(entries(k->s, TABLE_BROWSERS), STORE_BROWSERS_MAX);
	/* And of those who keep one browser, the first. */
	for (uint32_t i = 2; i <= STORE_BROWSER_ACCOUNTS_MAX + 1; i++) {
		t = a_trust(i, 7, 500 + i);
		assert_ok(store_update(k->s, put_trust, &t));
	}
	assert_int_equal(trusts_of(k, 1, list), STORE_BROWSERS_MAX - 1);
	b = a_browser(7);
	assert_ok(store_update(k->s, remove_browser, &b.id));
	for (uint32_t i = 2; i <= STORE_BROWSER_ACCOUNTS_MAX + 1; i++)
		assert_int_equal(trusts_of(k, i, list), 0);
}

/* ---- approvals and guards ---- */

OP(add_approval, struct store_approval, store_approval_add(t, x))
OP(put_approval, struct store_approval, store_approval_put(t, x))
OP(put_guard, struct store_guard, store_guard_put(t, x))

static struct store_approval
an_approval(uint32_t n, store_time expires)
{
	struct store_approval a = { .account = an_account_id(1),
		.state = STORE_APPROVAL_PENDING,
		.match = STORE_MATCH_TYPE2,
		.created = 1,
		.expires = expires };

	memcpy(a.id.b, &n, sizeof(n));
	return a;
}

static enum store_rc
overdue(struct kit *k, store_time now, struct store_approval *a)
{
	struct store_txn *t;
	enum store_rc rc;

	assert_ok(store_read_begin(k->s, &t));
	rc = store_approval_overdue(t, now, a);
	store_read_end(t);
	return rc;
}

static void
finds_what_is_overdue(void **state)
{
	struct kit *k = *state;
	struct store_approval a = an_approval(1, 300), b = an_approval(2, 200),
			      got;
	unsigned swept;

	assert_int_equal(overdue(k, INT64_MAX, &got), STORE_ABSENT);
	assert_ok(store_update(k->s, add_approval, &a));
	assert_int_equal(store_update(k->s, add_approval, &a), STORE_TAKEN);
	assert_ok(store_update(k->s, add_approval, &b));
	assert_int_equal(overdue(k, 199, &got), STORE_ABSENT);
	assert_ok(overdue(k, 200, &got));
	assert_memory_equal(&got.id, &b.id, sizeof(b.id));
	b.state = STORE_APPROVAL_CHOSEN;
	assert_ok(store_update(k->s, put_approval, &b));
	assert_ok(overdue(k, 200, &got));
	b.state = STORE_APPROVAL_APPROVED;
	assert_ok(store_update(k->s, put_approval, &b));
	assert_int_equal(overdue(k, 299, &got), STORE_ABSENT);
	/* What is over stays over, and is what it was. */
	b.state = STORE_APPROVAL_PENDING;
	assert_int_equal(store_update(k->s, put_approval, &b), STORE_FAULT);
	b.state = STORE_APPROVAL_COLLECTED;
	b.expires++;
	assert_int_equal(store_update(k->s, put_approval, &b), STORE_FAULT);
	/* A day later both are gone, the one nobody closed as well. */
	assert_ok(store_sweep(k->s, 200 + 86400000, 100, &swept));
	assert_int_equal(entries(k->s, TABLE_APPROVALS), 2);
	assert_ok(store_sweep(k->s, 300 + 86400000, 100, &swept));
	assert_int_equal(entries(k->s, TABLE_APPROVALS), 0);
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 0);
}

static enum store_rc
approved(struct kit *k, uint32_t account, struct store_approval *a)
{
	struct account_id id = an_account_id(account);
	struct store_txn *t;
	enum store_rc rc;

	assert_ok(store_read_begin(k->s, &t));
	rc = store_approval_approved(t, &id, a);
	store_read_end(t);
	return rc;
}

/* The first one cannot be read any more; who is found in its place. */
static enum store_rc
spoil_and_find(struct store_txn *t, void *arg)
{
	static const uint8_t nothing[] = { 0xff };
	const struct account_id account = an_account_id(1);
	struct store_approval *a = arg;
	uint8_t key[1 + sizeof(a->id.b)] = { 'a' };
	enum store_rc rc;

	memcpy(key + 1, a->id.b, sizeof(a->id.b));
	rc = engine_put(t, TABLE_APPROVALS, (struct slice){ key, sizeof(key) },
	    (struct slice){ nothing, sizeof(nothing) }, ENGINE_REPLACE);
	return rc != STORE_OK ? rc : store_approval_approved(t, &account, a);
}

static void
passes_over_what_cannot_be_read(void **state)
{
	struct kit *k = *state;
	struct store_approval a = an_approval(1, 300), b = an_approval(2, 300);

	a.state = b.state = STORE_APPROVAL_APPROVED;
	assert_ok(store_update(k->s, add_approval, &a));
	assert_ok(store_update(k->s, add_approval, &b));
	assert_ok(store_update(k->s, spoil_and_find, &a));
	assert_memory_equal(&a.id, &b.id, sizeof(b.id));
}

static void
finds_what_is_approved_and_not_collected(void **state)
{
	struct kit *k = *state;
	struct store_approval a = an_approval(1, 300), b = an_approval(2, 300),
			      got;
	unsigned swept;

	assert_ok(store_update(k->s, add_approval, &a));
	assert_ok(store_update(k->s, add_approval, &b));
	assert_int_equal(approved(k, 1, &got), STORE_ABSENT);
	a.state = b.state = STORE_APPROVAL_APPROVED;
	assert_ok(store_update(k->s, put_approval, &a));
	assert_ok(store_update(k->s, put_approval, &b));
	assert_int_equal(approved(k, 2, &got), STORE_ABSENT);
	assert_ok(approved(k, 1, &got));
	got.state = STORE_APPROVAL_COLLECTED;
	assert_ok(store_update(k->s, put_approval, &got));
	assert_ok(approved(k, 1, &got));
	got.state = STORE_APPROVAL_CANCELLED;
	assert_ok(store_update(k->s, put_approval, &got));
	assert_int_equal(approved(k, 1, &got), STORE_ABSENT);
	/* Nor is it found when its record has gone. */
	a = an_approval(3, 300);
	a.state = STORE_APPROVAL_APPROVED;
	assert_ok(store_update(k->s, add_approval, &a));
	assert_ok(store_sweep(k->s, 300 + 86400000, 100, &swept));
	assert_int_equal(entries(k->s, TABLE_APPROVALS), 0);
}

static struct store_guard
guard_get(struct kit *k, uint32_t account)
{
	struct account_id id = an_account_id(account);
	struct store_guard g;
	struct store_txn *t;

	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_guard_get(t, &id, &g));
	store_read_end(t);
	return g;
}

static void
forgets_a_guard_in_its_time(void **state)
{
	struct kit *k = *state;
	struct store_guard g = guard_get(k, 1);
	struct account_id id = an_account_id(1);
	unsigned swept;

	assert_int_equal(g.level, 0);
	g.level = 2;
	g.forget = 100;
	assert_ok(store_update(k->s, put_guard, &g));
	g.forget = 200;
	assert_ok(store_update(k->s, put_guard, &g));
	assert_int_equal(entries(k->s, TABLE_EXPIRY), 1);
	assert_ok(store_sweep(k->s, 199, 100, &swept));
	assert_int_equal(guard_get(k, 1).level, 2);
	assert_ok(store_sweep(k->s, 200, 100, &swept));
	assert_int_equal(guard_get(k, 1).level, 0);
	/* One that is kept. */
	g.forget = 300;
	assert_ok(store_update(k->s, put_guard, &g));
	g.forget = 0;
	assert_ok(store_update(k->s, put_guard, &g));
	assert_ok(store_sweep(k->s, INT64_MAX, 100, &swept));
	assert_int_equal(guard_get(k, 1).level, 2);
	/* But with its account. */
	assert_ok(kit_add_account(k, 1));
	assert_ok(store_update(k->s, remove_account, &id));
	assert_int_equal(entries(k->s, TABLE_GUARDS), 0);
}

/* ---- the outbox ---- */

OP(add_message, struct store_message, store_message_add(t, x))

struct taking {
	unsigned kinds;
	store_time now;
	struct store_message *m;
	enum store_rc rc;
};

static enum store_rc
take_message(struct store_txn *t, void *arg)
{
	struct taking *x = arg;

	/* What was given up on the way is to be kept. */
	x->rc = store_message_take(t, x->kinds, x->now, 60, x->m);
	return x->rc == STORE_ABSENT ? STORE_OK : x->rc;
}

struct settling {
	struct message_id id;
	uint32_t attempt;
	store_time when;
};
OP(done_message, struct settling, store_message_done(t, &x->id, x->attempt))
OP(retry_message, struct settling,
    store_message_retry(t, &x->id, x->attempt, x->when, "later"))
OP(give_up_message, struct settling,
    store_message_give_up(t, &x->id, x->attempt, x->when, "never"))

static struct store_message
a_message(uint32_t n, enum store_message_kind kind, store_time due)
{
	struct store_message m = { .kind = kind,
		.to_n = 1,
		.payload_n = 5,
		.created = 1,
		.due = due,
		.expires = due + 1000 };

	memcpy(m.id.b, &n, sizeof(n));
	memcpy(m.payload, "hello", 5);
	return m;
}

static enum store_rc
take(struct kit *k, unsigned kinds, store_time now, struct store_message *m)
{
	struct taking x = { .kinds = kinds, .now = now, .m = m };

	assert_ok(store_update(k->s, take_message, &x));
	return x.rc;
}

static enum store_rc
settle(
    struct kit *k, store_fn *fn, const struct store_message *m, store_time when)
{
	struct settling x = { m->id, m->attempts, when };

	return store_update(k->s, fn, &x);
}

enum { PUSH = 1u << STORE_MESSAGE_PUSH, MAIL = 1u << STORE_MESSAGE_MAIL };

static void
leases_a_message_to_one(void **state)
{
	struct kit *k = *state;
	struct store_message m = a_message(1, STORE_MESSAGE_PUSH, 10), a, b;

	assert_ok(store_update(k->s, add_message, &m));
	assert_int_equal(take(k, PUSH, 9, &a), STORE_ABSENT);
	assert_int_equal(take(k, MAIL, 10, &a), STORE_ABSENT);
	assert_ok(take(k, PUSH | MAIL, 10, &a));
	assert_int_equal(a.attempts, 1);
	assert_memory_equal(a.payload, "hello", 5);
	assert_int_equal(take(k, PUSH, 69, &b), STORE_ABSENT);
	/* Whoever had it is gone; what it may still say is nothing. */
	assert_ok(take(k, PUSH, 70, &b));
	assert_int_equal(b.attempts, 2);
	assert_int_equal(settle(k, done_message, &a, 0), STORE_ABSENT);
	assert_int_equal(settle(k, retry_message, &a, 80), STORE_ABSENT);
	assert_int_equal(settle(k, give_up_message, &a, 80), STORE_ABSENT);
	assert_ok(settle(k, retry_message, &b, 500));
	assert_int_equal(take(k, PUSH, 499, &a), STORE_ABSENT);
	assert_ok(take(k, PUSH, 500, &a));
	assert_string_equal(a.trouble, "later");
	assert_ok(settle(k, done_message, &a, 0));
	assert_int_equal(settle(k, done_message, &a, 0), STORE_ABSENT);
	assert_int_equal(entries(k->s, TABLE_OUTBOX), 0);
}

static void
takes_what_is_due_first(void **state)
{
	struct kit *k = *state;
	struct store_message m[3] = { a_message(1, STORE_MESSAGE_MAIL, 30),
		a_message(2, STORE_MESSAGE_PUSH, 20),
		a_message(3, STORE_MESSAGE_PUSH, 10) };
	struct store_message got;
	struct store_txn *t;
	store_time due;

	for (int i = 0; i < 3; i++)
		assert_ok(store_update(k->s, add_message, &m[i]));
	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_message_next(t, PUSH | MAIL, &due));
	assert_int_equal(due, 10);
	assert_ok(store_message_next(t, MAIL, &due));
	assert_int_equal(due, 30);
	assert_int_equal(
	    store_message_next(t, 1u << STORE_MESSAGE_SMS, &due), STORE_ABSENT);
	store_read_end(t);
	assert_ok(take(k, PUSH | MAIL, 100, &got));
	assert_memory_equal(&got.id, &m[2].id, sizeof(got.id));
	assert_ok(take(k, MAIL, 100, &got));
	assert_memory_equal(&got.id, &m[0].id, sizeof(got.id));
	assert_ok(take(k, MAIL | PUSH, 100, &got));
	assert_memory_equal(&got.id, &m[1].id, sizeof(got.id));
}

static void
lets_the_newer_take_the_place_of_the_older(void **state)
{
	struct kit *k = *state;
	struct store_message a = a_message(1, STORE_MESSAGE_PUSH, 10),
			     b = a_message(2, STORE_MESSAGE_PUSH, 20), got,
			     sending;

	memset(a.topic, 7, sizeof(a.topic));
	memset(b.topic, 7, sizeof(b.topic));
	assert_ok(store_update(k->s, add_message, &a));
	assert_ok(take(k, PUSH, 10, &sending));
	assert_ok(store_update(k->s, add_message, &b));
	assert_int_equal(take(k, PUSH, 19, &got), STORE_ABSENT);
	/* The older was on its way: what becomes of it is no matter. */
	assert_int_equal(settle(k, retry_message, &sending, 11), STORE_ABSENT);
	assert_ok(take(k, PUSH, 20, &got));
	assert_memory_equal(&got.id, &b.id, sizeof(got.id));
	assert_ok(settle(k, done_message, &got, 0));
	assert_int_equal(entries(k->s, TABLE_OUTBOX), 0);
	/* The topic is free again. */
	assert_ok(store_update(k->s, add_message, &a));
	assert_ok(take(k, PUSH, 10, &got));
}

static void
gives_up_so_that_it_is_seen(void **state)
{
	struct kit *k = *state;
	struct store_message a = a_message(1, STORE_MESSAGE_PUSH, 10),
			     b = a_message(2, STORE_MESSAGE_PUSH, 20), got;
	struct store_outbox_stat st;
	struct store_txn *t;
	unsigned swept;

	assert_ok(store_update(k->s, add_message, &a));
	assert_ok(store_update(k->s, add_message, &b));
	assert_ok(take(k, PUSH, 10, &got));
	assert_ok(settle(k, give_up_message, &got, 5000));
	/* The other one's time is over before anybody took it. */
	assert_int_equal(take(k, PUSH, 1020, &got), STORE_ABSENT);
	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_outbox_stat(t, &st));
	assert_int_equal(st.waiting, 0);
	assert_int_equal(st.given_up, 2);
	assert_ok(store_message_get(t, &a.id, &got));
	assert_int_equal(got.state, STORE_MESSAGE_GIVEN_UP);
	assert_string_equal(got.trouble, "never");
	assert_int_equal(got.payload_n, 0);
	assert_ok(store_message_get(t, &b.id, &got));
	assert_int_equal(got.state, STORE_MESSAGE_GIVEN_UP);
	assert_string_equal(got.trouble, "expired");
	store_read_end(t);
	assert_ok(store_sweep(k->s, 5000, 100, &swept));
	assert_int_equal(entries(k->s, TABLE_OUTBOX), 1);
	assert_ok(store_sweep(k->s, INT64_MAX, 100, &swept));
	assert_int_equal(entries(k->s, TABLE_OUTBOX), 0);
}

/* ---- news ---- */

struct noting {
	uint8_t id[16];
	store_time now;
};
OP(note, struct noting,
    store_change_note(t, STORE_CHANGE_OUTBOX, x->id, x->now))

struct news {
	struct store_change list[8];
	size_t n;
	bool missed;
};

static struct news
since(struct kit *k, uint64_t after)
{
	struct news x;
	struct store_txn *t;

	assert_ok(store_read_begin(k->s, &t));
	assert_ok(store_changes_since(t, after, x.list, 8, &x.n, &x.missed));
	store_read_end(t);
	return x;
}

static void
numbers_what_changes(void **state)
{
	struct kit *k = *state;
	struct noting x = { .now = 1000 };
	struct news got = since(k, 0);

	assert_int_equal(got.n, 0);
	assert_false(got.missed);
	for (uint8_t i = 1; i <= 3; i++) {
		x.id[0] = i;
		assert_ok(store_update(k->s, note, &x));
	}
	got = since(k, 1);
	assert_int_equal(got.n, 2);
	assert_false(got.missed);
	assert_int_equal(got.list[0].number, 2);
	assert_int_equal(got.list[1].id[0], 3);
	assert_int_equal(since(k, 3).n, 0);
	assert_false(since(k, 3).missed);
	/* A number that there never was. */
	assert_true(since(k, 9).missed);
	/* After ten minutes they go, two for each that comes. */
	x.now += 600001;
	assert_ok(store_update(k->s, note, &x));
	got = since(k, 0);
	assert_true(got.missed);
	assert_int_equal(got.list[0].number, 3);
	assert_false(since(k, 2).missed);
	/* None is forgotten when the store is opened again. */
	kit_reopen(k);
	assert_ok(store_update(k->s, note, &x));
	assert_int_equal(since(k, 4).list[0].number, 5);
}

/* A clock that was ahead must not keep what came after from going. */
static void
forgets_news_from_the_future(void **state)
{
	struct kit *k = *state;
	struct noting x = { .now = 86400000 };

	assert_ok(store_update(k->s, note, &x));
	/* A little ahead is nothing: threads do not ask the time at once. */
	x.now -= 600000;
	assert_ok(store_update(k->s, note, &x));
	assert_false(since(k, 0).missed);
	x.now = 1000;
	for (int i = 0; i < 20; i++) {
		x.now += 600001;
		assert_ok(store_update(k->s, note, &x));
	}
	/* The last one, the one before it, and the number. */
	assert_true(entries(k->s, TABLE_CHANGES) <= 3);
}

static bool
hears(const struct store_ear *ear)
{
	struct pollfd p = { .fd = store_ear_fd(ear), .events = POLLIN };

	return poll(&p, 1, 2000) == 1;
}

static bool
is_quiet(const struct store_ear *ear)
{
	struct pollfd p = { .fd = store_ear_fd(ear), .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

static void
calls_everybody_who_listens(void **state)
{
	struct kit *k = *state;
	struct store_ear *a, *b;

	assert_ok(store_ear_open(k->s, &a));
	assert_ok(store_ear_open(k->s, &b));
	assert_true(is_quiet(a));
	for (int i = 0; i < 3; i++) {
		store_signal(k->s);
		store_signal(k->s);
		assert_true(hears(a));
		assert_true(hears(b));
		store_ear_clear(a);
		assert_true(is_quiet(a));
		assert_true(hears(b));
		store_ear_clear(b);
		assert_true(is_quiet(b));
	}
	store_ear_close(a);
	store_signal(k->s);
	assert_true(hears(b));
	store_ear_close(b);
	store_ear_close(NULL);
}

/* News are what those wait for whose connections took the descriptors. */
static void
calls_when_there_are_no_descriptors(void **state)
{
	struct kit *k = *state;
	struct rlimit before, none;
	struct store_ear *ear;

	assert_ok(store_ear_open(k->s, &ear));
	kit_reopen(k);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	store_signal(k->s);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(hears(ear));
	assert_string_equal(k->log, "");
	store_ear_close(ear);
}

/* Where it could not be made when the store was opened, it is later. */
static void
calls_once_its_file_is_there(void **state)
{
	struct kit *k = *state;
	char path[256];
	struct store_ear *ear;

	snprintf(path, sizeof(path), "%s", kit_path(k, "data/signal"));
	assert_int_equal(remove(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	kit_reopen(k);
	assert_int_equal(store_ear_open(k->s, &ear), STORE_FAULT);
	assert_int_equal(rmdir(path), 0);
	assert_ok(store_ear_open(k->s, &ear));
	store_signal(k->s);
	assert_true(hears(ear));
	store_ear_close(ear);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_went),
		cmocka_unit_test(fills_its_room_and_no_more),
		cmocka_unit_test(never_trusts_what_it_reads),
		cmocka_unit_test(refuses_what_is_longer_than_it_may_be),
		TEST(keeps_phones_with_their_account),
		TEST(has_room_for_ten_phones),
		TEST(keeps_browsers_as_long_as_anybody_does),
		TEST(gives_up_what_is_unused_longest),
		TEST(finds_what_is_overdue),
		TEST(finds_what_is_approved_and_not_collected),
		TEST(passes_over_what_cannot_be_read),
		TEST(forgets_a_guard_in_its_time),
		TEST(leases_a_message_to_one),
		TEST(takes_what_is_due_first),
		TEST(lets_the_newer_take_the_place_of_the_older),
		TEST(gives_up_so_that_it_is_seen),
		TEST(numbers_what_changes),
		TEST(forgets_news_from_the_future),
		TEST(calls_everybody_who_listens),
		TEST(calls_when_there_are_no_descriptors),
		TEST(calls_once_its_file_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
