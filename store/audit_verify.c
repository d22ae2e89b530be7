/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audit_chain.h"

/* Entries a view: a long one would keep too many pages from use. */
enum { ENTRIES_A_VIEW = 4096 };

struct walk {
	void (*each)(const struct store_audit_entry *e, void *arg);
	void *arg;
	struct store_audit_report r;

	struct store_txn *t; /* the view of now */
	struct audit_key at; /* the last entry seen */
	uint8_t hash[32]; /* and its hash */
	bool inside; /* a chain */
	size_t seen; /* in this view */
	enum store_rc rc;
};

/* Only the first trouble is kept. */
static void
trouble(struct walk *w, const struct audit_key *at, const char *what)
{
	struct cursor c = cursor_over(SLICE(at->b));
	uint64_t time = cursor_be(&c, 8), chain = cursor_be(&c, 8);
	uint64_t number = cursor_be(&c, 8);

	if (!w->r.sound)
		return;
	w->r.sound = false;
	snprintf(w->r.trouble, sizeof(w->r.trouble),
	    "chain %016llx%016llx entry %llu: %s", (unsigned long long)time,
	    (unsigned long long)chain, (unsigned long long)number, what);
}

static uint64_t
number_of(const struct audit_key *k)
{
	struct cursor c = cursor_over(SLICE(k->b));

	cursor_take(&c, AUDIT_CHAIN);
	return cursor_be(&c, 8);
}

static bool
same_chain(const struct audit_key *a, const struct audit_key *b)
{
	return memcmp(a->b, b->b, AUDIT_CHAIN) == 0;
}

static enum store_rc
head_find(struct store_txn *t, const uint8_t *chain, struct audit_head *head)
{
	struct audit_head_key key = audit_head_key(chain, false);
	struct slice v;
	enum store_rc rc;

	rc = engine_get(t, TABLE_HEADS, SLICE(key.b), &v);
	if (rc == STORE_ABSENT) {
		key = audit_head_key(chain, true);
		rc = engine_get(t, TABLE_HEADS, SLICE(key.b), &v);
	}
	if (rc != STORE_OK)
		return rc;
	if (!audit_head_decode(v, head))
		return store_damaged(t, TABLE_HEADS, SLICE(key.b));
	return STORE_OK;
}

/* The chain that was walked ends where its head says. */
static void
chain_end(struct walk *w)
{
	struct audit_key next = audit_key(w->at.b, number_of(&w->at) + 1);
	struct audit_head head;
	enum store_rc rc;

	if (!w->inside)
		return;
	rc = head_find(w->t, w->at.b, &head);
	if (rc == STORE_ABSENT || rc == STORE_DAMAGED)
		trouble(w, &w->at, "the head of its chain is missing");
	else if (rc != STORE_OK)
		w->rc = rc;
	else if (head.number > number_of(&w->at))
		trouble(w, &next, "missing, and all after it");
	else if (head.number < number_of(&w->at))
		trouble(w, &w->at, "beyond the head of its chain");
	else if (memcmp(head.hash, w->hash, 32) != 0)
		trouble(w, &w->at, "not the entry that the head names");
}

/* What an opening names is there, and still what it was. */
static void
opening_judge(struct walk *w, const struct audit_key *at, struct slice detail)
{
	struct cursor c = cursor_over(detail);

	while (!c.bad && c.rest.n > 0) {
		struct slice place = cursor_take(&c, AUDIT_KEY);
		struct slice hash = cursor_take(&c, 32), v;
		struct audit_record r;
		struct audit_key named;
		enum store_rc rc;

		if (c.bad)
			break;
		memcpy(named.b, place.p, AUDIT_KEY);
		rc = engine_get(w->t, TABLE_AUDIT, place, &v);
		if (rc == STORE_ABSENT)
			trouble(
			    w, &named, "missing, yet a later chain names it");
		else if (rc != STORE_OK)
			w->rc = rc;
		else if (!audit_decode(v, &r) || !slice_equal(r.hash, hash))
			trouble(w, &named, "not what a later chain names");
	}
	if (c.bad)
		trouble(w, at, "an opening that cannot be read");
}

static bool
entry_judge(
    struct walk *w, const struct audit_key *at, const struct audit_record *r)
{
	static const uint8_t nothing[32];
	struct audit_key want = *at;
	uint8_t hash[32];

	if (w->inside && !same_chain(at, &w->at)) {
		chain_end(w);
		w->inside = false;
	}
	want = audit_key(at->b, w->inside ? number_of(&w->at) + 1 : 0);
	if (memcmp(&want, at, sizeof(want)) != 0)
		trouble(w, &want, "missing");
	if (!w->inside && !slice_equal(r->e.event, slice_of(AUDIT_OPENING)))
		trouble(w, at, "not the opening of its chain");
	if (!audit_hash(at, w->inside ? w->hash : nothing, &r->e, hash)) {
		w->rc = STORE_FAULT;
		return false;
	}
	if (memcmp(hash, r->hash.p, 32) != 0)
		trouble(w, at, "changed");
	if (slice_equal(r->e.event, slice_of(AUDIT_OPENING)))
		opening_judge(w, at, r->e.detail);
	return true;
}

