/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/codec.h"

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void
kit_log(int priority, const char *line, void *arg)
{
	struct kit *k = arg;
	size_t n;

	(void)priority;
	pthread_mutex_lock(&log_lock);
	n = strlen(k->log);
	snprintf(k->log + n, sizeof(k->log) - n, "%s\n", line);
	pthread_mutex_unlock(&log_lock);
}

struct store_options
kit_options(struct kit *k)
{
	return (struct store_options){
		.dir = k->dir,
		.readers = 16,
		.map_first = k->map_first,
		.log = kit_log,
		.log_arg = k,
	};
}

struct kit *
kit_new(size_t map_first)
{
	struct kit *k = calloc(1, sizeof(*k));
	struct store_options o;

	assert_non_null(k);
	snprintf(k->top, sizeof(k->top), "/tmp/itsumo-store-XXXXXX");
	assert_non_null(mkdtemp(k->top));
	snprintf(k->dir, sizeof(k->dir), "%s/data", k->top);
	k->map_first = map_first;
	o = kit_options(k);
	assert_ok(store_open(&o, &k->s));
	return k;
}

void
kit_end(struct kit *k)
{
	store_close(k->s);
	remove_tree(k->top);
	free(k);
}

void
kit_reopen(struct kit *k)
{
	struct store_options o = kit_options(k);

	store_close(k->s);
	k->s = NULL;
	assert_ok(store_open(&o, &k->s));
}

int
kit_setup(void **state)
{
	*state = kit_new(0);
	return 0;
}

int
kit_teardown(void **state)
{
	kit_end(*state);
	return 0;
}

