/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "rp/rp.h"
#include "web/server/problem.h"

/*
 * What the process counts, as Prometheus reads it.  A number is one line in
 * METRICS; the rest are arrays with a label or two.  Counting is one relaxed
 * addition.
 */
#define METRICS(X)                                                             \
	X(connections, GAUGE, "connections", "Open connections")               \
	X(accepted, COUNTER, "connections_total", "Connections accepted")      \
	X(turned_away, COUNTER, "connections_refused_total",                   \
	    "Connections refused because their network has enough")            \
	X(cut, COUNTER, "connections_cut_total",                               \
	    "Connections cut because a request or its answer took too long")   \
	X(queue, GAUGE, "worker_queue", "Requests waiting for a worker")       \
	X(workers, GAUGE, "workers", "Worker threads")                         \
	X(busy, COUNTER, "worker_queue_full_total",                            \
	    "Requests told to come back because the queue was full")           \
	X(limited, COUNTER, "rate_limited_total",                              \
	    "Requests told to wait by a limit")                                \
	X(waiting, GAUGE, "waiting", "Connections that wait for news")         \
	X(waits, COUNTER, "waits_total", "Waits for news begun")               \
	X(waits_refused, COUNTER, "waits_refused_total",                       \
	    "Waits refused because too many wait")                             \
	X(swept, COUNTER, "swept_total", "Expired records removed")            \
	X(sweep_failures, COUNTER, "sweep_failures_total",                     \
	    "Sweeps that the store could not do")                              \
	X(reloads, COUNTER, "reloads_total", "Configurations read again")      \
	X(metadata_models, GAUGE, "metadata_models",                           \
	    "Models in FIDO's metadata that is in force")                      \
	X(metadata_serial, GAUGE, "metadata_serial", "Its serial number")      \
	X(metadata_next_update, GAUGE, "metadata_next_update_seconds",         \
	    "Unix time of the day when a newer one is due; 0: none in force")  \
	X(metadata_expired, GAUGE, "metadata_expired", "1: that day is over")  \
	X(metadata_refused, COUNTER, "metadata_refused_total",                 \
	    "Files of metadata that were not taken")

enum { METRIC_ROUTES_MAX = 96, METRIC_STATUSES = 24, METRIC_BUCKETS = 12 };

struct metrics {
#define X(name, kind, text, help) _Atomic int64_t name;
	METRICS(X)
#undef X
	_Atomic uint64_t requests[METRIC_ROUTES_MAX][METRIC_STATUSES];
	_Atomic uint64_t seconds[METRIC_ROUTES_MAX][METRIC_BUCKETS];
	_Atomic uint64_t microseconds[METRIC_ROUTES_MAX];
	/* ceremonies: how each finish ended, by route */
	_Atomic uint64_t answers[METRIC_ROUTES_MAX][RP_FAULT + 1];
	_Atomic uint64_t verdicts[WA_FAULT + 1];
	_Atomic uint64_t problems[PROBLEM_COUNT];
};

extern struct metrics metrics;

#define METRIC_ADD(name, by)                                                   \
	atomic_fetch_add_explicit(&metrics.name, (by), memory_order_relaxed)

#define METRIC_SET(name, to)                                                   \
	atomic_store_explicit(&metrics.name, (to), memory_order_relaxed)

/* route: its number in the table of routes, or METRIC_ROUTES_MAX - 1. */
void metrics_request(unsigned route, unsigned status, uint64_t us);
/* What a finished ceremony came to. */
void metrics_answer(unsigned route, enum rp_answer a, enum wa_verdict v);
/* A problem that was told, whatever the request was about. */
void metrics_problem(enum problem p);

/* What the route with that number is called; NULL: there is none. */
struct metric_route {
	const char *method, *path;
	const char *event; /* of a ceremony's end, or NULL */
};
typedef struct metric_route metrics_name_route(unsigned route);

void metrics_write(FILE *to, metrics_name_route *name);

#endif
