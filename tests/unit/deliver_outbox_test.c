/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_kit.h"

#include <sys/wait.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "store/outbox.h"
#include "store/phones.h"
#include "tests/unit/push_service.h"
#include "web/clock.h"
#include "web/deliver/counters.h"
#include "web/deliver/deliver.h"
#include "web/deliver/outbox.h"

enum { PATIENCE_MS = 20 * 1000, LIFE_MS = 180 * 1000 };

static const uint8_t vapid_key[32] = { [31] = 7 };
static const char payload[] = "{\"v\":1,\"t\":\"approval\",\"id\":\"apr_x\"}";

/* The point whose private key is 7: some browser's p256dh. */
static struct p256_pair
browser_keys(void)
{
	struct p256_pair pair;

	assert_true(p256_of_private(vapid_key, &pair));
	return pair;
}

struct scene {
	struct kit *kit;
	struct push_service *service;
	struct deliver *deliver;
	char host[64];
};

/* ---- what happens in the store ---- */

struct new_message {
	struct store_phone phone;
	struct store_message message;
};

OP(put_phone, struct store_phone, store_phone_put(t, x))
OP(remove_phone, struct phone_id, store_phone_remove(t, x))
OP(add_message, struct store_message, store_message_add(t, x))

static enum store_rc
add_both(struct store_txn *t, void *arg)
{
	const struct new_message *n = arg;
	enum store_rc rc = store_phone_add(t, &n->phone);

	return rc == STORE_OK ? store_message_add(t, &n->message) : rc;
}

