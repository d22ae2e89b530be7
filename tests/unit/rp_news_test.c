/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rp/ids.h"

/* Messages, and news of changes. */

/* ---- messages ---- */

static size_t
drain(struct home *h)
{
	size_t nobody;

	return push_drain(h->w, &nobody);
}

static void
rings_each_phone_with_an_id_alone(void **state)
{
	struct home *h = *state;
	struct store_message m;
	char want[128], text[256];
	int phones = 0, tablets = 0;

	drain(h);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	while (push_take(h->w, &m)) {
		snprintf(text, sizeof(text), "%.*s", (int)m.payload_n,
		    (const char *)m.payload);
		snprintf(want, sizeof(want),
		    "{\"exp\":%lld,\"id\":\"%s\",\"t\":\"approval\",\"v\":1}",
		    (long long)(h->pc.a.expires / 1000),
		    rp_id_write("apr_", h->pc.a.id.b).s);
		assert_string_equal(text, want);
		assert_int_equal(m.to_n, sizeof(h->phone.id));
		phones += memcmp(m.to, h->phone.id.b, m.to_n) == 0;
		tablets += memcmp(m.to, h->tablet.id.b, m.to_n) == 0;
		assert_true(m.urgent);
		assert_int_equal(m.expires, h->pc.a.expires);
	}
	assert_int_equal(phones, 1);
	assert_int_equal(tablets, 1);
}

static void
rings_once_for_the_newest(void **state)
{
	struct home *h = *state;
	struct store_message m;
	int n = 0;

	drain(h);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	while (push_take(h->w, &m)) {
		assert_non_null(memmem(m.payload, m.payload_n,
		    rp_id_write("apr_", h->tv.a.id.b).s, RP_ID_TEXT));
		n++;
	}
	assert_int_equal(n, 2);
}

static void
leaves_muted_and_silent_phones_alone(void **state)
{
	struct home *h = *state;
	struct rp_device d = device(h->w, &h->phone);
	struct store_push none;
	size_t nobody;

	drain(h);
	assert_answer(rp_companion_mute(h->w->rp,
			  call_of_phone(h->w, &h->phone), &d, h->w->now + HOUR),
	    RP_OK);
	memset(&none, 0, sizeof(none));
	d = device(h->w, &h->tablet);
	assert_answer(rp_companion_push(
			  h->w->rp, call_of_phone(h->w, &h->tablet), &d, &none),
	    RP_OK);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(push_drain(h->w, &nobody), 0);
	assert_int_equal(nobody, 2);
	assert_answer(ask(h->w, &h->tv, "nobody"), RP_OK);
	assert_int_equal(push_drain(h->w, &nobody), 0);
	assert_int_equal(nobody, 2);
	assert_int_equal(entries(h->w->kit->s, TABLE_OUTBOX), 0);
	/* The sign-in does not depend on it. */
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(
	    answer(h->w, &h->phone, &h->pc, true), STORE_APPROVAL_APPROVED);
	h->w->now += HOUR;
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_int_equal(drain(h), 1);
}

/* ---- news ---- */

struct heard {
	size_t approvals, messages, offers, any;
	struct approval_id last;
};

static void
hear(const struct rp_change *c, void *arg)
{
	struct heard *x = arg;

	switch (c->kind) {
	case RP_CHANGE_APPROVAL:
		x->approvals++;
		x->last = c->id.approval;
		break;
	case RP_CHANGE_OUTBOX:
		x->messages++;
		break;
	case RP_CHANGE_OFFER:
		x->offers++;
		break;
	case RP_CHANGE_ANY:
		x->any++;
		break;
	}
}

