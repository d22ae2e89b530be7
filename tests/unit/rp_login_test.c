/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include <pthread.h>

/* ---- what a finish answers ---- */

/* Everything that one finish may get wrong at a time. */
struct wrong {
	struct softkey_script lie;
	bool foreign; /* another browser finishes */
	bool cut; /* the ceremony loses its last character */
	bool proof; /* it is a ceremony of another kind */
	bool other_name; /* it names somebody else */
	bool stranger; /* it names nobody there is */
	bool unknown; /* the passkey was never registered */
	bool removed; /* the account went in between */
	bool locked;
	store_time late; /* how much later it finishes */
	bool handle; /* sends another user handle */
	bool no_handle; /* sends none */
};

static const struct {
	const char *name;
	struct wrong wrong;
	enum rp_answer want;
	const char *history; /* the reason written down, or NULL */
} cases[] = {
	{ "the truth", { { 0 }, .late = 0 }, RP_OK, NULL },
	{ "just in time", { .late = 5 * MINUTE - 1 }, RP_OK, NULL },
	{ "too late", { .late = 5 * MINUTE }, RP_CEREMONY_EXPIRED, NULL },
	{ "another browser", { .foreign = true }, RP_CEREMONY_FOREIGN, NULL },
	{ "cut short", { .cut = true }, RP_CEREMONY_MALFORMED, NULL },
	{ "a proof's ceremony", { .proof = true }, RP_CEREMONY_KIND, NULL },
	{ "somebody else's name", { .other_name = true }, RP_PASSKEY_REFUSED,
	    NULL },
	{ "nobody's name", { .stranger = true }, RP_PASSKEY_REFUSED, NULL },
	{ "a passkey nobody has", { .unknown = true }, RP_PASSKEY_UNKNOWN,
	    NULL },
	{ "an account that went", { .removed = true }, RP_PASSKEY_UNKNOWN,
	    NULL },
	{ "a locked account", { .locked = true }, RP_ACCOUNT_LOCKED,
	    "account-locked" },
	{ "a locked account, badly signed",
	    { .locked = true, .lie.origin = "https://example.com" },
	    RP_PASSKEY_REFUSED, NULL },
	{ "another origin", { .lie.origin = "https://example.com" },
	    RP_PASSKEY_REFUSED, NULL },
	{ "another challenge", { .lie.challenge = SOFTKEY_CHALLENGE },
	    RP_PASSKEY_REFUSED, NULL },
	{ "no signature to speak of",
	    { .lie.signature = { (const uint8_t *)"0", 1 } },
	    RP_PASSKEY_REFUSED, NULL },
	{ "somebody else's handle", { .handle = true }, RP_PASSKEY_REFUSED,
	    NULL },
	{ "no handle where nobody was named", { .no_handle = true },
	    RP_PASSKEY_REFUSED, NULL },
	{ "nobody verified", { .lie.flags = WA_FLAG_UP }, RP_PASSKEY_REFUSED,
	    "user-unverified" },
	{ "nobody verified, signed by another",
	    { .lie = { .flags = WA_FLAG_UP,
		  .signature = { (const uint8_t *)"0", 1 } } },
	    RP_PASSKEY_REFUSED, NULL },
	{ "a counter that went back", { .lie.sign_count = 4 }, RP_SIGN_COUNT,
	    "sign-count" },
	{ "a counter that stood still", { .lie.sign_count = 5 }, RP_SIGN_COUNT,
	    "sign-count" },
};

static enum rp_answer
finish(struct world *w, struct person *p, struct person *other,
    const struct wrong *wrong)
{
	struct rp_request o;
	struct wa_assertion got;
	struct softkey_script lie = wrong->lie;
	enum rp_answer a;
	size_t ended;

	a = wrong->proof ? rp_proof_begin(w->rp, call(w), &p->in, &o)
			 : rp_login_begin(w->rp, call(w),
			       wrong->other_name ? "hanako"
			       : wrong->stranger ? "nobody"
						 : NULL,
			       RP_REQUIRED, &o);
	assert_answer(a, RP_OK);
	if (wrong->handle)
		lie.user_handle = (struct slice){ other->handle, 32 };
	if (wrong->removed)
		assert_answer(
		    rp_account_remove_own(w->rp, call(w), &p->in), RP_OK);
	if (wrong->locked)
		assert_answer(rp_admin_account_lock(
				  w->rp, call(w), &p->in.account.id, &ended),
		    RP_OK);
	if (wrong->cut)
		o.ceremony.s[strlen(o.ceremony.s) - 1] = '\0';
	w->now += wrong->late;
	p->counter++;
	got = assert_passkey(wrong->unknown ? other : p, &o, &lie);
	if (wrong->no_handle)
		got.user_handle.n = 0;
	return login_finish(w->rp, call_by(w, wrong->foreign ? 2 : 1, 1),
	    sealed(&o.ceremony), &got, NULL, &p->in, &p->token);
}