static void
number_id(uint8_t *id, size_t size, uint32_t n)
{
	memset(id, 0, size);
	for (int i = 0; i < 4; i++)
		id[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* Account, phone and message bear the same number. */
static struct new_message
a_message(uint32_t n, const char *endpoint)
{
	struct new_message m = { 0 };
	const struct p256_pair pair = browser_keys();
	const store_time now = clock_now();

	number_id(m.phone.id.b, sizeof(m.phone.id.b), n);
	m.phone.account = an_account_id(n);
	snprintf(m.phone.name, sizeof(m.phone.name), "phone %u", n);
	snprintf(m.phone.push.endpoint, sizeof(m.phone.push.endpoint), "%s",
	    endpoint);
	memcpy(m.phone.push.p256dh, pair.public_key, P256_PUBLIC);
	m.phone.created = m.phone.last_seen = now;
	number_id(m.message.id.b, sizeof(m.message.id.b), n);
	m.message.kind = STORE_MESSAGE_PUSH;
	m.message.urgent = true;
	m.message.account = m.phone.account;
	memcpy(m.message.to, m.phone.id.b, sizeof(m.phone.id.b));
	m.message.to_n = sizeof(m.phone.id.b);
	memcpy(m.message.payload, payload, strlen(payload));
	m.message.payload_n = (uint16_t)strlen(payload);
	number_id(m.message.topic, sizeof(m.message.topic), n + 1);
	m.message.created = m.message.due = now;
	m.message.expires = now + LIFE_MS;
	return m;
}

static struct new_message
a_message_to_path(struct scene *s, uint32_t n, const char *path)
{
	char endpoint[128];

	snprintf(endpoint, sizeof(endpoint), "%s%s", s->host, path);
	return a_message(n, endpoint);
}

static void
write_message(struct scene *s, uint32_t n, struct new_message *m)
{
	assert_ok(kit_add_account(s->kit, n));
	assert_ok(store_update(s->kit->s, add_both, m));
	if (s->deliver != NULL)
		deliver_wake(s->deliver);
}

/* STORE_ABSENT: it was sent, or muted. */
static enum store_rc
look_at(struct scene *s, uint32_t n, struct store_message *m)
{
	struct message_id id;
	struct store_txn *t;
	enum store_rc rc;

	number_id(id.b, sizeof(id.b), n);
	assert_ok(store_read_begin(s->kit->s, &t));
	rc = store_message_get(t, &id, m);
	store_read_end(t);
	return rc;
}

static struct store_phone
phone_of(struct scene *s, uint32_t n)
{
	struct store_phone p;
	struct phone_id id;
	struct store_txn *t;

	number_id(id.b, sizeof(id.b), n);
	assert_ok(store_read_begin(s->kit->s, &t));
	assert_ok(store_phone_get(t, &id, &p));
	store_read_end(t);
	return p;
}

/*
 * Until the message was settled: sent (ABSENT), given up, or put off with a
 * trouble.
 */
static enum store_rc
wait_until_settled(struct scene *s, uint32_t n, struct store_message *m)
{
	const store_time until = clock_now() + PATIENCE_MS;

	while (clock_now() < until) {
		const enum store_rc rc = look_at(s, n, m);

		if (rc == STORE_ABSENT)
			memset(m, 0, sizeof(*m));
		if (rc == STORE_ABSENT ||
		    (rc == STORE_OK && (m->state == STORE_MESSAGE_GIVEN_UP ||
					   m->trouble[0] != '\0')))
			return rc;
		assert_ok(rc);
		usleep(2000);
	}
	fail_msg("message %u: nothing in %d ms", n, PATIENCE_MS);
	return STORE_FAULT;
}

/* ---- scenes ---- */

static struct deliver *
open_deliver(struct scene *s, const char *const *networks, unsigned timeout_ms)
{
	const char *hosts[] = { s->host, NULL };
	const struct deliver_config c = {
		.store = s->kit->s,
		.vapid_key = { vapid_key, sizeof(vapid_key) },
		.push_subject = "mailto:security@example.org",
		.push_hosts = hosts,
		.push_networks = networks,
		.timeout_ms = timeout_ms,
	};
	char trouble[DELIVER_TROUBLE_MAX + 1];
	struct deliver *d = deliver_open(&c, trouble);

	if (d == NULL)
		fail_msg("%s", trouble);
	return d;
}

static const char *const loopback[] = { "127.0.0.0/8", NULL };

static int
setup_idle(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->kit = kit_new(0);
	s->service = push_service_start();
	snprintf(s->host, sizeof(s->host), "http://127.0.0.1:%u",
	    push_service_port(s->service));
	*state = s;
	return 0;
}

static int
setup(void **state)
{
	struct scene *s;

	setup_idle(state);
	s = *state;
	s->deliver = open_deliver(s, loopback, 0);
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	deliver_close(s->deliver, 0);
	push_service_stop(s->service);
	kit_end(s->kit);
	free(s);
	return 0;
}

/* ---- what goes out ---- */

static void
a_message_in_the_store_goes_out_encrypted(void **state)
{
	struct scene *s = *state;
	struct new_message m = a_message_to_path(s, 1, "/201");
	struct push_request *r = malloc(sizeof(*r));
	struct store_message left;
	char value[2048];
	long ttl;

	write_message(s, 1, &m);
	assert_int_equal(wait_until_settled(s, 1, &left), STORE_ABSENT);
	push_service_last(s->service, r);
	assert_int_equal(r->n - r->head_n, 256 + 103);
	assert_null(memmem(r->b, r->n, "apr_x", 5));
	assert_true(
	    push_request_header(r, "Content-Encoding", value, sizeof(value)));
	assert_string_equal(value, "aes128gcm");
	assert_true(push_request_header(r, "Urgency", value, sizeof(value)));
	assert_string_equal(value, "high");
	assert_true(push_request_header(r, "TTL", value, sizeof(value)));
	ttl = strtol(value, NULL, 10);
	assert_in_range(ttl, LIFE_MS / 1000 - 20, LIFE_MS / 1000);
	assert_true(push_request_header(r, "Topic", value, sizeof(value)));
	assert_int_equal(strlen(value), 22);
	assert_int_equal(strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				       "nopqrstuvwxyz0123456789-_"),
	    22);
	assert_true(
	    push_request_header(r, "Authorization", value, sizeof(value)));
	assert_int_equal(strncmp(value, "vapid t=", 8), 0);
	free(r);
}

static void
topic_of(struct scene *s, uint32_t n, uint32_t topic, char value[64])
{
	struct new_message m = a_message_to_path(s, n, "/201");
	struct push_request *r = malloc(sizeof(*r));
	struct store_message left;

	number_id(m.message.topic, sizeof(m.message.topic), topic);
	write_message(s, n, &m);
	assert_int_equal(wait_until_settled(s, n, &left), STORE_ABSENT);
	push_service_last(s->service, r);
	if (!push_request_header(r, "Topic", value, 64))
		value[0] = '\0';
	free(r);
}

/* The push service cannot see which phones are one person's. */
static void
one_topic_is_another_word_for_each_phone(void **state)
{
	char one[64], other[64], none[64];

	topic_of(*state, 1, 5, one);
	topic_of(*state, 2, 5, other);
	assert_int_equal(strlen(one), 22);
	assert_string_not_equal(one, other);
	topic_of(*state, 3, 0, none);
	assert_string_equal(none, "");
}

/* ---- what comes back ---- */

static const struct {
	const char *path;
	enum store_message_state state; /* 0: sent */
	const char *trouble;
	store_time later; /* at least so long until the next attempt */
	bool unsubscribed;
} outcomes[] = {
	{ "/201", 0, NULL, 0, false },
	{ "/200", 0, NULL, 0, false },
	{ "/202", 0, NULL, 0, false },
	{ "/endless", 0, NULL, 0, false },
	{ "/404", STORE_MESSAGE_GIVEN_UP, "gone (404)", 0, true },
	{ "/410", STORE_MESSAGE_GIVEN_UP, "gone (410)", 0, true },
	{ "/413", STORE_MESSAGE_WAITS, "too-large (413)", 700, false },
	{ "/429", STORE_MESSAGE_WAITS, "rate-limited (429)", 700, false },
	{ "/429/9", STORE_MESSAGE_WAITS, "rate-limited (429)", 9000, false },
	{ "/500", STORE_MESSAGE_WAITS, "server-error (500)", 700, false },
	{ "/503/5", STORE_MESSAGE_WAITS, "server-error (503)", 5000, false },
	{ "/302", STORE_MESSAGE_GIVEN_UP, "redirect (302)", 0, false },
	{ "/400", STORE_MESSAGE_GIVEN_UP, "malformed (400)", 0, false },
	{ "/401", STORE_MESSAGE_GIVEN_UP, "forbidden (401)", 0, false },
	{ "/403", STORE_MESSAGE_GIVEN_UP, "forbidden (403)", 0, false },
	{ "/418", STORE_MESSAGE_GIVEN_UP, "unexpected (418)", 0, false },
	{ "/broken", STORE_MESSAGE_WAITS, "unreachable", 700, false },
	/* More of it than the message lives. */
	{ "/429/3600", STORE_MESSAGE_GIVEN_UP, "rate-limited (429)", 0, false },
};

static void
each_answer_has_its_outcome(void **state)
{
	struct scene *s = *state;

	for (uint32_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		struct new_message m =
		    a_message_to_path(s, i, outcomes[i].path);
		const store_time began = clock_now();
		struct store_message left = { 0 };
		struct store_phone p;

		write_message(s, i, &m);
		wait_until_settled(s, i, &left);
		if (left.state != outcomes[i].state ||
		    (left.state != 0 &&
			strcmp(left.trouble, outcomes[i].trouble) != 0) ||
		    (left.state == STORE_MESSAGE_WAITS &&
			left.due < began + outcomes[i].later))
			fail_msg("%s: %d, %s", outcomes[i].path, left.state,
			    left.trouble);
		p = phone_of(s, i);
		assert_int_equal(
		    p.push.endpoint[0] == '\0', outcomes[i].unsubscribed);
		if (outcomes[i].unsubscribed)
			assert_true(p.push_changed >= began);
	}
	/* Nobody went where the redirect pointed. */
	assert_int_equal(push_service_hits(s->service, "/201"), 1);
}

static void
silence_is_tried_again_later(void **state)
{
	struct scene *s = *state;
	struct new_message m = a_message_to_path(s, 1, "/never");
	struct store_message left;

	s->deliver = open_deliver(s, loopback, 200);
	write_message(s, 1, &m);
	assert_ok(wait_until_settled(s, 1, &left));
	assert_int_equal(left.state, STORE_MESSAGE_WAITS);
	assert_string_equal(left.trouble, "timeout");
}

static void
nobody_there_is_tried_again_later(void **state)
{
	struct scene *s = *state;
	struct new_message m = a_message_to_path(s, 1, "/201");
	struct store_message left;

	/* Its port stays ours, but nobody listens any more. */
	push_service_stop(s->service);
	write_message(s, 1, &m);
	assert_ok(wait_until_settled(s, 1, &left));
	assert_int_equal(left.state, STORE_MESSAGE_WAITS);
	assert_string_equal(left.trouble, "unreachable");
	s->service = push_service_start();
}

static void
an_endpoint_inside_is_given_up(void **state)
{
	struct scene *s = *state;
	struct new_message inside = a_message_to_path(s, 1, "/201");
	struct new_message other = a_message(2, "https://evil.example/x");
	struct store_message left;

	/* The host is listed, the network is not. */
	s->deliver = open_deliver(s, NULL, 0);
	write_message(s, 1, &inside);
	assert_ok(wait_until_settled(s, 1, &left));
	assert_int_equal(left.state, STORE_MESSAGE_GIVEN_UP);
	assert_string_equal(left.trouble, "address-refused");
	write_message(s, 2, &other);
	assert_ok(wait_until_settled(s, 2, &left));
	assert_int_equal(left.state, STORE_MESSAGE_GIVEN_UP);
	assert_string_equal(left.trouble, "endpoint-refused");
	assert_int_equal(push_service_connections(s->service), 0);
}

static void
what_failed_once_arrives_the_second_time(void **state)
{
	struct scene *s = *state;
	struct new_message m = a_message_to_path(s, 1, "/times/1/500");
	struct store_message left;
	const store_time until = clock_now() + PATIENCE_MS;

	write_message(s, 1, &m);
	while (look_at(s, 1, &left) != STORE_ABSENT && clock_now() < until)
		usleep(2000);
	assert_int_equal(look_at(s, 1, &left), STORE_ABSENT);
	assert_int_equal(push_service_hits(s->service, "/times/1/500"), 2);
}

/* Ten are dead, hang or refuse; the eleventh is none the worse for it. */
static void
dead_subscriptions_do_not_hold_up_the_living(void **state)
{
	static const char *const dead[] = { "/410", "/never", "/500", "/302",
		"/429/60", "/broken", "/never", "/404", "/never", "/400" };
	struct scene *s = *state;
	struct store_message left;
	struct new_message m;
	store_time began;

	for (uint32_t i = 0; i < 10; i++) {
		m = a_message_to_path(s, i, dead[i]);
		write_message(s, i, &m);
	}
	m = a_message_to_path(s, 10, "/201");
	began = clock_now();
	write_message(s, 10, &m);
	assert_int_equal(wait_until_settled(s, 10, &left), STORE_ABSENT);
	/* Those that never answer take ten seconds. */
	assert_true(clock_now() - began < 5000);
}

static void
no_message_without_a_subscription(void **state)
{
	struct scene *s = *state;
	struct new_message none = a_message(1, ""), gone = a_message(2, "");
	struct new_message muted = a_message_to_path(s, 3, "/201");
	struct store_message left;

	write_message(s, 1, &none);
	assert_ok(wait_until_settled(s, 1, &left));
	assert_string_equal(left.trouble, "no-subscription");
	/* The phone was removed after the message was written. */
	gone.message.due = clock_now() + 300;
	write_message(s, 2, &gone);
	assert_ok(store_update(s->kit->s, remove_phone, &gone.phone.id));
	assert_ok(wait_until_settled(s, 2, &left));
	assert_string_equal(left.trouble, "no-subscription");
	muted.phone.muted_until = clock_now() + 60000;
	write_message(s, 3, &muted);
	assert_int_equal(wait_until_settled(s, 3, &left), STORE_ABSENT);
	assert_int_equal(push_service_hits(s->service, NULL), 0);
}

static void
a_damaged_subscription_is_given_up(void **state)
{
	struct scene *s = *state;
	struct new_message keys = a_message_to_path(s, 1, "/201");
	struct new_message longer = a_message_to_path(s, 2, "/201");
	struct store_message left;

	keys.phone.push.p256dh[64] ^= 1;
	write_message(s, 1, &keys);
	assert_ok(wait_until_settled(s, 1, &left));
	assert_string_equal(left.trouble, "keys-refused");
	longer.message.payload_n = 257;
	write_message(s, 2, &longer);
	assert_ok(wait_until_settled(s, 2, &left));
	assert_string_equal(left.trouble, "payload-too-long");
	assert_int_equal(push_service_hits(s->service, NULL), 0);
}

static void
what_comes_too_late_is_not_sent(void **state)
{
	struct scene *s = *state;
	struct new_message m = a_message_to_path(s, 1, "/201");
	struct store_message left;

	m.message.created -= LIFE_MS + 1;
	m.message.due -= LIFE_MS + 1;
	m.message.expires -= LIFE_MS + 1;
	write_message(s, 1, &m);
	assert_ok(wait_until_settled(s, 1, &left));
	assert_int_equal(left.state, STORE_MESSAGE_GIVEN_UP);
	assert_string_equal(left.trouble, "expired");
	assert_int_equal(push_service_hits(s->service, NULL), 0);
}

/* The phone subscribed anew while the old subscription was being buried. */
static void
a_newer_subscription_is_not_removed_with_the_old_one(void **state)
{
	struct scene *s = *state;
	struct deliver_source source = deliver_source_of_store(s->kit->s);
	struct new_message m = a_message_to_path(s, 1, "/410");
	struct deliver_settlement buried = { .reason = DELIVER_UNSUBSCRIBED,
		.end = DELIVER_GONE,
		.status = 410 };
	store_time next;
	size_t n = 0;

	write_message(s, 1, &m);
	assert_true(source.take(source.arg, 1u << STORE_MESSAGE_PUSH,
	    clock_now(), 20000, &buried.message, 1, &n, &next));
	assert_int_equal(n, 1);
	snprintf(m.phone.push.endpoint, sizeof(m.phone.push.endpoint), "%s/201",
	    s->host);
	assert_ok(store_update(s->kit->s, put_phone, &m.phone));
	buried.at = clock_now();
	assert_true(source.settle(source.arg, &buried, 1));
	assert_string_equal(
	    phone_of(s, 1).push.endpoint, m.phone.push.endpoint);
}

/* ---- the worker, with a driver that does as the test says ---- */

struct stub {
	pthread_mutex_t lock;
	unsigned sent, held_n;
	bool hold; /* do not report until told */
	unsigned times[1024]; /* by message number */
	struct {
		deliver_report_fn *report;
		void *ticket;
	} held[1024];
};

static void
stub_send(void *self, const struct deliver_message *m, store_time now,
    deliver_report_fn *report, void *ticket)
{
	struct stub *stub = self;
	const struct deliver_report r = { .reason = DELIVER_SENT };
	const uint8_t *id = m->message.id.b;
	bool hold;

	(void)now;
	pthread_mutex_lock(&stub->lock);
	stub->sent++;
	stub->times[(id[2] << 8 | id[3]) % 1024]++;
	hold = stub->hold;
	if (hold) {
		stub->held[stub->held_n].report = report;
		stub->held[stub->held_n++].ticket = ticket;
	}
	pthread_mutex_unlock(&stub->lock);
	if (!hold)
		report(ticket, &r);
}

static unsigned
stub_sent(struct stub *stub)
{
	unsigned n;

	pthread_mutex_lock(&stub->lock);
	n = stub->sent;
	pthread_mutex_unlock(&stub->lock);
	return n;
}

static void
stub_wait(struct stub *stub, unsigned n)
{
	const store_time until = clock_now() + PATIENCE_MS;

	while (stub_sent(stub) < n && clock_now() < until)
		usleep(1000);
	assert_int_equal(stub_sent(stub), n);
}

static void
stub_release(struct stub *stub)
{
	const struct deliver_report r = { .reason = DELIVER_SENT };

	pthread_mutex_lock(&stub->lock);
	stub->hold = false;
	for (unsigned i = 0; i < stub->held_n; i++)
		stub->held[i].report(stub->held[i].ticket, &r);
	stub->held_n = 0;
	pthread_mutex_unlock(&stub->lock);
}

static struct outbox *
open_outbox(
    struct deliver_source source, struct stub *stub, store_time lease_ms)
{
	const struct outbox_config c = {
		.source = source,
		.drivers = {
			[STORE_MESSAGE_PUSH] = { stub_send, stub },
			[STORE_MESSAGE_SMS] = { stub_send, stub },
		},
		.under_way = 16,
		.lease_ms = lease_ms,
		.look_ms = 50,
	};
	struct outbox *o = outbox_open(&c);

	assert_non_null(o);
	return o;
}

static void
two_workers_on_one_store_send_each_once(void **state)
{
	enum { MESSAGES = 300 };
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER };
	const struct deliver_source source = deliver_source_of_store(s->kit->s);
	struct outbox *a = open_outbox(source, &stub, 20000);
	struct outbox *b = open_outbox(source, &stub, 20000);

	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct new_message m = a_message(i, "");

		assert_ok(store_update(s->kit->s, add_message, &m.message));
		outbox_wake(i % 2 ? a : b);
	}
	stub_wait(&stub, MESSAGES);
	outbox_close(a);
	outbox_close(b);
	for (uint32_t i = 0; i < MESSAGES; i++)
		assert_int_equal(stub.times[i], 1);
}

