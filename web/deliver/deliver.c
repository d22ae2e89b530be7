/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/deliver.h"

#include <stdio.h>
#include <stdlib.h>

#include "web/deliver/outbox.h"
#include "web/deliver/push.h"

struct deliver {
	struct endpoint_rules *rules;
	struct vapid *vapid;
	struct sender *sender;
	struct push *push;
	struct outbox *outbox;
};

static bool
open_rules(struct deliver *d, const struct deliver_config *c, char *trouble)
{
	const char *bad;

	d->rules = endpoint_rules_open(c->push_hosts, c->push_networks, &bad);
	if (d->rules == NULL && bad != NULL)
		(void)snprintf(trouble, DELIVER_TROUBLE_MAX + 1,
		    "%.200s is no push host or network", bad);
	return d->rules != NULL;
}

static bool
open_vapid(struct deliver *d, const struct deliver_config *c, char *trouble)
{
	switch (vapid_open(c->vapid_key, c->push_subject, &d->vapid)) {
	case VAPID_OK:
		return true;
	case VAPID_KEY:
		(void)snprintf(trouble, DELIVER_TROUBLE_MAX + 1,
		    "the key for pushes is no P-256 private key");
		return false;
	case VAPID_SUBJECT:
		(void)snprintf(trouble, DELIVER_TROUBLE_MAX + 1,
		    "the subject of pushes must be a mailto: or https: "
		    "address of at most %d characters",
		    VAPID_SUBJECT_MAX);
		return false;
	case VAPID_FAULT:
		break;
	}
	return false;
}

static bool
open_sender(struct deliver *d, const struct deliver_config *c)
{
	const struct sender_config sender = {
		.rules = d->rules,
		.timeout_ms = c->timeout_ms,
		.proxy = c->proxy,
		.ca_file = c->ca_file,
		.connect_to = c->connect_to,
	};

	return (d->sender = sender_open(&sender)) != NULL;
}

static bool
open_push(struct deliver *d)
{
	const struct push_config push = {
		.rules = d->rules,
		.vapid = d->vapid,
		.sender = d->sender,
	};

	return (d->push = push_open(&push)) != NULL;
}

static bool
open_outbox(struct deliver *d, const struct deliver_config *c)
{
	struct outbox_config outbox = {
		.source = deliver_source_of_store(c->store),
		.drivers = {
			[STORE_MESSAGE_PUSH] = push_driver(d->push),
			[STORE_MESSAGE_SMS] = c->sms,
			[STORE_MESSAGE_MAIL] = c->mail,
		},
	};

	/* A message is not taken by another while it may yet be answered. */
	if (c->timeout_ms > 0)
		outbox.lease_ms = (store_time)c->timeout_ms * 2;
	return (d->outbox = outbox_open(&outbox)) != NULL;
}

struct deliver *
deliver_open(
    const struct deliver_config *c, char trouble[DELIVER_TROUBLE_MAX + 1])
{
	struct deliver *d = calloc(1, sizeof(*d));

	(void)snprintf(trouble, DELIVER_TROUBLE_MAX + 1,
	    "the machine cannot start sending messages");
	if (d == NULL)
		return NULL;
	if (!open_rules(d, c, trouble) || !open_vapid(d, c, trouble) ||
	    !open_sender(d, c) || !open_push(d) || !open_outbox(d, c)) {
		deliver_close(d, 0);
		return NULL;
	}
	return d;
}

void
deliver_wake(struct deliver *d)
{
	outbox_wake(d->outbox);
}

void
deliver_close(struct deliver *d, unsigned grace_ms)
{
	if (d == NULL)
		return;
	if (d->outbox != NULL)
		outbox_stop(d->outbox);
	/* Ends every request, so that the outbox hears of each. */
	if (d->sender != NULL)
		sender_stop(d->sender, grace_ms);
	outbox_close(d->outbox);
	push_close(d->push);
	sender_close(d->sender);
	vapid_close(d->vapid);
	endpoint_rules_close(d->rules);
	free(d);
}

void
deliver_push_key(const struct deliver *d, char text[VAPID_KEY_TEXT + 1])
{
	vapid_public_key(d->vapid, text);
}

const char *
deliver_push_judge(const struct deliver *d, struct slice endpoint,
    struct slice p256dh, struct slice auth, struct store_push *push)
{
	struct webpush_keys keys;
	struct endpoint e;
	const enum endpoint_verdict v = endpoint_judge(d->rules, endpoint, &e);
	enum webpush_answer a;

	if (v != ENDPOINT_OK)
		return endpoint_verdict_name(v);
	if ((a = webpush_keys_judge(p256dh, auth, &keys)) != WEBPUSH_OK)
		return webpush_answer_name(a);
	*push = (struct store_push){ 0 };
	memcpy(push->endpoint, endpoint.p, endpoint.n);
	memcpy(push->p256dh, keys.p256dh, sizeof(push->p256dh));
	memcpy(push->auth, keys.auth, sizeof(push->auth));
	return NULL;
}
