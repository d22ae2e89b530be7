/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

#include "store/codec.h"

/*
 * Every record type, filled to its limits by one function and compared field
 * by field after a round trip through bytes of exactly their length.
 */

struct any {
	union {
		struct store_account account;
		struct heads heads;
		struct store_credential credential;
		struct session_record session;
		struct history_record history;
		struct store_invitation invitation;
		struct audit_head audit_head;
		struct account_id owner;
	} u;
};

static void
fill_text(char *s, size_t size)
{
	memset(s, 'x', size - 1);
	s[size - 1] = '\0';
}

static void
fill_client(struct store_client *c)
{
	fill_text(c->browser, sizeof(c->browser));
	fill_text(c->address, sizeof(c->address));
	fill_text(c->place, sizeof(c->place));
}

static void
fill_account(struct any *x)
{
	struct store_account *a = &x->u.account;

	memset(a->user_handle, 0xff, sizeof(a->user_handle));
	a->state = STORE_ACCOUNT_LOCKED;
	a->created = a->changed = INT64_MAX;
	fill_text(a->name, sizeof(a->name));
	fill_text(a->name_key, sizeof(a->name_key));
	fill_text(a->display_name, sizeof(a->display_name));
	fill_text(a->locale, sizeof(a->locale));
}

static void
fill_heads(struct any *x)
{
	struct heads *h = &x->u.heads;

	memset(&h->newest, 0xee, sizeof(h->newest));
	h->newest_expires = h->prune_at = INT64_MAX;
	h->session_count = STORE_SESSIONS_MAX;
	memset(h->sessions, 0xdd, sizeof(h->sessions));
}

static void
fill_credential(struct any *x)
{
	struct store_credential *c = &x->u.credential;

	c->id_n = STORE_CREDENTIAL_ID_MAX;
	memset(c->id, 0xcc, sizeof(c->id));
	c->cose_key_n = STORE_COSE_KEY_MAX;
	memset(c->cose_key, 0xbb, sizeof(c->cose_key));
	memset(c->aaguid, 0xaa, sizeof(c->aaguid));
	c->flags = c->transports = c->attestation = 0xff;
	c->traits = c->protection = c->min_pin = 0xff;
	c->algorithm = INT32_MIN;
	c->sign_count = UINT32_MAX;
	c->created = c->last_used = c->counter_went_back = INT64_MAX;
	fill_text(c->format, sizeof(c->format));
	fill_text(c->name, sizeof(c->name));
}

static void
fill_session(struct any *x)
{
	struct session_record *r = &x->u.session;

	memset(r->s.token_hash, 0x99, sizeof(r->s.token_hash));
	memset(&r->s.account, 0x88, sizeof(r->s.account));
	memset(&r->s.credential, 0x77, sizeof(r->s.credential));
	memset(&r->s.browser, 0x76, sizeof(r->s.browser));
	memset(&r->s.browser, 0x76, sizeof(r->s.browser));
	r->s.method = STORE_METHOD_CODE;
	r->s.created = r->s.proved = r->s.last_seen = INT64_MAX;
	r->s.idle_ms = r->s.ends = r->entered = INT64_MAX;
	fill_client(&r->s.client);
}

static void
fill_history(struct any *x)
{
	struct history_record *r = &x->u.history;

	memset(&r->h.account, 0x66, sizeof(r->h.account));
	memset(&r->previous, 0x55, sizeof(r->previous));
	r->h.at = r->h.expires = INT64_MAX;
	r->h.ok = r->h.notice = true;
	r->h.method = STORE_METHOD_CODE;
	fill_text(r->h.event, sizeof(r->h.event));
	fill_text(r->h.reason, sizeof(r->h.reason));
	fill_text(r->h.passkey, sizeof(r->h.passkey));
	fill_client(&r->h.client);
}