const char *
kit_path(struct kit *k, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", k->top, name);
	return path;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
remove_tree(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- records ---- */

struct account_id
an_account_id(uint32_t n)
{
	struct account_id id = { .b = { 1, 2, 3, 4 } };

	for (int i = 0; i < 4; i++)
		id.b[4 + i] = (uint8_t)(n >> (24 - 8 * i));
	return id;
}

struct store_account
an_account(uint32_t n)
{
	struct store_account a = {
		.id = an_account_id(n),
		.state = STORE_ACCOUNT_ACTIVE,
		.created = 1000 + n,
		.locale = "ja",
	};

	memset(a.user_handle, (int)n, sizeof(a.user_handle));
	snprintf(a.name, sizeof(a.name), "Name %u", n);
	snprintf(a.name_key, sizeof(a.name_key), "name %u", n);
	snprintf(a.display_name, sizeof(a.display_name), "いつも %u", n);
	return a;
}

struct store_credential
a_credential(uint32_t account, uint32_t n)
{
	struct store_credential c = {
		.account = an_account_id(account),
		.id_n = 20,
		.cose_key_n = 77,
		.algorithm = -7,
		.created = 2000 + n,
		.sign_count = 1,
		.format = "none",
		.name = "A phone",
	};

	memcpy(c.id, &account, sizeof(account));
	memcpy(c.id + 4, &n, sizeof(n));
	memset(c.cose_key, 0xa5, c.cose_key_n);
	return c;
}

struct store_session
a_session(uint32_t account, uint32_t n, store_time at)
{
	struct store_session s = {
		.account = an_account_id(account),
		.method = STORE_METHOD_PASSKEY,
		.created = at,
		.proved = at,
		.last_seen = at,
		.idle_ms = 1000,
		.ends = at + 10000,
		.client = { .browser = "Chromium, Linux",
		    .address = "192.0.2.1",
		    .place = "Kyoto, JP" },
	};

	for (int i = 0; i < 8; i++)
		s.id.b[i] = (uint8_t)(at >> (56 - 8 * i));
	memcpy(s.id.b + 8, &n, sizeof(n));
	memcpy(s.id.b + 12, &account, sizeof(account));
	memset(s.token_hash, (int)n, sizeof(s.token_hash));
	return s;
}

struct store_history
a_history(uint32_t account, store_time at)
{
	return (struct store_history){
		.account = an_account_id(account),
		.at = at,
		.expires = at + 5000,
		.ok = true,
		.method = STORE_METHOD_PASSKEY,
		.event = "sign-in",
		.passkey = "A phone",
		.client = { .browser = "Chromium, Linux",
		    .address = "192.0.2.1",
		    .place = "Kyoto, JP" },
	};
}

struct store_audit_entry
an_audit_entry(store_time at, const char *detail)
{
	return (struct store_audit_entry){
		.at = at,
		.account = an_account_id(1),
		.event = slice_of("sign-in"),
		.detail = slice_of(detail),
	};
}

void
a_challenge(uint32_t n, uint8_t challenge[32])
{
	memset(challenge, 0, 32);
	memcpy(challenge, &n, sizeof(n));
}

static enum store_rc
add_account(struct store_txn *t, void *arg)
{
	return store_account_add(t, arg);
}

enum store_rc
kit_add_account(struct kit *k, uint32_t n)
{
	struct store_account a = an_account(n);

	return store_update(k->s, add_account, &a);
}

struct spoilt {
	enum store_table table;
	struct slice key;
};

static enum store_rc
put_spoilt(struct store_txn *t, void *arg)
{
	static const uint8_t later[] = { 2, 0, 0, 0 };
	struct spoilt *x = arg;
	struct slice v;
	enum store_rc rc = engine_get(t, x->table, x->key, &v);

	return rc != STORE_OK ? rc
			      : engine_put(t, x->table, x->key, SLICE(later),
				    ENGINE_REPLACE);
}

void
spoil(struct store *s, enum store_table table, struct slice key)
{
	struct spoilt x = { table, key };

	assert_ok(store_update(s, put_spoilt, &x));
}

uint64_t
entries(struct store *s, enum store_table table)
{
	struct engine_stat st;

	assert_ok(engine_stat(s->engine, &st));
	return st.entries[table];
}

void
sleeper_is_here(struct sleeper *z)
{
	atomic_store(&z->tid, (int)syscall(SYS_gettid));
}

static bool
is_asleep(int tid)
{
	char path[64], line[512];
	const char *end = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	if (tid == 0 || (f = fopen(path, "r")) == NULL)
		return false;
	if (fgets(line, sizeof(line), f) != NULL)
		end = strrchr(line, ')');
	fclose(f);
	return end != NULL && end[1] == ' ' && end[2] == 'S';
}

void
wait_until_asleep(struct sleeper *z)
{
	while (!atomic_load(&z->done) && !is_asleep(atomic_load(&z->tid)))
		sched_yield();
}

uint64_t
numbers(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* ---- comparing ---- */

static bool
same_bytes(const struct writer *a, const struct writer *b)
{
	assert_false(a->bad || b->bad);
	return slice_equal(writer_done(a), writer_done(b));
}

bool
same_account(const struct store_account *a, const struct store_account *b)
{
	uint8_t x[ACCOUNT_RECORD_MAX], y[ACCOUNT_RECORD_MAX];
	struct writer w = WRITER(x), v = WRITER(y);

	account_encode(&w, a);
	account_encode(&v, b);
	return memcmp(&a->id, &b->id, sizeof(a->id)) == 0 && same_bytes(&w, &v);
}

bool
same_credential(
    const struct store_credential *a, const struct store_credential *b)
{
	uint8_t x[CREDENTIAL_RECORD_MAX], y[CREDENTIAL_RECORD_MAX];
	struct writer w = WRITER(x), v = WRITER(y);

	credential_encode(&w, a);
	credential_encode(&v, b);
	return memcmp(&a->account, &b->account, sizeof(a->account)) == 0 &&
	       same_bytes(&w, &v);
}

bool
same_session(const struct store_session *a, const struct store_session *b)
{
	uint8_t x[SESSION_RECORD_MAX], y[SESSION_RECORD_MAX];
	struct writer w = WRITER(x), v = WRITER(y);
	struct session_record r = { .s = *a }, q = { .s = *b };

	session_encode(&w, &r);
	session_encode(&v, &q);
	return memcmp(&a->id, &b->id, sizeof(a->id)) == 0 && same_bytes(&w, &v);
}

bool
same_history(const struct store_history *a, const struct store_history *b)
{
	uint8_t x[HISTORY_RECORD_MAX], y[HISTORY_RECORD_MAX];
	struct writer w = WRITER(x), v = WRITER(y);
	struct history_record r = { .h = *a }, q = { .h = *b };

	history_encode(&w, &r);
	history_encode(&v, &q);
	return memcmp(&a->id, &b->id, sizeof(a->id)) == 0 && same_bytes(&w, &v);
}

bool
same_invitation(
    const struct store_invitation *a, const struct store_invitation *b)
{
	uint8_t x[INVITATION_RECORD_MAX], y[INVITATION_RECORD_MAX];
	struct writer w = WRITER(x), v = WRITER(y);

	invitation_encode(&w, a);
	invitation_encode(&v, b);
	return memcmp(a->token_hash, b->token_hash, sizeof(a->token_hash)) ==
		   0 &&
	       same_bytes(&w, &v);
}
