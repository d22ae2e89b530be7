/* SPDX-License-Identifier: Apache-2.0 */
#include "store/browsers.h"

#include "store/approval_codec.h"

void
browser_encode(struct writer *w, const struct store_browser *b)
{
	writer_be(w, 1, 1);
	writer_bytes(w, b->token_hash, sizeof(b->token_hash));
	writer_bytes(w, b->previous_hash, sizeof(b->previous_hash));
	writer_bytes(w, b->key_thumbprint, sizeof(b->key_thumbprint));
	writer_time(w, b->created);
	writer_time(w, b->rotated);
	writer_time(w, b->expires);
	if (b->account_count > STORE_BROWSER_ACCOUNTS_MAX) {
		w->bad = true;
		return;
	}
	writer_be(w, b->account_count, 1);
	for (size_t i = 0; i < b->account_count; i++)
		writer_bytes(w, b->accounts[i].b, sizeof(b->accounts[i].b));
}

bool
browser_decode(struct slice value, struct store_browser *b)
{
	struct cursor c = record_open(value, 1);

	cursor_copy(&c, b->token_hash, sizeof(b->token_hash));
	cursor_copy(&c, b->previous_hash, sizeof(b->previous_hash));
	cursor_copy(&c, b->key_thumbprint, sizeof(b->key_thumbprint));
	b->created = cursor_time(&c);
	b->rotated = cursor_time(&c);
	b->expires = cursor_time(&c);
	b->account_count = cursor_upto(&c, 1, STORE_BROWSER_ACCOUNTS_MAX);
	for (size_t i = 0; i < b->account_count; i++)
		cursor_copy(&c, b->accounts[i].b, sizeof(b->accounts[i].b));
	return cursor_finished(&c);
}

void
trust_encode(struct writer *w, const struct store_trust *trust)
{
	writer_be(w, 1, 1);
	writer_text(w, trust->name, sizeof(trust->name));
	writer_be(w, trust->method, 1);
	writer_time(w, trust->since);
	writer_time(w, trust->last_used);
	client_encode(w, &trust->client);
}

bool
trust_decode(struct slice value, struct store_trust *trust)
{
	struct cursor c = record_open(value, 1);

	cursor_text(&c, trust->name, sizeof(trust->name));
	trust->method =
	    (enum store_method)cursor_upto(&c, 1, STORE_METHOD_CODE);
	trust->since = cursor_time(&c);
	trust->last_used = cursor_time(&c);
	client_decode(&c, &trust->client);
	return cursor_finished(&c) && trust->method != 0;
}

/* ---- browsers ---- */

static enum store_rc
browser_write(
    struct store_txn *t, const struct store_browser *b, enum engine_put how)
{
	uint8_t bytes[BROWSER_RECORD_MAX];
	struct writer w = WRITER(bytes);

	browser_encode(&w, b);
	if (w.bad)
		return store_misused(t, "browser");
	return engine_put(
	    t, TABLE_BROWSERS, SLICE(b->id.b), writer_done(&w), how);
}

enum store_rc
store_browser_add(struct store_txn *t, const struct store_browser *b)
{
	struct store_browser fresh = *b;
	enum store_rc rc;

	fresh.account_count = 0;
	if ((rc = browser_write(t, &fresh, ENGINE_INSERT)) != STORE_OK)
		return rc;
	return expiry_add(t, b->expires, TABLE_BROWSERS, SLICE(b->id.b));
}

enum store_rc
store_browser_get(
    struct store_txn *t, const struct browser_id *id, struct store_browser *b)
{
	struct store_browser got = { .id = *id };
	struct slice v;
	enum store_rc rc;

	if ((rc = engine_get(t, TABLE_BROWSERS, SLICE(id->b), &v)) != STORE_OK)
		return rc;
	if (!browser_decode(v, &got))
		return store_damaged(t, TABLE_BROWSERS, SLICE(id->b));
	*b = got;
	return STORE_OK;
}

/* Its entry in the expiry index moves with it. */
static enum store_rc
browser_replace(struct store_txn *t, const struct store_browser *old,
    const struct store_browser *b)
{
	enum store_rc rc;

	if (old->expires != b->expires &&
	    ((rc = expiry_remove(t, old->expires, TABLE_BROWSERS,
		  SLICE(b->id.b))) != STORE_OK ||
		(rc = expiry_add(t, b->expires, TABLE_BROWSERS,
		     SLICE(b->id.b))) != STORE_OK))
		return rc;
	return browser_write(t, b, ENGINE_REPLACE);
}

