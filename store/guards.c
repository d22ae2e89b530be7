/* SPDX-License-Identifier: Apache-2.0 */
#include "store/approvals.h"

#include "store/approval_codec.h"

void
guard_encode(struct writer *w, const struct store_guard *g)
{
	writer_be(w, 1, 1);
	writer_be(w, g->stranger, 1);
	writer_time(w, g->forget);
	writer_bytes(w, g->pending.b, sizeof(g->pending.b));
	for (size_t i = 0; i < 3; i++)
		writer_time(w, g->asked[i]);
	writer_be(w, g->level, 1);
	for (size_t i = 0; i < 2; i++)
		writer_time(w, g->mismatches[i]);
	writer_time(w, g->paused_until);
	writer_be(w, g->off, 1);
	writer_time(w, g->muted_until);
	writer_be(w, g->passkey_optional, 1);
	if (g->blocked_count > STORE_BLOCKED_MAX) {
		w->bad = true;
		return;
	}
	writer_be(w, g->blocked_count, 1);
	for (size_t i = 0; i < g->blocked_count; i++) {
		writer_bytes(w, g->blocked[i].hash, sizeof(g->blocked[i].hash));
		writer_time(w, g->blocked[i].until);
	}
}

bool
guard_decode(struct slice value, struct store_guard *g)
{
	struct cursor c = record_open(value, 1);

	g->stranger = cursor_bool(&c);
	g->forget = cursor_time(&c);
	cursor_copy(&c, g->pending.b, sizeof(g->pending.b));
	for (size_t i = 0; i < 3; i++)
		g->asked[i] = cursor_time(&c);
	g->level = (uint8_t)cursor_be(&c, 1);
	for (size_t i = 0; i < 2; i++)
		g->mismatches[i] = cursor_time(&c);
	g->paused_until = cursor_time(&c);
	g->off = cursor_bool(&c);
	g->muted_until = cursor_time(&c);
	g->passkey_optional = cursor_bool(&c);
	g->blocked_count = cursor_upto(&c, 1, STORE_BLOCKED_MAX);
	for (size_t i = 0; i < g->blocked_count; i++) {
		cursor_copy(&c, g->blocked[i].hash, sizeof(g->blocked[i].hash));
		g->blocked[i].until = cursor_time(&c);
	}
	return cursor_finished(&c);
}

static enum store_rc
guard_read(
    struct store_txn *t, const struct account_id *id, struct store_guard *g)
{
	struct slice v;
	enum store_rc rc;

	memset(g, 0, sizeof(*g));
	g->id = *id;
	if ((rc = engine_get(t, TABLE_GUARDS, SLICE(id->b), &v)) != STORE_OK)
		return rc;
	return guard_decode(v, g)
		   ? STORE_OK
		   : store_damaged(t, TABLE_GUARDS, SLICE(id->b));
}

enum store_rc
store_guard_get(
    struct store_txn *t, const struct account_id *id, struct store_guard *g)
{
	struct store_guard got;
	enum store_rc rc = guard_read(t, id, &got);

	if (rc != STORE_OK && rc != STORE_ABSENT)
		return rc;
	*g = got;
	return STORE_OK;
}

/* Its entry in the expiry index; none when it is to be kept. */
static enum store_rc
guard_enter(struct store_txn *t, const struct store_guard *g)
{
	return g->forget == 0
		   ? STORE_OK
		   : expiry_add(t, g->forget, TABLE_GUARDS, SLICE(g->id.b));
}

enum store_rc
store_guard_put(struct store_txn *t, const struct store_guard *g)
{
	uint8_t bytes[GUARD_RECORD_MAX];
	struct writer w = WRITER(bytes);
	struct store_guard old;
	enum store_rc rc;

	guard_encode(&w, g);
	if (w.bad)
		return store_misused(t, "guard");
	rc = guard_read(t, &g->id, &old);
	if (rc != STORE_OK && rc != STORE_ABSENT)
		return rc;
	if (rc == STORE_ABSENT || old.forget != g->forget) {
		if (rc == STORE_OK && old.forget != 0 &&
		    (rc = expiry_remove(t, old.forget, TABLE_GUARDS,
			 SLICE(g->id.b))) != STORE_OK)
			return rc;
		if ((rc = guard_enter(t, g)) != STORE_OK)
			return rc;
	}
	return engine_put(
	    t, TABLE_GUARDS, SLICE(g->id.b), writer_done(&w), ENGINE_REPLACE);
}

enum store_rc
guard_expire(struct store_txn *t, struct slice key, store_time now)
{
	struct account_id id;
	struct store_guard g;
	enum store_rc rc;

	if (key.n != sizeof(id.b))
		return STORE_OK;
	memcpy(id.b, key.p, sizeof(id.b));
	rc = guard_read(t, &id, &g);
	if (rc == STORE_ABSENT)
		return STORE_OK;
	/* Only a stranger's has an entry, and there it ends in its time. */
	if (rc == STORE_DAMAGED)
		return engine_delete(t, TABLE_GUARDS, key);
	if (rc != STORE_OK)
		return rc;
	if (g.forget == 0 || g.forget > now)
		return guard_enter(t, &g);
	return engine_delete(t, TABLE_GUARDS, key);
}

enum store_rc
guard_forget(struct store_txn *t, const struct account_id *id)
{
	struct store_guard g;
	enum store_rc rc;

	rc = guard_read(t, id, &g);
	if (rc == STORE_OK && g.forget != 0)
		rc = expiry_remove(t, g.forget, TABLE_GUARDS, SLICE(id->b));
	if (rc != STORE_OK && rc != STORE_DAMAGED)
		return rc == STORE_ABSENT ? STORE_OK : rc;
	return engine_delete(t, TABLE_GUARDS, SLICE(id->b));
}
