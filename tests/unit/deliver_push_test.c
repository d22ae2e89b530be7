/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/deliver_kit.h"

#include <stdio.h>
#include <unistd.h>

#include "web/clock.h"
#include "web/deliver/counters.h"
#include "web/deliver/source.h"

OP(put_phone, struct store_phone, store_phone_put(t, x))
OP(remove_phone, struct phone_id, store_phone_remove(t, x))

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

	scene_write(s, 1, &m);
	assert_int_equal(scene_settled(s, 1, &left), STORE_ABSENT);
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
	assert_in_range(ttl, SCENE_LIFE_MS / 1000 - 20, SCENE_LIFE_MS / 1000);
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
	scene_write(s, n, &m);
	assert_int_equal(scene_settled(s, n, &left), STORE_ABSENT);
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

		scene_write(s, i, &m);
		scene_settled(s, i, &left);
		if (left.state != outcomes[i].state ||
		    (left.state != 0 &&
			strcmp(left.trouble, outcomes[i].trouble) != 0) ||
		    (left.state == STORE_MESSAGE_WAITS &&
			left.due < began + outcomes[i].later))
			fail_msg("%s: %d, %s", outcomes[i].path, left.state,
			    left.trouble);
		p = scene_phone(s, i);
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

	s->deliver = scene_deliver(s, scene_loopback, 200);
	scene_write(s, 1, &m);
	assert_ok(scene_settled(s, 1, &left));
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
	scene_write(s, 1, &m);
	assert_ok(scene_settled(s, 1, &left));
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
	s->deliver = scene_deliver(s, NULL, 0);
	scene_write(s, 1, &inside);
	assert_ok(scene_settled(s, 1, &left));
	assert_int_equal(left.state, STORE_MESSAGE_GIVEN_UP);
	assert_string_equal(left.trouble, "address-refused");
	scene_write(s, 2, &other);
	assert_ok(scene_settled(s, 2, &left));
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
	const store_time until = clock_now() + SCENE_PATIENCE_MS;

	scene_write(s, 1, &m);
	while (scene_look(s, 1, &left) != STORE_ABSENT && clock_now() < until)
		usleep(2000);
	assert_int_equal(scene_look(s, 1, &left), STORE_ABSENT);
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
		scene_write(s, i, &m);
	}
	m = a_message_to_path(s, 10, "/201");
	began = clock_now();
	scene_write(s, 10, &m);
	assert_int_equal(scene_settled(s, 10, &left), STORE_ABSENT);
	/* Those that never answer take ten seconds. */
	assert_true(clock_now() - began < 5000);
}

static void
no_message_without_a_subscription(void **state)
{
	struct scene *s = *state;
	struct new_message none = a_message(1, ""), gone = a_message(2, "");
	struct new_message nobody = a_message(4, "");
	struct new_message muted = a_message_to_path(s, 3, "/201");
	struct store_message left;

	scene_write(s, 1, &none);
	assert_ok(scene_settled(s, 1, &left));
	assert_string_equal(left.trouble, "no-subscription");
	/* The phone was removed after the message was written. */
	gone.message.due = clock_now() + 300;
	scene_write(s, 2, &gone);
	assert_ok(store_update(s->kit->s, remove_phone, &gone.phone.id));
	assert_ok(scene_settled(s, 2, &left));
	assert_string_equal(left.trouble, "no-subscription");
	muted.phone.muted_until = clock_now() + 60000;
	scene_write(s, 3, &muted);
	assert_int_equal(scene_settled(s, 3, &left), STORE_ABSENT);
	/* Meant for nobody, and so no failure. */
	nobody.message.to_n = 0;
	scene_write(s, 4, &nobody);
	assert_int_equal(scene_settled(s, 4, &left), STORE_ABSENT);
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
	scene_write(s, 1, &keys);
	assert_ok(scene_settled(s, 1, &left));
	assert_string_equal(left.trouble, "keys-refused");
	longer.message.payload_n = 257;
	scene_write(s, 2, &longer);
	assert_ok(scene_settled(s, 2, &left));
	assert_string_equal(left.trouble, "payload-too-long");
	assert_int_equal(push_service_hits(s->service, NULL), 0);
}

