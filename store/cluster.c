/* SPDX-License-Identifier: Apache-2.0 */
#include "store/codec.h"

struct cluster_key
cluster_key(
    const struct account_id *id, enum cluster_kind kind, struct slice suffix)
{
	struct cluster_key k = { .n = sizeof(id->b) + 1 };

	memcpy(k.b, id->b, sizeof(id->b));
	k.b[sizeof(id->b)] = (uint8_t)kind;
	if (suffix.n > 0 && suffix.n <= sizeof(k.b) - k.n) {
		memcpy(k.b + k.n, suffix.p, suffix.n);
		k.n += suffix.n;
	}
	return k;
}

void
heads_encode(struct writer *w, const struct heads *h)
{
	writer_be(w, 1, 1);
	writer_bytes(w, h->newest.b, sizeof(h->newest.b));
	writer_time(w, h->newest_expires);
	writer_time(w, h->prune_at);
	if (h->session_count > STORE_SESSIONS_MAX) {
		w->bad = true;
		return;
	}
	writer_be(w, h->session_count, 1);
	for (size_t i = 0; i < h->session_count; i++)
		writer_bytes(w, h->sessions[i].b, sizeof(h->sessions[i].b));
}

bool
heads_decode(struct slice value, struct heads *h)
{
	struct cursor c = record_open(value, 1);

	cursor_copy(&c, h->newest.b, sizeof(h->newest.b));
	h->newest_expires = cursor_time(&c);
	h->prune_at = cursor_time(&c);
	h->session_count = cursor_upto(&c, 1, STORE_SESSIONS_MAX);
	for (size_t i = 0; i < h->session_count; i++)
		cursor_copy(&c, h->sessions[i].b, sizeof(h->sessions[i].b));
	return cursor_finished(&c);
}

enum store_rc
heads_get(struct store_txn *t, const struct account_id *id, struct heads *h)
{
	struct cluster_key k =
	    cluster_key(id, CLUSTER_HEADS, (struct slice){ 0 });
	struct slice v;
	enum store_rc rc;

	rc = engine_get(t, TABLE_ACCOUNTS, cluster_slice(&k), &v);
	if (rc != STORE_OK)
		return rc;
	if (!heads_decode(v, h))
		return store_damaged(t, TABLE_ACCOUNTS, cluster_slice(&k));
	return STORE_OK;
}

enum store_rc
heads_put(
    struct store_txn *t, const struct account_id *id, const struct heads *h)
{
	struct cluster_key k =
	    cluster_key(id, CLUSTER_HEADS, (struct slice){ 0 });
	uint8_t bytes[HEADS_RECORD_MAX];
	struct writer w = WRITER(bytes);

	heads_encode(&w, h);
	if (w.bad)
		return store_misused(t, "heads");
	return engine_put(t, TABLE_ACCOUNTS, cluster_slice(&k), writer_done(&w),
	    ENGINE_REPLACE);
}
