/* SPDX-License-Identifier: Apache-2.0 */
#include "rp_kit.h"

#include <stdio.h>

#include "webauthn/b64url.h"

static const char *const origins[] = { SOFTKEY_ORIGIN, NULL };
static const int32_t algorithms[] = { -7, -8, -35, -257 };

int
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->kit = kit_new(0);
	w->config = (struct rp_config){
		.rp_id = "example.org",
		.rp_name = "Example",
		.origins = origins,
		.algorithms = algorithms,
		.algorithm_count = 4,
	};
	assert_true(rp_keys_make(&w->keys));
	w->now = 1800000000 * SECOND;
	w->browser = w->network = 1;
	world_reopen(w);
	*state = w;
	return 0;
}

void
world_reopen(struct world *w)
{
	rp_close(w->rp);
	w->rp = rp_open(&w->config, &w->keys, w->kit->s);
	assert_non_null(w->rp);
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	rp_close(w->rp);
	kit_end(w->kit);
	free(w);
	return 0;
}

struct rp_call *
call_by(struct world *w, unsigned browser, unsigned network)
{
	w->call = (struct rp_call){ .now = w->now };
	memcpy(w->call.browser, &browser, sizeof(browser));
	memcpy(w->call.network, &network, sizeof(network));
	snprintf(w->call.client.browser, sizeof(w->call.client.browser),
	    "Chrome %u, Linux", browser);
	snprintf(w->call.client.address, sizeof(w->call.client.address),
	    "192.0.2.%u", network % 256);
	return &w->call;
}

struct rp_call *
call(struct world *w)
{
	return call_by(w, w->browser, w->network);
}

struct person *
person_new(void)
{
	struct person *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->key = softkey_new(-7);
	assert_non_null(p->key);
	p->ref = store_credential_ref(softkey_id(p->key));
	return p;
}

void
person_free(struct person *p)
{
	softkey_free(p->key);
	free(p);
}

struct slice
sealed(const struct rp_ceremony_text *t)
{
	return slice_of(t->s);
}

static const char *
challenge_text(const uint8_t challenge[32], char out[WA_B64URL_SIZE(32)])
{
	assert_true(wa_b64url_encode(
	    (struct slice){ challenge, 32 }, out, WA_B64URL_SIZE(32)));
	return out;
}

struct rp_new_passkey
make_passkey_by(struct person *p, const struct rp_creation *o,
    const struct softkey_script *lies)
{
	char challenge[WA_B64URL_SIZE(32)];
	struct softkey_script script = *lies;

	if (script.challenge == NULL)
		script.challenge = challenge_text(o->challenge, challenge);
	if (script.flags == 0)
		script.flags = p->flags;
	if (script.sign_count == 0)
		script.sign_count = p->counter;
	memcpy(p->handle, o->user_handle, sizeof(p->handle));
	return (struct rp_new_passkey){
		.registration = softkey_register(p->key, &script),
		.transports = STORE_TRANSPORT_INTERNAL | STORE_TRANSPORT_HYBRID,
	};
}

struct rp_new_passkey
make_passkey(struct person *p, const struct rp_creation *o)
{
	return make_passkey_by(p, o, &(struct softkey_script){ 0 });
}

struct wa_assertion
assert_passkey(struct person *p, const struct rp_request *o,
    const struct softkey_script *lies)
{
	char challenge[WA_B64URL_SIZE(32)];
	struct softkey_script script = { 0 };

	if (lies != NULL)
		script = *lies;
	if (script.challenge == NULL)
		script.challenge = challenge_text(o->challenge, challenge);
	if (script.flags == 0)
		script.flags = p->flags;
	if (script.sign_count == 0)
		script.sign_count = p->counter;
	if (o->allow.n == 0 && script.user_handle.n == 0)
		script.user_handle =
		    (struct slice){ p->handle, sizeof(p->handle) };
	return softkey_assert(p->key, &script);
}

enum rp_answer
sign_up_with(struct world *w, struct person *p, const struct rp_signup *s)
{
	struct rp_creation o;
	struct rp_new_passkey made;
	struct store_credential c;
	enum rp_answer a;

	if ((a = rp_signup_begin(w->rp, call(w), s, &o)) != RP_OK)
		return a;
	made = make_passkey(p, &o);
	return rp_signup_finish(w->rp, call(w), sealed(&o.ceremony), &made,
	    NULL, &p->in, &p->token, &c);
}

