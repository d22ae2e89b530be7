/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/push.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "web/clock.h"
#include "web/deliver/breaker.h"
#include "web/log.h"
#include "webauthn/b64url.h"

enum {
	TTL_MAX_S = 28 * 24 * 60 * 60, /* more than any service keeps */
	TOPIC_BYTES = 16,
	TOPIC_TEXT = 22, /* RFC 8030 section 5.4: at most 32 */
	HEADERS = 8,
};

struct push {
	struct push_config config;
	struct breaker *breaker;
};

/* One message under way. */
struct under_way {
	struct push *push;
	struct endpoint endpoint;
	deliver_report_fn *report;
	void *ticket;
};

struct push *
push_open(const struct push_config *c)
{
	struct push *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->config = *c;
	if (p->config.padded == 0)
		p->config.padded = WEBPUSH_PADDED;
	if ((p->breaker = breaker_open()) == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
push_close(struct push *p)
{
	if (p == NULL)
		return;
	breaker_close(p->breaker);
	free(p);
}

static enum deliver_reason
reason_of_status(unsigned status)
{
	switch (status) {
	case 404:
	case 410:
		return DELIVER_UNSUBSCRIBED;
	case 413:
		return DELIVER_TOO_LARGE;
	case 429:
		return DELIVER_RATE_LIMITED;
	case 400:
		return DELIVER_MALFORMED;
	case 401:
	case 403:
		return DELIVER_FORBIDDEN;
	default:
		if (status >= 200 && status < 300)
			return DELIVER_SENT;
		if (status >= 300 && status < 400)
			return DELIVER_REDIRECT;
		return status >= 500 ? DELIVER_SERVER_ERROR
				     : DELIVER_UNEXPECTED;
	}
}

enum deliver_reason
push_reason(const struct sender_reply *r)
{
	switch (r->end) {
	case SENDER_ANSWERED:
		return reason_of_status(r->status);
	case SENDER_UNREACHABLE:
		return DELIVER_UNREACHABLE;
	case SENDER_TIMEOUT:
		return DELIVER_TIMEOUT;
	case SENDER_TLS:
		return DELIVER_TLS;
	case SENDER_ADDRESS:
		return DELIVER_ADDRESS;
	case SENDER_STOPPED:
		return DELIVER_STOPPED;
	case SENDER_FAULT:
		break;
	}
	return DELIVER_FAULT;
}

static bool
is_failure_of_host(enum deliver_reason r)
{
	return r == DELIVER_SERVER_ERROR || r == DELIVER_UNREACHABLE ||
	       r == DELIVER_TIMEOUT || r == DELIVER_TLS;
}

static void
answered(void *arg, const struct sender_reply *r)
{
	struct under_way *w = arg;
	const struct deliver_report report = {
		.reason = push_reason(r),
		.status = r->status,
		.wait_ms = r->retry_after_ms,
		.took_us = r->took_us,
	};

	if (r->end == SENDER_ANSWERED || is_failure_of_host(report.reason))
		breaker_tell(w->push->breaker, w->endpoint.origin, clock_now(),
		    !is_failure_of_host(report.reason));
	w->report(w->ticket, &report);
	free(w);
}

/* ---- the request ---- */

struct headers {
	char authorization[sizeof("Authorization: ") + VAPID_HEADER_MAX];
	char ttl[32];
	char topic[sizeof("Topic: ") + TOPIC_TEXT];
	const char *list[HEADERS];
};

static bool
is_zero(const uint8_t *p, size_t n)
{
	uint8_t or = 0;

	for (size_t i = 0; i < n; i++)
		or |= p[i];
	return or == 0;
}

static bool
write_topic(const struct store_message *m, char *topic, size_t size)
{
	static const size_t name = sizeof("Topic: ") - 1;
	uint8_t mixed[sizeof(m->topic) + STORE_ADDRESS_TEXT_MAX], hash[32];

	memcpy(mixed, m->topic, sizeof(m->topic));
	memcpy(mixed + sizeof(m->topic), m->to, m->to_n);
	memcpy(topic, "Topic: ", name);
	return EVP_Q_digest(NULL, "SHA256", NULL, mixed,
		   sizeof(m->topic) + m->to_n, hash, NULL) == 1 &&
	       wa_b64url_encode((struct slice){ hash, TOPIC_BYTES },
		   topic + name, size - name);
}

static bool
write_headers(struct push *p, const struct store_message *m,
    const struct endpoint *e, store_time now, struct headers *h)
{
	static const size_t name = sizeof("Authorization: ") - 1;
	store_time ttl = (m->expires - now) / 1000;
	size_t n = 0;

	if (ttl > TTL_MAX_S)
		ttl = TTL_MAX_S;
	(void)snprintf(h->ttl, sizeof(h->ttl), "TTL: %" PRId64,
	    (int64_t)(ttl > 0 ? ttl : 0));
	memcpy(h->authorization, "Authorization: ", name);
	if (!vapid_header(
		p->config.vapid, e->origin, now, h->authorization + name))
		return false;
	h->list[n++] = h->authorization;
	h->list[n++] = h->ttl;
	h->list[n++] = m->urgent ? "Urgency: high" : "Urgency: normal";
	h->list[n++] = "Content-Encoding: aes128gcm";
	h->list[n++] = "Content-Type: application/octet-stream";
	if (!is_zero(m->topic, sizeof(m->topic))) {
		if (!write_topic(m, h->topic, sizeof(h->topic)))
			return false;
		h->list[n++] = h->topic;
	}
	h->list[n] = NULL;
	return true;
}

static enum deliver_reason
encrypt(const struct push *p, const struct deliver_message *m,
    struct webpush_body *body)
{
	struct webpush_keys keys;

	memcpy(keys.p256dh, m->push.p256dh, sizeof(keys.p256dh));
	memcpy(keys.auth, m->push.auth, sizeof(keys.auth));
	switch (webpush_encrypt(&keys,
	    (struct slice){ m->message.payload, m->message.payload_n },
	    p->config.padded, NULL, body)) {
	case WEBPUSH_OK:
		return DELIVER_SENT;
	case WEBPUSH_TOO_LONG:
		return DELIVER_PAYLOAD;
	case WEBPUSH_FAULT:
		return DELIVER_FAULT;
	default:
		return DELIVER_KEYS;
	}
}

/* DELIVER_SENT: it is under way and will be answered; else why not. */
static enum deliver_reason
start(struct push *p, const struct deliver_message *m, store_time now,
    struct under_way *w)
{
	struct webpush_body body;
	struct headers headers;
	struct sender_request request = { .judged = true };
	enum deliver_reason reason = encrypt(p, m, &body);

	if (reason != DELIVER_SENT)
		return reason;
	if (!write_headers(p, &m->message, &w->endpoint, now, &headers))
		return DELIVER_FAULT;
	request.url = m->push.endpoint;
	request.headers = headers.list;
	request.body = (struct slice){ body.b, body.n };
	return sender_submit(p->config.sender, &request, answered, w)
		   ? DELIVER_SENT
		   : DELIVER_BUSY;
}

static enum deliver_reason
judge_endpoint(
    struct push *p, const struct deliver_message *m, struct endpoint *e)
{
	enum endpoint_verdict v;

	if (m->message.to_n == 0)
		return DELIVER_DECOY;
	if (m->push.endpoint[0] == '\0')
		return DELIVER_NOBODY;
	if (m->muted)
		return DELIVER_MUTED;
	/* Again, since the rules may have changed since it was let in. */
	v = endpoint_judge(p->config.rules, slice_of(m->push.endpoint), e);
	if (v == ENDPOINT_OK)
		return DELIVER_SENT;
	log_say(WEB_LOG_NOTICE, "push-endpoint", "refused: %s",
	    endpoint_verdict_name(v));
	return DELIVER_ENDPOINT;
}

static void
send_push(void *self, const struct deliver_message *m, store_time now,
    deliver_report_fn *report, void *ticket)
{
	struct push *p = self;
	struct deliver_report r = { 0 };
	struct under_way *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		r.reason = DELIVER_FAULT;
		report(ticket, &r);
		return;
	}
	w->push = p;
	w->report = report;
	w->ticket = ticket;
	r.reason = judge_endpoint(p, m, &w->endpoint);
	if (r.reason == DELIVER_SENT &&
	    (r.wait_ms = breaker_ask(p->breaker, w->endpoint.origin, now)) > 0)
		r.reason = DELIVER_RESTING;
	if (r.reason == DELIVER_SENT &&
	    (r.reason = start(p, m, now, w)) == DELIVER_SENT)
		return; /* w is the request's now */
	free(w);
	report(ticket, &r);
}

struct deliver_driver
push_driver(struct push *p)
{
	return (struct deliver_driver){ send_push, p };
}