static bool
rings(struct rp_watch *w, int ms)
{
	struct pollfd p = { .fd = rp_watch_fd(w), .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static void
tells_what_changed(void **state)
{
	struct home *h = *state;
	struct rp_watch *w;
	struct heard x = { 0 };

	assert_answer(rp_watch_open(h->w->rp, &w), RP_OK);
	assert_false(rings(w, 0));
	assert_answer(rp_watch_read(w, hear, &x), RP_OK);
	assert_int_equal(x.approvals + x.messages + x.offers + x.any, 0);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_true(rings(w, 5000));
	assert_answer(rp_watch_read(w, hear, &x), RP_OK);
	assert_int_equal(x.messages, 2);
	assert_int_equal(x.approvals, 0);
	assert_false(rings(w, 0));
	(void)answer(h->w, &h->phone, &h->pc, true);
	assert_true(rings(w, 5000));
	assert_answer(rp_watch_read(w, hear, &x), RP_OK);
	assert_int_equal(x.approvals, 1);
	assert_memory_equal(&x.last, &h->pc.a.id, sizeof(x.last));
	/* Nothing is told twice. */
	assert_answer(rp_watch_read(w, hear, &x), RP_OK);
	assert_int_equal(x.approvals, 1);
	assert_int_equal(x.any, 0);
	rp_watch_close(w);
}

static void
tells_of_every_end(void **state)
{
	struct home *h = *state;
	struct rp_watch *w;
	struct heard x = { 0 };
	unsigned n;

	assert_answer(rp_watch_open(h->w->rp, &w), RP_OK);
	h->tv.network = h->pc.network;
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK); /* superseded */
	assert_answer(decide(h->w, &h->phone, &h->tv, RP_DENY), RP_OK);
	assert_answer(ask(h->w, &h->pc, "ben"), RP_OK);
	assert_answer(rp_approval_cancel(
			  h->w->rp, call_of_asker(h->w, &h->pc), &h->pc.a.id),
	    RP_OK);
	assert_answer(ask(h->w, &h->pc, "nobody"), RP_OK);
	h->w->now += 3 * MINUTE;
	assert_answer(rp_approvals_expire(h->w->rp, call(h->w), 9, &n), RP_OK);
	assert_int_equal(n, 2);
	assert_answer(rp_watch_read(w, hear, &x), RP_OK);
	assert_int_equal(x.approvals, 4);
	rp_watch_close(w);
}

/* A stream that says something when nothing has happened says a lot. */
static void
does_not_tell_who_was_displaced(void **state)
{
	struct home *h = *state;
	struct rp_watch *w;
	struct heard x = { 0 };

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(rp_watch_open(h->w->rp, &w), RP_OK);
	assert_answer(ask(h->w, &h->tv, "anna"), RP_OK);
	assert_answer(rp_watch_read(w, hear, &x), RP_OK);
	assert_int_equal(x.approvals, 0);
	assert_int_equal(x.any, 0);
	rp_watch_close(w);
}

static void
says_so_when_it_missed_some(void **state)
{
	struct home *h = *state;
	struct rp_watch *w;
	struct heard x = { 0 };

	assert_answer(rp_watch_open(h->w->rp, &w), RP_OK);
	for (int i = 0; i < 4; i++) {
		assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
		h->w->now += DAY;
	}
	assert_answer(rp_watch_read(w, hear, &x), RP_OK);
	assert_int_equal(x.any, 1);
	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	assert_answer(rp_watch_read(w, hear, &x), RP_OK);
	assert_int_equal(x.any, 1);
	assert_true(x.messages > 0);
	rp_watch_close(w);
}

/* ---- two processes on one store ---- */

/* What the other process does: opens the store and approves. */
static int
other_process(struct home *h, int ready)
{
	struct kit *k = h->w->kit;
	struct store_options o = kit_options(k);
	char go;

	if (read(ready, &go, 1) != 1 || store_open(&o, &k->s) != STORE_OK)
		return 1;
	h->w->rp = rp_open(&h->w->config, &h->w->keys, k->s);
	if (h->w->rp == NULL ||
	    answer(h->w, &h->phone, &h->pc, true) != STORE_APPROVAL_APPROVED)
		return 2;
	rp_close(h->w->rp);
	store_close(k->s);
	return 0;
}

static void
is_approved_in_one_process_and_waits_in_another(void **state)
{
	struct home *h = *state;
	struct store_options o = kit_options(h->w->kit);
	struct rp_watch *w;
	struct heard x = { 0 };
	int pipes[2], status;
	pid_t child;

	assert_answer(ask(h->w, &h->pc, "anna"), RP_OK);
	/* No store crosses a fork. */
	rp_close(h->w->rp);
	store_close(h->w->kit->s);
	h->w->kit->s = NULL;
	h->w->rp = NULL;
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	assert_true(child != -1);
	if (child == 0)
		_exit(other_process(h, pipes[0]));
	assert_ok(store_open(&o, &h->w->kit->s));
	world_reopen(h->w);
	assert_answer(rp_watch_open(h->w->rp, &w), RP_OK);
	assert_state(h, &h->pc, STORE_APPROVAL_PENDING);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	while (x.approvals == 0) {
		assert_true(rings(w, 20000));
		assert_answer(rp_watch_read(w, hear, &x), RP_OK);
	}
	assert_state(h, &h->pc, STORE_APPROVAL_APPROVED);
	assert_answer(collect(h->w, &h->pc), RP_OK);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(pipes[0]);
	close(pipes[1]);
	rp_watch_close(w);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		TEST(rings_each_phone_with_an_id_alone),
		TEST(rings_once_for_the_newest),
		TEST(leaves_muted_and_silent_phones_alone),
		TEST(tells_what_changed),
		TEST(tells_of_every_end),
		TEST(does_not_tell_who_was_displaced),
		TEST(says_so_when_it_missed_some),
		TEST(is_approved_in_one_process_and_waits_in_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