enum store_rc
store_browser_put(struct store_txn *t, const struct store_browser *b)
{
	struct store_browser old = { .expires = 0 }, next = *b;
	enum store_rc rc;

	if ((rc = store_browser_get(t, &b->id, &old)) != STORE_OK)
		return rc;
	memcpy(next.accounts, old.accounts, sizeof(next.accounts));
	next.account_count = old.account_count;
	return browser_replace(t, &old, &next);
}

static enum store_rc
trust_delete(struct store_txn *t, const struct account_id *account,
    const struct browser_id *browser)
{
	struct cluster_key k =
	    cluster_key(account, CLUSTER_BROWSER, SLICE(browser->b));

	return engine_delete(t, TABLE_ACCOUNTS, cluster_slice(&k));
}

static enum store_rc
browser_drop(struct store_txn *t, const struct store_browser *b)
{
	enum store_rc rc;

	for (size_t i = 0; i < b->account_count; i++) {
		rc = trust_delete(t, &b->accounts[i], &b->id);
		if (rc != STORE_OK && rc != STORE_ABSENT)
			return rc;
	}
	return engine_delete(t, TABLE_BROWSERS, SLICE(b->id.b));
}

enum store_rc
store_browser_remove(struct store_txn *t, const struct browser_id *id)
{
	struct store_browser b = { .expires = 0 };
	enum store_rc rc;

	if ((rc = store_browser_get(t, id, &b)) != STORE_OK ||
	    (rc = expiry_remove(t, b.expires, TABLE_BROWSERS, SLICE(id->b))) !=
		STORE_OK)
		return rc;
	return browser_drop(t, &b);
}

enum store_rc
browser_expire(struct store_txn *t, struct slice key, store_time now)
{
	struct store_browser b = { .expires = 0 };
	struct browser_id id;
	enum store_rc rc;

	if (key.n != sizeof(id.b))
		return STORE_OK;
	memcpy(id.b, key.p, sizeof(id.b));
	rc = store_browser_get(t, &id, &b);
	if (rc == STORE_DAMAGED)
		return engine_delete(t, TABLE_BROWSERS, key);
	if (rc != STORE_OK)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	if (b.expires > now)
		return expiry_add(t, b.expires, TABLE_BROWSERS, key);
	return browser_drop(t, &b);
}

/* ---- trust ---- */

static void
account_cut(struct store_browser *b, const struct account_id *account)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->account_count; i++)
		if (memcmp(&b->accounts[i], account, sizeof(*account)) != 0)
			b->accounts[kept++] = b->accounts[i];
	memset(&b->accounts[kept], 0,
	    (STORE_BROWSER_ACCOUNTS_MAX - kept) * sizeof(b->accounts[0]));
	b->account_count = kept;
}

enum store_rc
trust_forget(
    struct store_txn *t, const struct account_id *account, struct slice browser)
{
	struct store_browser b = { .expires = 0 };
	struct browser_id id;
	enum store_rc rc;

	if (browser.n != sizeof(id.b))
		return STORE_OK;
	memcpy(id.b, browser.p, sizeof(id.b));
	rc = store_browser_get(t, &id, &b);
	/* Nobody is trusted by what cannot be read; it goes in its time. */
	if (rc != STORE_OK)
		return rc == STORE_DAMAGED ? STORE_OK : rc;
	account_cut(&b, account);
	if (b.account_count > 0)
		return browser_write(t, &b, ENGINE_REPLACE);
	rc = expiry_remove(t, b.expires, TABLE_BROWSERS, browser);
	return rc != STORE_OK ? rc : engine_delete(t, TABLE_BROWSERS, browser);
}

enum store_rc
store_trust_remove(struct store_txn *t, const struct account_id *account,
    const struct browser_id *browser)
{
	enum store_rc rc;

	if ((rc = trust_delete(t, account, browser)) != STORE_OK)
		return rc;
	rc = trust_forget(t, account, SLICE(browser->b));
	return rc == STORE_ABSENT ? STORE_OK : rc;
}

struct trust_list {
	struct store_txn *t;
	const struct account_id *account;
	struct store_trust *out;
	size_t n;
};