/* Written by a process that cannot wake us, or has died since. */
static void
what_others_wrote_is_found(void **state)
{
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct outbox *o =
	    open_outbox(deliver_source_of_store(s->kit->s), &stub, 20000);
	struct new_message m = a_message(1, "");

	assert_ok(store_update(s->kit->s, add_message, &m.message));
	stub_wait(&stub, 1);
	outbox_close(o);
}

static void
kinds_without_a_driver_wait(void **state)
{
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct outbox *o =
	    open_outbox(deliver_source_of_store(s->kit->s), &stub, 20000);
	struct new_message mail = a_message(1, ""), sms = a_message(2, "");
	struct store_message left;

	mail.message.kind = STORE_MESSAGE_MAIL;
	sms.message.kind = STORE_MESSAGE_SMS;
	assert_ok(store_update(s->kit->s, add_message, &mail.message));
	assert_ok(store_update(s->kit->s, add_message, &sms.message));
	stub_wait(&stub, 1);
	outbox_close(o);
	assert_int_equal(stub.times[2], 1);
	assert_ok(look_at(s, 1, &left));
	assert_int_equal(left.attempts, 0);
}

static void
no_more_are_under_way_than_allowed(void **state)
{
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER, .hold = true };
	struct outbox *o =
	    open_outbox(deliver_source_of_store(s->kit->s), &stub, 20000);

	for (uint32_t i = 0; i < 40; i++) {
		struct new_message m = a_message(i, "");

		assert_ok(store_update(s->kit->s, add_message, &m.message));
		outbox_wake(o);
	}
	stub_wait(&stub, 16);
	/* Several looks later there are still no more. */
	usleep(200 * 1000);
	assert_int_equal(stub_sent(&stub), 16);
	stub_release(&stub);
	stub_wait(&stub, 40);
	outbox_close(o);
}