static bool
entry_walk(struct slice key, struct slice value, void *arg)
{
	struct walk *w = arg;
	struct audit_record r;
	struct audit_key at;

	if (key.n != AUDIT_KEY)
		return true;
	memcpy(at.b, key.p, AUDIT_KEY);
	if (w->seen == 0 && w->inside && memcmp(&at, &w->at, sizeof(at)) == 0)
		return true; /* where the view before ended */
	if (!audit_decode(value, &r)) {
		trouble(w, &at, "cannot be read");
		r = (struct audit_record){ .hash = { w->hash, 32 } };
	} else if (!entry_judge(w, &at, &r)) {
		return false;
	}
	w->r.chains += !w->inside;
	w->r.entries++;
	w->inside = true;
	w->at = at;
	memmove(w->hash, r.hash.p, 32);
	if (w->each != NULL && r.e.event.n > 0)
		w->each(&r.e, w->arg);
	return w->rc == STORE_OK && ++w->seen < ENTRIES_A_VIEW;
}

/* A chain of which nothing is left but its head. */
static bool
head_walk(struct slice key, struct slice value, void *arg)
{
	struct walk *w = arg;
	struct audit_key first;
	struct slice v;

	(void)value;
	if (key.n != 1 + AUDIT_CHAIN)
		return true;
	first = audit_key(key.p + 1, 0);
	if (engine_get(w->t, TABLE_AUDIT, SLICE(first.b), &v) == STORE_ABSENT)
		trouble(w, &first, "missing");
	return true;
}

static enum store_rc
walk_view(struct store *s, struct walk *w, bool *more)
{
	enum store_rc rc;

	if ((rc = store_read_begin(s, &w->t)) != STORE_OK)
		return rc;
	w->seen = 0;
	rc = engine_range(w->t, TABLE_AUDIT,
	    w->inside ? SLICE(w->at.b) : (struct slice){ 0 },
	    (struct slice){ 0 }, entry_walk, w);
	*more = w->seen == ENTRIES_A_VIEW;
	if (rc == STORE_OK && w->rc == STORE_OK && !*more) {
		chain_end(w);
		rc = engine_range(w->t, TABLE_HEADS, (struct slice){ 0 },
		    (struct slice){ 0 }, head_walk, w);
	}
	store_read_end(w->t);
	return rc == STORE_OK ? w->rc : rc;
}

enum store_rc
store_audit_verify(struct store *s,
    void (*each)(const struct store_audit_entry *e, void *arg), void *arg,
    struct store_audit_report *r)
{
	struct walk w = { .each = each, .arg = arg, .r = { .sound = true } };
	enum store_rc rc = STORE_OK;
	bool more = true;

	while (rc == STORE_OK && more)
		rc = walk_view(s, &w, &more);
	if (rc == STORE_OK)
		*r = w.r;
	return rc;
}

/* ---- heads ---- */

struct heads_walk {
	void (*each)(const struct store_audit_head *h, void *arg);
	void *arg;
	struct store_txn *t;
	enum store_rc rc;
};

static bool
head_give(struct slice key, struct slice value, void *arg)
{
	struct heads_walk *w = arg;
	struct store_audit_head out;
	struct audit_head head;

	if (key.n != 1 + AUDIT_CHAIN)
		return true;
	if (!audit_head_decode(value, &head)) {
		w->rc = store_damaged(w->t, TABLE_HEADS, key);
		return false;
	}
	memcpy(out.chain, key.p + 1, AUDIT_CHAIN);
	out.number = head.number;
	memcpy(out.hash, head.hash, sizeof(out.hash));
	w->each(&out, w->arg);
	return true;
}

enum store_rc
store_audit_heads(struct store *s,
    void (*each)(const struct store_audit_head *h, void *arg), void *arg)
{
	static const uint8_t not_named[] = { 0 };
	struct heads_walk w = { .each = each, .arg = arg };
	enum store_rc rc;

	if ((rc = store_read_begin(s, &w.t)) != STORE_OK)
		return rc;
	rc = engine_range(w.t, TABLE_HEADS, SLICE(not_named), SLICE(not_named),
	    head_give, &w);
	store_read_end(w.t);
	return rc == STORE_OK ? w.rc : rc;
}

enum store_rc
store_audit_has(struct store *s, const struct store_audit_head *h)
{
	struct audit_key key = audit_key(h->chain, h->number);
	struct audit_record r;
	struct store_txn *t;
	struct slice v;
	enum store_rc rc;

	if ((rc = store_read_begin(s, &t)) != STORE_OK)
		return rc;
	rc = engine_get(t, TABLE_AUDIT, SLICE(key.b), &v);
	if (rc == STORE_OK &&
	    (!audit_decode(v, &r) || memcmp(r.hash.p, h->hash, 32) != 0))
		rc = STORE_DAMAGED;
	store_read_end(t);
	return rc;
}
