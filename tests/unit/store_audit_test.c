/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

#include "store/audit_chain.h"

/* The audit log, and what becomes of those who change it afterwards. */

OP(append, struct store_audit_entry, store_audit_append(t, x))

static void
append_lines(struct kit *k, int n)
{
	char detail[32];

	for (int i = 0; i < n; i++) {
		struct store_audit_entry e;

		snprintf(detail, sizeof(detail), "line %d", i);
		e = an_audit_entry(1000 + i, detail);
		assert_ok(store_update(k->s, append, &e));
	}
}

static struct store_audit_report
verify(struct kit *k)
{
	struct store_audit_report r;

	memset(&r, 0x5a, sizeof(r));
	assert_ok(store_audit_verify(k->s, NULL, NULL, &r));
	return r;
}

/* Unsound, and the trouble ends so. */
static void
expect_trouble(struct kit *k, uint64_t number, const char *what)
{
	struct store_audit_report r = verify(k);
	char want[100];

	snprintf(want, sizeof(want), "entry %llu: %s",
	    (unsigned long long)number, what);
	assert_false(r.sound);
	if (strstr(r.trouble, want) == NULL)
		fail_msg("\"%s\" is not \"%s\"", r.trouble, want);
}

/* ---- what is sound ---- */

struct reader {
	int n;
	store_time last;
};

static void
read_line(const struct store_audit_entry *e, void *arg)
{
	struct reader *r = arg;
	char want[32];

	if (slice_equal(e->event, slice_of(AUDIT_OPENING)))
		return;
	snprintf(want, sizeof(want), "line %d", r->n++);
	assert_true(slice_equal(e->detail, slice_of(want)));
	assert_true(slice_equal(e->event, slice_of("sign-in")));
	r->last = e->at;
}

static void
reads_back_what_was_appended(void **state)
{
	struct kit *k = *state;
	struct reader r = { 0 };
	struct store_audit_report report;

	report = verify(k);
	assert_true(report.sound);
	assert_int_equal(report.chains, 0);
	append_lines(k, 9000); /* more than one view */
	assert_ok(store_audit_verify(k->s, read_line, &r, &report));
	assert_true(report.sound);
	assert_string_equal(report.trouble, "");
	assert_int_equal(report.chains, 1);
	assert_int_equal(report.entries, 9001);
	assert_int_equal(r.n, 9000);
	assert_int_equal(r.last, 9999);
}

static void
opens_a_chain_for_each_process(void **state)
{
	struct kit *k = *state;
	struct store_audit_report r;

	for (int i = 0; i < 5; i++) {
		append_lines(k, 3);
		kit_reopen(k);
	}
	r = verify(k);
	assert_true(r.sound);
	assert_int_equal(r.chains, 5);
	assert_int_equal(r.entries, 20);
	assert_int_equal(entries(k->s, TABLE_HEADS), 5);
}

struct openings {
	size_t named[8], n;
};

static void
count_named(const struct store_audit_entry *e, void *arg)
{
	struct openings *o = arg;

	if (slice_equal(e->event, slice_of(AUDIT_OPENING)) && o->n < 8)
		o->named[o->n++] = e->detail.n / AUDIT_NAMED;
}

/* Each opening names those that have grown since, and no older ones. */
static void
openings_stay_short(void **state)
{
	struct kit *k = *state;
	struct openings o = { .n = 0 };
	struct store_audit_report r;

	for (int i = 0; i < 5; i++) {
		struct store_audit_entry e = an_audit_entry(1000 * (i + 1), "");

		kit_reopen(k);
		assert_ok(store_update(k->s, append, &e));
	}
	assert_ok(store_audit_verify(k->s, count_named, &o, &r));
	assert_true(r.sound);
	assert_int_equal(o.n, 5);
	assert_int_equal(o.named[0], 0);
	for (int i = 1; i < 5; i++)
		assert_int_equal(o.named[i], 1);
}

static enum store_rc
plant_heads(struct store_txn *t, void *arg)
{
	static uint8_t value[AUDIT_HEAD_RECORD_MAX];
	struct writer w = WRITER(value);
	struct audit_head head = { .number = 0 };
	enum store_rc rc = STORE_OK;

	(void)arg;
	audit_head_encode(&w, &head);
	for (int i = 0; rc == STORE_OK && i < 600; i++) {
		uint8_t chain[AUDIT_CHAIN] = { 0xff, (uint8_t)(i >> 8),
			(uint8_t)i };
		struct audit_head_key key = audit_head_key(chain, false);

		rc = engine_put(t, TABLE_HEADS, SLICE(key.b), writer_done(&w),
		    ENGINE_REPLACE);
	}
	return rc;
}

