/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/deliver_kit.h"

#include <stdio.h>
#include <unistd.h>

#include "web/clock.h"

static const uint8_t vapid_key[32] = { [31] = 7 };
const char scene_payload[] = "{\"v\":1,\"t\":\"approval\",\"id\":\"apr_x\"}";

struct p256_pair
scene_keys(void)
{
	struct p256_pair pair;

	assert_true(p256_of_private(vapid_key, &pair));
	return pair;
}

static enum store_rc
add_both(struct store_txn *t, void *arg)
{
	const struct new_message *n = arg;
	enum store_rc rc = store_phone_add(t, &n->phone);

	return rc == STORE_OK ? store_message_add(t, &n->message) : rc;
}

void
number_id(uint8_t *id, size_t size, uint32_t n)
{
	memset(id, 0, size);
	for (int i = 0; i < 4; i++)
		id[i] = (uint8_t)(n >> (24 - 8 * i));
}

struct new_message
a_message(uint32_t n, const char *endpoint)
{
	struct new_message m = { 0 };
	const struct p256_pair pair = scene_keys();
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
	memcpy(m.message.payload, scene_payload, strlen(scene_payload));
	m.message.payload_n = (uint16_t)strlen(scene_payload);
	number_id(m.message.topic, sizeof(m.message.topic), n + 1);
	m.message.created = m.message.due = now;
	m.message.expires = now + SCENE_LIFE_MS;
	return m;
}

struct new_message
a_message_to_path(struct scene *s, uint32_t n, const char *path)
{
	char endpoint[128];

	snprintf(endpoint, sizeof(endpoint), "%s%s", s->host, path);
	return a_message(n, endpoint);
}

void
scene_write(struct scene *s, uint32_t n, struct new_message *m)
{
	assert_ok(kit_add_account(s->kit, n));
	assert_ok(store_update(s->kit->s, add_both, m));
	if (s->deliver != NULL)
		deliver_wake(s->deliver);
}

enum store_rc
scene_look(struct scene *s, uint32_t n, struct store_message *m)
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

struct store_phone
scene_phone(struct scene *s, uint32_t n)
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

enum store_rc
scene_settled(struct scene *s, uint32_t n, struct store_message *m)
{
	const store_time until = clock_now() + SCENE_PATIENCE_MS;

	while (clock_now() < until) {
		const enum store_rc rc = scene_look(s, n, m);

		if (rc == STORE_ABSENT)
			memset(m, 0, sizeof(*m));
		if (rc == STORE_ABSENT ||
		    (rc == STORE_OK && (m->state == STORE_MESSAGE_GIVEN_UP ||
					   m->trouble[0] != '\0')))
			return rc;
		assert_ok(rc);
		usleep(2000);
	}
	fail_msg("message %u: nothing in %d ms", n, SCENE_PATIENCE_MS);
	return STORE_FAULT;
}

struct deliver *
scene_deliver(struct scene *s, const char *const *networks, unsigned timeout_ms)
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

const char *const scene_loopback[] = { "127.0.0.0/8", NULL };

int
scene_setup_idle(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->kit = kit_new(0);
	s->service = push_service_start();
	snprintf(s->host, sizeof(s->host), "http://127.0.0.1:%u",
	    push_service_port(s->service));
	*state = s;
	return 0;
}

int
scene_setup(void **state)
{
	struct scene *s;

	scene_setup_idle(state);
	s = *state;
	s->deliver = scene_deliver(s, scene_loopback, 0);
	return 0;
}

int
scene_teardown(void **state)
{
	struct scene *s = *state;

	deliver_close(s->deliver, 0);
	push_service_stop(s->service);
	kit_end(s->kit);
	free(s);
	return 0;
}
