/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/outbox.h"

#include <sys/eventfd.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "web/clock.h"
#include "web/deliver/counters.h"
#include "web/log.h"

enum {
	BATCH = 32,
	LEASE_MS = 20 * 1000,
	LOOK_MS = 1000,
	FIRST_MS = 1000,
	URGENT_MAX_MS = 60 * 1000,
	MAX_MS = 60 * 60 * 1000,
	TROUBLE_MS = 1000, /* the store could not: look again then */
};

/* A place for a message under way. */
struct slot {
	struct slot *next;
	struct outbox *outbox;
	struct deliver_settlement settlement;
	struct deliver_report report;
};

struct outbox {
	struct outbox_config config;
	unsigned kinds;
	pthread_t thread;
	int event;
	struct slot *slots;
	struct slot *free; /* the thread's own */
	struct slot *ended; /* likewise: reported, not yet kept */
	unsigned under_way; /* likewise: places not free */
	unsigned out; /* likewise: not reported yet */
	struct deliver_message *taken; /* likewise; BATCH of them */
	struct deliver_settlement *settling; /* likewise */
	_Atomic bool stopping;

	pthread_mutex_t lock;
	struct slot *reported; /* under the lock */
};

store_time
outbox_backoff(
    unsigned attempts, bool urgent, store_time least, uint32_t chance)
{
	const store_time most = urgent ? URGENT_MAX_MS : MAX_MS;
	store_time wait = FIRST_MS;

	for (; attempts > 1 && wait < most; attempts--)
		wait *= 2;
	if (wait > most)
		wait = most;
	wait += wait / 4 * (store_time)(chance % 2001) / 1000 - wait / 4;
	/* What the other side asked for is not cut short, but spread. */
	if (wait < least)
		wait = least + least / 4 * (store_time)(chance % 1001) / 1000;
	return wait;
}

void
outbox_wake(struct outbox *o)
{
	const uint64_t one = 1;
	const int before = errno;

	/* EAGAIN: it was told often enough. */
	if (write(o->event, &one, sizeof(one)) < 0)
		errno = before;
}

/* ---- reports ---- */

static void
reported(void *ticket, const struct deliver_report *r)
{
	struct slot *slot = ticket;
	struct outbox *o = slot->outbox;

	slot->report = *r;
	pthread_mutex_lock(&o->lock);
	slot->next = o->reported;
	o->reported = slot;
	pthread_mutex_unlock(&o->lock);
	outbox_wake(o);
}

static void
log_settlement(const struct deliver_settlement *s)
{
	static const enum log_level levels[] = {
		[DELIVER_DONE] = WEB_LOG_DEBUG,
		[DELIVER_GONE] = WEB_LOG_INFO,
		[DELIVER_AGAIN] = WEB_LOG_NOTICE,
		[DELIVER_GIVEN_UP] = WEB_LOG_WARNING,
	};
	const struct store_message *m = &s->message.message;
	struct log_line l;

	log_begin(&l, levels[s->end], deliver_kind_name(m->kind));
	log_text(&l, "result", deliver_reason_name(s->reason));
	if (s->status > 0)
		log_int(&l, "status", s->status);
	log_int(&l, "attempt", m->attempts);
	if (s->end == DELIVER_AGAIN)
		log_int(&l, "again_ms", s->again - s->at);
	if (s->end == DELIVER_GIVEN_UP)
		log_text(&l, "given_up", "yes");
	log_send(&l);
}

static void
conclude(struct slot *slot)
{
	struct deliver_settlement *s = &slot->settlement;
	const struct store_message *m = &s->message.message;
	const struct deliver_report *r = &slot->report;

	s->reason = r->reason;
	s->end = deliver_reason_end(r->reason);
	s->status = r->status;
	s->at = clock_now();
	if (s->end == DELIVER_AGAIN) {
		s->again = s->at;
		/* Ending is no failure of theirs: whoever comes next may go. */
		if (r->reason != DELIVER_STOPPED)
			s->again += outbox_backoff(
			    m->attempts, m->urgent, r->wait_ms, arc4random());
		if (s->again >= m->expires)
			s->end = DELIVER_GIVEN_UP;
	}
	deliver_counters_attempt(m->kind, s->reason, s->end, r->took_us);
	log_settlement(s);
}

static void
gather(struct outbox *o)
{
	struct slot *slot;

	pthread_mutex_lock(&o->lock);
	slot = o->reported;
	o->reported = NULL;
	pthread_mutex_unlock(&o->lock);
	while (slot != NULL) {
		struct slot *next = slot->next;

		o->out--;
		conclude(slot);
		slot->next = o->ended;
		o->ended = slot;
		slot = next;
	}
}

static void
trouble(const char *what)
{
	atomic_fetch_add_explicit(
	    &deliver_counters.store_troubles, 1, memory_order_relaxed);
	log_say(WEB_LOG_ERROR, "outbox", "the store could not %s", what);
}

static void
release(struct outbox *o, struct slot *slot)
{
	slot->next = o->free;
	o->free = slot;
	o->under_way--;
	atomic_fetch_sub_explicit(
	    &deliver_counters.under_way, 1, memory_order_relaxed);
}