/* One case, in a world of its own. */
static void
one_case(size_t i)
{
	void *state;
	struct world *w;
	struct person *p = person_new(), *other = person_new();
	struct rp_call last;
	enum rp_answer got;
	size_t wrote;

	world_setup(&state);
	w = state;
	p->counter = 5;
	if (!cases[i].wrong.unknown)
		sign_up(w, other, "hanako");
	sign_up(w, p, "taro");
	wrote = audited(w, "sign-in");
	got = finish(w, p, other, &cases[i].wrong);
	last = w->call;
	if (got != cases[i].want)
		fail_msg("%s: got %s (%s), want %s", cases[i].name,
		    rp_answer_name(got), wa_verdict_name(last.verdict),
		    rp_answer_name(cases[i].want));
	if (got == RP_PASSKEY_REFUSED && last.verdict == WA_OK)
		fail_msg("%s: refused, and nobody says why", cases[i].name);
	/* Written down: what was done, and what its owner's device signed. */
	wrote = audited(w, "sign-in") - wrote;
	if (wrote != (got == RP_OK || cases[i].history != NULL))
		fail_msg("%s: %zu entries", cases[i].name, wrote);
	if (cases[i].history != NULL)
		assert_int_equal(events(w, p, "sign-in", cases[i].history), 1);
	person_free(p);
	person_free(other);
	world_teardown(&state);
}

static void
answers_each_lie(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		one_case(i);
}

/* ---- what a sign-in leaves ---- */

static void
keeps_what_it_learnt(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct store_credential c;
	struct rp_signed_in in;
	bool touch;

	p->counter = 5;
	sign_up(w, p, "taro");
	w->now += MINUTE;
	p->counter = 9;
	p->flags = WA_FLAG_UP | WA_FLAG_UV | WA_FLAG_BE | WA_FLAG_BS;
	assert_answer(sign_in(w, p, "Taro"), RP_OK);
	assert_true(stored(w, p, &c));
	assert_int_equal(c.sign_count, 9);
	assert_int_equal(c.flags, WA_FLAG_UV | WA_FLAG_BE | WA_FLAG_BS);
	assert_int_equal(c.last_used, w->now);
	assert_int_equal(events(w, p, "sign-in", ""), 1);
	assert_int_equal(events(w, p, "backup-eligible", ""), 1);
	assert_answer(
	    rp_session_check(w->rp, call(w), p->token.s, &in, &touch), RP_OK);
	assert_memory_equal(&in.account.id, &p->in.account.id, 16);
	assert_int_equal(in.session.proved, w->now);
	assert_string_equal(in.session.client.browser, "Chrome 1, Linux");
	/* And an eligible one may not cease to be: written down, too. */
	p->flags = 0;
	p->counter++;
	assert_answer(sign_in(w, p, NULL), RP_PASSKEY_REFUSED);
	assert_int_equal(w->call.verdict, WA_BACKUP_CHANGED);
	assert_int_equal(
	    events(w, p, "sign-in", "backup-eligibility-changed"), 1);
	person_free(p);
}

static void
tells_of_a_counter_that_went_back(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct store_credential c;
	struct store_history notices[4];
	size_t n;

	p->counter = 5;
	sign_up(w, p, "taro");
	w->now += MINUTE;
	p->counter = 3;
	assert_answer(sign_in(w, p, NULL), RP_SIGN_COUNT);
	assert_true(stored(w, p, &c));
	assert_int_equal(c.counter_went_back, w->now);
	assert_int_equal(c.sign_count, 5);
	assert_answer(
	    rp_notices_list(w->rp, call(w), &p->in, notices, 4, &n), RP_OK);
	assert_int_equal(n, 1);
	assert_string_equal(notices[0].reason, "sign-count");
	assert_false(notices[0].ok);
	/* The one that has the key signs in as before. */
	p->counter = 6;
	assert_answer(sign_in(w, p, NULL), RP_OK);
	person_free(p);
}

