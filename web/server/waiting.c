/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/waiting.h"

#include <sys/eventfd.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

#include "rp/watch.h"
#include "web/clock.h"
#include "web/deliver/deliver.h"
#include "web/log.h"
#include "web/metrics.h"
#include "web/server/reply.h"
#include "web/server/server.h"

enum {
	BUCKETS = 4096,
	SLOTS = 64, /* seconds that the wheel has */
	STACK = 512 << 10,
	WAIT_MAX_S = 25, /* of one answer; less than proxies wait */
};

/* In the arena of its request.  All under the lock of whom it waits with. */
struct waiter {
	struct waiting *all;
	struct web_request *r;
	struct waiter *next, **link; /* in its bucket, the youngest first */
	struct waiter *later, **slot; /* in the wheel, while it sleeps */
	uint8_t id[16];
	enum waiting_about about;
	uint64_t end; /* on the wheel's clock */
	bool asleep, woken, over;
};

struct waiting {
	pthread_mutex_t lock;
	struct waiter *buckets[BUCKETS];
	struct waiter *wheel[SLOTS];
	uint64_t turned; /* the second up to which all were woken */
	unsigned n, max;
	bool ending;
	struct site *site; /* whose store it is; the first one */
	struct rp_watch *watch;
	void (*each_second)(void *);
	void *second_arg;
	int bell; /* an eventfd: it is time to end */
	pthread_t thread;
	bool runs;
};

static uint64_t
seconds_now(void)
{
	return clock_us() / 1000000;
}

/* Ids begin with the time: their ends are random. */
static struct waiter **
bucket_of(struct waiting *w, const uint8_t id[16])
{
	return &w->buckets[(id[14] << 8 | id[15]) % BUCKETS];
}

static void
wheel_remove(struct waiter *w)
{
	if (w->slot == NULL)
		return;
	if ((*w->slot = w->later) != NULL)
		w->later->slot = w->slot;
	w->slot = NULL;
}

static void
wheel_add(struct waiter *w, uint64_t when)
{
	struct waiting *all = w->all;
	struct waiter **slot;

	if (when <= all->turned)
		when = all->turned + 1;
	if (when >= all->turned + SLOTS)
		when = all->turned + SLOTS - 1;
	slot = &all->wheel[when % SLOTS];
	if ((w->later = *slot) != NULL)
		w->later->slot = &w->later;
	w->slot = slot;
	*slot = w;
}

/* With the lock held. */
static void
wake(struct waiter *w)
{
	w->woken = true;
	if (!w->asleep)
		return;
	w->asleep = false;
	wheel_remove(w);
	w->r->stage = STAGE_AGAIN;
	/* From here on the request is its connection's again. */
	MHD_resume_connection(w->r->connection);
}

static void
wake_all(struct waiting *w)
{
	struct waiter *one, *next;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < BUCKETS; i++)
		for (one = w->buckets[i]; one != NULL; one = next) {
			next = one->next;
			wake(one);
		}
	pthread_mutex_unlock(&w->lock);
}

static void
wake_about(struct waiting *w, enum waiting_about about, const uint8_t id[16])
{
	pthread_mutex_lock(&w->lock);
	for (struct waiter *one = *bucket_of(w, id); one != NULL;
	     one = one->next)
		if (one->about == about && memcmp(one->id, id, 16) == 0)
			wake(one);
	pthread_mutex_unlock(&w->lock);
}

static void
on_change(const struct rp_change *c, void *arg)
{
	struct waiting *w = arg;
	struct deliver *d = w->site->deliver;

	switch (c->kind) {
	case RP_CHANGE_APPROVAL:
		wake_about(w, WAITING_APPROVAL, c->id.approval.b);
		return;
	case RP_CHANGE_OFFER:
		wake_about(w, WAITING_OFFER, c->id.offer.b);
		return;
	case RP_CHANGE_ANY:
		wake_all(w);
		break;
	case RP_CHANGE_OUTBOX:
		break;
	}
	if (d != NULL)
		deliver_wake(d);
}

/* Wakes those whose second has come. */
static void
turn(struct waiting *w)
{
	uint64_t now = seconds_now();

	if (w->turned < now)
		w->each_second(w->second_arg);
	pthread_mutex_lock(&w->lock);
	while (w->turned < now) {
		w->turned++;
		while (w->wheel[w->turned % SLOTS] != NULL)
			wake(w->wheel[w->turned % SLOTS]);
	}
	pthread_mutex_unlock(&w->lock);
}

static int
ms_to_next_second(void)
{
	return (int)(1000 - clock_us() / 1000 % 1000);
}

static void *
run(void *arg)
{
	struct waiting *w = arg;
	struct pollfd fds[2] = {
		{ .fd = rp_watch_fd(w->watch), .events = POLLIN },
		{ .fd = w->bell, .events = POLLIN },
	};

	(void)pthread_setname_np(pthread_self(), "waiting");
	for (;;) {
		(void)poll(fds, 2, ms_to_next_second());
		if (fds[1].revents != 0)
			return NULL;
		if (rp_watch_read(w->watch, on_change, w) != RP_OK)
			log_say(WEB_LOG_WARNING, "waiting",
			    "the changes of the store could not be read");
		turn(w);
	}
}

static bool
start(struct waiting *w)
{
	pthread_attr_t attr;
	int rc;

	if (pthread_attr_init(&attr) != 0)
		return false;
	(void)pthread_attr_setstacksize(&attr, STACK);
	rc = pthread_create(&w->thread, &attr, run, w);
	pthread_attr_destroy(&attr);
	w->runs = rc == 0;
	return w->runs;
}