struct late {
	struct stub *stub;
	atomic_bool closed;
};

static void *
report_late(void *arg)
{
	struct late *late = arg;

	usleep(200 * 1000);
	assert_false(atomic_load(&late->closed));
	stub_release(late->stub);
	return NULL;
}

static void
closing_waits_for_the_last_report_and_keeps_it(void **state)
{
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER, .hold = true };
	struct outbox *o =
	    open_outbox(deliver_source_of_store(s->kit->s), &stub, 20000);
	struct new_message m = a_message(1, "");
	struct late late = { &stub, false };
	struct store_message left;
	pthread_t thread;

	assert_ok(store_update(s->kit->s, add_message, &m.message));
	stub_wait(&stub, 1);
	assert_int_equal(pthread_create(&thread, NULL, report_late, &late), 0);
	outbox_close(o);
	atomic_store(&late.closed, true);
	pthread_join(thread, NULL);
	assert_int_equal(look_at(s, 1, &left), STORE_ABSENT);
}

/* ---- a store that cannot, now and then ---- */

struct moody {
	struct deliver_source real;
	atomic_uint bad_takes, bad_settles;
};

static bool
moody_take(void *arg, unsigned kinds, store_time now, store_time lease_ms,
    struct deliver_message *list, size_t max, size_t *n, store_time *next)
{
	struct moody *m = arg;