/* One ceremony, one write: a refusal that was signed uses it up too. */
static void
cannot_be_replayed(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_request o;
	struct wa_assertion got;
	struct rp_signed_in in;
	struct rp_token token;
	const struct softkey_script unverified = { .flags = WA_FLAG_UP };

	sign_up(w, p, "taro");
	assert_answer(
	    rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &o), RP_OK);
	got = assert_passkey(p, &o, NULL);
	assert_answer(login_finish(w->rp, call(w), sealed(&o.ceremony), &got,
			  NULL, &in, &token),
	    RP_OK);
	assert_answer(login_finish(w->rp, call(w), sealed(&o.ceremony), &got,
			  NULL, &in, &token),
	    RP_CEREMONY_SPENT);
	assert_int_equal(events(w, p, "sign-in", NULL), 1);

	assert_answer(
	    rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &o), RP_OK);
	got = assert_passkey(p, &o, &unverified);
	assert_answer(login_finish(w->rp, call(w), sealed(&o.ceremony), &got,
			  NULL, &in, &token),
	    RP_PASSKEY_REFUSED);
	assert_answer(login_finish(w->rp, call(w), sealed(&o.ceremony), &got,
			  NULL, &in, &token),
	    RP_CEREMONY_SPENT);
	assert_int_equal(events(w, p, "sign-in", NULL), 2);
	person_free(p);
}

/* A passkey that was not in allowCredentials is not taken for one. */
static void
allows_what_it_allowed(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *second = person_new();
	struct rp_request o;
	struct wa_assertion got;
	struct rp_signed_in in;
	struct rp_token token;

	sign_up(w, p, "taro");
	w->now += SECOND;
	assert_answer(
	    rp_login_begin(w->rp, call(w), "taro", RP_REQUIRED, &o), RP_OK);
	assert_int_equal(o.allow.n, 1);
	assert_memory_equal(o.allow.list[0].id, softkey_id(p->key).p, 32);
	assert_int_equal(o.allow.list[0].transports,
	    STORE_TRANSPORT_INTERNAL | STORE_TRANSPORT_HYBRID);
	w->now += SECOND;
	assert_answer(add_passkey(w, p, second), RP_OK);
	got = assert_passkey(second, &o, NULL);
	assert_answer(login_finish(w->rp, call(w), sealed(&o.ceremony), &got,
			  NULL, &in, &token),
	    RP_PASSKEY_REFUSED);
	assert_int_equal(w->call.verdict, WA_CREDENTIAL_ID);
	assert_answer(sign_in(w, second, "taro"), RP_OK);
	person_free(p);
	person_free(second);
}

static void
ends_the_session_the_browser_had(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new();
	struct rp_token before;
	struct session_id old;
	struct rp_request o;
	struct wa_assertion got;
	struct rp_signed_in in;
	bool touch;

	sign_up(w, other, "hanako");
	sign_up(w, p, "taro");
	before = p->token;
	for (int i = 0; i < 2; i++) {
		old = i == 0 ? p->in.session.id : other->in.session.id;
		assert_answer(
		    rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &o),
		    RP_OK);
		got = assert_passkey(p, &o, NULL);
		assert_answer(login_finish(w->rp, call(w), sealed(&o.ceremony),
				  &got, &old, &p->in, &p->token),
		    RP_OK);
	}
	assert_answer(rp_session_check(w->rp, call(w), before.s, &in, &touch),
	    RP_SESSION_EXPIRED);
	assert_answer(
	    rp_session_check(w->rp, call(w), other->token.s, &in, &touch),
	    RP_SESSION_EXPIRED);
	/* Another account's is a sign-out there; one's own is a sign-in. */
	assert_int_equal(events(w, other, "sign-out", NULL), 1);
	assert_int_equal(events(w, p, "sign-out", NULL), 0);
	person_free(p);
	person_free(other);
}

/* ---- proof ---- */

