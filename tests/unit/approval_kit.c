/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <stdio.h>

#include "rp/ids.h"
#include "webauthn/b64url.h"

/* ---- keys ---- */

void
device_key_make(struct device_key *k)
{
	uint8_t point[65];
	size_t n = 0;

	k->key = EVP_EC_gen("P-256");
	assert_non_null(k->key);
	assert_int_equal(EVP_PKEY_get_octet_string_param(k->key,
			     OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n),
	    1);
	assert_int_equal(n, sizeof(point));
	memcpy(k->xy, point + 1, sizeof(k->xy));
}

void
device_key_free(struct device_key *k)
{
	EVP_PKEY_free(k->key);
	k->key = NULL;
}

void
device_key_sign(const struct device_key *k, struct slice bytes, uint8_t sig[64])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t der[80];
	const uint8_t *at = der;
	size_t n = sizeof(der);
	ECDSA_SIG *parts;

	assert_non_null(md);
	assert_int_equal(
	    EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, k->key), 1);
	assert_int_equal(EVP_DigestSign(md, der, &n, bytes.p, bytes.n), 1);
	parts = d2i_ECDSA_SIG(NULL, &at, (long)n);
	assert_non_null(parts);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(parts), sig, 32), 32);
	assert_int_equal(
	    BN_bn2binpad(ECDSA_SIG_get0_s(parts), sig + 32, 32), 32);
	ECDSA_SIG_free(parts);
	EVP_MD_CTX_free(md);
}

/* ---- proofs ---- */

#define URL SOFTKEY_ORIGIN "/api/v1/companion/approvals"

void
proof_sign(struct proof *p, const struct device_key *k)
{
	device_key_sign(k, p->claims.signing_input, p->signature);
	p->claims.signature =
	    (struct slice){ p->signature, sizeof(p->signature) };
}

static void
proof_fill(struct world *w, const char *typ, struct proof *p)
{
	static unsigned count;

	memset(p, 0, sizeof(*p));
	snprintf(p->jti, sizeof(p->jti), "jti-%020u", ++count);
	snprintf(p->input, sizeof(p->input), "header.payload-%u", count);
	p->facts = (struct rp_facts){ .method = "POST", .url = URL };
	p->claims = (struct rp_claims){ .typ = typ,
		.alg = "ES256",
		.htm = p->facts.method,
		.htu = p->facts.url,
		.jti = p->jti,
		.iat = w->now / 1000,
		.has_iat = true,
		.signing_input = slice_of(p->input) };
}

void
proof_of_phone(struct world *w, const struct phone *phone, struct proof *p)
{
	proof_fill(w, RP_DEVICE_PROOF_TYP, p);
	snprintf(p->phone, sizeof(p->phone), "%s",
	    rp_id_write("phn_", phone->id.b).s);
	p->claims.phone = p->phone;
	proof_sign(p, &phone->key);
}

void
proof_of_asker(struct world *w, const struct asker *b, struct proof *p)
{
	proof_fill(w, RP_COLLECT_PROOF_TYP, p);
	snprintf(p->approval, sizeof(p->approval), "%s",
	    rp_id_write("apr_", b->a.id.b).s);
	p->claims.approval = p->approval;
	proof_sign(p, &b->key);
}

/* ---- who is there ---- */

void
asker_make(struct asker *b, unsigned number)
{
	memset(b, 0, sizeof(*b));
	device_key_make(&b->key);
	b->cookie = 1000 + number;
	b->network = 2000 + number;
}

void
asker_free(struct asker *b)
{
	device_key_free(&b->key);
}

struct rp_call *
call_of_phone(struct world *w, const struct phone *p)
{
	return call_by(w, 7, p->network);
}

struct rp_call *
call_of_asker(struct world *w, const struct asker *b)
{
	return call_by(w, b->cookie, b->network);
}