static void
names_very_many_in_several_entries(void **state)
{
	struct kit *k = *state;
	struct openings o = { .n = 0 };
	struct store_audit_report r;

	assert_ok(store_update(k->s, plant_heads, NULL));
	append_lines(k, 1);
	assert_ok(store_audit_verify(k->s, count_named, &o, &r));
	assert_int_equal(o.n, 3);
	assert_int_equal(o.named[0], 256);
	assert_int_equal(o.named[1], 256);
	/* And the head of this very chain is not among them. */
	assert_int_equal(o.named[2], 600 - 512);
	/* Heads without entries are what a thief of whole chains leaves. */
	assert_false(r.sound);
}

/* A chain that another has named goes on, and can be named again. */
static void
grows_after_it_was_named(void **state)
{
	struct kit *k = *state;
	struct store_audit_report r;
	uint8_t own[AUDIT_CHAIN];

	append_lines(k, 2);
	memcpy(own, k->s->chain, sizeof(own));
	for (int i = 0; i < 3; i++) {
		struct store_audit_entry e = an_audit_entry(5000 + i, "x");

		/* As another process, whose opening names this one's head. */
		k->s->chain[15] = (uint8_t)(own[15] + i + 1);
		assert_ok(store_update(k->s, append, &e));
		memcpy(k->s->chain, own, sizeof(own));
		append_lines(k, 2);
	}
	r = verify(k);
	if (!r.sound)
		fail_msg("%s", r.trouble);
	assert_int_equal(r.chains, 4);
	assert_int_equal(r.entries, 1 + 8 + 3 * 2);
	assert_int_equal(entries(k->s, TABLE_HEADS), 4);
}

static void
refuses_what_would_not_verify(void **state)
{
	static uint8_t large[STORE_AUDIT_DETAIL_MAX + 1];
	struct kit *k = *state;
	struct store_audit_entry e = an_audit_entry(1000, "");
	char event[STORE_AUDIT_EVENT_MAX + 2];

	memset(event, 'e', sizeof(event) - 1);
	event[sizeof(event) - 1] = '\0';
	e.detail = SLICE(large);
	assert_int_equal(store_update(k->s, append, &e), STORE_FAULT);
	e = an_audit_entry(1000, "");
	e.event = slice_of(AUDIT_OPENING);
	assert_int_equal(store_update(k->s, append, &e), STORE_FAULT);
	e.event = slice_of("");
	assert_int_equal(store_update(k->s, append, &e), STORE_FAULT);
	e.event = slice_of(event);
	assert_int_equal(store_update(k->s, append, &e), STORE_FAULT);
	e = an_audit_entry(-1, "");
	assert_int_equal(store_update(k->s, append, &e), STORE_FAULT);
	append_lines(k, 1);
	assert_true(verify(k).sound);
	assert_int_equal(verify(k).entries, 2);
}

/* ---- what is not ---- */

struct copy {
	uint8_t b[AUDIT_RECORD_MAX];
	size_t n;
};

static enum store_rc
copy_entry(struct store_txn *t, const struct audit_key *key, struct copy *c)
{
	struct slice v;
	enum store_rc rc = engine_get(t, TABLE_AUDIT, SLICE(key->b), &v);

	if (rc != STORE_OK)
		return rc;
	assert_true(v.n <= sizeof(c->b));
	memcpy(c->b, v.p, v.n);
	c->n = v.n;
	return STORE_OK;
}

static enum store_rc
put_entry(
    struct store_txn *t, const struct audit_key *key, const struct copy *c)
{
	return engine_put(t, TABLE_AUDIT, SLICE(key->b),
	    (struct slice){ c->b, c->n }, ENGINE_REPLACE);
}

struct tamper {
	uint64_t number, other;
	size_t at; /* which byte of the value */
	size_t size; /* out: of the value */
};

static enum store_rc
change_byte(struct store_txn *t, void *arg)
{
	static struct copy c;
	struct tamper *x = arg;
	struct audit_key key = audit_key(t->store->chain, x->number);
	enum store_rc rc;

	if ((rc = copy_entry(t, &key, &c)) != STORE_OK)
		return rc;
	x->size = c.n;
	if (x->at >= c.n)
		return STORE_OK;
	c.b[x->at] ^= 1;
	return put_entry(t, &key, &c);
}