static void
proves_again(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new();
	struct rp_request o;
	struct wa_assertion got;
	struct store_session s;
	size_t ended;

	sign_up(w, p, "taro");
	sign_up(w, other, "hanako");
	assert_answer(rp_session_fresh(w->rp, call(w), &p->in), RP_OK);
	w->now += 5 * MINUTE;
	assert_answer(rp_session_fresh(w->rp, call(w), &p->in), RP_OK);
	w->now += 1;
	assert_answer(
	    rp_session_fresh(w->rp, call(w), &p->in), RP_PROOF_NEEDED);
	assert_answer(prove(w, p), RP_OK);
	assert_int_equal(p->in.session.proved, w->now);
	assert_answer(rp_session_fresh(w->rp, call(w), &p->in), RP_OK);
	assert_int_equal(events(w, p, "proof", ""), 1);
	assert_int_equal(audited(w, "proof"), 1);
	/* A clock that was put back makes nothing fresh. */
	w->now -= HOUR;
	assert_answer(
	    rp_session_fresh(w->rp, call(w), &p->in), RP_PROOF_NEEDED);
	w->now += HOUR;

	/* Somebody else's passkey proves nothing about me. */
	assert_answer(rp_proof_begin(w->rp, call(w), &p->in, &o), RP_OK);
	got = assert_passkey(other, &o, NULL);
	assert_answer(rp_proof_finish(w->rp, call(w), &p->in,
			  sealed(&o.ceremony), &got, &s),
	    RP_PASSKEY_REFUSED);
	/* Nor does my ceremony to somebody else. */
	assert_answer(rp_proof_finish(w->rp, call(w), &other->in,
			  sealed(&o.ceremony), &got, &s),
	    RP_CEREMONY_ACCOUNT);
	/* And a session that ended meanwhile is not proved. */
	got = assert_passkey(p, &o, NULL);
	assert_answer(
	    rp_sessions_end(w->rp, call(w), &p->in, false, &ended), RP_OK);
	assert_answer(rp_proof_finish(w->rp, call(w), &p->in,
			  sealed(&o.ceremony), &got, &s),
	    RP_SESSION_EXPIRED);
	person_free(p);
	person_free(other);
}

/* ---- races ---- */

enum { RACERS = 8 };

struct race {
	struct world *w;
	pthread_barrier_t start;
	struct slice ceremony[RACERS];
	struct wa_assertion got[RACERS];
	enum rp_answer answers[RACERS];
	int next;
	pthread_mutex_t lock;
};

static void *
racer(void *arg)
{
	struct race *r = arg;
	struct rp_call c;
	struct rp_signed_in in;
	struct rp_token token;
	int i;

	pthread_mutex_lock(&r->lock);
	i = r->next++;
	c = *call(r->w);
	pthread_mutex_unlock(&r->lock);
	pthread_barrier_wait(&r->start);
	r->answers[i] = login_finish(
	    r->w->rp, &c, r->ceremony[i], &r->got[i], NULL, &in, &token);
	return NULL;
}

static size_t
race(struct race *r, enum rp_answer want)
{
	pthread_t threads[RACERS];
	size_t n = 0;

	r->next = 0;
	pthread_mutex_init(&r->lock, NULL);
	pthread_barrier_init(&r->start, NULL, RACERS);
	for (int i = 0; i < RACERS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, racer, r), 0);
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < RACERS; i++)
		n += r->answers[i] == want;
	pthread_barrier_destroy(&r->start);
	pthread_mutex_destroy(&r->lock);
	return n;
}

static void
spends_a_ceremony_once(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct race r = { .w = w };
	struct rp_request o;

	w->config.no_limits = true;
	world_reopen(w);
	sign_up(w, p, "taro");
	for (int round = 0; round < 10; round++) {
		assert_answer(
		    rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &o),
		    RP_OK);
		for (int i = 0; i < RACERS; i++) {
			r.ceremony[i] = sealed(&o.ceremony);
			r.got[i] = assert_passkey(p, &o, NULL);
		}
		/* They share one key's buffers: the last one stands in all. */
		for (int i = 0; i < RACERS; i++)
			r.got[i] = r.got[RACERS - 1];
		assert_int_equal(race(&r, RP_OK), 1);
		for (int i = 0; i < RACERS; i++)
			assert_true(r.answers[i] == RP_OK ||
				    r.answers[i] == RP_CEREMONY_SPENT);
	}
	assert_int_equal(events(w, p, "sign-in", ""), 10);
	person_free(p);
}