void
phone_join(struct world *w, struct phone *p, struct person *owner)
{
	struct rp_new_phone got = { .name = "Phone", .platform = "Test 1" };
	struct store_phone added;

	memset(p, 0, sizeof(*p));
	p->owner = owner;
	p->network = 3000;
	device_key_make(&p->key);
	memcpy(got.key, p->key.xy, sizeof(got.key));
	snprintf(got.push.endpoint, sizeof(got.push.endpoint),
	    "https://push.example/1");
	got.push.p256dh[0] = 4;
	memcpy(got.push.p256dh + 1, p->key.xy, 64);
	assert_answer(
	    rp_phone_add(w->rp, call(w), &owner->in, &got, &added), RP_OK);
	p->id = added.id;
}

void
phone_free(struct phone *p)
{
	device_key_free(&p->key);
}

struct rp_device
device(struct world *w, const struct phone *p)
{
	struct rp_device d;
	struct proof proof;

	proof_of_phone(w, p, &proof);
	assert_answer(rp_device_prove(w->rp, call_of_phone(w, p), &proof.claims,
			  &proof.facts, &d),
	    RP_OK);
	return d;
}

/* ---- the steps ---- */

enum rp_answer
ask(struct world *w, struct asker *b, const char *name)
{
	struct rp_approval_ask a = { .name = name,
		.kept = b->kept[0] != '\0' ? b->kept : NULL,
		.network_name = "AS64496 Example" };

	memcpy(a.key, b->key.xy, sizeof(a.key));
	return rp_approval_begin(
	    w->rp, call_of_asker(w, b), &a, &b->a, &b->kept_lost);
}

enum store_approval_state
state_of(struct world *w, struct asker *b)
{
	struct rp_approval seen;

	assert_answer(
	    rp_approval_look(w->rp, call_of_asker(w, b), &b->a.id, &seen),
	    RP_OK);
	return seen.state;
}

enum rp_answer
choose(struct world *w, const struct phone *p, const struct asker *b,
    const char *number, struct rp_commitment *out)
{
	const struct rp_choice c = { .decision = RP_CHOOSE, .number = number };
	const struct rp_device d = device(w, p);
	enum store_approval_state state;

	return rp_companion_choose(
	    w->rp, call_of_phone(w, p), &d, &b->a.id, &c, out, &state);
}

enum rp_answer
decide(struct world *w, const struct phone *p, const struct asker *b,
    enum rp_decision decision)
{
	const struct rp_choice c = { .decision = decision };
	const struct rp_device d = device(w, p);
	struct rp_commitment out;
	enum store_approval_state state;

	return rp_companion_choose(
	    w->rp, call_of_phone(w, p), &d, &b->a.id, &c, &out, &state);
}

enum rp_answer
sign(struct world *w, const struct phone *p, const struct asker *b,
    const struct rp_commitment *c, const struct softkey_script *lies,
    enum store_approval_state *state)
{
	const struct rp_device d = device(w, p);
	char challenge[WA_B64URL_SIZE(32)];
	struct softkey_script script = { 0 };
	struct wa_assertion got;

	if (lies != NULL)
		script = *lies;
	assert_true(wa_b64url_encode(
	    (struct slice){ c->challenge, 32 }, challenge, sizeof(challenge)));
	if (script.challenge == NULL)
		script.challenge = challenge;
	if (script.sign_count == 0)
		script.sign_count = p->owner->counter;
	got = softkey_assert(p->owner->key, &script);
	return rp_companion_assert(
	    w->rp, call_of_phone(w, p), &d, &b->a.id, &got, state);
}

const char *
wrong_number(struct world *w, const struct asker *b)
{
	static char number[STORE_NUMBER_MAX + 1];
	struct store_approval a;
	struct store_txn *t;

	assert_ok(store_read_begin(w->kit->s, &t));
	assert_ok(store_approval_get(t, &b->a.id, &a));
	store_read_end(t);
	if (a.match == STORE_MATCH_CHOOSE3) {
		memcpy(number, a.shown[2], sizeof(number));
		return number;
	}
	memcpy(number, a.number, sizeof(number));
	number[0] = number[0] == '9' ? '8' : '9';
	return number;
}