struct waiting *
waiting_new(
    struct site *site, unsigned max, void (*each_second)(void *), void *arg)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		site_drop(site);
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	w->site = site;
	w->max = max;
	w->each_second = each_second;
	w->second_arg = arg;
	w->turned = seconds_now();
	if ((w->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) >= 0 &&
	    rp_watch_open(site->rp, &w->watch) == RP_OK && start(w))
		return w;
	waiting_free(w);
	return NULL;
}

void
waiting_end(struct waiting *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_mutex_unlock(&w->lock);
	wake_all(w);
}

void
waiting_free(struct waiting *w)
{
	const uint64_t one = 1;

	if (w == NULL)
		return;
	if (w->runs) {
		/* An eventfd at zero takes a one. */
		(void)!write(w->bell, &one, sizeof(one));
		pthread_join(w->thread, NULL);
	}
	rp_watch_close(w->watch);
	if (w->bell >= 0)
		(void)close(w->bell);
	site_drop(w->site);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* The third on one subject: whoever has waited longest goes. */
static void
make_room(struct waiting *w, const struct waiter *fresh)
{
	struct waiter *oldest = NULL;
	unsigned n = 0;

	for (struct waiter *one = *bucket_of(w, fresh->id); one != NULL;
	     one = one->next)
		if (!one->over && one->about == fresh->about &&
		    memcmp(one->id, fresh->id, sizeof(one->id)) == 0) {
			oldest = one;
			n++;
		}
	if (n < WAITING_EACH)
		return;
	oldest->over = true;
	wake(oldest);
}

static void
add(struct waiting *w, struct waiter *one)
{
	struct waiter **bucket = bucket_of(w, one->id);

	make_room(w, one);
	if ((one->next = *bucket) != NULL)
		one->next->link = &one->next;
	one->link = bucket;
	*bucket = one;
	w->n++;
	METRIC_ADD(waiting, 1);
}

bool
waiting_begin(struct waiting *w, struct web_request *r,
    enum waiting_about about, const uint8_t id[16], unsigned seconds)
{
	struct waiter *one = r->waiter;
	bool taken;

	if (one != NULL)
		return true;
	if ((one = arena_take(&r->arena, sizeof(*one))) == NULL)
		return false;
	*one = (struct waiter){
		.all = w, .r = r, .about = about, .end = seconds_now() + seconds
	};
	memcpy(one->id, id, sizeof(one->id));
	pthread_mutex_lock(&w->lock);
	if ((taken = !w->ending && w->n < w->max)) {
		add(w, one);
		r->waiter = one;
	}
	pthread_mutex_unlock(&w->lock);
	METRIC_ADD(waits, 1);
	if (!taken)
		METRIC_ADD(waits_refused, 1);
	return taken;
}

bool
waiting_is_over(const struct waiter *w)
{
	bool over;

	pthread_mutex_lock(&w->all->lock);
	over = w->over || w->all->ending;
	pthread_mutex_unlock(&w->all->lock);
	return over || seconds_now() >= w->end;
}

void
waiting_sleep(struct waiter *w, unsigned seconds)
{
	uint64_t when = seconds_now() + seconds;

	pthread_mutex_lock(&w->all->lock);
	w->asleep = true;
	if (w->woken || w->all->ending)
		wake(w);
	else
		wheel_add(w, when < w->end ? when : w->end);
	pthread_mutex_unlock(&w->all->lock);
}

bool
waiting_woken(struct waiter *w)
{
	bool woken;

	pthread_mutex_lock(&w->all->lock);
	woken = w->woken;
	w->woken = false;
	pthread_mutex_unlock(&w->all->lock);
	return woken;
}

/* ?wait=: 0 to WAIT_MAX_S; false once the problem has been replied. */
static bool
read_wait(struct web_request *r, unsigned *seconds)
{
	struct slice text = request_query(r, "wait");

	*seconds = 0;
	for (size_t i = 0; i < text.n && i < 3; i++)
		*seconds = text.p[i] < '0' || text.p[i] > '9'
			       ? WAIT_MAX_S + 1
			       : *seconds * 10 + (unsigned)(text.p[i] - '0');
	if (text.n <= 2 && *seconds <= WAIT_MAX_S)
		return true;
	(void)json_in_refuse(&r->json, PROBLEM_FIELD_TYPE, NULL, "wait");
	reply_problem(r, r->json.problem);
	return false;
}

bool
waiting_wanted(struct web_request *r, enum waiting_about about,
    const uint8_t id[16], bool *waits)
{
	unsigned seconds;

	if (!read_wait(r, &seconds))
		return false;
	*waits =
	    seconds > 0 &&
	    waiting_begin(server_waiting(r->server), r, about, id, seconds) &&
	    !waiting_is_over(r->waiter);
	/* What is looked at from now on is news enough. */
	if (*waits)
		(void)waiting_woken(r->waiter);
	return true;
}

void
waiting_forget(struct web_request *r)
{
	struct waiter *w = r->waiter;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->all->lock);
	wheel_remove(w);
	if ((*w->link = w->next) != NULL)
		w->next->link = w->link;
	w->all->n--;
	pthread_mutex_unlock(&w->all->lock);
	METRIC_ADD(waiting, -1);
	r->waiter = NULL;
}