/*
 * One commit for all that ended meanwhile.  False when the store could not:
 * they are kept for the next round.
 */
static bool
settle(struct outbox *o)
{
	while (o->ended != NULL) {
		size_t n = 0;

		for (struct slot *s = o->ended; s != NULL && n < BATCH;
		     s = s->next)
			o->settling[n++] = s->settlement;
		if (!o->config.source.settle(
			o->config.source.arg, o->settling, n)) {
			trouble("keep what became of messages");
			return false;
		}
		while (n-- > 0) {
			struct slot *s = o->ended;

			o->ended = s->next;
			release(o, s);
		}
	}
	return true;
}

/* ---- sending ---- */

static void
hand_over(struct outbox *o, const struct deliver_message *m, store_time now)
{
	const struct deliver_driver *d = &o->config.drivers[m->message.kind];
	struct slot *slot = o->free;

	o->free = slot->next;
	slot->settlement = (struct deliver_settlement){ .message = *m };
	o->under_way++;
	o->out++;
	atomic_fetch_add_explicit(
	    &deliver_counters.under_way, 1, memory_order_relaxed);
	d->send(d->self, &slot->settlement.message, now, reported, slot);
}

/* Returns when to look again. */
static store_time
send_due(struct outbox *o)
{
	const struct deliver_source *source = &o->config.source;
	store_time now, next = INT64_MAX;
	size_t n = 0, room;

	do {
		room = o->config.under_way - o->under_way;
		if (room > BATCH)
			room = BATCH;
		if (room == 0)
			return INT64_MAX; /* a report will wake us */
		now = clock_now();
		if (!source->take(source->arg, o->kinds, now,
			o->config.lease_ms, o->taken, room, &n, &next)) {
			trouble("say what is to be sent");
			return now + TROUBLE_MS;
		}
		for (size_t i = 0; i < n; i++)
			hand_over(o, &o->taken[i], now);
	} while (n == room && !atomic_load(&o->stopping));
	return next;
}

static void
sleep_until(struct outbox *o, store_time when)
{
	struct pollfd p = { o->event, POLLIN, 0 };
	store_time wait = when - clock_now();
	uint64_t told;

	if (wait < 0)
		wait = 0;
	if (wait > o->config.look_ms)
		wait = o->config.look_ms;
	(void)poll(&p, 1, (int)wait);
	if (read(o->event, &told, sizeof(told)) < 0)
		return; /* nobody told us anything */
}

static void *
run(void *arg)
{
	struct outbox *o = arg;

	for (;;) {
		const bool stopping = atomic_load(&o->stopping);
		store_time next = INT64_MAX;

		gather(o);
		if (!settle(o))
			next = clock_now() + TROUBLE_MS;
		else if (!stopping)
			next = send_due(o);
		/* What could not be kept is due again when its lease is over.
		 */
		if (stopping && o->out == 0)
			return NULL;
		sleep_until(o, next);
	}
}

/* ---- begin and end ---- */

static void
outbox_free(struct outbox *o)
{
	if (o->event >= 0)
		(void)close(o->event);
	free(o->slots);
	free(o->taken);
	free(o->settling);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

static bool
fill(struct outbox *o)
{
	struct outbox_config *c = &o->config;

	if (c->under_way == 0)
		c->under_way = 128;
	if (c->lease_ms == 0)
		c->lease_ms = LEASE_MS;
	if (c->look_ms == 0)
		c->look_ms = LOOK_MS;
	for (unsigned k = 1; k < DELIVER_KINDS; k++)
		if (c->drivers[k].send != NULL)
			o->kinds |= 1u << k;
	o->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	o->slots = calloc(c->under_way, sizeof(*o->slots));
	o->taken = calloc(BATCH, sizeof(*o->taken));
	o->settling = calloc(BATCH, sizeof(*o->settling));
	if (o->event < 0 || o->slots == NULL || o->taken == NULL ||
	    o->settling == NULL)
		return false;
	for (unsigned i = 0; i < c->under_way; i++) {
		o->slots[i].outbox = o;
		o->slots[i].next = o->free;
		o->free = &o->slots[i];
	}
	return true;
}

static bool
start_thread(struct outbox *o)
{
	sigset_t all, before;
	bool good;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	good = pthread_create(&o->thread, NULL, run, o) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (good)
		(void)pthread_setname_np(o->thread, "outbox");
	return good;
}

struct outbox *
outbox_open(const struct outbox_config *c)
{
	struct outbox *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	if (pthread_mutex_init(&o->lock, NULL) != 0) {
		free(o);
		return NULL;
	}
	o->config = *c;
	if (!fill(o) || !start_thread(o)) {
		outbox_free(o);
		return NULL;
	}
	return o;
}

void
outbox_stop(struct outbox *o)
{
	atomic_store(&o->stopping, true);
	outbox_wake(o);
}

void
outbox_close(struct outbox *o)
{
	if (o == NULL)
		return;
	outbox_stop(o);
	pthread_join(o->thread, NULL);
	outbox_free(o);
}