enum store_approval_state
answer(
    struct world *w, const struct phone *p, const struct asker *b, bool right)
{
	struct rp_commitment c;
	enum store_approval_state state;

	assert_answer(
	    choose(w, p, b, right ? b->a.number : wrong_number(w, b), &c),
	    RP_OK);
	assert_answer(sign(w, p, b, &c, NULL, &state), RP_OK);
	return state;
}

enum rp_answer
collect(struct world *w, struct asker *b)
{
	struct rp_collect c = { .id = b->a.id,
		.kept = b->kept[0] != '\0' ? b->kept : NULL };
	struct rp_kept_token next;
	struct proof proof;
	enum rp_answer a;

	proof_of_asker(w, b, &proof);
	c.claims = proof.claims;
	c.facts = proof.facts;
	a = rp_approval_collect(
	    w->rp, call_of_asker(w, b), &c, &b->in, &b->token, &next);
	if (a == RP_OK && next.s[0] != '\0')
		memcpy(b->kept, next.s, sizeof(b->kept));
	return a;
}

void
sign_in_by(
    struct world *w, struct asker *b, const struct phone *p, const char *name)
{
	assert_answer(ask(w, b, name), RP_OK);
	assert_int_equal(answer(w, p, b, true), STORE_APPROVAL_APPROVED);
	assert_answer(collect(w, b), RP_OK);
}

/* ---- pushes ---- */

struct taking {
	store_time now;
	struct store_message *m;
};

static enum store_rc
take(struct store_txn *t, void *arg)
{
	struct taking *x = arg;
	enum store_rc rc;

	rc = store_message_take(
	    t, 1u << STORE_MESSAGE_PUSH, x->now, MINUTE, x->m);
	return rc != STORE_OK
		   ? rc
		   : store_message_done(t, &x->m->id, x->m->attempts);
}

bool
push_take(struct world *w, struct store_message *m)
{
	struct taking x = { w->now, m };
	enum store_rc rc = store_update(w->kit->s, take, &x);

	assert_true(rc == STORE_OK || rc == STORE_ABSENT);
	return rc == STORE_OK;
}

size_t
push_drain(struct world *w, size_t *nobody)
{
	struct store_message m;
	size_t n = 0;

	*nobody = 0;
	while (push_take(w, &m)) {
		n += m.to_n != 0;
		*nobody += m.to_n == 0;
	}
	return n;
}

/* ---- at home ---- */

int
home_setup(void **state)
{
	struct home *h = calloc(1, sizeof(*h));
	void *w;

	assert_non_null(h);
	assert_int_equal(world_setup(&w), 0);
	h->w = w;
	h->anna = person_new();
	h->ben = person_new();
	sign_up(h->w, h->anna, "anna");
	sign_up(h->w, h->ben, "ben");
	phone_join(h->w, &h->phone, h->anna);
	h->w->now += SECOND;
	phone_join(h->w, &h->tablet, h->anna);
	phone_join(h->w, &h->bens, h->ben);
	asker_make(&h->pc, 1);
	asker_make(&h->tv, 2);
	*state = h;
	return 0;
}

int
home_teardown(void **state)
{
	struct home *h = *state;
	void *w = h->w;

	phone_free(&h->phone);
	phone_free(&h->tablet);
	phone_free(&h->bens);
	asker_free(&h->pc);
	asker_free(&h->tv);
	person_free(h->anna);
	person_free(h->ben);
	world_teardown(&w);
	free(h);
	return 0;
}

struct store_guard
guard_of(struct home *h, const struct person *p)
{
	struct store_guard g;
	struct store_txn *t;

	assert_ok(store_read_begin(h->w->kit->s, &t));
	assert_ok(store_guard_get(t, &p->in.account.id, &g));
	store_read_end(t);
	return g;
}

struct store_approval
row_of(struct home *h, const struct asker *b)
{
	struct store_approval a;
	struct store_txn *t;

	assert_ok(store_read_begin(h->w->kit->s, &t));
	assert_ok(store_approval_get(t, &b->a.id, &a));
	store_read_end(t);
	return a;
}