	if (atomic_load(&m->bad_takes) > 0) {
		atomic_fetch_sub(&m->bad_takes, 1);
		return false;
	}
	return m->real.take(
	    m->real.arg, kinds, now, lease_ms, list, max, n, next);
}

static bool
moody_settle(void *arg, const struct deliver_settlement *list, size_t n)
{
	struct moody *m = arg;

	if (atomic_load(&m->bad_settles) > 0) {
		atomic_fetch_sub(&m->bad_settles, 1);
		return false;
	}
	return m->real.settle(m->real.arg, list, n);
}

static void
a_full_disk_loses_nothing_and_sends_nothing_twice(void **state)
{
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct moody moody = { .real = deliver_source_of_store(s->kit->s),
		.bad_takes = 2,
		.bad_settles = 3 };
	const struct deliver_source source = { &moody, moody_take,
		moody_settle };
	struct outbox *o = open_outbox(source, &stub, 20000);
	const store_time until = clock_now() + PATIENCE_MS;
	const uint64_t before = atomic_load(&deliver_counters.store_troubles);
	struct new_message m = a_message(1, "");
	struct store_message left;

	assert_ok(store_update(s->kit->s, add_message, &m.message));
	while (look_at(s, 1, &left) != STORE_ABSENT && clock_now() < until) {
		outbox_wake(o);
		usleep(5000);
	}
	assert_int_equal(look_at(s, 1, &left), STORE_ABSENT);
	assert_int_equal(stub_sent(&stub), 1);
	assert_true(
	    atomic_load(&deliver_counters.store_troubles) >= before + 3);
	outbox_close(o);
}