static void
fill_invitation(struct any *x)
{
	struct store_invitation *i = &x->u.invitation;

	i->created = i->expires = INT64_MAX;
	i->for_account = true;
	memset(&i->account, 0x44, sizeof(i->account));
	fill_text(i->name, sizeof(i->name));
}

static void
fill_audit_head(struct any *x)
{
	x->u.audit_head.number = UINT64_MAX;
	memset(x->u.audit_head.hash, 0x33, sizeof(x->u.audit_head.hash));
}

static void
fill_owner(struct any *x)
{
	memset(&x->u.owner, 0x22, sizeof(x->u.owner));
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

CODEC(account)
CODEC(heads)
CODEC(credential)
CODEC(session)
CODEC(history)
CODEC(invitation)
CODEC(audit_head)
CODEC(owner)

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
	ROW(account, ACCOUNT_RECORD_MAX),
	ROW(heads, HEADS_RECORD_MAX),
	ROW(credential, CREDENTIAL_RECORD_MAX),
	ROW(session, SESSION_RECORD_MAX),
	ROW(history, HISTORY_RECORD_MAX),
	ROW(invitation, INVITATION_RECORD_MAX),
	ROW(audit_head, AUDIT_HEAD_RECORD_MAX),
	ROW(owner, OWNER_RECORD_MAX),
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

static uint8_t bytes[8192];

static size_t
encoded(size_t type, bool filled, struct any *x)
{
	struct writer w = { .p = bytes, .room = types[type].max };

	memset(x, 0, sizeof(*x));
	if (filled)
		types[type].fill(x);
	else if (types[type].encode == encode_account)
		x->u.account.state = STORE_ACCOUNT_ACTIVE;
	else if (types[type].encode == encode_credential)
		x->u.credential.id_n = 1;
	else if (types[type].encode == encode_session)
		x->u.session.s.method = STORE_METHOD_PASSKEY;
	types[type].encode(&w, x);
	if (w.bad)
		fail_msg("%s does not fit", types[type].name);
	return w.n;
}

/* From memory of exactly n bytes, so that a byte too far is seen. */
static bool
decoded(size_t type, const uint8_t *p, size_t n, struct any *x)
{
	uint8_t *exact = malloc(n > 0 ? n : 1);
	bool ok;

	assert_non_null(exact);
	memcpy(exact, p, n);
	memset(x, 0, sizeof(*x));
	ok = types[type].decode((struct slice){ exact, n }, x);
	free(exact);
	return ok;
}

static void
comes_back_as_it_went(void **state)
{
	struct any in, out;

	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		for (int filled = 0; filled < 2; filled++) {
			size_t n = encoded(i, filled, &in);

			/* Both begin as zeros, in their gaps too. */
			if (!decoded(i, bytes, n, &out) ||
			    memcmp(&in, &out, sizeof(in)) != 0)
				fail_msg("%s %d", types[i].name, filled);
		}
	}
}

static void
the_largest_fills_its_room(void **state)
{
	struct any x;

	(void)state;
	for (size_t i = 0; i < TYPES; i++)
		assert_int_equal(encoded(i, true, &x), types[i].max);
}

static void
refuses_every_cut_and_what_hangs_over(void **state)
{
	struct any x;

	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		size_t n = encoded(i, true, &x);

		for (size_t cut = 0; cut < n; cut++)
			if (decoded(i, bytes, cut, &x))
				fail_msg("%s cut at %zu", types[i].name, cut);
		bytes[n] = 0;
		if (decoded(i, bytes, n + 1, &x))
			fail_msg("%s and a byte", types[i].name);
	}
}

static void
refuses_other_versions(void **state)
{
	struct any x;

	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		for (int filled = 0; filled < 2; filled++) {
			size_t n = encoded(i, filled, &x);
			const uint8_t ours = bytes[0];

			for (int v = 0; v < 256; v++) {
				bytes[0] = (uint8_t)v;
				assert_int_equal(
				    decoded(i, bytes, n, &x), v == ours);
			}
		}
	}
}