void
sign_up(struct world *w, struct person *p, const char *name)
{
	assert_answer(
	    sign_up_with(w, p, &(struct rp_signup){ .name = name }), RP_OK);
}

enum rp_answer
login_finish(struct rp *rp, struct rp_call *call, struct slice ceremony,
    const struct wa_assertion *got, const struct session_id *old,
    struct rp_signed_in *in, struct rp_token *token)
{
	struct rp_login *l = malloc(rp_login_size());
	enum rp_answer a;

	assert_non_null(l);
	if (rp_login_judge(rp, call, ceremony, got, old, l) == RP_OK)
		rp_logins_keep(rp, &l, 1);
	a = rp_login_end(l, in, token);
	free(l);
	return a;
}

enum rp_answer
sign_in(struct world *w, struct person *p, const char *name)
{
	struct rp_request o;
	struct wa_assertion got;
	enum rp_answer a;

	a = rp_login_begin(w->rp, call(w), name, RP_REQUIRED, &o);
	if (a != RP_OK)
		return a;
	got = assert_passkey(p, &o, NULL);
	return login_finish(
	    w->rp, call(w), sealed(&o.ceremony), &got, NULL, &p->in, &p->token);
}

enum rp_answer
prove(struct world *w, struct person *p)
{
	struct rp_request o;
	struct wa_assertion got;
	enum rp_answer a;

	if ((a = rp_proof_begin(w->rp, call(w), &p->in, &o)) != RP_OK)
		return a;
	got = assert_passkey(p, &o, NULL);
	return rp_proof_finish(
	    w->rp, call(w), &p->in, sealed(&o.ceremony), &got, &p->in.session);
}

enum rp_answer
always_passkey(struct world *w, const struct rp_signed_in *who, bool on)
{
	const struct rp_account_change change = { .always_passkey = &on };
	struct store_account a;

	return rp_account_change(w->rp, call(w), who, &change, &a);
}

enum rp_answer
add_passkey(struct world *w, struct person *p, struct person *other)
{
	struct rp_creation o;
	struct rp_new_passkey made;
	struct store_credential c;
	enum rp_answer a;

	if ((a = rp_passkey_add_begin(w->rp, call(w), &p->in, &o)) != RP_OK)
		return a;
	made = make_passkey(other, &o);
	return rp_passkey_add_finish(
	    w->rp, call(w), &p->in, sealed(&o.ceremony), &made, &c);
}

size_t
events(struct world *w, const struct person *p, const char *event,
    const char *reason)
{
	struct history_id from = { { 0 } };
	struct store_history page[RP_HISTORY_PAGE_MAX];
	size_t n = 0, found = 0;

	do {
		assert_answer(rp_history_list(w->rp, call(w), &p->in, &from,
				  page, RP_HISTORY_PAGE_MAX, &n),
		    RP_OK);
		for (size_t i = 0; i < n; i++)
			found += strcmp(page[i].event, event) == 0 &&
				 (reason == NULL ||
				     strcmp(page[i].reason, reason) == 0);
		if (n > 0)
			from = page[n - 1].id;
	} while (n == RP_HISTORY_PAGE_MAX);
	return found;
}

struct audit_count {
	const char *event;
	size_t n;
};

static void
count_entry(const struct store_audit_entry *e, void *arg)
{
	struct audit_count *c = arg;

	c->n += slice_equal(e->event, slice_of(c->event));
}

size_t
audited(struct world *w, const char *event)
{
	struct audit_count c = { event, 0 };
	struct store_audit_report r;

	assert_ok(store_audit_verify(w->kit->s, count_entry, &c, &r));
	assert_true(r.sound);
	return c.n;
}

bool
stored(struct world *w, const struct person *p, struct store_credential *c)
{
	struct store_txn *t;
	enum store_rc rc;

	assert_ok(store_read_begin(w->kit->s, &t));
	rc = store_credential_find(t, softkey_id(p->key), c);
	store_read_end(t);
	assert_true(rc == STORE_OK || rc == STORE_ABSENT);
	return rc == STORE_OK;
}