/* Copies of a key that count alike: of two at a time one gets in. */
static void
counts_one_of_two(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	static struct rp_request o[RACERS];
	struct race r = { .w = w };
	uint8_t *bytes[RACERS][3];
	struct slice *parts;

	w->config.no_limits = true;
	world_reopen(w);
	p->counter = 1;
	sign_up(w, p, "taro");
	p->counter = 2;
	for (int i = 0; i < RACERS; i++) {
		assert_answer(
		    rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &o[i]),
		    RP_OK);
		r.ceremony[i] = sealed(&o[i].ceremony);
		r.got[i] = assert_passkey(p, &o[i], NULL);
		parts = &r.got[i].client_data_json;
		for (int j = 0; j < 3; j++) {
			bytes[i][j] = malloc(parts[j].n);
			assert_non_null(bytes[i][j]);
			memcpy(bytes[i][j], parts[j].p, parts[j].n);
			parts[j].p = bytes[i][j];
		}
	}
	assert_int_equal(race(&r, RP_OK), 1);
	for (int i = 0; i < RACERS; i++)
		assert_true(
		    r.answers[i] == RP_OK || r.answers[i] == RP_SIGN_COUNT);
	assert_int_equal(events(w, p, "sign-in", "sign-count"), RACERS - 1);
	for (int i = 0; i < RACERS; i++)
		for (int j = 0; j < 3; j++)
			free(bytes[i][j]);
	person_free(p);
}

/* ---- limits ---- */

/* Begins and finishes with a lie, by a browser of that number. */
static enum rp_answer
lie_about(struct world *w, struct person *p, unsigned browser)
{
	const struct softkey_script lie = { .origin = "https://example.com" };
	struct rp_request o;
	struct wa_assertion got;
	struct rp_signed_in in;
	struct rp_token token;

	w->browser = browser;
	assert_answer(
	    rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &o), RP_OK);
	got = assert_passkey(p, &o, &lie);
	return login_finish(
	    w->rp, call(w), sealed(&o.ceremony), &got, NULL, &in, &token);
}

/* Lies until it is told to wait; how often it was heard. */
static int
lie_on(struct world *w, struct person *p, unsigned browser, enum rp_answer want)
{
	enum rp_answer a;
	int n = 0;

	while ((a = lie_about(w, p, browser)) == want && n < 10000)
		n++;
	assert_answer(a, RP_RATE_LIMITED);
	assert_true(w->call.retry_after_ms > 0);
	return n;
}

/* A stranger who knows a credential id cannot fill a disk, nor lock it. */
static void
slows_strangers_and_not_owners(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();

	sign_up(w, p, "taro");
	/* One passkey, in one browser. */
	assert_int_equal(lie_on(w, p, 66, RP_PASSKEY_REFUSED), 30);
	assert_in_range(w->call.retry_after_ms, 1, 2 * MINUTE);
	assert_int_equal(events(w, p, "sign-in", NULL), 0);
	/* Its owner has another, on the same network. */
	w->browser = 1;
	assert_answer(sign_in(w, p, NULL), RP_OK);
	/* There it waits its time, and is good again. */
	w->browser = 66;
	assert_answer(sign_in(w, p, NULL), RP_RATE_LIMITED);
	w->now += w->call.retry_after_ms;
	assert_answer(sign_in(w, p, NULL), RP_OK);
	person_free(p);
}

/* The bucket of one passkey is not that of another in the same browser. */
static void
slows_one_passkey_and_not_another(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new();

	sign_up(w, p, "taro");
	sign_up(w, other, "hanako");
	assert_int_equal(lie_on(w, p, 1, RP_PASSKEY_REFUSED), 30);
	assert_answer(sign_in(w, other, NULL), RP_OK);
	w->network = 2;
	assert_answer(sign_in(w, p, NULL), RP_OK);
	person_free(p);
	person_free(other);
}

/*
 * Behind one address somebody empties the network's bucket, and keeps it
 * empty: what was refused nothing in its own browser is heard all the same.
 */