/* A passkey of which nothing was told has the form it had before. */
static void
passkeys_have_two_versions(void **state)
{
	struct store_credential c = a_credential(1, 1), got = { .id_n = 0 };
	struct writer w = WRITER(bytes);
	size_t n;

	(void)state;
	credential_encode(&w, &c);
	n = w.n;
	assert_false(w.bad);
	assert_int_equal(bytes[0], 1);
	/* The second one with nothing in it is no record. */
	bytes[0] = 2;
	memset(bytes + n, 0, 3);
	assert_false(credential_decode((struct slice){ bytes, n + 3 }, &got));
	bytes[n + 2] = 4;
	assert_true(credential_decode((struct slice){ bytes, n + 3 }, &got));
	assert_int_equal(got.min_pin, 4);
	assert_int_equal(got.traits, 0);

	c.traits = STORE_TRAIT_RESIDENT_TOLD;
	w = WRITER(bytes);
	credential_encode(&w, &c);
	assert_false(w.bad);
	assert_int_equal(bytes[0], 2);
	assert_int_equal(w.n, n + 3);
}

/* What decodes is canonical: it encodes to the same bytes. */
static void
never_trusts_what_it_reads(void **state)
{
	uint64_t seed = 20261121;
	struct any x;

	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		for (int round = 0; round < 20000; round++) {
			struct writer w;
			uint8_t in[sizeof(bytes)];
			size_t n = encoded(i, round & 1, &x);

			for (uint64_t k = numbers(&seed) % 4; k > 0; k--)
				bytes[numbers(&seed) % n] =
				    (uint8_t)numbers(&seed);
			memcpy(in, bytes, n);
			if (!decoded(i, in, n, &x))
				continue;
			w = (struct writer){ .p = bytes, .room = types[i].max };
			types[i].encode(&w, &x);
			if (w.bad || w.n != n || memcmp(in, bytes, n) != 0)
				fail_msg("%s is not canonical", types[i].name);
		}
	}
}

static void
refuses_what_is_longer_than_it_may_be(void **state)
{
	struct store_credential c = a_credential(1, 1);
	struct heads h = { .session_count = STORE_SESSIONS_MAX + 1 };
	struct store_account a = an_account(1);
	struct store_audit_entry e = an_audit_entry(1, "");
	uint8_t hash[32] = { 0 };
	struct writer w = WRITER(bytes);

	(void)state;
	memset(a.locale, 'x', sizeof(a.locale)); /* no NUL */
	account_encode(&w, &a);
	assert_true(w.bad);

	w = WRITER(bytes);
	c.id_n = STORE_CREDENTIAL_ID_MAX + 1;
	credential_encode(&w, &c);
	assert_true(w.bad);

	w = WRITER(bytes);
	c = a_credential(1, 1);
	c.cose_key_n = STORE_COSE_KEY_MAX + 1;
	credential_encode(&w, &c);
	assert_true(w.bad);

	w = WRITER(bytes);
	heads_encode(&w, &h);
	assert_true(w.bad);

	w = WRITER(bytes);
	e.at = -1;
	audit_encode(&w, &e, hash);
	assert_true(w.bad);
}

static void
audit_entries_too(void **state)
{
	static uint8_t value[AUDIT_RECORD_MAX], detail[STORE_AUDIT_DETAIL_MAX];
	char event[STORE_AUDIT_EVENT_MAX + 1];
	uint8_t hash[32];
	struct writer w = WRITER(value);
	struct store_audit_entry e = {
		.at = INT64_MAX,
		.detail = SLICE(detail),
	};
	struct audit_record r;

	(void)state;
	fill_text(event, sizeof(event));
	e.event = slice_of(event);
	memset(hash, 0x11, sizeof(hash));
	audit_encode(&w, &e, hash);
	assert_false(w.bad);
	assert_int_equal(w.n, AUDIT_RECORD_MAX);
	assert_true(audit_decode(writer_done(&w), &r));
	assert_int_equal(r.e.at, e.at);
	assert_true(slice_equal(r.e.event, e.event));
	assert_true(slice_equal(r.e.detail, e.detail));
	assert_true(slice_equal(r.hash, SLICE(hash)));
	for (size_t cut = 0; cut < w.n; cut++) {
		uint8_t *exact = malloc(cut + 1);

		assert_non_null(exact);
		memcpy(exact, value, cut);
		assert_false(audit_decode((struct slice){ exact, cut }, &r));
		free(exact);
	}
}