static void
what_comes_too_late_is_not_sent(void **state)
{
	struct scene *s = *state;
	struct new_message m = a_message_to_path(s, 1, "/201");
	struct store_message left;

	m.message.created -= SCENE_LIFE_MS + 1;
	m.message.due -= SCENE_LIFE_MS + 1;
	m.message.expires -= SCENE_LIFE_MS + 1;
	scene_write(s, 1, &m);
	assert_ok(scene_settled(s, 1, &left));
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

	scene_write(s, 1, &m);
	assert_true(source.take(source.arg, 1u << STORE_MESSAGE_PUSH,
	    clock_now(), 20000, &buried.message, 1, &n, &next));
	assert_int_equal(n, 1);
	snprintf(m.phone.push.endpoint, sizeof(m.phone.push.endpoint), "%s/201",
	    s->host);
	assert_ok(store_update(s->kit->s, put_phone, &m.phone));
	buried.at = clock_now();
	assert_true(source.settle(source.arg, &buried, 1));
	assert_string_equal(
	    scene_phone(s, 1).push.endpoint, m.phone.push.endpoint);
}

static void
spoil_phone(struct scene *s, const struct store_phone *p)
{
	struct cluster_key k =
	    cluster_key(&p->account, CLUSTER_PHONE, SLICE(p->id.b));

	spoil(s->kit->s, TABLE_ACCOUNTS, cluster_slice(&k));
}

static void
spoil_message(struct scene *s, const struct store_message *m)
{
	uint8_t key[1 + sizeof(m->id.b)] = { 'm' };

	memcpy(key + 1, m->id.b, sizeof(m->id.b));
	spoil(s->kit->s, TABLE_OUTBOX, SLICE(key));
}

static void
a_damaged_record_does_not_hold_up_the_others(void **state)
{
	struct scene *s = *state;
	struct deliver_source source = deliver_source_of_store(s->kit->s);
	struct deliver_settlement done[3] = { { .end = DELIVER_GONE } };
	struct deliver_message list[3];
	struct store_message left;
	store_time next;
	size_t n = 0;

	for (uint32_t i = 1; i <= 3; i++) {
		struct new_message m = a_message_to_path(s, i, "/201");

		m.message.due += i;
		scene_write(s, i, &m);
		if (i == 1)
			spoil_phone(s, &m.phone);
	}
	assert_true(source.take(source.arg, 1u << STORE_MESSAGE_PUSH,
	    clock_now() + 9, 20000, list, 3, &n, &next));
	assert_int_equal(n, 3);
	assert_string_equal(list[0].push.endpoint, "");
	assert_string_not_equal(list[1].push.endpoint, "");
	/* The phone of one cannot be read, nor another one's message. */
	spoil_message(s, &list[1].message);
	for (int i = 0; i < 3; i++)
		done[i].message = list[i];
	assert_true(source.settle(source.arg, done, 3));
	assert_ok(scene_look(s, 1, &left));
	assert_int_equal(left.state, STORE_MESSAGE_GIVEN_UP);
	assert_int_equal(scene_look(s, 3, &left), STORE_ABSENT);
	/* It is put away when its lease is over. */
	assert_true(source.take(source.arg, 1u << STORE_MESSAGE_PUSH,
	    clock_now() + 30000, 20000, list, 3, &n, &next));
	assert_int_equal(n, 0);
	assert_int_equal(next, INT64_MAX);
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
	scene_write(s, 1, &m);
	scene_settled(s, 1, &left);
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
	const struct p256_pair key = scene_keys();
	static const char *const bad_hosts[] = { "push.example/", NULL };
	struct deliver_config c = { .vapid_key = { key.private_key,
					P256_PRIVATE },
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
	const struct p256_pair pair = scene_keys();
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)
/* Without a deliver of its own running. */
#define IDLE(f)                                                                \
	cmocka_unit_test_setup_teardown(f, scene_setup_idle, scene_teardown)

int
main(void)
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
		IDLE(a_damaged_record_does_not_hold_up_the_others),
		TEST(the_counters_tell_it),
		cmocka_unit_test(says_what_is_wrong_with_the_configuration),
		TEST(judges_a_subscription_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