/* Every byte of an entry, the version and the hash itself included. */
static void
finds_one_changed_byte(void **state)
{
	struct kit *k = *state;
	struct tamper x = { .number = 3, .at = SIZE_MAX };
	struct store_audit_report r;
	size_t n;

	append_lines(k, 6);
	assert_ok(store_update(k->s, change_byte, &x));
	n = x.size;
	assert_true(n > 60);
	for (x.at = 0; x.at < n; x.at++) {
		assert_ok(store_update(k->s, change_byte, &x));
		r = verify(k);
		assert_false(r.sound);
		if (strstr(r.trouble, "entry 3: changed") == NULL &&
		    strstr(r.trouble, "entry 3: cannot be read") == NULL)
			fail_msg("byte %zu: %s", x.at, r.trouble);
		assert_ok(store_update(k->s, change_byte, &x));
		assert_true(verify(k).sound);
	}
}

static enum store_rc
remove_entry(struct store_txn *t, void *arg)
{
	struct tamper *x = arg;
	struct audit_key key = audit_key(t->store->chain, x->number);

	return engine_delete(t, TABLE_AUDIT, SLICE(key.b));
}

static void
finds_one_removed_entry(void **state)
{
	struct kit *k = *state;
	struct tamper x = { .number = 4 };

	append_lines(k, 6);
	assert_ok(store_update(k->s, remove_entry, &x));
	expect_trouble(k, 4, "missing");
}

static void
finds_a_removed_opening(void **state)
{
	struct kit *k = *state;
	struct tamper x = { .number = 0 };

	append_lines(k, 6);
	assert_ok(store_update(k->s, remove_entry, &x));
	expect_trouble(k, 0, "missing");
}

static void
finds_a_cut_tail(void **state)
{
	struct kit *k = *state;
	struct tamper x;

	append_lines(k, 6);
	for (x.number = 5; x.number <= 6; x.number++)
		assert_ok(store_update(k->s, remove_entry, &x));
	expect_trouble(k, 5, "missing, and all after it");
}

static enum store_rc
swap_entries(struct store_txn *t, void *arg)
{
	static struct copy a, b;
	struct tamper *x = arg;
	struct audit_key one = audit_key(t->store->chain, x->number);
	struct audit_key two = audit_key(t->store->chain, x->other);
	enum store_rc rc;

	if ((rc = copy_entry(t, &one, &a)) != STORE_OK ||
	    (rc = copy_entry(t, &two, &b)) != STORE_OK ||
	    (rc = put_entry(t, &one, &b)) != STORE_OK)
		return rc;
	return put_entry(t, &two, &a);
}

static void
finds_a_swapped_pair(void **state)
{
	struct kit *k = *state;
	struct tamper x = { .number = 2, .other = 5 };

	append_lines(k, 6);
	assert_ok(store_update(k->s, swap_entries, &x));
	expect_trouble(k, 2, "changed");
}

/* Who recomputes the hash of what was changed is caught by the next entry. */
static enum store_rc
rewrite_entry(struct store_txn *t, void *arg)
{
	static struct copy c, before;
	struct tamper *x = arg;
	struct audit_key key = audit_key(t->store->chain, x->number);
	struct audit_key last = audit_key(t->store->chain, x->number - 1);
	uint8_t hash[32];
	struct writer w;
	struct audit_record r, p;
	enum store_rc rc;

	if ((rc = copy_entry(t, &key, &c)) != STORE_OK ||
	    (rc = copy_entry(t, &last, &before)) != STORE_OK)
		return rc;
	assert_true(audit_decode((struct slice){ c.b, c.n }, &r));
	assert_true(audit_decode((struct slice){ before.b, before.n }, &p));
	r.e.at++;
	assert_true(audit_hash(&key, p.hash.p, &r.e, hash));
	w = (struct writer){ .p = before.b, .room = sizeof(before.b) };
	audit_encode(&w, &r.e, hash);
	return engine_put(
	    t, TABLE_AUDIT, SLICE(key.b), writer_done(&w), ENGINE_REPLACE);
}

static void
finds_a_rewritten_entry_by_the_next(void **state)
{
	struct kit *k = *state;
	struct tamper x = { .number = 3 };

	append_lines(k, 6);
	assert_ok(store_update(k->s, rewrite_entry, &x));
	expect_trouble(k, 4, "changed");
}

static void
finds_a_rewritten_last_entry_by_the_head(void **state)
{
	struct kit *k = *state;
	struct tamper x = { .number = 6 };

	append_lines(k, 6);
	assert_ok(store_update(k->s, rewrite_entry, &x));
	expect_trouble(k, 6, "not the entry that the head names");
}

static enum store_rc
remove_heads(struct store_txn *t, void *arg)
{
	struct audit_head_key key = audit_head_key(t->store->chain, false);

	(void)arg;
	return engine_delete(t, TABLE_HEADS, SLICE(key.b));
}