/* ---- in the store ---- */

static const struct {
	enum store_table table;
	uint8_t key[32];
	size_t n;
} places[] = {
	{ TABLE_NAMES, "name 1", 6 },
	{ TABLE_SESSIONS, { 9 }, 16 },
	{ TABLE_HISTORY, { 9 }, 16 },
	{ TABLE_INVITATIONS, { 9 }, 32 },
	{ TABLE_SETTINGS, "theme", 5 },
};

static enum store_rc
plant(struct store_txn *t, void *arg)
{
	static const uint8_t later[] = { 2, 0, 0, 0 };
	struct account_id id = an_account_id(1);
	struct cluster_key k =
	    cluster_key(&id, CLUSTER_ACCOUNT, (struct slice){ 0 });
	enum store_rc rc;

	(void)arg;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		rc = engine_put(t, places[i].table,
		    (struct slice){ places[i].key, places[i].n }, SLICE(later),
		    ENGINE_REPLACE);
		if (rc != STORE_OK)
			return rc;
	}
	rc = engine_put(
	    t, TABLE_ACCOUNTS, cluster_slice(&k), SLICE(later), ENGINE_REPLACE);
	k = cluster_key(&id, CLUSTER_HEADS, (struct slice){ 0 });
	return rc == STORE_OK ? engine_put(t, TABLE_ACCOUNTS, cluster_slice(&k),
				    SLICE(later), ENGINE_REPLACE)
			      : rc;
}

static void
says_damaged_of_a_later_version(void **state)
{
	struct kit *k = *state;
	struct account_id id = an_account_id(1), found;
	struct history_id line = { .b = { 9 } };
	struct session_id sid = { .b = { 9 } };
	uint8_t token[32] = { 9 }, value[8];
	struct store_account a;
	struct store_session s;
	struct store_invitation i;
	struct store_txn *t;
	size_t n = 0;

	assert_ok(store_update(k->s, plant, NULL));
	assert_ok(store_read_begin(k->s, &t));
	assert_int_equal(store_account_get(t, &id, &a), STORE_DAMAGED);
	assert_int_equal(
	    store_account_by_name(t, "name 1", &found), STORE_DAMAGED);
	assert_int_equal(store_session_get(t, &sid, &s), STORE_DAMAGED);
	assert_int_equal(store_invitation_get(t, token, 0, &i), STORE_DAMAGED);
	assert_int_equal(store_history_seen(t, &id, &line), STORE_DAMAGED);
	assert_int_equal(
	    store_setting_get(t, "theme", value, sizeof(value), &n),
	    STORE_DAMAGED);
	store_read_end(t);
	assert_non_null(strstr(k->log, "store=damaged table=4 key=09"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_went),
		cmocka_unit_test(the_largest_fills_its_room),
		cmocka_unit_test(refuses_every_cut_and_what_hangs_over),
		cmocka_unit_test(refuses_other_versions),
		cmocka_unit_test(passkeys_have_two_versions),
		cmocka_unit_test(never_trusts_what_it_reads),
		cmocka_unit_test(refuses_what_is_longer_than_it_may_be),
		cmocka_unit_test(audit_entries_too),
		cmocka_unit_test_setup_teardown(
		    says_damaged_of_a_later_version, kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
