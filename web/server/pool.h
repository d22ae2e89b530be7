/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_POOL_H
#define WEB_SERVER_POOL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Threads for what may block: requests that commit wait here for the disk,
 * many at a time, so that they share commits.  Threads are made when they are
 * needed, up to a number, and the one that became idle last works first, so
 * that a quiet server keeps few of them warm.
 */
struct pool;

/* A piece of work; lives until run() has returned. */
struct pool_job {
	void (*run)(struct pool_job *job);
	struct pool_job *next;
};

struct pool *pool_new(unsigned threads, unsigned queue);
/* False when the queue is full. */
bool pool_submit(struct pool *p, struct pool_job *job);
/* Lets what is queued run, and ends. */
void pool_free(struct pool *p);

#endif
