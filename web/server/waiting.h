/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_WAITING_H
#define WEB_SERVER_WAITING_H

#include "web/server/request.h"

/*
 * Requests that wait for news of an approval or an offer: suspended
 * connections, as many as the configuration allows, and one thread that wakes
 * them.  It hears of changes that any process on the store makes, and keeps
 * the time for all who wait in a wheel of seconds.
 *
 * Who waits registers first and looks then, so that nothing is missed in
 * between; is woken for anything that may be news; and looks again.
 */
struct waiting;
struct waiter;

enum waiting_about { WAITING_APPROVAL, WAITING_OFFER };

enum {
	/* On one subject at a time; the one that waits longest gives way. */
	WAITING_EACH = 2,
};

/*
 * Watches the store of a site, which becomes its own.  max: who may wait at
 * a time.  each_second(arg) is called so often, until waiting_free(), for
 * what else wants the time.  NULL when the machine failed.
 */
struct waiting *waiting_new(
    struct site *site, unsigned max, void (*each_second)(void *), void *arg);
/* Wakes all, and lets nobody wait any more. */
void waiting_end(struct waiting *w);
/* When nobody is registered any more. */
void waiting_free(struct waiting *w);

/*
 * Registers the request, for so long at most; the second time it does
 * nothing.  False: it cannot wait, because too many do.
 */
bool waiting_begin(struct waiting *w, struct web_request *r,
    enum waiting_about about, const uint8_t id[16], unsigned seconds);

/* Its time is over, or it has to give way: it should answer and go. */
bool waiting_is_over(const struct waiter *w);

/*
 * The connection is suspended: it is resumed, with r->stage STAGE_AGAIN, when
 * there may be news, after so many seconds, or when its time is over; at once
 * if there were news since it was woken last, or registered.
 */
void waiting_sleep(struct waiter *w, unsigned seconds);
/* Whether it was woken since it was asked last. */
bool waiting_woken(struct waiter *w);

/*
 * For handlers of ?wait=SECONDS (at most 25): registers the request where it
 * is asked for; *waits: it may be put to sleep (r->sleeps) when there is
 * nothing to say yet.  False once the problem has been replied.
 */
bool waiting_wanted(struct web_request *r, enum waiting_about about,
    const uint8_t id[16], bool *waits);

/* The request ends. */
void waiting_forget(struct web_request *r);

#endif