static void
lets_nobody_lock_their_neighbours(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new(),
		      *nobody = person_new(), *added = person_new();

	sign_up(w, p, "taro");
	sign_up(w, other, "hanako");
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(
		    lie_on(w, nobody, 100 + i, RP_PASSKEY_UNKNOWN), 30);
	/* Also with the very passkey, once in each browser. */
	assert_answer(lie_about(w, p, 67), RP_PASSKEY_REFUSED);
	assert_answer(lie_about(w, p, 67), RP_RATE_LIMITED);
	assert_answer(lie_about(w, p, 68), RP_PASSKEY_REFUSED);
	assert_answer(lie_about(w, nobody, 69), RP_RATE_LIMITED);
	w->browser = 1;
	assert_answer(sign_in(w, p, NULL), RP_OK);
	assert_answer(sign_in(w, p, "taro"), RP_OK);
	assert_answer(prove(w, p), RP_OK);
	assert_answer(add_passkey(w, p, added), RP_OK);
	assert_answer(
	    sign_up_with(w, nobody, &(struct rp_signup){ .name = "jiro" }),
	    RP_OK);
	/* What was refused once takes its turn with the others. */
	assert_answer(lie_about(w, other, 1), RP_PASSKEY_REFUSED);
	assert_answer(sign_in(w, other, NULL), RP_RATE_LIMITED);
	w->now += 2 * SECOND;
	assert_answer(sign_in(w, other, NULL), RP_OK);
	person_free(p);
	person_free(other);
	person_free(nobody);
	person_free(added);
}

/* Who has a passkey writes with each use of it: not without end. */
static void
slows_who_signs_in_without_end(void **state)
{
	struct world *w = *state;
	struct person *p = person_new(), *other = person_new();
	const struct softkey_script unverified = { .flags = WA_FLAG_UP };
	struct rp_request o;
	struct wa_assertion got;
	struct rp_signed_in in;
	struct rp_token token;
	size_t wrote;
	int n = 0;

	sign_up(w, p, "taro");
	sign_up(w, other, "hanako");
	while (sign_in(w, p, NULL) == RP_OK && prove(w, p) == RP_OK && n < 1000)
		n++;
	assert_int_equal(n, 60);
	assert_int_equal(w->call.retry_after_ms, 30 * SECOND);
	wrote = events(w, p, "sign-in", NULL);
	/* Nor are its refusals written down now; they are refusals still. */
	assert_answer(
	    rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &o), RP_OK);
	got = assert_passkey(p, &o, &unverified);
	assert_answer(login_finish(w->rp, call(w), sealed(&o.ceremony), &got,
			  NULL, &in, &token),
	    RP_PASSKEY_REFUSED);
	assert_int_equal(events(w, p, "sign-in", NULL), wrote);
	assert_answer(sign_in(w, other, NULL), RP_OK);
	w->now += 30 * SECOND;
	assert_answer(sign_in(w, p, NULL), RP_OK);
	person_free(p);
	person_free(other);
}

static void
limits_options(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();
	struct rp_request o;
	int n = 1;

	sign_up(w, p, "taro");
	while (rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &o) == RP_OK)
		n++;
	assert_int_equal(n, 3000);
	assert_int_equal(w->call.retry_after_ms, 20);
	assert_answer(
	    rp_login_begin(w->rp, call_by(w, 1, 2), NULL, RP_REQUIRED, &o),
	    RP_OK);
	/* Who is signed in has another, of the account's. */
	assert_answer(rp_proof_begin(w->rp, call(w), &p->in, &o), RP_OK);
	for (n = 1; rp_proof_begin(w->rp, call(w), &p->in, &o) == RP_OK;)
		n++;
	assert_int_equal(n, 120);
	person_free(p);
	w->config.limits_factor = 2;
	world_reopen(w);
	for (n = 0;
	     rp_login_begin(w->rp, call(w), NULL, RP_REQUIRED, &o) == RP_OK;)
		n++;
	assert_int_equal(n, 6000);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_each_lie),
		T(keeps_what_it_learnt),
		T(tells_of_a_counter_that_went_back),
		T(cannot_be_replayed),
		T(allows_what_it_allowed),
		T(ends_the_session_the_browser_had),
		T(proves_again),
		T(spends_a_ceremony_once),
		T(counts_one_of_two),
		T(slows_strangers_and_not_owners),
		T(slows_one_passkey_and_not_another),
		T(lets_nobody_lock_their_neighbours),
		T(slows_who_signs_in_without_end),
		T(limits_options),
	};

	return cmocka_run_group_tests_name("rp_login", tests, NULL, NULL);
}