/* ---- a process that is killed with a message in its hands ---- */

static const char killed_role[] = "takes-and-dies";
enum { KILLED_LEASE_MS = 500 };

static void
tell_and_hang(void *self, const struct deliver_message *m, store_time now,
    deliver_report_fn *report, void *ticket)
{
	(void)self;
	(void)m;
	(void)now;
	(void)report;
	(void)ticket;
	if (write(STDOUT_FILENO, "t", 1) != 1)
		abort();
}

/* The other process: argv[2] is the store's folder. */
static int
take_and_hang(char **argv)
{
	const struct store_options o = { .dir = argv[2], .readers = 4 };
	struct store *s;
	struct outbox_config c = {
		.drivers = { [STORE_MESSAGE_PUSH] = { tell_and_hang, NULL } },
		.lease_ms = KILLED_LEASE_MS,
	};

	if (store_open(&o, &s) != STORE_OK)
		return 1;
	c.source = deliver_source_of_store(s);
	if (outbox_open(&c) == NULL)
		return 1;
	pause();
	return 1;
}

static pid_t
start_other(const char *dir, int *from)
{
	int p[2];
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[1], STDOUT_FILENO);
		execl("/proc/self/exe", "test", killed_role, dir, (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	close(p[1]);
	*from = p[0];
	return pid;
}

static void
a_process_killed_while_it_sends_loses_nothing(void **state)
{
	struct scene *s = *state;
	struct new_message m = a_message_to_path(s, 1, "/201");
	struct store_message left;
	int from, status;
	pid_t pid;
	char told;

	write_message(s, 1, &m);
	pid = start_other(s->kit->dir, &from);
	assert_int_equal(read(from, &told, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(from);
	assert_ok(look_at(s, 1, &left));
	assert_int_equal(left.attempts, 1);
	assert_int_equal(push_service_hits(s->service, NULL), 0);
	s->deliver = open_deliver(s, loopback, 0);
	assert_int_equal(wait_until_settled(s, 1, &left), STORE_ABSENT);
	assert_int_equal(push_service_hits(s->service, "/201"), 1);
}

/* Ours ends in order, with an answer outstanding: the next one sends again. */
static void
ending_in_order_leaves_the_rest_to_the_next(void **state)
{
	struct scene *s = *state;
	struct new_message never = a_message_to_path(s, 2, "/never");
	const store_time until = clock_now() + PATIENCE_MS;
	struct store_message left;

	write_message(s, 2, &never);
	while (
	    push_service_hits(s->service, "/never") == 0 && clock_now() < until)
		usleep(1000);
	deliver_close(s->deliver, 0);
	s->deliver = NULL;
	assert_ok(look_at(s, 2, &left));
	assert_int_equal(left.state, STORE_MESSAGE_WAITS);
	assert_string_equal(left.trouble, "stopped");
	assert_true(left.due <= clock_now());
}

static void
the_counters_tell_it(void **state)
{
	struct scene *s = *state;
	struct new_message m = a_message_to_path(s, 1, "/201");
	struct store_message left;
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	memset((void *)&deliver_counters, 0, sizeof(deliver_counters));
	write_message(s, 1, &m);
	wait_until_settled(s, 1, &left);
	deliver_counters_write(to);
	fclose(to);
	assert_non_null(
	    strstr(text, "itsumo_push_send_total{result=\"sent\"} 1\n"));
	assert_non_null(
	    strstr(text, "itsumo_push_send_total{result=\"gone\"} 0\n"));
	assert_non_null(strstr(text, "itsumo_push_send_seconds_count 1\n"));
	assert_non_null(strstr(text, "itsumo_push_given_up_total 0\n"));
	free(text);
}

static void
says_what_is_wrong_with_the_configuration(void **state)
{
	static const char *const bad_hosts[] = { "push.example/", NULL };
	struct deliver_config c = { .vapid_key = { vapid_key, 32 },
		.push_subject = "mailto:a@b.example",
		.push_hosts = bad_hosts };
	char trouble[DELIVER_TROUBLE_MAX + 1];

	(void)state;
	assert_null(deliver_open(&c, trouble));
	assert_string_equal(
	    trouble, "push.example/ is no push host or network");
	c.push_hosts = NULL;
	c.push_subject = "nobody";
	assert_null(deliver_open(&c, trouble));
	assert_non_null(strstr(trouble, "mailto:"));
	c.push_subject = "mailto:a@b.example";
	c.vapid_key.n = 31;
	assert_null(deliver_open(&c, trouble));
	assert_non_null(strstr(trouble, "P-256"));
}

static void
judges_a_subscription_as_a_whole(void **state)
{
	struct scene *s = *state;
	const struct p256_pair pair = browser_keys();
	const struct slice p256dh = { pair.public_key, P256_PUBLIC };
	const struct slice auth = { pair.private_key, 16 };
	struct slice shorter = p256dh;
	char endpoint[128], key[VAPID_KEY_TEXT + 1];
	struct store_push push = { 0 };

	snprintf(endpoint, sizeof(endpoint), "%s/x", s->host);
	assert_null(deliver_push_judge(
	    s->deliver, slice_of(endpoint), p256dh, auth, &push));
	assert_string_equal(push.endpoint, endpoint);
	assert_memory_equal(push.p256dh, p256dh.p, P256_PUBLIC);
	assert_memory_equal(push.auth, auth.p, 16);
	assert_string_equal(
	    deliver_push_judge(s->deliver, slice_of("https://evil.example/"),
		p256dh, auth, &push),
	    "endpoint-host");
	shorter.n--;
	assert_string_equal(deliver_push_judge(s->deliver, slice_of(endpoint),
				shorter, auth, &push),
	    "p256dh-length");
	deliver_push_key(s->deliver, key);
	assert_int_equal(strlen(key), VAPID_KEY_TEXT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
/* Without a deliver of its own running. */
#define IDLE(f) cmocka_unit_test_setup_teardown(f, setup_idle, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_in_the_store_goes_out_encrypted),
		TEST(one_topic_is_another_word_for_each_phone),
		TEST(each_answer_has_its_outcome),
		IDLE(silence_is_tried_again_later),
		TEST(nobody_there_is_tried_again_later),
		IDLE(an_endpoint_inside_is_given_up),
		TEST(what_failed_once_arrives_the_second_time),
		TEST(dead_subscriptions_do_not_hold_up_the_living),
		TEST(no_message_without_a_subscription),
		TEST(a_damaged_subscription_is_given_up),
		TEST(what_comes_too_late_is_not_sent),
		IDLE(a_newer_subscription_is_not_removed_with_the_old_one),
		IDLE(two_workers_on_one_store_send_each_once),
		IDLE(what_others_wrote_is_found),
		IDLE(kinds_without_a_driver_wait),
		IDLE(no_more_are_under_way_than_allowed),
		IDLE(closing_waits_for_the_last_report_and_keeps_it),
		IDLE(a_full_disk_loses_nothing_and_sends_nothing_twice),
		IDLE(a_process_killed_while_it_sends_loses_nothing),
		TEST(ending_in_order_leaves_the_rest_to_the_next),
		TEST(the_counters_tell_it),
		cmocka_unit_test(says_what_is_wrong_with_the_configuration),
		TEST(judges_a_subscription_as_a_whole),
	};

	if (argc == 3 && strcmp(argv[1], killed_role) == 0)
		return take_and_hang(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
