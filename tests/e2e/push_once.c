/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sends pushes as the server does, one for each line of JSON on standard
 * input, one after the other, and tells a line of JSON about each:
 *
 *	{"endpoint": URL, "p256dh": base64url, "auth": base64url,
 *	 "payload": text, "ttl": seconds, "topic"?: text, "urgent"?: bool}
 *	{"result": "sent", "status": 201, "wait_ms": 0, "took_ms": 3}
 *
 * The first line it writes is {"key": applicationServerKey}.  For tests that
 * look at what leaves us through other people's eyes.
 */
#include <getopt.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/clock.h"
#include "web/deliver/push.h"
#include "webauthn/b64url.h"

enum { LIST_MAX = 16 };

struct list {
	size_t n;
	const char *v[LIST_MAX + 1];
};

struct arguments {
	const char *key, *subject, *ca;
	unsigned timeout_ms;
	struct list hosts, networks, connect_to;
};

struct answer {
	pthread_mutex_t lock;
	pthread_cond_t there;
	bool is_there;
	struct deliver_report report;
};

__attribute__((noreturn)) static void
die(const char *what)
{
	fprintf(stderr, "push_once: %s\n", what);
	exit(2);
}

static void
list_add(struct list *l, const char *v)
{
	if (l->n == LIST_MAX)
		die("too many of an option");
	l->v[l->n++] = v;
}

static struct arguments
read_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "key", required_argument, NULL, 'k' },
		{ "subject", required_argument, NULL, 's' },
		{ "ca", required_argument, NULL, 'c' },
		{ "timeout-ms", required_argument, NULL, 't' },
		{ "host", required_argument, NULL, 'h' },
		{ "network", required_argument, NULL, 'n' },
		{ "connect-to", required_argument, NULL, 'o' },
		{ 0 },
	};
	struct arguments a = { .subject = "mailto:push@example.org" };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'k':
			a.key = optarg;
			break;
		case 's':
			a.subject = optarg;
			break;
		case 'c':
			a.ca = optarg;
			break;
		case 't':
			a.timeout_ms = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'h':
			list_add(&a.hosts, optarg);
			break;
		case 'n':
			list_add(&a.networks, optarg);
			break;
		case 'o':
			list_add(&a.connect_to, optarg);
			break;
		default:
			exit(2);
		}
	if (a.key == NULL)
		die("--key FILE is needed");
	return a;
}

static struct vapid *
open_vapid(const struct arguments *a)
{
	uint8_t key[4096];
	FILE *f = fopen(a->key, "rb");
	struct vapid *v = NULL;
	enum vapid_answer got;
	size_t n;

	if (f == NULL)
		die("the key file cannot be read");
	n = fread(key, 1, sizeof(key), f);
	fclose(f);
	got = vapid_open((struct slice){ key, n }, a->subject, &v);
	if (got != VAPID_OK)
		die(vapid_answer_name(got));
	return v;
}

/* ---- one message ---- */

static bool
decode(json_t *from, const char *name, uint8_t *out, size_t size)
{
	const char *text = json_string_value(json_object_get(from, name));
	size_t n = 0;

	return text != NULL &&
	       wa_b64url_decode(slice_of(text), out, size, &n) && n == size;
}

static bool
read_message(json_t *from, store_time now, struct deliver_message *m)
{
	const char *endpoint, *payload, *topic;
	struct store_message *s = &m->message;

	memset(m, 0, sizeof(*m));
	endpoint = json_string_value(json_object_get(from, "endpoint"));
	payload = json_string_value(json_object_get(from, "payload"));
	topic = json_string_value(json_object_get(from, "topic"));
	if (endpoint == NULL || payload == NULL ||
	    strlen(endpoint) >= sizeof(m->push.endpoint) ||
	    strlen(payload) > sizeof(s->payload) ||
	    (topic != NULL && strlen(topic) > sizeof(s->topic)) ||
	    !decode(from, "p256dh", m->push.p256dh, sizeof(m->push.p256dh)) ||
	    !decode(from, "auth", m->push.auth, sizeof(m->push.auth)))
		return false;
	memcpy(m->push.endpoint, endpoint, strlen(endpoint));
	s->kind = STORE_MESSAGE_PUSH;
	/* Any phone: a message to none is a decoy, and never leaves. */
	s->to_n = sizeof(struct phone_id);
	s->urgent = json_is_true(json_object_get(from, "urgent"));
	s->payload_n = (uint16_t)strlen(payload);
	memcpy(s->payload, payload, s->payload_n);
	if (topic != NULL)
		memcpy(s->topic, topic, strlen(topic));
	s->created = s->due = now;
	s->expires =
	    now + json_integer_value(json_object_get(from, "ttl")) * 1000;
	return true;
}

static void
reported(void *ticket, const struct deliver_report *r)
{
	struct answer *a = ticket;

	pthread_mutex_lock(&a->lock);
	a->report = *r;
	a->is_there = true;
	pthread_cond_signal(&a->there);
	pthread_mutex_unlock(&a->lock);
}

static struct deliver_report
send_and_wait(
    struct deliver_driver d, const struct deliver_message *m, store_time now)
{
	struct answer a = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.there = PTHREAD_COND_INITIALIZER };

	d.send(d.self, m, now, reported, &a);
	pthread_mutex_lock(&a.lock);
	while (!a.is_there)
		pthread_cond_wait(&a.there, &a.lock);
	pthread_mutex_unlock(&a.lock);
	return a.report;
}

static void
answer_lines(struct deliver_driver d)
{
	static struct deliver_message m;
	json_t *line;

	while (
	    (line = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
		const store_time now = clock_now();
		struct deliver_report r;

		if (!read_message(line, now, &m))
			die("a line is no message");
		json_decref(line);
		r = send_and_wait(d, &m, now);
		printf("{\"result\": \"%s\", \"status\": %u, \"wait_ms\": %lld,"
		       " \"took_ms\": %llu}\n",
		    deliver_reason_name(r.reason), r.status,
		    (long long)r.wait_ms,
		    (unsigned long long)(r.took_us / 1000));
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	const struct arguments a = read_arguments(argc, argv);
	const char *bad = "the rules";
	struct vapid *vapid = open_vapid(&a);
	struct endpoint_rules *rules = endpoint_rules_open(
	    a.hosts.n > 0 ? a.hosts.v : NULL, a.networks.v, &bad);
	const struct sender_config sender_config = { .rules = rules,
		.ca_file = a.ca,
		.connect_to = a.connect_to.v,
		.timeout_ms = a.timeout_ms };
	struct push_config push_config = { .rules = rules, .vapid = vapid };
	char key[VAPID_KEY_TEXT + 1];
	struct push *push;

	if (rules == NULL)
		die(bad);
	if ((push_config.sender = sender_open(&sender_config)) == NULL ||
	    (push = push_open(&push_config)) == NULL)
		die("no memory");
	vapid_public_key(vapid, key);
	printf("{\"key\": \"%s\"}\n", key);
	fflush(stdout);
	answer_lines(push_driver(push));
	sender_stop(push_config.sender, 0);
	push_close(push);
	sender_close(push_config.sender);
	endpoint_rules_close(rules);
	vapid_close(vapid);
	return 0;
}