static bool
trust_collect(struct slice key, struct slice value, void *arg)
{
	struct trust_list *l = arg;
	struct store_trust got = { .account = *l->account };
	struct cursor c = cursor_over(key);
	size_t i;

	cursor_take(&c, 17);
	cursor_copy(&c, got.browser.b, sizeof(got.browser.b));
	if (!cursor_finished(&c) || !trust_decode(value, &got)) {
		store_damaged(l->t, TABLE_ACCOUNTS, key);
		return true;
	}
	for (i = l->n; i > 0 && l->out[i - 1].last_used < got.last_used; i--)
		l->out[i] = l->out[i - 1];
	l->out[i] = got;
	return ++l->n < STORE_BROWSERS_MAX;
}

enum store_rc
store_trusts_of(struct store_txn *t, const struct account_id *account,
    struct store_trust *out, size_t *n)
{
	struct cluster_key prefix =
	    cluster_key(account, CLUSTER_BROWSER, (struct slice){ 0 });
	struct trust_list l = { .t = t, .account = account, .out = out };
	enum store_rc rc;

	rc = engine_range(t, TABLE_ACCOUNTS, (struct slice){ 0 },
	    cluster_slice(&prefix), trust_collect, &l);
	if (rc == STORE_OK)
		*n = l.n;
	return rc;
}

enum store_rc
store_trust_get(struct store_txn *t, const struct account_id *account,
    const struct browser_id *browser, struct store_trust *trust)
{
	struct cluster_key k =
	    cluster_key(account, CLUSTER_BROWSER, SLICE(browser->b));
	struct store_trust got = { .account = *account, .browser = *browser };
	struct slice v;
	enum store_rc rc;

	rc = engine_get(t, TABLE_ACCOUNTS, cluster_slice(&k), &v);
	if (rc != STORE_OK)
		return rc;
	if (!trust_decode(v, &got))
		return store_damaged(t, TABLE_ACCOUNTS, cluster_slice(&k));
	*trust = got;
	return STORE_OK;
}

/* Room for one more, on both sides. */
static enum store_rc
trust_make_room(struct store_txn *t, const struct store_trust *trust)
{
	struct store_trust list[STORE_BROWSERS_MAX];
	struct store_browser b = { .expires = 0 };
	enum store_rc rc;
	size_t n = 0;

	if ((rc = store_trusts_of(t, &trust->account, list, &n)) != STORE_OK)
		return rc;
	if (n >= STORE_BROWSERS_MAX) {
		rc = store_trust_remove(
		    t, &trust->account, &list[n - 1].browser);
		if (rc != STORE_OK)
			return rc;
	}
	if ((rc = store_browser_get(t, &trust->browser, &b)) != STORE_OK ||
	    b.account_count < STORE_BROWSER_ACCOUNTS_MAX)
		return rc;
	return store_trust_remove(t, &b.accounts[0], &trust->browser);
}

static enum store_rc
trust_link(struct store_txn *t, const struct store_trust *trust)
{
	struct store_browser b = { .expires = 0 };
	enum store_rc rc;

	if ((rc = trust_make_room(t, trust)) != STORE_OK ||
	    (rc = store_browser_get(t, &trust->browser, &b)) != STORE_OK)
		return rc;
	b.accounts[b.account_count++] = trust->account;
	return browser_write(t, &b, ENGINE_REPLACE);
}

enum store_rc
store_trust_put(struct store_txn *t, const struct store_trust *trust)
{
	struct cluster_key k = cluster_key(
	    &trust->account, CLUSTER_BROWSER, SLICE(trust->browser.b));
	uint8_t bytes[TRUST_RECORD_MAX];
	struct writer w = WRITER(bytes);
	struct store_browser b = { .expires = 0 };
	struct heads h;
	struct slice v;
	enum store_rc rc;

	trust_encode(&w, trust);
	if (w.bad || trust->method == 0)
		return store_misused(t, "trust");
	if ((rc = heads_get(t, &trust->account, &h)) != STORE_OK ||
	    (rc = store_browser_get(t, &trust->browser, &b)) != STORE_OK)
		return rc;
	rc = engine_get(t, TABLE_ACCOUNTS, cluster_slice(&k), &v);
	if (rc == STORE_ABSENT)
		rc = trust_link(t, trust);
	if (rc != STORE_OK)
		return rc;
	return engine_put(t, TABLE_ACCOUNTS, cluster_slice(&k), writer_done(&w),
	    ENGINE_REPLACE);
}