static void
finds_a_chain_without_its_head(void **state)
{
	struct kit *k = *state;

	append_lines(k, 6);
	assert_ok(store_update(k->s, remove_heads, NULL));
	expect_trouble(k, 6, "the head of its chain is missing");
}

/* Tail and head together: a later chain still knows. */
static enum store_rc
cut_with_head(struct store_txn *t, void *arg)
{
	const uint8_t *chain = arg;
	struct audit_key last = audit_key(chain, 3), cut = audit_key(chain, 4);
	struct audit_head_key key = audit_head_key(chain, true);
	uint8_t value[AUDIT_HEAD_RECORD_MAX];
	struct writer w = WRITER(value);
	struct audit_head head = { .number = 3 };
	struct audit_record r;
	struct slice v;
	enum store_rc rc;

	if ((rc = engine_get(t, TABLE_AUDIT, SLICE(last.b), &v)) != STORE_OK)
		return rc;
	assert_true(audit_decode(v, &r));
	memcpy(head.hash, r.hash.p, 32);
	audit_head_encode(&w, &head);
	rc = engine_put(
	    t, TABLE_HEADS, SLICE(key.b), writer_done(&w), ENGINE_REPLACE);
	return rc == STORE_OK ? engine_delete(t, TABLE_AUDIT, SLICE(cut.b))
			      : rc;
}

static void
finds_a_chain_cut_with_its_head(void **state)
{
	struct kit *k = *state;
	uint8_t chain[AUDIT_CHAIN];

	append_lines(k, 4);
	memcpy(chain, k->s->chain, sizeof(chain));
	kit_reopen(k);
	append_lines(k, 1);
	assert_true(verify(k).sound);
	assert_ok(store_update(k->s, cut_with_head, chain));
	expect_trouble(k, 4, "missing, yet a later chain names it");
}

static enum store_rc
remove_chain(struct store_txn *t, void *arg)
{
	struct audit_key key;
	enum store_rc rc = STORE_OK;

	for (uint64_t i = 0; rc == STORE_OK && i <= 4; i++) {
		key = audit_key(arg, i);
		rc = engine_delete(t, TABLE_AUDIT, SLICE(key.b));
	}
	return rc;
}

static void
finds_a_chain_of_which_the_head_is_left(void **state)
{
	struct kit *k = *state;

	append_lines(k, 4);
	assert_ok(store_update(k->s, remove_chain, k->s->chain));
	expect_trouble(k, 0, "missing");
	assert_int_equal(verify(k).chains, 0);
}

/* A chain of one good entry that no opening begins. */
static enum store_rc
smuggle(struct store_txn *t, void *arg)
{
	static const uint8_t nothing[32];
	uint8_t chain[AUDIT_CHAIN] = { 7 }, value[AUDIT_RECORD_MAX];
	struct audit_key key = audit_key(chain, 0);
	struct audit_head_key head_key = audit_head_key(chain, false);
	struct audit_head head = { .number = 0 };
	struct store_audit_entry e = an_audit_entry(1, "smuggled");
	struct writer w = WRITER(value);
	enum store_rc rc;

	(void)arg;
	assert_true(audit_hash(&key, nothing, &e, head.hash));
	audit_encode(&w, &e, head.hash);
	rc = engine_put(
	    t, TABLE_AUDIT, SLICE(key.b), writer_done(&w), ENGINE_INSERT);
	w = WRITER(value);
	audit_head_encode(&w, &head);
	return rc == STORE_OK ? engine_put(t, TABLE_HEADS, SLICE(head_key.b),
				    writer_done(&w), ENGINE_INSERT)
			      : rc;
}

static void
finds_a_chain_that_was_never_opened(void **state)
{
	struct kit *k = *state;

	append_lines(k, 4);
	assert_ok(store_update(k->s, smuggle, NULL));
	expect_trouble(k, 0, "not the opening of its chain");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_back_what_was_appended),
		TEST(opens_a_chain_for_each_process),
		TEST(openings_stay_short),
		TEST(names_very_many_in_several_entries),
		TEST(grows_after_it_was_named),
		TEST(refuses_what_would_not_verify),
		TEST(finds_one_changed_byte),
		TEST(finds_one_removed_entry),
		TEST(finds_a_removed_opening),
		TEST(finds_a_cut_tail),
		TEST(finds_a_swapped_pair),
		TEST(finds_a_rewritten_entry_by_the_next),
		TEST(finds_a_rewritten_last_entry_by_the_head),
		TEST(finds_a_chain_without_its_head),
		TEST(finds_a_chain_cut_with_its_head),
		TEST(finds_a_chain_of_which_the_head_is_left),
		TEST(finds_a_chain_that_was_never_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
