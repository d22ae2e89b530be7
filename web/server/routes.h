/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_ROUTES_H
#define WEB_SERVER_ROUTES_H

#include "web/metrics.h"
#include "web/server/request.h"

enum web_who { ANYONE, ACCOUNT, PHONE /* by its device key */ };

enum route_flag {
	COMMITS = 1, /* may wait for the disk: runs on the worker pool */
	FRESH = 2, /* wants a passkey proof of the last minutes */
	TOOLS = 4, /* asked by tools that are no browsers: no origin */
	CONFORMANCE = 8, /* there with --conformance alone */
	GATHERED = 16, /* a sign-in: judged at once, then kept with others */
	BOUND = 32, /* a safe one that is for the browser that asked */
	APPS = 64, /* asked by apps too, which have no origin */
	APPROVALS = 128, /* there unless approvals are off */
	CHANGES = 256, /* so many a while for each account */
	/* What may stand in the query; anything else is refused. */
	PAGED = 512, /* limit, after */
	WAITS = 1024, /* wait */
	OTHERS = 2048, /* others */
};

/* The table is the API: who may call and how much may be sent. */
struct route {
	const char *method, *path; /* {id} stands for one segment */
	enum web_who who;
	unsigned flags;
	size_t body_max; /* 0: no body */
	web_handler *handle;
	const char *event; /* what the log calls its refusals */
};

extern const struct route routes[];
extern const size_t route_count;

/*
 * The route of a method and a path; parameter becomes what stood for {id}.
 * NULL: none.  Then *allow is what other methods the path has ("GET, POST"),
 * in the arena, or NULL where the path is nothing at all.
 */
const struct route *route_find(const char *method, struct slice path,
    bool conformance, struct slice *parameter, struct arena *a,
    const char **allow);

/* For the metrics: the number of a route, and its name. */
unsigned route_number(const struct route *r);
metrics_name_route route_name;

#endif
